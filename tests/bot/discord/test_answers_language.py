"""Discord in a channel that has chosen Spanish: the answer, what stands below it, and numbers as they are typed there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.chat_platform import Desk, Sentence
from tests.bot.desks import desk_on
from tests.bot.discord.reading import labels, told
from tests.bot.discord.rooms import alice, channel, env, simcord_bot

__all__ = ["alice", "channel", "env", "simcord_bot"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_on(data_dir=tmp_path, is_warning=True)


@pytest_asyncio.fixture
async def spanish(desk: Desk, channel: Any) -> Any:
    """The channel, whose managers chose Spanish."""
    assert desk.services.chats is not None
    await desk.services.chats.change(f"discord:{channel.id}", lambda chat: replace(chat, language="es"))
    return channel


async def test_the_answer_and_what_stands_below_it_are_in_the_language_of_the_channel(
    alice: Any, spanish: Any
) -> None:
    sized = await alice.slash(spanish, "size", leverage=5.0, asset="BTC", equity="12.500,50")
    assert "5x largo" in told(sized.response)
    assert "dijiste 12.500" in told(sized.response)
    assert Sentence.POST.in_words("es") in labels(sized.response)
    assert Sentence.POST.in_words("en") not in labels(sized.response)


async def test_a_number_option_is_the_number_that_was_given_whatever_its_decimals(
    alice: Any, spanish: Any
) -> None:
    sized = await alice.slash(spanish, "size", leverage=2.125, asset="BTC", equity="10k")
    assert "BTC 2,12x largo" in told(sized.response)


async def test_what_could_be_two_numbers_is_asked_back_with_both(alice: Any, spanish: Any) -> None:
    asked = await alice.slash(spanish, "size", leverage=5.0, asset="BTC", equity="64.210")
    assert {"64210", "64,21"} <= set(labels(asked.response))
    pressed = await alice.click(asked.response.message, label="64210")
    assert "5x largo" in told(pressed.response)
