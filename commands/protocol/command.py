"""A command: its request as a dataclass whose fields say how each word is read, and what it answers."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from commands.protocol.amounts import is_number_with_unit
from commands.protocol.numerals import typed
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role, said
from commands.protocol.words import (
    LEVERAGE,
    LONGEST_TEXT,
    Lexicon,
    Word,
    nearest,
    read_listed,
    symbol_of,
    unknown_asset,
    unlisted_asset,
)

Ask = TypeVar("Ask")

ASK_THE_REST = "?"
"""A word that begins the command's form: what it asks for and was not said yet is asked for, one field after another."""
SLIP_OF_A_LETTER = 0.75
"""How alike a word is to the choice it was meant to be: "lng" to long, but not "banana" to binance."""
MOST_BITS = 512
"""A whole number beyond this is not even written out: that takes its time, and then fails."""
LEFT_OUT = "-"
"""What is said for a field that is not needed, so that it is asked for no more."""
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Option:
    """One field of a request: its name, the kind of its word, whether it must be said, and what it means."""

    name: str
    word: Word
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Command(Generic[Ask]):
    """An entry of the folder `commands`.

    `request` is a frozen dataclass whose fields are annotated with words; `answer` turns one into a Reply. `help` is one
    line, `example` a line that works. `private` answers hold a position. Menus show `in_menu` commands by `order`.
    `changes`: an answer that fails may have changed something all the same. `form` names the fields that are asked for one
    after another where nothing is said ("/plan"), or where the line holds a "?"; `form_skips` those of them that may be
    left out. `may_be_public`: a channel may choose that all in it see the answers. `is_usual`: it is
    what an asset alone asks ("btc"); one command is.
    """

    name: str
    request: type[Ask]
    answer: Callable[[Ask, Context], Awaitable[Reply]]
    help: str
    example: str
    order: int
    needs: Role = Role.ANYONE
    private: bool = False
    in_menu: bool = True
    changes: bool = False
    form: tuple[str, ...] = ()
    form_skips: tuple[str, ...] = ()
    may_be_public: bool = False
    is_usual: bool = False

    @property
    def options(self) -> tuple[Option, ...]:
        """The fields of the request in their order, for slash options and the documentation."""
        return _options_of(self.request).in_order

    @property
    def usage(self) -> str:
        """How it is asked: "/size ASSET LEVERAGE [side] ..."."""
        words = (option.name.upper() if option.required else f"[{option.name}]" for option in self.options)
        return " ".join((f"/{self.name}", *words))

    def read(self, words: Sequence[str], lexicon: Lexicon) -> Ask:
        """The request in `words` (the command's name left out), in any sensible order. Raises Misunderstood."""
        taken: dict[str, object] = {}
        begins_form, options = self.begins_form(words), _options_of(self.request)
        rest = [word for word in words if not (begins_form and word == ASK_THE_REST)]
        while rest:
            word = rest.pop(0)
            option, value = _named(word, rest, options, lexicon) or self._bare(word, taken, options, lexicon)
            _take(taken, option, value, word)
        if begins_form:
            self._ask_for_the_rest(taken)
        return self._request(taken, words)

    def read_options(self, values: Mapping[str, object], lexicon: Lexicon) -> Ask:
        """The request in slash options by name: texts, numbers, or None for one left out. Raises Misunderstood."""
        by_name, taken = _options_of(self.request).by_name, dict[str, object]()
        for name, value in values.items():
            if value is None:
                continue
            if name not in by_name:
                raise Misunderstood("words.no_option", said=said(name))
            taken[name] = _told(by_name[name], plain_text(value), lexicon)
        if not taken and self.form:
            self._ask_for_the_rest(taken)
        return self._request(taken, [str(value) for value in values.values() if value is not None])

    def begins_form(self, words: Sequence[str]) -> bool:
        """Whether these words ask to be asked: there are none, or a "?" is among them."""
        return bool(self.form) and (not words or ASK_THE_REST in words)

    def says_twice(self, words: Sequence[str], lexicon: Lexicon) -> bool:
        """Whether a line is refused for saying one thing twice."""
        try:
            self.read(words, lexicon)
        except Misunderstood as wrong:
            return wrong.key == "words.twice"
        return False

    def _ask_for_the_rest(self, taken: Mapping[str, object]) -> None:
        by_name = _options_of(self.request).by_name
        for option in (by_name[name] for name in self.form if name not in taken):
            raise Misunderstood(
                "words.asked", kinds=[option.word.kind], field=option.name, what=option.description
            )

    def _request(self, taken: Mapping[str, object], words: Sequence[str]) -> Ask:
        for option in self.options:
            if option.required and option.name not in taken:
                line = " ".join((f"/{self.name}", *words))
                offers = [f"{line} {offer}" for offer in option.word.offers]
                raise Misunderstood(
                    "words.missing", kinds=[option.word.kind], offers=offers, field=option.name
                )
        return self.request(**{name: value for name, value in taken.items() if value is not _NOTHING})

    def _bare(
        self, word: str, taken: Mapping[str, object], options: "_Options", lexicon: Lexicon
    ) -> tuple[Option, object]:
        for option in options.by_rank:
            try:
                value = option.word.read(word, lexicon)
            except Misunderstood as wrong:
                # an amount is never mistaken for a leverage that is not asked for
                if wrong.key != "words.leverage_or_money" or LEVERAGE.kind in options.kinds:
                    raise
                value = option.word.read_named(word, lexicon)
            if value is not None:
                return option, value
        raise self._not_understood(word, taken, lexicon)

    def _not_understood(self, word: str, taken: Mapping[str, object], lexicon: Lexicon) -> Misunderstood:
        named = _options_of(self.request).by_name.get(word.lower())
        if named is not None and named.name not in taken:
            return Misunderstood("words.missing", kinds=[named.word.kind], field=named.name)
        choices = [one for option in self.options if option.name not in taken for one in option.word.choices]
        open_kinds = [option.word.kind for option in self.options if option.name not in taken]
        asks_asset = not {"asset", "assets"}.isdisjoint(open_kinds)
        is_listed = asks_asset and read_listed(word, lexicon) is not None
        slip = None if is_listed else _slip(word)
        numbers = [option.word.kind for option in self.options if option.word.is_of_digits]
        if slip == "words.not_a_number" and (not numbers or is_number_with_unit(word)):
            open_numbers = [kind for kind in numbers if kind in open_kinds]
            key = "words.none_of" if open_numbers else "words.no_option"
            return Misunderstood(key, said=said(word), kinds=open_numbers[:2])
        if slip is not None:
            return Misunderstood(slip, said=said(word))
        if symbol_of(word) is not None and (asks_asset or "listed" in open_kinds):
            return unknown_asset(word, lexicon) if asks_asset else unlisted_asset(word, lexicon)
        if not open_kinds:
            return Misunderstood("words.too_many", said=said(word))
        if near := nearest(word.lower(), tuple(choices), SLIP_OF_A_LETTER):
            return Misunderstood("words.near_choice", said=said(word), near=near)
        return Misunderstood("words.none_of", said=said(word), kinds=open_kinds[:2])


