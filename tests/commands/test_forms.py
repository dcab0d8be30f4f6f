"""Forms: what a line lacks is asked for, one field after another, and all that was said stands in the line itself."""

from dataclasses import dataclass, replace
from random import Random
from typing import Annotated

import pytest

from commands.protocol.command import Command
from commands.protocol.dispatch import answer, answer_options, commands, outcome
from commands.protocol.forms import as_words, fields_asked, is_needed, offers_for, prompt_of, read_prompt
from commands.protocol.reply import Prompt, Reply, Text
from commands.protocol.request import Context, Misunderstood, Role
from commands.protocol.words import AssetWord, LeverageWord, Lexicon, MoneyWord, SideWord
from market.observations import Side
from tests.commands.markets import crowding
from tests.commands.talking import context

WATCHED = Lexicon(("BTC", "ETH"))


@dataclass(frozen=True, slots=True)
class Stated:
    """A position stated field by field."""

    asset: Annotated[AssetWord, "the coin"] | None = None
    leverage: Annotated[LeverageWord, "how many times the margin"] | None = None
    side: Annotated[SideWord, "long or short"] = Side.LONG
    equity: Annotated[MoneyWord, "the margin, in USDT"] | None = None
    line: Annotated[MoneyWord, "where you were wrong"] | None = None


async def state(_ask: Stated, _context: Context) -> Reply:
    """Nothing of interest."""
    return Reply((Text("stated"),))


FORM = Command(
    "state",
    Stated,
    state,
    help="state a position",
    example="/state BTC 5x",
    order=1,
    form=("asset", "leverage", "side", "equity", "line"),
    form_skips=("line",),
)


def asked(line: str) -> Prompt:
    """The question that `line` is met with."""
    words = line.split()[1:]
    with pytest.raises(Misunderstood) as refused:
        FORM.read(words, WATCHED)
    return prompt_of(FORM, str(refused.value.field), words, WATCHED)


def test_a_form_asks_its_fields_one_after_another_until_the_request_is_there() -> None:
    prompt = asked("/state")
    for field, typed in {"asset": "btc", "leverage": "5", "side": "short", "equity": "10 k"}.items():
        assert prompt.field == field
        prompt = asked(prompt.filled(typed))
    assert prompt.line == "/state ? asset=btc leverage=5 side=short equity=10k"
    said = FORM.read(prompt.filled("64,200").split()[1:], WATCHED)
    assert said == Stated("BTC", 5.0, Side.SHORT, 10_000.0, 64_200.0)


def test_what_is_said_already_is_not_asked_for() -> None:
    assert asked("/state ? short btc 10k").field == "leverage"
    assert FORM.read(["btc", "5x"], WATCHED) == Stated("BTC", 5.0)


def test_a_wrong_answer_asks_the_same_field_again_and_keeps_the_rest() -> None:
    assert asked("/state ? btc leverage=banana short") == Prompt(
        "/state ? btc short", "leverage", "leverage", "5x"
    )
    assert asked("/state ? btc leverage=900x").field == "leverage"


def test_a_field_named_with_nothing_behind_it_is_asked_for() -> None:
    assert asked("/state btc 5x equity=") == Prompt("/state btc 5x", "equity", "money", "10k")


@pytest.mark.parametrize("line", ["/settings language", "/settings language="])
async def test_a_field_named_as_the_last_word_is_asked_for_and_named_once_in_what_is_offered(
    line: str,
) -> None:
    asked = await answer(line, context(crowding(), alerts=(), role=Role.MANAGER))
    assert asked.prompt == Prompt("/settings", "language", "language", "en")
    assert [one.command for one in asked.actions][:2] == ["/settings language=en", "/settings language=es"]


def test_buttons_carry_the_line_so_far_and_are_short() -> None:
    prompt = asked("/state")
    assert offers_for(FORM, prompt, WATCHED) == ("/state ? BTC", "/state ? ETH")
    leverage = asked("/state ? BTC")
    assert offers_for(FORM, leverage, WATCHED)[3] == "/state ? BTC 5x"
    side = asked("/state ? BTC 5x")
    assert offers_for(FORM, side, WATCHED) == ("/state ? BTC 5x long", "/state ? BTC 5x short")
    assert offers_for(FORM, asked("/state ? BTC 5x long"), WATCHED) == ()


def test_what_may_be_left_out_can_be_skipped() -> None:
    prompt = asked("/state ? BTC 5x long 10k")
    (skip,) = offers_for(FORM, prompt, WATCHED)
    assert FORM.read(skip.split()[1:], WATCHED) == Stated("BTC", 5.0, Side.LONG, 10_000.0)
    assert [is_needed(FORM, option) for option in FORM.options] == [True, True, True, True, False]


