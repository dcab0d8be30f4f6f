"""What is measured of a process: memory, tasks, sockets, and everything that went wrong in it."""

import asyncio
import ctypes
import gc
import logging
import os
import resource
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def rss_mb() -> float:
    """Resident memory in megabytes, after the garbage is out and the allocator has given back what it kept free.

    A body of five megabytes is read six times at once while a venue answers without an end: what that leaves free in
    glibc's arena is no growth of ours, and comes and goes (tens of megabytes, seen without trimming).
    """
    for _ in range(3):
        gc.collect()
    with suppress(OSError, AttributeError):  # of glibc only
        ctypes.CDLL(None).malloc_trim(0)
    return rss_now_mb()


def rss_now_mb() -> float:
    """Resident memory in megabytes as it is."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * PAGE_BYTES / 1e6


def sockets() -> int:
    """Open sockets of this process."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            count += str(entry.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue  # the one through which we look
    return count


def cpu_s() -> tuple[float, float]:
    """Seconds of a processor that this process took, and those that its children did which have ended."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime)


def tasks() -> int:
    """Tasks of this loop that are not done."""
    return sum(not task.done() for task in asyncio.all_tasks())


@dataclass(slots=True)
class Errors:
    """Everything that was not handled: what the loop's handler was told, and each line at ERROR or above."""

    unhandled: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    warnings: int = 0

    def attach(self) -> "Errors":
        """Listen to the loop and to the root logger."""
        asyncio.get_running_loop().set_exception_handler(self._loop)
        root = logging.getLogger()
        root.addHandler(_Handler(self))
        root.setLevel(logging.WARNING)
        return self

    def _loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")


class _Handler(logging.Handler):
    def __init__(self, errors: Errors) -> None:
        super().__init__(logging.WARNING)
        self._errors = errors
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self._errors.logged.append(self.format(record))
        else:
            self._errors.warnings += 1
