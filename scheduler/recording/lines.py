"""One line of a recording: an answer with its question, a frame of a stream, or the stream it was heard on.

A payload that is UTF-8 stands as text, which gives the same bytes back and can be searched with zgrep; any other stands
in base64.
"""

from typing import Any

import msgspec

from market.observations import Venue
from scheduler.exchange import Ask, Stream

LONGEST_LINE_BYTES = 32 * 1024 * 1024
"""A payload has at most 5 MB (fetching) or 4 MB (listening); escaped as JSON each byte may take six."""
LONGEST_BLOCK_BYTES = 3 * LONGEST_LINE_BYTES
"""More than ever waits in memory to be written."""


class Answer(msgspec.Struct, frozen=True, tag="answer", omit_defaults=True):
    """A payload that came as an answer at `at_ms` (UTC, ours), and what was asked. Exactly one of text and packed is set."""

    venue: Venue
    at_ms: int
    kind: str
    path: str
    params: dict[str, str] = msgspec.field(default_factory=dict)
    body: str | None = None
    symbol: str | None = None
    step_ms: int | None = None
    text: str | None = None
    packed: bytes | None = None

    @property
    def payload(self) -> bytes:
        """The bytes as they came."""
        return _bytes(self.text, self.packed)


class Opening(msgspec.Struct, frozen=True, tag="opening", omit_defaults=True):
    """A stream that frames refer to by `number` (within one file): where it is, what was subscribed, of which symbols."""

    venue: Venue
    at_ms: int
    number: int
    path: str
    subscribe: tuple[str, ...]
    symbols: tuple[str, ...]


class Frame(msgspec.Struct, frozen=True, tag="frame", omit_defaults=True):
    """A payload that came on a stream at `at_ms` (UTC, ours). `stream` is the number of its opening in the same file."""

    venue: Venue
    at_ms: int
    stream: int
    text: str | None = None
    packed: bytes | None = None

    @property
    def payload(self) -> bytes:
        """The bytes as they came."""
        return _bytes(self.text, self.packed)


Kept = Answer | Frame | Opening
"""What a line holds."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Kept).decode


def answer_line(ask: Ask[Any], payload: bytes, at_ms: int) -> bytes:
    """The line of an answer, with its line end."""
    text, packed = _kept(payload)
    body = None if ask.body is None else ask.body.decode()
    params = dict(ask.params)
    symbol, step_ms = ask.symbol, ask.step_ms
    line = Answer(
        ask.venue, at_ms, ask.kind.value, ask.path, params, body, symbol, step_ms, text=text, packed=packed
    )
    return _encode(line) + b"\n"


def opening_line(stream: Stream, number: int, at_ms: int) -> bytes:
    """The line that names a stream, with its line end."""
    symbols = dict.fromkeys(channel.symbol for channel in stream.channels if channel.symbol is not None)
    return (
        _encode(Opening(stream.venue, at_ms, number, stream.path, stream.subscribe, tuple(symbols))) + b"\n"
    )


def frame_line(venue: Venue, number: int, payload: bytes, at_ms: int) -> bytes:
    """The line of a frame, with its line end."""
    text, packed = _kept(payload)
    return _encode(Frame(venue, at_ms, number, text=text, packed=packed)) + b"\n"


def read_line(line: bytes) -> Kept:
    """What a line holds. Raises ValueError for what is none, or longer than one can be."""
    if len(line) > LONGEST_LINE_BYTES:
        raise ValueError("a line longer than any payload")
    try:
        kept: Kept = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise ValueError(str(wrong)[:160]) from None
    return kept


def _kept(payload: bytes) -> tuple[str | None, bytes | None]:
    try:
        return payload.decode(), None
    except UnicodeDecodeError:
        return None, payload


def _bytes(text: str | None, packed: bytes | None) -> bytes:
    return text.encode() if text is not None else packed or b""
