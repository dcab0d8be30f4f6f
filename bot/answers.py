"""One question, one answer, for people and for scripts: as lines, as JSON, and with an exit code."""

import json
import math
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TextIO

from bot.platforms.terminal.screen import Screen
from bot.running import ANSWERED, FAILED, WRONG, WrongRequest
from commands.protocol.dispatch import outcome
from commands.protocol.phrases import ORIGINAL, known_language, languages
from commands.protocol.reply import Reply

EXIT_CODES: Mapping[str, int] = {"answered": ANSWERED, "failed": FAILED, "refused": WRONG}
LONGEST_TIME = 40


def read_time(text: str) -> int:
    """The time in `text` (ISO 8601; UTC where no zone is said) in UTC milliseconds. Raises WrongRequest."""
    try:
        at = datetime.fromisoformat(text.strip()) if len(text) <= LONGEST_TIME else None
    except ValueError:
        at = None
    if at is None:
        said = "".join(sign for sign in text[:LONGEST_TIME] if sign.isprintable())
        raise WrongRequest(f'"{said}" is no time. Example: --at 2024-08-05T03:00Z')
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return round(aware.timestamp() * 1_000)


def read_language(text: str) -> str:
    """The language of answers in `text`, "" where none is said. Raises WrongRequest where there are no phrases in it."""
    known = known_language(text) if text else ""
    if known is None:
        said = "".join(sign for sign in text[:LONGEST_TIME] if sign.isprintable())
        raise WrongRequest(f'"{said}" is no language that is spoken here: {", ".join(languages())}.')
    return known


def time_text(at_ms: int) -> str:
    """A time as the terminal program writes it, such as 2024-08-05T03:00Z."""
    whole = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return whole.strftime("%Y-%m-%dT%H:%MZ" if at_ms % 60_000 == 0 else "%Y-%m-%dT%H:%M:%SZ")


async def print_reply(
    asked: Awaitable[Reply], stream: TextIO, *, as_json: bool, is_plain: bool = False, language: str = ""
) -> int:
    """Print the reply to `stream` when it is there and give the exit code it stands for; `is_plain`: in words alone."""
    reply = await asked
    if as_json:
        stream.write(json.dumps(to_json(reply), ensure_ascii=False, allow_nan=False) + "\n")
        stream.flush()
    else:
        screen = Screen(stream, is_plain=is_plain, language=language or ORIGINAL)
        screen.say(*screen.draw(reply), *([screen.draw_commands(reply.actions)] if reply.actions else ()))
    return EXIT_CODES[outcome(reply)]


def to_json(reply: Reply) -> Mapping[str, object]:
    """A reply as JSON knows it: every block with its kind, the buttons, what can be copied, and the numbers behind it."""
    return {
        "blocks": [plain({"kind": type(block).__name__.lower(), **asdict(block)}) for block in reply.blocks],
        "actions": [asdict(action) for action in reply.actions],
        "copies": [asdict(copied) for copied in reply.copies],
        "private": reply.private,
        "data": plain(reply.data),
    }


def plain(value: object) -> object:
    """`value` in what JSON can hold; a number that is none (NaN, infinity) becomes null."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(kept) for key, kept in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(kept) for kept in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    return value if value is None or isinstance(value, bool | int | str) else str(value)
