"""What OKX pushes: mark, index, open interest, predicted funding, and a sample of all liquidations."""

from collections.abc import Sequence

import msgspec

from market.observations import Venue
from scheduler.exchange import Asked, Channel, Instrument, Kind, Misread, Report, Stream
from scheduler.exchanges.okx.rows import funding_of, liquidations_of, mark_of, open_interest_of
from scheduler.exchanges.okx.shapes import SWAP, AnyFrame, Frame, Said, read_row, there
from scheduler.wire import either, words

PATH = "/ws/v5/public"
PING, PONG = "ping", b"pong"
PING_EVERY_S = 20.0
"""A connection without a frame for 30 s is cut, and liquidations are rare."""

MARK_EVERY_S = 10.0
OPEN_INTEREST_EVERY_S = 30.0
FUNDING_EVERY_S = 90.0

_INDEX = "index-tickers"
_KINDS = {
    "mark-price": Kind.MARK,
    _INDEX: Kind.MARK,
    "open-interest": Kind.OPEN_INTEREST,
    "funding-rate": Kind.FUNDING,
    "liquidation-orders": Kind.LIQUIDATIONS,
}
_QUIET_EVENTS = frozenset({"subscribe", "unsubscribe", "channel-conn-count", "notice"})
_LIQUIDATIONS = b'"liquidation-orders"'

_marks = either(Venue.OKX, Kind.MARK, Frame, AnyFrame)
_liquidations = either(Venue.OKX, Kind.LIQUIDATIONS, Frame, AnyFrame)


def streams(instruments: Sequence[Instrument]) -> tuple[Stream, ...]:
    """One stream for all instruments; liquidations come for every swap at once."""
    symbols = [contract.symbol for contract in instruments]
    if not symbols:
        return ()
    loud = [
        Channel(kind, symbol, every_s)
        for symbol in symbols
        for kind, every_s in (
            (Kind.MARK, MARK_EVERY_S),
            (Kind.OPEN_INTEREST, OPEN_INTEREST_EVERY_S),
            (Kind.FUNDING, FUNDING_EVERY_S),
        )
    ]
    return (
        Stream(
            venue=Venue.OKX,
            path=PATH,
            channels=(*loud, Channel(Kind.LIQUIDATIONS, None, None)),
            subscribe=(_subscribe(symbols),),
            read=read_frame,
            ping=PING,
            ping_every_s=PING_EVERY_S,
            remembering=IndexInMemory,
        ),
    )


def read_frame(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """What a frame says by itself: marks come without their index. Raises Misread."""
    return IndexInMemory()(payload, asked)


class IndexInMemory:
    """A reader of frames that remembers each index, which is pushed apart from the marks it belongs to."""

    def __init__(self) -> None:
        self._index: dict[str, tuple[int, float]] = {}

    def __call__(self, payload: bytes, asked: Asked) -> tuple[Report, ...]:
        """The reports of a frame; () for pongs, events, indices and contracts not asked for. Raises Misread."""
        if payload == PONG:
            return ()
        is_liquidation = payload.find(_LIQUIDATIONS) >= 0  # a third of what `in` costs
        frame = (_liquidations if is_liquidation else _marks)(payload)
        if frame.event:
            return _event(frame, Kind.LIQUIDATIONS.value if is_liquidation else "frame")
        kind = _KINDS.get(frame.arg.channel)
        if kind is None or frame.data is None:
            raise Misread(
                Venue.OKX, Kind.MARK if kind is None else kind, "arg.channel" if kind is None else "data"
            )
        if frame.arg.channel == _INDEX:
            self._remember(frame.data)
            return ()
        return tuple(
            report
            for row in frame.data
            if (contract := asked.instruments.get(row.inst_id)) is not None
            for report in self._reports(kind, read_row(kind, row), contract, asked)
        )

    def _remember(self, rows: Sequence[Said]) -> None:
        for row in rows:
            said = read_row(Kind.MARK, row)
            at_ms = there(Kind.MARK, "ts", said.ts)
            self._index[said.inst_id] = at_ms, there(Kind.MARK, "idxPx", said.idx_px)

    def _reports(self, kind: Kind, row: Said, contract: Instrument, asked: Asked) -> tuple[Report, ...]:
        if kind is Kind.MARK:
            return mark_of(row, contract, self._index.get(contract.symbol.removesuffix(SWAP)))
        if kind is Kind.OPEN_INTEREST:
            return open_interest_of(row, contract)
        if kind is Kind.FUNDING:
            return funding_of(row, contract, asked.received_at_ms)
        return tuple(liquidations_of(row, contract))


def _event(frame: Frame, kind: str) -> tuple[Report, ...]:
    """Nothing, of an event without consequence. A refusal is of no kind: it may be of what is silent by nature."""
    if frame.event not in _QUIET_EVENTS:
        raise Misread(Venue.OKX, kind, words(f"{frame.event[:20]} {frame.code[:10]}: {frame.msg}"))
    return ()


def _subscribe(symbols: Sequence[str]) -> str:
    each = [
        {"channel": channel, "instId": symbol}
        for symbol in symbols
        for channel in ("mark-price", "open-interest", "funding-rate")
    ]
    indices = [{"channel": _INDEX, "instId": symbol.removesuffix(SWAP)} for symbol in symbols]
    all_liquidations = {"channel": "liquidation-orders", "instType": "SWAP"}
    args = [*each, *indices, all_liquidations]
    return msgspec.json.encode({"op": "subscribe", "args": args}).decode()
