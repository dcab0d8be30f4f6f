"""Every place in the store where somebody stands: in names of keys, in members, in rows on their way, in what others did with them.

The store is walked through as a whole, since nothing may be passed over; it goes on meanwhile.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from store import keys
from store.belonging import core_of, is_dead_row_to, is_key_to, is_named_for, is_row_to, literal
from store.chats import StoredChats
from store.connection import Connection
from store.kept import ADDRESS, NAME, Entry
from store.outbox import GROUP, PRIORITIES
from store.people import StoredPeople
from store.registry import entries, entry_of
from store.waves import StoredWaves
from store.whom import Subject
from store.wishes import platform_of

AT_ONCE = 1_000
SCANNED_AT_ONCE = 10_000
"""So many keys or members are passed over in one call: a few milliseconds of the server's."""
MOST_GLOBS = 8
"""More numbers than this are looked for in one walk over all keys."""
OF_PLANS = "plan:"

_HOLDERS = keys.holders("*")
_WARNED_BY = keys.warned_by("*")
_MOVED = keys.moved("*")

_CHATS_NAMING = """
local answer = redis.call('SSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local found = {}
for _, address in ipairs(answer[2]) do
  local chat = redis.call('HGET', ARGV[3] .. address, 'chat')
  if chat and string.find(chat, ARGV[4], 1, true) then found[#found + 1] = address end
end
return {answer[1], found}
"""
"""KEYS: chats. ARGV: cursor, how many to look at, what a chat's key begins with, a name. It reads and writes nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place: a key, or (`part`) a field, member or entry in it. `value` is what stands there, None where that is not asked for."""

    entry: Entry
    key: str
    part: bytes | None = None
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class Quarry:
    """Whom to look for, with all that is known of them: other addresses of their chats, and how their news were named.

    News of plans lie under a name made of `made_ms` and each version of the person up to `version`.
    """

    subject: Subject
    made_ms: int = 0
    version: int = 0

    def batches(self) -> Iterator[str]:
        """The names under which news of the person's plans may lie."""
        if not self.subject.person:
            return
        for made_ms in {0, self.made_ms}:
            for version in range(self.version + 1):
                told = f"{self.subject.person}:{made_ms}:{version}"
                yield OF_PLANS + hashlib.sha256(told.encode()).hexdigest()[:24]


