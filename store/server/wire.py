"""A word with the server over its socket, without a client library: enough to know whether it is there."""

import asyncio
from enum import Enum
from pathlib import Path

from store.server.failure import ValkeyFailed

ANSWER_WITHIN_S = 1.0
ASK_EVERY_S = 0.005


class Answer(Enum):
    """How a server answers PING."""

    READY = "ready"
    LOADING = "loading"
    ABSENT = "absent"
    SILENT = "silent"


async def ping(socket: Path) -> Answer:
    """How the server on `socket` answers; SILENT if it takes longer than a second or answers something else."""
    try:
        line = await say(socket, "PING")
    except TimeoutError:
        return Answer.SILENT
    except OSError:
        return Answer.ABSENT
    if line.startswith(b"+PONG"):
        return Answer.READY
    return Answer.LOADING if line.startswith(b"-LOADING") else Answer.SILENT


async def say(socket: Path, command: str) -> bytes:
    """Send one command, give the first line of the answer; OSError if nobody is there, TimeoutError after a second."""
    async with asyncio.timeout(ANSWER_WITHIN_S):
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            writer.write(f"{command}\r\n".encode())
            await writer.drain()
            return await reader.readline()
        finally:
            writer.close()


async def shut_down(socket: Path, command: str = "SHUTDOWN") -> None:
    """Ask the server to write what it holds and go; no server there is as good."""
    try:
        await say(socket, command)
    except OSError:
        return


def check_length(socket: Path) -> Path:
    """The same path, refused with ValkeyFailed where the system's limit for socket paths (104 bytes) is passed."""
    if len(str(socket).encode()) >= LONGEST_SOCKET_PATH:
        raise ValkeyFailed(
            f"The path {socket} is too long for a socket: set TMPDIR to a shorter folder, such as /tmp."
        )
    return socket


LONGEST_SOCKET_PATH = 104
"""macOS: `sun_path` holds 104 bytes with its closing zero (Linux: 108)."""
