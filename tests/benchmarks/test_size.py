"""The benchmark of /size compares with something, and what it compares with would notice."""

from dataclasses import replace
from itertools import islice
from random import Random

import pytest

from benchmarks.bisection import Stood, largest_leverage, liquidation_price
from benchmarks.size import Cached, cached, case_of, check, lines
from commands.protocol.dispatch import answer
from market.margin import Tier, Tiers, bundled_tiers
from market.observations import Venue

ONE = Tiers("BTC", Venue.BINANCE, "2026-09-29", (Tier(0.0, 1e9, 100.0, 0.005, 0.0),))


@pytest.fixture(scope="module")
def state() -> Cached:
    return cached(seeds=(1,), lived_hours=400)


def test_the_search_finds_what_can_be_counted_by_hand() -> None:
    long = Stood(1, 50_000.0, 100_000.0, 10_000.0, is_inverse=False)
    assert liquidation_price(long, ONE, 0.0005) == pytest.approx(80_442.43, abs=0.005)
    inverse = Stood(-1, 60_000.0, 50_000.0, 6_000.0, is_inverse=True)
    assert liquidation_price(inverse, ONE, 0.0) == pytest.approx(55_277.78, abs=0.005)

    def at(leverage: float) -> Stood:
        return Stood(1, leverage * 10_000.0, 100_000.0, 10_000.0, is_inverse=False)

    assert largest_leverage(at, ONE, 0.0005, 0.1) == pytest.approx(9.528, abs=5e-4)


async def test_many_answers_agree_with_the_search(state: Cached) -> None:
    asked = list(islice(lines(Random(7), tuple(bundled_tiers())), 80))
    answered, refused, wrong = await check(state, asked)
    assert wrong == []
    assert answered + refused == 80
    assert answered > 50


async def test_brackets_that_are_not_those_of_the_answer_are_noticed(state: Cached) -> None:
    dearer = {
        key: replace(tiers, steps=tuple(replace(one, maintenance_rate=0.2) for one in tiers.steps))
        for key, tiers in state.tiers.items()
    }
    _, _, wrong = await check(replace(state, tiers=dearer), ["/size BTC 3x 10k"])
    assert len(wrong) >= 2


async def test_a_question_is_understood_as_it_was_asked(state: Cached) -> None:
    reply = await answer("/size BTC 3x 10k short cross venue=okx", state.context)
    case = case_of(reply.data, state)
    assert (case.sign, case.leverage, case.margin_usd, case.tiers.is_whole_rate) == (-1, 3.0, 10_000.0, True)
