"""Where the private Valkey lives: private folders, a short socket path, and locks that the kernel lets go of."""

import asyncio
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from store.server.failure import ValkeyFailed
from store.server.wire import ASK_EVERY_S, check_length

PRIVATE = 0o700


def run_folder() -> Path:
    """The folder of sockets, short and open to this user only; ValkeyFailed if somebody else made it."""
    folder = Path(tempfile.gettempdir(), f"seawall-{os.getuid()}")
    made = make_private(folder)
    if not stat.S_ISDIR(made.st_mode) or made.st_uid != os.getuid() or stat.S_IMODE(made.st_mode) & 0o077:
        raise ValkeyFailed(f"{folder} is not a folder of yours alone (mode 700): remove it and start again.")
    return folder


def make_private(folder: Path) -> os.stat_result:
    """Make `folder` with mode 700 where it is missing and give its state; ValkeyFailed where that is not allowed."""
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        return folder.lstat()
    except OSError as failure:
        raise ValkeyFailed(f"Seawall cannot make its folder {folder}: {failure.strerror}.") from failure


def socket_path(data: Path) -> Path:
    """The socket of the server on `data`: one short path a data folder, whatever its own path is."""
    short = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]
    return check_length(run_folder() / f"{short}.sock")


def try_lock(path: Path, kind: int = fcntl.LOCK_EX) -> int | None:
    """A descriptor that holds the lock `path`, None where another program holds it; closing lets go."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if try_descriptor(descriptor, kind):
        return descriptor
    os.close(descriptor)
    return None


def try_descriptor(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Take the lock of an open descriptor, or change its kind; False where another program is in the way."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether some program holds the lock `path` this instant."""
    descriptor = try_lock(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


@asynccontextmanager
async def locked(path: Path, within_s: float) -> AsyncIterator[None]:
    """Hold the lock `path` for the length of the block; ValkeyFailed if another program keeps it for `within_s`."""
    try:
        async with asyncio.timeout(within_s):
            while (descriptor := try_lock(path)) is None:
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError:
        raise ValkeyFailed(
            f"Another program has been starting on {path.parent} for {within_s:.0f} s."
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)
