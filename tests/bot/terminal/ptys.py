"""A pseudo-terminal: what a person types at it and sees on it."""

import asyncio
import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tests.doubles.waiting import PATIENCE_S

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x08")


class Terminal:
    """Both ends: `outside` is the person's, `stdin` and `stdout` the program's. `raw` is all that was written."""

    def __init__(self, outside: int, stdin: TextIO, stdout: TextIO) -> None:
        self.outside, self.stdin, self.stdout = outside, stdin, stdout
        self.raw = b""

    @property
    def shown(self) -> str:
        """Everything that was written, without what moves the cursor or colours."""
        return CODES.sub("", self.raw.decode(errors="replace"))

    def types(self, keys: str) -> None:
        """Press keys."""
        os.write(self.outside, keys.encode())

    async def sees(self, text: str) -> None:
        """Wait until something is there, wherever its lines were wrapped."""
        async with asyncio.timeout(PATIENCE_S):
            while " ".join(text.split()) not in " ".join(self.shown.split()):
                await self._written()
                self.raw += os.read(self.outside, 65_536)

    async def _written(self) -> None:
        """Wait until there is something to read, without turning the loop that the program needs."""
        is_there, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self.outside, is_there.set)
        try:
            await is_there.wait()
        finally:
            loop.remove_reader(self.outside)


@contextmanager
def pseudo_terminal(columns: int = 80) -> Iterator[Terminal]:
    """A terminal of so many columns, which the program must leave as it found it."""
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.set_blocking(outside, False)
    with os.fdopen(inside, "r") as stdin, os.fdopen(os.dup(inside), "w") as stdout:
        before = termios.tcgetattr(stdin)
        yield Terminal(outside, stdin, stdout)
        assert termios.tcgetattr(stdin) == before
    os.close(outside)
