"""The name of a process that no other has, and whether a process of such a name is dead for sure."""

import hashlib
import os
import secrets
import socket
from functools import cache
from pathlib import Path

_ENDED = {"Z", "X"}
"""What a process is that has ended and was not buried yet."""


def this_process() -> str:
    """A new name for this process: machine, number, what it sees of others, and a few letters of chance."""
    return f"{socket.gethostname()}:{os.getpid()}:{_surroundings() or '-'}:{secrets.token_hex(3)}"


def is_dead(name: str) -> bool:
    """Whether the process of that name has ended: only known of one that ran where this one runs, else False."""
    parts = name.rsplit(":", 3)
    if len(parts) != 4 or not parts[1].isdecimal() or parts[2] != _surroundings():
        return False
    try:
        state = Path(f"/proc/{parts[1]}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return _is_gone(int(parts[1]))
    except (OSError, IndexError):
        return False
    return state in _ENDED


def _is_gone(number: int) -> bool:
    """Whether the kernel knows no such process: /proc may be mounted so that it hides those of other users (hidepid)."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


@cache
def _surroundings() -> str | None:
    """A short name of the running kernel and of what processes are seen from here, None where it does not say (macOS)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        seen = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return None
    return hashlib.sha256(f"{boot}{seen}".encode()).hexdigest()[:8]
