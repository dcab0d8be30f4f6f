"""Small markets for tests of the risk desk: snapshots and conditions with every number stated."""

from collections.abc import Mapping
from dataclasses import replace

from market.checklist import Check, Checklist, Question, count
from market.flags import FlagMemory
from market.margin import Tier, Tiers
from market.observations import Side, Venue
from market.reading import Because, Level, Presence, Reading
from market.regime import Regime
from market.rules import Rules
from market.sizing import Conditions, Headwind
from market.sizing_rules import SizingRules
from market.snapshot import Snapshot
from market.table import State

RULES = Rules()
SIZING = SizingRules()
HALF_PERCENT = Tiers("BTC", Venue.BINANCE, "2026-09-29", (Tier(0.0, 1e12, 150.0, 0.005, 0.0),))
ONE_PERCENT = Tiers("HYPE", Venue.BINANCE, "2026-09-29", (Tier(0.0, 1e12, 75.0, 0.01, 0.0),))
FACTS: Mapping[str, Mapping[str, float | None]] = {
    "price": {"price_usd": 64_210.0, "r_7d": -0.03},
    "volatility": {"sigma": 0.60, "sigma_ref": 0.45, "sigma_ref_cold": 0.0, "rv_7d": 0.5},
    "liquidations": {"long_bps_1h": 0.6},
    "open_interest": {"change_24h": 0.021},
    "funding": {"f24": 0.0001, "rate_8h": 0.0002},
    "skew": {"z": 0.4},
}
CALM_FLAGS = (
    *("pd", "brk", "stab", "nc", "lc", "lb", "oe", "ou", "oc", "fe", "fn", "fr", "fd", "ks", "kst", "vol_hi"),
    *("rolling_over", "up", "lc_short", "lb_short", "ks_call"),
)


def reading(
    name: str, presence: Presence = Presence.SEEN, quality: float = 1.0, **facts: float | None
) -> Reading:
    """A reading with the facts of a quiet day, changed as stated."""
    return Reading(name, "", presence, Because.MEASURED, quality=quality, facts={**FACTS[name], **facts})


def snapshot(
    *readings: Reading,
    raised: tuple[str, ...] = (),
    unknown: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
    state: State = State.HEALTHY,
    held: State | None = None,
    protip: bool | None = False,
    levels: Mapping[str, Level | None] | None = None,
    asset: str = "BTC",
) -> Snapshot:
    """A quiet market of BTC with some readings replaced or absent and some flags raised or unknown."""
    stated = {one.name: one for one in readings}
    seen = tuple(stated.get(name, reading(name)) for name in FACTS if name not in absent)
    values: dict[str, bool | None] = dict.fromkeys(CALM_FLAGS, False)
    values |= dict.fromkeys(raised, True) | dict.fromkeys(unknown)
    regime = Regime(
        state=state,
        held=held or state,
        raw=state,
        strict=state,
        possible=(),
        since_ms=0,
        stage=0,
        steps=(),
        out_of_order=(),
        protip=protip,
        score=0.0,
        confidence=1.0,
        inputs_seen=5,
        inputs_known=5,
        flags={name: FlagMemory(value, 0) for name, value in values.items()},
        levels=levels or dict.fromkeys(FACTS, Level.CALM),
    )
    return Snapshot(asset, 0, "history", seen, regime)


def checklist(side: Side, met: int = 0) -> Checklist:
    """A checklist of which the first `met` flash."""
    checks = tuple(Check(question, number < met, {}) for number, question in enumerate(Question))
    return count(side, checks, SIZING.checklist)


def conditions(
    *,
    sigma: float | None = 0.40,
    sigma_ref: float = 0.45,
    funding: float | None = 0.0001,
    price_usd: float | None = 100_000.0,
    vol_hi: bool | None = False,
    liq_hi: bool | None = False,
    fe: bool | None = False,
    invalidated: bool | None = False,
    met: int = 0,
    fall: float | None = 0.0,
) -> Conditions:
    """The market of the worked cases (section 8), the same against a long and a short."""
    against = Headwind(checklist(Side.LONG, met), liq_hi, fe, invalidated)
    return Conditions(
        price_usd=price_usd,
        sigma=sigma,
        sigma_ref=sigma_ref,
        volatility_high=vol_hi,
        funding_8h=funding,
        long=against,
        short=replace(against, checklist=checklist(Side.SHORT, met)),
        fall_3d=fall,
    )
