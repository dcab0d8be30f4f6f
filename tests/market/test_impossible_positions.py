"""Positions nobody can hold or nobody can check: each refused with its own reason and the numbers that show it."""

import pytest

from market.margin import Impossible, ImpossiblePosition, Tier, Tiers, tiers_of
from market.observations import Side, Venue
from market.sizing import MarginMode, Position, Verdict, check_size
from tests.market.markets import SIZING, conditions

LONG = Side.LONG
REFUSED = [
    (Position("BTC", LONG, 0.99, 100.0), Impossible.LEVERAGE_BELOW_ONE),
    (Position("BTC", LONG, -5.0, 100.0), Impossible.LEVERAGE_BELOW_ONE),
    (Position("BTC", LONG, 151.0, 100.0), Impossible.LEVERAGE_ABOVE_TIER),
    (Position("BTC", LONG, 151.0), Impossible.LEVERAGE_ABOVE_TIER),
    (Position("BTC", LONG, 20.0, 5_000_000.0), None),
    (Position("BTC", LONG, 20.1, 5_000_000.0), Impossible.LEVERAGE_ABOVE_TIER),
    (Position("BTC", LONG, 2.0, 1e9), Impossible.LARGER_THAN_LAST_TIER),
    (Position("BTC", LONG, 2.0, 1e308), Impossible.LARGER_THAN_LAST_TIER),
    (Position("BTC", LONG, 2.0, 0.0), Impossible.EQUITY_NOT_POSITIVE),
    (Position("BTC", LONG, 2.0, -10_000.0), Impossible.EQUITY_NOT_POSITIVE),
    (Position("BTC", LONG, float("nan"), 100.0), Impossible.NOT_A_NUMBER),
    (Position("BTC", LONG, 2.0, float("inf")), Impossible.NOT_A_NUMBER),
    (Position("BTC", LONG, 2.0, 100.0, hold_hours=float("nan")), Impossible.NOT_A_NUMBER),
    (Position("BTC", LONG, 2.0, 100.0, entry_usd=float("-inf")), Impossible.NOT_A_NUMBER),
    (Position("BTC", LONG, 2.0, 100.0, entry_usd=1e-320), Impossible.ENTRY_FAR),
    (Position("BTC", LONG, 2.0, 100.0, others_usd=float("nan")), Impossible.NOT_A_NUMBER),
    (Position("BTC", LONG, 2.0, 100.0, hold_hours=0.0), Impossible.HOLD_OUT_OF_RANGE),
    (Position("BTC", LONG, 2.0, 100.0, hold_hours=8_761.0), Impossible.HOLD_OUT_OF_RANGE),
    (Position("BTC", LONG, 2.0, 100.0, entry_usd=0.0), Impossible.ENTRY_NOT_POSITIVE),
    (Position("BTC", LONG, 2.0, 100.0, base_leverage=0.5), Impossible.BASE_BELOW_ONE),
    (Position("BTC", LONG, 2.0, 100.0, drawdown_budget=0.0), Impossible.BUDGET_OUT_OF_RANGE),
    (Position("BTC", LONG, 2.0, 100.0, drawdown_budget=1.5), Impossible.BUDGET_OUT_OF_RANGE),
    (
        Position("BTC", LONG, 2.0, 100.0, mode=MarginMode.CROSS, others_usd=-100.0),
        Impossible.EQUITY_NOT_POSITIVE,
    ),
    (
        Position("BTC", LONG, 2.0, 100.0, mode=MarginMode.CROSS, others_usd=-99.9),
        Impossible.MARGIN_BELOW_MAINTENANCE,
    ),
]


@pytest.mark.parametrize(("position", "why"), REFUSED)
def test_an_impossible_position_is_refused_with_its_reason(
    position: Position, why: Impossible | None
) -> None:
    if why is None:
        assert (
            check_size(position, conditions(), tiers_of("BTC"), SIZING).verdict
            is Verdict.NEVER_SURVIVES_10PCT
        )
        return
    with pytest.raises(ImpossiblePosition) as refused:
        check_size(position, conditions(), tiers_of("BTC"), SIZING)
    assert refused.value.why is why


def test_leverage_above_the_bracket_says_what_is_allowed_at_this_size() -> None:
    with pytest.raises(ImpossiblePosition) as refused:
        check_size(Position("BTC", LONG, 50.0, 1e6), conditions(), tiers_of("BTC"), SIZING)
    assert refused.value.numbers == {"leverage": 50.0, "allowed": 25.0, "notional_usd": 50e6, "highest": 25.0}


def test_a_position_without_a_price_is_refused() -> None:
    with pytest.raises(ImpossiblePosition) as refused:
        check_size(Position("BTC", LONG, 5.0, 10_000.0), conditions(price_usd=None), tiers_of("BTC"), SIZING)
    assert refused.value.why is Impossible.NO_PRICE


def test_a_bracket_that_asks_for_more_than_the_margin_is_refused() -> None:
    meme = Tiers("SHIB", Venue.BINANCE, "2026-09-29", (Tier(0.0, 1e6, 20.0, 0.25, 0.0),))
    with pytest.raises(ImpossiblePosition) as refused:
        check_size(Position("SHIB", LONG, 5.0, 100.0), conditions(), meme, SIZING)
    assert refused.value.why is Impossible.MARGIN_BELOW_MAINTENANCE
