"""The kept hours through a fresh engine: what hours tell is told, what they do not is not, and the same is warned of."""

import asyncio
from array import array
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import nan
from pathlib import Path
from random import Random
from time import thread_time

import pytest

from market.alerts import Alert, Edge, Kind, Severity
from market.evaluation.backtest import RISING, outcome_of
from market.hourly import Hourly
from market.observations import DAY_MS, HOUR_MS, Candle, Funding, Liquidations, OpenInterest, Skew, Venue
from market.rules import Rules
from market.snapshot import Snapshot
from market.state.funding import FundingWindows
from scheduler.backtesting import BacktestsOnDemand, DayRates, Sums, backtest, steps_of
from scheduler.engine import Engine
from scheduler.history_files import HistoryFile, read_history
from store.in_memory import HoursInMemory
from tests.recorded import sell_off

RULES = Rules()
START_MS = 1_704_067_200_000
"""2024-01-01 00:00 UTC."""


def at(hour: int) -> int:
    return START_MS + hour * HOUR_MS


def market(hours: int, seed: int = 4) -> HistoryFile:
    """Hours by chance with two falls, each opening where the one before closed; funding each eight hours."""
    dice, price, coins, rate = Random(seed), 100.0, 1_000.0, 1e-4
    columns: dict[str, list[float | None]] = {
        name: [] for name in ("open", "high", "low", "close", "quote_volume", "funding_8h_last_settled")
    }
    columns |= {name: [] for name in ("oi_binance_coins_1h", "liq_long_coins_1h", "liq_short_coins_1h")}
    for hour in range(hours):
        is_falling = hour % 500 in range(400, 412)
        close = price * (1.0 + dice.gauss(-0.009 if is_falling else 0.0, 0.004))
        coins *= 1.0 + dice.gauss(0.0, 0.004)
        rate = dice.gauss(1.5e-4, 1e-4) if hour % 8 == 0 else rate
        row = {
            "open": price,
            "high": max(price, close) * 1.001,
            "low": min(price, close) * 0.999,
            "close": close,
            "quote_volume": 1e6,
            "funding_8h_last_settled": round(rate, 8),
            "oi_binance_coins_1h": coins,
            "liq_long_coins_1h": dice.expovariate(0.02 if is_falling else 5.0),
            "liq_short_coins_1h": dice.expovariate(5.0),
        }
        for name, value in row.items():
            columns[name].append(value)
        price = close
    return HistoryFile(Path("made_BTC.csv"), "BTC", HOUR_MS, tuple(range(at(0), at(hours), HOUR_MS)), columns)


def played(history: HistoryFile, seen: dict[int, Snapshot] | None = None) -> tuple[Hourly, list[Alert]]:
    """The hours that the engine kept of a file, and what began or grew worse; what was seen by then goes into `seen`."""
    engine, told = Engine(history.asset, RULES, "history"), list[Alert]()
    for now_ms, _, observations in history.steps():
        snapshot, alerts = engine.step(now_ms, observations)
        told += [alert for alert in alerts if alert.edge in RISING]
        if seen is not None:
            seen[now_ms] = snapshot
    return engine.state.market.hours, told


@cache
def long_market() -> tuple[Hourly, list[Alert]]:
    """Eight weeks with two falls, played once for all."""
    return played(market(1_400))


def kept(closes: Sequence[float], **columns: Sequence[float]) -> Hourly:
    """Hours that stood still at their closes, and what else is given of them."""
    high, low, close = (array("d", closes) for _ in range(3))
    hours = Hourly(at(len(closes)), high, low, close, array("d", [nan] * len(closes)))
    for name, values in columns.items():
        column = getattr(hours, name)
        column[:] = array(column.typecode, values)
    return hours


def edges(alerts: Sequence[Alert], kind: Kind) -> list[tuple[int, Severity, Edge]]:
    """When a kind was told after ten days of settlements, which are counted by the hour here, and the sequence's own week."""
    since_ms = at(17 * 24)
    return [
        (one.at_ms, one.severity, one.edge) for one in alerts if one.kind is kind and one.at_ms >= since_ms
    ]


