"""The language of a chat: chosen for it, or each reader's own; who has not been signed is told so; numbers go with it."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import answer
from commands.protocol.phrases import known_language, languages, phrases_in
from commands.protocol.request import Role
from commands.protocol.style import ENGLISH
from tests.commands.markets import crowding
from tests.commands.talking import Talk, context, text_of

TRANSLATED = [one for one in languages() if one != "en"]


def manager(**changed: object) -> Talk:
    """Somebody who may change a chat in which warnings are kept."""
    return Talk(context(crowding(), alerts=(), role=Role.MANAGER, **changed))  # type: ignore[arg-type]


def speaking(talk: Talk, language: str) -> Talk:
    """The same chat, asked by somebody whose program speaks another language."""
    return Talk(replace(talk.context, language=language))


def test_the_style_that_stands_in_the_file_of_english_is_the_one_of_the_code() -> None:
    assert phrases_in("en").style == ENGLISH


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("es-mx", "es-MX"),
        ("es-419", "es-419"),
        ("es-ES", "es"),
        ("es-", None),
        ("es-xyz", None),
        ("xx", None),
        ("en", "en"),
        ("", None),
    ],
)
def test_a_region_is_a_language_of_its_own_where_it_writes_otherwise(tag: str, known: str | None) -> None:
    assert known_language(tag) == known


@pytest.mark.parametrize(
    ("tag", "decimal"), [("es-ES", ","), ("es-MX", "."), ("es_mx", "."), ("es-419", "."), ("es-AR", ",")]
)
def test_a_program_of_a_region_is_answered_with_its_marks(tag: str, decimal: str) -> None:
    assert phrases_in(tag).style.decimal == decimal


def test_numbers_that_stand_in_phrases_are_written_as_the_region_does() -> None:
    assert "1,5 veces" in phrases_in("es").say("assumption.sigma_from_reference")
    assert "1.5 veces" in phrases_in("es-MX").say("assumption.sigma_from_reference")


async def test_a_reader_is_answered_in_the_language_of_their_program() -> None:
    assert "SATURACIÓN" in await speaking(manager(), "es")("/regime")
    assert "CROWDING" in await speaking(manager(), "de")("/regime")


async def test_a_group_that_chose_a_language_is_answered_in_it_whoever_asks() -> None:
    group = manager(chat="-100", is_private=False)
    assert "Ajustes" in await group("/settings language=es")
    assert "SATURACIÓN" in await speaking(group, "en")("/regime")
    await group("/settings language=en")
    assert "CROWDING" in await speaking(group, "es")("/regime")
    await group("/settings language=auto")
    assert "SATURACIÓN" in await speaking(group, "es")("/regime")
    assert "CROWDING" in await speaking(group, "en")("/regime")


async def test_what_was_said_with_the_question_holds_over_the_choice_of_the_chat() -> None:
    chat = manager()
    await chat("/settings language=es")
    asked = replace(chat.context, language="en", language_said=True)
    assert "CROWDING" in text_of(await answer("/regime", asked))


async def test_the_answer_to_the_change_is_written_as_the_new_language_writes() -> None:
    chat = manager()
    await chat("/settings base 8.5x")
    assert "8,5x" in await chat("/settings language=es")
    assert "8.5x" in await chat("/settings language=es-MX")
    assert "8.5x" in await chat("/settings language=en")


async def test_the_end_of_a_mute_is_dated_as_the_language_dates() -> None:
    chat = manager()
    await chat("/settings language=es")
    assert "hasta 22/11/2026 14:04 UTC" in await chat("/mute 2h")
    assert "22/11/2026 12:04 UTC" in await chat("/alerts changes=on")


async def test_the_other_languages_are_one_touch_away_under_their_own_names() -> None:
    chat = manager()
    await chat("/settings")
    (spanish,) = [action for action in chat.reply.actions if action.label == "Español"]
    assert "Ajustes" in await chat(spanish.command)
    (english,) = [action for action in chat.reply.actions if action.label == "English"]
    assert "Settings" in await chat(english.command)


@pytest.mark.parametrize("language", TRANSLATED)
async def test_a_translation_nobody_signed_is_marked(language: str) -> None:
    chat = manager()
    said = await chat(f"/settings language={language}")
    is_signed = bool(phrases_in(language).reviewer)
    marked = phrases_in(language).say("setting.unreviewed", language=language)
    assert (marked in said) is not is_signed
    assert (phrases_in(language).say("setting.unreviewed_note") in said) is not is_signed


async def test_english_is_the_original_and_marked_as_nothing() -> None:
    said = await manager()("/settings language=en")
    assert phrases_in("en").say("setting.unreviewed_note") not in said
    assert "unreviewed" not in said


@pytest.mark.parametrize("language", TRANSLATED)
async def test_help_speaks_the_language_of_its_reader(language: str) -> None:
    words = phrases_in(language)
    said = await speaking(manager(), language)("/help size")
    assert words.by_key["slash.size.help"].lower() in said.lower()
    assert words.by_key["slash.size.options.leverage.help"] in said
    assert words.by_key["slash.regime.help"] in await speaking(manager(), language)("/help")


@pytest.mark.parametrize("language", TRANSLATED)
async def test_a_form_asks_in_the_language_of_its_reader(language: str) -> None:
    said = await speaking(manager(), language)("/plan")
    assert phrases_in(language).by_key["slash.plan.options.asset.help"] in said
