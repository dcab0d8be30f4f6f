"""The Valkey that keeps what it is told: one a data folder, shared by its programs, stopped by the last one out.

Three locks in the data folder, all let go of by the kernel when their holder dies:
`door` is held while a program comes or goes, `members` is shared by the programs that are in, and `server` is held by
the server process itself, so that two servers never write one append-only file.
"""

import asyncio
import fcntl
import logging
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from store.server.binary import find_server
from store.server.failure import ValkeyFailed
from store.server.place import is_held, locked, make_private, socket_path, try_descriptor, try_lock
from store.server.wire import ASK_EVERY_S, Answer, ping, shut_down

START_WITHIN_S = 20.0
STOP_WITHIN_S = 10.0
LOOK_EVERY_S = 0.5
LAST_LOG_BYTES = 2_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Home:
    """The files of one data folder."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def socket(self) -> Path:
        """Where the server listens: as its starter wrote down, since TMPDIR may differ between programs."""
        written = self.path("address")
        return Path(written.read_text()) if written.exists() else socket_path(self.folder)


@asynccontextmanager
async def private_valkey(data_folder: Path, within_s: float = START_WITHIN_S) -> AsyncIterator[Path]:
    """The socket of the private Valkey on `data_folder`, for the length of the block.

    Attaches to the server that runs there, else starts one that outlives this program's death; where the server dies
    it is started again on the same socket. On the way out the last program stops it. Raises ValkeyFailed with a
    sentence for the operator.
    """
    home = _home(data_folder)
    async with locked(home.path("door"), within_s):
        socket = await _attach_or_start(home, within_s)
        member = try_lock(home.path("members"), fcntl.LOCK_SH)
    if member is None:
        raise ValkeyFailed(f"Another program is stopping the Valkey on {data_folder}; start again.")
    watch = asyncio.create_task(_keep_up(home, socket))
    try:
        yield socket
    finally:
        watch.cancel()
        await asyncio.wait([watch])
        await _leave(home, member)


def running_socket(data_folder: Path) -> Path | None:
    """The socket of the server on `data_folder` without starting one, None where none was started (healthcheck)."""
    home = _Home(data_folder / "valkey")
    return home.socket if home.path("address").exists() else None


def _home(data_folder: Path) -> _Home:
    home = _Home(data_folder / "valkey")
    make_private(home.folder)
    if not os.access(home.folder, os.W_OK | os.X_OK):
        raise ValkeyFailed(f"Seawall may not write to {home.folder}.")
    return home


async def _attach_or_start(home: _Home, within_s: float, known: Path | None = None) -> Path:
    """The socket of a server that is ready; a new one listens on `known` where its programs know that already."""
    socket = known or home.socket
    if await ping(socket) is Answer.READY:
        return socket
    lock = await _server_lock(home, within_s)
    if lock is not None:
        socket = known or socket_path(home.folder)
        await asyncio.to_thread(_launch, home, socket, lock)
    await _until_ready(home, socket, within_s)
    return socket


async def _server_lock(home: _Home, within_s: float) -> int | None:
    """The server's lock, to be handed to a new server; None as soon as a server that holds it answers."""
    try:
        async with asyncio.timeout(within_s):
            while (lock := try_lock(home.path("server"))) is None:
                if await ping(home.socket) in {Answer.READY, Answer.LOADING}:
                    return None
                await asyncio.sleep(ASK_EVERY_S)
            return lock
    except TimeoutError:
        raise ValkeyFailed(
            f"A Valkey server {_pid(home)}holds {home.folder} and does not answer on {home.socket}: "
            "stop that process and start again."
        ) from None


def _pid(home: _Home) -> str:
    """The server's process id as its own pid file says it, empty where there is none."""
    try:
        return f"(process {int(home.path('pid').read_text())}) "
    except (OSError, ValueError):
        return ""


def _launch(home: _Home, socket: Path, lock: int) -> None:
    """Start a server that detaches itself; it inherits `lock` and holds it for as long as it lives."""
    try:
        socket.unlink(missing_ok=True)
        home.path("address").write_text(str(socket))
        started = subprocess.run(
            [str(find_server()), *_options(home, socket)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=(lock,),
            start_new_session=True,
            umask=0o077,
            timeout=START_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise ValkeyFailed(f"The Valkey server could not be started: {failure}.") from failure
    finally:
        os.close(lock)
    if started.returncode:
        said = (started.stdout + started.stderr)[-LAST_LOG_BYTES:].decode(errors="replace").strip()
        raise ValkeyFailed(f"The Valkey server refused to start: {said or _last_words(home)}")


def _options(home: _Home, socket: Path) -> list[str]:
    """Its own session, no TCP port, and every write on disk before it is acknowledged (decision 0005)."""
    options = {
        "daemonize": "yes",
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(home.folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(home.path("log")),
        "pidfile": str(home.path("pid")),
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


async def _until_ready(home: _Home, socket: Path, within_s: float) -> None:
    """Wait for PONG; the deadline starts anew while the server says that it loads its file, and its death is noticed."""
    try:
        async with asyncio.timeout(within_s) as limit:
            while (answer := await ping(socket)) is not Answer.READY:
                if answer is Answer.LOADING:
                    limit.reschedule(asyncio.get_running_loop().time() + within_s)
                elif not is_held(home.path("server")):
                    raise ValkeyFailed(
                        f"The Valkey server on {home.folder} ended at once.{_last_words(home)}"
                    )
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError:
        raise ValkeyFailed(
            f"The Valkey server on {home.folder} is not ready in time.{_last_words(home)}"
        ) from None


def _last_words(home: _Home) -> str:
    """The last line of the server's log, as the end of a sentence."""
    try:
        lines = home.path("log").read_text(errors="replace")[-LAST_LOG_BYTES:].strip().splitlines()
    except OSError:
        return ""
    return f" Its log ends: {lines[-1]}" if lines else ""


async def _keep_up(home: _Home, socket: Path) -> None:
    """Start the server again where it died under its programs; said once when that fails and once when it runs."""
    is_failing = False
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            if is_held(home.path("server")):
                continue
            async with locked(home.path("door"), START_WITHIN_S):
                await _attach_or_start(home, START_WITHIN_S, socket)
        except (OSError, ValkeyFailed) as failure:
            if not is_failing:
                _log.error(
                    "The private Valkey on %s died and cannot be started again. %s", home.folder, failure
                )
            is_failing = True
        else:
            _log.warning("The private Valkey on %s had died and runs again.", home.folder)
            is_failing = False


async def _leave(home: _Home, member: int) -> None:
    """Go; stop the server where nobody else is in. A server that will not stop stays for the next program."""
    try:
        async with locked(home.path("door"), STOP_WITHIN_S):
            if try_descriptor(member):
                await _stop(home)
    except (TimeoutError, ValkeyFailed) as failure:
        _log.warning(
            "The private Valkey on %s was left running: %s", home.folder, str(failure) or "it does not stop"
        )
    finally:
        os.close(member)


async def _stop(home: _Home) -> None:
    async with asyncio.timeout(STOP_WITHIN_S):
        await shut_down(home.socket)
        while is_held(home.path("server")):
            await asyncio.sleep(ASK_EVERY_S)
    home.path("address").unlink(missing_ok=True)
