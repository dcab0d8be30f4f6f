"""What would break ties or invent calm: rounding in running sums, and hours that nobody reported."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.observations import HOUR_MS, Candle, Funding, Liquidations, OpenInterest, Venue
from market.rules import FreshnessRules, Rules
from market.signals import read_signals
from market.state import MarketState
from market.state.funding import FundingWindows

BINANCE = Venue.BINANCE
RULES = Rules()
START_MS = 1_718_841_600_000
rates = st.integers(-3000, 3000).map(lambda steps: round(steps * 1e-6, 8))


def hourly_means(settled: list[float]) -> list[float | None]:
    """The mean of the last day at each hour, a rate settled every eight hours."""
    windows, means = FundingWindows(), list[float | None]()
    for hour in range(8 * len(settled)):
        now_ms = START_MS + hour * HOUR_MS
        if hour % 8 == 0:
            windows.observe(Funding(BINANCE, now_ms, settled[hour // 8], 8.0), FreshnessRules())
        series = windows.primary(now_ms, FreshnessRules())
        means.append(None if series is None else series.mean_24h(now_ms))
    return means


@given(st.lists(rates, min_size=1, max_size=12), rates)
def test_a_day_at_one_rate_is_that_rate_whatever_came_before(before: list[float], rate: float) -> None:
    assert hourly_means([*before, rate, rate, rate, rate])[-8:] == [rate] * 8


@given(st.lists(rates, min_size=4, max_size=12))
def test_the_mean_of_a_day_is_that_of_its_hours(settled: list[float]) -> None:
    paid = [rate for rate in settled for _ in range(8)]
    for hour, mean in enumerate(hourly_means(settled)):
        if hour >= 24:
            assert mean == pytest.approx(sum(paid[hour - 24 : hour]) / 24, abs=1e-15)


def hour_of(number: int, longs: float | None) -> tuple[int, tuple[Candle | OpenInterest | Liquidations, ...]]:
    opened_ms = START_MS + number * HOUR_MS
    now_ms = opened_ms + HOUR_MS
    candle = Candle(BINANCE, opened_ms, HOUR_MS, 100.0, 101.0, 99.0, 100.0, 100.0)
    interest = OpenInterest(BINANCE, now_ms, 1_000_000.0, HOUR_MS)
    if longs is None:
        return now_ms, (candle, interest)
    return now_ms, (candle, interest, Liquidations(BINANCE, now_ms, HOUR_MS, longs, 0.0))


def test_an_hour_that_nobody_reported_is_not_an_hour_without_liquidations() -> None:
    state, now_ms = MarketState("BTC"), START_MS
    for number, longs in enumerate([100.0, 100.0, 100.0, None]):
        now_ms, said = hour_of(number, longs)
        state.observe(said, now_ms, RULES)
    reading = next(found for found in read_signals(state, now_ms, RULES) if found.name == "liquidations")
    assert reading.asof_ms == now_ms - HOUR_MS
    assert reading.facts["long_usd_1h"] == 10_000.0
    assert reading.value == pytest.approx(1.0)


def test_a_quiet_hour_after_a_loud_one_is_exactly_quiet() -> None:
    state = MarketState("BTC")
    for number, longs in enumerate([0.1, 0.2, 123_456.789, 0.3, 0.0]):
        now_ms, said = hour_of(number, longs)
        state.observe(said, now_ms, RULES)
    assert state.liquidations.longs.hour.total == 0.0


def test_hours_without_a_price_are_not_ranked_as_if_the_last_volatility_had_gone_on() -> None:
    state = MarketState("BTC")
    for number in range(100):
        now_ms, said = hour_of(number, 1.0)
        state.observe(said, now_ms, RULES)
    ranked = len(state.volatility.sizing.ordered)
    for number in range(100, 1_100):
        state.observe((), START_MS + (number + 1) * HOUR_MS, RULES)
    assert ranked > 0
    assert len(state.volatility.sizing.ordered) == ranked + 24