class Traces:
    """Finds them. Every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._people, self._waves = StoredPeople(connection), StoredWaves(connection)

    async def quarry(self, subject: Subject) -> Quarry:
        """The subject with what the store knows of it: how it was called before, where it is told, its threads."""
        kept = await self._people.kept(subject.person) if subject.person else None
        reach = [] if kept is None or kept.person.reach is None else [kept.person.reach]
        alone = await self._private_chats_of(subject.person)
        addresses = list(dict.fromkeys((*subject.addresses, *reach, *alone)))
        moves = [pair async for pair in self._moves()]
        for address in addresses:  # grows while it is walked through: one may have moved more than once
            ways = [old if new == address else new for old, new in moves if address in {old, new}]
            thread = (await self._waves.get(address)).thread
            topics = [topic async for topic in self._topics_of(address)]
            addresses += [one for one in (*ways, *topics, thread) if one and one not in addresses]
        whole = replace(subject, addresses=tuple(addresses))
        return Quarry(whole, kept.person.made_ms if kept else 0, kept.version if kept else 0)

    async def near(self, subject: Subject) -> AsyncIterator[Place]:
        """What is kept under the subject's own names: found at once, without a walk through the store."""
        for entry in entries():
            slot = next(
                (slot for slot in (ADDRESS, NAME) if entry.glob.count("*") == 1 and slot in entry.pattern), ""
            )
            for name in subject.names if slot else ():
                key = entry.pattern.replace(slot, name)
                async with self._connection.reading() as redis:
                    is_there = await redis.exists(key)
                if is_there:
                    yield Place(entry, key)

    async def places(self, quarry: Quarry) -> AsyncIterator[Place]:
        """Every place, what is written first before what follows from it."""
        async for place in self._keys(quarry):
            yield place
        async for place in self._members(quarry.subject):
            yield place
        async for place in self._rows(quarry):
            yield place

    async def on_their_way(self, quarry: Quarry) -> AsyncIterator[Place]:
        """What may move, or come, while it is looked for: the rows to these addresses, and what a row leaves that was told."""
        async for place in self._rows(quarry):
            yield place
        for address in quarry.subject.addresses:
            async with self._connection.reading() as redis:
                is_there = await redis.exists(keys.wave(address))
            if is_there:
                yield Place(_named("wave"), keys.wave(address))

    async def _rows(self, quarry: Quarry) -> AsyncIterator[Place]:
        """The rows to these addresses, wherever they wait, and the news they tell of."""
        for platform in quarry.subject.platforms:
            async for place in self._waiting(platform, quarry.subject):
                yield place
        async for place in self._dead(quarry.subject):
            yield place
        async for place in self._news(quarry):
            yield place

    async def chats_changed_by(self, person: str) -> AsyncIterator[str]:
        """The addresses of the chats whose changes name a person."""
        cursor: Any = 0
        while person:
            values = [cursor, AT_ONCE, keys.chat(""), person]
            async with self._connection.reading() as redis:
                cursor, found = await redis.eval(_CHATS_NAMING, 1, keys.CHATS, *values)
            for address in found:
                yield address.decode()
            if int(cursor) == 0:
                return

    async def _private_chats_of(self, person: str) -> list[str]:
        """The chats on Discord that are a person's alone: of no server, and changed by nobody else.

        Their addresses are numbers of channels, which do not show whose they are.
        """
        if platform_of(person) != "discord":
            return []
        addresses = [address async for address in self.chats_changed_by(person)]
        chats = await StoredChats(self._connection).get_all(addresses) if addresses else {}
        return [
            chat.address
            for chat in chats.values()
            if not chat.server and chat.changes and all(change.by == person for change in chat.changes)
        ]

    async def _topics_of(self, address: str) -> AsyncIterator[str]:
        """The addresses of a chat's topics, as far as anything is kept of them."""
        cursor = 0
        while address:
            async with self._connection.reading() as redis:
                answer: Any = await redis.sscan(
                    keys.CHATS, cursor, match=f"{literal(address)}:*", count=AT_ONCE
                )
            cursor, found = answer
            for member in found:
                yield member.decode()
            if cursor == 0:
                return

    async def _moves(self) -> AsyncIterator[tuple[str, str]]:
        """Every alias: an address and the one it has moved to."""
        async for old, new in self._texts(_MOVED):
            yield old.removeprefix(keys.moved("")), new

    async def _texts(self, glob: str) -> AsyncIterator[tuple[str, str]]:
        async for found in self._scan(glob):
            async with self._connection.reading() as redis:
                values: Any = await redis.mget(found)
            for key, value in zip(found, values, strict=True):
                if value is not None:
                    yield key, value.decode()

    async def _scan(self, glob: str) -> AsyncIterator[list[str]]:
        """The keys like this, many at a time."""
        cursor = 0
        while True:
            async with self._connection.reading() as redis:
                answer: Any = await redis.scan(cursor, match=glob, count=SCANNED_AT_ONCE)
            cursor, found = answer
            if found:
                yield [key.decode("utf-8", "replace") for key in found]
            if cursor == 0:
                return

    async def _keys(self, quarry: Quarry) -> AsyncIterator[Place]:
        """The keys that are named for them."""
        subject = quarry.subject
        cores = {core_of(name) for name in subject.names}
        is_near = re.compile("|".join(map(re.escape, cores)))
        globs = [f"{keys.VERSION}:*{literal(core)}*" for core in cores]
        for glob in globs if len(globs) <= MOST_GLOBS else [f"{keys.VERSION}:*"]:
            async for found in self._scan(glob):
                for key in found:
                    entry = entry_of(key) if is_near.search(key) else None
                    if entry is not None and is_named_for(entry, key, subject):
                        yield Place(entry, key)

    async def _members(self, subject: Subject) -> AsyncIterator[Place]:
        """Where they are a member of something, or the end of a way."""
        for glob, names in ((_HOLDERS, [subject.person]), (_WARNED_BY, list(subject.addresses))):
            async for found in self._scan(glob):
                for key in found:
                    async for place in self._in_set(key, [name for name in names if name]):
                        yield place
        async for place in self._in_set(keys.CHATS, list(subject.addresses)):
            yield place
        async for key, new in self._texts(_MOVED):
            if subject.is_at(new):
                yield Place(_named("moved"), key)
        async with self._connection.reading() as redis:
            changes: Any = await redis.xrange(keys.CHATS_CHANGES)
        for entry, fields in changes:
            if subject.is_at(fields[b"address"].decode()):
                yield Place(_named("changes"), keys.CHATS_CHANGES, entry)

    async def _in_set(self, key: str, names: Sequence[str]) -> AsyncIterator[Place]:
        entry = entry_of(key)
        if entry is None or entry.type != "set" or not names:
            return
        async with self._connection.reading() as redis:
            held: Any = await redis.smismember(key, list(names))
        for name, is_in in zip(names, held, strict=True):
            if is_in:
                yield Place(entry, key, name.encode(), name.encode())

    async def _waiting(self, platform: str, subject: Subject) -> AsyncIterator[Place]:
        async for field, blob in self._fields(keys.later_rows(platform)):
            if is_row_to(blob[1:], subject, field):
                yield Place(_named("later-rows"), keys.later_rows(platform), field, blob[1:])
                yield Place(_named("later"), keys.later(platform), field)
        async for field, _ in self._fields(keys.sending(platform)):
            if is_key_to(field, subject):
                yield Place(_named("sending"), keys.sending(platform), field)
        for priority in range(PRIORITIES):
            stream, after = keys.outbox(platform, priority), "-"
            while True:
                async with self._connection.reading() as redis:
                    rows: Any = await redis.xrange(stream, min=after, count=AT_ONCE)
                for entry, fields in rows:
                    if is_row_to(fields[b"row"], subject, b""):
                        yield Place(_named("outbox"), stream, entry, fields[b"row"])
                if len(rows) < AT_ONCE:
                    break
                after = f"({rows[-1][0].decode()}"

    async def _dead(self, subject: Subject) -> AsyncIterator[Place]:
        async for field, blob in self._fields(keys.DEAD):
            if is_key_to(field, subject) or is_dead_row_to(blob, subject):
                yield Place(_named("dead"), keys.DEAD, field, blob)
                yield Place(_named("dead-at"), keys.DEAD_AT, field)

    async def _news(self, quarry: Quarry) -> AsyncIterator[Place]:
        """The news of a person's plans: their names say nothing, but can be made again."""
        names = list(quarry.batches())
        for first in range(0, len(names), AT_ONCE):
            some = [keys.facts(name) for name in names[first : first + AT_ONCE]]
            async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
                for key in some:
                    together.exists(key)
                there = await together.execute()
            for key, is_there in zip(some, there, strict=True):
                if is_there:
                    yield Place(_named("facts"), key)

    async def _fields(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        cursor = 0
        while True:
            async with self._connection.reading() as redis:
                answer: Any = await redis.hscan(key, cursor, count=AT_ONCE)
            cursor, found = answer
            for field, value in found.items():
                yield field, value
            if cursor == 0:
                return


def group_of(place: Place) -> str | None:
    """The group of consumers that may hold an entry, None where there is none."""
    return GROUP if place.entry.name == "outbox" else None


def _named(name: str) -> Entry:
    return next(entry for entry in entries() if entry.name == name)
