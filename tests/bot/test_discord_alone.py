"""Of all processes on a store one keeps Discord's gateway; those that stand by send, and one of them takes over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.alone import Alone
from bot.messenger import Messenger
from bot.platforms.discord import posting, service
from commands.protocol.reply import Reply, Text
from store.connection import Connection
from store.lease import Lease
from tests import canary
from tests.bot.desks import desk_on
from tests.doubles.discord import DiscordServer
from tests.doubles.discord_rest import BOT_ID
from tests.doubles.valkey import valkey, valkey_socket
from tests.doubles.waiting import until

__all__ = ["valkey", "valkey_socket"]

TTL_MS = 300


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library keeps its addresses for the whole process: give them back."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


async def say_hello(messenger: Messenger) -> None:
    await messenger.send("discord:42", Reply((Text("hello"),)), is_silent=False, nonce="n")
    await asyncio.Event().wait()


@asynccontextmanager
async def serving(
    server: DiscordServer, valkey: Connection, holder: str, folder: Path, *, says_hello: bool = False
) -> AsyncIterator[Alone]:
    alone = Alone(valkey, holder, TTL_MS)
    desk = replace(desk_on(discord_url=server.url, data_dir=folder), alone=alone)
    task = asyncio.create_task(service.run(replace(desk, deliver=say_hello) if says_hello else desk))
    try:
        yield alone
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_one_process_is_at_the_gateway_the_other_sends_and_takes_over(
    valkey: Connection, tmp_path: Path
) -> None:
    async with (
        DiscordServer(canary.DISCORD_TOKEN) as server,
        serving(server, valkey, "one", tmp_path) as one,
    ):
        await server.wait_for(lambda: len(server.identified) == 1)
        async with serving(server, valkey, "two", tmp_path, says_hello=True) as two:
            await server.wait_for(lambda: bool(server.asked("POST", "channels/42/messages")))
            assert (stands(one), stands(two)) == ("leader", "standby")
            assert len(server.identified) == 1, "who stands by is not at the gateway"
            async with valkey.writing() as redis:
                await redis.delete(Lease(valkey, f"discord:{BOT_ID}", "").key)
            taken = await Lease(valkey, f"discord:{BOT_ID}", "another").take()
            await until(lambda: stands(one) == "standby")
            await Lease(valkey, f"discord:{BOT_ID}", "another").give_up(taken)
            await server.wait_for(lambda: len(server.identified) == 2)
            await server.slash("regime")
            await server.wait_for(lambda: bool(server.asked("POST", "webhooks/")))
            assert sorted(map(stands, (one, two))) == ["leader", "standby"]


async def test_a_process_that_only_delivers_sends_without_a_gateway(tmp_path: Path) -> None:
    async with DiscordServer(canary.DISCORD_TOKEN) as server:
        desk = replace(desk_on(discord_url=server.url, data_dir=tmp_path), deliver=say_hello)
        task = asyncio.create_task(posting.run(desk))
        await server.wait_for(lambda: bool(server.asked("POST", "channels/42/messages")))
        assert not server.identified
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def stands(alone: Alone) -> str:
    led = alone.led("discord")
    return "" if led is None else led.standing.value
