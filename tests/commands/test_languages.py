"""Every language beside English: nothing lacks, nothing is left in English, nothing is cut, and no word is taken for another."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from string import Formatter

import pytest

from commands.protocol.dispatch import commands
from commands.protocol.phrases import ORIGINAL, Phrases, languages, phrases_in
from commands.wording.alert import alert_heading, describe_alert
from commands.wording.columns import COLUMNS
from market.alerts import Edge, Kind, Severity
from market.rules import AlertRules
from market.table import State
from tests.commands.spoken import SCENES, replies
from tests.commands.talking import monospaced, text_of
from tests.store.samples import FIRED

ENGLISH = phrases_in(ORIGINAL)
OTHERS = [language for language in languages() if language != ORIGINAL]
SLASH = "slash."
SETTINGS_OF_A_LANGUAGE = ("meta.", "number.")

_PLAIN_ENGLISH = (
    "the of is and not are for with you your this that was were its from by than which what been has have nothing here there "
    "how when where who long short longs shorts open price leverage fall rise dear crowded ago read wait yes unknown seen"
)
ENGLISH_WORDS = frozenset(_PLAIN_ENGLISH.split())
"""Words that no other language we speak has; long and short are typed in commands, and said in prose by none of them."""
TYPED = re.compile(r"`[^`]*`|seawall [a-z]+.*$|(?<!\w)/[a-z]+.*$|\"[^\"]*\"|#\w+|\b\w+=\S*|\{\w+\}")
"""What stays as it is typed in every language: commands and what follows them, quotations, names, placeholders."""
MADE_OF_COMMANDS = ("slash.", "kind.trying", "kind.plan_doing")
"""Phrases that speak of words to be typed: long, short, isolated."""
SAME_ENOUGH = 0.06
"""The share of phrases that may read alike in two languages: names of venues, units, "no"."""

WIDTHS: Mapping[str, int] = {
    "chain": 19, "cap_label": 23, "reading": 5, "column.rank": 4, "regime.old": 4, "column.age": 9, "column.now": 17, "stand": 8,
    "source_head.venue": 20, "source_head.asked": 6, "source_head.heard": 5, "source_head.streams": 4, "scan_head.asset": 8,
    "scan_head.state": 12, "scan_head.stress": 3, "scan_head.change": 5, "scan_head.age": 5, "oi_head": 7, "liq_head.longs": 8,
    "liq_head.shorts": 7, "liq_head.of_oi": 6, "liq_head.of_volume": 7, "levels_head.to": 5, "levels_head.fuel": 9,
    "levels_head.interest": 9, "levels_head.book": 9, "venue_head.own": 11, "venue_head.premium": 9, "venue_head.coins": 9,
    "venue_head.interest_usd": 7, "venue_head.share": 5, "venue_head.age": 4, "venue_head.in": 3, "funding.old": 3, "funding.paid": 4,
    "venue_head.longs": 9, "venue_head.shorts": 9, "venue_head.heard": 7, "hedge_head.move": 5, "hedge_head.alone": 7,
    "hedge_head.put": 7, "hedge_head.spread": 7, "hedge_head.half": 7, "smile": 17, "rung": 6, "stress.closed": 6, "stress.falls": 7,
    "stress.rises": 7, "stress.price": 7, "stress.profit": 7, "stress.left": 7, "stress.all": 7, "stress.first": 6, "plan.reached": 9,
    "span": 5, "number.daily": 5, "check_question": 27, "check_answer": 9, "flag": 25, "step": 13, "size.binds": 9,
}  # fmt: skip
"""How many columns the words of a table have, by the layout that holds them (commands/wording)."""

LIMITS: Mapping[str, int] = {
    "platform.about": 512, "platform.about_short": 120, "platform.forgotten": 200, "platform.not_yours": 200, "button": 40,
    "subscribe_panel": 100,
}  # fmt: skip
"""Telegram's description, short description and answer to a press; what fits on a button and in an empty choice of Discord's."""
LONGEST_DESCRIPTION = 100
LONGEST_LABEL = 27
"""A shorter phrase may end with the stop of an abbreviation."""
QUOTING = ("/help", "/dead")
"""Commands whose answers quote words to be typed, or what a platform has said."""

UNITS = re.compile(
    r"USDT|USDC|USD|UTC|%|/8h|bps|DVOL|VRP|BTC|sigma\b|SEAWALL_\w+|seawall \w+|(?<![\w/])/[a-z]+\b|\b\d[\d.,]*\w?\b"
)
SAID_OTHERWISE = frozenset(
    {"levels.depth", "stress.model", "skew.gamma", "stress.beta", "words.no_zone", "help.numbers"}
)
"""Where a number stands for another way to say it (x.3 is 30%), or an example suits the readers of a language better."""


def translated(language: str) -> Iterator[tuple[str, str, str]]:
    """Every phrase beside its English: key, English, translation."""
    words = phrases_in(language).by_key
    yield from ((key, english, words[key]) for key, english in ENGLISH.by_key.items() if key in words)


def sentences(language: str) -> list[tuple[str, str, str]]:
    """The phrases that are words of the language, not how it writes numbers."""
    return [one for one in translated(language) if not one[0].startswith(SETTINGS_OF_A_LANGUAGE)]


def under(keys: Iterable[str], name: str) -> list[str]:
    """The keys of a table, or the one key of that name."""
    return [key for key in keys if key == name or key.startswith(f"{name}.")]


def english_in(text: str) -> set[str]:
    """The English words in a text beside what is typed."""
    lines = (TYPED.sub(" ", line) for line in text.split("\n"))
    return {word for line in lines for word in re.findall(r"[^\W\d_]+", line.lower())} & ENGLISH_WORDS


def test_there_is_a_language_beside_english() -> None:
    assert OTHERS


@pytest.mark.parametrize("language", OTHERS)
def test_every_phrase_is_translated_and_none_besides(language: str) -> None:
    kept = {key for key in phrases_in(language).by_key if not key.startswith(SLASH)}
    assert kept == set(ENGLISH.by_key)
    own = [
        key
        for key, english, said in sentences(language)
        if english == said and re.search("[a-zA-Z]{4}", english)
    ]
    assert len(own) < SAME_ENOUGH * len(ENGLISH.by_key), own


@pytest.mark.parametrize("language", OTHERS)
def test_every_command_and_option_says_what_it_means(language: str) -> None:
    needed = {f"slash.{one.name}.help" for one in commands()}
    needed |= {f"slash.{one.name}.options.{option.name}.help" for one in commands() for option in one.options}
    there = {key: text for key, text in phrases_in(language).by_key.items() if key.startswith(SLASH)}
    assert set(there) == needed
    assert not {key: len(text) for key, text in there.items() if len(text) > LONGEST_DESCRIPTION}
    assert all(text[0] == text[0].lower() and not text.endswith(".") for text in there.values())


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_are_filled_and_laid_out_alike(language: str) -> None:
    def fields(phrase: str) -> Counter[tuple[str, str]]:
        return Counter(
            (name, spec or "") for _, name, spec, _ in Formatter().parse(phrase) if name is not None
        )

    wrong = [key for key, english, said in sentences(language) if set(fields(english)) != set(fields(said))]
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_numbers_units_and_lines_to_type_are_the_same(language: str) -> None:
    def told(phrase: str) -> set[str]:
        plain = re.sub(r"\{[^}]*\}", " ", phrase)
        return {re.sub(r"(?<=\d)[.,]", "", one) for one in UNITS.findall(plain)}

    wrong = {
        key: told(english) ^ told(said)
        for key, english, said in sentences(language)
        if key not in SAID_OTHERWISE and told(english) != told(said)
    }
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_blanks_and_the_ends_of_sentences_stand_where_they_do_in_english(language: str) -> None:
    def edges(phrase: str) -> tuple[int, int]:
        return len(phrase) - len(phrase.lstrip()), len(phrase) - len(phrase.rstrip())

    def ends(phrase: str) -> bool:
        return phrase.endswith((".", ":", "?"))

    wrong = [
        key
        for key, english, said in sentences(language)
        if edges(english) != edges(said) or (len(english) > LONGEST_LABEL and ends(english) != ends(said))
    ]
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_a_phrase(language: str) -> None:
    left = {
        key: english_in(said)
        for key, english, said in sentences(language)
        if not key.startswith(MADE_OF_COMMANDS) and english_in(said)
    }
    assert not left


@pytest.mark.parametrize("language", OTHERS)
def test_words_of_fixed_columns_fit_into_them(language: str) -> None:
    words = phrases_in(language).by_key
    long = {
        key: words[key]
        for name, most in WIDTHS.items()
        for key in under(words, name)
        if len(words[key]) > most
    }
    assert not long


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_platform_limits_is_within_its_limits(language: str) -> None:
    words = phrases_in(language).by_key
    long = {
        key: len(words[key])
        for name, most in LIMITS.items()
        for key in under(words, name)
        if len(words[key]) > most
    }
    assert not long


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("language", OTHERS)
async def test_every_answer_fits_on_a_phone_and_loses_nothing_by_it(language: str, scene: str) -> None:
    cut = {
        line: sum("…" in row for row in monospaced(reply)) async for line, reply in replies(scene, ORIGINAL)
    }
    async for line, reply in replies(scene, language):
        rows = monospaced(reply)
        assert all(len(row) <= COLUMNS for row in rows), (line, rows)
        assert sum("…" in row for row in rows) <= cut[line], (line, [row for row in rows if "…" in row])


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("language", OTHERS)
async def test_every_answer_is_in_the_language_of_the_reader(language: str, scene: str) -> None:
    async for line, reply in replies(scene, language):
        labels = "\n".join(one.label for one in reply.actions if not one.command.endswith(one.label))
        assert line.startswith(QUOTING) or not english_in(f"{text_of(reply)}\n{labels}"), line


# ------------------------------------------------------------------------------------- states and severities

FAMILIES = (
    "state",
    "severity",
    "edge",
    "verdict",
    "verdict_short",
    "advice",
    "check_advice",
    "presence",
    "answer",
    "rung",
    "side",
)


@pytest.mark.parametrize(
    "family", [*FAMILIES, "alert_kind", "flag", "step", "stand", "short_state", "plan_happened", "mode"]
)
@pytest.mark.parametrize("language", OTHERS)
def test_no_two_things_of_a_kind_are_called_the_same(language: str, family: str) -> None:
    words = phrases_in(language).by_key
    called = [words[key] for key in under(words, family)]
    assert called
    assert len(set(called)) == len(called), called


def word_of(state: State, phrases: Phrases) -> str:
    return phrases.word("state", state.value)


@pytest.mark.parametrize("language", OTHERS)
def test_a_state_is_never_taken_for_a_severity_or_another_state(language: str) -> None:
    phrases = phrases_in(language)
    states = [word_of(state, phrases) for state in State]
    severities = [phrases.word("severity", one.value) for one in Severity]
    endings = [phrases.word("edge", one.value) for one in (Edge.RESOLVED, Edge.FALSE_ALARM)]
    assert len({*states, *severities, *endings}) == len(states) + len(severities) + len(endings)
    assert all(word == word.upper() for word in (*states, *severities, *endings))
    assert not [(one, other) for one in states for other in states if one != other and one in other]


@pytest.mark.parametrize("language", OTHERS)
def test_a_row_of_the_scan_shows_each_state_whole_and_like_no_other(language: str) -> None:
    phrases = phrases_in(language)
    shown = [
        phrases.word("short_state" if phrases.knows("short_state", state.value) else "state", state.value)
        for state in State
    ]
    assert len(set(shown)) == len(State)
    assert all(len(word) <= 12 for word in shown)


@pytest.mark.parametrize("language", OTHERS)
def test_a_phrase_that_names_a_state_or_a_severity_names_the_same_one(language: str) -> None:
    phrases = phrases_in(language)
    names = {
        ENGLISH.word(family, name): phrases.word(family, name)
        for family, kind in (("state", State), ("severity", Severity))
        for name in kind
    }
    wrong = [
        key
        for key, english, said in sentences(language)
        if not key.startswith(("state.", "severity.", "short_state."))
        for word, own in names.items()
        if re.search(rf"\b{word}\b", english) and own not in said
    ]
    assert not wrong


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("language", OTHERS)
def test_a_state_is_called_the_same_in_a_warning_and_in_an_answer(language: str, state: State) -> None:
    phrases = phrases_in(language)
    changed = replace(FIRED, state=state, kind=Kind.REGIME)
    assert word_of(state, phrases) in alert_heading(changed, phrases)
    assert word_of(state, phrases) in text_of(describe_alert(changed, phrases, AlertRules()))


@pytest.mark.parametrize("language", languages())
def test_what_is_needed_is_never_written_as_what_is(language: str) -> None:
    phrases = phrases_in(language)
    for key in ("needs_below", "needs_below_short", "needs_over", "needs_over_short"):
        needs = phrases.say(f"why.{key}", measure="", value="", needed="").strip(" ,").split()[0]
        assert needs == {"en": "needs", "es": "pide"}[language]
