"""The Valkey of one program: in a temporary folder, keeping nothing, gone when the program is gone.

The server is the child of a watchdog that reads a pipe held open by this program. However the program ends, also by
`kill -9`, the kernel closes the pipe, and the watchdog stops the server and removes the folder.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from store.server import watchdog
from store.server.binary import find_server
from store.server.failure import ValkeyFailed
from store.server.place import locked, run_folder, try_lock
from store.server.wire import ASK_EVERY_S, Answer, check_length, ping, shut_down

START_WITHIN_S = 20.0
STOP_WITHIN_S = 10.0
PREFIX = "once-"


@asynccontextmanager
async def ephemeral_valkey(within_s: float = START_WITHIN_S) -> AsyncIterator[Path]:
    """The socket of a fresh, empty Valkey for the length of the block; ValkeyFailed with a sentence if there is none."""
    base = run_folder()
    async with locked(base / "door", within_s):
        await _sweep(base)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        dog = _start(folder)
    try:
        await _until_ready(folder, dog, within_s)
        yield _socket(folder)
    finally:
        await _stop(dog)


def _socket(folder: Path) -> Path:
    return check_length(folder / "s")


def _start(folder: Path) -> subprocess.Popen[bytes]:
    """The watchdog with the server as its child; it holds the folder's lock for as long as it lives."""
    lock = try_lock(folder / "lock")
    if lock is None:
        raise ValkeyFailed(f"The new folder {folder} is in use by another program.")
    command = [
        sys.executable,
        "-I",
        "-S",
        watchdog.__file__,
        str(folder),
        str(find_server()),
        *_options(folder),
    ]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
        )
    except OSError as failure:
        raise ValkeyFailed(f"The Valkey server could not be started: {failure}.") from failure
    finally:
        os.close(lock)


def _options(folder: Path) -> list[str]:
    """No TCP port and nothing on disk."""
    options = {
        "port": "0",
        "unixsocket": str(_socket(folder)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


async def _until_ready(folder: Path, dog: subprocess.Popen[bytes], within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            while await ping(_socket(folder)) is not Answer.READY:
                if dog.poll() is not None:
                    raise ValkeyFailed(f"The Valkey server {find_server()} ended as soon as it was started.")
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError:
        raise ValkeyFailed(f"The Valkey server in {folder} did not answer within {within_s:.0f} s.") from None


async def _stop(dog: subprocess.Popen[bytes]) -> None:
    """Close the pipe and wait until server and folder are gone; a watchdog that hangs is told once more."""
    if dog.stdin is not None:
        dog.stdin.close()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            while dog.poll() is None:
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError:
        dog.kill()
        dog.wait()


async def _sweep(base: Path) -> None:
    """Clear what is left where even the watchdog was killed: its lock is free, its server may still run."""
    for folder in _left_over(base):
        lock = try_lock(folder / "lock")
        if lock is None:
            continue
        await shut_down(folder / "s", "SHUTDOWN NOSAVE")
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _left_over(base: Path) -> list[Path]:
    return list(base.glob(f"{PREFIX}*"))
