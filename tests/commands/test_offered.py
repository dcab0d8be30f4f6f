"""What is missing or wrong becomes buttons: the same line with what was meant, or a question for what can only be typed."""

import pytest

from commands.protocol.dispatch import commands, outcome
from commands.protocol.forms import MOST_OFFERS
from commands.protocol.request import Role
from commands.protocol.words import LONGEST_TEXT
from tests.commands.markets import crowding
from tests.commands.talking import Talk, talk

WATCHED = ("BTC", "ETH", "SOL", "1000PEPE")


def here() -> Talk:
    return talk(crowding(), alerts=(), role=Role.OWNER, listed=("BTC", "ETH", "WIF", "DOGE"))


def offered(here: Talk) -> list[str]:
    return [action.command for action in here.reply.actions]


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
async def test_every_command_without_a_word_answers_or_asks_for_what_it_lacks(command: object) -> None:
    at = here()
    await at(f"/{command.name}")  # type: ignore[attr-defined]
    if outcome(at.reply) == "answered":
        return
    prompt = at.reply.prompt
    assert prompt is not None
    assert prompt.example
    for line in offered(at):
        other = here()
        await other(line)
        assert outcome(other.reply) == "answered" or other.reply.prompt is not None


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
async def test_what_is_offered_is_a_line_of_the_same_command_or_of_another_that_helps(
    command: object,
) -> None:
    at = here()
    for word in ("banana", "BTCC", "DOGGE", "wif", "9x9", "asset=banana", "zone=Europe/Berln"):
        await at(f"/{command.name} {word}")  # type: ignore[attr-defined]
        actions = at.reply.actions
        assert len(actions) <= 24
        for action in actions:
            assert action.label
            await at(action.command)
            assert len(action.command) <= LONGEST_TEXT
            assert outcome(at.reply) != "failed"


async def test_an_asset_that_is_not_watched_is_chosen_from_those_that_are() -> None:
    at = here()
    await at("/size 5x banana 10k")
    assert offered(at) == [f"/size 5x {asset} 10k" for asset in WATCHED]
    assert [action.label for action in at.reply.actions] == list(WATCHED)
    await at(offered(at)[0])
    assert outcome(at.reply) == "answered"


async def test_no_more_are_offered_than_a_phone_can_show() -> None:
    at = talk(crowding(), watched=tuple(f"COIN{number}" for number in range(40)))
    await at("/regime banana")
    assert len(offered(at)) == MOST_OFFERS


async def test_a_slip_of_the_finger_is_mended_by_one_press() -> None:
    at = here()
    await at("/check DOGGE short")
    assert offered(at) == ["/check DOGE short"]
    await at("/settings zone=Europe/Berln")
    assert offered(at)[0] == "/settings zone=Europe/Berlin"


async def test_a_mistyped_command_is_mended_with_its_words() -> None:
    at = here()
    await at("/regme eth")
    assert offered(at)[0] == "/regime eth"
    assert at.reply.actions[0].label == "/regime"


@pytest.mark.parametrize("line", ["/settings banana", "/unwatch banana", "/mute banana", "/subscribe banana"])
async def test_nothing_that_changes_something_is_offered_for_a_word_that_is_nothing_like_it(
    line: str,
) -> None:
    at = here()
    await at(line)
    assert outcome(at.reply) == "refused"
    assert offered(at) == []


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/size BTC 5x 10k lng", ["/size BTC 5x 10k long"]),
        ("/size BTC 5x 10k shrt", ["/size BTC 5x 10k short"]),
        ("/size BTC 5x 10k crss", ["/size BTC 5x 10k cross"]),
        ("/size BTC 5 10k", ["/size BTC 5x 10k"]),
        ("/size BTC 5x 150", ["/size BTC 5x 150usdt"]),
        ("/size btc 5x 10.000", ["/size btc 5x 10000", "/size btc 5x 10usdt"]),
        ("/size btc long 5 x 10.000", ["/size btc long 5x 10000", "/size btc long 5x 10usdt"]),
        ("/size BTC 5 150", ["/size BTC 5x 150", "/size BTC 5usdt 150"]),
    ],
)
async def test_a_word_that_is_nearly_right_comes_back_as_a_button_with_the_rest_kept(
    line: str, meant: list[str]
) -> None:
    at = here()
    await at(line)
    assert outcome(at.reply) == "refused"
    assert offered(at) == meant


async def test_an_x_that_stands_alone_belongs_to_the_number_before_it() -> None:
    at = here()
    assert (await at("/size BTC 5 x 10k")).startswith("BTC 5x long")
