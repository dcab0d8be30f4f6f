"""Forms at a terminal: the next typed line says what was asked for, unless it is a command."""

import io

import pytest

from bot.chat_platform import Asker
from bot.pace import Pace
from bot.platforms.terminal.chat import Chat
from bot.platforms.terminal.screen import Screen
from commands.protocol.phrases import phrases_in
from commands.protocol.request import Role
from tests.bot.desks import desk_on
from tests.commands.markets import NOW_MS


class Conversation:
    """A terminal's chat at the real door; what was said last can be read."""

    def __init__(self, *, is_warning: bool = False) -> None:
        desk, self.paper = desk_on(now_ms=NOW_MS, is_warning=is_warning), io.StringIO()
        asker = Asker("terminal", "", "", is_private=True, role=Role.OWNER)
        self.chat = Chat(Screen(self.paper), lambda line: desk.ask(line, asker), Pace(None))

    async def talk(self, line: str) -> str:
        """What is printed when this is typed."""
        self.paper.seek(0)
        self.paper.truncate()
        assert await self.chat.hear(line)
        return self.paper.getvalue()


@pytest.fixture
def conversation() -> Conversation:
    return Conversation()


async def test_what_is_missing_is_asked_for_and_the_next_line_says_it(conversation: Conversation) -> None:
    asked = await conversation.talk("size btc 10k")
    assert "[1] 1x  [2] 2x  [3] 3x  [4] 5x\n" in asked
    assert asked.endswith("Type it, such as 5x, or another command.\n")
    assert "BTC 7x long" in await conversation.talk("7")


async def test_what_stands_beside_answers_is_in_the_language_that_was_just_chosen() -> None:
    conversation = Conversation(is_warning=True)
    await conversation.talk("/settings language es")
    asked = await conversation.talk("size btc 10k")
    assert "Type it" not in asked
    assert asked.endswith(phrases_in("es").say("platform.next_line", example="5x") + "\n")
    assert phrases_in("es").say("terminal.paused") in await conversation.talk("pause")


async def test_a_number_of_a_button_presses_it(conversation: Conversation) -> None:
    await conversation.talk("size btc 10k")
    assert "BTC 5x long" in await conversation.talk("4")


async def test_a_wrong_answer_is_asked_for_again_with_its_reason(conversation: Conversation) -> None:
    await conversation.talk("size btc 10k")
    again = await conversation.talk("300")
    assert "nobody offers more than 200x" in again
    assert "[4] 5x" in again
    assert "BTC 6x long" in await conversation.talk("6x")


@pytest.mark.parametrize("line", ["why btc", "/why btc", "/nonsense", "why"])
async def test_a_command_is_a_command_and_ends_the_question(line: str, conversation: Conversation) -> None:
    await conversation.talk("size btc 10k")
    said = await conversation.talk(line)
    assert "leverage" not in said.split("\n")[0]
    assert "is no command" in await conversation.talk("5x")


@pytest.mark.parametrize("line", ["btc", "BTCUSDT", "  $btc "])
async def test_an_asset_alone_asks_for_its_regime(line: str, conversation: Conversation) -> None:
    assert await conversation.talk(line) == await conversation.talk("/regime BTC")
    assert '"/btc" is no command' in await conversation.talk("/btc")


async def test_words_that_steer_market_time_leave_the_question_open(conversation: Conversation) -> None:
    await conversation.talk("size btc 10k")
    assert "stands still" in await conversation.talk("pause")
    assert "BTC 5x long" in await conversation.talk("5x")


async def test_an_answer_that_names_its_field_is_read_as_well(conversation: Conversation) -> None:
    await conversation.talk("plan ? btc 5x long 10k")
    assert "line of your own" not in await conversation.talk("line=60,000")
