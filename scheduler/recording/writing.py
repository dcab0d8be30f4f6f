"""Writing a recording: a file for each venue and hour, made of blocks that are complete one by one.

What comes is collected in memory and written every FLUSH_S seconds, or as soon as a venue has BLOCK_BYTES: each block is a
gzip member of its own, appended in one piece and synced to the disk. A program that is killed, or a machine without power,
therefore loses the block it was collecting and at most tears the last one; every block before it can be read, by `zcat` as well.
No file is opened twice: a second run within the hour writes a file of its own.
"""

import asyncio
import gzip
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from market.observations import HOUR_MS, Venue
from scheduler.exchange import Ask, Stream
from scheduler.recording.lines import answer_line, frame_line, opening_line

FLUSH_S = 5.0
BLOCK_BYTES = 1024 * 1024
MOST_WAITING_BYTES = 64 * 1024 * 1024
"""What a disk that is too slow may let wait in memory; beyond it payloads are left out, and counted."""

FREE_FLOOR_BYTES = 1_000_000_000
COMPRESSION = 6
SUFFIX = ".jsonl.gz"


class RecordingFailed(Exception):
    """Nothing more can be recorded; the message is a sentence that says what to do. What is written stays readable."""


@dataclass(slots=True)
class Tally:
    """What a recording has kept so far. `written_bytes` are on the disk, `left_out` payloads found no room in memory."""

    answers: int = 0
    frames: int = 0
    payload_bytes: int = 0
    written_bytes: int = 0
    left_out: int = 0


@dataclass(slots=True)
class _Venue:
    """One venue's lines of one hour that wait to be written, and the streams this hour's file has named."""

    hour: int
    lines: bytearray = field(default_factory=bytearray)
    streams: dict[int, tuple[int, Stream]] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)

    def number(self, stream: Stream) -> int:
        """Of a stream, by its identity: hashing hundreds of subscriptions would cost more than the frame."""
        return self.streams.setdefault(id(stream), (len(self.streams) + 1, stream))[0]


@dataclass(frozen=True, slots=True)
class _Block:
    venue: Venue
    hour: int
    lines: bytes


