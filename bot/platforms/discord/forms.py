"""Forms on Discord: a page with the fields of a command, and what was written into it, without a memory of either.

What was said before stands in the page's own name, so that a page handed in after a restart is read as any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord

from bot.lines import command_in
from commands.protocol.command import Command, Option
from commands.protocol.forms import MOST_ASKED, example_of, is_needed, option_called

LONGEST_NAME = 100
LONGEST_TITLE = 45
LONGEST_DESCRIPTION = 100
LONGEST_VALUE = 100
MOST_CHOICES = 25
"""Discord's limits (developer documentation, Modals and Components); the longest value is our own."""
FORM = "seawall-form:"
ROOM = LONGEST_NAME - len(FORM)
"""The longest line that a page itself carries."""
ROW, LABEL = 1, 18


def page_of(line: str, options: Sequence[Option]) -> discord.ui.Modal | None:
    """A page that asks for fields of the command in `line` (or its short name), None where that is too long for one."""
    command = command_in(line)
    if command is None or not fits_page(line):
        return None
    page = discord.ui.Modal(title=f"/{command.name}"[:LONGEST_TITLE], custom_id=FORM + line)
    for option in options[:MOST_ASKED]:
        page.add_item(_field(command, option))
    page.stop()  # the library is not to wait for it: it may be handed in to another process
    return page


def page_for(line: str, field: str) -> discord.ui.Modal | None:
    """The page that asks for one field again, None where the command knows none of that name or the line is too long."""
    command = command_in(line)
    try:
        return None if command is None else page_of(line, (option_called(command, field),))
    except LookupError:
        return None


def fits_page(line: str) -> bool:
    """Whether a line is short enough to be carried by a page."""
    return len(line) <= ROOM


def handed_in(told: Mapping[str, Any]) -> tuple[str, Mapping[str, str]] | None:
    """The line of a page and what was written into it, by field; None for a page that is not ours."""
    name = str(told.get("custom_id", ""))
    if not name.startswith(FORM):
        return None
    return name.removeprefix(FORM), dict(_written(told.get("components", ())))


def _written(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        if component.get("type") == ROW:
            yield from _written(component.get("components", ()))
        elif component.get("type") == LABEL:
            yield from _written([component["component"]] if component.get("component") else ())
        else:
            value = str(component.get("value") or next(iter(component.get("values") or ()), ""))
            if value.strip() and component.get("custom_id"):
                yield str(component["custom_id"]), value


def _field(command: Command[Any], option: Option) -> discord.ui.Label[Any]:
    return discord.ui.Label(
        text=option.name[:LONGEST_TITLE],
        description=option.description[:LONGEST_DESCRIPTION],
        component=_control(option, is_needed=is_needed(command, option)),
    )


def _control(option: Option, *, is_needed: bool) -> discord.ui.Item[Any]:
    """A choice where only some words exist, else a line to write on."""
    if option.word.choices:
        choices = [discord.SelectOption(label=word) for word in option.word.choices[:MOST_CHOICES]]
        return discord.ui.Select(
            custom_id=option.name, options=choices, required=is_needed, min_values=1 if is_needed else 0
        )
    return discord.ui.TextInput(
        custom_id=option.name,
        placeholder=example_of(option)[:LONGEST_VALUE],
        required=is_needed,
        max_length=LONGEST_VALUE,
    )
