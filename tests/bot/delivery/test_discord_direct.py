"""Messages to one person on Discord: the real library over real HTTP."""

import pytest

from bot.messenger import Undelivered, Wrong
from bot.platforms.discord.messenger import DiscordMessenger, person_of
from commands.protocol.reply import Reply, Text
from tests.bot.discord.wires import messenger, server
from tests.doubles.discord import DiscordServer
from tests.doubles.discord_schemas import words_of

__all__ = ["messenger", "server"]

HELLO = Reply((Text("BTC is at its trim rung"),))
OPENED = "users/@me/channels"


def test_an_address_says_whether_it_is_a_person_or_a_channel() -> None:
    assert person_of("discord:@456") == 456
    assert person_of("discord:456") is None


async def test_the_direct_messages_of_a_person_are_opened_once(
    server: DiscordServer, messenger: DiscordMessenger
) -> None:
    for nonce in ("one", "two"):
        await messenger.send("discord:@456", HELLO, is_silent=False, nonce=nonce)
    await messenger.send("discord:55", HELLO, is_silent=False, nonce="three")
    assert [int(body["recipient_id"]) for body in server.asked("POST", OPENED)] == [456]
    assert [body["nonce"] for body in server.asked("POST", "channels/9456/messages")] == ["one", "two"]
    assert [body["nonce"] for body in server.asked("POST", "channels/55/messages")] == ["three"]


async def test_a_message_to_a_person_is_edited_where_it_stands(
    server: DiscordServer, messenger: DiscordMessenger
) -> None:
    await messenger.edit("discord:@456", "88", HELLO)
    (body,) = server.asked("PATCH", "channels/9456/messages/88")
    assert "trim rung" in words_of(body)


@pytest.mark.parametrize(
    ("path", "code"),
    [(OPENED, 10013), (OPENED, 50278), ("channels/9456/messages", 50007)],
)
async def test_somebody_who_takes_no_messages_is_a_chat_that_cannot_be_reached(
    server: DiscordServer, messenger: DiscordMessenger, path: str, code: int
) -> None:
    server.refused[path] = code
    with pytest.raises(Undelivered) as refused:
        await messenger.send("discord:@456", HELLO, is_silent=False, nonce="one")
    assert refused.value.wrong is Wrong.CHAT
