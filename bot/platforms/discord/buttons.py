"""Buttons under an answer: each carries its command line, so that it works after a restart as well.

Three more kinds carry all they need: one opens the page on which a field is written, one is a menu of what a field may be,
one shares the answer it stands under. A line may be carried by its short name (`lines`).
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self

import discord

from bot.chat_platform import asks_again
from bot.layout import label_of
from bot.lines import NAMED
from bot.platforms.discord.admitting import Admitted
from commands.protocol.reply import Action, Prompt

LONGEST_ID = 100
LONGEST_LABEL = 80
MOST_BUTTONS = 25
MOST_CHOICES = 25
LONGEST_HINT = 150
"""Discord's limits (developer documentation, Components)."""
ROOM = LONGEST_ID - len("seawall:=")
"""The longest line that a button itself carries."""

_LINE = re.compile(rf"seawall:(?P<renews>=?)(?P<line>{NAMED})")
_FIELD = rf"(?P<line>{NAMED}) (?P<field>[a-z0-9_]+)="
_FORM = re.compile(rf"seawall:\?{_FIELD}")
_SHARE = re.compile(r"seawall:!(?P<owner>[0-9]{1,20})")
_MENU = re.compile(rf"seawall:~{_FIELD}")
OURS = "seawall:"
"""How everything begins that stands below an answer, of whichever version."""

Press = Callable[[discord.Interaction[Any], str, bool], Awaitable[None]]
Fill = Callable[[discord.Interaction[Any], str, str], Awaitable[None]]
Choose = Callable[[discord.Interaction[Any], Prompt, str], Awaitable[None]]
Share = Callable[[discord.Interaction[Any], str], Awaitable[None]]


class LineButton(Admitted, discord.ui.DynamicItem[discord.ui.Button[Any]], template=_LINE):
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
        return cls(_label_of(item), match["line"], renews=bool(match["renews"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the line to the client, which knows how to answer."""
        press: Press = interaction.client.answers.press
        await press(interaction, self.line, self.renews)


class FormButton(Admitted, discord.ui.DynamicItem[discord.ui.Button[Any]], template=_FORM):
    """A button that opens the page on which one field is written; the line so far is kept."""

    def __init__(self, label: str, prompt: Prompt) -> None:
        super().__init__(
            discord.ui.Button(
                label=label, style=discord.ButtonStyle.primary, custom_id=f"seawall:?{prompt.lacking}"
            )
        )
        self.prompt = prompt

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003, the library's signature
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The button again, from what Discord kept of it."""
        return cls(_label_of(item), Prompt(match["line"], match["field"], kind="", example=""))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the line and its field to the client, which opens the page."""
        fill: Fill = interaction.client.answers.fill
        await fill(interaction, self.prompt.line, self.prompt.field)


class ShareButton(Admitted, discord.ui.DynamicItem[discord.ui.Button[Any]], template=_SHARE):
    """A button that posts the message it stands under, for its owner alone."""

    def __init__(self, label: str, owner: str) -> None:
        super().__init__(
            discord.ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=f"seawall:!{owner}")
        )
        self.owner = owner

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003, the library's signature
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The button again, from what Discord kept of it."""
        return cls(_label_of(item), match["owner"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the message to the client, which posts it."""
        share: Share = interaction.client.answers.share
        await share(interaction, self.owner)


class ChoiceMenu(Admitted, discord.ui.DynamicItem[discord.ui.Select[Any]], template=_MENU):
    """A menu of what a field may be; the line so far is kept."""

    def __init__(self, prompt: Prompt, words: Sequence[str], hint: str = "") -> None:
        options = [discord.SelectOption(label=label_of(word)[:LONGEST_LABEL], value=word) for word in words]
        super().__init__(
            discord.ui.Select(
                custom_id=f"seawall:~{prompt.lacking}",
                placeholder=hint[:LONGEST_HINT] or None,
                options=options[:MOST_CHOICES],
            )
        )
        self.prompt = prompt

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003, the library's signature
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The menu again, from what Discord kept of it."""
        words = [option.value for option in item.options] if isinstance(item, discord.ui.Select) else []
        return cls(Prompt(match["line"], match["field"], kind="", example=""), words)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the line and the word to the client, which knows how to answer."""
        choose: Choose = interaction.client.answers.choose
        for word in self.item.values[:1]:
            await choose(interaction, self.prompt, word)


Control = LineButton | FormButton | ShareButton | ChoiceMenu
KINDS = (LineButton, FormButton, ShareButton, ChoiceMenu)
"""Every kind of button, for a process that has shown none of them yet."""


def is_forgotten(name: str) -> bool:
    """Whether something below an answer is of another version than this one, and nothing here knows it any more."""
    known = (_LINE, _FORM, _SHARE, _MENU)
    return name.startswith(OURS) and not any(pattern.fullmatch(name) for pattern in known)


def line_button(action: Action, carried: str, line: str) -> LineButton:
    """The button of an action under an answer to `line`; `carried` is the action's line or its short name."""
    return LineButton(
        label_of(action.label)[:LONGEST_LABEL], carried, renews=asks_again(action.command, line)
    )


def buttons_of(actions: Sequence[Action], line: str) -> tuple[LineButton, ...]:
    """The buttons under an answer to `line`; one whose own line is too long for Discord is left out."""
    fitting = (action for action in actions if len(action.command) <= ROOM)
    return tuple(once_each(line_button(action, action.command, line) for action in fitting))[:MOST_BUTTONS]


def once_each(buttons: Iterable[LineButton]) -> list[LineButton]:
    """The first button of each name: Discord refuses a whole answer in which two have the same."""
    found: dict[str, LineButton] = {}
    for button in buttons:
        found.setdefault(button.custom_id, button)
    return list(found.values())


def view_without_sharing(message: discord.Message) -> discord.ui.View | None:
    """The buttons of one of our answers without the one that shares it, None where no other is left."""
    view = discord.ui.View(timeout=None)
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    for part in (part for row in rows for part in row.children if isinstance(part, discord.Button)):
        match = _LINE.fullmatch(part.custom_id or "")
        if match is not None:
            view.add_item(LineButton(part.label or "", match["line"], renews=bool(match["renews"])))
    return view if view.children else None


def _label_of(item: discord.ui.Item[Any]) -> str:
    return (item.label or "") if isinstance(item, discord.ui.Button) else ""


def _custom_id(line: str, *, renews: bool) -> str:
    return f"seawall:{'=' if renews else ''}{line}"
