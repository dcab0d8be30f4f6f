"""Discord: who may change what a channel is warned of."""

from pathlib import Path
from typing import Any

import discord
import pytest

from bot.chat_platform import Desk
from bot.platforms.discord.service import Client
from commands.protocol import dispatch
from commands.protocol.request import Role
from market.alerts import Severity
from store.services import Chats
from tests.bot.desks import desk_on
from tests.bot.discord.reading import told
from tests.bot.discord.rooms import channel, env, heads, manager, simcord_bot

__all__ = ["channel", "env", "heads", "manager", "simcord_bot"]

MANAGING = {command.name for command in dispatch.commands() if command.needs is Role.MANAGER}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_on(data_dir=tmp_path, is_warning=True)


@pytest.fixture
def member(simcord_env: Any, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("alice"))


def chats(desk: Desk) -> Chats:
    assert desk.services.chats is not None
    return desk.services.chats


async def test_a_manager_subscribes_a_channel(desk: Desk, manager: Any, channel: Any) -> None:
    result = await manager.slash(channel, "subscribe", asset="BTC", severity="critical")
    assert "BTC · you will be warned here" in told(result.response)
    assert result.ephemeral
    chat = await chats(desk).get(f"discord:{channel.id}")
    assert chat is not None
    assert [wish.asset for wish in chat.subscriptions] == ["BTC"]


async def test_a_role_to_mention_is_chosen_from_the_server_s_own(
    simcord_env: Any, desk: Desk, manager: Any
) -> None:
    mentions = {simcord_env.guild.default_role: discord.PermissionOverwrite(mention_everyone=False)}
    channel = simcord_env.guild.create_text_channel("alarms", overwrites=mentions)
    shut = simcord_env.guild.create_role("traders")
    result = await manager.slash(channel, "subscribe", asset="BTC", ping=shut, ping_from="warning")
    assert f"A wave mentions <@&{shut.id}> once, from WARNING up." in told(result.response)
    assert "I may not mention this role" in told(result.response)
    chat = await chats(desk).get(f"discord:{channel.id}")
    assert chat is not None
    assert (chat.ping_role, chat.ping_least) == (str(shut.id), Severity.WARNING)
    called = simcord_env.guild.create_role("desk heads", mentionable=True)
    result = await manager.slash(channel, "subscribe", ping=called)
    assert f"<@&{called.id}>" in told(result.response)
    assert "I may not mention this role" not in told(result.response)


async def test_everybody_is_no_role_to_mention(
    simcord_env: Any, desk: Desk, manager: Any, channel: Any
) -> None:
    everybody = simcord_env.guild.default_role
    result = await manager.slash(channel, "subscribe", asset="BTC", ping=everybody)
    assert "I mention a role, never everybody." in told(result.response)
    assert await chats(desk).get(f"discord:{channel.id}") is None


async def test_the_commands_that_change_are_shown_to_those_who_manage(
    desk: Desk, member: Any, manager: Any, channel: Any
) -> None:
    assert not set(member.available_commands(channel)) & MANAGING
    assert set(manager.available_commands(channel)) >= MANAGING
    tree = Client(desk).tree
    for command in dispatch.commands():
        found: Any = tree.get_command(command.name)
        told = found.to_dict(tree)
        wanted = discord.Permissions(manage_guild=True).value if command.name in MANAGING else None
        assert told["default_member_permissions"] == wanted
        assert (1 in told["integration_types"]) is (command.name not in MANAGING)


async def test_a_button_does_not_let_others_in(desk: Desk, member: Any, channel: Any) -> None:
    asked = await member.slash(channel, "regime")
    result = await member.click(asked.response.message, label="Warn me")
    assert "Only a manager of this chat may do that" in told(result.response)
    assert await chats(desk).get(f"discord:{channel.id}") is None


async def test_everybody_may_read(member: Any, channel: Any) -> None:
    assert "No warnings are told here yet" in told((await member.slash(channel, "alerts")).response)


async def test_alone_with_the_bot_everybody_manages_their_own(simcord_env: Any, desk: Desk) -> None:
    user = simcord_env.create_user("alice")
    result = await user.slash("subscribe", asset="all")
    assert "All watched · you will be warned here" in told(result.response)
    chat = await chats(desk).get(f"discord:{user.dm_channel.id}")
    assert chat is not None
    assert {wish.asset for wish in chat.subscriptions} == {None}


async def test_all_is_suggested_beside_the_assets(manager: Any, channel: Any) -> None:
    offered = await manager.autocomplete(channel, "subscribe", "asset", "")
    assert [choice["value"] for choice in offered] == ["all", "BTC", "ETH", "SOL"]
    offered = await manager.autocomplete(channel, "subscribe", "asset", "b")
    assert [choice["value"] for choice in offered] == ["BTC"]
