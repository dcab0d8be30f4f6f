"""The words of every answer, in one file a language: `commands/phrases/en.toml` and its translations."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter

FOLDER = Path(__file__).parent.parent / "phrases"
ORIGINAL = "en"


class NoSuchPhrase(LookupError):
    """A key that no phrases file holds: a slip of ours, never of the reader's."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of a language by dotted key, such as "regime.partial"."""

    language: str
    by_key: Mapping[str, str]

    def say(self, key: str, /, **values: object) -> str:
        """The phrase with its placeholders filled. Raises NoSuchPhrase for an unknown key."""
        phrase = self.by_key.get(key)
        if phrase is None:
            raise NoSuchPhrase(key)
        return phrase.format_map(values)

    def word(self, family: str, name: str) -> str:
        """What `name` is called, from the table `family`; a name nobody translated is said as it is."""
        return self.by_key.get(f"{family}.{name}", name.replace("_", " "))

    def knows(self, family: str, name: str) -> bool:
        """Whether the table `family` has a word for `name`."""
        return f"{family}.{name}" in self.by_key


@lru_cache(maxsize=32)
def phrases_in(language: str) -> Phrases:
    """The phrases of `language` ("en", "pt-BR" reads as "pt"), the original ones where it has none."""
    original = _read(ORIGINAL)
    short = language.partition("-")[0].lower()
    if short == ORIGINAL or short not in languages():
        return Phrases(ORIGINAL, original)
    return Phrases(short, {**original, **_read(short)})


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages there is a file for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def placeholders(phrase: str) -> frozenset[str]:
    """The names a phrase has to be given."""
    return frozenset(name for _, name, _, _ in Formatter().parse(phrase) if name is not None)


def _read(language: str) -> Mapping[str, str]:
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + name, str(value)
