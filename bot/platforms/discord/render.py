"""Answers as Discord's layouts: one box with the line that says it all, what it rests on, and the buttons below.

A layout holds 40 components and 4,000 letters, and cannot be turned back into words with buttons (developer
documentation, Components); an answer that does not fit is told in plain messages (bot.layout). The colour of the box is
never alone: a sign stands before the first line and the word for it in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import ui

from bot.chat_platform import Sentence
from bot.layout import DISCORD_MARKDOWN, Form, Style, beside, pieces, units
from bot.platforms.discord.buttons import Control, LineButton
from bot.platforms.discord.pictures import Shown, galleries_in, words_in
from commands.protocol.reply import Heading, Note, Reply, Tone
from market.observations import SECOND_MS

MOST_COMPONENTS = 40
MOST_LETTERS = 4_000
"""Discord's limits (developer documentation, Message Components)."""
ROOM_FOR_THE_MARK = 150
"""What stands above an answer that is shared: by whom."""
A_ROW = 5
MOST_PARTS = 10
"""More paragraphs than this become one part of the box: they look the same and count once."""

SIGN: Mapping[Tone, str] = {Tone.GOOD: "✅ ", Tone.CAUTION: "⚠️ ", Tone.STRESS: "🛑 "}
ACCENT: Mapping[Tone, int] = {Tone.GOOD: 0x2E8B57, Tone.CAUTION: 0xE0A526, Tone.STRESS: 0xC0392B}

_FORMS: Mapping[Style, Form] = {
    **DISCORD_MARKDOWN.forms,
    Style.HEADING: Form("### ", "", DISCORD_MARKDOWN.forms[Style.HEADING].escape),
}

Layout = ui.LayoutView
Box = ui.Container[Any]


@dataclass(frozen=True, slots=True)
class Controls:
    """What stands below an answer: buttons, and a menu for a word that is missing."""

    buttons: Sequence[Control] = ()
    menu: Control | None = None
    language: str = field(default="en")


def layout_of(reply: Reply, controls: Controls, shown: Shown | None = None) -> Layout | None:
    """The answer as one layout, with its picture where one is shown, None where it does not fit into one."""
    told = reply if shown is None else beside(reply, shown.picture)
    parts, below = _parts(told), _moment(reply, controls.language)
    if sum(map(units, (*parts, *below))) + ROOM_FOR_THE_MARK > MOST_LETTERS:
        return None
    heading, rest = parts[0], parts[1:]
    renewing = next((one for one in controls.buttons if isinstance(one, LineButton) and one.renews), None)
    box = Box(accent_colour=ACCENT.get(tone_of(reply)))
    box.add_item(ui.TextDisplay(heading) if renewing is None else ui.Section(heading, accessory=renewing))
    _fill(box, rest, below, shown)
    _close(box, controls, [one for one in controls.buttons if one is not renewing])
    layout = Layout(timeout=None)
    try:
        layout.add_item(box)
    except ValueError:  # too many components: the library counts them
        return None
    return finished(layout)


def plain_view(controls: Controls) -> ui.View | None:
    """The same controls for a message of words."""
    view = ui.View(timeout=None)
    for control in (*([controls.menu] if controls.menu is not None else []), *controls.buttons):
        view.add_item(control)
    view.stop()
    return view if view.children else None


def finished(layout: Layout) -> Layout:
    """The layout as one the library keeps nothing of: its buttons are known by what they carry (`buttons.KINDS`)."""
    layout.stop()
    return layout


def tone_of(reply: Reply) -> Tone:
    """How the answer is meant: as its first heading or note is."""
    return next((block.tone for block in reply.blocks if isinstance(block, Heading | Note)), Tone.PLAIN)


def _parts(reply: Reply) -> list[str]:
    """The paragraphs as Discord writes them, the first one with its sign; at least one."""
    made = list(pieces(reply))
    parts = [_written(piece.lines, _FORMS[piece.style]) for piece in made]
    if not parts:
        return ["-"]
    sign = SIGN.get(tone_of(reply), "")
    if sign and made[0].style is Style.HEADING:
        parts[0] = parts[0].replace("### ", f"### {sign}", 1)
    elif sign:
        parts[0] = sign + parts[0].removeprefix("! ").removeprefix("!! ")
    return parts


def _written(lines: Sequence[str], form: Form) -> str:
    return form.open + "\n".join(map(form.escape, lines)) + form.close


def _moment(reply: Reply, language: str) -> tuple[str, ...]:
    """How long ago the market was so, counted on by the reader's own client."""
    if reply.at_ms is None:
        return ()
    at = f"<t:{reply.at_ms // SECOND_MS}:R>"
    return (f"-# {Sentence.AS_OF.in_words(language, moment=at)}",)


def _fill(box: Box, rest: Sequence[str], below: Sequence[str], shown: Shown | None) -> None:
    told = [*rest] if len(rest) <= MOST_PARTS else ["\n".join(rest)]
    if told or below:
        box.add_item(ui.Separator())
    for text in told:
        box.add_item(ui.TextDisplay(text))
    if shown is not None:
        box.add_item(shown.gallery())
    for text in below:
        box.add_item(ui.TextDisplay(text))


def _close(box: Box, controls: Controls, buttons: Sequence[Control]) -> None:
    """The menu and the buttons, in rows."""
    rows = [*([[controls.menu]] if controls.menu is not None else []), *_rows(buttons)]
    if rows:
        box.add_item(ui.Separator(visible=False))
    for row in rows:
        box.add_item(ui.ActionRow(*row))


def _rows(buttons: Sequence[Control]) -> Iterator[Sequence[Control]]:
    for first in range(0, len(buttons), A_ROW):
        yield buttons[first : first + A_ROW]


def without(
    message: discord.Message, *, keep: bool, mark: str | None = None, has_files: bool = True
) -> Layout:
    """A layout of ours as it stands, without the button that shares it; not `keep`: without any, below a mark.

    The words are the very ones the reader saw: they are taken from the message, not made again. Not `has_files`: its picture
    is said in words.
    """
    layout = Layout(timeout=None)
    if mark is not None:
        layout.add_item(ui.TextDisplay(mark))
    for item in Layout.from_message(message, timeout=None).children:
        is_box = isinstance(item, ui.Container)
        layout.add_item(_copy(item, message, keep=keep, has_files=has_files) if is_box else item)
    return finished(layout)


def _copy(box: Any, message: discord.Message, *, keep: bool, has_files: bool) -> Box:
    items: list[ui.Item[Any]] = []
    for item in box.children:
        if isinstance(item, ui.MediaGallery):
            items += galleries_in(item, message) if has_files else [ui.TextDisplay(_said(item))]
        else:
            items += _kept(item, keep=keep)
    while items and isinstance(items[-1], ui.Separator):
        items.pop()
    return Box(*items, accent_colour=box.accent_colour)


def _said(item: ui.MediaGallery[Any]) -> str:
    return _written(words_in(item).split("\n"), DISCORD_MARKDOWN.forms[Style.PROSE]) or "-"


def _kept(item: ui.Item[Any], *, keep: bool) -> Iterator[ui.Item[Any]]:
    """What is kept of an item of a box."""
    if isinstance(item, ui.Section) and not keep:
        yield from item.children
    elif isinstance(item, ui.ActionRow):
        left = [one for one in item.children if keep and not _shares(one)]
        if left:
            yield ui.ActionRow(*left)
    else:
        yield item


def _shares(item: ui.Item[Any]) -> bool:
    return str(getattr(item, "custom_id", "")).startswith("seawall:!")
