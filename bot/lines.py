"""Command lines in places that hold few letters, such as buttons: a long one is kept in the store under a short name."""

import hashlib
from collections import OrderedDict
from typing import Any

import structlog

from commands.protocol import dispatch
from commands.protocol.command import Command
from scheduler.clock import monotonic_s
from store.connection import StoreUnavailable
from store.services import Memos

KEPT_S = 30 * 86_400
"""As long as somebody may still press a button."""
KEPT_ANEW_S = 3_600.0
"""A line that this process has just kept is not kept again so soon: a write waits for the disk."""
MOST_KNOWN = 10_000
NAMED = r"(?:/.+|#[a-z0-9_]{1,32}:[0-9a-f]{20})"
"""What a button carries (a pattern): a line, or the short name of one."""
_MARK = "#"
_DIGITS = 20

log = structlog.stdlib.get_logger(__name__)


class Lines:
    """Long lines by short names; the name of a line is always the same, so that keeping it again adds nothing."""

    __slots__ = ("_kept_s", "_memos")

    def __init__(self, memos: Memos | None) -> None:
        self._memos = memos
        self._kept_s: OrderedDict[str, float] = OrderedDict()

    async def carried(self, line: str, room: int) -> str | None:
        """The line where it fits into so many bytes, else its short name; None where that cannot be kept."""
        try:
            size = len(line.encode())
        except UnicodeEncodeError:  # half a sign, which no platform could carry either
            return None
        if size <= room:
            return line
        name = short_name(line)
        if self._memos is None or len(name) > room:
            return None
        now_s = monotonic_s()
        if now_s - self._kept_s.get(name, -KEPT_ANEW_S) < KEPT_ANEW_S:
            return name
        try:
            await self._memos.keep(_place(name), line, KEPT_S)
        except StoreUnavailable as away:
            log.warning("a button is left out, its line could not be kept", error=str(away))
            return None
        self._kept_s[name] = now_s
        while len(self._kept_s) > MOST_KNOWN:
            self._kept_s.popitem(last=False)
        return name

    async def whole(self, carried: str) -> str | None:
        """The line that a button carries or names; None where it is kept no more, or the store does not answer."""
        if not carried.startswith(_MARK):
            return carried
        try:
            return None if self._memos is None else await self._memos.read(_place(carried))
        except StoreUnavailable as away:
            log.warning("the line of a button could not be read", error=str(away))
            return None


def short_name(line: str) -> str:
    """The short name of a line; it begins with the command's, so that what is to be hidden is known without the store."""
    command = line.split(maxsplit=1)[0].removeprefix("/").lower()
    return f"{_MARK}{command}:{hashlib.sha256(line.encode()).hexdigest()[:_DIGITS]}"


def command_in(carried: str) -> Command[Any] | None:
    """The command of a line or of its short name, None where it is none of ours."""
    first = (carried.split(maxsplit=1) or [""])[0]
    return dispatch.find(first.removeprefix(_MARK).partition(":")[0] if first.startswith(_MARK) else first)


def _place(name: str) -> str:
    return f"line:{name}"
