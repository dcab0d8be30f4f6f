"""Replies for ears: a line a thought, words for signs, and no columns; what a sign stands for stands in the phrases."""

import re
from collections.abc import Iterator, Sequence

from bot.layout import clean, plainly
from commands.protocol.phrases import Phrases
from commands.protocol.picture import Picture
from commands.protocol.reply import (
    Action,
    Block,
    Evidence,
    Heading,
    Lines,
    Note,
    Reply,
    Table,
    Text,
    Told,
    Tone,
)

NOTHING = "-"
"""A cell that holds nothing."""
TONES = {Tone.CAUTION: "caution", Tone.STRESS: "stress"}
_MARK = re.compile(
    r"(!!|(?<![\w.!])(?:!|·|\?))(?=[\w.+$~-])|(?<!\S)(!!|!|\?)(?=[\s,.;:]|$)|(?<![\w/])(~)(?=[\d.$])"
)
_WORDS = {"!!": "stress", "!": "caution", "·": "calm", "?": "unknown", "~": "about"}
_SEVERITIES = {"!!": "critical", "!": "warning", "·": "watch"}
_BULLET = re.compile(r"^\s*[+-] (?=\S)")
_DOT = re.compile(r"\s+·\s+")
_ARROW = re.compile(r"\s*<-\s+")
"""What points to a line ("2.5x <- binds"); "<-30%" is a number, below minus thirty."""
_GAP = re.compile(r"\s{2,}")


def speak(reply: Reply, phrases: Phrases) -> Iterator[str]:
    """The lines of a reply from top to bottom, without its buttons."""
    for block in reply.blocks:
        yield from (said for said in _block(block, phrases) if said)


def speak_line(line: str, phrases: Phrases) -> str:
    """One line with words for signs, its columns apart by commas."""
    cells = [cell for cell in _GAP.split(_BULLET.sub("", line).strip()) if cell not in {NOTHING, "|"}]
    said = _ARROW.sub(": ", _DOT.sub(", ", ", ".join(cells)))
    return _MARK.sub(lambda mark: _word(mark, phrases), said)


def speak_shortcuts(actions: Sequence[Action]) -> str:
    """The buttons as numbers to type."""
    return ", ".join(f"{number}: {clean(action.label)}" for number, action in enumerate(actions, 1))


def _block(block: Block, phrases: Phrases) -> Iterator[str]:
    match block:
        case Heading(text):
            yield speak_line(clean(text), phrases)
        case Note(text, tone):
            said = speak_line(clean(text).removeprefix("!!").removeprefix("!").strip(), phrases)
            yield f"{phrases.word('spoken', TONES[tone])}: {said}" if tone in TONES else said
        case Text(text):
            yield from (speak_line(line, phrases) for line in clean(text).split("\n"))
        case Told():
            yield from (speak_line(line, phrases) for line in plainly(block).split("\n"))
        case Picture():
            yield _DOT.sub(", ", clean(block.alt))
        case Evidence(lines) | Lines(lines):
            yield from (speak_line(clean(line), phrases) for line in lines)
        case Table(rows, head):
            yield from (_row(row, head, phrases) for row in rows)


def _row(row: Sequence[str], head: Sequence[str], phrases: Phrases) -> str:
    """A row whose every cell says of what it is."""
    names = [*head, *[""] * len(row)]
    cells = (
        f"{clean(name)} {_cell(clean(cell), phrases)}".strip()
        for name, cell in zip(names, row, strict=False)
        if cell.strip() not in {"", NOTHING}
    )
    return ", ".join(cells)


def _cell(cell: str, phrases: Phrases) -> str:
    """A cell of a table; a mark that stands alone in it says how loud a warning was."""
    text, _, mark = cell.rpartition(" ")
    if mark not in _SEVERITIES:
        return speak_line(cell, phrases)
    return f"{speak_line(text, phrases)} {phrases.word('severity', _SEVERITIES[mark])}".strip()


def _word(mark: re.Match[str], phrases: Phrases) -> str:
    sign = next(group for group in mark.groups() if group)
    before = mark.string[: mark.start()]
    apart = " " if before and not before[-1].isspace() and before[-1] not in "([" else ""
    return apart + phrases.word("spoken", _WORDS[sign]) + ("" if mark.group(2) is not None else " ")
