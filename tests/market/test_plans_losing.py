"""The most a plan may lose is watched: told once when being out costs so much, wherever it lies among the rungs."""

from dataclasses import replace

import pytest

from market.observations import Side
from market.plans import (
    Happened,
    NoAdd,
    Plan,
    is_spent,
    loss_usd,
    max_loss_price,
    standing_of,
    steps_of,
    urgency_of,
    why_not_add,
)
from market.plans.news import CRITICAL
from tests.market.markets import RULES, SIZING
from tests.market.stated import MADE_MS, at, hours, planned, seen, watched

LOST = Happened.MAX_LOSS
FEE = SIZING.fee_rate


def order(plan: Plan) -> list[Happened]:
    """The rungs and the loss as a price comes to them."""
    return [step for step, _ in steps_of(plan, standing_of(plan, 100_000.0, None, RULES, MADE_MS))]


@pytest.mark.parametrize(
    ("side", "lose", "price"),
    [
        # 50,000 in the market: 1 % of 10,000 is 100, and 50 of it are fees
        (Side.LONG, 0.01, 99_900.0),
        (Side.SHORT, 0.01, 100_100.0),
        (Side.LONG, 0.05, 99_100.0),
        (Side.LONG, 0.003, 100_040.0),  # fees alone use up more than that
    ],
)
def test_the_price_of_the_loss_has_the_fees_of_both_ways_in_it(side: Side, lose: float, price: float) -> None:
    plan = planned(side, lose=lose)
    assert max_loss_price(plan, FEE) == pytest.approx(price)
    assert loss_usd(plan, price, FEE) == pytest.approx(10_000.0 * lose)


def test_funding_that_was_paid_brings_it_nearer_and_what_was_got_is_not_counted_on() -> None:
    plan = planned(lose=0.01)
    paid, got = (replace(plan, watch=replace(plan.watch, funding_paid_usd=usd)) for usd in (25.0, -25.0))
    assert max_loss_price(paid, FEE) == pytest.approx(99_950.0)
    assert max_loss_price(got, FEE) == max_loss_price(plan, FEE)


def test_an_inverse_plan_loses_in_coins_and_one_that_cannot_lose_so_much_has_no_such_price() -> None:
    inverse = replace(planned(lose=0.05), is_inverse=True)
    price = max_loss_price(inverse, FEE)
    assert price == pytest.approx(100_000.0 / 1.009)
    assert loss_usd(inverse, price or 0.0, FEE) == pytest.approx(500.0)
    assert max_loss_price(planned(leverage=1.0, lose=1.0, side=Side.LONG), FEE) == pytest.approx(100.0)
    assert max_loss_price(replace(planned(leverage=1.0), drawdown_usd=11_000.0), FEE) is None


def test_it_is_told_once_when_price_comes_to_it_and_not_again_after_a_recovery() -> None:
    prices = [99_910, 99_890, 101_000, 99_000, 96_300]
    plan, told = watched(planned(lose=0.01), [seen(price, minute) for minute, price in enumerate(prices, 1)])
    assert told == [(), (LOST,), (), (), (Happened.TRIM,)]
    assert plan.watch.told_ms[LOST] == at(2)
    assert urgency_of((LOST,)) == CRITICAL


def test_a_short_is_told_upwards() -> None:
    assert watched(planned(Side.SHORT, lose=0.01), [seen(99_000, 1), seen(100_200, 2)])[1] == [(), (LOST,)]


def test_it_is_told_where_what_funding_cost_uses_it_up_and_price_stands_still() -> None:
    looks = [seen(99_950, hours(hour), f24=0.0002) for hour in range(1, 25)]
    told = watched(planned(lose=0.01), looks)[1]
    # 50 of fees, 25 of price: the other 25 are paid in a little more than 20 hours at a little less than 1.25 an hour
    assert [hour for hour, one in enumerate(told, 1) if LOST in one] == [21]


def test_it_stands_among_the_rungs_where_price_comes_to_it() -> None:
    rungs = [Happened.TRIM, Happened.HEDGE, Happened.EXIT]
    assert order(planned(lose=0.05)) == [LOST, *rungs]
    assert order(planned(Side.SHORT, lose=0.05)) == [LOST, *rungs]
    assert order(planned(lose=0.25)) == [Happened.TRIM, LOST, Happened.HEDGE, Happened.EXIT]
    assert order(planned(lose=0.9)) == [*rungs, LOST]


def test_it_is_over_for_whoever_looks_before_the_watch_did_and_nothing_is_added_after_it() -> None:
    plan = planned(lose=0.01)
    assert is_spent(plan, standing_of(plan, 99_890.0, None, RULES, at(1)))
    assert not is_spent(plan, standing_of(plan, 99_910.0, None, RULES, at(1)))
    after, _ = watched(plan, [seen(99_890, 1)])
    assert is_spent(after, None)
    assert why_not_add(after, seen(101_000, 2), RULES) == (NoAdd.PLAN_OVER,)
