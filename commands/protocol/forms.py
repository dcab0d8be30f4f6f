"""Forms: what a refused line still needs, as the line so far, the field to be said, and lines that would say it.

A form has no memory: all that was said stands in the line, so that it goes on after any restart and in any order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from commands.protocol.alert_words import ALL
from commands.protocol.command import ASK_THE_REST, LEFT_OUT, Command, Option, plain_text
from commands.protocol.phrases import Phrases
from commands.protocol.reply import Prompt
from commands.protocol.request import Misunderstood
from commands.protocol.words import Lexicon
from market.observations import Asset

MOST_OFFERS = 8
CANCEL = frozenset({"cancel", "cancelar"})
"""What ends a question that waits for a word."""
MOST_ASKED = 5
"""What fits one page of a form (Discord's longest modal)."""


def prompt_of(command: Command[Any], field: str, words: Sequence[str], lexicon: Lexicon) -> Prompt:
    """The question for one field of a command asked with `words`; what was said of that field is left out of its line."""
    option = option_called(command, field)
    is_form = command.begins_form(words)
    kept = [word for word in _without(command, option, words, lexicon) if word != ASK_THE_REST]
    line = " ".join((f"/{command.name}", *([ASK_THE_REST] if is_form else []), *kept))
    return Prompt(line, field, option.word.kind, example_of(option))


def offers_for(command: Command[Any], prompt: Prompt, lexicon: Lexicon) -> tuple[str, ...]:
    """The lines that answer a prompt, to be chosen from: few enough for buttons, () where it can only be typed."""
    option = option_called(command, prompt.field)
    assets = {"asset": lexicon.assets, "assets": (*lexicon.assets[: MOST_OFFERS - 1], ALL)}
    words = option.word.offers or option.word.choices or assets.get(option.word.kind, ())
    offers = [f"{prompt.line} {_shortly(command, option, word, lexicon)}" for word in words[:MOST_OFFERS]]
    if ASK_THE_REST in prompt.line.split() and option.name in command.form_skips:
        offers.append(prompt.filled(LEFT_OUT))
    return tuple(offers)


def fields_asked(command: Command[Any]) -> tuple[Option, ...]:
    """The fields one page asks for where nothing was said: those of its form, else the needed ones and what follows.

    () for a command that can be asked without a word.
    """
    if command.form:
        return tuple(option_called(command, name) for name in command.form[:MOST_ASKED])
    needs_one = any(option.required for option in command.options)
    return command.options[:MOST_ASKED] if needs_one else ()


def is_needed(command: Command[Any], option: Option) -> bool:
    """Whether a page of the form cannot be handed in without this field."""
    return option.required or (option.name in command.form and option.name not in command.form_skips)


def option_called(command: Command[Any], name: str) -> Option:
    """The field of that name. Raises LookupError."""
    for option in command.options:
        if option.name == name:
            return option
    raise LookupError(name)


def meaning(command: Command[Any], option: Option, phrases: Phrases) -> str:
    """What a field means, in the language of the phrases."""
    return phrases.slash(f"{command.name}.options.{option.name}.help", option.description)


def calls_off(command: Command[Any], words: Sequence[str]) -> bool:
    """Whether these words answer a question with "cancel": alone in a form, or behind the name of what was asked for."""
    is_form = command.begins_form(words)
    return any(is_cancel(word.rpartition("=")[2]) for word in words if is_form or "=" in word)


def is_cancel(word: str) -> bool:
    """Whether a word, or a command that is none of ours, says to ask no further."""
    return word.partition("@")[0].removeprefix("/").lower() in CANCEL


def example_of(option: Option) -> str:
    """A word that would do, as it is typed into the field itself: "3x" for what is "base=3x" in a line."""
    return option.word.example.removeprefix(f"{option.name}=")


def as_words(values: Mapping[str, object]) -> tuple[str, ...] | None:
    """Slash options as words of a line, None where one of them cannot be such a word."""
    try:
        words = tuple(f"{name}={plain_text(value)}" for name, value in values.items() if value is not None)
    except Misunderstood:
        return None
    return None if any(len(word.split()) != 1 for word in words) else words


def read_prompt(text: str) -> tuple[str, str] | None:
    """The line and the field of a text that begins with a line still lacking one ("/size BTC leverage="), None for others."""
    line, _, last = text.partition("\n")[0].strip().rpartition(" ")
    field = last.removesuffix("=")
    is_one = line.startswith("/") and last.endswith("=") and field.isidentifier()
    return (line, field) if is_one else None


def meant(command: Command[Any], word: str, lexicon: Lexicon) -> Option | None:
    """The field a word stands for that names none, None where it is none's or wrong."""
    for option in sorted(command.options, key=lambda option: option.word.rank):
        try:
            if option.word.read(word, lexicon) is not None:
                return option
        except Misunderstood:
            return None
    return None


def _without(command: Command[Any], option: Option, words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """The words that do not speak of a field."""
    kept, rest = [], list(words)
    names = {known.name for known in command.options}
    while rest:
        word = rest.pop(0)
        name, equals, _ = word.partition("=")
        if name.lower() in names and (equals or rest):
            said = word if equals else f"{name}={rest.pop(0)}"
            kept += [said] if name.lower() != option.name else []
        elif name.lower() != option.name and meant(command, word, lexicon) is not option:
            kept.append(word)
    return kept


def _shortly(command: Command[Any], option: Option, word: Asset | str, lexicon: Lexicon) -> str:
    """A word as short as it can be said: buttons carry few letters."""
    is_plain = meant(command, word, lexicon) is option
    return word if is_plain else f"{option.name}={word}"
