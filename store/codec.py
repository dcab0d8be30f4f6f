"""Values to bytes and back: msgpack of `[schema, payload]`, floats bit for bit, NaN and infinities included.

Any dataclass of ours goes as it is: nested, frozen or not, with enums, mappings, tuples, lists, None and deques (whose
`maxlen` travels with them). A field that is a union of two dataclasses does not: msgpack would not say which it is.
"""

import logging
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import GenericAlias
from typing import Any, Generic, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T")

FASTEST = 1
PRESSED = b"\x78"
"""How bytes begin that are pressed; a value as it is begins as a list of two."""
LARGEST_BYTES = 256 * 1024 * 1024

_log = logging.getLogger(__name__)


Upgrade = Callable[[Any], Any]
"""A value of one schema number as maps, lists and plain values, made one of the next number. It may change what it is given."""


def as_it_was(value: Any) -> Any:
    """The upgrade of a kind that has only got new fields, each with a default that is true of an old value."""
    return value


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What is stored under some key: a name for messages, the number of its schema and its type.

    Raise `schema` whenever an old value must not be read as a new one, and say in `upgrades` how one of the number before
    becomes one of this. `rebuildable` values, such as the state of the market, are treated as missing when they cannot be
    read; of all others that is an error.
    """

    name: str
    schema: int
    type: type[T]
    rebuildable: bool = True
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict, compare=False, hash=False)
    """By the number a value has: how it gets the next one. A value is written in its new form whenever it is next kept."""


class Unreadable(Exception):
    """A stored value that this version cannot read; the message says what and why, never the value."""


class OtherSchema(Unreadable):
    """A stored value of another schema number, as a rule written by a newer version."""


def encode(kind: Kind[T], value: T) -> bytes:
    """The bytes of `value` under the schema of `kind`; NotImplementedError names a type that cannot be stored."""
    return msgspec.msgpack.encode((kind.schema, value), enc_hook=_to_plain)


def decode(kind: Kind[T], stored: bytes | str | None) -> T | None:
    """The value in `stored`, None where nothing is stored or a rebuildable value cannot be read.

    Raises OtherSchema or Unreadable for a value that cannot be rebuilt.
    """
    if stored is None:
        return None
    try:
        return read(kind, stored)
    except Unreadable as failure:
        if not kind.rebuildable:
            raise
        _log.warning("%s It is treated as missing.", failure)
        return None


def read(kind: Kind[T], stored: bytes | str) -> T:
    """The value in `stored`; OtherSchema or Unreadable, whether it can be rebuilt or not."""
    try:
        schema, payload = _envelope().decode(_plain(stored))
        value: T = _decoder(kind).decode(
            payload if schema == kind.schema else _upgraded(kind, schema, payload)
        )
    except (msgspec.DecodeError, ValueError) as failure:  # ValueError: bytes that are no text, among others
        raise Unreadable(f"The stored {kind.name} cannot be read: {failure}.") from failure
    return value


def pressed(stored: bytes) -> bytes:
    """The same value in less room, for what is large and seldom written; `read` takes both. It takes milliseconds a megabyte."""
    return zlib.compress(stored, FASTEST)


def _plain(stored: bytes | str) -> bytes:
    """The bytes of a value as they were before they were pressed. Raises ValueError."""
    told = stored.encode() if isinstance(stored, str) else stored
    if not told.startswith(PRESSED):
        return told
    opening = zlib.decompressobj()
    try:
        plain = opening.decompress(told, LARGEST_BYTES)
    except zlib.error as failure:
        raise ValueError(str(failure)) from failure
    if not opening.eof:
        raise ValueError("it is cut off, or too large")
    return plain


def schema_of(stored: bytes) -> int:
    """The schema number that a value carries. Raises Unreadable."""
    try:
        return _envelope().decode(_plain(stored))[0]
    except (msgspec.DecodeError, ValueError) as failure:
        raise Unreadable(f"A stored value cannot be read: {failure}.") from failure


def _upgraded(kind: Kind[T], schema: int, payload: bytes) -> bytes:
    """A payload of an older number as one of today's, number by number. Raises OtherSchema where there is no way."""
    age = "a newer" if schema > kind.schema else "an older"
    steps = [kind.upgrades.get(number) for number in range(schema, kind.schema)]
    if schema > kind.schema or None in steps:
        raise OtherSchema(f"The stored {kind.name} has schema {schema}, written by {age} version than this.")
    value = msgspec.msgpack.decode(payload)
    try:
        for step in steps:
            value = step(value) if step is not None else value
    except (KeyError, IndexError, TypeError, AttributeError) as failure:
        raise Unreadable(f"The stored {kind.name} of schema {schema} is damaged.") from failure
    return msgspec.msgpack.encode(value)


@cache
def _envelope() -> msgspec.msgpack.Decoder[tuple[int, msgspec.Raw]]:
    return msgspec.msgpack.Decoder(tuple[int, msgspec.Raw])


@cache
def _decoder(kind: Kind[Any]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind.type, dec_hook=_from_plain)


def _to_plain(value: Any) -> Any:
    """What msgspec does not know: deques, arrays, and the numbers of numpy, which are floats and ints by descent."""
    if isinstance(value, deque):
        return (value.maxlen, list(value))
    if isinstance(value, array):
        return (value.typecode, value.tobytes())
    for plain in (float, int, str):
        if isinstance(value, plain):
            return plain(value)
    raise NotImplementedError(f"{type(value).__qualname__} cannot be stored")


def _from_plain(kind: Any, stored: Any) -> Any:
    """The way back of `_to_plain`, told by the type that the field declares."""
    if (get_origin(kind) or kind) is deque:
        maxlen, items = stored
        items_kind = GenericAlias(list, get_args(kind) or (Any,))
        return deque(msgspec.convert(items, items_kind, dec_hook=_from_plain), maxlen)
    if (get_origin(kind) or kind) is array:
        return array(*stored)
    raise NotImplementedError(f"{kind} cannot be read back")
