"""The simulated market: the same seed is the same market, its numbers agree, and its causes have their effects."""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from statistics import median
from typing import TypeVar

import pytest

from market.cascade import FuelMap
from market.observations import (
    DAY_MS,
    HOUR_MS,
    Candle,
    Depth,
    Funding,
    ImpliedVolatility,
    Liquidations,
    OpenInterest,
    Skew,
)
from market.state.market import is_plausible
from scheduler.simulator.leverage import DEPTH_PER_PERCENT, Leverage
from scheduler.simulator.market import PAST_DAYS, PLAYED_STEP_MS, START_MS, SimulatedMarket, Step
from scheduler.simulator.price import Path, begin_price
from scheduler.simulator.sentiment import FUNDING_CAP_8H, funding_rate
from scheduler.simulator.story import Mood, Push, Story, Tide

SHORT_PAST = 20


def market(seed: int, scenario: str = "sell_off", assets: tuple[str, ...] = ("BTC",)) -> SimulatedMarket:
    return SimulatedMarket(seed, scenario, assets, past_days=SHORT_PAST)


def steps(played: SimulatedMarket) -> list[Step]:
    return [*played.past(), *played.days()]


Kind = TypeVar("Kind", Candle, Funding, OpenInterest, Liquidations, Skew, ImpliedVolatility, Depth)


def said(told: Sequence[Step], kind: type[Kind]) -> list[Kind]:
    return [found for _, _, observations in told for found in observations if isinstance(found, kind)]


def both_scenarios() -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("seed", "scenario"), [(1, "sell_off"), (2, "sell_off"), (7, "sell_off"), (3, "calm")]
    )


def test_the_same_seed_is_the_same_market_to_the_last_digit() -> None:
    assert steps(market(7)) == steps(market(7))
    told = market(7)
    assert list(told.days()) == list(told.days())


def test_another_seed_is_another_market() -> None:
    assert steps(market(7)) != steps(market(8))


def test_a_coin_does_not_change_because_another_is_watched() -> None:
    alone = list(market(7).days())
    together = list(market(7, assets=("BTC", "ETH")).days())
    assert [step for step in together if step[1] == "BTC"] == alone
    assert [asset for _, asset, _ in together[:4]] == ["BTC", "ETH", "BTC", "ETH"]


def test_the_first_day_begins_near_the_price_of_the_profile() -> None:
    candles = said(list(market(7).days()), Candle)
    assert candles[0].open_usd == pytest.approx(68_000, rel=0.021)
    assert len(candles) == 3 * 72


def test_what_is_not_simulated_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="DOGE is not simulated; there are BTC, ETH, SOL"):
        market(1, assets=("DOGE",))
    with pytest.raises(ValueError, match="boom"):
        market(1, "boom")


def test_the_past_is_hourly_and_meets_the_first_day() -> None:
    told = market(1)
    past, days = list(told.past()), list(told.days())
    assert PAST_DAYS >= 97  # 90 days of weekly volatility, so that nothing is warming up
    assert [at for at, _, _ in past] == [START_MS + hour * HOUR_MS for hour in range(1 - SHORT_PAST * 24, 1)]
    assert [at for at, _, _ in days] == [START_MS + step * PLAYED_STEP_MS for step in range(1, 217)]
    assert told.end_ms == days[-1][0] == START_MS + 3 * DAY_MS
    assert START_MS % DAY_MS == 0


@both_scenarios()
def test_candles_join_and_hold_their_prices(seed: int, scenario: str) -> None:
    candles = said(steps(market(seed, scenario)), Candle)
    for before, candle in pairwise(candles):
        assert candle.open_at_ms == before.known_at_ms
        assert candle.open_usd == before.close_usd
    for candle in candles:
        assert candle.low_usd <= min(candle.open_usd, candle.close_usd)
        assert candle.high_usd >= max(candle.open_usd, candle.close_usd)


@both_scenarios()
def test_everything_said_is_plausible_and_known_when_it_is_said(seed: int, scenario: str) -> None:
    for at_ms, _, observations in steps(market(seed, scenario)):
        assert all(is_plausible(found) for found in observations)
        assert all(found.known_at_ms == at_ms for found in observations)


@both_scenarios()
def test_nobody_is_liquidated_who_had_no_position(seed: int, scenario: str) -> None:
    told = steps(market(seed, scenario))
    interest, liquidated = said(told, OpenInterest), said(told, Liquidations)
    assert all(open_interest.coins > 0.0 for open_interest in interest)
    for before, bucket in zip(interest, liquidated[1:], strict=False):
        assert 0.0 <= bucket.long_coins + bucket.short_coins <= before.coins


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_open_interest_falls_in_the_wave_by_more_than_was_liquidated(seed: int) -> None:
    days = list(market(seed).days())
    wave = [step for step in days if 24 * HOUR_MS <= step[0] - START_MS <= 42 * HOUR_MS]
    coins = [found.coins for found in said(wave, OpenInterest)]
    liquidated = sum(found.long_coins for found in said(wave, Liquidations))
    lost = coins[0] - coins[-1]
    assert 0.01 * coins[0] < liquidated < lost
    assert 0.05 < lost / coins[0] < 0.25


