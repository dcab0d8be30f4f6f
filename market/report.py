"""A snapshot as others use it: plain values for JSON lines, what is left of it as it ages, the breadth of a market."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf

from market.alerts import Alert
from market.checklist import READ_BY
from market.flags import FlagMemory
from market.formulas.logic import all_of
from market.formulas.statistics import freshness_quality
from market.observations import HOUR_MS
from market.once import once, once_of_all
from market.reading import Because, Condition, Presence, Reading
from market.regime import CALM_NEEDS, INPUTS, WEIGHTS, Regime, score_and_confidence
from market.rules import PriceRules, RegimeRules
from market.snapshot import Snapshot
from market.table import CALM_STATES, FLAGS, State

LIVE = "live"
HISTORY = "history"
PROTIP_NEEDS = ("pd", "oe", "fn")


@dataclass(frozen=True, slots=True)
class Breadth:
    """How many of the assets that can be judged are off their 72 h lows, and have open interest rising on a stable price.

    "Rising open interest with improving breadth can be constructive" (the article): `both` counts those that are both.
    """

    off_lows: int
    off_lows_of: int
    constructive: int
    constructive_of: int
    both: int
    both_of: int


def state_line(snapshot: Snapshot) -> dict[str, object]:
    """The JSON line of a state (product.md, "History files"): plain values, times ISO 8601 with Z, unknown null."""
    regime = snapshot.regime
    return {
        "at": iso(snapshot.at_ms),
        "asset": snapshot.asset,
        "state": regime.state.value,
        "possible": [state.value for state in regime.possible],
        "strict_state": regime.strict.value,
        "stage": regime.stage,
        "steps": list(regime.steps),
        "protip": regime.protip,
        "score": regime.score,
        "confidence": regime.confidence,
        "inputs_seen": regime.inputs_seen,
        "flags": {flag: regime.flag(flag) for flag in FLAGS},
        "readings": {reading.name: _reading_line(snapshot, reading) for reading in snapshot.readings},
    }


def iso(at_ms: int) -> str:
    """A time in UTC milliseconds as ISO 8601 with Z, with milliseconds only where there are some."""
    at = datetime.fromtimestamp(at_ms / 1_000, tz=UTC)
    return at.isoformat(timespec="milliseconds" if at_ms % 1_000 else "seconds").replace("+00:00", "Z")


def market_time(snapshot: Snapshot, now_ms: int) -> int:
    """The time from which ages count: the clock's on a live market, the market's own on a recorded or generated one."""
    return max(now_ms, snapshot.at_ms) if snapshot.source == LIVE else snapshot.at_ms


def as_of(snapshot: Snapshot, now_ms: int, rules: RegimeRules) -> Snapshot:
    """What can still be said of `snapshot` at `now_ms`: a reading past its time to live is stale and votes no more.

    Its level, its flags and its conditions become unknown; without a fresh price or with too few inputs the state is
    INSUFFICIENT DATA, and no calm state outlives its price, open interest and funding (7a.2). The same snapshot comes
    back while everything is fresh, and always on a recorded or generated market.
    """
    if now_ms <= _stays_until_ms(snapshot):
        return snapshot
    at_ms = market_time(snapshot, now_ms)
    aged = tuple(_aged(reading, at_ms) for reading in snapshot.readings)
    return replace(snapshot, readings=aged, regime=_aged_regime(snapshot.regime, aged, rules))


def all_as_of(snapshots: tuple[Snapshot, ...], now_ms: int, rules: RegimeRules) -> tuple[Snapshot, ...]:
    """The same of a whole market; the same tuple comes back while each of its snapshots does."""
    if now_ms <= _all_stay_until_ms(snapshots):
        return snapshots
    return tuple([as_of(snapshot, now_ms, rules) for snapshot in snapshots])


@once_of_all()
def _all_stay_until_ms(snapshots: tuple[Snapshot, ...]) -> float:
    return min(map(_stays_until_ms, snapshots), default=inf)


@once()
def _stays_until_ms(snapshot: Snapshot) -> float:
    """Until when (UTC ms by the clock) nothing of it is too old: for ever or never on a market whose own time has stopped."""
    ends_ms = (
        reading.asof_ms + reading.ttl_ms
        for reading in snapshot.readings
        if reading.presence is Presence.SEEN and reading.asof_ms is not None and reading.ttl_ms is not None
    )
    end_ms = min(ends_ms, default=inf)
    if snapshot.at_ms > end_ms:
        return -inf
    return end_ms if snapshot.source == LIVE else inf


def breadth(snapshots: Iterable[Snapshot], rules: PriceRules) -> Breadth:
    """The breadth of the watched market; an asset counts only where what it is judged by is seen."""
    pairs = [_standing(snapshot, rules) for snapshot in snapshots]
    off_lows = [off_low for off_low, _ in pairs if off_low is not None]
    constructive = [one for _, one in pairs if one is not None]
    both = [all_of(*pair) for pair in pairs if None not in pair]
    return Breadth(
        sum(off_lows), len(off_lows), sum(constructive), len(constructive), both.count(True), len(both)
    )


@once()
def _standing(snapshot: Snapshot, rules: PriceRules) -> tuple[bool | None, bool | None]:
    """Whether it is off its lows, and whether its open interest rises on a stable price."""
    return _is_off_low(snapshot, rules), _is_constructive(snapshot)


def _is_off_low(snapshot: Snapshot, rules: PriceRules) -> bool | None:
    """No new 72 h low for as long as it takes to be stabilised."""
    hours = _seen_fact(snapshot, "price", "hours_since_low_72h")
    return None if hours is None else hours * HOUR_MS >= rules.no_new_low_ms


def _is_constructive(snapshot: Snapshot) -> bool | None:
    """Open interest has risen for a day, in coins, while price did not fail to confirm."""
    growth, fails = _seen_fact(snapshot, "open_interest", "change_24h"), snapshot.regime.flag("nc")
    return None if growth is None or fails is None else growth > 0.0 and not fails


def _seen_fact(snapshot: Snapshot, name: str, fact: str) -> float | None:
    reading = snapshot.reading(name)
    return reading.facts.get(fact) if reading is not None and reading.presence is Presence.SEEN else None


def _reading_line(snapshot: Snapshot, reading: Reading) -> Mapping[str, object]:
    level = snapshot.regime.levels.get(reading.name, reading.level)
    return {
        "value": reading.value,
        "unit": reading.unit,
        "level": None if level is None else int(level),
        "quality": reading.quality,
        "asof": None if reading.asof_ms is None else iso(reading.asof_ms),
        "reason": reading.because.value,
    }


def _aged(reading: Reading, at_ms: int) -> Reading:
    if reading.presence is not Presence.SEEN or reading.asof_ms is None or reading.ttl_ms is None:
        return reading
    age_ms = at_ms - reading.asof_ms
    if age_ms <= reading.ttl_ms:
        return reading
    return replace(
        reading,
        presence=Presence.STALE,
        because=Because.TOO_OLD,
        level=None,
        quality=min(reading.quality, freshness_quality(age_ms, reading.ttl_ms)),
        conditions=tuple(_unknown(condition) for condition in reading.conditions),
    )


def _unknown(condition: Condition) -> Condition:
    measures = tuple(replace(measure, met=None) for measure in condition.measures)
    return replace(condition, enters=None, stays=None, measures=measures)


def _aged_regime(regime: Regime, readings: tuple[Reading, ...], rules: RegimeRules) -> Regime:
    """The same regime without what has expired since."""
    presence = {reading.name: reading.presence for reading in readings}
    expired = {name for name, found in presence.items() if found is Presence.STALE}
    levels = {name: None if name in expired else level for name, level in regime.levels.items()}
    score, confidence = score_and_confidence(
        [
            (WEIGHTS[reading.name], reading.quality, levels.get(reading.name))
            for reading in readings
            if reading.name in WEIGHTS and reading.presence is not Presence.ABSENT
        ]
    )
    aged = replace(
        regime,
        flags={name: _forget(name, memory, expired) for name, memory in regime.flags.items()},
        levels=levels,
        protip=_aged_protip(regime, presence) if regime.protip is not None else None,
        score=score,
        confidence=confidence,
        inputs_seen=sum(presence.get(name) is Presence.SEEN for name in INPUTS),
    )
    because = _lacking(aged, presence, rules)
    if because is not None:
        return replace(aged, state=State.INSUFFICIENT_DATA, insufficient_because=because)
    calm_is_seen = all(presence.get(name) is Presence.SEEN for name in CALM_NEEDS)
    return aged if calm_is_seen or aged.state not in CALM_STATES else replace(aged, state=State.MIXED)


def _aged_protip(regime: Regime, presence: Mapping[str, Presence]) -> bool | None:
    """The pro-tip of what is still seen: a leg that has expired is unknown, one that is absent fails (7a.2)."""

    def leg(flag: str) -> bool | None:
        found = presence.get(READ_BY[flag], Presence.ABSENT)
        if found is Presence.SEEN:
            return regime.flag(flag)
        return None if found is Presence.STALE else False

    return all_of(*[leg(flag) for flag in PROTIP_NEEDS])


def _forget(name: str, memory: FlagMemory, expired: set[str]) -> FlagMemory:
    return replace(memory, value=None) if READ_BY.get(name) in expired else memory


def _lacking(regime: Regime, presence: Mapping[str, Presence], rules: RegimeRules) -> str | None:
    if presence.get("price") is not Presence.SEEN:
        return "price"
    if regime.inputs_seen < rules.least_inputs:
        return "inputs"
    return "confidence" if regime.confidence < rules.least_confidence else regime.insufficient_because


def alert_line(alert: Alert) -> dict[str, object]:
    """The JSON line of an alert (product.md, "History files"): plain values, times ISO 8601 with Z, unknown null."""
    return {
        "at": iso(alert.at_ms),
        "asset": alert.asset,
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "edge": alert.edge.value,
        "reason": alert.reason.value,
        "lost_so_far": alert.lost_so_far,
        "low_so_far": alert.low_so_far,
        "id": alert.id,
        "opened": iso(alert.opened_ms),
        "state": alert.state.value,
        "context": list(alert.context),
    }
