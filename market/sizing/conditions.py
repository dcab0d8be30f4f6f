"""What a size needs of the market: the few numbers and claims of a snapshot, None where one is unknown."""

import math
from dataclasses import dataclass

from market.checklist import Checklist, is_absent, run_checklist, seen_flag
from market.formulas.logic import all_of, any_of, at_least
from market.observations import Side
from market.once import once
from market.reading import Because, Level, Presence
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import SEVERITY, State

_VOTERS = ("price", "liquidations", "open_interest", "funding", "skew")
_USED = (*_VOTERS, "volatility")
_STANDARD = Rules()


@dataclass(frozen=True, slots=True)
class Headwind:
    """What stands against one side: claims are None where a stale input hides them.

    `risk_invalidated`: the market has turned against the side before its own line is touched (rungs are pulled in).
    `beyond_own`: the side pays more than its owner would, which pulls them in too and says nothing of the market.
    `depth_ratio` is what rests within 1 % in the book that the side is closed into, over its median: bids for a long, asks
    for a short; None where it is not known.
    """

    checklist: Checklist
    liquidations_high: bool | None
    funding_dear: bool | None
    risk_invalidated: bool | None
    depth_ratio: float | None = None
    beyond_own: bool = False

    @property
    def tightened(self) -> bool:
        """Whether rungs are pulled in."""
        return self.beyond_own or self.risk_invalidated is True


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Conditions:
    """The market a position would stand in.

    `sigma` and `sigma_ref` are annualised decimals. `funding_8h` is the day's mean and `funding_now_8h` the latest rate, both
    fractions per eight hours (longs pay when positive); where only the latest is known it stands for the mean too.
    `fall_3d` is how far price is below its highest close of three days, a fraction, 0 or above.
    `uncertain` is MIXED with conflict or INSUFFICIENT_DATA; `under_a_week`: fewer than seven days of prices are known (a new
    listing, or a history that has just begun); `absent`, `stale` and `learning` name the readings that were so.
    """

    price_usd: float | None
    sigma: float | None
    sigma_ref: float
    volatility_high: bool | None
    funding_8h: float | None
    long: Headwind
    short: Headwind
    fall_3d: float | None = None
    funding_now_8h: float | None = None
    state: State = State.HEALTHY
    sigma_ref_cold: bool = False
    uncertain: bool = False
    under_a_week: bool = False
    absent: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    learning: tuple[str, ...] = ()

    def against(self, side: Side) -> Headwind:
        """What stands against this side."""
        return self.long if side is Side.LONG else self.short

    def dearer_funding_8h(self, side: Side) -> float | None:
        """What holding this side is counted to cost (decision 0045): the day's mean or the latest rate, whichever is dearer for it."""
        known = [rate for rate in (self.funding_8h, self.funding_now_8h) if rate is not None]
        return (max if side is Side.LONG else min)(known, default=None)


@once()
def conditions_of(snapshot: Snapshot, rules: Rules = _STANDARD) -> Conditions:
    """What a size needs of a snapshot. A value is used as long as its quality is above zero (three times its TTL)."""
    sigma_ref = _fact(snapshot, "volatility", "sigma_ref")
    price_usd = _fact(snapshot, "price", "price_usd")
    seen = [
        reading for name in _USED if (reading := snapshot.reading(name)) and not is_absent(snapshot, name)
    ]
    return Conditions(
        price_usd=price_usd,
        sigma=_fact(snapshot, "volatility", "sigma"),
        sigma_ref=_cold_reference(snapshot.asset, rules) if sigma_ref is None else sigma_ref,
        sigma_ref_cold=sigma_ref is None or _fact(snapshot, "volatility", "sigma_ref_cold") == 1.0,
        volatility_high=None if is_absent(snapshot, "volatility") else seen_flag(snapshot, "vol_hi"),
        funding_8h=_funding(snapshot),
        funding_now_8h=_fact(snapshot, "funding", "rate_8h"),
        long=_against_a_long(snapshot, rules),
        short=_against_a_short(snapshot, rules),
        fall_3d=_fall(snapshot),
        state=snapshot.regime.state,
        uncertain=_is_uncertain(snapshot),
        under_a_week=price_usd is not None and _knows_no_week(snapshot),
        absent=tuple(name for name in _USED if is_absent(snapshot, name)),
        stale=tuple(reading.name for reading in seen if reading.presence is Presence.STALE),
        learning=tuple(reading.name for reading in seen if reading.because is Because.LEARNING),
    )


