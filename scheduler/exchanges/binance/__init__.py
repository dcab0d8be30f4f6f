"""Binance USD-M futures: what to ask and listen to, within which budgets (exchanges.md section 1).

Leverage brackets need a key there: `market.margin.bundled_tiers` stands in for them, with its date. No history of
liquidations is public.
"""

from collections.abc import Iterator, Mapping, Sequence

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from scheduler.exchange import (
    BAR_MS,
    BARS_A_POLL,
    BOOKS_EVERY_S,
    LIVE_STEP_MS,
    Ask,
    Budget,
    Channel,
    Exchange,
    Instrument,
    Kind,
    Report,
    Stream,
)
from scheduler.exchanges.binance.answers import (
    FUNDING_PAGE,
    VENUE,
    next_funding_page,
    read_candles,
    read_depth,
    read_funding_intervals,
    read_instruments,
    read_open_interest,
    read_past_open_interest,
    read_premium,
    read_settled_funding,
)
from scheduler.exchanges.binance.frames import read_frame
from scheduler.exchanges.binance.troubles import trouble, used
from scheduler.wire import live_from_ms, pages, subscriptions

Reports = tuple[Report, ...]

ROWS_A_PAGE = 1500
SAMPLES_A_PAGE = 500
OLDEST_OPEN_INTEREST_MS = 30 * DAY_MS - HOUR_MS
"""The venue keeps thirty days; an hour less, so that a slow cold start is not refused."""
SETTLED_EVERY_S = 300.0
STREAMS_A_MESSAGE = 200


def instruments() -> tuple[Ask[tuple[Instrument, ...]], ...]:
    """The contracts, then the funding intervals that were adjusted."""
    return (
        Ask(VENUE, Kind.INSTRUMENTS, "/fapi/v1/exchangeInfo", read_instruments),
        Ask(
            VENUE,
            Kind.FUNDING_INTERVALS,
            "/fapi/v1/fundingInfo",
            read_funding_intervals,
            weight=1,
            budget="funding",
        ),
    )


def asks(watched: Sequence[Instrument]) -> tuple[Ask[Reports], ...]:
    """Marks and predicted funding of all at once, and four questions a symbol."""
    premium: Ask[Reports] = Ask(VENUE, Kind.FUNDING, "/fapi/v1/premiumIndex", read_premium, weight=10)
    return (premium, *(ask for instrument in watched for ask in _asks_of(instrument.symbol)))


def history_asks(instrument: Instrument, since_ms: int, now_ms: int) -> tuple[Ask[Reports], ...]:
    """Hourly bars, then five-minute bars of the open hour; hourly open interest (30 days at most); settled funding.

    A gap of less than a day is filled in steps of five minutes throughout.
    """
    symbol, live_from = instrument.symbol, live_from_ms(since_ms, now_ms)
    past_from = max(since_ms, now_ms - OLDEST_OPEN_INTEREST_MS)
    return (
        *_candles(symbol, HOUR_MS, since_ms, live_from),
        *_candles(symbol, LIVE_STEP_MS, live_from, now_ms),
        *_past_open_interest(symbol, HOUR_MS, past_from, live_from),
        *_past_open_interest(symbol, LIVE_STEP_MS, max(past_from, live_from), now_ms),
        _settled(symbol, {"startTime": str(since_ms), "endTime": str(now_ms), "limit": str(FUNDING_PAGE)}),
    )


def streams(watched: Sequence[Instrument]) -> tuple[Stream, ...]:
    """One socket of the route /market: marks each second prove that silence of liquidations is calm.

    A subscription on another route would be silent without an error. () for no symbol.
    """
    symbols = [instrument.symbol for instrument in watched]
    if not symbols:
        return ()
    names = ["!forceOrder@arr", *(f"{symbol.lower()}@markPrice@1s" for symbol in symbols)]
    channels = (
        Channel(Kind.LIQUIDATIONS, None, None),
        *(Channel(Kind.MARK, symbol, 1.0) for symbol in symbols),
    )
    said = subscriptions("SUBSCRIBE", names, STREAMS_A_MESSAGE)
    return (Stream(VENUE, "/market/ws", channels, said, read_frame, lives_s=86_400.0),)


