"""Bybit's spot markets: which coins have one, and what is traded on it hour by hour, in US dollars.

The questions are those of the perpetuals with another category; `turnover` is in the quote coin, which is a dollar here.
"""

from collections.abc import Iterator

from market.observations import HOUR_MS, Venue
from scheduler.coin_names import asset_of
from scheduler.exchange import (
    SPOT_BARS_A_POLL,
    SPOT_EVERY_S,
    Ask,
    Asked,
    Instrument,
    Kind,
    Misread,
    Report,
)
from scheduler.exchanges.bybit.shapes import Bar, Page, Paired, Row, answers, asked_for
from scheduler.wire import pages, spot_volumes, with_spot

SPOT, QUOTED_IN = "spot", "USDT"
BARS_A_PAGE = 1_000

_INSTRUMENTS = "/v5/market/instruments-info"
_KLINES = "/v5/market/kline"

_paired = answers(Kind.INSTRUMENTS, Page[Paired])
_bars = answers(Kind.SPOT, Page[Bar])


def spot_listing() -> Ask[tuple[Instrument, ...]]:
    """All spot markets, which come in one page."""
    return Ask(Venue.BYBIT, Kind.INSTRUMENTS, _INSTRUMENTS, read_spot_listing, {"category": SPOT})


def read_spot_listing(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The contracts that are known already whose coin trades against USDT on spot as well. Raises Misread."""
    page, _ = _paired(payload)
    rows = _rows(page, Kind.INSTRUMENTS)
    pairs = {
        asset_of(row.base_coin)[0]: row.symbol
        for row in rows
        if row.symbol and row.quote_coin == QUOTED_IN and row.status == "Trading"
    }
    return with_spot(asked.instruments.values(), pairs)


def spot_asks(contract: Instrument) -> Iterator[Ask[tuple[Report, ...]]]:
    """The last hours of the coin's spot market, none where it has none."""
    if contract.spot_symbol is not None:
        yield _ask(contract, contract.spot_symbol, limit=SPOT_BARS_A_POLL, every_s=SPOT_EVERY_S)


def spot_then(contract: Instrument, since_ms: int, until_ms: int) -> Iterator[Ask[tuple[Report, ...]]]:
    """Its hours from `since_ms` to `until_ms`."""
    if contract.spot_symbol is None:
        return
    for first_ms, rows in pages(since_ms, until_ms, HOUR_MS, BARS_A_PAGE):
        last_ms = first_ms + rows * HOUR_MS - 1
        yield _ask(contract, contract.spot_symbol, start=first_ms, end=last_ms, limit=rows)


def read_spot(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """What the closed hours turned over, oldest first. Raises Misread."""
    contract, asset = asked_for(Kind.SPOT, asked)
    page, time_ms = _bars(payload)
    rows = _rows(page, Kind.SPOT)
    if page.symbol and page.symbol != contract.spot_symbol:
        raise Misread(Venue.BYBIT, Kind.SPOT, "result.symbol")
    now_ms = asked.received_at_ms if time_ms is None else time_ms
    closed = [row for row in rows if row.opens_ms <= now_ms - HOUR_MS]
    return spot_volumes(Venue.BYBIT, asset, HOUR_MS, closed)


def _rows(page: Page[Row], kind: Kind) -> list[Row]:
    if page.rows is None:
        raise Misread(Venue.BYBIT, kind, "result.list")
    if page.category not in (SPOT, ""):
        raise Misread(Venue.BYBIT, kind, "result.category")
    return page.rows


def _ask(
    contract: Instrument, spot_symbol: str, *, every_s: float | None = None, **said: int
) -> Ask[tuple[Report, ...]]:
    params = {"category": SPOT, "symbol": spot_symbol, "interval": "60"}
    return Ask(
        Venue.BYBIT,
        Kind.SPOT,
        _KLINES,
        read_spot,
        params | {name: str(value) for name, value in said.items()},
        symbol=contract.symbol,
        step_ms=HOUR_MS,
        every_s=every_s,
    )
