"""What OKX is asked for each cycle and at a cold start, and how its answers are read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from market.observations import DAY_MS, HOUR_MS, Funding, OpenInterest, Venue
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
from scheduler.exchanges.okx.rows import (
    funding_of,
    liquidations_of,
    mark_of,
    moment_of,
    open_interest_of,
)
from scheduler.exchanges.okx.shapes import (
    SWAP,
    AnySaid,
    Bar,
    Book,
    Level,
    Opened,
    Said,
    Settled,
    asked_for,
    lists,
    read_row,
)
from scheduler.exchanges.okx.spot import spot_asks, spot_then
from scheduler.wire import candles, depth_bands, live_from_ms, pages, spans_hours

Reports = tuple[Report, ...]

LIVE_SETTLEMENTS = 4
SETTLEMENTS_EVERY_S = 300.0
BOOK_LEVELS = 5_000
BARS_A_PAGE = 300
OPENED_A_PAGE = 100
OPENED_KEPT_MS = 60 * DAY_MS
"""Hourly open interest is kept for 1440 hours, settled funding for about three months, liquidations for a day."""

LIQUIDATIONS_KEPT_MS = DAY_MS

_PUBLIC, _MARKET = "/api/v5/public/", "/api/v5/market/"
_OPENED = "/api/v5/rubik/stat/contracts/open-interest-history"
_BARS = {BAR_MS: "1m", LIVE_STEP_MS: "5m", HOUR_MS: "1H"}

_said = {
    kind: lists(kind, Said, AnySaid)
    for kind in (Kind.MARK, Kind.OPEN_INTEREST, Kind.FUNDING, Kind.LIQUIDATIONS)
}
_bars = lists(Kind.CANDLES, Bar)
_opened = lists(Kind.OPEN_INTEREST_HISTORY, Opened)
_settled = lists(Kind.FUNDING_HISTORY, Settled)
_books = lists(Kind.DEPTH, Book)


def asks(instruments: Sequence[Instrument]) -> tuple[Ask[Reports], ...]:
    """Each cycle: marks, open interest and funding of all swaps, and of each instrument its bars, book and settlements."""
    if not instruments:
        return ()
    everything = (
        _ask(Kind.MARK, f"{_PUBLIC}mark-price", read_marks, instType="SWAP"),
        _ask(Kind.OPEN_INTEREST, f"{_PUBLIC}open-interest", read_open_interest, instType="SWAP"),
        _ask(Kind.FUNDING, f"{_PUBLIC}funding-rate", read_funding, instId="ANY"),
    )
    return (
        *everything,
        *(ask for contract in instruments for ask in (*_asks_of(contract.symbol), *spot_asks(contract))),
    )


def history_asks(contract: Instrument, since_ms: int, until_ms: int) -> tuple[Ask[Reports], ...]:
    """Bars, open interest, settled funding and sampled liquidations, as far back as OKX keeps them.

    Hourly up to the open hour and in live steps from there; in live steps throughout where it is less than a day.
    """
    symbol, live_ms = contract.symbol, live_from_ms(since_ms, until_ms)
    opened_since_ms = max(since_ms, until_ms - OPENED_KEPT_MS)
    return (
        *_bars_then(symbol, HOUR_MS, since_ms, live_ms),
        *_bars_then(symbol, LIVE_STEP_MS, live_ms, until_ms),
        *_opened_then(symbol, HOUR_MS, opened_since_ms, live_ms),
        *_opened_then(symbol, LIVE_STEP_MS, live_ms, until_ms),
        _settled_then(symbol, since_ms, until_ms),
        _liquidations_then(symbol, max(since_ms, until_ms - LIQUIDATIONS_KEPT_MS), until_ms),
        *spot_then(contract, since_ms, until_ms),
    )


def read_marks(payload: bytes, asked: Asked) -> Reports:
    """Mark prices, without their index (another question, and on the stream another channel). Raises Misread."""
    return tuple(
        mark for row, contract in _ours(Kind.MARK, payload, asked) for mark in mark_of(row, contract)
    )


def read_open_interest(payload: bytes, asked: Asked) -> Reports:
    """Open interest of one side, in coins. Raises Misread."""
    told: list[Report] = []
    for row, contract in _ours(Kind.OPEN_INTEREST, payload, asked):
        told += open_interest_of(row, contract)
    return tuple(told)


def read_funding(payload: bytes, asked: Asked) -> Reports:
    """Predicted rates with their intervals; "ANY" brings futures as well, which are not for us. Raises Misread."""
    return tuple(
        told
        for row, contract in _ours(Kind.FUNDING, payload, asked)
        for told in funding_of(row, contract, asked.received_at_ms)
    )


def read_liquidations(payload: bytes, asked: Asked) -> Reports:
    """Sampled liquidations, oldest first (they come in no order). Raises Misread."""
    told = (
        one
        for row, contract in _ours(Kind.LIQUIDATIONS, payload, asked)
        for one in liquidations_of(row, contract)
    )
    return tuple(sorted(told, key=lambda one: one.known_at_ms))


def earlier_liquidations(payload: bytes, asked: Asked) -> Mapping[str, str] | None:
    """The page that ends before the oldest of this one, None after an empty page. Raises Misread."""
    rows = _said[Kind.LIQUIDATIONS](payload)
    ours = [read_row(Kind.LIQUIDATIONS, row) for row in rows]
    times = [moment_of(detail) for row in ours for detail in row.details or ()]
    return {"after": str(min(times))} if times else None


def read_candles(payload: bytes, asked: Asked) -> Reports:
    """The confirmed bars, oldest first. Raises Misread."""
    contract = asked_for(Kind.CANDLES, asked)
    rows, step_ms = _bars(payload), asked.step_ms or BAR_MS
    if [row for row in rows if row.opens_ms % step_ms]:
        raise Misread(Venue.OKX, Kind.CANDLES, f"a bar that is not of {step_ms} ms")
    return candles(Venue.OKX, contract, step_ms, [row for row in rows if row.confirm == "1"])


def read_open_interest_history(payload: bytes, asked: Asked) -> Reports:
    """Open interest of one side then, in coins, oldest first. Raises Misread."""
    contract = asked_for(Kind.OPEN_INTEREST_HISTORY, asked)
    cadence_ms = asked.step_ms or HOUR_MS
    return tuple(
        Told(
            contract.asset,
            OpenInterest(Venue.OKX, row.at_ms, row.coins * contract.quoted_coins, cadence_ms),
        )
        for row in sorted(_opened(payload), key=lambda row: row.at_ms)
    )


def read_settled(payload: bytes, asked: Asked) -> Reports:
    """Paid rates (not what had been predicted), oldest first, each of the interval since the one before.

    Where that cannot be told the rate is not reported: intervals change at run time. Raises Misread.
    """
    contract = asked_for(Kind.FUNDING_HISTORY, asked)
    ours = sorted(
        (row for row in _settled(payload) if row.inst_id == contract.symbol),
        key=lambda row: row.funding_time,
    )
    spans = spans_hours([row.funding_time for row in ours], contract.funding_interval_hours)
    return tuple(
        Told(contract.asset, Funding(Venue.OKX, row.funding_time, row.realized_rate, hours))
        for row, hours in zip(ours, spans, strict=True)
        if hours is not None
    )


def earlier_settled(payload: bytes, asked: Asked) -> Mapping[str, str] | None:
    """The page that ends before the oldest of this one, None after an empty page. Raises Misread."""
    rows = _settled(payload)
    return {"after": str(min(row.funding_time for row in rows))} if rows else None


def read_depth(payload: bytes, asked: Asked) -> Reports:
    """What rests within 1 % and 2 % of the middle, contracts turned to US dollars. Raises Misread, also where crossed."""
    contract = asked_for(Kind.DEPTH, asked)
    books = _books(payload)
    if len(books) != 1:
        raise Misread(Venue.OKX, Kind.DEPTH, "data is not one book")
    bids, asks_ = _levels(books[0].bids, contract), _levels(books[0].asks, contract)
    if bids and asks_ and max(bids)[0] >= min(asks_)[0]:
        raise Misread(Venue.OKX, Kind.DEPTH, "crossed book")
    return depth_bands(Venue.OKX, contract.asset, books[0].ts, bids, asks_)


def _ours(kind: Kind, payload: bytes, asked: Asked) -> list[tuple[Said, Instrument]]:
    rows = _said[kind](payload)
    known = asked.instruments
    ours = [(row, contract) for row in rows if (contract := known.get(row.inst_id)) is not None]
    if ours and type(ours[0][0]) is AnySaid:
        return [(read_row(kind, row), contract) for row, contract in ours]
    return ours


def _levels(levels: Sequence[Level], contract: Instrument) -> list[tuple[float, float]]:
    """Levels in US dollars and coins."""
    quoted = contract.quoted_coins
    return [(one.price / quoted, contract.coins(one.contracts, one.price / quoted)) for one in levels]


def _asks_of(symbol: str) -> tuple[Ask[Reports], ...]:
    bars = _ask(
        Kind.CANDLES,
        f"{_MARKET}candles",
        read_candles,
        instId=symbol,
        bar=_BARS[BAR_MS],
        limit=BARS_A_POLL,
    )
    book = _ask(Kind.DEPTH, f"{_MARKET}books-full", read_depth, instId=symbol, sz=BOOK_LEVELS)
    settled = _ask(
        Kind.FUNDING_HISTORY,
        f"{_PUBLIC}funding-rate-history",
        read_settled,
        instId=symbol,
        limit=LIVE_SETTLEMENTS,
    )
    return (
        replace(bars, symbol=symbol, step_ms=BAR_MS),
        replace(book, symbol=symbol, every_s=BOOKS_EVERY_S),
        replace(settled, symbol=symbol, every_s=SETTLEMENTS_EVERY_S),
    )


def _bars_then(symbol: str, step_ms: int, since_ms: int, until_ms: int) -> Iterator[Ask[Reports]]:
    """`after` and `before` are older and newer than, both without the moment itself."""
    for first_ms, rows in pages(since_ms, until_ms, step_ms, BARS_A_PAGE):
        ask = _ask(
            Kind.CANDLES,
            f"{_MARKET}history-candles",
            read_candles,
            instId=symbol,
            bar=_BARS[step_ms],
            after=first_ms + rows * step_ms,
            before=first_ms - 1,
            limit=rows,
        )
        yield replace(ask, symbol=symbol, step_ms=step_ms)


def _opened_then(symbol: str, step_ms: int, since_ms: int, until_ms: int) -> Iterator[Ask[Reports]]:
    for first_ms, rows in pages(since_ms, until_ms, step_ms, OPENED_A_PAGE):
        ask = _ask(
            Kind.OPEN_INTEREST_HISTORY,
            _OPENED,
            read_open_interest_history,
            instId=symbol,
            period=_BARS[step_ms],
            begin=first_ms,
            end=first_ms + rows * step_ms - 1,
            limit=rows,
        )
        yield replace(ask, symbol=symbol, step_ms=step_ms)


def _settled_then(symbol: str, first_ms: int, last_ms: int) -> Ask[Reports]:
    ask = _ask(
        Kind.FUNDING_HISTORY,
        f"{_PUBLIC}funding-rate-history",
        read_settled,
        instId=symbol,
        after=last_ms + 1,
        before=first_ms - 1,
    )
    return replace(ask, symbol=symbol, next_page=earlier_settled)


def _liquidations_then(symbol: str, first_ms: int, last_ms: int) -> Ask[Reports]:
    """Undocumented since 2025 and answering still; where it is gone the venue refuses and liquidations begin empty."""
    ask = _ask(
        Kind.LIQUIDATIONS,
        f"{_PUBLIC}liquidation-orders",
        read_liquidations,
        instType="SWAP",
        instFamily=symbol.removesuffix(SWAP),
        state="filled",
        after=last_ms + 1,
        before=first_ms - 1,
        limit=100,
    )
    return replace(ask, symbol=symbol, next_page=earlier_liquidations)


def _ask(kind: Kind, path: str, read: Callable[[bytes, Asked], Reports], **params: int | str) -> Ask[Reports]:
    """A question counted against the budget of its own endpoint, which is called like the end of its path."""
    said = {name: str(value) for name, value in params.items()}
    return Ask(Venue.OKX, kind, path, read, said, budget=path.rsplit("/", 1)[-1])
