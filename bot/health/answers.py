"""What /healthz and /readyz say, as JSON: whether all is well, and if not, why."""

from collections.abc import Mapping

from bot.health.vitals import Alive, Vitals
from store.health import MISSED_CYCLES

CANARY_LATE_S = 180.0
"""A canary is announced each minute; three that did not come through are no chance."""


def alive_in_json(alive: Alive, parts: Mapping[str, str]) -> dict[str, object]:
    """The process: it lives, or why it counts as dead."""
    return {"alive": alive.ok, "reasons": list(alive.reasons), "parts": dict(parts)}


def is_ready(vitals: Vitals, alive: Alive) -> bool:
    """Whether the service does its work as this process sees it."""
    return vitals.health.ok and alive.ok


def ready_in_json(vitals: Vitals, alive: Alive) -> dict[str, object]:
    """The service: what stands in its way (`reasons`), and what should be looked at though it works (`concerns`)."""
    reasons = [*([] if vitals.health.ok else [vitals.health.reason]), *alive.reasons]
    return {
        "ready": not reasons,
        "reasons": reasons,
        "concerns": _concerns(vitals),
        "store": {"answers": vitals.told is not None},
        "evaluation": None if vitals.told is None else _evaluation(vitals),
        "parts": {name: standing.value for name, standing in vitals.parts.items()},
        "leaders": {} if vitals.told is None else vitals.told.leaders,
        "watchdog": {"age_s": _rounded(vitals.canary_age_s)},
    }


def stuck_in_json(alive: Alive, parts: Mapping[str, str], within_s: float) -> dict[str, object]:
    """The same, where the loop did not come to an answer."""
    reasons = list(alive.reasons) or [f"the event loop did not come to an answer within {within_s:g} s"]
    return {"ready": False, "reasons": reasons, "concerns": [], "parts": dict(parts)}


def _evaluation(vitals: Vitals) -> dict[str, object] | None:
    told = vitals.told
    if told is None:
        return None
    feed = told.feed
    last_ms = told.written_at_ms if feed.source != "live" else feed.last_evaluation_ms
    return {
        "source": feed.source,
        "age_s": None if last_ms is None else _rounded((vitals.now_ms - last_ms) / 1_000),
        "allowed_s": None if feed.cycle_ms is None else MISSED_CYCLES * feed.cycle_ms / 1_000,
        "lag_s": None if feed.lag_ms is None else feed.lag_ms / 1_000,
    }


def _concerns(vitals: Vitals) -> list[str]:
    age_s = vitals.canary_age_s
    late = age_s is not None and age_s > CANARY_LATE_S
    concerns = [f"the watchdog's last canary came through {age_s:.0f} s ago"] if late else []
    if vitals.told is not None and vitals.told.dead:
        concerns.append(f"{sum(vitals.told.dead.values())} messages were given up (/dead)")
    if vitals.told is not None:
        concerns += [f"nobody leads {name}" for name, holder in vitals.told.leaders.items() if holder is None]
    return concerns


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(0.0, seconds), 1)
