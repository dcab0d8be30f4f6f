"""People and chats in the log: a name that is the same all the time, from which nobody finds out who it is.

Who is meant stands in a line of the log as "telegram:~5f3a91c2": an HMAC of the platform's own number under a key that each
installation makes once and keeps in its data folder for itself. Whoever has the log without the key learns nothing from it.
"""

import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

KEY_FILE = "log.key"
KEY_BYTES = 32
SHOWN = 8
"""Hexadecimal digits of a name: enough to tell the chats of one bot apart."""
FOR_ITS_OWNER = 0o600
FOLDER_OF_ITS_OWNER = 0o700

_ADDRESS = re.compile(
    r"(?<![\w/.])(telegram|discord)(:@?)(-?[0-9]{1,20})(?::[0-9]{1,20})?(?![\w.])", re.ASCII
)
"""An address or a person of ours, with or without a topic."""
_NUMBERED = re.compile(
    r"((?:chat|user|from|sender|guild|channel|author|member|server|reader)(?:_?id)?['\"]?\s{0,3}[:=]\s{0,3}['\"]?)"
    r"(-?[0-9]{4,20})(?![\w.])",
    re.ASCII | re.IGNORECASE,
)
"""What a library says of a chat or person: chat_id=-1001234567890, 'user_id': 42."""
_BARE = re.compile(r"(?<![\w.,+-])(-100[0-9]{10,11}|[0-9]{17,20})(?![\w.,])", re.ASCII)
"""A supergroup's or channel's number of Telegram, and a number of Discord, wherever it stands."""


class Pseudonyms:
    """Puts names in the place of people's and chats' numbers, under one key."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, text: str) -> str:
        """The text with every number of a person or chat that can be told from others replaced by its name."""
        text = _ADDRESS.sub(lambda found: f"{found[1]}{found[2]}{self.name(found[3])}", text)
        text = _NUMBERED.sub(lambda found: f"{found[1]}{self.name(found[2])}", text)
        return _BARE.sub(lambda found: self.name(found[1]), text)

    def name(self, number: str) -> str:
        """The name of who or what has this number on its platform."""
        return "~" + hmac.new(self._key, number.encode(), hashlib.sha256).hexdigest()[:SHOWN]


def pseudonyms_in(folder: Path) -> Pseudonyms:
    """The names of an installation; where its folder cannot be read or written, names that hold for this process only."""
    try:
        return Pseudonyms(_key(folder))
    except OSError:
        return Pseudonyms(secrets.token_bytes(KEY_BYTES))


def _key(folder: Path) -> bytes:
    """The key, made where there is none; of several processes that begin at once all take that of the first."""
    path = folder / KEY_FILE
    with suppress(FileNotFoundError):
        return _read(path)
    folder.mkdir(mode=FOLDER_OF_ITS_OWNER, parents=True, exist_ok=True)
    made = folder / f"{KEY_FILE}.{secrets.token_hex(4)}"
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FOR_ITS_OWNER)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    try:
        with suppress(FileExistsError):
            os.link(made, path)
    finally:
        made.unlink()
    return _read(path)


def _read(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise OSError(f"{path} holds no key")
    return key
