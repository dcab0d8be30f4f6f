"""The answering half of Discord: whatever is asked is acknowledged first, answered through the desk, and laid out.

In a channel every answer is for its asker's eyes alone, with a button that posts it; alone with the bot nobody else reads.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import discord
import structlog

from bot.chat_platform import Desk, Sentence
from bot.lines import Lines, command_in
from bot.platforms.discord.asking import asker_of
from bot.platforms.discord.buttons import (
    MOST_BUTTONS,
    MOST_CHOICES,
    ROOM,
    ChoiceMenu,
    Control,
    FormButton,
    LineButton,
    ShareButton,
    line_button,
    once_each,
)
from bot.platforms.discord.files import send_file
from bot.platforms.discord.forms import ROOM as ROOM_OF_A_PAGE
from bot.platforms.discord.forms import handed_in, page_for, page_of
from bot.platforms.discord.panel import COMMAND as PANEL
from bot.platforms.discord.panel import Panel
from bot.platforms.discord.pictures import shown_with
from bot.platforms.discord.public import PublicAnswers
from bot.platforms.discord.render import Controls, layout_of
from bot.platforms.discord.sending import (
    acknowledged,
    is_hidden_in,
    renew,
    say_forgotten,
    send,
    unless_too_late,
)
from bot.platforms.discord.sharing import Shares
from bot.platforms.discord.slash import SUGGESTED, line_of
from commands.protocol import dispatch
from commands.protocol.command import Command, Option
from commands.protocol.forms import fields_asked, option_called
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Action, Note, Prompt, Reply
from market.observations import Asset
from store.connection import StoreUnavailable

ANSWER_S = 60.0
"""Far below the 15 minutes an interaction lives, far above what an answer takes."""
SUGGEST_S = 0.08
"""What is being typed is not waited for."""

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


class Answers:
    """Answers slash commands, buttons, menus and pages of one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lines = Lines(desk.services.memos)
        self._public = PublicAnswers(desk.services)
        self._shares = Shares()
        self._panel = Panel(desk)
        self._watched: tuple[Asset, ...] = ()

    async def slash(
        self, interaction: Interaction, command: Command[Any], values: Mapping[str, object]
    ) -> None:
        """Answer a slash command: acknowledge it first, since Discord waits three seconds and the store may not.

        One that is asked without a word and needs some is answered with a page to write them on.
        """
        async with _in_time():
            if command.name == PANEL and await self._opened_panel(interaction, values):
                return
            asked = () if any(value is not None for value in values.values()) else fields_asked(command)
            is_written = any(not _is_chosen(option) for option in asked)
            page = page_of(f"/{command.name}", asked) if is_written else None
            if page is not None:
                await interaction.response.send_modal(page)
                return
            await self._answer_options(interaction, command, values)

    async def touch_panel(self, interaction: Interaction, part: str) -> None:
        """Follow what is chosen in the panel of /subscribe."""
        async with _in_time():
            await self._panel.touched(interaction, part, asker_of(interaction, is_hidden=True))

    async def _opened_panel(self, interaction: Interaction, values: Mapping[str, object]) -> bool:
        """Whether a panel was opened, since nothing was said and its asker manages a server that can be warned."""
        asker = asker_of(interaction, is_hidden=True)
        if any(value is not None for value in values.values()) or not self._panel.is_for(interaction, asker):
            return False
        if await acknowledged(interaction, renews=False):
            await self._panel.open(interaction, asker)
        return True

    async def press(self, interaction: Interaction, carried: str, renews: bool) -> None:
        """Answer a button: in place where it asks the same again, else below for who pressed it alone."""
        command = command_in(carried)
        is_hidden = command is not None and command.private
        renews = renews and (not is_hidden or _is_seen_by_one(interaction))
        async with _in_time():
            if not await acknowledged(interaction, renews=renews):
                return
            line = await self._lines.whole(carried)
            if line is None:
                await say_forgotten(interaction)
                return
            is_seen_by_all = renews and not _is_seen_by_one(interaction)
            reply = await self._desk.ask(line, asker_of(interaction, is_hidden=not is_seen_by_all))
            if renews:
                await self._renew(interaction, reply, line, is_seen_by_all=is_seen_by_all)
            else:
                await self._send(interaction, reply, line)

    async def choose(self, interaction: Interaction, prompt: Prompt, word: str) -> None:
        """Go on with a line and the word that was chosen for one of its fields."""
        await self._go_on(interaction, prompt.line, {prompt.field: word})

    async def fill(self, interaction: Interaction, carried: str, field: str) -> None:
        """Open the page on which one field of a line is written."""
        page = page_for(carried, field)
        async with _in_time():
            if page is not None:
                await interaction.response.send_modal(page)
            else:
                await say_forgotten(interaction)

    async def share(self, interaction: Interaction, owner: str) -> None:
        """Post the answer under which this button stands."""
        async with _in_time():
            await self._shares.share(interaction, owner)

    async def hand_in(self, interaction: Interaction) -> None:
        """Answer a page that was handed in, whichever process has shown it; a page that is not ours is left alone."""
        page = handed_in(dict(interaction.data or {}))
        command = None if page is None else command_in(page[0])
        if page is None or command is None:
            return
        carried, values = page
        async with _in_time():
            if carried == f"/{command.name}":
                await self._answer_options(interaction, command, values)
            else:
                await self._go_on(interaction, carried, values)

    async def suggest(self, begun: str) -> tuple[str, ...]:
        """The watched assets that go on from what was typed; the last known ones where the store takes its time."""
        try:
            async with asyncio.timeout(SUGGEST_S):
                self._watched = await self._desk.services.snapshots.watched()
        except (TimeoutError, StoreUnavailable):
            log.debug("the last known assets are suggested")
        return tuple(asset for asset in self._watched if begun.strip().upper() in asset)

    async def _go_on(self, interaction: Interaction, carried: str, values: Mapping[str, str]) -> None:
        """Ask a line with more said behind it, below."""
        async with _in_time():
            if not await acknowledged(interaction, renews=False):
                return
            line = await self._lines.whole(carried)
            if line is None:
                await say_forgotten(interaction)
                return
            line = _continued(line, values)
            reply = await self._desk.ask(line, asker_of(interaction, is_hidden=True))
            await self._send(interaction, reply, line)

    async def _answer_options(
        self, interaction: Interaction, command: Command[Any], values: Mapping[str, object]
    ) -> None:
        if not await acknowledged(interaction, renews=False):
            return
        asker, line = asker_of(interaction, is_hidden=True), line_of(command, values)
        reply = await self._desk.ask_options(command.name, values, asker)
        if command.name == PANEL:
            reply = self._panel.noted(interaction, reply)
        if await self._public.is_for(interaction, command, reply):
            controls = await self._controls(interaction, reply, line, is_shared=True)
            shown = await shown_with(interaction, self._desk, reply)
            layout = layout_of(reply, controls, shown)
            if await self._public.post(interaction, command, layout, reply, shown):
                return
        await self._send(interaction, reply, line)

    async def _send(self, interaction: Interaction, reply: Reply, line: str) -> None:
        shown = await shown_with(interaction, self._desk, reply)
        await send(interaction, reply, await self._controls(interaction, reply, line), shown)
        await send_file(interaction, reply)

    async def _renew(
        self, interaction: Interaction, reply: Reply, line: str, *, is_seen_by_all: bool
    ) -> None:
        if reply.private and is_seen_by_all and dispatch.outcome(reply) == "answered":
            reply = Reply((Note(Sentence.PRIVATE_HERE.in_words(interaction.locale.value)),))
        shown = await shown_with(interaction, self._desk, reply)
        controls = await self._controls(interaction, reply, line, is_shared=is_seen_by_all)
        await renew(interaction, reply, controls, shown)

    async def _controls(
        self, interaction: Interaction, reply: Reply, line: str, *, is_shared: bool = False
    ) -> Controls:
        """What stands below an answer: its own buttons, what is missing to be chosen or written, and one to share it."""
        language = reply.language or interaction.locale.value
        menu = await self._menu(reply, language)
        actions = [] if menu is not None and reply.prompt is not None else list(reply.actions)
        buttons: list[Control] = [*await self._buttons(actions, line)]
        if reply.prompt is not None:
            buttons += await self._page_button(reply.prompt, language)
        is_own = not is_shared and is_hidden_in(interaction) and reply.file is None
        if is_own and dispatch.outcome(reply) == "answered":
            share = ShareButton(Sentence.POST.in_words(language), str(interaction.user.id))
            buttons = [*buttons[: MOST_BUTTONS - 1], share]
        most = MOST_BUTTONS if menu is None else MOST_BUTTONS - 5
        return Controls(tuple(buttons[-most:]), menu, language)

    async def _buttons(self, actions: list[Action], line: str) -> list[LineButton]:
        made = []
        for action in actions[: MOST_BUTTONS - 2]:
            carried = await self._lines.carried(action.command, ROOM)
            if carried is not None:
                made.append(line_button(action, carried, line))
        return once_each(made)

    async def _page_button(self, prompt: Prompt, language: str) -> list[FormButton]:
        carried = await self._lines.carried(prompt.line, ROOM_OF_A_PAGE - len(prompt.field) - len(" ="))
        if carried is None:
            return []
        asked = Prompt(carried, prompt.field, prompt.kind, prompt.example)
        return [FormButton(Sentence.TYPE_IT.in_words(language), asked)]

    async def _menu(self, reply: Reply, language: str) -> ChoiceMenu | None:
        """A menu for the word that is missing, where it is one of a few; None where it has to be written."""
        prompt = reply.prompt
        command = None if prompt is None else command_in(prompt.line)
        if prompt is None or command is None:
            return None
        words = await self._words(option_called(command, prompt.field))
        carried = await self._lines.carried(prompt.line, ROOM - len(prompt.field) - len(" ="))
        if not words or carried is None:
            return None
        kind = phrases_in(language).word("kind", prompt.kind)
        asked = Prompt(carried, prompt.field, prompt.kind, prompt.example)
        return ChoiceMenu(asked, words, Sentence.CHOOSE.in_words(language, kind=kind))

    async def _words(self, option: Option) -> tuple[str, ...]:
        """What a field may be, () where that cannot be listed."""
        if option.word.kind in SUGGESTED:
            return (*SUGGESTED[option.word.kind], *(await self.suggest("")))[:MOST_CHOICES]
        return option.word.choices[:MOST_CHOICES]


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """An answer is given within its time, or not at all where Discord has given up waiting."""
    with unless_too_late():
        async with asyncio.timeout(ANSWER_S):
            yield


def _is_seen_by_one(interaction: Interaction) -> bool:
    message = interaction.message
    return interaction.context.dm_channel or (message is not None and message.flags.ephemeral)


def _is_chosen(option: Option) -> bool:
    return option.word.kind in SUGGESTED or bool(option.word.choices)


def _continued(line: str, values: Mapping[str, str]) -> str:
    """The line with what was written behind it."""
    for field, value in values.items():
        line = Prompt(line, field, kind="", example="").filled(value)
    return line
