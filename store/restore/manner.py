"""How records are put back, and what becomes of one beside what is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from store.backup import Record
from store.connection import Connection
from store.tombstones import Graves

NOBODY = Graves((), {})


class Fate(StrEnum):
    """What became of a record."""

    WRITTEN = "written"
    SAME = "same"
    LEFT = "left"
    """The store has another one, which stays."""
    FORGOTTEN = "forgotten"
    OVER = "over"
    """Its time is over, or what it belongs to is not there."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How records are put back: in place of what is there, or not at all but in words; `now_ms` is the present.

    `graves` are whom the store and the backups beside this one know as forgotten; of those nothing comes back that was kept
    at `made_ms`, when the backup was made, or before.
    """

    now_ms: int
    replaces: bool = False
    is_trial: bool = False
    made_ms: int = 0
    graves: Graves = NOBODY

    def is_forgotten(self, name: str) -> bool:
        """Whether somebody of this name was forgotten since the backup was made."""
        return self.graves.covers(name, self.made_ms)


class Shelf:
    """What puts records of some sorts back: where to, and in which manner."""

    def __init__(self, connection: Connection, manner: Manner) -> None:
        self.connection, self.manner = connection, manner

    def fate(self, there: bytes | None, record: Record) -> Fate:
        """What is to become of a record beside what is there."""
        if there is None:
            return Fate.WRITTEN
        if there == record.blob:
            return Fate.SAME
        return Fate.WRITTEN if self.manner.replaces else Fate.LEFT

    async def set(self, values: Mapping[str, bytes]) -> None:
        """Set keys to these values, except on a trial."""
        if values and not self.manner.is_trial:
            async with self.connection.writing(tuple(values)) as redis:
                await redis.mset(dict(values))

    async def run(self, script: str, places: Sequence[str], calls: Sequence[Sequence[Any]]) -> None:
        """Run a script on the same keys once for each of these values, except on a trial."""
        if not calls or self.manner.is_trial:
            return
        async with (
            self.connection.writing(tuple(places)) as redis,
            redis.pipeline(transaction=False) as together,
        ):
            for values in calls:
                together.eval(script, len(places), *places, *values)
            await together.execute()


def chosen(records: Sequence[Record], fates: Sequence[Fate]) -> list[Record]:
    """The records that are to be written."""
    return [record for record, fate in zip(records, fates, strict=True) if fate is Fate.WRITTEN]
