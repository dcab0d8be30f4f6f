"""Every number and flag that the live windows tell is what pandas finds in the whole history (to 1e-9)."""

from dataclasses import replace

import pytest

from benchmarks.markets import generated_market, minutes_of, recorded_market, recordings, steps_of
from benchmarks.reference import Ranks, recompute
from benchmarks.signals import (
    HISTORY_HOURS,
    Market,
    check,
    check_fives,
    flat,
    same,
    unequal,
    warmed,
    window_of,
)
from market.observations import HOUR_MS, Candle, Liquidations
from market.reading import Because, Condition, Presence, Reading
from market.rules import Rules

HOURS = 3
RULES = Rules()


def market_of(name: str) -> Market:
    hours = HISTORY_HOURS + HOURS
    frame = generated_market(7, hours) if name == "generated" else recorded_market(name, hours)
    assert frame is not None
    return Market(name, frame, tuple(steps_of(frame)))


@pytest.mark.parametrize(
    "name",
    [
        "generated",
        pytest.param(
            "BTC",
            marks=pytest.mark.skipif(not recordings().is_dir(), reason="no recordings beside the checkout"),
        ),
    ],
)
def test_live_windows_tell_what_pandas_finds_in_the_whole_history(name: str) -> None:
    market = market_of(name)
    compared, differences = check([market], {name: warmed(market, RULES)}, RULES, HOURS)
    assert differences == []
    assert compared > HOURS * 45


def test_bars_of_five_minutes_tell_what_pandas_finds_in_them() -> None:
    compared, differences = check_fives(7, RULES, 15)
    assert differences == []
    assert compared == 15 * 19


def test_pandas_finds_the_same_in_the_last_row_as_in_full_columns() -> None:
    window = window_of(market_of("generated"), HISTORY_HOURS)
    columns, last_row = recompute(window, RULES), recompute(window, RULES, Ranks.LAST_ROW)
    assert columns.keys() == last_row.keys()
    assert all(same(last_row[name], value) for name, value in columns.items())


def test_a_difference_is_told_and_so_is_what_only_one_side_knows() -> None:
    wanted = {"price.a": 1.0, "price.b": 2.0, "price.c": None}
    assert unequal({"price.a": 1.0, "price.b": 2.0, "price.c": None}, wanted) == []
    assert len(unequal({"price.a": 1.0 + 1e-6, "price.b": None, "price.c": 0.0}, wanted)) == 3


def test_sixty_minutes_join_into_their_hour() -> None:
    _, said = market_of("generated").steps[5]
    hour = next(one for one in said if isinstance(one, Candle))
    minutes = [one for _, cycle in minutes_of(said) for one in cycle]
    candles = [one for one in minutes if isinstance(one, Candle)]
    assert [one.open_at_ms for one in candles] == [
        hour.open_at_ms + minute * HOUR_MS // 60 for minute in range(60)
    ]
    assert candles[0].open_usd == hour.open_usd
    assert candles[-1].close_usd == hour.close_usd
    assert max(one.high_usd for one in candles) == hour.high_usd
    assert min(one.low_usd for one in candles) == hour.low_usd
    whole = next(one for one in said if isinstance(one, Liquidations))
    parts = [one.long_coins for one in minutes if isinstance(one, Liquidations)]
    assert sum(parts) == pytest.approx(whole.long_coins)


def test_an_hour_without_a_candle_has_no_minutes() -> None:
    _, said = market_of("generated").steps[5]
    assert list(minutes_of([one for one in said if not isinstance(one, Candle)])) == []


def test_flags_stand_beside_the_facts() -> None:
    reading = Reading("price", "USD", Presence.SEEN, Because.MEASURED, value=1.0, facts={"r_1h": 0.5})
    raised = replace(reading, conditions=(Condition("pd", True, True), Condition("brk", None, None)))
    found = flat([raised])
    assert found["price.r_1h"] == 0.5
    assert found["price.pd"] == 1.0
    assert found["price.brk"] is None
