"""A process to look at: real parts on the real Valkey, asked over real HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.health.loop import LoopWatch
from bot.health.parts import Parts
from bot.health.server import HealthServer
from bot.health.vitals import Process
from bot.tally import Tally
from scheduler.clock import now_ms
from store.connection import Connection
from store.services import FeedStatus
from store.snapshots import StoredFeed


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Here:
    """One process, and how to ask it."""

    def __init__(self, valkey: Connection) -> None:
        self.valkey, self.parts, self.tally = valkey, Parts(), Tally()
        self.loop = LoopWatch(blocked_s=5.0, beat_s=0.05)
        self.process = Process(valkey, self.parts, self.loop, self.tally, ("telegram",), ("scheduler",))
        self.listen = f"127.0.0.1:{free_port()}"

    async def asked(self, path: str, **headers: str) -> tuple[int, str]:
        """The status and the words of an answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{self.listen}{path}", headers=headers) as answer,
        ):
            return answer.status, await answer.text()

    async def told(self, path: str) -> tuple[int, dict[str, Any]]:
        """The same, where the words are JSON."""
        status, text = await self.asked(path)
        return status, json.loads(text)

    async def evaluated(self, ago_ms: int = 0) -> None:
        """Let the market have been looked at."""
        await StoredFeed(self.valkey).save(FeedStatus("live", now_ms() - ago_ms, 60_000, 250))


@asynccontextmanager
async def serving(valkey: Connection) -> AsyncIterator[Here]:
    """A process that answers for the length of the block, its part `telegram` running."""
    here = Here(valkey)
    working = asyncio.create_task(asyncio.Event().wait())
    here.parts.add("telegram", working)  # type: ignore[arg-type]
    try:
        async with here.loop.watching(), HealthServer(here.listen, here.process).serving():
            yield here
    finally:
        working.cancel()
