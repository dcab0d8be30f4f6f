"""What holds of every answer, whatever was asked: it says something, fits the platforms, is well formed and holds no secret."""

import json
from collections.abc import Iterable

from bot.answers import to_json
from bot.layout import DISCORD_MARKDOWN, DISCORD_UNITS, TELEGRAM_HTML, TELEGRAM_UNITS, lay_out, units
from commands.protocol.dispatch import outcome
from commands.protocol.reply import Reply
from tests import canary
from tests.commands.talking import monospaced
from tests.doubles.telegram_markup import Unparsed, read_html
from tests.fuzz.harness import Wrong

WIDEST = 37
"""What a phone shows of a line of columns (tests/commands)."""
MOST_MESSAGES = 4
UNSEEN = ("\x00", "\u202e", "\x1b")


def judge(reply: Reply, *, is_deep: bool) -> str:
    """How a reply went: "answered" or "refused". `is_deep`: also as JSON and in columns. Raises Wrong."""
    went = outcome(reply)
    if went not in {"answered", "refused"}:
        raise Wrong(f"the answer {went}")
    html, markdown = lay_out(reply, TELEGRAM_HTML), lay_out(reply, DISCORD_MARKDOWN)
    check_texts(html, TELEGRAM_UNITS)
    check_texts(markdown, DISCORD_UNITS)
    for text in html:
        check_html(text)
    if is_deep:
        _check_columns(reply)
        told = json.dumps(to_json(reply), allow_nan=False)
        if canary.leaks(told):
            raise Wrong("the answer holds a secret")
    return went


def check_texts(texts: Iterable[str], most: int) -> None:
    """Messages say something, are not too many or too long, and hide nothing. Raises Wrong."""
    count = 0
    for count, text in enumerate(texts, 1):  # noqa: B007, how many there are is asked below
        if not text.strip():
            raise Wrong("a message says nothing")
        if units(text) > most:
            raise Wrong(f"a message of {units(text)} units, at most {most}")
        if any(sign in text for sign in UNSEEN):
            raise Wrong("a message holds what is not seen")
    if not 0 < count <= MOST_MESSAGES:
        raise Wrong(f"{count} messages")


def check_html(text: str) -> None:
    """A message is HTML as Telegram reads it. Raises Wrong."""
    try:
        seen = read_html(text)
    except Unparsed as wrong:
        raise Wrong(f"no HTML: {wrong}") from None
    if seen.is_empty:
        raise Wrong("nothing is seen of a message")


def _check_columns(reply: Reply) -> None:
    wide = [row for row in monospaced(reply) if len(row) > WIDEST]
    if wide:
        raise Wrong(f"a line wider than a phone: {wide[0]!r}")
    labels = [*(one.label for one in reply.actions), *(one.label for one in reply.copies)]
    if not all(label.strip() for label in labels):
        raise Wrong("a button says nothing")
