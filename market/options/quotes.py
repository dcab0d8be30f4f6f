"""Which option quotes can be believed: tradable ones of an expiry whose forward and smile make sense (section 6)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import log, sqrt
from statistics import median

from market.formulas.statistics import median_absolute_deviation
from market.observations import DAY_MS, OptionQuote
from market.option_rules import OptionRules
from market.options.black76 import implied_volatility
from market.options.fit import least_deviation_quadratic

YEAR_MS = 365 * DAY_MS
STANDARD = OptionRules()

Believed = tuple[tuple[OptionQuote, float], ...]
"""Quotes with their IVs, by strike."""


class LeftOut(StrEnum):
    """Why a quote out of the money is not read."""

    STALE = "stale"
    TOO_NEAR = "too_near"
    OFF_PARITY = "off_parity"
    NOT_HELD = "not_held"
    NO_BID = "no_bid"
    WIDE = "wide"
    NO_IV = "no_iv"
    OUTLIER = "outlier"


@dataclass(frozen=True, slots=True)
class Examined:
    """One expiry: what is believed of it, and how many quotes are left out for which reason."""

    believed: Believed = ()
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)


def years_left(quote: OptionQuote, now_ms: int) -> float:
    """The time to expiry in years; negative after it."""
    return (quote.expires_at_ms - now_ms) / YEAR_MS


def iv_of(quote: OptionQuote, now_ms: int) -> float | None:
    """The mark IV, or what the mark price implies where the venue tells none."""
    years = years_left(quote, now_ms)
    if quote.mark_iv is not None or quote.mark_price is None or years <= 0.0:
        return quote.mark_iv
    price_usd = quote.mark_price * (quote.forward_usd if quote.is_inverse else 1.0)
    return implied_volatility(price_usd, quote.forward_usd, quote.strike_usd, years, is_call=quote.is_call)


def is_tradable(quote: OptionQuote, rules: OptionRules = STANDARD) -> bool:
    """Somebody holds or traded it, bids for it, and buyer and seller are not further apart than half its price."""
    return _untradable(quote, rules) is None


def spread_of(quote: OptionQuote) -> float | None:
    """How far ask and bid are apart, as a share of their middle; None without both, below 0 where they cross."""
    if not quote.bid_price or not quote.ask_price:
        return None
    return 2.0 * (quote.ask_price - quote.bid_price) / (quote.ask_price + quote.bid_price)


def _untradable(quote: OptionQuote, rules: OptionRules) -> LeftOut | None:
    if not (quote.open_interest_coins or quote.volume_coins):
        return LeftOut.NOT_HELD
    spread = spread_of(quote)
    if spread is None:
        return LeftOut.NO_BID
    return None if 0.0 <= spread <= rules.widest_spread else LeftOut.WIDE


def is_out_of_the_money(quote: OptionQuote) -> bool:
    """At the forward itself the call counts."""
    return quote.strike_usd >= quote.forward_usd if quote.is_call else quote.strike_usd < quote.forward_usd


def parity_forward(expiry: Sequence[OptionQuote]) -> float | None:
    """The forward that calls and puts of one strike agree on: median of the three pairs nearest the money.

    F = K / (1 - C + P) in coins, F = K + C - P in US dollars; None where no strike has both marks.
    """
    marks: dict[float, dict[bool, OptionQuote]] = defaultdict(dict)
    for quote in expiry:
        if quote.mark_price is not None:
            marks[quote.strike_usd][quote.is_call] = quote
    pairs = sorted(
        (abs(log(strike / pair[True].forward_usd)), strike)
        for strike, pair in marks.items()
        if len(pair) == 2
    )
    found = [_forward_of(marks[strike][True], marks[strike][False]) for _, strike in pairs[:3]]
    return median(found) if found else None


def _forward_of(call: OptionQuote, put: OptionQuote) -> float:
    difference = (call.mark_price or 0.0) - (put.mark_price or 0.0)
    if not call.is_inverse:
        return call.strike_usd + difference
    return call.strike_usd / (1.0 - difference) if difference < 1.0 else 0.0


def hygienic(expiry: Sequence[OptionQuote], now_ms: int, rules: OptionRules = STANDARD) -> Believed:
    """Quotes of one expiry with the IVs that can be believed, by strike; () where the whole expiry cannot."""
    return examine(expiry, now_ms, rules).believed


def examine(expiry: Sequence[OptionQuote], now_ms: int, rules: OptionRules = STANDARD) -> Examined:
    """Which quotes of one expiry can be believed, and why the others out of the money cannot.

    Out of the money and tradable, IV in (5 %, 400 %), no IV far off a smooth smile; the forward agrees with parity
    within half a percent (unchecked where no strike has both marks), and two days are left.
    """
    outside = [quote for quote in expiry if is_out_of_the_money(quote)]
    whole = _unbelievable(expiry, now_ms, rules)
    if whole is not None:
        return Examined((), {whole: len(outside)})
    left_out: Counter[LeftOut] = Counter()
    kept: list[tuple[OptionQuote, float]] = []
    for quote in outside:
        why, iv = _untradable(quote, rules), None
        if why is None:
            iv = iv_of(quote, now_ms)
            why = None if iv is not None and rules.lowest_iv < iv < rules.highest_iv else LeftOut.NO_IV
        if why is not None:
            left_out[why] += 1
        elif iv is not None:
            kept.append((quote, iv))
    believed = _without_outliers(sorted(kept, key=lambda pair: pair[0].strike_usd), now_ms, rules)
    if len(kept) > len(believed):
        left_out[LeftOut.OUTLIER] = len(kept) - len(believed)
    return Examined(believed, dict(left_out))


def _unbelievable(expiry: Sequence[OptionQuote], now_ms: int, rules: OptionRules) -> LeftOut | None:
    """Why nothing of an expiry can be believed, None where something may."""
    if not expiry or years_left(expiry[0], now_ms) * 365.0 < rules.least_days:
        return LeftOut.TOO_NEAR
    parity = parity_forward(expiry)
    if parity is not None and abs(parity / expiry[0].forward_usd - 1.0) > rules.parity_tolerance:
        return LeftOut.OFF_PARITY
    return None


def _without_outliers(
    points: list[tuple[OptionQuote, float]], now_ms: int, rules: OptionRules
) -> tuple[tuple[OptionQuote, float], ...]:
    if len(points) < rules.least_strikes:
        return tuple(points)
    root = sqrt(years_left(points[0][0], now_ms))
    places = [log(quote.strike_usd / quote.forward_usd) / root for quote, _ in points]
    fitted = least_deviation_quadratic(places, [iv for _, iv in points])
    errors = [iv - fitted(place) for place, (_, iv) in zip(places, points, strict=True)]
    limit = max(rules.outlier_mads * (median_absolute_deviation(errors) or 0.0), rules.outlier_least)
    return tuple(point for point, error in zip(points, errors, strict=True) if abs(error) <= limit)


def without_stale(chain: Iterable[OptionQuote], earlier: Iterable[OptionQuote]) -> tuple[OptionQuote, ...]:
    """The chain without the quotes of `stale_places`."""
    quotes = tuple(chain)
    stale = set(stale_places(quotes, earlier))
    return tuple(quote for place, quote in enumerate(quotes) if place not in stale)


def stale_places(
    chain: Sequence[OptionQuote], earlier: Iterable[OptionQuote], rules: OptionRules = STANDARD
) -> tuple[int, ...]:
    """Where quotes stand whose mark IV stood still while their forward moved more than 1 % in half an hour or more.

    `earlier` is a chain seen before; what is less than half an hour older says nothing yet.
    """
    before = {_listing(quote): quote for quote in earlier}
    return tuple(
        place
        for place, quote in enumerate(chain)
        if before and _is_stale(quote, before.get(_listing(quote)), rules)
    )


def _listing(quote: OptionQuote) -> tuple[str, str, int, float, bool, bool]:
    listed = quote.venue.value, quote.asset, quote.expires_at_ms
    return (*listed, quote.strike_usd, quote.is_call, quote.is_inverse)


def _is_stale(quote: OptionQuote, before: OptionQuote | None, rules: OptionRules) -> bool:
    if before is None or quote.mark_iv is None or quote.mark_iv != before.mark_iv:
        return False
    has_moved = abs(quote.forward_usd / before.forward_usd - 1.0) > rules.stale_move
    return has_moved and quote.known_at_ms - before.known_at_ms >= rules.stale_after_ms
