"""`seawall discord-sync`: the commands are handed over when an operator says so, to everybody or as a copy to one server."""

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from bot.platforms.discord.service import MEMORY
from bot.platforms.discord.syncing import sync_commands
from bot.running import Refusal, WrongRequest
from bot.settings import Settings
from commands.protocol import dispatch
from tests import canary
from tests.bot.programs import room
from tests.doubles.discord import DiscordServer
from tests.doubles.discord_rest import BOT_ID

ALL = f"applications/{BOT_ID}/commands"
ONE = f"applications/{BOT_ID}/guilds/777/commands"
NAMES = {command.name for command in dispatch.commands()}


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    async with DiscordServer(canary.DISCORD_TOKEN) as running:
        yield running


def settings(server: DiscordServer, folder: Path, token: str | None = canary.DISCORD_TOKEN) -> Settings:
    return Settings.model_validate(
        {"discord_token": token, "discord_url": server.url, "data_dir": str(folder)}
    )


def handed_over(server: DiscordServer) -> list[tuple[str, set[str]]]:
    return [
        (path, {one["name"] for one in body}) for method, path, body in server.requests if method == "PUT"
    ]


async def test_they_are_handed_over_each_time_it_is_said(server: DiscordServer, tmp_path: Path) -> None:
    for _ in range(2):
        assert f"{len(NAMES)} commands are handed over" in await sync_commands(
            settings(server, tmp_path), None
        )
    assert handed_over(server) == [(ALL, NAMES), (ALL, NAMES)]
    assert (tmp_path / MEMORY).read_text(), "the service does not hand them over once more"


async def test_a_server_gets_a_copy_of_its_own_and_nobody_else_anything(
    server: DiscordServer, tmp_path: Path
) -> None:
    said = await sync_commands(settings(server, tmp_path), 777)
    assert said.startswith(f"{len(NAMES)} commands are copied to the server 777")
    assert handed_over(server) == [(ONE, NAMES)]
    assert not (tmp_path / MEMORY).exists()


async def test_a_copy_is_taken_away(server: DiscordServer, tmp_path: Path) -> None:
    assert "is gone" in await sync_commands(settings(server, tmp_path), 777, is_cleared=True)
    assert handed_over(server) == [(ONE, set())]


async def test_a_server_without_the_bot_is_a_wrong_request(server: DiscordServer, tmp_path: Path) -> None:
    server.refused[ONE] = 50001
    with pytest.raises(WrongRequest, match="no member of the server 777"):
        await sync_commands(settings(server, tmp_path), 777)


@pytest.mark.parametrize("token", [None, canary.DISCORD_TOKEN[::-1]])
async def test_without_a_token_that_is_taken_nothing_is_done(
    server: DiscordServer, tmp_path: Path, token: str | None
) -> None:
    with pytest.raises(Refusal, match=r"needs SEAWALL_DISCORD_TOKEN|refuses the bot token"):
        await sync_commands(settings(server, tmp_path, token), None)
    assert handed_over(server) == []


async def test_what_discord_does_not_take_is_said(server: DiscordServer, tmp_path: Path) -> None:
    server.refused[ALL] = 30034
    with pytest.raises(Refusal, match="did not take the commands"):
        await sync_commands(settings(server, tmp_path), None)


def test_the_command_line_says_what_is_wrong_in_a_sentence() -> None:
    with room() as here:
        missing, clear = here.run("discord-sync"), here.run("discord-sync", "--clear")
    assert (missing.returncode, clear.returncode) == (1, 2)
    assert "Discord needs SEAWALL_DISCORD_TOKEN" in missing.stderr
    assert "only a server has a copy" in clear.stderr
