"""Reading a recording: every line of every venue in the order of time, from files that may have been torn at their end."""

import heapq
import logging
import re
import zlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from scheduler.recording.lines import LONGEST_BLOCK_BYTES, Kept, read_line
from scheduler.recording.writing import SUFFIX

PIECE_BYTES = 256 * 1024
_GZIP_ONLY = zlib.MAX_WBITS | 16
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d)(?:-(\d{1,6}))?" + re.escape(SUFFIX))

_log = logging.getLogger(__name__)


class NotARecording(Exception):
    """A directory or a file in it is not what recording writes; the message is a sentence."""


def read_recording(directory: Path) -> Iterator[tuple[Path, Kept]]:
    """Every line with the file it stands in, in the order of the times they came, hour by hour.

    Only lines of complete blocks come; a block torn by a crash is passed over with a line in the log. Raises
    NotARecording for a directory without recorded files, and for a file that holds something else.
    """
    found = ((_hour(path), path) for path in directory.glob(f"*/*{SUFFIX}"))
    files = sorted((hour, path) for hour, path in found if hour is not None)
    if not files:
        raise NotARecording(f"{directory} holds no recording: no VENUE/HOUR{SUFFIX} in it.")
    for _, of_an_hour in groupby(files, key=lambda file: file[0][0]):
        yield from heapq.merge(*(_lines(path) for _, path in of_an_hour), key=lambda told: told[1].at_ms)


def _hour(path: Path) -> tuple[str, int] | None:
    """The hour in a file's name and the number of the run within it; None for another file."""
    found = _NAME.fullmatch(path.name)
    return (found[1], int(found[2] or 1)) if found else None


def _lines(path: Path) -> Iterator[tuple[Path, Kept]]:
    number = 0
    for block in _blocks(path):
        for line in block.split(b"\n"):
            number += 1
            if not line:
                continue
            try:
                yield path, read_line(line)
            except ValueError as wrong:
                raise NotARecording(f"{path}, line {number}, is not of a recording: {wrong}.") from None


def _blocks(path: Path) -> Iterator[bytes]:
    """What each complete block holds; what a crash has torn or left as zeros ends the file. Raises NotARecording."""
    with path.open("rb") as file:
        packed, count = file.read(PIECE_BYTES), 0
        while packed:
            try:
                block, packed = _block(packed, file)
            except (zlib.error, EOFError) as torn:
                if count == 0 and isinstance(torn, zlib.error):
                    raise NotARecording(f"{path} is not packed by gzip, or damaged.") from None
                _log.warning("%s ends in the middle of block %d, which is passed over", path, count + 1)
                return
            count += 1
            yield block


def _block(packed: bytes, file: BinaryIO) -> tuple[bytes, bytes]:
    """A whole block, and what was read beyond it. Raises zlib.error, and EOFError where the file ends before it."""
    unpacking, block = zlib.decompressobj(_GZIP_ONLY), bytearray()
    while True:
        block += unpacking.decompress(packed, LONGEST_BLOCK_BYTES + 1 - len(block))
        if len(block) > LONGEST_BLOCK_BYTES:
            raise zlib.error("longer than any block that is recorded")
        if unpacking.eof:
            return bytes(block), unpacking.unused_data or file.read(PIECE_BYTES)
        packed = unpacking.unconsumed_tail or file.read(PIECE_BYTES)
        if not packed:
            raise EOFError
