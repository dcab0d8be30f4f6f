"""What the gateway tells of servers that come and go, as the service takes it: a real websocket, the real library."""

from pathlib import Path
from typing import Any

import pytest

from bot.chat_platform import Desk
from market.alerts import Kind
from store.services import Chats
from store.wishes import LEFT, Chat, Subscription
from tests.bot.desks import desk_on
from tests.bot.discord.serving import gateway, keep_addresses, serving
from tests.doubles.waiting import until

OURS = Chat("discord:11", (Subscription(None, Kind.CASCADE),), server="7")
SERVER: dict[str, Any] = {
    "id": "7",
    "name": "desk",
    "owner_id": "42",
    "roles": [],
    "emojis": [],
    "features": [],
    "members": [],
    "channels": [{"id": "11", "type": 0, "name": "alarms", "position": 0, "permission_overwrites": []}],
    "threads": [],
    "member_count": 1,
}


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_addresses(monkeypatch)


async def kept(desk: Desk, chat: Chat) -> Chats:
    assert desk.services.chats is not None
    await desk.services.chats.change(chat.address, lambda _: chat)
    return desk.services.chats


@pytest.mark.parametrize("words", [{}, {"unavailable": False}], ids=["as new", "as after trouble"])
async def test_servers_that_go_and_come_while_it_listens(words: dict[str, Any], tmp_path: Path) -> None:
    async with gateway() as discord:
        desk = desk_on(discord_url=discord.url, data_dir=tmp_path, is_warning=True)
        chats = await kept(desk, Chat(OURS.address, OURS.subscriptions))

        async def is_suspended() -> bool:
            chat = await chats.get(OURS.address)
            return chat is not None and chat.suspended == LEFT

        async def is_back() -> bool:
            return await chats.get(OURS.address) == OURS

        async with serving(discord, tmp_path, desk):
            await discord.tell("GUILD_CREATE", SERVER)
            await until(is_back)
            await discord.tell("GUILD_DELETE", {"id": "7", "unavailable": True})
            await discord.tell("GUILD_CREATE", {**SERVER, "unavailable": False})
            assert await is_back(), "a server in trouble is a member all the same"
            await discord.tell("GUILD_DELETE", {"id": "7"})
            await until(is_suspended)
            await discord.tell("GUILD_CREATE", {**SERVER, **words})
            await until(is_back)


async def test_a_server_that_went_while_nobody_listened_is_missed_at_the_start(tmp_path: Path) -> None:
    async with gateway() as discord:
        desk = desk_on(discord_url=discord.url, data_dir=tmp_path, is_warning=True)
        chats = await kept(desk, OURS)

        async def is_suspended() -> bool:
            chat = await chats.get(OURS.address)
            return chat is not None and chat.suspended == LEFT

        async with serving(discord, tmp_path, desk):
            await until(is_suspended)