def _against_a_long(snapshot: Snapshot, rules: Rules) -> Headwind:
    """Crowding or worse, the pro-tip, or leverage rolling over: "risk invalidation before thesis invalidation"."""
    worse = _state_stands_against(Side.LONG, snapshot.regime.held)
    return Headwind(
        run_checklist(snapshot, Side.LONG, rules),
        liquidations_high=_liquidations_high(snapshot, "", "long_bps_1h", rules),
        funding_dear=seen_flag(snapshot, "fe"),
        risk_invalidated=any_of(worse, snapshot.regime.protip, seen_flag(snapshot, "rolling_over")),
        depth_ratio=_fact(snapshot, "depth", "bid_ratio"),
    )


def _against_a_short(snapshot: Snapshot, rules: Rules) -> Headwind:
    """The mirror: a squeeze at hand, shorts closed by force again and again, or crowded shorts while price rises."""
    crowded = all_of(*(seen_flag(snapshot, flag) for flag in ("up", "oe", "fd")))
    squeezed = _state_stands_against(Side.SHORT, snapshot.regime.held)
    return Headwind(
        run_checklist(snapshot, Side.SHORT, rules),
        liquidations_high=_liquidations_high(snapshot, "_short", "short_bps_1h", rules),
        funding_dear=seen_flag(snapshot, "fd"),
        risk_invalidated=any_of(squeezed, crowded, seen_flag(snapshot, "lc_short")),
        depth_ratio=_fact(snapshot, "depth", "ask_ratio"),
    )


def turned_by(snapshot: Snapshot, side: Side) -> str:
    """What of the market has turned against a side: the name of the state, or of the one claim that did it.

    Claims are "protip" and "rolling_over" for a long, "lc_short" and "other" (crowded shorts) for a short; "last_seen" is a
    state that is held while too little is seen to name one.
    """
    regime = snapshot.regime
    if _state_stands_against(side, regime.held):
        return "last_seen" if regime.state is State.INSUFFICIENT_DATA else regime.held.value
    if side is Side.SHORT:
        return "lc_short" if regime.flag("lc_short") else "other"
    return "protip" if regime.protip else "rolling_over"


def _state_stands_against(side: Side, held: State) -> bool:
    """A squeeze at hand stands against a short, crowding or worse against a long."""
    if side is Side.SHORT:
        return held is State.SQUEEZE_RISK
    return SEVERITY.get(held, 0) >= SEVERITY[State.CROWDING]


def _liquidations_high(snapshot: Snapshot, mirrored: str, hour: str, rules: Rules) -> bool | None:
    """A burst or a cluster; while their ranks are being learned the hour's absolute level decides (section 0)."""
    claim = any_of(seen_flag(snapshot, f"lb{mirrored}"), seen_flag(snapshot, f"lc{mirrored}"))
    reading = snapshot.reading("liquidations")
    if (
        claim is None
        and reading
        and reading.presence is Presence.SEEN
        and reading.because is Because.LEARNING
    ):
        return at_least(_fact(snapshot, "liquidations", hour), rules.liquidations.burst_bps)
    return claim


def _fact(snapshot: Snapshot, reading: str, name: str) -> float | None:
    """A fact of a reading that still has some quality, None where it is missing, worthless or no number."""
    found = snapshot.reading(reading)
    if found is None or found.presence is Presence.ABSENT or found.quality <= 0.0:
        return None
    value = found.facts.get(name)
    return value if value is not None and math.isfinite(value) else None


def _funding(snapshot: Snapshot) -> float | None:
    """The day's mean, which the holding time is likelier to pay than the latest print; the print where there is no day."""
    mean = _fact(snapshot, "funding", "f24")
    return _fact(snapshot, "funding", "rate_8h") if mean is None else mean


def _fall(snapshot: Snapshot) -> float | None:
    drawdown = _fact(snapshot, "price", "drawdown_3d")
    return None if drawdown is None else max(0.0, -drawdown)


def _cold_reference(asset: str, rules: Rules) -> float:
    return rules.volatility.reference_cold.get(asset, rules.volatility.reference_cold_other)


def _is_uncertain(snapshot: Snapshot) -> bool:
    """MIXED because nothing was seen to be wrong is no conflict; MIXED with a row of caution or stress is."""
    if snapshot.regime.state is State.INSUFFICIENT_DATA:
        return True
    levels = (snapshot.regime.levels.get(name) for name in _VOTERS)
    return snapshot.regime.state is State.MIXED and any(
        level is not None and level > Level.CALM for level in levels
    )


def _knows_no_week(snapshot: Snapshot) -> bool:
    """No price of seven days ago and no volatility of seven days: listed, or first seen, less than a week ago."""
    return _fact(snapshot, "price", "r_7d") is None and _fact(snapshot, "volatility", "rv_7d") is None
