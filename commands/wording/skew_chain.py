"""What an option chain says when somebody asks: how much of it was believed, the smile by both deltas, gamma as a band."""

from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from market.option_rules import OptionRules
from market.options import Chain, GammaBand, Smile, Surface, gamma_near, surface_of
from market.options.quotes import LeftOut


@dataclass(frozen=True, slots=True)
class Listed:
    """A chain that was read at `at_ms` (UTC ms): its surface, and gamma near the price (None: no open interest told there)."""

    chain: Chain
    at_ms: int
    surface: Surface
    gamma: GammaBand | None


def listed_of(chain: Chain, at_ms: int, rules: OptionRules) -> Listed | None:
    """The chain read; None of one without a quote that still moves."""
    surface = surface_of(chain.moving, at_ms, rules)
    return (
        None if surface is None else Listed(chain, at_ms, surface, gamma_near(chain.margined, at_ms, rules))
    )


def listed_lines(listed: Listed | None, phrases: Phrases) -> list[str]:
    """What it is read from and what was left out; that no chain is kept where none is."""
    if listed is None:
        return [phrases.say("skew.no_chain")]
    surface, chain = listed.surface, listed.chain
    said = [
        phrases.say(
            "skew.read",
            strikes=surface.strikes,
            expiries=surface.expiries,
            venue=phrases.word("venue", chain.venue.value),
            age=numbers.age(listed.at_ms - chain.as_of_ms),
        )
    ]
    if not chain.is_inverse:
        said.append(phrases.say("skew.in_dollars"))
    left_out = left_out_of(listed)
    if left_out:
        told = ", ".join(f"{count} {phrases.word('left_out', why)}" for why, count in left_out.items())
        said.append(phrases.say("skew.left_out", reasons=told))
    return said


def gamma_lines(listed: Listed | None, phrases: Phrases) -> list[str]:
    """Gamma near the price without a sign, and the two assumptions that would give it one."""
    if listed is None or listed.gamma is None:
        return []
    gamma = listed.gamma
    within = numbers.percent(gamma.within, signed=False, digits=0)
    unsigned = numbers.short(gamma.unsigned_usd)
    long_calls = _signed(gamma.long_calls_usd)
    short_all = _signed(gamma.short_all_usd)
    return [
        phrases.say("skew.gamma", within=within, unsigned=unsigned),
        phrases.say("skew.gamma_band", long_calls=long_calls, short_all=short_all),
    ]


def left_out_of(listed: Listed) -> dict[str, int]:
    """How many quotes were left out, by reason, the most first; those that stood still among them."""
    counts = dict(listed.surface.left_out)
    if listed.chain.stale:
        counts[LeftOut.STALE] = len(listed.chain.stale)
    return {why.value: count for why, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))}


def chain_numbers(listed: Listed | None) -> dict[str, object] | None:
    """The same for JSON: vol points and US dollars, null where one is unknown."""
    if listed is None:
        return None
    surface, gamma = listed.surface, listed.gamma
    return {
        "venue": listed.chain.venue.value,
        "margin": "coin" if listed.chain.is_inverse else "USDC",
        "strikes": surface.strikes,
        "expiries": surface.expiries,
        "left_out": left_out_of(listed),
        "skew_30d": _points(surface.month),
        "skew_7d": _points(surface.week),
        "skew_30d_premium_adjusted": _points(surface.month_premium_adjusted),
        "skew_7d_premium_adjusted": _points(surface.week_premium_adjusted),
        "gamma_usd_per_percent": None if gamma is None else gamma.unsigned_usd,
        "gamma_dealers_long_calls": None if gamma is None else gamma.long_calls_usd,
        "gamma_dealers_short_all": None if gamma is None else gamma.short_all_usd,
        "gamma_within": None if gamma is None else gamma.within,
    }


def _points(smile: Smile | None) -> float | None:
    return None if smile is None else 100.0 * smile.skew_25d


def _signed(usd: float) -> str:
    return ("+" if usd > 0.0 else "") + numbers.short(usd)