def told_in(hours: Hourly) -> list[list[object]]:
    return [list(observations) for _, observations in steps_of(hours)]


def test_an_hour_opens_where_the_one_before_closed() -> None:
    (candle,) = told_in(kept([100.0, 102.0]))[1]
    assert isinstance(candle, Candle)
    # its own range is all that is known of it, and the close before lay outside of it
    assert (candle.open_usd, candle.close_usd, candle.mark_close_usd) == (102.0, 102.0, 102.0)
    assert (candle.open_at_ms, candle.known_at_ms) == (at(1), at(2))


def test_without_the_close_before_there_is_no_bar_and_an_unknown_hour_tells_nothing() -> None:
    assert [len(step) for step in told_in(kept([100.0, 101.0, nan, 103.0, 104.0]))] == [0, 1, 0, 0, 1]


def test_dollars_closed_by_force_become_the_coins_that_are_worth_them() -> None:
    hours = kept([100.0, 50.0], long_liquidated_usd=[nan, 1_000.0], short_liquidated_usd=[nan, 200.0])
    (told,) = [one for one in told_in(hours)[1] if isinstance(one, Liquidations)]
    assert (told.long_coins, told.short_coins, told.step_ms) == (20.0, 4.0, HOUR_MS)


def test_skew_points_become_fractions() -> None:
    (told,) = [one for one in told_in(kept([1.0, 1.0], skew_points=[nan, 6.0]))[1] if isinstance(one, Skew)]
    assert told.skew_25d_30d == pytest.approx(0.06)


def test_a_rate_is_told_whose_mean_over_the_day_is_what_was_kept() -> None:
    dice, means, rates, windows = Random(1), list[float](), DayRates(), FundingWindows()
    for hour in range(24 * 60):
        means.append(round(2e-4 + 1e-4 * dice.random() * (hour % 37 != 0), 9))
        # an hour or three are missing now and then, and once two days
        if hour % 100 in {7, 8, 9} or 500 <= hour < 548:
            continue
        for said in rates.told(at(hour), means[-1]):
            windows.observe(said, RULES.freshness)
        series = windows.series[Venue.AGGREGATE]
        assert series.mean_24h(at(hour)) == pytest.approx(means[-1], abs=1e-11)


def test_equal_means_stay_equal_to_the_last_bit() -> None:
    rates, windows = DayRates(), FundingWindows()
    for hour in range(24 * 10):
        for said in rates.told(at(hour), round(array("f", [1e-4])[0], 9)):
            windows.observe(said, RULES.freshness)
        assert windows.series[Venue.AGGREGATE].mean_24h(at(hour)) == 1e-4


def test_another_level_of_open_interest_after_an_unknown_hour_is_another_venues() -> None:
    sums = Sums()
    names = [
        sums.told(at(hour), coins).venue for hour, coins in ((0, 100.0), (1, 60.0), (3, 61.0), (5, 200.0))
    ]
    assert names[0] is names[1] is names[2]
    assert names[3] is not names[2]


def test_open_interest_that_was_none_at_all_is_no_share_of_what_follows() -> None:
    sums = Sums()
    names = [sums.told(at(hour), coins).venue for hour, coins in ((0, 0.0), (2, 0.0), (4, 5.0))]
    assert names[0] is names[1]
    assert names[2] is not names[1]


def test_a_market_without_marks_is_warned_of_as_it_was_when_it_was_seen() -> None:
    hours, told = long_market()
    again = Engine("BTC", RULES, "history")
    found = [
        alert
        for now_ms, observations in steps_of(hours)
        for alert in again.step(now_ms, observations)[1]
        if alert.edge in RISING
    ]
    assert {alert.kind for alert in told} >= {Kind.CASCADE, Kind.FUNDING, Kind.LIQUIDATIONS}
    for kind in Kind:
        assert edges(found, kind) == edges(told, kind), kind


