"""`seawall backup` and `seawall restore`: what is kept, what comes back, and what does not, in words."""

import asyncio
import importlib.metadata
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import TextIO

from bot.answers import time_text
from bot.backup.file import Contents, Writing, check, graves_of, in_order, lines
from bot.backup.lines import Damaged, Header
from bot.evaluating import SCHEDULER
from bot.leading import Leading, Led
from bot.live import configure_log, open_store
from bot.processes import this_process
from bot.running import ANSWERED, Refusal
from bot.settings import Settings
from scheduler.clock import now_ms
from store.backup import BY_NAME, Record, records
from store.connection import Connection
from store.forgetting import Forgetting
from store.lease import Lease, Tenure, leader
from store.restore import OF_PEOPLE, Fate, Manner, Restoring, named_in
from store.tombstones import Graves, read_graves
from store.whom import Subject

AT_ONCE = 200
EMPTY = (
    "The store holds nothing to keep; {path} was not written. Is this the service's store? SEAWALL_DATA_DIR, or "
    "SEAWALL_REDIS_URL, must be as the service has it, and the user the same."
)
ERASED_WITHIN_S = 600.0
_log = logging.getLogger(__name__)
GRAVES = frozenset({"secret", "tombstone"})
LARGE = frozenset(name for name, sort in BY_NAME.items() if sort.on_wish)
"""What a scheduler writes: put back only while none does."""

Fates = dict[str, Counter[Fate]]
"""What became of the records, by their sort."""

NAMES = {
    "secret": "secrets of these marks",
    "tombstone": "marks of who was forgotten",
    "watched": "lists of watched assets",
    "applied": "settings behind that list",
    "alert": "warnings of late",
    "told": "warnings of a year",
    "announced": "announcements",
    "person": "people with plans or limits",
    "warned-by": "people who had chats warned",
    "chat": "chats",
    "wave": "live messages",
    "moved": "chats that moved",
    "hours": "assets' closed hours",
    "history": "assets' memory",
}
"""What the records of each sort are called."""
FATES = {
    Fate.WRITTEN: "written",
    Fate.SAME: "the same already",
    Fate.LEFT: "left as the store has them",
    Fate.FORGOTTEN: "left out: forgotten since",
    Fate.OVER: "left out: their time is over",
}


async def backup(settings: Settings, path: Path, stdout: TextIO, *, with_history: bool = True) -> int:
    """Write what cannot be had again into one file, while the service runs or without it. Gives an exit code.

    Raises Refusal where it cannot be written or the store is empty (most often another than the service's: an older
    backup of that name then stays), StoreUnavailable and ValkeyFailed.
    """
    configure_log(settings)
    async with open_store(settings) as connection:
        try:
            counts = await write_backup(
                connection, path, now_ms(), with_history=with_history, may_be_empty=False
            )
        except OSError as failure:
            raise Refusal(f"{path} cannot be written: {failure.strerror or failure}.") from failure
    stdout.writelines(f"{NAMES[name]}: {count:,}\n" for name, count in in_order(counts).items())
    stdout.write(f"Kept in {path}, for your eyes only.\n")
    return ANSWERED


async def write_backup(
    connection: Connection, path: Path, made_ms: int, *, with_history: bool, may_be_empty: bool = True
) -> Counter[str]:
    """Write a backup of the store; how many records of each sort.

    Raises OSError, StoreUnavailable, and Refusal where the store is empty and may not be.
    """
    header = Header(made_ms, importlib.metadata.version("seawall"), with_history=with_history)
    with Writing(path, header) as writing:
        async for record in records(connection, with_history=with_history):
            writing.add(record)
        if not (writing.counts or writing.left_out or may_be_empty):
            raise Refusal(EMPTY.format(path=path))
        await asyncio.to_thread(writing.finish)
    if writing.left_out:
        names = ", ".join(f"{NAMES[name]}: {count}" for name, count in writing.left_out.items())
        _log.error("Some of the store cannot be read and is not in the backup: %s.", names)
    return writing.counts


async def restore(
    settings: Settings, path: Path, stdout: TextIO, *, replaces: bool = False, is_trial: bool = False
) -> int:
    """Put a backup back into the store, which may be in use. Gives an exit code.

    Raises Refusal for a file that is damaged, newer, or not there: nothing is changed then.
    """
    configure_log(settings)
    contents = _checked(path)
    told = f"Made {time_text(contents.header.made_ms)} by version {contents.header.version}; it is whole."
    stdout.write(told + "\n")
    async with open_store(settings) as connection:
        back = partial(put_back, path, contents.header, replaces=replaces, is_trial=is_trial)
        fates = await back(connection, frozenset(BY_NAME) - LARGE)
        evaluating = None
        if any(contents.counts[name] for name in LARGE):
            evaluating = await _put_large(connection, back, fates, is_trial=is_trial)
    for name in BY_NAME:
        if fates[name]:
            said = ", ".join(f"{count:,} {FATES[fate]}" for fate, count in fates[name].items())
            stdout.write(f"{NAMES[name]}: {said}\n")
    if evaluating is not None:
        stdout.write(
            f"The service evaluates on this store ({evaluating.holder}), so hours and memory of assets were left out: "
            "stop it and restore once more for these.\n"
        )
    if is_trial:
        stdout.write("This was a trial: nothing was written.\n")
    return ANSWERED


