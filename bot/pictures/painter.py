"""The one process that draws: started when a picture is first asked for, started again when it died, ended when nobody asks.

It is a program of its own (no fork of this one, whose threads and sockets a fork would take along), it gets none of the secrets
of our environment, and it is spoken to over pipes that the event loop waits for: nothing here keeps the loop.
"""

import asyncio
import os
import struct
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL

import msgspec
import structlog

from commands.protocol.picture import Picture

WORKER = "bot.pictures.worker"
HOME = Path(__file__).resolve().parent.parent.parent
MOST_WAITING = 16
"""A picture takes a fraction of a second: more than these would not be drawn in time."""
DEADLINE_S = 5.0
FIRST_WITHIN_S = 60.0
"""The first picture of a process, which may have to look through all the fonts of the machine; nobody waits so long for it."""
IDLE_S = 600.0
REST_S = 30.0
"""How long nothing is tried after a process that could not draw at all."""
KEPT_OF_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
LONGEST_ANSWER = 20_000_000
OURS_ALONE = 0o077
"""A folder that is made for the list of fonts may be the one in which the store keeps its files later."""

log = structlog.stdlib.get_logger(__name__)


class NotDrawn(Exception):
    """There is no picture; the message says why, in a few words for the log."""


class Painter:
    """Draws one picture after the other. `folder` is where the list of fonts is kept, so that it is made once."""

    def __init__(
        self,
        folder: Path,
        *,
        deadline_s: float = DEADLINE_S,
        first_within_s: float = FIRST_WITHIN_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self._folder = folder
        self._deadline_s, self._first_within_s, self._idle_s = deadline_s, first_within_s, idle_s
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._rests_until_s = 0.0
        self._has_drawn = False
        self._idle: asyncio.TimerHandle | None = None
        self._farewells: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The process that draws, None where none runs."""
        return None if self._process is None else self._process.pid

    @property
    def _is_warm(self) -> bool:
        """Whether the process that would draw now has drawn before; one that is started anew loads its library first."""
        return self._has_drawn and self._process is not None and self._process.returncode is None

    async def png(self, picture: Picture) -> bytes:
        """The picture as a PNG. Raises NotDrawn, within the deadline."""
        if self._waiting >= MOST_WAITING:
            raise NotDrawn("too many pictures wait")
        self._waiting += 1
        within_s = self._deadline_s if self._is_warm else self._first_within_s
        try:
            async with asyncio.timeout(within_s), self._turn:
                return await self._drawn(msgspec.msgpack.encode(picture))
        except TimeoutError:
            raise NotDrawn(f"not drawn within {within_s:g} s") from None
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process."""
        if self._idle is not None:
            self._idle.cancel()
        await self._end()
        await asyncio.gather(*self._farewells)

    async def _drawn(self, asked: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until_s:
            raise NotDrawn("the process that draws could not be started a moment ago")
        is_answered = False
        try:
            answer = await self._exchange(asked)
            is_answered = self._has_drawn = True
        except (OSError, EOFError) as broken:  # EOFError: the library's IncompleteReadError is one
            if not self._has_drawn:
                self._rests_until_s = loop.time() + REST_S
            raise NotDrawn(f"the process that draws ended ({type(broken).__name__})") from None
        finally:
            if (
                not is_answered
            ):  # cancelled, too: an answer that comes now would be taken for that of the next
                await self._end()
        self._await_idleness(loop)
        if answer[:1] != b"\x00":
            raise NotDrawn(answer[1:].decode(errors="replace"))
        return answer[1:]

    async def _exchange(self, asked: bytes) -> bytes:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        process.stdin.write(struct.pack(">I", len(asked)) + asked)
        await process.stdin.drain()
        (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
        if length > LONGEST_ANSWER:
            raise EOFError
        return await process.stdout.readexactly(length)

    async def _running(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._has_drawn = False
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", WORKER),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=HOME,
            env=self._environment(),
            umask=OURS_ALONE,
            start_new_session=True,  # Ctrl-C at our terminal is not meant for it
        )
        return self._process

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT_OF_ENVIRONMENT if name in os.environ}
        return {**kept, "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(self._folder), "OMP_NUM_THREADS": "1"}

    def _await_idleness(self, loop: asyncio.AbstractEventLoop) -> None:
        """End the process when nothing was drawn for a while: its memory is worth more than its start."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = loop.call_later(self._idle_s, self._retire)

    def _retire(self) -> None:
        if self._waiting == 0:
            farewell = asyncio.get_running_loop().create_task(self._end())
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