def _asks_of(symbol: str) -> Iterator[Ask[Reports]]:
    yield Ask(
        VENUE,
        Kind.CANDLES,
        "/fapi/v1/klines",
        read_candles,
        {"symbol": symbol, "interval": _INTERVALS[BAR_MS], "limit": str(BARS_A_POLL)},
        symbol=symbol,
        step_ms=BAR_MS,
    )
    yield Ask(
        VENUE,
        Kind.OPEN_INTEREST,
        "/fapi/v1/openInterest",
        read_open_interest,
        {"symbol": symbol},
        symbol=symbol,
        step_ms=MINUTE_MS,
    )
    yield Ask(
        VENUE,
        Kind.DEPTH,
        "/fapi/v1/depth",
        read_depth,
        {"symbol": symbol, "limit": "1000"},
        weight=20,
        symbol=symbol,
        every_s=BOOKS_EVERY_S,
    )
    yield _settled(symbol, {"limit": "3"}, SETTLED_EVERY_S)


def _settled(symbol: str, params: Mapping[str, str], every_s: float | None = None) -> Ask[Reports]:
    return Ask(
        VENUE,
        Kind.FUNDING_HISTORY,
        "/fapi/v1/fundingRate",
        read_settled_funding,
        {"symbol": symbol, **params},
        budget="funding",
        symbol=symbol,
        next_page=next_funding_page if "startTime" in params else None,
        every_s=every_s,
    )


def _candles(symbol: str, step_ms: int, since_ms: int, until_ms: int) -> Iterator[Ask[Reports]]:
    for start_ms, rows in pages(since_ms, until_ms, step_ms, ROWS_A_PAGE):
        yield Ask(
            VENUE,
            Kind.CANDLES,
            "/fapi/v1/klines",
            read_candles,
            _window(symbol, "interval", step_ms, start_ms, rows),
            weight=_kline_weight(rows),
            symbol=symbol,
            step_ms=step_ms,
        )


def _past_open_interest(symbol: str, step_ms: int, since_ms: int, until_ms: int) -> Iterator[Ask[Reports]]:
    for start_ms, rows in pages(since_ms, until_ms, step_ms, SAMPLES_A_PAGE):
        yield Ask(
            VENUE,
            Kind.OPEN_INTEREST_HISTORY,
            "/futures/data/openInterestHist",
            read_past_open_interest,
            _window(symbol, "period", step_ms, start_ms, rows),
            budget="statistics",
            symbol=symbol,
            step_ms=step_ms,
        )


_INTERVALS = {BAR_MS: "1m", LIVE_STEP_MS: "5m", HOUR_MS: "1h"}


def _window(symbol: str, step_is: str, step_ms: int, start_ms: int, rows: int) -> dict[str, str]:
    return {
        "symbol": symbol,
        step_is: _INTERVALS[step_ms],
        "startTime": str(start_ms),
        "endTime": str(start_ms + rows * step_ms - 1),
        "limit": str(rows),
    }


def _kline_weight(rows: int) -> int:
    return next((weight for most, weight in ((99, 1), (499, 2), (1000, 5)) if rows <= most), 10)


EXCHANGE = Exchange(
    name=VENUE.value,
    venue=VENUE,
    rest_url="https://fapi.binance.com",
    ws_url="wss://fstream.binance.com",
    budgets={
        "default": Budget(2000, 60.0),  # of 2400 a minute and address
        "statistics": Budget(900, 300.0),  # of 1000 requests in five minutes, /futures/data
        "funding": Budget(
            450, 300.0
        ),  # of 500 requests in five minutes, fundingRate and fundingInfo together
    },
    instruments=instruments,
    asks=asks,
    history_asks=history_asks,
    streams=streams,
    trouble=trouble,
    used=used,
)
