"""How frames of Deribit's websocket are read, and what must be answered: the venue asks whether we are still there."""

from collections.abc import Callable
from functools import partial

from market.observations import SECOND_MS, Heartbeat, ImpliedVolatility
from scheduler.exchange import Asked, Kind, Misread, Report, Told
from scheduler.exchanges.deribit.answers import ticker_reports
from scheduler.exchanges.deribit.forced import forced_orders
from scheduler.exchanges.deribit.shapes import VENUE, Fill, Frame, Spoken, refuse
from scheduler.wire import decoder, words

Reports = tuple[Report, ...]

STILL_HERE = '{"jsonrpc":"2.0","id":3,"method":"public/test","params":{}}'

_frame = decoder(VENUE, "frame", Frame)


def answer(payload: bytes) -> str | None:
    """What to send back: the venue hangs up on who does not answer its test requests."""
    return STILL_HERE if b'"test_request"' in payload else None


def reader(wanted: frozenset[str]) -> Callable[[bytes, Asked], Reports]:
    """A reader of the frames of a connection that subscribes to the channels `wanted`."""
    return partial(read_frame, wanted=wanted)


def read_frame(payload: bytes, asked: Asked, wanted: frozenset[str] = frozenset()) -> Reports:
    """The reports of one frame, () for acknowledgements and heartbeats. Raises Misread."""
    frame = _decoded(payload)
    refuse("frame", frame.error, is_testnet=frame.testnet)
    if frame.method is None:
        return _acknowledged(frame, wanted)
    if frame.params is None or frame.method not in {"subscription", "heartbeat"}:
        raise Misread(VENUE, "frame", words(f"method: {frame.method}"))
    if frame.method == "heartbeat":
        return ()
    return _say(frame.params.channel, frame.params.data, asked)


def _decoded(payload: bytes) -> Frame:
    """A frame of trades that is no frame is a doubt about liquidations: what it held is missing from their sum."""
    try:
        frame: Frame = _frame(payload)
    except Misread as wrong:
        kind = Kind.LIQUIDATIONS if b'"trades.' in payload else wrong.kind
        raise Misread(VENUE, kind, wrong.field) from None
    return frame


def _acknowledged(frame: Frame, wanted: frozenset[str]) -> Reports:
    """An answer to what we said. A channel that is not confirmed will be silent, which must not pass for calm."""
    if frame.id is None or frame.result is None:
        raise Misread(VENUE, "frame", "method: absent")
    if isinstance(frame.result, list):
        confirmed = {name for name in frame.result if isinstance(name, str)}
        if silent := sorted(wanted - confirmed):
            raise Misread(VENUE, "frame", words(f"subscription: not confirmed {', '.join(silent)}"))
    return ()


def _say(channel: str, data: Spoken | list[Fill] | None, asked: Asked) -> Reports:
    match channel.partition(".")[0], data:
        case "ticker", Spoken():
            return _ticker(data, asked)
        case "trades", list():
            return _trades(data, asked)
        case "deribit_volatility_index", Spoken():
            return _volatility(data)
    raise Misread(VENUE, "frame", words(f"channel: {channel}"))


def _ticker(spoken: Spoken, asked: Asked) -> Reports:
    instrument = asked.instruments.get(spoken.instrument_name or "")
    return () if instrument is None else ticker_reports(spoken, instrument)


def _trades(fills: list[Fill], asked: Asked) -> Reports:
    """Forced orders, and for every trade the proof that its channel is alive."""
    heard = {
        fill.instrument_name: fill.timestamp for fill in fills if fill.instrument_name in asked.instruments
    }
    alive = (
        Heartbeat(VENUE, asked.instruments[name].asset, Kind.LIQUIDATIONS.value, at_ms)
        for name, at_ms in heard.items()
    )
    return (*forced_orders(fills, asked), *alive)


def _volatility(spoken: Spoken) -> Reports:
    if spoken.timestamp is None or spoken.volatility is None or spoken.index_name is None:
        raise Misread(VENUE, Kind.VOLATILITY_INDEX, "timestamp, volatility or index_name: absent")
    asset = spoken.index_name.partition("_")[0].upper()
    said = ImpliedVolatility(VENUE, spoken.timestamp, SECOND_MS, spoken.volatility / 100.0)
    return (Told(asset, said),)
