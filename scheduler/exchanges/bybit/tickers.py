"""What a Bybit ticker says of a contract: mark and index, one-sided open interest, predicted funding."""

from market.observations import MINUTE_MS, Funding, Mark, OpenInterest, Venue
from scheduler.exchange import Instrument, Told
from scheduler.exchanges.bybit.shapes import Opened, Ticker

SIDES = 2.0
"""`openInterest` counts longs and shorts; every other venue counts one side."""

_VENUE = Venue.BYBIT


def mark_of(ticker: Ticker, contract: Instrument, at_ms: int) -> tuple[Mark, ...]:
    """The mark price, with the index where it is said; () where there is no mark."""
    mark, index, quoted = ticker.mark_price, ticker.index_price, contract.quoted_coins
    if not mark:
        return ()
    return (Mark(_VENUE, contract.asset, at_ms, mark / quoted, index / quoted if index else None),)


def open_interest_of(
    said: Ticker | Opened, contract: Instrument, at_ms: int, cadence_ms: int = MINUTE_MS
) -> tuple[Told, ...]:
    """Open interest of one side in coins: as the venue says it, else half of both sides; () where neither is said."""
    single, both = said.single_open_interest, said.open_interest
    if isinstance(single, float):
        coins = single
    elif isinstance(both, float):
        coins = both / SIDES
    else:
        return ()
    kept = OpenInterest(_VENUE, at_ms, coins * contract.quoted_coins, cadence_ms)
    return (Told(contract.asset, kept),)


def funding_of(ticker: Ticker, contract: Instrument, at_ms: int) -> tuple[Told, ...]:
    """The predicted rate with the interval the venue says, now or in its listing; () without rate or interval."""
    rate, next_ms = ticker.funding_rate, ticker.next_funding_time
    hours = ticker.funding_interval_hour or contract.funding_interval_hours
    if not isinstance(rate, float) or hours is None:
        return ()
    next_at_ms = next_ms if isinstance(next_ms, int) else None
    said = ticker.funding_cap
    cap = abs(said) if isinstance(said, float) and said else contract.cap_of(rate)
    return (Told(contract.asset, Funding(_VENUE, at_ms, rate, hours, False, next_at_ms, cap)),)
