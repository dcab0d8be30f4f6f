"""Small markets to talk about: stated flags and figures, read and judged by the real engine's own table."""

from collections.abc import Mapping
from dataclasses import replace
from math import log

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Asset
from market.reading import Because, Condition, Measure, Presence, Reading, absent, measure
from market.regime import judge
from market.rules import Rules
from market.snapshot import Snapshot

RULES = Rules()
NOW_MS = 1_795_348_800_000 + 4 * MINUTE_MS + 10 * SECOND_MS
"""2026-11-22 12:04:10 UTC."""

AGES_MS: Mapping[str, int] = {
    "price": 4 * SECOND_MS,
    "liquidations": 9 * SECOND_MS,
    "open_interest": 2 * MINUTE_MS,
    "funding": MINUTE_MS,
    "skew": 6 * MINUTE_MS,
    "volatility": 3 * MINUTE_MS,
}
TTLS_MS: Mapping[str, int] = {
    "price": MINUTE_MS,
    "liquidations": MINUTE_MS,
    "open_interest": 10 * MINUTE_MS,
    "funding": 10 * MINUTE_MS,
    "skew": 15 * MINUTE_MS,
    "volatility": 66 * MINUTE_MS,
}
UNITS: Mapping[str, str] = {
    "price": "USD",
    "liquidations": "bps/h",
    "open_interest": "coins",
    "funding": "/8h",
    "skew": "pts",
    "volatility": "1/y",
}
QUIET: Mapping[str, tuple[str, ...]] = {
    "price": ("pd", "brk", "stab", "down", "up"),
    "liquidations": ("lc", "lb", "lc_short", "lb_short", "rri_high", "ldr_high"),
    "open_interest": ("oe", "ou", "oc", "off_peak"),
    "funding": ("fe", "fn", "fr", "fd", "material"),
    "skew": ("ks", "kst", "ks_call", "skew_dear"),
    "volatility": ("vol_hi",),
}
FACTS: Mapping[str, Mapping[str, float | None]] = {
    "price": {
        "price_usd": 64_210.0,
        "r_24h": log(1.0 - 0.021),
        "r_7d": -0.03,
        "shock_24h": -0.8,
        "drawdown_3d": 0.0,
        "sigma_1d": 0.025,
        "hours_since_low_72h": 13.0,
        "step_ms": 60_000.0,
    },
    "liquidations": {"long_bps_1h": 0.6, "flagged_hours_24": 0.0, "long_usd_24h": 21e6},
    "open_interest": {"coins": 214_000.0, "change_24h": 0.021, "change_72h": 0.03},
    "funding": {"f24": 0.00031, "rate_8h": 0.0003, "apr": 0.339},
    "skew": {"skew_30d_points": 6.1, "z": 0.9},
    "volatility": {"sigma": 0.68, "sigma_ref": 0.5, "sigma_ref_cold": 0.0, "rv_7d": 0.6},
}
VALUES: Mapping[str, float] = {
    "price": 64_210.0,
    "liquidations": 0.6,
    "open_interest": 214_000.0,
    "funding": 0.00031,
    "skew": 6.1,
    "volatility": 0.68,
}
RANKS: Mapping[str, float] = {
    "liquidations": 0.54,
    "open_interest": 0.88,
    "funding": 0.94,
    "skew": 0.86,
    "volatility": 0.81,
}
MEASURES: Mapping[str, tuple[Measure, ...]] = {
    "pd": (measure("shock_24h", -0.8, -1.0, "sigma", above=False), measure("lower_low", 1.0, 1.0, "claim")),
    "lc": (measure("flagged_hours_24", 0.0, 3.0, "h"), measure("flagged_days_7", 0.0, 3.0, "d")),
    "oe": (measure("oi_percentile", 0.88, 0.75, "rank"),),
    "ou": (measure("oi_change_24h", 0.021, 0.05, "fraction"),),
    "fe": (measure("f24", 0.00031, 0.0003, "/8h"),),
    "fd": (measure("f24", 0.00031, -0.0002, "/8h", above=False),),
    "ks": (measure("skew_points", 6.1, 8.0, "pts"), measure("skew_z", None, 1.5, "z")),
}


def reading(name: str, at_ms: int = NOW_MS, *raised: str, **facts: float | None) -> Reading:
    """One input of the example of product.md, with some flags raised and some facts changed."""
    told = {**FACTS[name], **facts}
    value = told.get(
        {"price": "price_usd", "open_interest": "coins", "funding": "f24"}.get(name, ""), VALUES[name]
    )
    return Reading(
        name,
        UNITS[name],
        Presence.SEEN,
        Because.MEASURED,
        value=value,
        percentile=RANKS.get(name),
        quality=1.0,
        asof_ms=at_ms - AGES_MS[name],
        ttl_ms=TTLS_MS[name],
        facts=told,
        conditions=tuple(
            Condition(flag, flag in raised, flag in raised, measures=MEASURES.get(flag, ()))
            for flag in QUIET[name]
        ),
    )


def stale(one: Reading) -> Reading:
    """The reading as a source says it that has fallen silent."""
    conditions = tuple(Condition(each.flag, None, None) for each in one.conditions)
    return replace(one, presence=Presence.STALE, because=Because.TOO_OLD, quality=0.2, conditions=conditions)


def daily(one: Reading, age_ms: int) -> Reading:
    """The reading as a series with one value a day says it."""
    asof_ms = None if one.asof_ms is None else NOW_MS - age_ms
    return replace(one, because=Because.DAILY_SERIES, asof_ms=asof_ms, ttl_ms=int(1.1 * DAY_MS))


def market(
    *raised: str,
    asset: Asset = "BTC",
    source: str = "live",
    at_ms: int = NOW_MS,
    lacking: tuple[str, ...] = (),
    silent: tuple[str, ...] = (),
    since_ms: int = 6 * HOUR_MS + 20 * MINUTE_MS,
    **replaced: Reading,
) -> Snapshot:
    """A market with these flags raised, judged by the real table; some inputs absent (`lacking`) or stale (`silent`)."""
    readings = []
    for name in QUIET:
        one = replaced.get(name) or reading(name, at_ms, *raised)
        if name in lacking:
            one = absent(name, UNITS[name])
        readings.append(stale(one) if name in silent else one)
    regime = judge(tuple(readings), None, RULES, at_ms - since_ms)
    return Snapshot(asset, at_ms, source, tuple(readings), regime)


def crowding(**changed: object) -> Snapshot:
    """The market of the examples in product.md: price weak, leverage elevated, longs still paying."""
    return market("pd", "down", "oe", "fe", "fn", "material", "skew_dear", **changed)  # type: ignore[arg-type]


def unwinding(**changed: object) -> Snapshot:
    """Longs closed by force again and again in a fast break."""
    flags = ("pd", "brk", "down", "lc", "lb", "oe", "fe", "fn", "material", "ks", "kst", "vol_hi")
    return market(*flags, **changed)  # type: ignore[arg-type]


def calm(**changed: object) -> Snapshot:
    """Nothing stands against a long."""
    reset = reading("funding", NOW_MS, "fr", f24=0.00004, apr=0.044)
    return market("fr", **{"funding": reset, **changed})  # type: ignore[arg-type]


def digesting(**changed: object) -> Snapshot:
    """Still weak, but leverage has left and funding has reset."""
    return market("pd", "down", "stab", "oc", "fr", **changed)  # type: ignore[arg-type]
