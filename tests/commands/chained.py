"""Option chains of the market in the examples: Black-76 quotes on listed strikes around 64,210."""

from collections.abc import Iterable

from msgspec.structs import replace

from market.observations import DAY_MS, SECOND_MS, Asset, OptionQuote, Venue
from market.options import Chain, option_value
from tests.commands.markets import NOW_MS

PRICE = 64_210.0
STRIKES = range(42_000, 84_001, 1_000)
DAYS = (6.0, 13.0, 33.0, 61.0)
AGE_MS = 40 * SECOND_MS


def iv_at(strike: float, skew: float) -> float:
    """A straight smile: 60 % in the middle, dearer below by so much for each tenth of the price."""
    return 0.60 + skew * (1.0 - strike / PRICE) * 10.0


def quote(
    strike: float, days: float, *, is_call: bool, skew: float, inverse: bool, asset: Asset, at_ms: int
) -> OptionQuote:
    iv = iv_at(strike, skew)
    value = option_value(PRICE, strike, days / 365.0, iv, is_call=is_call)
    mark = value.price_coins if inverse else value.price_usd
    return OptionQuote(
        Venue.DERIBIT,
        asset,
        at_ms,
        NOW_MS + round(days * DAY_MS),
        float(strike),
        is_call,
        PRICE,
        is_inverse=inverse,
        mark_iv=iv,
        mark_price=mark,
        bid_price=mark * 0.98,
        ask_price=mark * 1.02,
        open_interest_coins=25.0,
        volume_coins=1.0,
    )


def chain(
    skew: float = 0.02,
    days: Iterable[float] = DAYS,
    *,
    inverse: bool = True,
    asset: Asset = "BTC",
    age_ms: int = AGE_MS,
    **changed: object,
) -> Chain:
    """A chain so old; every quote with these fields changed."""
    at_ms = NOW_MS - age_ms
    quotes = tuple(
        replace(
            quote(strike, left, is_call=is_call, skew=skew, inverse=inverse, asset=asset, at_ms=at_ms),
            **changed,
        )
        for left in days
        for strike in STRIKES
        for is_call in (False, True)
    )
    return Chain(asset, Venue.DERIBIT, at_ms, quotes)