@both_scenarios()
def test_funding_is_settled_every_eight_hours_and_predicted_in_between(seed: int, scenario: str) -> None:
    rates = said(steps(market(seed, scenario)), Funding)
    for rate in rates:
        assert rate.settled == (rate.known_at_ms % (8 * HOUR_MS) == 0)
        assert abs(rate.rate) <= FUNDING_CAP_8H
        if not rate.settled:
            assert rate.next_at_ms is not None
            assert 0 < rate.next_at_ms - rate.known_at_ms < 8 * HOUR_MS
            assert rate.next_at_ms % (8 * HOUR_MS) == 0


def test_options_are_quoted_every_hour() -> None:
    told = list(market(1).days())
    assert len(said(told, Skew)) == len(said(told, ImpliedVolatility)) == 72
    assert all(skew.known_at_ms % HOUR_MS == 0 and skew.cadence_ms == HOUR_MS for skew in said(told, Skew))


@pytest.mark.parametrize("seed", range(20))
def test_a_sell_off_falls_and_leverage_leaves(seed: int) -> None:
    days = list(market(seed).days())
    candles = said(days, Candle)
    assert -0.20 < min(candle.low_usd for candle in candles) / candles[0].open_usd - 1.0 < -0.07
    assert min(rate.rate_8h for rate in said(days[27 * 3 :], Funding)) < 0.0
    skews = [skew.skew_25d_30d for skew in said(days, Skew)]
    assert max(skews[24:40]) > skews[0] + 0.02


@pytest.mark.parametrize("seed", range(5))
def test_bids_thin_out_in_a_fall_more_than_asks_and_come_back(seed: int) -> None:
    played = market(seed)
    usual = median(told.bid_usd for told in said(list(played.past()), Depth))
    days = list(played.days())
    candles, books = said(days, Candle), said(days, Depth)
    steepest = min(range(len(candles)), key=lambda step: candles[step].close_usd / candles[step].open_usd)
    assert books[steepest].bid_usd < 0.6 * usual
    assert books[steepest].bid_usd < 0.7 * books[steepest].ask_usd
    assert max(told.bid_usd for told in books[steepest + 1 :]) > 1.2 * books[steepest].bid_usd


def test_longs_pay_dearly_before_most_sell_offs() -> None:
    dearest = sorted(
        max(rate.rate_8h for rate in said(list(market(seed).days())[: 27 * 3], Funding)) for seed in range(20)
    )
    assert dearest[4] > 0.00015
    assert dearest[-1] < 0.0012


@pytest.mark.parametrize("seed", range(20))
def test_a_calm_market_stays_in_its_range_because_it_is_built_that_way(seed: int) -> None:
    candles = said(list(market(seed, "calm").days()), Candle)
    assert max(abs(candle.close_usd / candles[0].open_usd - 1.0) for candle in candles) < 0.05


def test_coins_fall_together() -> None:
    days = list(market(4, assets=("BTC", "ETH", "SOL")).days())
    closes = {
        asset: [found.close_usd for found in said([step for step in days if step[1] == asset], Candle)]
        for asset in ("BTC", "ETH", "SOL")
    }
    assert all(min(prices) / prices[0] < 0.93 for prices in closes.values())
    assert min(closes["SOL"]) / closes["SOL"][0] < min(closes["BTC"]) / closes["BTC"][0]


def test_a_fall_liquidates_what_stands_in_its_way_and_so_goes_further() -> None:
    """100 coins in longs at 1.00: 5 at 100x, 10 at 50x, 10 at 25x, 20 at 20x; bids 14 a percent, eight tenths sold there."""
    leverage = Leverage(1_000.0, 1_000.0)
    leverage.longs.open(100.0, 1.0)
    path = Path(0.0, 0.0, math.log(0.97), math.log(0.97))
    closed = leverage.step(path, 1.0, 0.0, 0.02, Mood(), Random(1))
    # 3 % touches 100x and 50x (1.51 %): + .8 * 15/14 = 3.86 %; touches 25x (3.52 %): + .8 * 25/14 = 4.43 %; 20x is at 4.52 %
    assert DEPTH_PER_PERCENT == 0.014
    assert closed.long_coins == pytest.approx(25.0)
    assert closed.path.low == pytest.approx(math.log(1.0 - 0.03 - 0.008 * 25 / 14))
    assert closed.short_coins == 0.0
    assert closed.impact < 0.0


