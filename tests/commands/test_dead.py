"""/dead as a conversation: what could not be delivered, and what is tried once more."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import outcome
from commands.protocol.request import Role
from market.observations import HOUR_MS, MINUTE_MS
from store.in_memory import PostInMemory
from store.services import GivenUp
from tests.commands.markets import NOW_MS, calm
from tests.commands.talking import Talk, context, monospaced

REFUSED = GivenUp(
    "7c1f09ab", "telegram:-1001234567890:7", NOW_MS - 3 * HOUR_MS, NOW_MS - 2 * HOUR_MS, "403 bot was kicked"
)
DOUBTFUL = GivenUp("00ff00ff", "discord:@456", NOW_MS - 5 * MINUTE_MS, NOW_MS - MINUTE_MS, "uncertain")


def owner(*found: GivenUp, role: Role = Role.OWNER, is_private: bool = True) -> Talk:
    here = context(calm(), alerts=(), role=role, is_private=is_private)
    return Talk(replace(here, services=replace(here.services, post=PostInMemory((), found))))


async def test_it_lists_the_newest_first_with_address_reason_and_ages() -> None:
    said = await owner(REFUSED, DOUBTFUL)("/dead")
    assert said.splitlines()[:7] == [
        "Given up: 2, newest first",
        f"{'00ff00ff discord:@456':<33}1min",
        "  uncertain",
        "  news 4min old by then",
        f"{'7c1f09ab telegram:-1001234567890:7':<35}2h",
        "  403 bot was kicked",
        "  news 60min old by then",
    ]
    assert "The newest 1,000 are kept." in said


async def test_where_nothing_was_given_up_it_says_so() -> None:
    assert await owner()("/dead") == "Nothing was given up."


async def test_one_is_tried_once_more_and_the_others_stay() -> None:
    ask = owner(REFUSED, DOUBTFUL)
    said = await ask("/dead requeue 7c1f09ab")
    assert said.startswith("1 on their way once more")
    assert "(1 there now)" in said
    assert "(0 there now)" in await ask("/dead requeue #00FF00FF")
    assert await ask("/dead") == "Nothing was given up."


async def test_all_are_tried_once_more() -> None:
    ask = owner(REFUSED, DOUBTFUL)
    assert (await ask("/dead all requeue")).startswith("2 on their way once more")
    assert ask.reply.data["given_up"] == []


async def test_the_button_tries_all() -> None:
    ask = owner(REFUSED)
    await ask("/dead")
    (action,) = ask.reply.actions
    assert (await ask(action.command)).startswith("1 on their way once more")


async def test_one_by_its_name_is_shown_alone() -> None:
    said = await owner(REFUSED, DOUBTFUL)("/dead 7c1f09ab")
    assert "kicked" in said
    assert "uncertain" not in said


async def test_requeue_without_a_name_asks_which_and_tries_nothing() -> None:
    ask = owner(REFUSED)
    assert "Which of them is to be tried once more?" in await ask("/dead requeue")
    assert outcome(ask.reply) == "refused"
    assert "kicked" in await ask("/dead")


@pytest.mark.parametrize("line", ["/dead 12345678", "/dead requeue 12345678"])
async def test_a_name_that_is_not_on_the_list_is_refused(line: str) -> None:
    assert "No message 12345678 was given up" in await owner(REFUSED)(line)


@pytest.mark.parametrize("role", [Role.ANYONE, Role.MANAGER])
@pytest.mark.parametrize("line", ["/dead", "/dead requeue all"])
async def test_only_an_operator_may(role: Role, line: str) -> None:
    ask = owner(REFUSED, role=role)
    assert "telegram:-100" not in await ask(line)
    post = ask.context.services.post
    assert post is not None
    assert len(await post.given_up()) == 1


async def test_addresses_are_for_the_operator_alone() -> None:
    ask = owner(REFUSED, is_private=False)
    await ask("/dead")
    assert ask.reply.private


async def test_a_dozen_are_shown_and_the_others_counted() -> None:
    found = [replace(REFUSED, name=f"{number:08x}", at_ms=NOW_MS - number) for number in range(1_000)]
    ask = owner(*found)
    said = await ask("/dead")
    assert said.startswith("Given up: 1000, newest first")
    assert "And 988 older ones." in said
    assert all(len(line) <= 37 for line in monospaced(ask.reply))
    told = ask.reply.data["given_up"]
    assert isinstance(told, list)
    assert len(told) == 1_000


async def test_a_market_that_warns_nobody_says_so() -> None:
    here = context(calm(source="history"), role=Role.OWNER)
    ask = Talk(replace(here, services=replace(here.services, post=None)))
    assert "recorded" in await ask("/dead")
