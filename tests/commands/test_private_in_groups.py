"""Nothing about a position in a group: whatever is asked there, what is kept of a person is in no answer that others see.

A platform never posts an answer that is marked private (tests/bot/test_positions_in_groups.py); this walks over all
commands and holds every other answer, every refusal, button and number against what is kept.
"""

from dataclasses import replace
from typing import Any

import pytest

from commands.protocol.command import Command
from commands.protocol.dispatch import answer, commands, outcome
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from store.in_memory import PeopleInMemory
from store.persons import Person
from tests.commands.levelled import depth, opened, priced
from tests.commands.talking import context, text_of
from tests.positions import LINES, PLANNED, SECRETS


def group(*, people: PeopleInMemory | None = None, **changed: Any) -> Context:
    """A group in which somebody asks who has plans and limits, and who may do anything; new each time, as some do."""
    here = context(
        priced("BTC", 64_210.0, depth()),
        priced("ETH", 3_000.0),
        hours={"BTC": opened()},
        alerts=(),
        listed=("BTC", "ETH", "DOGE"),
        role=Role.OWNER,
        people=(PLANNED,),
        is_private=False,
    )
    services = here.services if people is None else replace(here.services, people=people)
    return replace(here, services=services, **changed)


OF_POSITIONS = [command for command in commands() if command.private]
FOR_ALL = [command for command in commands() if not command.private and command.name != "settings"]
"""All but /settings, which is of a chat and of a person: the walk holds what it shows where others read."""


class Noted(PeopleInMemory):
    """People of whom it is noted who was asked for."""

    def __init__(self, *people: Person) -> None:
        super().__init__(people)
        self.asked: list[str] = []

    async def get(self, name: str) -> Person | None:
        """The person, None where nothing is kept of them."""
        self.asked.append(name)
        return await super().get(name)


def lines_of(command: Command[object]) -> tuple[str, ...]:
    """What is asked of every command, whatever it is for."""
    return (command.example, *(f"/{command.name}{words}" for words in LINES))


def told(reply: Reply) -> str:
    """All that leaves the door: what is read, what stands on and behind the buttons, what is asked next, the numbers."""
    actions = " ".join(f"{action.label} {action.command}" for action in reply.actions)
    return f"{text_of(reply)} {actions} {reply.prompt} {dict(reply.data)}"


def told_of(reply: Reply, line: str) -> list[str]:
    """What is kept of a person and stands in an answer, but for what the asker has just said to all themselves."""
    return [secret for secret in SECRETS if secret in told(reply) and secret not in line]


def is_hidden(reply: Reply) -> bool:
    """Whether a platform shows it to its asker alone."""
    return reply.private and outcome(reply) == "answered"


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
async def test_no_answer_that_others_see_holds_anything_of_a_person(command: Command[object]) -> None:
    here = group()
    for line in lines_of(command):
        reply = await answer(line, here)
        if not is_hidden(reply):
            assert told_of(reply, line) == [], line


@pytest.mark.parametrize("command", FOR_ALL, ids=lambda command: command.name)
async def test_a_command_whose_answers_are_for_all_does_not_even_ask_for_people(
    command: Command[object],
) -> None:
    people = Noted(PLANNED)
    here = group(people=people)
    for line in lines_of(command):
        await answer(line, here)
    assert people.asked == []


@pytest.mark.parametrize("command", OF_POSITIONS, ids=lambda command: command.name)
async def test_whatever_a_command_about_positions_answers_is_marked_as_private(
    command: Command[object],
) -> None:
    for here in (group(), group(is_private=True)):
        for line in lines_of(command):
            assert (await answer(line, here)).private, line


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
async def test_nobody_is_told_of_the_positions_of_another(command: Command[object]) -> None:
    for other in (
        group(user="4712", is_private=True),
        group(user=""),
        group(platform="discord", is_private=True),
    ):
        for line in lines_of(command):
            reply = await answer(line, other)
            assert told_of(reply, line) == [], line


async def test_what_is_kept_of_a_person_is_told_to_them_alone() -> None:
    """The walk above would find it: alone, the very same lines bring out what is kept."""
    alone = group(is_private=True)
    found = [told(await answer(line, alone)) for line in ("/positions", "/plan list", "/stress", "/settings")]
    assert all(any(secret in one for one in found) for secret in SECRETS)
