"""What is kept of each person, by name: own limits and plans; and for each asset, who has plans in it.

A person is written under a version, so that the watch and a command never undo each other; the index of assets changes
in the same script. Nothing of it is ever logged.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from market.observations import Asset
from store import keys
from store.codec import Kind, Unreadable, decode, encode
from store.connection import Connection, StoreUnavailable
from store.persons import Person

MOST_TRIES = 20

PERSON = Kind("person", 1, Person, rebuildable=False)

_KEEP = """
if tonumber(redis.call('HGET', KEYS[1], 'version') or '0') ~= tonumber(ARGV[1]) then return -1 end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'person', ARGV[2])
for place = 2, #KEYS do
  redis.call(place - 2 < tonumber(ARGV[4]) and 'SREM' or 'SADD', KEYS[place], ARGV[3])
end
return 1
"""
"""KEYS: person, the assets without plans of theirs, those with. ARGV: version, person, name, how many are without."""

_FORGET = """
if tonumber(redis.call('HGET', KEYS[1], 'version') or '0') ~= tonumber(ARGV[1]) then return -1 end
local known = redis.call('DEL', KEYS[1])
for place = 2, #KEYS do redis.call('SREM', KEYS[place], ARGV[2]) end
return known
"""
"""KEYS: person, the assets of their plans. ARGV: version, name."""

_log = logging.getLogger(__name__)


class PersonChangedMeanwhile(StoreUnavailable):
    """Others changed the same person again and again; nothing was done."""

    def __init__(self) -> None:
        super().__init__("Your plans were changed at the same time: nothing was done. Try once more.")


@dataclass(frozen=True, slots=True)
class Kept:
    """A person as kept, and the version a change of it has to name."""

    version: int
    person: Person


class StoredPeople:
    """Implements `store.services.People`; every method raises StoreUnavailable where the server does not answer.

    Raises codec.Unreadable for a person written by a newer version: a plan is never treated as missing.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, name: str) -> Person | None:
        """The person, None where nothing is kept of them."""
        kept = await self._connection.memory.of(keys.person(name), "", partial(self.kept, name))
        return kept.person if kept.version else None

    async def kept(self, name: str) -> Kept:
        """The person with their version; an empty one of version 0 where nothing is kept."""
        async with self._connection.reading() as redis:
            version, blob = await redis.hmget(keys.person(name), ["version", "person"])
        return Kept(int(version or 0), decode(PERSON, blob) or Person(name))

    async def change(self, name: str, make: Callable[[Person], Person]) -> Person:
        """Keep what `make` makes of the person (of a new one where none is known), and give it.

        `make` may be called again where somebody else changed the person meanwhile; what it raises leaves all as it was.
        Raises PersonChangedMeanwhile.
        """
        for _ in range(MOST_TRIES):
            before = await self.kept(name)
            after = make(before.person)
            if after == before.person or await self.keep(before, after):
                return after
        raise PersonChangedMeanwhile

    async def keep(self, before: Kept, after: Person) -> bool:
        """Keep a person in place of what was read; False where somebody else changed it meanwhile. Safe to repeat."""
        held = _assets(after)
        gone = [asset for asset in _assets(before.person) if asset not in held]
        places = [keys.person(after.name), *map(keys.holders, (*gone, *held))]
        values: list[str | bytes | int] = [before.version, encode(PERSON, after), after.name, len(gone)]
        async with self._connection.writing((keys.person(after.name),)) as redis:
            return int(await redis.register_script(_KEEP)(places, values)) > 0

    async def forget(self, name: str) -> bool:
        """Erase all that is kept of a person; False where nothing was. Raises PersonChangedMeanwhile."""
        for _ in range(MOST_TRIES):
            before = await self.kept(name)
            places = [keys.person(name), *map(keys.holders, _assets(before.person))]
            async with self._connection.writing((keys.person(name),)) as redis:
                known = int(await redis.register_script(_FORGET)(places, [before.version, name]))
            if known >= 0:
                return known > 0
        raise PersonChangedMeanwhile

    async def holders(self, asset: Asset) -> tuple[tuple[str, ...], int | None]:
        """Who has plans in an asset, by name, and when they were last watched (UTC ms), None for never."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
            together.smembers(keys.holders(asset))
            together.hget(keys.PLANS_WATCHED, asset)
            names, watched_ms = await together.execute()
        found = tuple(sorted(name.decode() for name in names))
        return found, None if watched_ms is None else int(watched_ms)

    async def watched(self, asset: Asset, at_ms: int) -> None:
        """Keep that the plans of an asset were watched at that time."""
        async with self._connection.writing() as redis:
            await redis.hset(keys.PLANS_WATCHED, asset, str(at_ms))

    async def watched_ms(self, assets: Iterable[Asset]) -> dict[Asset, int]:
        """When the plans of each asset were last watched, UTC ms; those that never were are left out."""
        wanted = tuple(assets)
        if not wanted:
            return {}
        async with self._connection.reading() as redis:
            found: Any = await redis.hmget(keys.PLANS_WATCHED, list(wanted))
        return {asset: int(ms) for asset, ms in zip(wanted, found, strict=True) if ms is not None}

    async def kept_all(self, names: Sequence[str]) -> tuple[Kept, ...]:
        """The persons of these names that are known, in one round trip; one that cannot be read is left out and logged."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
            for name in names:
                together.hmget(keys.person(name), ["version", "person"])
            stored = await together.execute()
        kept = []
        for version, blob in stored:
            try:
                person = decode(PERSON, blob)
            except Unreadable as failure:
                _log.error("%s Their plans are not watched.", failure)
                continue
            if person is not None:
                kept.append(Kept(int(version or 0), person))
        return tuple(kept)


def _assets(person: Person) -> tuple[Asset, ...]:
    return tuple(dict.fromkeys(plan.asset for plan in person.plans))
