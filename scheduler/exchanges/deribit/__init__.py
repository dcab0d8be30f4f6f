"""Deribit: what to ask and listen to, within which budgets (exchanges.md section 4).

The one venue with a whole option chain and a volatility index (DVOL). No history of open interest is public, and no
table of margin brackets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from scheduler.exchange import (
    BAR_MS,
    BARS_A_POLL,
    BOOKS_EVERY_S,
    LIVE_STEP_MS,
    Ask,
    Asked,
    Budget,
    Channel,
    Exchange,
    Instrument,
    Kind,
    Report,
    Stream,
)
from scheduler.exchanges.deribit.answers import (
    next_liquidations_page,
    next_volatility_page,
    read_candles,
    read_depth,
    read_instruments,
    read_liquidations,
    read_paid_funding,
    read_ticker,
    read_volatility_history,
    read_volatility_index,
)
from scheduler.exchanges.deribit.frames import answer, reader
from scheduler.exchanges.deribit.option_chain import read_options
from scheduler.exchanges.deribit.shapes import VENUE
from scheduler.exchanges.deribit.troubles import trouble
from scheduler.wire import live_from_ms, pages

Reports = tuple[Report, ...]
Read = Callable[[bytes, Asked], Reports]

PUBLIC = "/api/v2/public/"
CREDITS = 500
CURRENCIES = ("BTC", "ETH", "USDC")
WITH_INDEX = frozenset({"BTC", "ETH"})
"""The coins that have a DVOL."""
BARS_A_PAGE = 5_000
FUNDING_HOURS_A_PAGE = 700
"""A call gives about a month."""
YEAR_MS = 365 * DAY_MS
QUARTER_MS = 90 * DAY_MS
LEVELS = "1000"
EVERY_S, SETTLED_EVERY_S = 60.0, 300.0
FUNDING_HOURS_LIVE = 3
HEARTBEAT_S = 30
BUSY_S, QUIET_S, INDEX_S = 5.0, 30.0, 5.0
"""How often a ticker speaks at the latest: of inverse contracts, of the less traded linear ones, of DVOL."""
SYMBOLS_A_SOCKET = 100


def instruments() -> tuple[Ask[tuple[Instrument, ...]], ...]:
    """Futures of the coins with inverse contracts, then those against USDC."""
    return tuple(
        Ask(
            VENUE,
            Kind.INSTRUMENTS,
            PUBLIC + "get_instruments",
            read_instruments,
            {"currency": currency, "kind": "future", "expired": "false"},
            budget="instruments",
        )
        for currency in CURRENCIES
    )


def asks(watched: Sequence[Instrument]) -> tuple[Ask[Reports], ...]:
    """A ticker and a book a perpetual, DVOL where there is one, and the option chain of each currency."""
    return (
        *(ask for instrument in watched for ask in _asks_of(instrument)),
        *(_chain(currency) for currency in sorted({_currency(instrument) for instrument in watched})),
    )


def _asks_of(instrument: Instrument) -> Iterator[Ask[Reports]]:
    name = {"instrument_name": instrument.symbol}
    yield _ask(Kind.MARK, instrument, "ticker", read_ticker, name)
    book = _ask(Kind.DEPTH, instrument, "get_order_book", read_depth, {**name, "depth": LEVELS})
    yield replace(book, every_s=BOOKS_EVERY_S)
    if instrument.asset in WITH_INDEX:
        name = {"index_name": f"{instrument.asset.lower()}dvol_usdc"}
        index = _ask(Kind.VOLATILITY_INDEX, instrument, "get_index_price", read_volatility_index, name)
        yield replace(index, every_s=EVERY_S)


def _chain(currency: str) -> Ask[Reports]:
    params = {"currency": currency, "kind": "option"}
    path = PUBLIC + "get_book_summary_by_currency"
    return Ask(VENUE, Kind.OPTIONS, path, read_options, params, weight=CREDITS, every_s=EVERY_S)


def _currency(instrument: Instrument) -> str:
    return "USDC" if instrument.usd_per_contract is None else instrument.asset


def history_asks(instrument: Instrument, since_ms: int, now_ms: int) -> tuple[Ask[Reports], ...]:
    """Hourly bars, then five-minute bars of the open hour; hourly funding; DVOL of a year of days.

    A gap of less than a day is filled in steps of five minutes, with the forced orders among its trades. A cold start
    learns 90 days of funding at least, whatever its bars.
    """
    is_gap, live_from = now_ms - since_ms < DAY_MS, live_from_ms(since_ms, now_ms)
    bars = (
        *_candles(instrument, HOUR_MS, since_ms, live_from),
        *_candles(instrument, LIVE_STEP_MS, live_from, now_ms),
    )
    if is_gap:
        return (*bars, *_paid_funding(instrument, since_ms, now_ms), _trades(instrument, since_ms, now_ms))
    paid = _paid_funding(instrument, min(since_ms, now_ms - QUARTER_MS), now_ms)
    return (*bars, *paid, *([_volatilities(instrument, now_ms)] if instrument.asset in WITH_INDEX else []))


def _candles(instrument: Instrument, step_ms: int, since_ms: int, until_ms: int) -> Iterator[Ask[Reports]]:
    for start_ms, rows in pages(since_ms, until_ms, step_ms, BARS_A_PAGE):
        name = {"instrument_name": instrument.symbol, "resolution": str(step_ms // MINUTE_MS)}
        params = name | _window(start_ms, start_ms + rows * step_ms - 1)
        ask = _ask(Kind.CANDLES, instrument, "get_tradingview_chart_data", read_candles, params)
        yield replace(ask, step_ms=step_ms)


def _paid_funding(
    instrument: Instrument, since_ms: int, now_ms: int, every_s: float | None = None
) -> Iterator[Ask[Reports]]:
    name = {"instrument_name": instrument.symbol}
    for start_ms, hours in pages(since_ms, now_ms + HOUR_MS, HOUR_MS, FUNDING_HOURS_A_PAGE):
        params = name | _window(start_ms, start_ms + hours * HOUR_MS - 1)
        ask = _ask(Kind.FUNDING_HISTORY, instrument, "get_funding_rate_history", read_paid_funding, params)
        yield replace(ask, every_s=every_s)


def _volatilities(instrument: Instrument, now_ms: int) -> Ask[Reports]:
    params = {"currency": instrument.asset, "resolution": "1D"} | _window(now_ms - YEAR_MS, now_ms)
    method = "get_volatility_index_data"
    ask = _ask(Kind.VOLATILITY_INDEX, instrument, method, read_volatility_history, params)
    return replace(ask, step_ms=DAY_MS, next_page=next_volatility_page)


def _trades(instrument: Instrument, since_ms: int, now_ms: int) -> Ask[Reports]:
    name = {"instrument_name": instrument.symbol, "count": "1000", "sorting": "asc"}
    method = "get_last_trades_by_instrument_and_time"
    ask = _ask(Kind.LIQUIDATIONS, instrument, method, read_liquidations, name | _window(since_ms, now_ms))
    return replace(ask, next_page=next_liquidations_page)


def _window(since_ms: int, until_ms: int) -> dict[str, str]:
    return {"start_timestamp": str(since_ms), "end_timestamp": str(until_ms)}


def timed_asks(watched: Sequence[Instrument], now_ms: int) -> tuple[Ask[Reports], ...]:
    """The last bars each cycle, and every five minutes the last hours of funding paid."""
    since_ms = now_ms - now_ms % BAR_MS - BARS_A_POLL * BAR_MS
    hours_ms = now_ms - FUNDING_HOURS_LIVE * HOUR_MS
    return tuple(
        ask
        for instrument in watched
        for ask in (
            *_candles(instrument, BAR_MS, since_ms, now_ms),
            *_paid_funding(instrument, hours_ms, now_ms, SETTLED_EVERY_S),
        )
    )


def streams(watched: Sequence[Instrument]) -> tuple[Stream, ...]:
    """Sockets of at most a hundred symbols: tickers, which prove that silence of trades is calm; trades; DVOL."""
    return tuple(
        _stream(watched[first : first + SYMBOLS_A_SOCKET])
        for first in range(0, len(watched), SYMBOLS_A_SOCKET)
    )


def _stream(watched: Sequence[Instrument]) -> Stream:
    indexed = [instrument for instrument in watched if instrument.asset in WITH_INDEX]
    names = [
        *(f"{what}.{instrument.symbol}.100ms" for instrument in watched for what in ("ticker", "trades")),
        *(f"deribit_volatility_index.{instrument.asset.lower()}_usd" for instrument in indexed),
    ]
    channels = (
        *(Channel(Kind.MARK, instrument.symbol, _busy_s(instrument)) for instrument in watched),
        *(Channel(Kind.LIQUIDATIONS, instrument.symbol, None) for instrument in watched),
        *(Channel(Kind.VOLATILITY_INDEX, instrument.symbol, INDEX_S) for instrument in indexed),
    )
    said = (
        _said(1, "public/set_heartbeat", {"interval": HEARTBEAT_S}),
        _said(2, "public/subscribe", {"channels": names}),
    )
    return Stream(VENUE, "/ws/api/v2", channels, said, reader(frozenset(names)), answer=answer)


def _busy_s(instrument: Instrument) -> float:
    return QUIET_S if instrument.usd_per_contract is None else BUSY_S


def _said(number: int, method: str, params: Mapping[str, object]) -> str:
    said = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return msgspec.json.encode(said).decode()


def _ask(
    kind: Kind, instrument: Instrument, method: str, read: Read, params: Mapping[str, str]
) -> Ask[Reports]:
    return Ask(VENUE, kind, PUBLIC + method, read, params, weight=CREDITS, symbol=instrument.symbol)


EXCHANGE = Exchange(
    name=VENUE.value,
    venue=VENUE,
    rest_url="https://www.deribit.com",
    ws_url="wss://www.deribit.com",
    budgets={
        "default": Budget(8_000, 1.0),  # credits: of 10 000 that come back each second, 500 a question
        "instruments": Budget(1, 1.0),  # questions: its limit is a stricter one
    },
    instruments=instruments,
    asks=asks,
    history_asks=history_asks,
    streams=streams,
    trouble=trouble,
    timed_asks=timed_asks,
)
