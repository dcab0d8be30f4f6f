"""Deep links: addresses that open the bot's chat with a command line, and what is asked by somebody who came by one."""

from bot.chat_platform import command_of
from commands.protocol.payloads import ASK, SUBSCRIBE, line_of, payload_of

HOME = "https://t.me/"
START = "start"
"""Telegram sends "/start PAYLOAD" in the name of whoever follows a link."""
TAKEN_IN = "true"
"""The payload of a link into a group that asks nothing there: the group is greeted, and needs no second welcome."""


def private_link(username: str, line: str = "") -> str:
    """The address of the bot's private chat, which asks `line` there where a link can carry that."""
    payload = payload_of(line)
    return f"{HOME}{username}" if payload is None else f"{HOME}{username}?start={payload}"


def group_link(username: str, line: str = "") -> str:
    """The address that offers to take the bot into a group, and there asks `line`."""
    return f"{HOME}{username}?startgroup={payload_of(line) or TAKEN_IN}"


def opened(line: str) -> str:
    """The line that somebody asks who came by a link, the same line for all others.

    Who follows a link has not read what it asks: what would change something stays "/start ...", whose answer is a button.
    """
    first, *rest = line.split() or [""]
    if len(rest) != 1 or first.partition("@")[0].lower() != f"/{START}":
        return line
    kind, asked = rest[0].partition("-")[0], line_of(rest[0])
    command = None if asked is None else command_of(asked)
    if asked is None or command is None or kind == SUBSCRIBE:
        return line
    return line if kind == ASK and command.changes else asked


def is_arrival(line: str) -> bool:
    """Whether a line in a group tells no more than that somebody took the bot in by a link."""
    first, *rest = line.split() or [""]
    return rest == [TAKEN_IN] and first.lower() == f"/{START}"