def test_the_same_fall_into_a_heated_market_goes_further_because_the_book_is_thin() -> None:
    def low(heat: float) -> float:
        leverage = Leverage(1_000.0, 1_000.0)
        leverage.longs.open(100.0, 1.0)
        path = Path(0.0, 0.0, math.log(0.97), math.log(0.97))
        return leverage.step(path, 1.0, heat, 0.02, Mood(), Random(1)).path.low

    assert low(3.0) < low(0.0)


def test_a_rise_squeezes_shorts_and_nobody_else() -> None:
    leverage = Leverage(1_000.0, 1_000.0)
    leverage.longs.open(50.0, 1.0)
    leverage.shorts.open(50.0, 1.0)
    path = Path(0.0, math.log(1.02), 0.0, math.log(1.02))
    closed = leverage.step(path, 1.0, 0.0, 0.02, Mood(), Random(1))
    assert closed.long_coins == 0.0
    assert closed.short_coins == pytest.approx(50.0 * (0.05 + 0.10))  # 100x and 50x
    assert closed.path.high > path.high


def test_open_interest_loses_what_was_closed_and_more_when_appetite_goes() -> None:
    leverage = Leverage(1_000.0, 1_000.0, longs=FuelMap(), whim=0.0)
    still = Path(0.0, 0.0, 0.0, 0.0)
    leverage.step(still, 1.0, 0.0, 0.02, Mood(appetite=-0.5), Random(1))
    # it goes an eighth of the way, .12 an hour, to 1000 e^-.5
    assert leverage.coins == pytest.approx(1_000.0 - 0.12 * (1_000.0 - 1_000.0 * math.exp(-0.5)), rel=0.01)


PREMIUMS = [
    (0.0002, 0.0001),
    (0.0012, 0.0007),
    (-0.0008, -0.0003),
    (0.05, FUNDING_CAP_8H),
    (-0.05, -FUNDING_CAP_8H),
]


@pytest.mark.parametrize(("premium", "rate"), PREMIUMS)
def test_funding_follows_the_premium_by_the_exchange_formula(premium: float, rate: float) -> None:
    assert funding_rate(premium) == pytest.approx(rate)


def test_a_push_is_shared_out_over_its_hours() -> None:
    push = Push(10.0, 2.0, -3.0, 0.5)
    assert push.between(9.0, 10.0) == 0.0
    assert push.between(9.5, 10.5) == pytest.approx(-0.75)
    assert sum(push.between(10.0 + third / 3, 10.0 + (third + 1) / 3) for third in range(6)) == pytest.approx(
        -3.0
    )
    assert push.between(12.0, 20.0) == 0.0


def test_moods_come_in_and_are_taken_back() -> None:
    story = Story((), (Tide(0.0, 4.0, Mood(0.1, 0.002)), Tide(8.0, 2.0, Mood(-0.1, -0.002))), -24.0)
    assert story.mood(-1.0) == Mood()
    assert story.mood(1.0).appetite == pytest.approx(0.025)
    assert story.mood(6.0).greed == pytest.approx(0.002)
    assert story.mood(9.0).appetite == pytest.approx(0.05)
    assert story.mood(30.0).greed == pytest.approx(0.0)


def test_the_range_of_a_bar_measures_the_volatility_that_made_it() -> None:
    """Rogers-Satchell over a Brownian bridge has the variance of the step as its mean, whatever the close."""
    process, dice, quiet = begin_price(0.5), Random(5), Story((), (), -1e9)
    ratios = []
    for _ in range(4_000):
        variance = process.hourly_variance
        path = process.step(0.0, 1.0, quiet, dice.gauss(0.0, 1.0), dice)
        up, down = path.high - path.begin, path.low - path.begin
        close = path.end - path.begin
        ratios.append((up * (up - close) + down * (down - close)) / variance)
    assert sum(ratios) / len(ratios) == pytest.approx(1.0, abs=0.06)


def test_a_push_of_news_stays_and_a_push_of_orders_fades() -> None:
    def after_two_days(lasting: float) -> float:
        process, dice = begin_price(0.01), Random(1)
        story = Story((Push(0.0, 1.0, -10.0, lasting),), (), -1e9)
        sigma = process.usual_day_sigma
        for hour in range(48):
            process.step(float(hour), 1.0, story, 0.0, dice)
        return process.last / sigma

    assert after_two_days(1.0) == pytest.approx(-10.0, abs=1.0)
    assert after_two_days(0.0) == pytest.approx(0.0, abs=1.0)
