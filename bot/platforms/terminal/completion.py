"""What a half-typed line may go on with: a command, an asset, a word that one of the command's options knows, or its name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commands.protocol.alert_words import ALL
from commands.protocol.command import Command, Option
from commands.protocol.dispatch import commands, find
from commands.protocol.forms import meant
from commands.protocol.phrases import Phrases
from commands.protocol.words import Lexicon
from market.observations import Asset

MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may stand in place of the one being typed, and what it means in a few words ("" where that is plain)."""

    word: str
    meaning: str = ""


def candidates(
    line: str,
    watched: Sequence[Asset],
    phrases: Phrases,
    steering: Mapping[str, str] | None = None,
) -> tuple[Candidate, ...]:
    """What the last word of `line` may become, the likely ones first; at most MOST_SHOWN.

    `steering` are words beside the commands that this chat knows, with what they do.
    """
    words = line.split()
    begun = words.pop() if words and not line[-1:].isspace() else ""
    found = _rest(words, begun, watched, phrases) if words else _first(begun, phrases, steering or {})
    return tuple(_matching(found, begun))[:MOST_SHOWN]


def completed(line: str, found: Sequence[Candidate]) -> tuple[int, str] | None:
    """What Tab types behind `line`: how many letters are taken back, and what is written then.

    That is what all candidates share, or the one there is and a blank; None where it is no more than stands there.
    """
    begun = "" if line[-1:].isspace() else (line.split() or [""])[-1]
    shared = _common([one.word for one in found], begun)
    if len(found) == 1 and not shared.endswith("="):
        shared += " "
    if shared == begun:
        return None
    if shared.startswith(begun):
        return 0, shared.removeprefix(begun)
    return len(begun), shared


def _common(words: Sequence[str], begun: str) -> str:
    """The longest beginning that all words share, at least what was begun."""
    if not words:
        return begun
    shared = words[0]
    for word in words[1:]:
        while shared and not word.lower().startswith(shared.lower()):
            shared = shared[:-1]
    return shared if len(shared) > len(begun) or len(words) == 1 else begun


def _matching(found: Iterable[Candidate], begun: str) -> Iterator[Candidate]:
    seen: set[str] = set()
    for one in found:
        if one.word.lower().startswith(begun.lower()) and one.word not in seen:
            seen.add(one.word)
            yield one


def _first(begun: str, phrases: Phrases, steering: Mapping[str, str]) -> Iterator[Candidate]:
    """The commands, with the slash or without as it was begun; menus first, as /help has them."""
    slash = "/" if begun.startswith("/") or not begun else ""
    for command in sorted(commands(), key=lambda command: not command.in_menu):
        yield Candidate(slash + command.name, phrases.slash(f"{command.name}.help", command.help))
    if not begun.startswith("/"):
        yield from (Candidate(word, meaning) for word, meaning in steering.items())


def _rest(
    words: Sequence[str], begun: str, watched: Sequence[Asset], phrases: Phrases
) -> Iterator[Candidate]:
    command = find(words[0])
    if command is None:
        return

    def meaning(option: Option) -> str:
        return phrases.slash(f"{command.name}.options.{option.name}.help", option.description)

    options = {option.name: option for option in command.options}
    name, sign, _ = begun.partition("=")
    if sign and name.lower() in options:
        option = options[name.lower()]
        yield from (Candidate(f"{option.name}={word}") for word in values(option, watched))
        return
    before = options.get(words[-1].lower()) if len(words) > 1 else None
    if before is not None:
        yield from (Candidate(word, meaning(before)) for word in values(before, watched))
        return
    open_options = _open(command, words[1:], watched)
    for option in open_options:
        yield from (Candidate(word, meaning(option)) for word in values(option, watched))
    yield from (Candidate(f"{option.name}=", meaning(option)) for option in open_options)


def values(option: Option, watched: Sequence[Asset]) -> tuple[str, ...]:
    """The words that can be chosen for an option, () where it is typed freely."""
    word = option.word
    by_kind = {
        "asset": tuple(watched),
        "assets": (*watched, ALL),
        "text": tuple(command.name for command in commands()) if option.name == "command" else (),
    }
    return word.choices or word.offers or by_kind.get(word.kind, ())


def _open(command: Command[Any], words: Sequence[str], watched: Sequence[Asset]) -> list[Option]:
    """The options that nothing was said of yet, in the command's order, what it needs first."""
    lexicon, said = Lexicon(tuple(watched)), set()
    names = {option.name for option in command.options}
    for word in words:
        name = word.partition("=")[0].lower()
        option = None if name in names else meant(command, word, lexicon)
        said.add(name if name in names else option.name if option else "")
    left = [option for option in command.options if option.name not in said]
    return sorted(
        left, key=lambda option: not option.required and option.word.kind not in {"asset", "assets"}
    )
