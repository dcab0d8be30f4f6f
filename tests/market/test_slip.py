"""An entry that is a slip of typing: refused where it is stated, and a kept plan's stays wherever price went."""

from dataclasses import replace

import pytest

from market.margin import Impossible, ImpossiblePosition
from market.observations import Side
from market.plans import Added, add_to
from market.sizing import Position, check_size
from market.sizing.slip import refuse_slip
from tests.market.markets import HALF_PERCENT, RULES, SIZING, conditions
from tests.market.stated import planned, seen


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        (64.2, 64_200.0),
        (6.42, 64_200.0),
        (642_000.0, 64_200.0),
        (0.0642, 64_200.0),
        (7_000.0, 70_000.0),
        (2_500.0, None),
        (1e-300, None),
        (1e300, None),
    ],
)
def test_an_entry_eight_times_away_is_a_slip_and_the_same_digits_beside_the_price_may_be_meant(
    entry: float, meant: float | None
) -> None:
    with pytest.raises(ImpossiblePosition) as refused:
        refuse_slip(entry, 66_517.0, SIZING)
    assert refused.value.why is Impossible.ENTRY_FAR
    assert refused.value.numbers.get("meant_price") == meant
    assert refused.value.numbers["now_price"] == 66_517.0


@pytest.mark.parametrize(("entry", "price"), [(8_400.0, 66_517.0), (500_000.0, 66_517.0), (64.2, None)])
def test_an_entry_less_than_eight_times_away_or_without_a_price_to_compare_is_taken(
    entry: float, price: float | None
) -> None:
    refuse_slip(entry, price, SIZING)


def test_a_position_is_not_set_into_a_market_at_a_slip() -> None:
    position = Position("BTC", Side.LONG, 5.0, equity_usd=10_000.0, entry_usd=100.0)
    with pytest.raises(ImpossiblePosition, match="entry_far"):
        check_size(position, conditions(), HALF_PERCENT, SIZING)


def test_a_plan_whose_price_has_gone_that_far_is_added_to_and_a_slip_in_what_is_added_is_not() -> None:
    early = replace(planned(), entry_usd=10_000.0, coins=5.0, liquidation_usd=8_000.0)
    larger, _ = add_to(early, Added(100.0), seen(100_000, 1), HALF_PERCENT, RULES)
    assert larger.margin_usd == 10_100.0
    with pytest.raises(ImpossiblePosition, match="entry_far"):
        add_to(early, Added(100.0, entry_usd=100.0), seen(100_000, 1), HALF_PERCENT, RULES)
