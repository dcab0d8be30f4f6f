"""Parts by real processes: any number of them on one store, what only one may do is done by one, and another takes over."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from market.alerts import Edge, Kind, Severity
from store import keys
from store.bulletins import Bulletins
from store.chats import StoredChats, Subscription
from store.connection import Connection, connected
from store.lease import Tenure, leader
from store.server import private_valkey
from tests import canary
from tests.bot.programs import Room, room
from tests.doubles.telegram import BotApi
from tests.faults.soak import alert

TAKEOVER_WITHIN_S = 20.0
READY_WITHIN_S = 90.0


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


@asynccontextmanager
async def store_of(here: Room) -> AsyncIterator[Connection]:
    folder: Path = here.folder / "data"
    async with private_valkey(folder) as socket, connected(socket) as connection:
        yield connection


async def led_by(connection: Connection, name: str, *, not_by: Tenure | None = None) -> Tenure:
    """Who has the lease, as soon as that is another tenure than the one before."""
    async with asyncio.timeout(READY_WITHIN_S):
        while (found := await leader(connection, name)) is None or found == not_by:
            await asyncio.sleep(0.05)
    return found


def process_of(tenure: Tenure, started: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    return next(one for one in started if f":{one.pid}:" in tenure.holder)


async def test_two_chats_and_two_deliveries_answer_and_tell_once_and_the_poller_is_followed(
    here: Room,
) -> None:
    async with BotApi(canary.TELEGRAM_TOKEN) as api, store_of(here) as connection:
        here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
        here.settings["SEAWALL_TELEGRAM_URL"] = api.url
        bot = canary.TELEGRAM_TOKEN.partition(":")[0]
        wishes = (Subscription(None, Kind.CASCADE),)
        await StoredChats(connection).change("telegram:11", lambda chat: replace(chat, subscriptions=wishes))
        for part in ("telegram", "telegram", "delivery", "delivery"):
            here.start("run", "--only", part)
        polling = await led_by(connection, f"telegram:{bot}")
        matching = await led_by(connection, "matching")
        await Bulletins(connection).announce(alert("c7f2", "BTC", Severity.CRITICAL, Edge.FIRED))
        async with asyncio.timeout(READY_WITHIN_S):
            while not api.shown:
                await asyncio.sleep(0.05)
            while await waiting(connection):
                await asyncio.sleep(0.05)
        assert "c7f2" in api.shown[0].text
        await api.say("/status")
        await answered(api, 2)
        process_of(polling, here.started).kill()
        process_of(matching, here.started).kill()
        began_s = time.monotonic()
        await led_by(connection, f"telegram:{bot}", not_by=polling)
        await led_by(connection, "matching", not_by=matching)
        assert time.monotonic() - began_s < TAKEOVER_WITHIN_S
        await Bulletins(connection).announce(alert("c7f3", "BTC", Severity.CRITICAL, Edge.RESOLVED))
        await api.say("/status")
        await answered(api, 4)
        assert sum("c7f2" in shown.text for shown in api.shown) == 1, "told once, by whichever of four"


@pytest.mark.slow
async def test_a_poller_that_is_stopped_is_followed_within_20_s_and_answers_nothing_late(
    here: Room,
) -> None:
    async with BotApi(canary.TELEGRAM_TOKEN) as api, store_of(here) as connection:
        here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
        here.settings["SEAWALL_TELEGRAM_URL"] = api.url
        bot = canary.TELEGRAM_TOKEN.partition(":")[0]
        for _ in range(2):
            here.start("run", "--only", "telegram")
        polling = await led_by(connection, f"telegram:{bot}")
        stopped = process_of(polling, here.started)
        await api.say("/status")
        await answered(api, 1)
        await asyncio.sleep(5.0)  # the other one has to be there
        stopped.send_signal(signal.SIGSTOP)
        began_s = time.monotonic()
        after = await led_by(connection, f"telegram:{bot}", not_by=polling)
        took_s = time.monotonic() - began_s
        print(f"taken over after {took_s:.1f} s")
        assert took_s < TAKEOVER_WITHIN_S
        await api.say("/status")
        await answered(api, 2)
        stopped.send_signal(signal.SIGCONT)
        for count in (3, 4, 5):
            await api.say("/status")
            await answered(api, count)
        assert await leader(connection, f"telegram:{bot}") == after
        assert len(api.shown) == 5


async def waiting(connection: Connection) -> bool:
    """Whether anything is still to be delivered on Telegram."""
    async with connection.reading() as redis:
        lengths = [await redis.xlen(keys.outbox("telegram", priority)) for priority in range(3)]
        return bool(sum(lengths) + await redis.xlen(keys.BULLETINS) + await redis.exists(keys.BATCH))


async def answered(api: BotApi, count: int) -> None:
    async with asyncio.timeout(READY_WITHIN_S):
        while len(api.shown) < count:
            await asyncio.sleep(0.05)
