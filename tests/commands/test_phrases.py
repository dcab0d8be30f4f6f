"""Phrases: every key is used and present, every placeholder is given, in every language."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from commands.protocol.phrases import NoSuchPhrase, Phrases, languages, phrases_in, placeholders
from commands.protocol.reply import Tone
from commands.wording.findings import ALSO_WHY, ONLY_STATUS, SHARES, TROUBLES, WITH_WORDS_OF_THEIR_OWN
from commands.wording.sources import WORST_FIRST
from commands.wording.turns import thresholds
from market.alerts import Edge, Kind, Reason, Severity
from market.checklist import Advice, Question
from market.findings import Found
from market.margin import Impossible
from market.observations import Side, Venue
from market.reading import Presence
from market.regime import INPUTS
from market.rules import Rules
from market.sizing import Assumption, Cap, MarginMode, Reduction, Verdict
from market.table import FLAGS, State

HOME = Path(__file__).parent.parent.parent
ENGLISH = phrases_in("en")
MODULES = [
    *sorted((HOME / "commands").rglob("*.py")),
    *sorted((HOME / "bot").rglob("*.py")),
]
ALSO_GIVEN = {"said", "kinds", "asset", "published"}
"""What a refusal is filled with besides its own values."""

FOUND_IN_SENTENCES = (*TROUBLES, *ALSO_WHY, *ONLY_STATUS)
"""The findings that have a sentence each; the others are told together (shares, floors, agreement, whose price)."""

FAMILIES: Mapping[str, Iterable[str]] = {
    "state": State,
    "meaning": State,
    "advice": Advice,
    "verdict": Verdict,
    "verdict_short": Verdict,
    "check_advice": Advice,
    "impossible": Impossible,
    "assumption": Assumption,
    "chain": Reduction,
    "mode": MarginMode,
    "side": Side,
    "presence": Presence,
    "alert_reason": Reason,
    "severity": Severity,
    "venue": Venue,
    "alert_context": ("protip", "fe", "kst_fe", "lc"),
    "feed": ("none", "history", "simulated", "live"),
    "found": set(FOUND_IN_SENTENCES),
    "of": (
        "candles",
        "mark",
        "open_interest",
        "funding",
        "relayed",
        "liquidations",
        "options",
        "volatility_index",
    ),
    "stand": WORST_FIRST,
    "role": ("anyone", "manager", "owner", "unknown"),
    "answer": ("yes", "no", "unknown"),
    "check_answer": ("yes", "no", "unknown", "not_seen"),
    "invalidated": ("protip", "rolling_over", "lc_short", "other", "own_funding"),
}


def literals(pattern: str) -> set[str]:
    """The texts in the code of `commands` that look like this."""
    found = (node for module in MODULES for node in ast.walk(ast.parse(module.read_text())))
    texts = {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if re.fullmatch(pattern, text)}


def families() -> set[str]:
    """The tables of which a word is asked for by name: word("flag", name), or say(f"flag.{name}")."""
    used = set()
    for module in MODULES:
        text = module.read_text()
        used |= set(re.findall(r"\b(?:word|knows)\(\s*[\"'](\w+)[\"']", text))
        used |= set(re.findall(r'f"(\w+)\.\{', text))
    # the table of marks is read as a whole
    return used | {"turn_on", "turn_off", "short_state", "falling", "number"}


def says() -> Iterator[tuple[str, set[str]]]:
    """Every say("key", name=...) of the code whose names stand there."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") != "say" or not node.args:
                continue
            key = node.args[0]
            names = [keyword.arg for keyword in node.keywords]
            if isinstance(key, ast.Constant) and None not in names:
                yield str(key.value), {name for name in names if name}


def test_every_phrase_is_used() -> None:
    named, by_name = literals(r"[a-z_]+\.[A-Za-z0-9_]+"), families()
    unused = {key for key in ENGLISH.by_key if key not in named and key.partition(".")[0] not in by_name}
    assert not unused


def test_every_phrase_asked_for_is_there() -> None:
    tables = {key.partition(".")[0] for key in ENGLISH.by_key}
    named = {key for key in literals(r"[a-z_]+\.[A-Za-z0-9_]+") if key.partition(".")[0] in tables}
    assert not named - set(ENGLISH.by_key)
    assert families() <= tables


@pytest.mark.parametrize("family", FAMILIES)
def test_everything_with_a_name_has_a_word(family: str) -> None:
    missing = [str(name) for name in FAMILIES[family] if not ENGLISH.knows(family, str(name))]
    assert not missing


def test_every_flag_input_and_cap_has_its_words() -> None:
    assert all(ENGLISH.knows("flag", name) for name in (*FLAGS, "lb", "vol_hi", "rolling_over"))
    assert all(ENGLISH.knows(family, flag) for flag in FLAGS for family in ("turn_on", "turn_off"))
    assert all(ENGLISH.knows(family, name) for name in INPUTS for family in ("input", "reading", "step"))
    assert all(ENGLISH.knows("cap", cap.value) for cap in Cap)
    assert all(
        ENGLISH.knows("check_question", f"{side}_{question}") for side in Side for question in Question
    )
    assert all(ENGLISH.knows("edge", edge.value) for edge in (Edge.RESOLVED, Edge.FALSE_ALARM))
    assert all(ENGLISH.knows("alert_kind", kind.value) for kind in Kind)
    assert set(Tone) == {Tone.GOOD, Tone.PLAIN, Tone.CAUTION, Tone.STRESS}


def test_everything_that_can_be_noticed_is_told_in_one_way() -> None:
    told = [*FOUND_IN_SENTENCES, *SHARES, *WITH_WORDS_OF_THEIR_OWN]
    assert set(told) == set(Found)
    assert len(told) == len(set(told))


def test_every_placeholder_is_given() -> None:
    wrong = {key: (placeholders(ENGLISH.by_key[key]) - given) for key, given in says()}
    assert not {key: missing for key, missing in wrong.items() if missing}


def test_the_lines_of_the_rules_fill_what_would_change_a_state() -> None:
    given = set(thresholds(Rules()))
    asked = {
        name
        for key, phrase in ENGLISH.by_key.items()
        if key.startswith(("turn_on.", "turn_off."))
        for name in placeholders(phrase)
    }
    assert asked == given


def test_no_placeholder_reaches_into_an_object() -> None:
    names = {name for phrase in ENGLISH.by_key.values() for name in placeholders(phrase)}
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


@pytest.mark.parametrize("language", languages())
def test_a_translation_has_the_same_keys_and_placeholders(language: str) -> None:
    translated = phrases_in(language).by_key
    # the names of slash commands are English in the code itself (bot/platforms/discord/translation.py)
    assert {key for key in translated if not key.startswith("slash.")} == set(ENGLISH.by_key)
    assert all(
        placeholders(translated[key]) == placeholders(phrase) for key, phrase in ENGLISH.by_key.items()
    )


@pytest.mark.parametrize("language", ["en-GB", "xx", "", "../../etc/passwd", "EN"])
def test_a_language_nobody_translated_is_answered_in_english(language: str) -> None:
    assert phrases_in(language).language == "en"


def test_a_phrase_that_is_not_there_is_a_slip_of_ours() -> None:
    with pytest.raises(NoSuchPhrase):
        ENGLISH.say("nothing.of.the.kind")


def test_a_name_without_a_word_is_said_as_it_is() -> None:
    assert Phrases("en", {}).word("flag", "open_range") == "open range"