async def _put_large(
    connection: Connection,
    back: Callable[[Connection, frozenset[str]], Awaitable[Fates]],
    fates: Fates,
    *,
    is_trial: bool,
) -> Tenure | None:
    """Put back what a scheduler writes, while none does; who it is that does, where one does."""
    lease = Lease(connection, SCHEDULER, this_process())
    if is_trial and (leading := await leader(connection, SCHEDULER)) is not None:
        return leading

    async def work(tenure: Tenure | None) -> None:
        fenced = connection if tenure is None else connection.fenced(lease.key, tenure.value)
        done = await back(fenced, LARGE)
        fates.update({name: done[name] for name in LARGE})

    try:
        await (work(None) if is_trial else Leading(lease).once(work))
    except Led as led:
        return led.tenure
    return None


async def put_back(
    path: Path,
    header: Header,
    connection: Connection,
    sorts: frozenset[str] = frozenset(BY_NAME),
    *,
    replaces: bool = False,
    is_trial: bool = False,
) -> Fates:
    """Put the records of these sorts back; what became of them. Raises Damaged, OSError, StoreUnavailable."""
    manner = Manner(now_ms(), replaces=replaces, is_trial=is_trial, made_ms=header.made_ms)
    fates: Fates = {name: Counter() for name in BY_NAME}
    buried = graves_of(path) + [one for other in _beside(path) for one in _graves_of(other)]
    for sort in sorts & GRAVES:
        some = list(dict.fromkeys(record for record in buried if record.sort == sort))
        fates[sort].update(await Restoring(connection, manner).put(sort, some) if some else ())
    graves = await _graves(connection, buried)
    restoring = Restoring(connection, replace(manner, graves=graves))
    for sort, some in _by_sort(path):
        if sort in sorts:
            fates[sort].update(await restoring.put(sort, some))
    if not is_trial and sorts & OF_PEOPLE:
        await _erase_again(connection, path, graves, header.made_ms)
    return fates


async def _erase_again(connection: Connection, path: Path, before: Graves, made_ms: int) -> None:
    """Erase whom somebody erased while this went on: what was put back after their erasure had passed is theirs still."""
    after = await read_graves(connection)
    if dict(after.marks).items() <= dict(before.marks).items():
        return
    named = {
        name for sort, some in _by_sort(path) if sort in OF_PEOPLE for one in some for name in named_in(one)
    }
    forgetting = Forgetting(connection)
    for name in sorted(named):
        if after.covers(name, made_ms) and not before.covers(name, made_ms):
            await forgetting.forget(Subject(name, (name,)), now_ms(), ERASED_WITHIN_S)


def _by_sort(path: Path) -> Iterator[tuple[str, list[Record]]]:
    """The records but those of the forgotten, some of one sort at a time; large ones one by one."""
    told = (line for line in lines(path) if isinstance(line, Record) and line.sort not in GRAVES)
    for sort, group in groupby(told, key=lambda record: record.sort):
        most = 1 if BY_NAME[sort].on_wish else AT_ONCE
        while some := list(islice(group, most)):
            yield sort, some


def _beside(path: Path) -> list[Path]:
    """The nightly backups in the same folder: an old one must not bring back whom only a newer one knows as forgotten."""
    return [other for other in path.parent.glob("seawall-*.jsonl") if not other.samefile(path)]


def _graves_of(path: Path) -> list[Record]:
    try:
        return graves_of(path)
    except (Damaged, OSError):
        return []


async def _graves(connection: Connection, buried: list[Record]) -> Graves:
    """Everybody the store knows as forgotten, and those of these records: on a trial they are not in the store."""
    known = await read_graves(connection)
    marks = dict(known.marks)
    for record in buried:
        if record.sort == "tombstone":
            mark = bytes.fromhex(record.id)
            marks[mark] = max(marks.get(mark, 0), record.number)
    told = [bytes.fromhex(record.id) for record in buried if record.sort == "secret"]
    return Graves(tuple(dict.fromkeys((*known.secrets, *told))), marks)


def _checked(path: Path) -> Contents:
    try:
        return check(path)
    except Damaged as wrong:
        raise Refusal(f"{path} cannot be restored: {wrong}. Nothing was changed.") from wrong
    except OSError as failure:
        raise Refusal(f"{path} cannot be read: {failure.strerror or failure}.") from failure
