"""What a Bybit ticker says of a contract: mark and index, one-sided open interest, predicted funding."""

from market.observations import MINUTE_MS, Funding, Mark, OpenInterest, Venue
from scheduler.exchange import Instrument, Kind, Told
from scheduler.exchanges.bybit.shapes import Opened, Ticker, as_amount, as_price, as_rate, as_time_ms

SIDES = 2.0
"""`openInterest` counts longs and shorts; every other venue counts one side."""


def mark_of(ticker: Ticker, contract: Instrument, at_ms: int) -> tuple[Mark, ...]:
    """The mark price, with the index where it is said; () where there is no mark. Raises Misread."""
    mark = as_price(Kind.MARK, "markPrice", ticker.mark_price)
    index = as_price(Kind.MARK, "indexPrice", ticker.index_price)
    if mark is None:
        return ()
    quoted = contract.quoted_coins
    return (
        Mark(
            Venue.BYBIT,
            contract.asset,
            at_ms,
            mark / quoted,
            None if index is None else index / quoted,
        ),
    )


def open_interest_of(
    said: Ticker | Opened, contract: Instrument, at_ms: int, cadence_ms: int = MINUTE_MS
) -> tuple[Told, ...]:
    """Open interest of one side in coins: as the venue says it, else half of both sides; () where neither is said."""
    single = as_amount(Kind.OPEN_INTEREST, "singleOpenInterest", said.single_open_interest)
    both = as_amount(Kind.OPEN_INTEREST, "openInterest", said.open_interest)
    if single is None and both is None:
        return ()
    coins = single if single is not None else (both or 0.0) / SIDES
    kept = OpenInterest(Venue.BYBIT, at_ms, coins * contract.quoted_coins, cadence_ms)
    return (Told(contract.asset, kept),)


def funding_of(ticker: Ticker, contract: Instrument, at_ms: int) -> tuple[Told, ...]:
    """The predicted rate with the interval the venue says, now or in its listing; () without rate or interval."""
    rate = as_rate(Kind.FUNDING, "fundingRate", ticker.funding_rate)
    hours = as_price(Kind.FUNDING, "fundingIntervalHour", ticker.funding_interval_hour)
    next_ms = as_time_ms(Kind.FUNDING, "nextFundingTime", ticker.next_funding_time)
    hours = hours if hours is not None else contract.funding_interval_hours
    if rate is None or hours is None:
        return ()
    predicted = Funding(Venue.BYBIT, at_ms, rate, hours, settled=False, next_at_ms=next_ms)
    return (Told(contract.asset, predicted),)