@pytest.mark.parametrize("name", ["2021-05-19_BTC", "2022-06-13_3ac_ETH"])
def test_recorded_sell_offs_are_warned_of_alike_but_for_an_edge_here_and_there(
    name: str, recordings: Path
) -> None:
    """Recorded hours open some dollars from the close before, so a shock on the line may fall on either side of it."""
    history, seen = read_history(sell_off(recordings, name)), dict[int, Snapshot]()
    hours, told = played(history, seen)
    again = Engine(history.asset, RULES, "history")
    found: list[Alert] = []
    for now_ms, observations in steps_of(hours):
        snapshot, alerts = again.step(now_ms, observations)
        found += [alert for alert in alerts if alert.edge in RISING]
        for fact, room in (("shock_24h", 0.06), ("r_24h", 1e-12)):
            mine, theirs = snapshot.fact("price", fact), seen[now_ms].fact("price", fact)
            if mine is not None and theirs is not None:
                assert mine == pytest.approx(theirs, abs=room)
        assert snapshot.fact("funding", "f24") == pytest.approx(seen[now_ms].fact("funding", "f24"), abs=1e-9)
    was = {(one.at_ms, one.severity) for one in told if one.kind is Kind.CASCADE}
    now = {(one.at_ms, one.severity) for one in found if one.kind is Kind.CASCADE}
    assert len(was & now) >= 0.6 * len(was | now)


async def test_a_look_back_scores_what_came_after_it_had_learned() -> None:
    hours, told = long_market()
    found = await backtest("BTC", hours, RULES)
    assert found is not None
    assert found.first_ms == hours.first_close_ms
    # a third of 58 days is learned from
    assert (found.scored_ms - found.first_ms) // DAY_MS == 19
    assert {one.at_ms for one in found.firings} == {
        alert.at_ms for alert in told if alert.at_ms >= found.scored_ms
    }
    outcome = outcome_of(found, Kind.CASCADE, Severity.WATCH)
    assert len(found.onsets_ms) == 1
    assert outcome.counted + outcome.unjudged + len(outcome.matched.inside_ms) > 0
    assert not outcome.is_established


async def test_hours_that_are_only_learned_from_give_nothing() -> None:
    hours, _ = played(market(24 * 7))
    assert await backtest("BTC", hours, RULES) is None


async def test_nobody_waits_for_a_look_back() -> None:
    """Others have their turn every few milliseconds of this thread's own time, whatever else the machine does."""
    hours, _ = played(market(300))
    turns_s: list[float] = []

    async def others() -> None:
        while True:
            turns_s.append(thread_time())
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    await backtest("BTC", hours, RULES)
    waiting.cancel()
    assert max(later - earlier for earlier, later in pairwise(turns_s)) < 0.01


async def test_what_nobody_made_beforehand_is_made_once_when_it_is_asked_for() -> None:
    hours, _ = played(market(400))
    looks = BacktestsOnDemand(HoursInMemory({"BTC": hours}), RULES)
    first = await looks.of("BTC")
    assert first is not None
    assert await looks.of("BTC") is first
    assert await looks.of("ETH") is None


async def test_hours_that_were_too_few_are_looked_back_at_once_there_are_enough() -> None:
    hours, _ = played(market(400))
    short, _ = played(market(100))
    kept = {"BTC": short}
    looks = BacktestsOnDemand(HoursInMemory(kept), RULES)
    assert await looks.of("BTC") is None
    kept["BTC"] = hours
    found = await looks.of("BTC")
    assert found is not None
    assert found.until_ms == hours.last_close_ms


async def test_who_has_no_patience_has_it_the_next_time() -> None:
    hours, _ = played(market(400))
    looks = BacktestsOnDemand(HoursInMemory({"BTC": hours}), RULES, patience_s=0.0)
    assert await looks.of("BTC") is None
    while (found := await looks.of("BTC")) is None:
        await asyncio.sleep(0)
    assert found.until_ms == hours.last_close_ms


def test_what_is_told_is_what_an_engine_takes() -> None:
    kinds = {type(one) for step in told_in(played(market(60))[0]) for one in step}
    assert kinds == {Candle, Funding, Liquidations, OpenInterest}
