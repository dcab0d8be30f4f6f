"""Starting, killing and ending `program.py` as a real process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from store.server.wire import Answer, ping

HOME = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass(slots=True)
class Program:
    """A running program, with what it said of its server."""

    process: asyncio.subprocess.Process
    socket: Path
    server_pid: int
    took_ms: int

    async def kill(self) -> None:
        """End it as the kernel does when memory is short: no handler, no finally."""
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        """Let it end in order and give its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


@asynccontextmanager
async def running(*arguments: object) -> AsyncIterator[Program]:
    """The program, once its server answers; ended in order if it still runs, so that its server goes with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("program.py")),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=HOME,
        env={**os.environ, "PYTHONPATH": str(HOME)},
    )
    try:
        yield await _listen(process)
    finally:
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()


async def _listen(process: asyncio.subprocess.Process) -> Program:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        words = (await process.stdout.readline()).split()
    assert len(words) == 3, "the program ended before its server answered"
    return Program(process, Path(words[0].decode()), int(words[1]), int(words[2]))


async def answers(socket: Path) -> bool:
    """Whether a server answers on `socket`."""
    return await ping(socket) is Answer.READY


async def is_gone(socket: Path) -> bool:
    """Whether nobody listens on `socket` any more."""
    return await ping(socket) is Answer.ABSENT


def kill_server(pid: int) -> None:
    """End a server as the kernel does."""
    os.kill(pid, signal.SIGKILL)
