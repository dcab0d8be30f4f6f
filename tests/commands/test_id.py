"""/id as a conversation: who and where one is, in the platform's own numbers."""

from dataclasses import replace

import pytest

from commands.protocol.reply import Copy
from commands.protocol.request import TERMINAL, Role
from commands.wording.columns import COLUMNS
from tests.commands.markets import calm
from tests.commands.talking import Talk, context, monospaced, talk


async def test_it_tells_the_chat_the_topic_the_person_and_the_role() -> None:
    ask = talk(calm(), chat="-1001234567890:7", user="4711", is_private=False)
    said = await ask("/id")
    assert said.splitlines() == [
        "Who and where you are",
        "Platform telegram",
        "Chat     -1001234567890",
        "Topic    7",
        "You      4711",
        "Role     reader",
        "This place is telegram:-1001234567890:7 in settings.",
    ]
    assert ask.reply.data == {
        "platform": "telegram",
        "chat": "-1001234567890",
        "topic": "7",
        "user": "4711",
        "role": "anyone",
        "address": "telegram:-1001234567890:7",
        "person": "telegram:4711",
    }


async def test_each_number_can_be_copied_alone() -> None:
    ask = talk(calm(), chat="-1001:7", user="4711")
    await ask("/id")
    assert ask.reply.copies == (Copy("Chat", "-1001"), Copy("Topic", "7"), Copy("You", "4711"))


@pytest.mark.parametrize(
    ("role", "word"), [(Role.ANYONE, "reader"), (Role.MANAGER, "manager"), (Role.OWNER, "owner")]
)
async def test_a_role_has_a_word(role: Role, word: str) -> None:
    assert f"Role     {word}" in await talk(calm(), role=role)("/id")


async def test_a_role_the_platform_does_not_tell_is_said_to_be_unknown() -> None:
    async def untold(anew: bool) -> Role | None:
        return None

    ask = Talk(replace(context(calm()), ask_role=untold))
    assert "Role     not told" in await ask("/id")
    assert ask.reply.data["role"] == "unknown"


async def test_who_speaks_as_a_group_is_not_guessed() -> None:
    ask = talk(calm(), chat="-1001", user="", role=Role.MANAGER)
    said = await ask("/id")
    assert "You " not in said
    assert "is not told to me" in said
    assert ask.reply.data["person"] is None


async def test_a_terminal_has_neither_chat_nor_number() -> None:
    said = await talk(calm(), platform=TERMINAL, chat="", user="")("/id")
    assert "Platform terminal" in said
    assert "Chat" not in said
    assert "terminal:here" in said


async def test_a_server_is_told_and_nothing_is_cut() -> None:
    long = "1234567890123456789"
    here = replace(context(calm(), platform="discord", chat=long), server=long, user=long)
    ask = Talk(here)
    said = await ask("/id")
    assert f"Server   {long}" in said
    assert all(len(line) <= COLUMNS for line in monospaced(ask.reply))
