"""Records of a backup put back into a running store: what is there stays, unless it is to be replaced; repeating is safe.

A chat or person that somebody changes at that very moment is looked at again. Whoever was forgotten after the backup was
made does not come back with it.
"""

from collections.abc import Sequence
from dataclasses import replace

from store.backup import Record
from store.chats import CHAT
from store.codec import encode, read
from store.connection import Connection
from store.restore.manner import Fate, Manner, Shelf
from store.restore.market import MarketBack
from store.restore.people import PeopleBack
from store.whom import without

__all__ = ["OF_PEOPLE", "Fate", "Manner", "Restoring", "named_in"]

OF_PEOPLE = frozenset({"person", "warned-by", "chat", "wave", "moved"})
"""The sorts that are about somebody, or name somebody."""


class Restoring:
    """Puts records back, some of one sort at a time. `put` raises StoreUnavailable; repeating a call is safe."""

    def __init__(self, connection: Connection, manner: Manner) -> None:
        shelf = Shelf(connection, manner)
        people, market = PeopleBack(shelf), MarketBack(shelf)
        self._manner = manner
        self._ways = {
            "secret": people.secrets,
            "tombstone": people.tombstones,
            "watched": market.watched,
            "applied": market.applied,
            "alert": market.alerts,
            "told": market.told,
            "announced": market.announced,
            "person": people.persons,
            "warned-by": people.warned_by,
            "chat": people.chats,
            "wave": people.waves,
            "moved": people.moved,
            "hours": market.hours,
            "history": market.pasts,
        }

    async def put(self, sort: str, records: Sequence[Record]) -> list[Fate]:
        """What became of each of these records, all of one sort."""
        if sort not in OF_PEOPLE or not self._manner.graves.marks:
            return await self._ways[sort](records)
        left = {place: told for place, record in enumerate(records) if (told := self._allowed(record))}
        done = dict(zip(left, await self._ways[sort](tuple(left.values())) if left else (), strict=True))
        return [done.get(place, Fate.FORGOTTEN) for place in range(len(records))]

    def _allowed(self, record: Record) -> Record | None:
        """The record without whoever was forgotten since, None where it is theirs."""
        is_forgotten = self._manner.is_forgotten
        if is_forgotten(record.id):
            return None
        if record.sort == "moved":
            return None if is_forgotten(record.blob.decode()) else record
        if record.sort == "warned-by":
            told = [one for one in record.blob.split(b" ") if not is_forgotten(one.decode())]
            return replace(record, blob=b" ".join(told)) if told else None
        if record.sort != "chat":
            return record
        chat = read(CHAT, record.blob)
        gone = {change.by for change in chat.changes if change.by and is_forgotten(change.by)}
        for person in gone:
            chat = without(chat, person)
        return replace(record, blob=encode(CHAT, chat)) if gone else record


def named_in(record: Record) -> set[str]:
    """Everybody whom a record of people names: whose it is, and in a chat who changed it."""
    changes = read(CHAT, record.blob).changes if record.sort == "chat" else ()
    return {record.id, *(change.by for change in changes if change.by)}
