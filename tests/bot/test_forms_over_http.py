"""Forms and sharing on Discord over real HTTP and a real websocket: what goes over the wire, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.platforms.discord import service
from tests import canary
from tests.bot.desks import desk_on
from tests.bot.discord.reading import told
from tests.doubles.discord import DiscordServer

EPHEMERAL = 64
UPDATED, PAGE = 7, 9
GROUP: dict[str, Any] = {"context": 2, "channel": {"id": "55", "type": 3, "recipients": []}}
"""A group of friends: a channel that others read."""


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library keeps its addresses for the whole process: give them back."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest_asyncio.fixture
async def server(addresses: None, tmp_path: Path) -> AsyncIterator[DiscordServer]:
    """A Discord that our service is logged in to."""
    async with DiscordServer(canary.DISCORD_TOKEN) as discord:
        serving = asyncio.create_task(service.run(desk_on(discord_url=discord.url, data_dir=tmp_path)))
        await discord.wait_for(lambda: bool(discord.identified))
        yield discord
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_page_is_opened_handed_in_and_answered(server: DiscordServer) -> None:
    await server.slash("size")
    await server.wait_for(lambda: bool(server.asked("POST", "/callback")))
    (opened,) = server.asked("POST", "/callback")
    assert opened["type"] == PAGE
    assert opened["data"]["custom_id"] == "seawall-form:/size"
    await server.hand_in(opened["data"], {"leverage": "5x", "equity": "10k"})
    await server.wait_for(lambda: bool(server.asked("POST", "webhooks/")))
    (answer,) = server.asked("POST", "webhooks/")
    assert "BTC 5x long" in told(SimpleNamespace(content="", **answer))
    assert server.asked("POST", "/callback")[1] == {"type": 5}  # alone with the bot nobody else reads


async def test_a_page_of_an_earlier_life_is_read_as_any_other(server: DiscordServer) -> None:
    await server.hand_in({"custom_id": "seawall-form:/size BTC equity=10k"}, {"leverage": "5"})
    await server.wait_for(lambda: bool(server.asked("POST", "webhooks/")))
    (answer,) = server.asked("POST", "webhooks/")
    assert "BTC 5x long" in told(SimpleNamespace(content="", **answer))


async def test_a_shared_answer_is_posted_for_all_and_its_button_taken_away(server: DiscordServer) -> None:
    message = {"content": "BTC 5x long", "flags": EPHEMERAL}
    await server.press(message, "seawall:!42", **GROUP)
    await server.wait_for(lambda: bool(server.asked("POST", "webhooks/")))
    (updated,) = server.asked("POST", "/callback")
    assert (updated["type"], updated["data"]["components"]) == (UPDATED, [])
    (shared,) = server.asked("POST", "webhooks/")
    assert shared["content"] == "Shared by <@42>:\nBTC 5x long"
    assert not shared["flags"] & EPHEMERAL
    assert shared["allowed_mentions"] == {"parse": []}


async def test_nobody_else_shares_it(server: DiscordServer) -> None:
    message = {"content": "BTC 5x long", "flags": EPHEMERAL}
    await server.press(message, "seawall:!43", **GROUP)
    await server.wait_for(lambda: bool(server.asked("POST", "/callback")))
    (refused,) = server.asked("POST", "/callback")
    assert refused["data"]["flags"] & EPHEMERAL
    assert "BTC" not in refused["data"]["content"]
    assert server.asked("POST", "webhooks/") == []
