"""A backup as a file: whole and private, or not there at all; read twice, once to check it and once to use it."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.backup.lines import (
    LONGEST_LINE,
    Damaged,
    End,
    Header,
    end_line,
    header_line,
    insist_on,
    read_line,
    record_line,
)
from store.backup import BY_NAME, Record
from store.codec import Unreadable

PRIVATE = 0o600
UNFINISHED = ".unfinished"


@dataclass(slots=True)
class Contents:
    """What a whole file holds."""

    header: Header
    counts: Counter[str] = field(default_factory=Counter)


class Writing:
    """A backup being written beside `path`; it takes that name when all is on the disk, and never if the block fails.

    Only its owner may read it. Raises OSError, also where `path` is something else than a backup.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path, self._header = path, header
        self._beside = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
        self._sum = hashlib.sha256()
        self.counts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        """Records that cannot be read, by their sort."""

    def __enter__(self) -> Self:
        if self._path.exists() and not is_backup(self._path):
            raise FileExistsError(None, "something else has this name", str(self._path))
        self._beside.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(self._beside, flags, PRIVATE), "wb", buffering=1 << 18)
        self._write(header_line(self._header))
        return self

    def add(self, record: Record) -> None:
        """Write one record; one that could not be brought back is left out and counted: it must not spoil all others."""
        try:
            insist_on(record)
            line = record_line(record)
        except (Damaged, Unreadable, UnicodeDecodeError):
            self.left_out[record.sort] += 1
            return
        self._write(line)
        self.counts[record.sort] += 1

    def finish(self) -> None:
        """Say that these are all, and give the file its name once it is on the disk."""
        self._file.write(end_line(self.counts, self._sum.hexdigest()))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        finally:
            self._beside.unlink(missing_ok=True)

    def _write(self, line: bytes) -> None:
        self._sum.update(line)
        self._file.write(line)


def is_backup(path: Path) -> bool:
    """Whether a file begins as a backup does."""
    try:
        with path.open("rb") as file:
            return isinstance(read_line(file.readline(4_096)), Header)
    except (OSError, Damaged):
        return False


def lines(path: Path) -> Iterator[Header | Record | End]:
    """Every line in turn, with the sums checked. Raises Damaged, also where the end is missing, and OSError."""
    total, counts, ended = hashlib.sha256(), Counter[str](), False
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if ended:
                raise Damaged("something follows its end")
            told = _read(line, number)
            if isinstance(told, Header) != (number == 1):
                raise Damaged("it is no backup of Seawall" if number == 1 else "it begins twice")
            if isinstance(told, End):
                ended = True
                if told.sum != total.hexdigest() or dict(told.counts) != dict(counts):
                    raise Damaged("lines of it are missing, or were changed")
            elif isinstance(told, Record):
                counts[told.sort] += 1
            total.update(line)
            yield told
    if not ended:
        raise Damaged("its end is missing" if number else "it is empty")


def check(path: Path) -> Contents:
    """What a backup holds, where all of it can be believed and put back. Raises Damaged and OSError."""
    contents: Contents | None = None
    for told in lines(path):
        if isinstance(told, Header):
            contents = Contents(told)
        elif isinstance(told, Record) and contents is not None:
            contents.counts[told.sort] += 1
    if contents is None:
        raise Damaged("it is empty")
    return contents


def graves_of(path: Path) -> list[Record]:
    """Whom a backup knows as forgotten, and the secrets of these marks: they stand before all else. Raises Damaged, OSError."""
    told = (line for line in lines(path) if not isinstance(line, Header))
    return list(takewhile(_is_of_a_grave, told))  # type: ignore[arg-type]  # the end is none of them


def _is_of_a_grave(line: Record | End) -> bool:
    return isinstance(line, Record) and line.sort in {"secret", "tombstone"}


def _read(line: bytes, number: int) -> Header | Record | End:
    try:
        return read_line(line)
    except Damaged as wrong:
        raise type(wrong)(f"line {number}: {wrong}") from wrong


def in_order(counts: Counter[str]) -> dict[str, int]:
    """How many records there are of each sort, in the order of the file."""
    return {name: counts[name] for name in BY_NAME if counts[name]}
