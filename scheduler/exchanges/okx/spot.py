"""OKX's spot markets: which coins have one, and what is traded on it hour by hour, in US dollars.

The questions are those of the swaps with another instrument; of a spot candle the last volume is in the quote currency,
which is a dollar here, and the one named after contracts counts coins.
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
    Report,
)
from scheduler.exchanges.okx.shapes import Bar, Paired, asked_for, lists
from scheduler.wire import pages, spot_volumes, with_spot

QUOTED_IN = "USDT"
BARS_A_PAGE = 300

_INSTRUMENTS = "/api/v5/public/instruments"
_MARKET = "/api/v5/market/"

_paired = lists(Kind.INSTRUMENTS, Paired)
_bars = lists(Kind.SPOT, Bar)


def spot_listing() -> Ask[tuple[Instrument, ...]]:
    """All spot markets, in one page."""
    return Ask(
        Venue.OKX,
        Kind.INSTRUMENTS,
        _INSTRUMENTS,
        read_spot_listing,
        {"instType": "SPOT"},
        budget="instruments",
    )


def read_spot_listing(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The contracts that are known already whose coin trades against USDT on spot as well. Raises Misread."""
    pairs = {
        asset_of(row.base_ccy)[0]: row.inst_id
        for row in _paired(payload)
        if row.inst_id and row.quote_ccy == QUOTED_IN and row.state == "live"
    }
    return with_spot(asked.instruments.values(), pairs)


def spot_asks(contract: Instrument) -> Iterator[Ask[tuple[Report, ...]]]:
    """The last hours of the coin's spot market, none where it has none."""
    if contract.spot_symbol is not None:
        yield _ask(contract, "candles", contract.spot_symbol, limit=SPOT_BARS_A_POLL, every_s=SPOT_EVERY_S)


def spot_then(contract: Instrument, since_ms: int, until_ms: int) -> Iterator[Ask[tuple[Report, ...]]]:
    """Its hours from `since_ms` to `until_ms`; `after` and `before` are without the moment itself."""
    if contract.spot_symbol is None:
        return
    for first_ms, rows in pages(since_ms, until_ms, HOUR_MS, BARS_A_PAGE):
        last_ms = first_ms + rows * HOUR_MS
        yield _ask(
            contract, "history-candles", contract.spot_symbol, after=last_ms, before=first_ms - 1, limit=rows
        )


def read_spot(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """What the confirmed hours turned over, oldest first. Raises Misread."""
    contract = asked_for(Kind.SPOT, asked)
    closed = [row for row in _bars(payload) if row.confirm == "1"]
    return spot_volumes(Venue.OKX, contract.asset, HOUR_MS, closed)


def _ask(
    contract: Instrument, path: str, spot_symbol: str, *, every_s: float | None = None, **said: int
) -> Ask[tuple[Report, ...]]:
    params = {"instId": spot_symbol, "bar": "1H"}
    return Ask(
        Venue.OKX,
        Kind.SPOT,
        _MARKET + path,
        read_spot,
        params | {name: str(value) for name, value in said.items()},
        budget=path,
        symbol=contract.symbol,
        step_ms=HOUR_MS,
        every_s=every_s,
    )
