"""The words of every answer, in one file a language: `commands/phrases/en.toml` and its translations."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from string import Formatter

from commands.protocol.style import ENGLISH, Style

FOLDER = Path(__file__).parent.parent / "phrases"
ORIGINAL = "en"
SLASH = "slash."
"""What commands and their options mean stands there in other languages; the English of it stands in the commands."""
_REGION = re.compile(r"[a-z]{2}|[0-9]{3}")
_DECIMALS = re.compile(r"(?<=[0-9]),(?=[0-9]{1,2}(?![0-9]))")
"""The comma of a number that stands in a phrase itself, as a region does not write it."""
_MARKS = "number."
"""The table that says how a language writes numbers and days; see `_style_of`."""


class NoSuchPhrase(LookupError):
    """A key that no phrases file holds: a slip of ours, never of the reader's."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of a language by dotted key, such as "regime.partial", and how it writes numbers and days.

    `reviewer` is the native trader who has signed a translation, "" where nobody has.
    """

    language: str
    by_key: Mapping[str, str]
    style: Style = ENGLISH

    @property
    def reviewer(self) -> str:
        """Who has signed these words."""
        return self.say("meta.reviewed_by")

    def say(self, key: str, /, **values: object) -> str:
        """The phrase with its placeholders filled. Raises NoSuchPhrase for an unknown key."""
        phrase = self.by_key.get(key)
        if phrase is None:
            raise NoSuchPhrase(key)
        return phrase.format_map(values)

    def word(self, family: str, name: str) -> str:
        """What `name` is called, from the table `family`; a name nobody translated is said as it is."""
        found = self.by_key.get(f"{family}.{name}")
        return name.replace("_", " ") if found is None else found

    def slash(self, key: str, original: str) -> str:
        """What a command or an option means (`size.help`, `size.options.leverage.help`); `original` is the English of it."""
        return self.by_key.get(SLASH + key, original)

    def knows(self, family: str, name: str) -> bool:
        """Whether the table `family` has a word for `name`."""
        return f"{family}.{name}" in self.by_key


@lru_cache(maxsize=32)
def phrases_in(language: str) -> Phrases:
    """The phrases of `language` ("en", "pt-BR" reads as "pt"), the original ones where it has none.

    A region may write numbers otherwise than its language does: "es-MX" takes a point for decimals.
    """
    original = _read(ORIGINAL)
    short, _, region = language.replace("_", "-").lower().partition("-")
    if short == ORIGINAL or short not in languages():
        return Phrases(ORIGINAL, original, _style_of(original, ""))
    words = {**original, **_read(short)}
    style = _style_of(words, region.upper())
    if style.decimal == ENGLISH.decimal:
        words = {key: _DECIMALS.sub(ENGLISH.decimal, phrase) for key, phrase in words.items()}
    return Phrases(short, words, style)


def known_language(tag: str) -> str | None:
    """How a language is called that there is a file for, with its region where that writes otherwise: "es", "es-MX"."""
    short, mark, region = tag.lower().partition("-")
    if short not in languages() or (mark and not _REGION.fullmatch(region)):
        return None
    writes_otherwise = region.upper() in phrases_in(short).say("number.english_marks_in").split()
    return f"{short}-{region.upper()}" if writes_otherwise else short


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages there is a file for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def print_of(language: str) -> str:
    """A short text that is another one when the file of a language is; to read all its words takes a hundred times as long."""
    return sha256(_file(language).read_bytes()).hexdigest()


def placeholders(phrase: str) -> frozenset[str]:
    """The names a phrase has to be given."""
    return frozenset(name for _, name, _, _ in Formatter().parse(phrase) if name is not None)


def _style_of(words: Mapping[str, str], region: str) -> Style:
    """The style that the table `number` of a language describes; its regions with English marks are named there."""
    table = {key.removeprefix(_MARKS): word for key, word in words.items() if key.startswith(_MARKS)}
    is_english = bool(region) and region in table["english_marks_in"].split()
    return Style(
        decimal=ENGLISH.decimal if is_english else table["decimal"],
        thousands=ENGLISH.thousands if is_english else table["thousands"],
        date=table["date"],
        day=table["day"],
        tick=table["tick"],
        year_month=table["year_month"],
        months=tuple(table["months"].split()),
        daily=table["daily"],
        leading_zero=table["leading_zero"] == "yes",
    )


@lru_cache
def _read(language: str) -> Mapping[str, str]:
    with _file(language).open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def _file(language: str) -> Path:
    return FOLDER / f"{language}.toml"


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + name, str(value)
