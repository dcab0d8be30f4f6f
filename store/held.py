"""What is kept of somebody as plain values that can be written as JSON, one for each place where it is kept."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from store import keys
from store.alerts_log import ALERT
from store.chats import CHAT, StoredChats
from store.codec import Kind, Unreadable, read
from store.connection import Connection
from store.outbox import DEAD, ROW
from store.people import PERSON
from store.plan_news import PLAN_NEWS, is_plan
from store.traces import Place, Quarry, Traces
from store.waves import WAVE
from store.whom import BY_THEM, Held, Subject

UNREADABLE = "kept by a newer version, which alone can read it"
LEFT_OUT = frozenset({"chats", "later", "dead-at", "changes", "forget-code"})
"""What only says again that something else is kept, or would give a code away."""


async def held_of(connection: Connection, traces: Traces, quarry: Quarry) -> Held:
    """Everything that is kept of a subject, by the name of its kind. Raises StoreUnavailable."""
    parts: dict[str, list[object]] = {}
    async for place in traces.places(quarry):
        if place.entry.name not in LEFT_OUT:
            parts.setdefault(place.entry.name, []).append(await _plain(connection, place))
    elsewhere = [change async for change in _changed_elsewhere(connection, traces, quarry)]
    if elsewhere:
        parts[BY_THEM] = elsewhere
    return Held(quarry.subject, {name: tuple(values) for name, values in parts.items()})


async def near_of(connection: Connection, traces: Traces, subject: Subject) -> Held:
    """What is kept under a subject's own names, found at once. Raises StoreUnavailable."""
    parts: dict[str, list[object]] = {}
    async for place in traces.near(subject):
        if place.entry.name not in LEFT_OUT:
            parts.setdefault(place.entry.name, []).append(await _plain(connection, place))
    return Held(subject, {name: tuple(values) for name, values in parts.items()})


async def _changed_elsewhere(connection: Connection, traces: Traces, quarry: Quarry) -> AsyncIterator[object]:
    person, chats = quarry.subject.person, StoredChats(connection)
    async for address in traces.chats_changed_by(person):
        chat = None if quarry.subject.is_at(address) else await chats.get(address)
        for change in () if chat is None else chat.changes:
            if change.by == person:
                yield {"chat": address, "at_ms": change.at_ms, "did": change.did, "what": change.what}


async def _plain(connection: Connection, place: Place) -> object:
    """What stands at a place: a stored value of ours in words, anything else as text."""
    if place.part is not None:
        return _row(place) if place.value is not None else _text(place.part)
    async with connection.reading() as redis:
        match place.entry.type:
            case "string":
                found: Any = await redis.get(place.key)
                return _decoded(WAVE, found) if place.entry.name == "wave" else _named(place, _text(found))
            case "set":
                members: Any = await redis.smembers(place.key)
                return sorted(map(_text, members))
            case _:
                fields: Any = await redis.hgetall(place.key)
                return _hash(place, fields)


def _hash(place: Place, fields: Mapping[bytes, bytes]) -> object:
    kinds: dict[str, tuple[bytes, Kind[Any]]] = {"person": (b"person", PERSON), "chat": (b"chat", CHAT)}
    if place.entry.name in kinds:
        field, kind = kinds[place.entry.name]
        return _decoded(kind, fields.get(field))
    if place.entry.name == "facts":
        news: Kind[Any] = PLAN_NEWS if is_plan(place.key.removeprefix(keys.facts(""))) else ALERT
        return [_decoded(news, fields[number]) for number in sorted(fields)]
    return _named(place, {_text(name): _text(value) for name, value in fields.items()})


def _row(place: Place) -> object:
    kinds: dict[str, Kind[Any]] = {"outbox": ROW, "later-rows": ROW, "dead": DEAD}
    kind = kinds.get(place.entry.name)
    return (
        _decoded(kind, place.value) if kind is not None else {"key": place.key, "member": _text(place.value)}
    )


def _named(place: Place, value: object) -> object:
    return {"key": place.key, "value": value}


def _decoded(kind: Kind[Any], stored: bytes | None) -> object:
    if stored is None:
        return None
    try:
        return plain(read(kind, stored))
    except Unreadable:
        return UNREADABLE


def plain(value: object) -> object:
    """A value of ours as JSON can hold it."""
    return msgspec.to_builtins(value, str_keys=True)


def _text(stored: bytes | None) -> str:
    return "" if stored is None else stored.decode("utf-8", "backslashreplace")
