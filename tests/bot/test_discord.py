"""Conversations on Discord: the real library against simcord."""

import asyncio
import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
import simcord
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.chat_platform import Desk, PlatformStopped, platforms
from bot.platforms.discord import service
from bot.platforms.discord.buttons import buttons_of
from bot.platforms.discord.registry import fingerprint, sync_if_changed
from bot.platforms.discord.service import Client
from bot.platforms.discord.slash import line_of
from commands.protocol import dispatch
from commands.protocol.forms import is_needed
from commands.protocol.reply import Action
from commands.protocol.request import Role
from tests import canary
from tests.bot.desks import HeldUp, desk_on
from tests.bot.discord.reading import told
from tests.bot.discord.rooms import alice, channel, desk, env, simcord_bot
from tests.commands.markets import crowding, unwinding
from tests.doubles.discord import DiscordServer

__all__ = ["alice", "channel", "desk", "env", "simcord_bot"]


def requests(env: Any, method: str, part: str) -> list[Any]:
    return [entry for entry in env.http_requests if entry.method == method and part in entry.path]


def callbacks(env: Any) -> list[Any]:
    return [entry.json for entry in requests(env, "POST", "/callback")]


def test_discord_is_found_as_a_platform_with_its_token(desk: Desk) -> None:
    (found,) = (platform for platform in platforms() if platform.name == "discord")
    assert found.token(desk.settings) is not None


async def test_regime_is_answered_to_its_asker_alone(env: Any, alice: Any, channel: Any) -> None:
    result = await alice.slash(channel, "regime")
    assert result.ephemeral
    assert callbacks(env) == [{"type": 5, "data": {"flags": 64}}]
    assert told(result.response).startswith("### ⚠️ BTC · CROWDING")
    assert "```\n" in told(result.response)
    assert "64,210" in told(result.response)


async def test_size_is_answered_for_its_reader_alone(env: Any, alice: Any, channel: Any) -> None:
    result = await alice.slash(channel, "size", leverage=5.0, asset="BTC", equity="10k")
    assert result.ephemeral
    assert callbacks(env) == [{"type": 5, "data": {"flags": 64}}]
    assert "BTC 5x long" in told(result.response)


async def test_every_command_is_a_slash_command_and_answers(alice: Any, channel: Any) -> None:
    names = {command.name for command in dispatch.commands() if command.needs is not Role.MANAGER}
    assert set(alice.available_commands(channel)) == names
    for command in dispatch.commands():
        if command.name not in names:
            continue
        asked = {option.name for option in command.options if is_needed(command, option)}
        given: Any = {
            name: {"leverage": 5.0, "equity": "10k", "side": "long"}.get(name, "BTC") for name in asked
        }
        result = await alice.slash(channel, command.name, **given)
        assert told(result.response)
        assert result.ephemeral


async def test_a_wrong_option_is_answered_with_the_reason_and_an_example(alice: Any, channel: Any) -> None:
    result = await alice.slash(channel, "size", leverage=5.0, equity="banana")
    assert '"banana"' in told(result.response)
    assert "/size BTC 5x 10k" in told(result.response)


async def test_options_have_their_kinds_ranges_and_choices(desk: Desk) -> None:
    size: Any = Client(desk).tree.get_command("size")
    options = {option["name"]: option for option in size.to_dict(Client(desk).tree)["options"]}
    assert options["leverage"]["type"] == discord.AppCommandOptionType.number.value
    assert (options["leverage"]["min_value"], options["leverage"]["max_value"]) == (1, 200)
    assert [choice["value"] for choice in options["side"]["choices"]] == ["long", "short"]
    assert options["asset"]["autocomplete"] is True
    assert all(1 <= len(option["description"]) <= 100 for option in options.values())
    assert not any(option["required"] for option in options.values())


async def test_the_name_of_an_asset_is_completed(alice: Any, channel: Any) -> None:
    assert [choice["value"] for choice in await alice.autocomplete(channel, "regime", "asset", "e")] == [
        "ETH"
    ]
    assert len(await alice.autocomplete(channel, "regime", "asset", "")) == 3


async def test_a_button_asks_its_line(alice: Any, channel: Any) -> None:
    asked = await alice.slash(channel, "regime")
    result = await alice.click(asked.response.message, label="Why")
    assert "why CROWDING" in told(result.response)


async def test_a_button_about_a_position_is_answered_to_its_reader_alone(alice: Any, channel: Any) -> None:
    asked = await alice.slash(channel, "regime")
    result = await alice.click(asked.response.message, label="Size")
    assert result.ephemeral


async def test_refresh_takes_the_place_of_the_old_answer(desk: Desk, alice: Any, channel: Any) -> None:
    asked = await alice.slash(channel, "regime")
    await desk.services.snapshots.save(unwinding())  # type: ignore[attr-defined]
    again = await alice.click(asked.response.message, label="Refresh")
    assert "UNWINDING" in told(again.response)
    assert again.response.id == asked.response.id


async def test_a_button_works_after_a_restart(env: Any, desk: Desk, alice: Any, channel: Any) -> None:
    asked = await alice.slash(channel, "regime")
    await env.restart_bot(Client(desk))
    result = await alice.click(asked.response.message, label="Why")
    assert "why CROWDING" in told(result.response)