def test_a_page_of_a_form_has_its_fields_and_a_command_that_needs_nothing_has_none() -> None:
    by_name = {command.name: command for command in commands()}
    assert [option.name for option in fields_asked(FORM)] == list(FORM.form)
    assert fields_asked(by_name["size"])[0].name == "leverage"
    assert fields_asked(by_name["regime"]) == ()


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
def test_a_form_names_fields_of_its_command(command: Command[object]) -> None:
    assert {*command.form, *command.form_skips} <= {option.name for option in command.options}


async def test_a_missing_word_is_asked_for_beside_the_buttons() -> None:
    reply = await answer("/size btc 10k", context(crowding()))
    assert reply.prompt == Prompt("/size btc 10k", "leverage", "leverage", "5x")
    assert [action.label for action in reply.actions] == ["1x", "2x", "3x", "5x"]
    answered = await answer("/size btc 10k leverage=5", context(crowding()))
    assert "BTC 5x long" in str(answered.blocks[0])


async def test_a_wrong_named_word_is_asked_for_again_with_its_reason() -> None:
    reply = await answer("/size btc equity=banana 5x", context(crowding()))
    assert reply.prompt == Prompt("/size btc 5x", "equity", "money", "10k")
    assert '"banana"' in str(reply.blocks)


async def test_a_wrong_slash_option_is_asked_for_as_a_wrong_word_is() -> None:
    values = {"leverage": 5.0, "asset": "BTC", "equity": "banana", "side": None}
    reply = await answer_options("size", values, context())
    assert reply.prompt == Prompt("/size leverage=5 asset=BTC", "equity", "money", "10k")


async def test_a_word_that_fits_no_field_is_refused_without_a_question() -> None:
    for line in ("/size btc 5x banana", "/size btc 5x 10k"):
        assert (await answer(line, context(crowding()))).prompt is None


@pytest.mark.parametrize("value", ["23-07 Europe/Berlin", "", float("nan"), [5]])
def test_an_option_that_is_no_word_makes_no_line(value: object) -> None:
    assert as_words({"quiet": value}) is None or value == ""


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("/plan ? BTC leverage=\nWhich leverage?", ("/plan ? BTC", "leverage")),
        ("/size leverage=", ("/size", "leverage")),
        ("BTC 5x long", None),
        ("/size BTC 5x", None),
        ("leverage=", None),
        ("", None),
        ("/size a b!=", None),
    ],
)
def test_a_question_is_read_back_from_its_own_text(text: str, read: tuple[str, str] | None) -> None:
    assert read_prompt(text) == read


async def test_a_command_that_asks_in_its_answer_is_asked_in_the_same_way() -> None:
    reply = await answer("/subscribe", context(crowding(), alerts=(), role=Role.MANAGER))
    assert reply.prompt == Prompt("/subscribe", "asset", "assets", "BTC")
    assert reply.actions[-1].label == "all"


@pytest.mark.parametrize(
    "line",
    ["/plan ? cancel", "/plan ? BTC leverage=Cancel", "/size BTC leverage=/cancel", "/cancel", "cancel"],
)
async def test_cancel_ends_what_is_asked_in_every_language(line: str) -> None:
    for language, said in {"en": "Ended.", "es": "Terminado."}.items():
        reply = await answer(line, replace(context(crowding()), language=language))
        assert said in str(reply.blocks)
        assert (reply.prompt, reply.actions, outcome(reply)) == (None, (), "answered")


async def test_a_page_of_a_form_is_ended_by_cancel_too() -> None:
    reply = await answer_options("plan", {"asset": "BTC", "leverage": "cancel"}, context(crowding()))
    assert "Ended." in str(reply.blocks)


WORDS = (
    *("?", "-", "=", "?=", "equity=", "equity=-", "leverage=", "leverage=banana", "line=-", "line", "btc", "5x", "10k"),
    *("long", "side=up", "asset=", "asset=-", "entry", "hold=", "a=b=c", "list", "add", "show", "p7f2", "until=soon"),
)  # fmt: skip


async def test_whatever_is_said_in_a_form_is_answered() -> None:
    dice = Random(5)
    for _ in range(300):
        command = dice.choice(commands())
        words = (dice.choice(WORDS) for _ in range(dice.randrange(6)))
        here = context(crowding())
        reply = await answer(" ".join((f"/{command.name}", *words)), here)
        if reply.prompt is not None:
            reply = await answer(reply.prompt.filled(dice.choice(WORDS)), here)
        assert outcome(reply) != "failed"
        options = {option.name: dice.choice(WORDS) for option in command.options if dice.random() < 0.4}
        assert outcome(await answer_options(command.name, options, here)) != "failed"
