"""A role called and a thread opened, as Discord is told of them: the real library over real HTTP."""

import discord
import pytest

from bot.messenger import InServers, Undelivered, Wrong
from bot.platforms.discord.messenger import DiscordMessenger
from commands.protocol.reply import Heading, Reply, Text
from tests.bot.discord.wires import messenger, server
from tests.doubles.discord import DiscordServer
from tests.doubles.discord_schemas import words_of

__all__ = ["messenger", "server"]

HELLO = Reply((Heading("BTC · UNWINDING"), Text("@everyone <@&888> " + "falling " * 400)))
THREADS = "channels/55/messages/90/threads"


async def test_one_role_is_called_and_nobody_else_can_be(
    server: DiscordServer, messenger: DiscordMessenger
) -> None:
    assert isinstance(messenger, InServers)
    await messenger.send_calling("discord:55", HELLO, "777", nonce="one")
    (body,) = server.asked("POST", "channels/55/messages")
    assert body["allowed_mentions"] == {"parse": [], "roles": [777]}
    assert body["content"] == "<@&777> **BTC · UNWINDING**"
    assert "<@&888>" not in words_of(body)
    assert body["nonce"] == "one"
    assert body["enforce_nonce"] is True
    assert not body.get("flags", 0) & discord.MessageFlags.suppress_notifications.flag


async def test_without_a_role_no_mention_calls_anybody(
    server: DiscordServer, messenger: DiscordMessenger
) -> None:
    await messenger.send("discord:55", HELLO, is_silent=False, nonce="one")
    (body,) = server.asked("POST", "channels/55/messages")
    assert body["allowed_mentions"] == {"parse": []}


async def test_a_thread_has_the_number_of_its_message(
    server: DiscordServer, messenger: DiscordMessenger
) -> None:
    assert await messenger.open_thread("discord:55", "90", "BTC\n" + "x" * 200) == "discord:90"
    (body,) = server.asked("POST", THREADS)
    assert len(body["name"]) <= 100
    assert body["auto_archive_duration"] == 1440


async def test_a_thread_that_is_there_already_is_as_good(
    server: DiscordServer, messenger: DiscordMessenger
) -> None:
    server.refused[THREADS] = 160004
    assert await messenger.open_thread("discord:55", "90", "BTC") == "discord:90"


@pytest.mark.parametrize(("code", "wrong"), [(50013, Wrong.CHAT), (50024, Wrong.MESSAGE)])
async def test_where_none_can_be_opened_that_is_said(
    server: DiscordServer, messenger: DiscordMessenger, code: int, wrong: Wrong
) -> None:
    server.refused[THREADS] = code
    with pytest.raises(Undelivered) as refused:
        await messenger.open_thread("discord:55", "90", "BTC")
    assert refused.value.wrong is wrong