async def test_nobody_is_ever_mentioned(env: Any, alice: Any, channel: Any, desk: Desk) -> None:
    await desk.services.snapshots.watch(("@everyone",))  # type: ignore[attr-defined]
    await alice.slash(channel, "size", leverage=5.0, equity="@everyone")
    sent = [entry.json for entry in env.http_requests if "webhooks" in entry.path and entry.json]
    assert sent
    assert all(body["allowed_mentions"] == {"parse": []} for body in sent)
    assert env.bot.allowed_mentions.to_dict() == {"parse": []}


def test_the_bot_does_not_ask_to_read_messages(desk: Desk) -> None:
    intents = Client(desk).intents
    assert not intents.message_content
    assert not intents.members
    assert not intents.presences


async def test_it_acknowledges_before_the_store_answers(tmp_path: Path) -> None:
    desk = desk_on(crowding(), crowding(asset="SOL"), held_up="SOL", data_dir=tmp_path)
    held_up = cast("HeldUp", desk.services.snapshots)
    async with simcord.run(Client(desk)) as env:
        channel = env.create_guild().create_text_channel("desk")
        alice = env.guild.add_member(env.create_user("alice"))
        asking = asyncio.create_task(alice.slash(channel, "regime", asset="SOL"))
        await held_up.asked.wait()
        assert callbacks(env) == [{"type": 5, "data": {"flags": 64}}]
        held_up.go.set()
        answered: Any = (await asking).response
    assert told(answered).startswith("### ⚠️ SOL")


async def test_commands_are_handed_over_once_and_again_only_when_they_changed(env: Any, desk: Desk) -> None:
    memory = desk.settings.data_dir / service.MEMORY
    assert memory.read_text() == fingerprint(env.bot.tree)
    assert not await sync_if_changed(env.bot.tree, memory)
    assert len(requests(env, "PUT", "/commands")) == 1
    env.bot.tree.remove_command("status")
    assert await sync_if_changed(env.bot.tree, memory)
    assert len(requests(env, "PUT", "/commands")) == 2


@pytest.mark.parametrize("name", ["<b>BTC</b>", "1000SHIB_USDT", "```", "**x**||y||", "<@1>"])
async def test_a_hostile_symbol_stays_in_its_place(name: str, tmp_path: Path) -> None:
    desk = desk_on(crowding(asset=name), data_dir=tmp_path)
    await desk.services.snapshots.watch((name,))  # type: ignore[attr-defined]
    async with simcord.run(Client(desk)) as env:
        channel = env.create_guild().create_text_channel("desk")
        alice = env.guild.add_member(env.create_user("alice"))
        for command in ("regime", "why", "scan", "check", "status"):
            answered: Any = (await alice.slash(channel, command)).response
            content = told(answered)
            prose = "".join(content.split("```")[::2])
            assert content.count("```") % 2 == 0
            assert not re.search(r"(?<!\\)(<@|\|\|)", prose)
            assert len(content) <= 4_000


def test_of_two_buttons_with_one_line_the_first_stays() -> None:
    buttons = buttons_of(
        (Action("BTC", "/regime BTC"), Action("Again", "/regime BTC"), Action("Why", "/why")), ""
    )
    assert [button.item.label for button in buttons] == ["BTC", "Why"]


def test_a_button_too_long_for_discord_is_left_out() -> None:
    (button,) = buttons_of((Action("Long", "/size " + "x" * 120), Action("Short", "/regime BTC")), "/regime")
    assert (button.line, button.renews) == ("/regime BTC", True)


def test_options_read_as_a_line() -> None:
    size = dispatch.find("size")
    assert size is not None
    assert line_of(size, {"leverage": 5.0, "asset": "BTC", "equity": None}) == "/size 5 BTC"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library keeps its addresses for the whole process: give them back."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


async def test_it_serves_at_the_address_it_is_given(
    addresses: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with DiscordServer(canary.DISCORD_TOKEN) as discord_server:
        serving = asyncio.create_task(service.run(desk_on(discord_url=discord_server.url, data_dir=tmp_path)))
        await discord_server.wait_for(lambda: bool(discord_server.identified))
        assert discord_server.identified[0]["intents"] == discord.Intents(guilds=True).value
        (handed_over,) = discord_server.asked("PUT", "/commands")
        assert {one["name"] for one in handed_over} == {command.name for command in dispatch.commands()}
        await discord_server.slash("regime")
        await discord_server.wait_for(lambda: bool(discord_server.asked("POST", "webhooks/")))
        (answer,) = discord_server.asked("POST", "webhooks/")
        assert told(SimpleNamespace(content="", **answer)).startswith("### ⚠️ BTC · CROWDING")
        assert answer["allowed_mentions"] == {"parse": []}
        assert discord_server.asked("POST", "/callback") == [{"type": 5}]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert not canary.leaks(caplog.text)


@pytest.mark.parametrize(
    "tokens", [("another", None), (canary.DISCORD_TOKEN, "another")], ids=["at login", "at the gateway"]
)
async def test_a_refused_token_ends_the_platform_with_one_sentence(
    tokens: tuple[str, str | None], addresses: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with DiscordServer(*tokens) as discord_server:
        with pytest.raises(PlatformStopped, match="Discord refuses the bot token") as caught:
            await service.run(desk_on(discord_url=discord_server.url, data_dir=tmp_path))
    assert not canary.leaks(repr(caught.value) + repr(vars(caught.value)) + caplog.text)
