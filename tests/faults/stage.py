"""The stage of the fault suite: a Valkey that comes back, two strict platforms, chats, and a worker that may die."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from market.alerts import Alert
from market.alerts import Kind as AlertKind
from store import keys
from store.bulletins import Bulletins
from store.chats import StoredChats, Subscription
from store.codec import encode
from store.connection import Connection, StoreUnavailable, open_connection
from store.outbox import DeadRows, Outbox
from store.server import private_valkey
from tests.doubles.strict.running import Arrival, Strict, strict
from tests.faults.worker import ALERTS

HOME = Path(__file__).parents[2]
PLATFORMS = ("telegram", "discord")
WISHES = (Subscription(None, AlertKind.CASCADE),)
START_WITHIN_S = 60.0
AT_ONCE = 32


@dataclass(slots=True)
class Stage:
    """Everything but the worker."""

    folder: Path
    socket: Path
    connection: Connection
    telegram: Strict
    discord: Strict
    scale: float = 1.0
    hurry: bool = False

    async def subscribe(self, addresses: Iterable[str]) -> None:
        """Let these chats want every cascade; a store that is slow while everything starts is asked again."""
        chats, left = StoredChats(self.connection), iter(addresses)

        async def some() -> None:
            for address in left:
                await _until_kept(chats, address)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    async def announce(self, *alerts: Alert) -> None:
        """Announce until it is taken, whatever happens to the store."""
        for alert in alerts:
            while True:
                try:
                    await Bulletins(self.connection).announce(alert)
                    break
                except StoreUnavailable:
                    await asyncio.sleep(0.1)

    def decided(self, *alerts: Alert) -> Path:
        """A file of alerts that a worker is to announce itself."""
        path = self.folder / "alerts"
        path.write_bytes(encode(ALERTS, alerts))
        return path

    async def left(self) -> int | None:
        """How much has not been delivered yet; None while the store cannot say."""
        try:
            async with self.connection.reading() as redis:
                waiting = await redis.xlen(keys.BULLETINS) + await redis.exists(keys.BATCH)
            depths = [await Outbox(self.connection, platform).depth() for platform in PLATFORMS]
        except StoreUnavailable:
            return None
        return int(waiting) + sum(sum(depth.values()) for depth in depths)

    async def until_delivered(self, within_s: float) -> None:
        """Wait until nothing is left."""
        async with asyncio.timeout(within_s):
            while await self.left() != 0:
                await asyncio.sleep(0.1)

    async def parked(self) -> tuple[str, ...]:
        """Why rows were given up, of each."""
        return tuple(dead.why for dead in await DeadRows(self.connection).all())

    async def arrivals(self) -> list[Arrival]:
        """What arrived, on both platforms, in the order of time; chats by their address."""
        found = []
        for platform, place in (("telegram", self.telegram), ("discord", self.discord)):
            await place.stats()
            found += [replace(one, chat=f"{platform}:{one.chat}") for one in place.arrivals()]
        return sorted(found, key=lambda one: one.at_ms)

    def kill_server(self) -> None:
        """Kill -9 of the Valkey; it comes back within a second."""
        os.kill(int((self.folder / "data" / "valkey" / "pid").read_text()), signal.SIGKILL)

    async def worker(
        self, fault: str = "", alerts: Path | None = None, store: str | None = None
    ) -> asyncio.subprocess.Process:
        """A worker that has begun, or has died at its point already."""
        words = ["--socket", str(self.socket), "--scale", str(self.scale)]
        words += ["--telegram", self.telegram.url, "--discord", self.discord.url]
        words += ["--hurry"] if self.hurry else []
        words += ["--alerts", str(alerts)] if alerts is not None else []
        words += ["--store", store] if store is not None else []
        with (self.folder / "worker.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.faults.worker",
                *words,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=HOME,
                env={**os.environ, "SEAWALL_FAULT": fault},
            )
        assert process.stdout is not None
        async with asyncio.timeout(START_WITHIN_S):
            await process.stdout.readline()
        return process


@asynccontextmanager
async def staged(
    folder: Path, *, scale: float = 1.0, latency_ms: float = 50.0, hurry: bool = False, texts: bool = False
) -> AsyncIterator[Stage]:
    """A stage in `folder` for the length of the block."""
    place = partial(strict, scale=scale, latency_ms=latency_ms, texts=texts)
    async with (
        private_valkey(folder / "data") as socket,
        place("telegram", folder / "telegram.ledger") as telegram,
        place("discord", folder / "discord.ledger") as discord,
    ):
        connection = open_connection(socket)
        try:
            yield Stage(folder, socket, connection, telegram, discord, scale, hurry)
        finally:
            await connection.close()


def copies(arrivals: Iterable[Arrival]) -> Mapping[tuple[str, str], list[Arrival]]:
    """The messages of each chat and warning, in the order of time."""
    found: dict[tuple[str, str], list[Arrival]] = {}
    for one in arrivals:
        if one.kind == "send":
            found.setdefault((one.chat, one.name), []).append(one)
    return found


async def _until_kept(chats: StoredChats, address: str) -> None:
    while True:
        try:
            await chats.change(address, lambda chat: replace(chat, subscriptions=WISHES))
            break
        except StoreUnavailable:
            await asyncio.sleep(0.1)
