"""Which option quotes can be believed: tradable ones of an expiry whose forward and smile make sense (section 6)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log, sqrt
from statistics import median

from market.formulas.statistics import median_absolute_deviation
from market.observations import DAY_MS, MINUTE_MS, OptionQuote
from market.options.black76 import implied_volatility
from market.options.fit import least_deviation_quadratic

YEAR_MS = 365 * DAY_MS
LEAST_DAYS = 2.0
"""An expiry nearer than this is noise."""
IV_RANGE = (0.05, 4.0)
WIDEST_SPREAD = 0.5
PARITY_TOLERANCE = 0.005
LEAST_STRIKES = 5
OUTLIER_MADS, OUTLIER_LEAST = 5.0, 0.025
"""An IV is dropped when it lies more than 5 MAD from the fit, and by more than 2.5 vol points: no true smile is a quadratic."""
STALE_AFTER_MS, STALE_MOVE = 30 * MINUTE_MS, 0.01


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


def is_tradable(quote: OptionQuote) -> bool:
    """Somebody holds or traded it, bids for it, and buyer and seller are not further apart than half its price."""
    if not (quote.open_interest_coins or quote.volume_coins) or not quote.bid_price or not quote.ask_price:
        return False
    spread, middle = quote.ask_price - quote.bid_price, (quote.ask_price + quote.bid_price) / 2.0
    return 0.0 <= spread <= WIDEST_SPREAD * middle


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


def hygienic(expiry: Sequence[OptionQuote], now_ms: int) -> tuple[tuple[OptionQuote, float], ...]:
    """Quotes of one expiry with the IVs that can be believed, by strike; () where the whole expiry cannot.

    Out of the money and tradable, IV in (5 %, 400 %), no IV far off a smooth smile; the forward agrees with parity
    within half a percent (unchecked where no strike has both marks).
    """
    parity = parity_forward(expiry)
    if not expiry or years_left(expiry[0], now_ms) * 365.0 < LEAST_DAYS:
        return ()
    if parity is not None and abs(parity / expiry[0].forward_usd - 1.0) > PARITY_TOLERANCE:
        return ()
    low, high = IV_RANGE
    told = [
        (quote, iv_of(quote, now_ms)) for quote in expiry if is_out_of_the_money(quote) and is_tradable(quote)
    ]
    kept = [(quote, iv) for quote, iv in told if iv is not None and low < iv < high]
    return _without_outliers(sorted(kept, key=lambda pair: pair[0].strike_usd), now_ms)


def _without_outliers(
    points: list[tuple[OptionQuote, float]], now_ms: int
) -> tuple[tuple[OptionQuote, float], ...]:
    if len(points) < LEAST_STRIKES:
        return tuple(points)
    root = sqrt(years_left(points[0][0], now_ms))
    places = [log(quote.strike_usd / quote.forward_usd) / root for quote, _ in points]
    fitted = least_deviation_quadratic(places, [iv for _, iv in points])
    errors = [iv - fitted(place) for place, (_, iv) in zip(places, points, strict=True)]
    limit = max(OUTLIER_MADS * (median_absolute_deviation(errors) or 0.0), OUTLIER_LEAST)
    return tuple(point for point, error in zip(points, errors, strict=True) if abs(error) <= limit)


def without_stale(chain: Iterable[OptionQuote], earlier: Iterable[OptionQuote]) -> tuple[OptionQuote, ...]:
    """The chain without quotes whose mark IV stood still while their forward moved more than 1 % in half an hour or more.

    `earlier` is a chain seen before; what is less than half an hour older says nothing yet.
    """
    before = {_listing(quote): quote for quote in earlier}
    return tuple(quote for quote in chain if not _is_stale(quote, before.get(_listing(quote))))


def _listing(quote: OptionQuote) -> tuple[str, str, int, float, bool, bool]:
    listed = quote.venue.value, quote.asset, quote.expires_at_ms
    return (*listed, quote.strike_usd, quote.is_call, quote.is_inverse)


def _is_stale(quote: OptionQuote, before: OptionQuote | None) -> bool:
    if before is None or quote.mark_iv is None or quote.mark_iv != before.mark_iv:
        return False
    has_moved = abs(quote.forward_usd / before.forward_usd - 1.0) > STALE_MOVE
    return has_moved and quote.known_at_ms - before.known_at_ms >= STALE_AFTER_MS
