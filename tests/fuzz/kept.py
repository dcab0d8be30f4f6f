"""What was kept and said before: stored values, lines of a backup whose sums are right, and settings, mutated."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import msgspec

from bot.backup.lines import Damaged, Header, _summed, end_line, header_line, read_line
from bot.settings import Misconfigured, Settings, read_settings
from store.codec import Unreadable, encode, read
from tests import canary
from tests.fuzz.harness import Wrong
from tests.fuzz.mutating import NUMBERS, SIGNS, mutated_bytes, mutated_json, mutated_text
from tests.store.samples import NOW_MS, SAMPLES

PREFIX = "SEAWALL_"
SAID = (
    "BTC,ETH", "true", "no", "telegram:11", "discord:42,telegram:7", "127.0.0.1:8443", "[::1]:99999", ":", "https://a.example/x", "http://10.0.0.1",
    "http://user@h/", "file:///etc/passwd", "redis://h:1/0", "rediss://u:p@h/1", "unix:///x", "debug", "json", "5/min", "3.5", "/nowhere", "-",
)  # fmt: skip
LEFT_OUT = ("_file", "data_dir")
"""Settings that name files: what such a name leads to is no matter of reading settings."""


class Kept:
    """Bytes and words that we, an older version or an operator wrote."""

    name = "kept"

    def __init__(self) -> None:
        self.before: list[Any] = []
        self._stored = {name: encode(kind, value) for name, (kind, value) in SAMPLES.items()}
        self._lines = [
            header_line(Header(NOW_MS, "1.2.3", with_history=True)),
            end_line({"chat": 2}, "ab" * 32),
            *(
                _summed(msgspec.json.encode({"sort": sort, "id": "telegram:11", "schema": 1, "value": {}}))
                for sort in ("chat", "person", "alert", "watched")
            ),
        ]
        self._names = [name for name in Settings.model_fields if not name.endswith(LEFT_OUT)]

    def input(self, dice: Random) -> Any:
        """A stored value, a line of a backup, or settings."""
        kind = dice.random()
        if kind < 0.6:
            name = dice.choice(list(self._stored))
            return {"stored": name, "bytes": mutated_bytes(self._stored[name], dice).decode("latin-1")}
        if kind < 0.95:
            return {"line": self._line(dice).decode("latin-1")}
        chosen = dice.sample(self._names, dice.randrange(1, 5))
        return {"settings": {PREFIX + name.upper(): _word(dice) for name in chosen}}

    async def answer(self, given: Any) -> Any:
        """What is read, or the error that says why nothing is."""
        try:
            if "stored" in given:
                return read(SAMPLES[given["stored"]][0], given["bytes"].encode("latin-1"))
            if "line" in given:
                return read_line(given["line"].encode("latin-1"))
            with _environment(given["settings"]):
                return read_settings()
        except (Unreadable, Damaged, Misconfigured) as refused:
            return refused

    def judge(self, given: Any, answered: Any) -> str:
        """Raises Wrong."""
        if isinstance(answered, Exception):
            if canary.leaks(str(answered)):
                raise Wrong("a mistake is told with the secret in it")
            return f"{next(iter(given))} refused"
        if "stored" in given:
            encode(SAMPLES[given["stored"]][0], answered)
        return f"{next(iter(given))} read"

    async def end(self) -> None:
        """Nothing is open."""

    def besides_ns(self) -> int:
        """Nothing stands in for anything."""
        return 0

    def _line(self, dice: Random) -> bytes:
        line = dice.choice(self._lines)
        if dice.random() < 0.2:
            return mutated_bytes(line, dice)
        told = json.loads(line)
        told.pop("sum")
        bent = mutated_json(told, dice, dice.randrange(3))
        return _summed(json.dumps(bent if isinstance(bent, dict) else {"x": bent}).encode())


def _word(dice: Random) -> str:
    word = dice.choice(
        (*SAID, *NUMBERS, *SIGNS, canary.TELEGRAM_TOKEN, canary.DISCORD_TOKEN, canary.REDIS_URL)
    )
    if dice.randrange(2):
        word = mutated_text(word, dice, SAID)
    return word.replace("\0", "").encode(errors="replace").decode()


@contextmanager
def _environment(said: dict[str, str]) -> Iterator[None]:
    """The environment with these settings and no others."""
    before = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    for name in before:
        del os.environ[name]
    os.environ.update(said)
    try:
        yield
    finally:
        for name in said:
            os.environ.pop(name, None)
        os.environ.update(before)
