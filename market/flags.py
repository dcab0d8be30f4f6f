"""Flags with memory: what a signal sees this instant, held by enter and exit thresholds and by market time."""

from collections.abc import Mapping
from dataclasses import dataclass

from market.formulas.logic import all_of, any_of, negate
from market.reading import Condition, Presence, Reading
from market.rules import Rules

Flags = Mapping[str, "FlagMemory"]

INPUT_OF: Mapping[str, str] = {
    "pd": "price",
    "brk": "price",
    "stab": "price",
    "nc": "price",
    "lc": "liquidations",
    "oe": "open_interest",
    "ou": "open_interest",
    "oc": "open_interest",
    "fe": "funding",
    "fn": "funding",
    "fr": "funding",
    "fd": "funding",
    "ks": "skew",
    "kst": "skew",
}
"""Which reading answers for a flag of the table."""


@dataclass(frozen=True, slots=True)
class FlagMemory:
    """A flag's value (None unknown) and since when; since when the opposite is asked for; when it was last true.

    `last_known` is the value before it became unknown: a blind moment neither raises nor drops what it stood at.
    """

    value: bool | None
    since_ms: int
    turning_since_ms: int | None = None
    last_true_ms: int | None = None
    last_known: bool | None = None


def raise_flags(readings: tuple[Reading, ...], before: Flags, now_ms: int) -> dict[str, FlagMemory]:
    """Every flag that the readings answer for, with hysteresis; those of a stale or absent input are unknown."""
    flags: dict[str, FlagMemory] = {}
    for reading in readings:
        is_seen = reading.presence is Presence.SEEN
        for condition in reading.conditions:
            value, turning = _turn(condition, before.get(condition.flag), now_ms) if is_seen else (None, None)
            flags[condition.flag] = remember(before.get(condition.flag), value, now_ms, turning)
    return flags


def join_flags(flags: dict[str, FlagMemory], before: Flags, rules: Rules, now_ms: int) -> None:
    """Put in what needs more than one input, so that the flags can stand together (valid combinations of the table)."""

    def now(name: str) -> bool | None:
        memory = flags.get(name)
        return None if memory is None else memory.value

    def put(name: str, value: bool | None) -> None:
        known = flags.get(name) or before.get(name)
        turning = None if known is None else known.turning_since_ms
        flags[name] = remember(before.get(name), value, now_ms, turning)

    put("pd", any_of(now("pd"), now("brk")))
    put("stab", all_of(now("stab"), negate(now("brk"))))
    put("nc", any_of(now("down"), now("pd"), all_of(now("flat"), now("material"))))
    put("fr", any_of(now("fr"), now("fd")))
    # open interest that rises again within the day has ceased to compress
    if now("ou"):
        put("oc", value=False)
    put(
        "rolling_over",
        all_of(_was_on(flags.get("oe"), now_ms - rules.open_interest.elevated_within_ms), now("off_peak")),
    )
    long_ago = now_ms - rules.funding.paying_while_falling_ms
    put(
        "paying_while_falling",
        all_of(_is_on_since(flags.get("fn"), long_ago), _is_on_since(flags.get("pd"), long_ago)),
    )


def _was_on(memory: FlagMemory | None, since_ms: int) -> bool | None:
    """Whether the flag has been true at or after `since_ms`, None where it is unknown."""
    if memory is None or memory.value is None:
        return None
    return memory.last_true_ms is not None and memory.last_true_ms >= since_ms


def _is_on_since(memory: FlagMemory | None, since_ms: int) -> bool | None:
    """Whether the flag has held since `since_ms` or longer, None where it is unknown."""
    if memory is None or memory.value is None:
        return None
    return memory.value and memory.since_ms <= since_ms


def remember(
    before: FlagMemory | None, value: bool | None, now_ms: int, turning_ms: int | None
) -> FlagMemory:
    """The memory of a flag that has `value` now."""
    last_true = now_ms if value else (before.last_true_ms if before is not None else None)
    known = value if value is not None or before is None else before.last_known
    if before is None or before.value is not value:
        return FlagMemory(value, now_ms, turning_ms, last_true, known)
    if before.turning_since_ms == turning_ms and before.last_true_ms == last_true:
        return before
    return FlagMemory(value, before.since_ms, turning_ms, last_true, known)


def _turn(condition: Condition, before: FlagMemory | None, now_ms: int) -> tuple[bool | None, int | None]:
    """The flag's value now, and since when the opposite has been asked for while time has not confirmed it."""
    was = before is not None and (before.last_known if before.value is None else before.value) is True
    asked = negate(condition.stays) if was else condition.enters
    if asked is None:
        return None, None
    if not asked:
        return was, None
    wait_ms = condition.exit_after_ms if was else condition.enter_after_ms
    turning = (
        before.turning_since_ms if before is not None and before.turning_since_ms is not None else now_ms
    )
    if now_ms - turning >= wait_ms:
        return not was, None
    return was, turning
