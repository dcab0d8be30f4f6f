"""Hyperliquid perpetuals: what to ask and listen to, within which budget (exchanges.md section 5).

It publishes neither liquidations nor the past of open interest: no channel of liquidations is listened to, and open interest
is known from the first look on.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from market.margin import Tiers
from market.observations import HOUR_MS, Asset
from scheduler.exchange import (
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
    Trouble,
    Verdict,
)
from scheduler.exchanges.hyperliquid.answers import (
    COARSE_FIGURES,
    FINE_FIGURES,
    VENUE,
    read_candles,
    read_contexts,
    read_depth,
    read_instruments,
    read_predicted_fundings,
    read_settled_funding,
    read_tiers,
)
from scheduler.exchanges.hyperliquid.frames import read_frame
from scheduler.wire import live_from_ms, pages, words

Reports = tuple[Report, ...]

PATH = "/info"
WEIGHT, BOOK_WEIGHT = 20, 2
BARS_A_WEIGHT, RATES_A_WEIGHT = 60, 20
BARS_A_PAGE, RATES_A_PAGE = 4800, 480
"""Below the venue's 5000 bars and 500 rates an answer, so that a row on the edge is not cut off."""
LIVE_BARS, LIVE_RATES = 6, 3
SELDOM_S = 300.0
WINDOW_S = 60.0


def instruments() -> tuple[Ask[tuple[Instrument, ...]], ...]:
    """The universe of the first dex; those of builders have other names for the same coins."""
    return (Ask(VENUE, Kind.INSTRUMENTS, PATH, read_instruments, body=_body("meta"), weight=WEIGHT),)


def tiers(watched: Sequence[Instrument]) -> tuple[Ask[Mapping[Asset, Tiers]], ...]:
    """The margin tables of all coins at once."""
    return (Ask(VENUE, Kind.TIERS, PATH, read_tiers, body=_body("meta"), weight=WEIGHT),)


def asks(watched: Sequence[Instrument]) -> tuple[Ask[Reports], ...]:
    """Marks, funding and open interest of all at once; what other venues predict; two books a coin."""
    contexts: Ask[Reports] = Ask(
        VENUE, Kind.FUNDING, PATH, read_contexts, body=_body("metaAndAssetCtxs"), weight=WEIGHT
    )
    elsewhere: Ask[Reports] = Ask(
        VENUE,
        Kind.FUNDING,
        PATH,
        read_predicted_fundings,
        body=_body("predictedFundings"),
        weight=WEIGHT,
        every_s=SELDOM_S,
    )
    books = (
        _book(instrument.symbol, figures)
        for instrument in watched
        for figures in (FINE_FIGURES, COARSE_FIGURES)
    )
    return (contexts, elsewhere, *books)


def timed_asks(watched: Sequence[Instrument], now_ms: int) -> tuple[Ask[Reports], ...]:
    """The last bars and settled rates of each coin: both are answered from a stated time on."""
    return tuple(
        ask
        for instrument in watched
        for ask in (
            _bars(instrument.symbol, LIVE_STEP_MS, now_ms - LIVE_BARS * LIVE_STEP_MS, LIVE_BARS, SELDOM_S),
            _rates(instrument.symbol, now_ms - LIVE_RATES * HOUR_MS, LIVE_RATES, SELDOM_S),
        )
    )


def history_asks(instrument: Instrument, since_ms: int, now_ms: int) -> tuple[Ask[Reports], ...]:
    """Hourly bars, then five-minute bars of the open hour, and settled funding; of open interest there is no past."""
    symbol, live_from = instrument.symbol, live_from_ms(since_ms, now_ms)
    return (
        *(_bars(symbol, HOUR_MS, *page) for page in pages(since_ms, live_from, HOUR_MS, BARS_A_PAGE)),
        *(_bars(symbol, LIVE_STEP_MS, *page) for page in pages(live_from, now_ms, LIVE_STEP_MS, BARS_A_PAGE)),
        *(_rates(symbol, *page) for page in pages(since_ms, now_ms + HOUR_MS, HOUR_MS, RATES_A_PAGE)),
    )


def streams(watched: Sequence[Instrument]) -> tuple[Stream, ...]:
    """One socket with the context of each coin; the venue closes it after a minute in which we say nothing.

    () for no coin.
    """
    symbols = [instrument.symbol for instrument in watched]
    channels = tuple(Channel(Kind.MARK, symbol, 10.0) for symbol in symbols)
    said = tuple(_subscription(symbol) for symbol in symbols)
    ping = '{"method":"ping"}'
    if not symbols:
        return ()
    return (Stream(VENUE, "/ws", channels, said, read_frame, ping=ping, ping_every_s=30.0),)


def trouble(status: int, headers: Mapping[str, str], body: bytes) -> Trouble | None:
    """A failed answer understood; its bodies are plain text. None for one that is none."""
    if status == 200:
        return None
    why = words(b"HTTP %d: %s" % (status, body[:400]))
    if status == 429:
        return Trouble(Verdict.SLOW_DOWN, why, WINDOW_S)
    if status in {403, 451}:
        return Trouble(Verdict.GEO_BLOCKED, why)
    if status >= 500 or status == 408:
        return Trouble(Verdict.RETRY, why)
    return Trouble(Verdict.REFUSED, why)


def _book(coin: str, figures: int) -> Ask[Reports]:
    return Ask(
        VENUE,
        Kind.DEPTH,
        PATH,
        partial(read_depth, figures),
        body=_body("l2Book", coin=coin, nSigFigs=figures),
        weight=BOOK_WEIGHT,
        symbol=coin,
        every_s=BOOKS_EVERY_S,
    )


def _bars(coin: str, step_ms: int, start_ms: int, rows: int, every_s: float | None = None) -> Ask[Reports]:
    interval = "1h" if step_ms == HOUR_MS else "5m"
    end_ms = start_ms + rows * step_ms - 1
    wanted = {"coin": coin, "interval": interval, "startTime": start_ms, "endTime": end_ms}
    return Ask(
        VENUE,
        Kind.CANDLES,
        PATH,
        read_candles,
        body=_body("candleSnapshot", req=wanted),
        weight=WEIGHT + 1 + rows // BARS_A_WEIGHT,
        symbol=coin,
        step_ms=step_ms,
        every_s=every_s,
    )


def _rates(coin: str, start_ms: int, rows: int, every_s: float | None = None) -> Ask[Reports]:
    end_ms = start_ms + rows * HOUR_MS - 1
    return Ask(
        VENUE,
        Kind.FUNDING_HISTORY,
        PATH,
        read_settled_funding,
        body=_body("fundingHistory", coin=coin, startTime=start_ms, endTime=end_ms),
        weight=WEIGHT + 1 + rows // RATES_A_WEIGHT,
        symbol=coin,
        every_s=every_s,
    )


def _body(kind: str, **wanted: Any) -> bytes:
    return msgspec.json.encode({"type": kind, **wanted})


def _subscription(coin: str) -> str:
    return _text({"method": "subscribe", "subscription": {"type": "activeAssetCtx", "coin": coin}})


def _text(message: Mapping[str, object]) -> str:
    return msgspec.json.encode(message).decode()


EXCHANGE = Exchange(
    name=VENUE.value,
    venue=VENUE,
    rest_url="https://api.hyperliquid.xyz",
    ws_url="wss://api.hyperliquid.xyz",
    budgets={"default": Budget(1000, WINDOW_S)},  # of 1200 a minute and address
    instruments=instruments,
    asks=asks,
    history_asks=history_asks,
    streams=streams,
    trouble=trouble,
    tiers=tiers,
    timed_asks=timed_asks,
)