@dataclass(frozen=True, slots=True)
class _Options:
    """The fields of a request: in their order, by name, and in the order in which a bare word is tried as one of them."""

    in_order: tuple[Option, ...]
    by_name: Mapping[str, Option]
    by_rank: tuple[Option, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What their words are called in the phrases."""
        return tuple(option.word.kind for option in self.in_order)


def _options_of(request: type[Any]) -> _Options:
    """What the fields of a request dataclass say about themselves."""
    key: Any = request  # mypy holds no type[Any] to be hashable
    return _read_fields(key)


@lru_cache(maxsize=64)
def _read_fields(request: Any) -> _Options:
    hints = get_type_hints(request, include_extras=True)
    options = [
        Option(field.name, *_word_of(hints[field.name], field.default is MISSING))
        for field in fields(request)
    ]
    return _Options(
        tuple(options),
        {option.name: option for option in options},
        tuple(sorted(options, key=lambda option: option.word.rank)),
    )


def _word_of(hint: Any, required: bool) -> tuple[Word, bool, str]:
    marks = getattr(hint, "__metadata__", ())
    word = next((mark for mark in marks if isinstance(mark, Word)), None)
    if word is not None:
        return word, required, next((mark for mark in marks if isinstance(mark, str)), word.kind)
    return next(_word_of(part, required) for part in get_args(hint) if part is not type(None))


def _named(word: str, rest: list[str], options: _Options, lexicon: Lexicon) -> tuple[Option, object] | None:
    name, equals, value = word.partition("=")
    option = options.by_name.get(name.lower())
    if option is None or not (equals or rest):
        return None
    return option, _told(option, value if equals else rest.pop(0), lexicon)


def _take(taken: dict[str, object], option: Option, value: object, word: str) -> None:
    if option.name in taken:
        raise Misunderstood("words.twice", said=said(word), kinds=[option.word.kind])
    taken[option.name] = value


def _told(option: Option, value: str, lexicon: Lexicon) -> object:
    """What is said for a field, _NOTHING where that is left out. Raises Misunderstood, which names the field."""
    if value == LEFT_OUT and not option.required:
        return _NOTHING
    if not value:
        raise Misunderstood("words.missing", kinds=[option.word.kind], field=option.name)
    try:
        read = option.word.read_named(value, lexicon)
    except Misunderstood as wrong:
        wrong.field = option.name
        raise
    if read is None:
        slip = _slip(value)
        is_other = slip == "words.not_a_number" and is_number_with_unit(value)
        key = "words.none_of" if slip is None or is_other else slip
        raise Misunderstood(key, said=said(value), kinds=[option.word.kind], field=option.name)
    return read


def _slip(word: str) -> str | None:
    """The phrase for a number written in a way that is not read here, None where it is no number at all."""
    if not word.isascii():
        return "words.not_ascii"
    if "," in word and any(letter.isdigit() for letter in word):
        return "words.comma"
    starts_as_number = word.lstrip("+-.$")[:1].isdigit() or word.lower().strip("+-x%") in {
        "nan",
        "inf",
        "infinity",
    }
    return "words.not_a_number" if starts_as_number else None


def plain_text(value: object) -> str:
    """The value of a slash option as text; a number is written out. Raises Misunderstood for what is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Misunderstood("words.not_a_number", said=said(str(value)))
    if isinstance(value, str):
        text = value
    elif isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise Misunderstood("words.too_long")
    elif not math.isfinite(value):
        raise Misunderstood("words.not_a_number", said=said(str(value)))
    else:
        text = typed(value)
    if len(text) > LONGEST_TEXT:
        raise Misunderstood("words.too_long")
    return text
