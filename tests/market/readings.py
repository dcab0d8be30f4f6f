"""Readings with stated flags, for tests of what is judged from them."""

from market.observations import HOUR_MS
from market.reading import Because, Condition, Presence, Reading
from market.regime import Regime, judge
from market.rules import Rules

RULES = Rules()
HOUR = HOUR_MS
QUIET = {
    "price": {"pd": False, "brk": False, "stab": False, "down": False, "up": False, "flat": True},
    "liquidations": {"lc": False, "lb": False, "flagged": False, "rri_high": False, "ldr_high": False},
    "open_interest": {"oe": False, "ou": False, "oc": False, "off_peak": False},
    "funding": {"fe": False, "fn": False, "fr": True, "fd": False, "material": False},
    "skew": {"ks": False, "kst": False, "skew_dear": False},
}


def reading(
    name: str, presence: Presence = Presence.SEEN, quality: float = 1.0, **flags: bool | None
) -> Reading:
    """One input: the flags of a quiet day, changed as stated; its bar is an hour."""
    stated = QUIET[name] | flags
    return Reading(
        name,
        "",
        presence,
        Because.MEASURED,
        value=1.0,
        quality=quality,
        asof_ms=0,
        facts={"step_ms": float(HOUR)} if name == "price" else {},
        conditions=tuple(Condition(flag, value, value) for flag, value in stated.items()),
    )


def market(**flags: bool | None) -> tuple[Reading, ...]:
    """All five inputs seen, with the stated flags changed."""
    return tuple(
        reading(
            name, Presence.SEEN, 1.0, **{flag: value for flag, value in flags.items() if flag in QUIET[name]}
        )
        for name in QUIET
    )


def without(readings: tuple[Reading, ...], name: str, presence: Presence) -> tuple[Reading, ...]:
    """The readings with one input stale or absent."""
    return tuple(reading(name, presence, 0.0) if one.name == name else one for one in readings)


def judged(*markets: tuple[Reading, ...], every_ms: int = HOUR) -> Regime:
    """The regime after these markets, one after another."""
    regime: Regime | None = None
    for position, readings in enumerate(markets):
        regime = judge(readings, regime, RULES, (position + 1) * every_ms)
    assert regime is not None
    return regime
