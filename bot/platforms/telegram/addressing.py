"""What a message says to the bot: a command line, the answer to its question, or a word in reply such as "why?"."""

import re
from collections.abc import AsyncIterator

from telegram import InlineKeyboardMarkup, Message

from bot.platforms.telegram.buttons import Buttons, Pressed
from commands.protocol import dispatch
from commands.protocol.forms import read_prompt
from commands.protocol.reply import Prompt

STOPS = "?!.,:;"
_END = re.compile(r"(?<=\w)[?!.]+$")


def addressed(text: str, me: str, *, is_private: bool) -> str | None:
    """The command line in a message, None where it is not meant for the bot called `me`.

    In a group that is only /command@me, "@me words", or a /command this bot knows; alone with somebody it is anything. Words
    without a slash are read as people write them: "why?" is why.
    """
    text = text.strip()
    first, *rest = text.split(maxsplit=1) or [""]
    name, at, bot = first.partition("@")
    if at and (not name or name.startswith("/")):
        line = " ".join((name, *rest)).strip()
        return _spoken(line) or None if bot.rstrip(STOPS).lower() == me.lower() else None
    if is_private:
        return _spoken(text) or None
    return text if first.startswith("/") and dispatch.find(first) is not None else None


def answered(message: Message, me: str) -> str | None:
    """The line that a reply to our own question makes, None for a message that answers none, such as a command."""
    asked = _replied_to(message, me)
    lacking = None if asked is None else read_prompt(asked.text or "")
    typed = None if lacking is None else addressed(message.text or "", me, is_private=True)
    if lacking is None or typed is None or typed.startswith("/"):
        return None
    return Prompt(*lacking, kind="", example="").filled(typed)


def meant(message: Message, me: str) -> str | None:
    """The line that words in reply to a message of ours mean; None where they begin with no command that only reads.

    In a group it may be talk all the same ("check this out"): only a line that can be answered is to be answered.
    """
    typed = None if _replied_to(message, me) is None else addressed(message.text or "", me, is_private=True)
    words = (typed or "").rstrip(STOPS + " ").split()
    if not words or words[0].startswith("/"):
        return None
    command = dispatch.find(words[0].rstrip(STOPS))
    if command is None or command.changes:
        return None
    return " ".join((f"/{command.name}", *words[1:]))


async def pointed(line: str, message: Message, me: str, buttons: Buttons) -> str:
    """A command alone ("/why") in reply to a message of ours, as the button of that command below it: of the same asset.

    Another line stays as it is, and so does one that would change something, or where there are several such buttons.
    """
    asked = _replied_to(message, me)
    command = None if asked is None else dispatch.find(line)
    if asked is None or command is None or command.changes:
        return line
    user_id = 0 if message.from_user is None else message.from_user.id
    below = {
        found
        async for found in _lines_below(asked.reply_markup, message.chat.id, user_id, buttons)
        if found.split(" ", 1)[0] == f"/{command.name}"
    }
    return below.pop() if len(below) == 1 else line


def _spoken(line: str) -> str:
    """A line without the sign that ends a sentence. A "?" that stands alone asks for a form."""
    return line if line.startswith("/") else _END.sub("", line)


def _replied_to(message: Message, me: str) -> Message | None:
    """The message of ours that this one replies to."""
    asked = message.reply_to_message
    if asked is None or asked.from_user is None:
        return None
    return asked if (asked.from_user.username or "").lower() == me.lower() else None


async def _lines_below(
    keyboard: InlineKeyboardMarkup | None, chat_id: int, user_id: int, buttons: Buttons
) -> AsyncIterator[str]:
    """The lines of the buttons below a message that this user may press."""
    for row in () if keyboard is None else keyboard.inline_keyboard:
        for button in row:
            data = button.callback_data
            pressed = await buttons.pressed(data, chat_id, user_id) if isinstance(data, str) else None
            if isinstance(pressed, Pressed) and not pressed.types and pressed.shares is None:
                yield pressed.line
