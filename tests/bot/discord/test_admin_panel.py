"""/subscribe without words: a panel in which a server's managers choose, whose result is that of the command itself."""

from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.results import ResponseMessage

from bot.chat_platform import Desk
from bot.platforms.discord.service import Client
from market.alerts import Kind, Severity
from store.wishes import Chat
from tests.bot.desks import desk_on
from tests.bot.discord.reading import MENU, labels, parts, told
from tests.bot.discord.rooms import channel, env, heads, manager, simcord_bot

__all__ = ["channel", "env", "heads", "manager", "simcord_bot"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_on(data_dir=tmp_path, is_warning=True)


@pytest.fixture
def alarms(simcord_env: Any, channel: Any) -> Any:
    return simcord_env.guild.create_text_channel("alarms")


async def chat_of(desk: Desk, channel: Any) -> Chat | None:
    assert desk.services.chats is not None
    return await desk.services.chats.get(f"discord:{channel.id}")


async def opened(manager: Any, channel: Any) -> Any:
    """The panel, which only its manager sees."""
    result = await manager.slash(channel, "subscribe")
    assert result.ephemeral
    return result.response.message


async def choose(who: Any, panel: Any, **values: Any) -> None:
    for part, value in values.items():
        await who.select(panel, list(value), custom_id=f"seawall-panel:{part}")


def as_it_stands(env: Any, panel: Any) -> ResponseMessage:
    """The panel as it is shown now."""
    return ResponseMessage(env, env.backend.get_message(panel.channel.id, panel.id))


async def press(who: Any, panel: Any, part: str) -> Any:
    return await who.click(panel, custom_id=f"seawall-panel:{part}")


async def test_it_opens_on_the_channel_it_was_asked_in_with_every_choice(manager: Any, channel: Any) -> None:
    panel = await opened(manager, channel)
    menus = {menu["custom_id"].removeprefix("seawall-panel:"): menu for menu in parts(panel, MENU)}
    kinds = [part for part in ("assets", "kinds", "severity", "ping_from") if part in menus]
    assert kinds == ["assets", "kinds", "severity", "ping_from"]
    assert [option["value"] for option in menus["assets"]["options"]] == ["all", "BTC", "ETH", "SOL"]
    assert f"In <#{channel.id}>:" in told(panel)
    assert labels(panel) == ["Confirm", "Preview", "Thread a wave: no"]


async def test_what_is_confirmed_is_what_the_command_keeps(
    desk: Desk, manager: Any, channel: Any, alarms: Any, heads: Any
) -> None:
    panel = await opened(manager, channel)
    await choose(
        manager, panel, channel=[alarms], assets=["BTC", "ETH"], kinds=["cascade"], severity=["warning"]
    )
    await choose(manager, panel, role=[heads], ping_from=["warning"])
    await press(manager, panel, "thread_on")
    assert await chat_of(desk, alarms) is None, "nothing is kept before it is confirmed"
    await press(manager, panel, "confirm")
    chat = await chat_of(desk, alarms)
    assert chat is not None
    assert [(wish.asset, wish.kind, wish.least) for wish in chat.subscriptions] == [
        ("BTC", Kind.CASCADE, Severity.WARNING),
        ("ETH", Kind.CASCADE, Severity.WARNING),
    ]
    assert (chat.ping_role, chat.ping_least, chat.thread_a_wave) == (str(heads.id), Severity.WARNING, True)
    assert chat.server == str(channel.guild.id)
    assert {change.by for change in chat.changes} == {f"discord:{manager.id}"}
    assert await chat_of(desk, channel) is None


async def test_it_says_in_words_what_would_be_kept(
    simcord_env: Any, manager: Any, channel: Any, alarms: Any, heads: Any
) -> None:
    panel = await opened(manager, channel)
    await choose(manager, panel, channel=[alarms], assets=["BTC"], role=[heads])
    said = told(as_it_stands(simcord_env, panel))
    assert f"In <#{alarms.id}>:" in said
    assert "Assets: BTC" in said
    assert "Told of: cascade, from WARNING up" in said
    assert f"A wave mentions <@&{heads.id}> once, from CRITICAL up." in said
    assert "I may not mention this role" not in said, "the bot of this server may mention all"


async def test_a_panel_goes_on_after_a_restart(
    simcord_env: Any, desk: Desk, manager: Any, channel: Any
) -> None:
    panel = await opened(manager, channel)
    await choose(manager, panel, assets=["SOL"], severity=["critical"])
    await simcord_env.restart_bot(Client(desk))
    await press(manager, panel, "confirm")
    chat = await chat_of(desk, channel)
    assert chat is not None
    assert {(wish.asset, wish.least) for wish in chat.subscriptions} == {("SOL", Severity.CRITICAL)}


async def test_all_takes_the_place_of_single_assets(desk: Desk, manager: Any, channel: Any) -> None:
    panel = await opened(manager, channel)
    await choose(manager, panel, assets=["BTC", "all"])
    await press(manager, panel, "confirm")
    chat = await chat_of(desk, channel)
    assert chat is not None
    assert {wish.asset for wish in chat.subscriptions} == {None}


async def test_without_an_asset_nothing_is_kept(desk: Desk, manager: Any, channel: Any) -> None:
    panel = await opened(manager, channel)
    refused = await press(manager, panel, "confirm")
    assert "Choose at least one asset first." in told(refused.followups[-1])
    assert await chat_of(desk, channel) is None


async def test_what_could_never_be_told_is_refused_and_the_panel_stays(
    desk: Desk, manager: Any, channel: Any
) -> None:
    panel = await opened(manager, channel)
    await choose(manager, panel, assets=["BTC"], kinds=["funding"], severity=["critical"])
    refused = await press(manager, panel, "confirm")
    assert "funding is never more severe than WATCH" in told(refused.followups[-1])
    assert await chat_of(desk, channel) is None
    await choose(manager, panel, severity=["watch"])
    await press(manager, panel, "confirm")
    assert await chat_of(desk, channel) is not None


async def test_a_right_that_was_taken_away_meanwhile_is_missed_at_the_press(
    simcord_env: Any, desk: Desk, manager: Any, channel: Any, heads: Any
) -> None:
    panel = await opened(manager, channel)
    await choose(manager, panel, assets=["BTC"])
    backend = simcord_env.backend
    backend.guilds[channel.guild.id].members[manager.id].role_ids.remove(heads.id)
    refused = await press(manager, panel, "confirm")
    assert "Only a manager of this server may do that." in told(refused.followups[-1])
    assert await chat_of(desk, channel) is None


async def test_a_channel_the_bot_may_not_write_to_is_refused(
    simcord_env: Any, desk: Desk, manager: Any, channel: Any
) -> None:
    silence = {simcord_env.guild.default_role: discord.PermissionOverwrite(send_messages=False)}
    shut = simcord_env.guild.create_text_channel("shut", overwrites=silence)
    panel = await opened(manager, channel)
    await choose(manager, panel, channel=[shut], assets=["BTC"])
    refused = await press(manager, panel, "confirm")
    assert "may not write there" in told(refused.followups[-1])
    assert await chat_of(desk, shut) is None


async def test_a_preview_shows_a_sample_and_calls_nobody(
    simcord_env: Any, desk: Desk, manager: Any, channel: Any, heads: Any
) -> None:
    panel = await opened(manager, channel)
    await choose(manager, panel, assets=["BTC"], role=[heads])
    shown = await press(manager, panel, "preview")
    said = told(shown.followups[-1])
    assert f"<@&{heads.id}>" in said
    assert "sample" in said.lower()
    sent = [entry.json for entry in simcord_env.http_requests if "webhooks" in entry.path and entry.json]
    assert all(body.get("allowed_mentions", {"parse": []}) == {"parse": []} for body in sent)
    assert await chat_of(desk, channel) is None


async def test_what_the_channel_has_already_stands_chosen(
    desk: Desk, manager: Any, channel: Any, heads: Any
) -> None:
    await manager.slash(channel, "subscribe", asset="BTC", ping=heads, thread="on")
    panel = await opened(manager, channel)
    assert f"A wave mentions <@&{heads.id}> once" in told(panel)
    assert "Thread a wave: yes" in labels(panel)
    await choose(manager, panel, assets=["ETH"], role=[])
    await press(manager, panel, "confirm")
    chat = await chat_of(desk, channel)
    assert chat is not None
    assert chat.ping_role is None
    assert {wish.asset for wish in chat.subscriptions} == {"BTC", "ETH"}


async def test_alone_with_the_bot_the_asset_is_asked_for_as_ever(simcord_env: Any, channel: Any) -> None:
    user = simcord_env.create_user("bob")
    result = await user.slash("subscribe")
    assert "A word is missing" in told(result.response)


async def test_it_opens_in_the_chat_of_a_voice_channel_as_well(env: Any, desk: Desk, manager: Any) -> None:
    voice = env.guild.create_voice_channel("floor")
    panel = await opened(manager, voice)
    await choose(manager, panel, assets=["BTC"])
    await press(manager, panel, "confirm")
    assert await chat_of(desk, voice) is not None


async def test_a_role_that_is_gone_is_said_to_call_nobody(
    env: Any, desk: Desk, manager: Any, channel: Any, heads: Any
) -> None:
    gone = env.guild.create_role("traders", mentionable=True)
    await manager.slash(channel, "subscribe", asset="BTC", ping=gone)
    env.backend.delete_role(env.guild.id, gone.id)
    panel = await opened(manager, channel)
    assert "I may not mention this role" in told(panel)
