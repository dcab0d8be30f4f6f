"""A price that is used though it is too old to be judged by: every answer that counts from it says how old it is."""

import pytest

from commands.protocol.dispatch import outcome
from market.margin import bundled_tiers
from market.observations import SECOND_MS
from tests.commands.chained import chain
from tests.commands.levelled import opened
from tests.commands.markets import NOW_MS, calm
from tests.commands.talking import Talk, talk


def desk(age_s: int) -> Talk:
    """A conversation so long after everything was read."""
    return talk(
        calm(),
        tiers=bundled_tiers().values(),
        hours={"BTC": opened()},
        chains=(chain(),),
        now_ms=NOW_MS + age_s * SECOND_MS,
    )


@pytest.mark.parametrize(
    ("line", "fresh", "old"),
    [
        ("/size BTC 5x 10k", "Price 34s · funding 1min", "Price 2min (old) · funding 3min"),
        ("/stress BTC 5x 10k", "Prices: BTC 34s", "Prices: BTC 2min (old)"),
        ("/levels BTC", "Price 34s.", "Price 2min (old)."),
        ("/hedge BTC 50k", "Price 34s · funding 1min · skew 6min", "Price 2min (old) · funding 3min · skew 8min"),
    ],
)  # fmt: skip
async def test_whatever_is_counted_from_a_price_says_how_old_it_is(line: str, fresh: str, old: str) -> None:
    said = await desk(30)(line)
    assert fresh in said
    assert "(old)" not in said
    assert old in await desk(150)(line)


async def test_what_is_left_of_the_score_is_no_calm_where_the_price_is_not_seen() -> None:
    blind = desk(150)
    assert "Stress is not scored: too little is seen." in await blind("/regime BTC")
    assert "Stress is not scored" in await blind("/why BTC")
    row = next(line for line in (await blind("/scan")).splitlines() if line.startswith("BTC"))
    assert row.split() == ["BTC", "NO", "DATA", "?", "-2.1%", "2min"]
    assert "Stress 0/100" in await desk(30)("/regime BTC")


async def test_half_of_a_size_for_want_of_data_is_not_said_to_be_for_signs_that_disagree() -> None:
    assert "New size: half (too little is seen)." in await desk(150)("/size BTC 5x 10k")


async def test_a_price_that_is_old_is_the_last_and_not_the_one_now() -> None:
    here = desk(30)
    await here("/plan BTC 5x long 10k")
    assert "Now 64,210 (34s)" in await here("/positions")
    later = here.later(120 * SECOND_MS)
    assert "Last 64,210 (2min)" in await later("/positions")
    assert "Last 64,210 (2min)" in await later("/plan BTC 2x long 10k")


async def test_a_hedge_of_plans_without_a_price_asks_for_no_amount() -> None:
    here = desk(30)
    await here("/plan BTC 5x long 10k")
    blind = here.later(600 * SECOND_MS)
    assert "No price of BTC that can be used: price too old (10min)." in await blind("/hedge BTC")
    assert outcome(blind.reply) == "answered"
    assert blind.reply.data["notional"] is None