class Recording:
    """A directory that raw payloads are kept in. `answer` and `frame` are the hooks of fetching and listening.

    `floor_bytes` is the free space it leaves on the disk. Raises RecordingFailed where the directory cannot be made or
    written to, or has less room than that.
    """

    def __init__(self, directory: Path, *, floor_bytes: int = FREE_FLOOR_BYTES) -> None:
        self.directory = directory
        self._floor_bytes = floor_bytes
        self._tally = Tally()
        self._venues: dict[Venue, _Venue] = {}
        self._blocks: list[_Block] = []
        self._waiting_bytes = 0
        self._is_due = asyncio.Event()
        self._files: dict[Venue, tuple[int, int]] = {}
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._insist_on_room()
        except OSError as failure:
            raise _failed(directory, failure) from None
        if not os.access(directory, os.W_OK | os.X_OK):
            raise RecordingFailed(f"{directory} may not be written to. Name another directory.")

    @property
    def tally(self) -> Tally:
        """What has been kept so far, as a copy."""
        return replace(self._tally)

    @property
    def free_bytes(self) -> int:
        """How much room its disk has. Raises OSError."""
        return shutil.disk_usage(self.directory).free

    def answer(self, ask: Ask[Any], payload: bytes, at_ms: int) -> None:
        """Keep an answer: what a Fetcher's `keep` is told."""
        if self._keep(ask.venue, at_ms, answer_line(ask, payload, at_ms), payload):
            self._tally.answers += 1

    def frame(self, stream: Stream, payload: bytes, at_ms: int) -> None:
        """Keep a frame of a stream: what Wires' `keep` is told."""
        venue = self._venue(stream.venue, at_ms)
        number = venue.number(stream)
        line = frame_line(stream.venue, number, payload, at_ms)
        if number not in venue.named:
            line = opening_line(stream, number, at_ms) + line
        if self._keep(stream.venue, at_ms, line, payload):
            venue.named.add(number)
            self._tally.frames += 1

    async def run(self) -> NoReturn:
        """Write what has been kept, again and again, until cancelled. Raises RecordingFailed."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self._is_due.wait()
            await self.flush()

    async def flush(self) -> None:
        """Write everything kept so far. Raises RecordingFailed; what was not written is lost then."""
        self._is_due.clear()
        writing = asyncio.ensure_future(asyncio.to_thread(self._write, self._take()))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait({writing})  # a thread cannot be stopped: what follows must not write beside it
            raise
        except OSError as failure:
            raise _failed(self.directory, failure) from None

    async def close(self) -> None:
        """Write everything and close the files. Raises RecordingFailed."""
        try:
            await self.flush()
        finally:
            for _, descriptor in self._files.values():
                os.close(descriptor)
            self._files.clear()

    def _keep(self, name: Venue, at_ms: int, line: bytes, payload: bytes) -> bool:
        if self._waiting_bytes + len(line) > MOST_WAITING_BYTES:
            self._tally.left_out += 1
            return False
        venue = self._venue(name, at_ms)
        venue.lines += line
        self._waiting_bytes += len(line)
        self._tally.payload_bytes += len(payload)
        if len(venue.lines) >= BLOCK_BYTES:
            self._is_due.set()
        return True

    def _venue(self, name: Venue, at_ms: int) -> _Venue:
        """The venue in the hour of that moment; an hour that is over waits as a block."""
        hour = at_ms // HOUR_MS
        venue = self._venues.get(name)
        if venue is None or venue.hour != hour:
            if venue is not None:
                self._blocks.append(_Block(name, venue.hour, bytes(venue.lines)))
            venue = self._venues[name] = _Venue(hour)
        return venue

    def _take(self) -> list[_Block]:
        blocks, self._blocks = self._blocks, []
        for name, venue in self._venues.items():
            blocks.append(_Block(name, venue.hour, bytes(venue.lines)))
            venue.lines.clear()
        self._waiting_bytes = 0
        return [block for block in blocks if block.lines]

    def _write(self, blocks: list[_Block]) -> None:
        """Write blocks, in a thread. Raises OSError, RecordingFailed."""
        for block in blocks:
            self._insist_on_room()
            member = gzip.compress(block.lines, COMPRESSION, mtime=0)
            _write_all(self._file(block), member)
            self._tally.written_bytes += len(member)

    def _file(self, block: _Block) -> int:
        """The open file of that venue and hour; the one of another hour is closed for good."""
        hour, descriptor = self._files.get(block.venue, (None, -1))
        if hour == block.hour:
            return descriptor
        if hour is not None:
            os.close(self._files.pop(block.venue)[1])
        opened = _new_file(self.directory / block.venue.value, block.hour)
        self._files[block.venue] = block.hour, opened
        return opened

    def _insist_on_room(self) -> None:
        free_bytes = self.free_bytes
        if free_bytes < self._floor_bytes:
            raise RecordingFailed(
                f"The disk of {self.directory} has {free_bytes / 1e9:.1f} GB free, and recording leaves "
                f"{self._floor_bytes / 1e9:.1f} GB of it alone. Make room, or name a directory on another disk."
            )


def _new_file(folder: Path, hour: int) -> int:
    """A file that did not exist before: 2026-11-22T11.jsonl.gz, or with a number where an earlier run wrote that one."""
    folder.mkdir(exist_ok=True)
    name = datetime.fromtimestamp(hour * 3_600, UTC).strftime("%Y-%m-%dT%H")
    number = 1
    while True:
        path = folder / (f"{name}{SUFFIX}" if number == 1 else f"{name}-{number}{SUFFIX}")
        try:
            return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o644)
        except FileExistsError:
            number += 1


def _write_all(descriptor: int, member: bytes) -> None:
    left = memoryview(member)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def _failed(directory: Path, failure: OSError) -> RecordingFailed:
    why = failure.strerror or type(failure).__name__
    return RecordingFailed(f"{directory} cannot be written to: {why}. Name another directory or make room.")
