"""A backup's lines: JSON, each with a checksum of its own; the last one counts all and sums them up.

A value stands in plain JSON where that says it to the last bit, else packed as it is stored.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from store.backup import BY_NAME, Record
from store.codec import OtherSchema, Unreadable, read, schema_of

FORMAT = 1
"""The number of this way of writing lines; what is within a value has numbers of its own."""
LONGEST_LINE = 64 * 1024 * 1024
LONGEST_ID, LONGEST_TEXT = 512, 65_536
_SUM = b',"sum":"'
_SUM_LETTERS = 16


class Damaged(Exception):
    """A backup that cannot be believed; the message says what is wrong with it, never what stands in it."""


class Newer(Damaged):
    """A backup that a newer version made."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself: when it was made (UTC ms), by which version, and whether the market's past is in it."""

    made_ms: int
    version: str
    with_history: bool
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class End:
    """The last line: how many records there are of each sort, and the sum of all lines before it."""

    counts: Mapping[str, int]
    sum: str


Line = Header | Record | End


def header_line(header: Header) -> bytes:
    """The first line."""
    told = {
        "seawall": "backup",
        "format": header.format,
        "made_ms": header.made_ms,
        "version": header.version,
        "with_history": header.with_history,
    }
    return _summed(msgspec.json.encode(told))


def record_line(record: Record) -> bytes:
    """The line of a record."""
    told: dict[str, Any] = {"sort": record.sort, "id": record.id}
    if record.number:
        told["number"] = record.number
    if BY_NAME[record.sort].kind is not None:
        told |= _value(record.blob)
    elif record.blob:
        told["text"] = record.blob.decode()
    return _summed(msgspec.json.encode(told))


def end_line(counts: Mapping[str, int], digest: str) -> bytes:
    """The last line."""
    return _summed(msgspec.json.encode({"end": dict(counts), "sha256": digest}))


def read_line(line: bytes) -> Line:
    """What a line says. Raises Damaged, or Newer where a newer version made it."""
    told = _checked(line)
    try:
        if "seawall" in told:
            return _header(told)
        if "end" in told:
            return _end(told)
        return _record(told)
    except (KeyError, TypeError, ValueError, OverflowError, msgspec.MsgspecError, binascii.Error) as failure:
        raise Damaged("a line is not what a backup holds") from failure


def _summed(body: bytes) -> bytes:
    digest = hashlib.sha256(body).hexdigest()[:_SUM_LETTERS]
    return body[:-1] + _SUM + digest.encode() + b'"}\n'


def _checked(line: bytes) -> dict[str, Any]:
    body, found, rest = line.rpartition(_SUM)
    digest = hashlib.sha256(body + b"}").hexdigest()[:_SUM_LETTERS]
    if not found or rest != digest.encode() + b'"}\n':
        raise Damaged("a line does not have the sum it says")
    try:
        told = msgspec.json.decode(body + b"}")
    except (msgspec.DecodeError, ValueError, RecursionError) as failure:
        raise Damaged("a line is no JSON") from failure
    if not isinstance(told, dict):
        raise Damaged("a line is not what a backup holds")
    return told


def _value(blob: bytes) -> dict[str, Any]:
    """Schema and value of stored bytes; packed where JSON would lose something, such as an infinite number."""
    schema = schema_of(blob)
    try:
        _, payload = msgspec.msgpack.decode(blob, type=tuple[int, msgspec.Raw])
        value = msgspec.msgpack.decode(payload)
        plain = msgspec.json.encode(value)
        if msgspec.msgpack.encode((schema, msgspec.json.decode(plain))) == blob:
            return {"schema": schema, "value": msgspec.Raw(plain)}
    except (msgspec.MsgspecError, TypeError, ValueError):
        pass
    return {"schema": schema, "packed": base64.b64encode(blob).decode()}


def _header(told: dict[str, Any]) -> Header:
    number = _number(told["format"])
    if told["seawall"] != "backup" or number < 1:
        raise Damaged("it is no backup of Seawall")
    if number > FORMAT:
        raise Newer(f"it has format {number}, written by a newer version than this")
    return Header(
        _number(told["made_ms"]),
        _text(told["version"]),
        with_history=told["with_history"] is True,
        format=number,
    )


def _end(told: dict[str, Any]) -> End:
    if not isinstance(told["end"], dict):
        raise TypeError
    counts = {_text(name): _number(count) for name, count in told["end"].items()}
    return End(counts, _text(told["sha256"]))


def _record(told: dict[str, Any]) -> Record:
    name = _text(told["sort"])
    sort = BY_NAME.get(name)
    if sort is None:
        raise Newer(f"it holds something that this version does not know ({name[:40]!r})")
    number = _number(told.get("number", 0))
    if sort.kind is None:
        if name in {"secret", "tombstone"}:
            bytes.fromhex(_text(told["id"]))
        text = _text(told.get("text", ""), LONGEST_TEXT)
        return Record(name, _text(told["id"]), text.encode(), number)
    if "packed" in told:
        blob = base64.b64decode(told["packed"], validate=True)
    else:
        blob = msgspec.msgpack.encode((_number(told["schema"]), told["value"]))
    record = Record(name, _text(told["id"]), blob, number)
    insist_on(record)
    return record


def insist_on(record: Record) -> None:
    """Refuse a value that this version cannot read, or that is somebody else's. Raises Damaged and Newer."""
    kind = BY_NAME[record.sort].kind
    if kind is None:
        return
    try:
        value = read(kind, record.blob)
    except OtherSchema as failure:
        if schema_of(record.blob) > kind.schema:
            raise Newer(str(failure)) from failure
        raise Damaged(str(failure)) from failure
    except Unreadable as failure:
        raise Damaged(f"a {kind.name} in it cannot be read") from failure
    names = {"chat": "address", "wave": "address", "person": "name"}
    if record.sort in names and getattr(value, names[record.sort]) != record.id:
        raise Damaged(f"a {kind.name} in it is under another's name")


def _number(told: object) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told < 1 << 53:
        raise TypeError
    return told


def _text(told: object, longest: int = LONGEST_ID) -> str:
    if not isinstance(told, str) or len(told) > longest:
        raise TypeError
    return told
