"""What stands behind buttons, in prompts, copies and `--json` is the same in every language, and is read as it is meant."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.protocol.dispatch import answer, answer_options, commands, outcome
from commands.protocol.numerals import in_plain_words, typed
from commands.protocol.phrases import languages, phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from commands.protocol.style import style, write_in, written_in
from tests.commands.chained import chain
from tests.commands.levelled import depth, opened, priced
from tests.commands.markets import calm, crowding, digesting, unwinding
from tests.commands.talking import context, text_of
from tests.store.samples import FIRED

OTHERS = [*(one for one in languages() if one != "en"), "es-MX"]
LINES = (
    *(command.example for command in commands()),
    *(f"/{command.name}" for command in commands()),
    "/size BTC 5x 10k", "/size BTC 12.5x 0.5k lose=2.5% hold=36h base=8.5x", "/size ETH 3x short 1234.56 entry=3456.789",
    "/size SOL 5x 500usdt entry=145.1250", "/size 1000PEPE 2x 100k", "/size BTC 5x", "/size BTC equity=10k", "/size BTC 5x 10k inverse",
    "/plan BTC 5x long 10k line=60000.5 until=3d", "/plan ETH 2.5x long 2500.75 entry=3000.125", "/plan ? BTC", "/plan list",
    "/positions", "/stress -10%", "/stress BTC 5x 10k", "/stress -12.3450% beta=1.1250", "/hedge BTC 50k 30d", "/hedge BTC 7d",
    "/check ETH short", "/levels BTC", "/mute 2h", "/settings quiet 23-07", "/settings base 8.5x drawdown 2.5% funding 0.025%",
    "/size BTC 5y", "/size BTC 5x banana", "/regmie BTC", "/regime BTTC", "/size BTC 0.5x",
)  # fmt: skip


def here(language: str) -> Context:
    """A desk where everything can be asked; each has a store of its own."""
    made = context(
        crowding(), unwinding(asset="ETH"), digesting(asset="SOL"), calm(asset="1000PEPE"),
        alerts=(FIRED,), role=Role.OWNER, listed=("BTC", "ETH", "SOL", "DOGE"), hours={"BTC": opened()}, chains=(chain(),),
        tiers=(), watched=("BTC", "ETH", "SOL", "1000PEPE"),
    )  # fmt: skip
    return replace(made, language=language)


def levelled(language: str) -> Context:
    """The same where a book is read, so that levels and stress have something to tell."""
    made = context(
        priced("BTC", 64_210.0, depth()),
        priced("ETH", 3_123.456),
        hours={"BTC": opened()},
        role=Role.OWNER,
    )
    return replace(made, language=language)


def lines_of(reply: Reply) -> Iterator[str]:
    """Every command line of an answer, but for those that choose another language than the present one."""
    yield from (action.command for action in reply.actions if "language=" not in action.command)
    if reply.prompt is not None:
        yield reply.prompt.line
        yield reply.prompt.filled(reply.prompt.example)


def plain(value: object) -> object:
    """What `--json` tells, without words for people and short names that are drawn by lot."""
    if isinstance(value, dict):
        return {key: plain(kept) for key, kept in value.items() if key not in {"reason", "id", "example"}}
    if isinstance(value, list | tuple):
        return [plain(kept) for kept in value]
    return re.sub("p[0-9a-f]{4}", "pxxxx", value) if isinstance(value, str) else value


def unnamed(line: str) -> str:
    """A line without the short name of a plan, which is drawn by lot."""
    return re.sub(r"\bp[0-9a-f]{4}\b", "pxxxx", line)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("desk", [here, levelled])
async def test_the_same_lines_copies_and_numbers_stand_behind_an_answer_in_every_language(
    language: str, desk: Callable[[str], Context]
) -> None:
    english, other = desk("en"), desk(language)
    for line in LINES:
        told, said = await answer(line, english), await answer(line, other)
        assert [unnamed(one) for one in lines_of(said)] == [unnamed(one) for one in lines_of(told)], line
        assert [unnamed(one.text) for one in said.copies] == [unnamed(one.text) for one in told.copies], line
        assert outcome(said) == outcome(told), line
        assert plain(said.data) == plain(told.data), line


NO_NUMBERS = re.compile(
    r"/[a-z]+(?: [^\s,;:)]+)*|\b[a-z]+=[^\s;:)]+|\"[^\"]*\"|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}/[0-9]{2}/[0-9]{4}"
    r"|[0-9]{2}:[0-9]{2}(?::[0-9]{2})?|#[0-9a-f]{4}|pxxxx|<[0-9]+>"
)
"""Command lines, what was said, days, times and names: all else of an answer that holds a digit is a number."""
SAID_IN_WORDS = {"es": {1.0, 10.0, 30.0, 0.1, 0.3}}
"""What a translation may say otherwise: "x.3" of a book as 30 % of it, "a percent" as 1 %."""


def numbers_in(text: str, decimal: str) -> Counter[float]:
    """Every number of an answer, read as its style writes it."""
    thousands = "." if decimal == "," else ","
    found = re.findall(r"[0-9.,]*[0-9]", NO_NUMBERS.sub(" ", unnamed(text)))
    return Counter(float(one.replace(thousands, "").replace(decimal, ".")) for one in found)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("desk", [here, levelled])
async def test_every_number_that_is_shown_is_the_one_that_is_shown_in_english(
    language: str, desk: Callable[[str], Context]
) -> None:
    """Whoever writes one without the style's marks is found here: "1.5" would be read as 15 where a comma marks decimals."""
    english, other = desk("en"), desk(language)
    phrases = phrases_in(language)
    for line in LINES:
        told = numbers_in(text_of(await answer(line, english)), ".")
        said = numbers_in(text_of(await answer(line, other)), phrases.style.decimal)
        differing = {*(told - said), *(said - told)}
        assert differing <= SAID_IN_WORDS.get(phrases.language, set()), line


