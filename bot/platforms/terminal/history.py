"""The lines typed in earlier sessions, in a file of the reader's own; what speaks of a position is never in it."""

import os
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from pathlib import Path

from bot.chat_platform import command_of
from commands.protocol.reply import Reply

MOST_KEPT = 500
LONGEST_KEPT = 256
NAME = "chat_history"
ERASED = "erased"
"""What only the answer to a confirmed /forget has among its numbers."""
OWN = "own_"
"""How the kinds of words begin that state a person's own limits."""


class StoredLines:
    """The lines a file holds, oldest first. Where it cannot be read or written the session goes on without it.

    `path` None keeps nothing beyond this session, and so does `keeps` False, which reads nothing either. The file is its
    owner's alone (mode 0600).
    """

    def __init__(self, path: Path | None, *, keeps: bool = True) -> None:
        self._file, self._path = path, path if keeps else None
        self._kept = self._read()

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of earlier sessions and of this one that were kept, oldest first."""
        return tuple(self._kept)

    def keep(self, line: str) -> None:
        """Add a line, unless it may not be kept or was the last one."""
        if not may_be_kept(line) or line in self._kept[-1:]:
            return
        self._kept.append(line)
        if self._path is None:
            return
        with suppress(OSError):
            if len(self._kept) > MOST_KEPT:
                self._kept = self._kept[-MOST_KEPT // 2 :]
                self._write(os.O_TRUNC, self._kept)
            else:
                self._write(os.O_APPEND, [line])

    def forget(self) -> None:
        """Keep none of the lines until now: somebody asked to be forgotten."""
        self._kept = []
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        with suppress(OSError):
            said = self._path.read_text("utf-8", errors="replace").splitlines()
            return [line for line in said if may_be_kept(line)][-MOST_KEPT:]
        return []

    def _write(self, how: int, lines: Iterable[str]) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how
        with os.fdopen(os.open(self._path, flags, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)  # one that was there may have been open to others
            file.writelines(f"{line}\n" for line in lines)


def lines_in(folder: Path, *, keeps: bool = True) -> StoredLines:
    """The lines of the chats at a terminal on the service of that data folder."""
    return StoredLines(folder / NAME, keeps=keeps)


async def erasing(asked: Awaitable[Reply], lines: StoredLines) -> Reply:
    """The answer that was asked for; where it erased what is kept of somebody, these lines go as well."""
    reply = await asked
    if ERASED in reply.data:
        lines.forget()
    return reply


def may_be_kept(line: str) -> bool:
    """Whether a line may outlive its session: a command we know that neither states a position nor a person's own limits.

    An answer to what was asked for is no command, and may state either.
    """
    command = command_of(line)
    if command is None or len(line) > LONGEST_KEPT or not line.isprintable():
        return False
    return not command.private and not any(option.word.kind.startswith(OWN) for option in command.options)
