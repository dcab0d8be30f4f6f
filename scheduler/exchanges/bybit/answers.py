"""What Bybit is asked for each cycle and at a cold start, and how its answers are read."""

from collections.abc import Iterator, Mapping, Sequence

from market.observations import HOUR_MS, Funding, Venue
from scheduler.exchange import (
    BAR_MS,
    BARS_A_POLL,
    BOOKS_EVERY_S,
    LIVE_STEP_MS,
    Ask,
    Asked,
    Instrument,
    Kind,
    Misread,
    Report,
    Told,
)
from scheduler.exchanges.bybit.shapes import (
    CATEGORY,
    AnyTicker,
    Bar,
    Book,
    Opened,
    Settled,
    Ticker,
    answers,
    asked_for,
    lists,
)
from scheduler.exchanges.bybit.spot import spot_asks, spot_then
from scheduler.exchanges.bybit.tickers import funding_of, mark_of, open_interest_of
from scheduler.wire import candles, depth_bands, live_from_ms, pages, spans_hours

Reports = tuple[Report, ...]

BARS_A_PAGE = 1_000
SETTLEMENTS_A_PAGE = 200
OPENED_A_PAGE = 200
LIVE_SETTLEMENTS = 4
BOOK_LEVELS = 1_000
SETTLEMENTS_EVERY_S = 300.0

_TICKERS = "/v5/market/tickers"
_KLINES = "/v5/market/kline"
_BOOK = "/v5/market/orderbook"
_SETTLED = "/v5/market/funding/history"
_OPENED = "/v5/market/open-interest"
_INTERVALS = {BAR_MS: "1", LIVE_STEP_MS: "5", HOUR_MS: "60"}
_PERIODS = {LIVE_STEP_MS: "5min", HOUR_MS: "1h"}

_tickers = lists(Kind.MARK, Ticker, AnyTicker)
_bars = lists(Kind.CANDLES, Bar)
_settled = lists(Kind.FUNDING_HISTORY, Settled)
_opened = lists(Kind.OPEN_INTEREST_HISTORY, Opened)
_book = answers(Kind.DEPTH, Book)


def asks(instruments: Sequence[Instrument]) -> tuple[Ask[Reports], ...]:
    """Each cycle: one ticker call for everything now, and of each instrument its bars, its book and what it settled."""
    if not instruments:
        return ()
    now: Ask[Reports] = Ask(Venue.BYBIT, Kind.MARK, _TICKERS, read_tickers, {"category": CATEGORY})
    return (now, *(ask for contract in instruments for ask in _asks_of(contract)))


def history_asks(contract: Instrument, since_ms: int, until_ms: int) -> tuple[Ask[Reports], ...]:
    """Bars, open interest and settled funding from `since_ms` to `until_ms`; all is kept since the listing.

    Hourly up to the open hour and in live steps from there; in live steps throughout where it is less than a day.
    """
    symbol, live_ms = contract.symbol, live_from_ms(since_ms, until_ms)
    spans = ((HOUR_MS, since_ms, live_ms), (LIVE_STEP_MS, live_ms, until_ms))
    return (
        *(ask for span in spans for ask in _bars_then(symbol, *span)),
        *(ask for span in spans for ask in _opened_then(symbol, *span)),
        _settled_then(symbol, since_ms, until_ms),
        *spot_then(contract, since_ms, until_ms),
    )


def read_tickers(payload: bytes, asked: Asked) -> Reports:
    """Mark, open interest and predicted funding of the instruments we know; other rows are not for us.

    A value that is "" is not reported; one that is wrong or a row without its fields refuses the answer. Raises Misread.
    """
    rows, time_ms = _tickers(payload, asked)
    reports: list[Report] = []
    for row in rows:
        contract = asked.instruments.get(row.symbol)
        if contract is not None:
            ticker: Ticker = row.read() if type(row) is AnyTicker else row
            if ticker.mark_price is None or ticker.open_interest is None:
                raise Misread(Venue.BYBIT, Kind.MARK, f"{row.symbol} without markPrice or openInterest")
            reports += mark_of(ticker, contract, time_ms)
            reports += open_interest_of(ticker, contract, time_ms)
            reports += funding_of(ticker, contract, time_ms)
    return tuple(reports)


def read_candles(payload: bytes, asked: Asked) -> Reports:
    """The closed bars, oldest first: a bar that ends after the venue's own time is still open. Raises Misread."""
    contract, _ = asked_for(Kind.CANDLES, asked)
    rows, time_ms = _bars(payload, asked)
    step_ms = asked.step_ms or BAR_MS
    if [row for row in rows if row.opens_ms % step_ms]:
        raise Misread(Venue.BYBIT, Kind.CANDLES, f"a bar that is not of {step_ms} ms")
    closed = [row for row in rows if row.opens_ms <= time_ms - step_ms]
    return candles(Venue.BYBIT, contract, step_ms, closed)


