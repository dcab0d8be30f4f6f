"""Buttons under an answer: each carries its command line, so that it works after a restart as well."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

import discord

from bot.chat_platform import asks_again
from bot.layout import clean
from commands.protocol.reply import Action

LONGEST_ID = 100
LONGEST_LABEL = 80
MOST_BUTTONS = 25
"""Discord's limits (developer documentation, Components)."""

Press = Callable[[discord.Interaction[Any], str, bool], Awaitable[None]]


class LineButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"seawall:(?P<renews>=?)(?P<line>/.+)"
):
    """A button that stands for a line; `renews` where its answer takes the place of the message it stands under."""

    def __init__(self, label: str, line: str, *, renews: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label=label, style=discord.ButtonStyle.secondary, custom_id=_custom_id(line, renews=renews)
            )
        )
        self.line = line
        self.renews = renews

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003, the library's signature
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The button again, from what Discord kept of it."""
        label = item.label if isinstance(item, discord.ui.Button) else None
        return cls(label or "", match["line"], renews=bool(match["renews"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the line to the client, which knows how to answer."""
        press: Press = interaction.client.press
        await press(interaction, self.line, self.renews)


def view_of(actions: Sequence[Action], line: str) -> discord.ui.View | None:
    """The buttons under an answer to `line`; one whose line is too long for Discord is left out."""
    view = discord.ui.View(timeout=None)
    for action in actions[:MOST_BUTTONS]:
        renews = asks_again(action.command, line)
        if len(_custom_id(action.command, renews=renews)) <= LONGEST_ID:
            view.add_item(LineButton(clean(action.label)[:LONGEST_LABEL], action.command, renews=renews))
    return view if view.children else None


def _custom_id(line: str, *, renews: bool) -> str:
    return f"seawall:{'=' if renews else ''}{line}"
