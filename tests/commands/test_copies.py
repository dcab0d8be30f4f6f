"""Numbers to be copied: the ones that are shown, in digits an exchange takes and commands read, in every language."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.protocol.amounts import read_number
from commands.protocol.command import ASK_THE_REST
from commands.protocol.phrases import languages, phrases_in
from commands.protocol.reply import Copy
from commands.wording.copies import plain_money, plain_price, price_copies
from market.snapshot import Snapshot
from tests.commands.levelled import desk, opened, priced, talk_at
from tests.commands.markets import calm, crowding, unwinding
from tests.commands.talking import Talk, talk, text_of

LONGEST_COPY = 256
"""Telegram's longest text to be copied (Bot API, CopyTextButton)."""


def copied(here: Talk) -> dict[str, str]:
    """What can be copied of the last answer, by its label."""
    return {one.label: one.text for one in here.reply.copies}


async def test_a_size_that_fits_its_forced_close_and_the_way_out_can_be_copied() -> None:
    here = talk(crowding())
    told = await here("/size BTC 5x 10k")
    size, liquidation, out = here.reply.copies
    assert [one.label.split()[0] for one in here.reply.copies] == ["Size", "Liq", "Out"]
    data = here.reply.data
    assert float(liquidation.text) == pytest.approx(data["liquidation_price"], rel=1e-4)
    for one in (liquidation, out):
        assert f"{float(one.text):,.0f}" in told
        assert one.text.isdigit()
    assert f"{float(size.text):,.0f} USDT" in told


async def test_no_size_is_to_be_copied_where_no_new_position_is_to_be_taken() -> None:
    here = talk(unwinding())
    await here("/size BTC 5x 10k")
    assert here.reply.data["new_notional_factor"] == 0.0
    assert [one.label.split()[0] for one in here.reply.copies] == ["Liq", "Out"]


@pytest.mark.parametrize("line", ["/size BTC 5x", "/size BTC 5x 10k entry=64000"])
async def test_no_size_is_to_be_copied_of_what_is_held_or_of_an_unknown_wallet(line: str) -> None:
    here = talk(calm())
    await here(line)
    assert [one.label.split()[0] for one in here.reply.copies] == ["Liq", "Out"]


async def test_a_size_to_be_copied_keeps_every_limit_that_is_told() -> None:
    here = talk(calm())
    for line in ("/size BTC 2x 10k", "/size BTC 20x 10k", "/size BTC 5x 10k lose=50%"):
        await here(line)
        data, size = here.reply.data, float(here.reply.copies[0].text)
        factor, most = data["new_notional_factor"], data["max_leverage"]
        assert isinstance(factor, float)
        assert isinstance(most, float)
        assert size <= 10_000 * most * factor + 1.0
        assert size <= data["risk_budget_notional"] + 1.0  # type: ignore[operator]


async def test_the_rungs_and_the_forced_close_of_a_plan_can_be_copied_when_it_is_made_and_shown() -> None:
    here = talk(calm())
    told = await here("/plan BTC 5x long 10k")
    made = here.reply.copies
    assert [one.label.split()[0] for one in made] == ["Trim", "Hedge", "Out", "Liq"]
    assert all(f"{float(one.text):,.0f}" in told for one in made)
    await here(f"/plan show {here.reply.data['id']}")
    assert here.reply.copies == made


async def test_the_heaviest_prices_of_a_map_can_be_copied() -> None:
    here = talk_at(desk(priced(), hours={"BTC": opened()}))
    told = await here("/levels BTC")
    assert {one.label.split()[0] for one in here.reply.copies} == {"Below:", "Above:"}
    assert all(f"{float(one.text):,.0f}" in told for one in here.reply.copies)


async def test_where_there_is_no_answer_there_is_nothing_to_copy() -> None:
    here = talk()
    for line in ("/size BTC 5x 10k", "/levels BTC", "/plan BTC 5x long 10k", f"/plan {ASK_THE_REST}"):
        await here(line)
        assert here.reply.copies == ()


@given(st.floats(min_value=1e-7, max_value=9e11))
def test_a_price_to_be_copied_is_read_back_as_what_is_shown(usd: float) -> None:
    plain = plain_price(usd)
    assert plain is not None
    assert "," not in plain
    value = read_number(plain)
    assert value is not None
    assert value == pytest.approx(usd, rel=6e-4, abs=5e-9)


@given(st.floats(min_value=0.01, max_value=9e11))
def test_an_amount_to_be_copied_is_read_back_as_what_is_shown(usd: float) -> None:
    value = read_number(plain_money(usd))
    assert value is not None
    assert value == pytest.approx(usd, rel=6e-4, abs=0.006)


def test_a_price_without_readable_digits_is_left_out() -> None:
    assert price_copies({"exit": 4e-10, "liquidation": None}, phrases_in("en")) == ()


Answer = Callable[[Talk], Awaitable[str]]


@pytest.mark.parametrize("market", [calm(), crowding()], ids=["calm", "crowding"])
@pytest.mark.parametrize("line", ["/size BTC 5x 10k", "/plan BTC 5x long 10k", "/levels BTC"])
async def test_what_is_copied_is_the_same_in_every_language(line: str, market: Snapshot) -> None:
    texts = set()
    for language in languages():
        here = talk_at(replace(desk(market, hours={"BTC": opened()}), language=language))
        await here(line)
        assert text_of(here.reply)
        assert all(1 <= len(one.text) <= LONGEST_COPY for one in here.reply.copies)
        assert len({one.label for one in here.reply.copies}) == len(here.reply.copies)
        texts.add(tuple(one.text for one in here.reply.copies))
    assert len(texts) == 1


def test_each_number_has_its_name_in_every_language() -> None:
    for language in languages():
        (one,) = price_copies({"exit": 64_210.4}, phrases_in(language))
        assert isinstance(one, Copy)
        assert one.text == "64210"
