"""Gamma near the price: how much open options may move hedgers, as a band between two assumptions, never as a sign (section 6)."""

from collections.abc import Iterable
from dataclasses import dataclass

from market.observations import OptionQuote
from market.option_rules import OptionRules
from market.options.black76 import gamma_usd_per_percent, option_value
from market.options.quotes import STANDARD, iv_of, years_left


@dataclass(frozen=True, slots=True)
class GammaBand:
    """Gamma of open options within `within` (fraction) of their forward, US dollars of delta for each percent of price.

    `unsigned_usd` is the sum whoever holds them. Who does is not known: `long_calls_usd` assumes that dealers are long
    calls and short puts, `short_all_usd` that they are short everything.
    """

    within: float
    unsigned_usd: float
    long_calls_usd: float
    short_all_usd: float


def gamma_near(chain: Iterable[OptionQuote], now_ms: int, rules: OptionRules = STANDARD) -> GammaBand | None:
    """The band over all expiries to come; None where no quote near the price tells an open interest and an IV."""
    sums = {True: 0.0, False: 0.0}
    counted = 0
    for quote in chain:
        gamma_usd = _gamma_usd(quote, now_ms, rules)
        if gamma_usd is not None:
            sums[quote.is_call] += gamma_usd
            counted += 1
    if not counted:
        return None
    both = sums[True] + sums[False]
    return GammaBand(rules.gamma_within, both, sums[True] - sums[False], -both)


def _gamma_usd(quote: OptionQuote, now_ms: int, rules: OptionRules) -> float | None:
    years, interest = years_left(quote, now_ms), quote.open_interest_coins
    is_near = abs(quote.strike_usd / quote.forward_usd - 1.0) <= rules.gamma_within
    if years <= 0.0 or interest is None or not is_near:
        return None
    iv = iv_of(quote, now_ms)
    if iv is None or not rules.lowest_iv < iv < rules.highest_iv:
        return None
    value = option_value(quote.forward_usd, quote.strike_usd, years, iv, is_call=quote.is_call)
    return gamma_usd_per_percent(value.gamma, interest, quote.forward_usd)
