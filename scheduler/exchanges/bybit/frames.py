"""What Bybit pushes: tickers as a snapshot and then only what changed, and every liquidation."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from market.observations import Heartbeat, Liquidation, Side, Venue
from scheduler.exchange import Asked, Channel, Instrument, Kind, Misread, Report, Stream
from scheduler.exchanges.bybit.shapes import Closed, Frame, Ticker
from scheduler.exchanges.bybit.tickers import funding_of, mark_of, open_interest_of
from scheduler.wire import decoder, words

PATH = "/v5/public/linear"
PING = '{"op":"ping"}'
PING_EVERY_S = 20.0
TICKER_EVERY_S = 5.0
"""Tickers come within 100 ms of a change; even a quiet contract's mark moves within seconds."""

_CLOSED = "allLiquidation."
_CLOSED_BYTES = _CLOSED.encode()
_TICKERS = "tickers."
_TYPES = frozenset({"snapshot", "delta"})
_SIDES = {"Buy": Side.LONG, "Sell": Side.SHORT}  # the position's side: trap 5
_MARK = frozenset({"mark_price", "index_price"})
_OPEN_INTEREST = frozenset({"open_interest", "single_open_interest"})
_FUNDING = frozenset({"funding_rate", "next_funding_time", "funding_interval_hour"})

_liquidations = decoder(Venue.BYBIT, Kind.LIQUIDATIONS, Frame[list[Closed]])
_tickers = decoder(Venue.BYBIT, Kind.MARK, Frame[Ticker])


def streams(instruments: Sequence[Instrument]) -> tuple[Stream, ...]:
    """One stream for all instruments: a wrong topic fails its whole batch, so each symbol is subscribed by itself."""
    symbols = [contract.symbol for contract in instruments]
    if not symbols:
        return ()
    channels = [
        channel
        for symbol in symbols
        for channel in (
            Channel(Kind.MARK, symbol, TICKER_EVERY_S),
            Channel(Kind.LIQUIDATIONS, symbol, None),
        )
    ]
    return (
        Stream(
            venue=Venue.BYBIT,
            path=PATH,
            channels=tuple(channels),
            subscribe=tuple(_subscribe(symbol) for symbol in symbols),
            read=read_frame,
            ping=PING,
            ping_every_s=PING_EVERY_S,
            remembering=TickersInMemory,
        ),
    )


def read_frame(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """What a frame says by itself, a delta without what it leaves unchanged. Raises Misread."""
    return TickersInMemory()(payload, asked)


class TickersInMemory:
    """A reader of frames that remembers each contract's ticker: a field absent from a delta is unchanged.

    Only what a frame changes is reported; a frame that changes nothing of it is a sign of life.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Ticker]] = {}

    def __call__(self, payload: bytes, asked: Asked) -> tuple[Report, ...]:
        """The reports of a frame; () for acknowledgements and contracts not asked for. Raises Misread."""
        is_liquidation = _CLOSED_BYTES in payload
        frame = (_liquidations if is_liquidation else _tickers)(payload)
        kind = Kind.LIQUIDATIONS if is_liquidation else Kind.MARK
        if frame.success is not None:
            return _acknowledged(frame, kind)
        if frame.data is None or frame.ts is None:
            raise Misread(Venue.BYBIT, kind, "data" if frame.data is None else "ts")
        if is_liquidation:
            return _closed(frame, asked)
        return self._ticker(frame, asked)

    def _ticker(self, frame: Frame[Ticker], asked: Asked) -> tuple[Report, ...]:
        said = frame.data
        if said is None or frame.topic != _TICKERS + said.symbol:
            raise Misread(Venue.BYBIT, Kind.MARK, "topic")
        if frame.type not in _TYPES:
            raise Misread(Venue.BYBIT, Kind.MARK, "type")
        contract = asked.instruments.get(said.symbol)
        if contract is None:
            return ()
        changes = {name: value for name, value in asdict(said).items() if value is not None}
        at_ms = frame.ts or 0
        before_ms, before = self._known.get(said.symbol, (0, said))
        if frame.type == "delta" and at_ms < before_ms:
            return ()
        now = said if frame.type == "snapshot" else replace(before, **changes)
        reports = _reports(now, changes.keys(), contract, at_ms)
        self._known[said.symbol] = (at_ms, now)
        return reports


def _reports(
    ticker: Ticker, changed: AbstractSet[str], contract: Instrument, at_ms: int
) -> tuple[Report, ...]:
    marks = () if _MARK.isdisjoint(changed) else mark_of(ticker, contract, at_ms)
    opened = () if _OPEN_INTEREST.isdisjoint(changed) else open_interest_of(ticker, contract, at_ms)
    funding = () if _FUNDING.isdisjoint(changed) else funding_of(ticker, contract, at_ms)
    alive = () if marks else (Heartbeat(Venue.BYBIT, contract.asset, Kind.MARK.value, at_ms),)
    return (*marks, *opened, *funding, *alive)


def _acknowledged(frame: Frame[Any], kind: Kind) -> tuple[Report, ...]:
    if not frame.success:
        raise Misread(Venue.BYBIT, kind, words(f"{frame.op[:20]} refused: {frame.ret_msg}"))
    return ()


def _closed(frame: Frame[list[Closed]], asked: Asked) -> tuple[Report, ...]:
    """Every row: two alike in one push are two liquidations."""
    return tuple(
        _liquidation(row, contract)
        for row in frame.data or ()
        if (contract := asked.instruments.get(row.symbol)) is not None
    )


def _liquidation(row: Closed, contract: Instrument) -> Liquidation:
    side = _SIDES.get(row.side)
    if side is None:
        raise Misread(Venue.BYBIT, Kind.LIQUIDATIONS, "S")
    quoted = contract.quoted_coins
    return Liquidation(
        Venue.BYBIT,
        contract.asset,
        row.at_ms,
        side,
        row.coins * quoted,
        row.price / quoted,
        is_sample=False,
    )


def _subscribe(symbol: str) -> str:
    args = [_TICKERS + symbol, _CLOSED + symbol]
    return msgspec.json.encode({"req_id": symbol, "op": "subscribe", "args": args}).decode()
