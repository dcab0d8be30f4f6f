"""The link that takes the bot in: the rights it needs and no others, told by /help and by the doctor."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.chat_platform import PlatformAway, PlatformStopped
from bot.platforms.discord.invite import NEEDED, invite, invite_link
from bot.platforms.discord.service import Client
from bot.settings import Settings
from tests import canary
from tests.bot.desks import desk_on
from tests.doubles.discord import DiscordServer
from tests.doubles.discord_rest import BOT_ID

DANGEROUS = ("administrator", "manage_guild", "manage_roles", "manage_channels", "manage_messages", "manage_threads",
             "manage_webhooks", "mention_everyone", "read_message_history", "kick_members", "ban_members")  # fmt: skip


@pytest.fixture
def simcord_bot(tmp_path: Path) -> Client:
    return Client(desk_on(data_dir=tmp_path, is_warning=True))


def test_the_link_asks_for_what_is_needed_and_nothing_dangerous() -> None:
    query = parse_qs(urlsplit(invite_link(42)).query)
    asked = discord.Permissions(int(query["permissions"][0]))
    assert query["client_id"] == ["42"]
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
    assert asked == NEEDED
    assert not [name for name in DANGEROUS if getattr(asked, name)]
    assert {name for name, is_asked in asked if is_asked} == {
        "read_messages",
        "send_messages",
        "send_messages_in_threads",
        "create_public_threads",
        "embed_links",
        "attach_files",
    }


async def test_help_tells_the_link(simcord_env: Any) -> None:
    channel = simcord_env.create_guild().create_text_channel("desk")
    alice = simcord_env.guild.add_member(simcord_env.create_user("alice"))
    result = await alice.slash(channel, "help")
    told = f"{result.response.content}{result.response.components}"
    assert f"<{invite_link(simcord_env.bot.application_id)}>" in told


def settings(url: str, token: str | None = canary.DISCORD_TOKEN) -> Settings:
    return Settings.model_validate({"discord_token": token, "discord_url": url})


async def test_the_link_is_that_of_the_application_of_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    async with DiscordServer(canary.DISCORD_TOKEN) as server:
        assert await invite(settings(server.url)) == invite_link(int(BOT_ID))
        with pytest.raises(PlatformStopped):
            await invite(settings(server.url, None))
        server.refused["oauth2/applications/@me"] = 0
        with pytest.raises(PlatformAway, match="does not say"):
            await invite(settings(server.url))
    async with DiscordServer("another") as server:
        with pytest.raises(PlatformStopped):
            await invite(settings(server.url))
