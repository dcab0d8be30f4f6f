"""What is told of open interest beside its level: the four stories, the split of its dollars, and whether it digests."""

from math import exp, log

import pytest

from market.formulas.open_interest import Quadrant, moving_hours, quadrant_code, quadrant_of
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Candle, Observation, OpenInterest, Venue
from market.reading import Facts
from market.state import MarketState
from tests.market.feeds import RULES, closes, fed, hour, interest, read

WEEK = 8 * 24


def facts_of(state: MarketState) -> Facts:
    return read(state, "open_interest").facts


def market(prices: list[float], coins: list[float]) -> MarketState:
    """One candle and one sample an hour."""
    steps = closes(prices)
    return fed(
        [*step, interest(number, value)]
        for number, (step, value) in enumerate(zip(steps, coins, strict=True), start=1)
    )


def noisy(level: float, hours: int, by: float) -> list[float]:
    """A level that wanders by the hour and by the day."""
    return [
        level * (1.0 + by * ((number * number * 7) % 11 - 5 + (number // 24 * 5) % 7 - 3))
        for number in range(hours)
    ]


PRICES, COINS = noisy(100_000.0, WEEK, 0.0004), noisy(100_000.0, WEEK, 0.0002)


def test_dollars_fall_by_11_8_percent_of_which_a_fifth_of_a_billion_was_closed() -> None:
    state = market([*PRICES, 100_000.0, *[100_000.0] * 23, 90_000.0], [*COINS, *[100_000.0] * 24, 98_000.0])
    facts = facts_of(state)
    for span in ("1h", "24h"):
        assert facts["usd_change_" + span] == pytest.approx(-0.118)
        assert facts["positioning_usd_" + span] == pytest.approx(-0.2e9)
        assert facts["revaluation_usd_" + span] == pytest.approx(-0.98e9)
    assert facts["change_1h"] == pytest.approx(-0.02)


def test_three_days_are_split_by_the_price_three_days_ago() -> None:
    state = market([*PRICES, *[100_000.0] * 72, 90_000.0], [*COINS, *[100_000.0] * 72, 98_000.0])
    facts = facts_of(state)
    assert facts["usd_change_72h"] == pytest.approx(-0.118)
    assert facts["positioning_usd_72h"] == pytest.approx(-0.2e9)


def test_without_a_past_there_is_nothing_to_split() -> None:
    facts = facts_of(market(PRICES[:20], COINS[:20]))
    assert facts["usd_change_1h"] is not None
    for name in ("usd_change_24h", "positioning_usd_72h", "revaluation_usd_24h"):
        assert facts[name] is None


def test_open_interest_of_hours_ago_is_not_laid_beside_the_price_of_now() -> None:
    state = market(PRICES, COINS)
    assert facts_of(state)["quadrant_1h"] is not None
    for number in (WEEK + 1, WEEK + 2):
        state.observe(closes([100_000.0] * (number - 1) + [97_000.0])[-1], hour(number), RULES)
    facts = facts_of(state)
    for name in (
        "quadrant_1h",
        "quadrant_24h",
        "usd_change_1h",
        "positioning_usd_24h",
        "revaluation_usd_72h",
    ):
        assert facts[name] is None, name
    assert facts["change_1h"] is not None


def test_a_sample_from_the_middle_of_an_hour_is_no_sample_of_its_end() -> None:
    state, pairs = MarketState("BTC"), []
    for minute in range(1, 181):
        at_ms = hour(0) + minute * MINUTE_MS
        said: list[Observation] = [
            Candle(Venue.BINANCE, at_ms - MINUTE_MS, MINUTE_MS, 100, 100, 100, 100, 100, 1.0, 100.0)
        ]
        if not 70 < minute <= 120:
            said.append(OpenInterest(Venue.BINANCE, at_ms, 1e6 + minute, 5 * MINUTE_MS))
        state.observe(said, at_ms, RULES)
        pairs.append(len(state.open_interest.series[Venue.BINANCE].pairs.changes))
    assert (pairs[59], pairs[119], pairs[-1]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("price", "coins", "story"),
    [
        (0.03, 0.01, Quadrant.NEW_LONGS),
        (0.03, -0.01, Quadrant.SHORT_COVERING),
        (-0.03, 0.01, Quadrant.BUILDING_PRESSURE),
        (-0.03, -0.01, Quadrant.UNWINDING),
        (0.03, 0.00001, Quadrant.NEUTRAL),
        (0.00001, 0.01, Quadrant.NEUTRAL),
    ],
)
def test_an_hour_and_a_day_tell_one_of_four_stories(price: float, coins: float, story: Quadrant) -> None:
    quiet, level = [PRICES[-1]] * 24, [COINS[-1]] * 24
    state = market([*PRICES, *quiet, PRICES[-1] * exp(price)], [*COINS, *level, COINS[-1] * exp(coins)])
    facts = facts_of(state)
    assert quadrant_of(facts["quadrant_1h"]) is story
    assert quadrant_of(facts["quadrant_24h"]) is story


def test_before_a_week_of_changes_the_dead_band_and_so_the_story_is_unknown() -> None:
    facts = facts_of(market(PRICES[:150], COINS[:150]))
    assert (facts["quadrant_1h"], facts["quadrant_24h"]) == (None, None)


def test_open_interest_that_never_varies_tells_no_story() -> None:
    facts = facts_of(market(PRICES, [100_000.0] * WEEK))
    assert facts["quadrant_1h"] is None
    assert quadrant_of(None) is None
    assert quadrant_code(0.01, 0.001, 0.01, None) is None


def test_a_daily_series_has_no_hour() -> None:
    steps = closes(PRICES)
    state = fed(
        [*step, *([OpenInterest(Venue.BINANCE, hour(n), COINS[n - 1], DAY_MS)] if n % 24 == 0 else [])]
        for n, step in enumerate(steps, start=1)
    )
    facts = facts_of(state)
    assert (facts["change_1h"], facts["usd_change_1h"], facts["quadrant_1h"]) == (None, None, None)
    assert facts["digesting"] is None
    assert facts["usd_change_24h"] is not None


RETURNS = [-0.010, 0.008, -0.006, 0.004, -0.012, 0.009]
CHANGES = [-0.0040, 0.0002, -0.0030, -0.0004, -0.0060, 0.0006]


def test_leverage_that_leaves_on_down_moves_and_stays_away_on_up_moves_is_digested() -> None:
    facts = facts_of(_moved(RETURNS * 12, CHANGES * 12))
    assert facts["digest_falling"] == pytest.approx(-0.0043333333)
    assert facts["digest_rising"] == pytest.approx(0.00013333333)
    assert (facts["digest_falling_hours"], facts["digest_rising_hours"]) == (36.0, 36.0)
    assert facts["digesting"] == 1.0


def test_leverage_that_comes_on_down_moves_is_not_digested() -> None:
    assert facts_of(_moved(RETURNS * 12, [-one for one in CHANGES] * 12))["digesting"] == 0.0


def test_too_few_moving_hours_say_nothing_but_are_counted() -> None:
    facts = facts_of(
        _moved([*[0.0001, -0.0001] * 26, *RETURNS * 3, 0.0, 0.0], [*[0.0] * 52, *CHANGES * 3, 0.0, 0.0])
    )
    assert facts["digesting"] is None
    assert facts["digest_falling_hours"] == 9.0


def test_an_hour_without_a_sample_makes_no_pair() -> None:
    state = _moved(RETURNS * 12, CHANGES * 12)
    pairs = next(iter(state.open_interest.series.values())).pairs
    known, last = len(pairs.returns), state.now_ms
    price = state.price.price_usd or 0.0
    for number in (1, 2):
        at_ms = last + number * HOUR_MS
        bar = Candle(Venue.BINANCE, at_ms - HOUR_MS, HOUR_MS, price, price, price, price, price, 1.0, 1.0)
        said: list[Observation] = (
            [bar] if number == 1 else [bar, OpenInterest(Venue.BINANCE, at_ms, 100_000.0, HOUR_MS)]
        )
        state.observe(said, at_ms, RULES)
    assert known == 72
    assert len(pairs.returns) == 70
    assert pairs.grid_ms == state.now_ms


def _moved(returns: list[float], changes: list[float]) -> MarketState:
    """A quiet day and more, then hours in which price and coins move by these logs."""
    prices, coins = noisy(100.0, 48, 0.002), [100_000.0] * 48
    for moved, changed in zip(returns, changes, strict=True):
        prices.append(prices[-1] * exp(moved))
        coins.append(coins[-1] * exp(changed))
    return market(prices, coins)


def test_hours_are_counted_outside_of_the_band() -> None:
    assert moving_hours([-0.01, 0.002, 0.03, -0.001, -0.002], 0.0015) == (2, 2)


def test_fifteen_percent_below_the_weeks_peak_is_a_flush() -> None:
    assert facts_of(market(PRICES, [*COINS[:-1], 84_000.0]))["flushed"] == 1.0
    assert facts_of(market(PRICES, COINS))["flushed"] == 0.0


def test_an_hour_of_minutes_is_the_same_hour() -> None:
    state = market(PRICES, COINS)
    begin_ms, price, coins = state.now_ms, PRICES[-1], COINS[-1]
    for number in range(1, 61):
        at_ms = begin_ms + number * MINUTE_MS
        was, price, coins = price, price * exp(-0.0005), coins * exp(-0.0002)
        bar = Candle(Venue.BINANCE, at_ms - MINUTE_MS, MINUTE_MS, was, was, price, price, price, 1.0, 1.0)
        state.observe([bar, OpenInterest(Venue.BINANCE, at_ms, coins, MINUTE_MS)], at_ms, RULES)
    facts = facts_of(state)
    assert facts["change_1h"] == pytest.approx(exp(-0.012) - 1.0)
    assert quadrant_of(facts["quadrant_1h"]) is Quadrant.UNWINDING
    pairs = next(iter(state.open_interest.series.values())).pairs
    assert pairs.changes[-1] == pytest.approx(-0.012)
    assert pairs.returns[-1] == pytest.approx(log(price / PRICES[-1]))