@pytest.mark.parametrize("language", OTHERS)
async def test_every_button_of_every_answer_is_answered_as_it_is_in_english(language: str) -> None:
    asked, pressed = here(language), set()
    for line in LINES:
        for one in lines_of(await answer(line, asked)):
            pressed.add(unnamed(one))
            words = in_plain_words(one.split()[1:], phrases_in(language).style, one.split()[0][1:])
            assert words == one.split()[1:], one
    english, other = here("en"), here(language)
    for line in sorted(one for one in pressed if "pxxxx" not in one):
        told, said = await answer(line, english), await answer(line, other)
        assert outcome(said) == outcome(told), line
        assert plain(said.data) == plain(told.data), line


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    leverage=st.floats(1.0, 50.0),
    equity=st.floats(1.0, 1e7),
    entry=st.floats(1_000.0, 200_000.0),
    hold=st.floats(1.0, 700.0),
)
async def test_whatever_position_is_stated_its_buttons_state_the_same(
    leverage: float, equity: float, entry: float, hold: float
) -> None:
    line = f"/size BTC {typed(leverage)}x equity={typed(equity)} entry={typed(entry)} hold={typed(hold)}h"
    there = here("es")
    told, said = await answer(line, here("en")), await answer(line, there)
    assert list(lines_of(said)) == list(lines_of(told))
    for one in lines_of(said):
        assert in_plain_words(one.split()[1:], phrases_in("es").style, "size") == one.split()[1:]
        assert said.data.get("verdict") == told.data.get("verdict")


async def test_a_number_typed_in_spanish_is_read_and_one_that_could_be_two_is_asked_back() -> None:
    there = here("es")
    assert (await answer("/size btc 2,5x equity=12.500,50", there)).data["equity"] == 12_500.5
    asked = await answer("/size btc 5x 64.210", there)
    assert [action.label for action in asked.actions] == ["64210", "64,21"]
    thousands, decimals = [(await answer(action.command, there)).data for action in asked.actions]
    assert (thousands["equity"], decimals["error"] is None) == (64_210.0, False)


async def test_slash_options_are_read_in_their_readers_style_and_numbers_as_they_come() -> None:
    there = here("es")
    said = await answer_options("size", {"asset": "BTC", "leverage": 2.125, "equity": "1.234,5"}, there)
    assert said.data["equity"] == 1_234.5
    asked = await answer_options("size", {"asset": "BTC", "leverage": 2.125, "equity": "64.210"}, there)
    assert [action.command for action in asked.actions] == [
        "/size asset=BTC leverage=2.1250 equity=64210",
        "/size asset=BTC leverage=2.1250 equity=64.2100",
    ]


async def test_who_writes_points_for_decimals_is_read_so_though_the_words_are_the_same() -> None:
    there = here("es-MX")
    said = await answer("/size btc 5x 64,200", there)
    assert said.data["equity"] == 64_200.0
    assert "," in next(str(block) for block in said.blocks if "USDT" in str(block))


async def test_the_style_of_an_answer_does_not_outlive_it() -> None:
    with written_in(phrases_in("en").style):
        await answer("/settings language=es", here("en"))
        assert style() == phrases_in("en").style
        write_in(phrases_in("es").style)
        await answer("/regime", here("en"))
        assert style() == phrases_in("es").style