def read_open_interest_history(payload: bytes, asked: Asked) -> Reports:
    """Open interest of one side then, oldest first. Raises Misread."""
    contract, _ = asked_for(Kind.OPEN_INTEREST_HISTORY, asked)
    rows, _ = _opened(payload, asked)
    cadence_ms = asked.step_ms or HOUR_MS
    return tuple(
        told
        for row in sorted(rows, key=lambda row: row.timestamp)
        for told in open_interest_of(row, contract, row.timestamp, cadence_ms)
    )


def read_settled(payload: bytes, asked: Asked) -> Reports:
    """Paid rates, oldest first, each of the interval since the one before (intervals change at run time).

    Where that cannot be told and the listing does not say it either, the rate is not reported. Raises Misread.
    """
    contract, asset = asked_for(Kind.FUNDING_HISTORY, asked)
    rows, _ = _settled(payload, asked)
    ours = sorted(
        (row for row in rows if row.symbol == contract.symbol),
        key=lambda row: row.funding_rate_timestamp,
    )
    times = [row.funding_rate_timestamp for row in ours]
    spans = spans_hours(times, contract.funding_interval_hours)
    return tuple(
        Told(asset, Funding(Venue.BYBIT, row.funding_rate_timestamp, row.funding_rate, hours))
        for row, hours in zip(ours, spans, strict=True)
        if hours is not None
    )


def earlier_settled(payload: bytes, asked: Asked) -> Mapping[str, str] | None:
    """A full page is followed by one that ends before its oldest row. Raises Misread."""
    rows, _ = _settled(payload, asked)
    if len(rows) < SETTLEMENTS_A_PAGE:
        return None
    return {"endTime": str(min(row.funding_rate_timestamp for row in rows) - 1)}


def read_depth(payload: bytes, asked: Asked) -> Reports:
    """What rests within 1 % and 2 % of the middle, US dollars a side. Raises Misread, also where the book is crossed."""
    contract, asset = asked_for(Kind.DEPTH, asked)
    book, _ = _book(payload)
    if book.s != contract.symbol:
        raise Misread(Venue.BYBIT, Kind.DEPTH, "result.s")
    if book.b and book.a and max(book.b)[0] >= min(book.a)[0]:
        raise Misread(Venue.BYBIT, Kind.DEPTH, "crossed book")
    return depth_bands(Venue.BYBIT, asset, book.ts, book.b, book.a)


def _asks_of(contract: Instrument) -> tuple[Ask[Reports], ...]:
    symbol = contract.symbol
    return (
        Ask(
            Venue.BYBIT,
            Kind.CANDLES,
            _KLINES,
            read_candles,
            _params(symbol, interval=_INTERVALS[BAR_MS], limit=BARS_A_POLL),
            symbol=symbol,
            step_ms=BAR_MS,
        ),
        Ask(
            Venue.BYBIT,
            Kind.DEPTH,
            _BOOK,
            read_depth,
            _params(symbol, limit=BOOK_LEVELS),
            symbol=symbol,
            every_s=BOOKS_EVERY_S,
        ),
        Ask(
            Venue.BYBIT,
            Kind.FUNDING_HISTORY,
            _SETTLED,
            read_settled,
            _params(symbol, limit=LIVE_SETTLEMENTS),
            symbol=symbol,
            every_s=SETTLEMENTS_EVERY_S,
        ),
        *spot_asks(contract),
    )


def _bars_then(symbol: str, step_ms: int, since_ms: int, until_ms: int) -> Iterator[Ask[Reports]]:
    for first_ms, rows in pages(since_ms, until_ms, step_ms, BARS_A_PAGE):
        last_ms = first_ms + rows * step_ms - 1
        yield Ask(
            Venue.BYBIT,
            Kind.CANDLES,
            _KLINES,
            read_candles,
            _params(symbol, interval=_INTERVALS[step_ms], start=first_ms, end=last_ms, limit=rows),
            symbol=symbol,
            step_ms=step_ms,
        )


def _opened_then(symbol: str, step_ms: int, since_ms: int, until_ms: int) -> Iterator[Ask[Reports]]:
    for first_ms, rows in pages(since_ms, until_ms, step_ms, OPENED_A_PAGE):
        last_ms = first_ms + rows * step_ms - 1
        yield Ask(
            Venue.BYBIT,
            Kind.OPEN_INTEREST_HISTORY,
            _OPENED,
            read_open_interest_history,
            _params(symbol, intervalTime=_PERIODS[step_ms], startTime=first_ms, endTime=last_ms, limit=rows),
            symbol=symbol,
            step_ms=step_ms,
        )


def _settled_then(symbol: str, first_ms: int, last_ms: int) -> Ask[Reports]:
    """How many settlements there are is not known before: the interval may have changed, so pages follow each other."""
    return Ask(
        Venue.BYBIT,
        Kind.FUNDING_HISTORY,
        _SETTLED,
        read_settled,
        _params(symbol, startTime=first_ms, endTime=last_ms, limit=SETTLEMENTS_A_PAGE),
        symbol=symbol,
        next_page=earlier_settled,
    )


def _params(symbol: str, **said: int | str) -> dict[str, str]:
    return {"category": CATEGORY, "symbol": symbol, **{name: str(value) for name, value in said.items()}}
