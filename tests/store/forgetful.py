"""A program that forgets somebody and is killed before its nth write, run by tests as a process of its own.

`forgetful.py SOCKET AT_MS WRITES PERSON ADDRESS...`: SIGKILL, so that no handler and no finally runs.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.connection import Connection, connected
from store.forgetting import Forgetting
from store.whom import Subject

LEFT = [0]


@dataclass(frozen=True, slots=True, repr=False)
class Mortal(Connection):
    """A connection whose process dies before a write."""

    @asynccontextmanager
    async def writing(self, changed: Sequence[str] = (), *, within_s: float = 3.0) -> AsyncIterator[Any]:
        """Kill this process once it has written as often as it may."""
        LEFT[0] -= 1
        if LEFT[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        async with Connection.writing(self, changed, within_s=within_s) as redis:
            yield redis


async def main(socket: str, at_ms: str, writes: str, person: str, *addresses: str) -> None:
    """Forget them, as far as that comes."""
    LEFT[0] = int(writes)
    async with connected(Path(socket)) as own:
        mortal = Mortal(own.place, own._repeating, own._once, own._pulse, own.memory)
        await Forgetting(mortal, at_once=3).forget(Subject(person, addresses), int(at_ms))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
