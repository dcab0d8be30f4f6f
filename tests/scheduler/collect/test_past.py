"""A past that is read at once, over five simulated exchanges, is the past of a market that was watched."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest

from market.findings import Found
from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Funding,
    Liquidation,
    Liquidations,
    Observation,
    OpenInterest,
    SpotVolume,
    Venue,
)
from market.reading import Learning, Presence
from scheduler.collect.own import own_past
from scheduler.collect.past import Heard, Past, gather_past
from scheduler.condense import Condenser
from scheduler.exchange import Told
from scheduler.exchanges import exchanges
from scheduler.simulator.server import Fault, Trouble
from tests.scheduler.collect.pasts import (
    ASSET,
    LIVE_MS,
    NOW_MS,
    VENUES,
    Watch,
    market,
    markets,
    reader,
    watch,
    watched_all_along,
)

OPENED_MS = NOW_MS - NOW_MS % HOUR_MS
MARKET_COINS = markets()[Venue.BINANCE].tape.open_interest(ASSET, NOW_MS)

EXACT = {
    "price": ("r_1h", "r_4h", "r_24h", "r_7d", "drawdown_7d", "drawdown_30d", "hours_since_low_72h"),
}
"""Prices of every five minutes of the last day are known, and of the hours before it: realised volatility is finer where bars are."""
NEAR = {"volatility": ("sigma",), "price": ("shock_24h",)}
"""Within a thousandth of themselves: a mean over three days has not quite forgotten what was a month ago."""
POINTS = {"open_interest": ("change_24h", "change_72h", "from_peak_7d")}
"""Within .1 %: two venues tell no past of open interest, and the newest samples of the others are five minutes old."""


def assert_equal_readings(first: Watch, second: Watch, points: float = 0.001) -> None:
    for facts, rel, off in ((EXACT, 1e-12, 0.0), (NEAR, 0.001, 0.0), (POINTS, 0.0, points)):
        for name, names in facts.items():
            said = {fact: first.facts(name)[fact] for fact in names}
            assert None not in said.values()
            known = {fact: second.facts(name)[fact] for fact in names}
            assert said == pytest.approx(known, rel=rel, abs=off)


def bars_of(told: Iterable[Observation]) -> list[Candle]:
    """The bars told, which follow each other without a hole."""
    bars = [one for one in told if isinstance(one, Candle)]
    assert all(before.known_at_ms == after.open_at_ms for before, after in pairwise(bars))
    return bars


def sums_of(told: Iterable[Observation]) -> list[float]:
    """Sums of open interest, none of which jumps."""
    sums = [one.coins for one in told if isinstance(one, OpenInterest)]
    assert max(abs(after / before - 1.0) for before, after in pairwise(sums)) < 0.05
    return sums


async def _gathered() -> Past:
    async with reader() as at:
        return await at.gather()


@pytest.fixture(scope="module")
def past() -> Past:
    """A cold start's."""
    return asyncio.run(_gathered())


@pytest.fixture(scope="module")
def cold(past: Past) -> Watch:
    """What a cold start has read; not to be gone on with."""
    return Watch.begin().play(past)


def test_after_a_cold_start_readings_are_those_of_a_market_that_was_watched_all_along(cold: Watch) -> None:
    long = watched_all_along()
    assert_equal_readings(cold, long)
    # settlements are known when they are paid: a mean of predictions is ahead of them by part of an interval
    paid = [one.rate for one in long.told if isinstance(one, Funding) and one.settled][-5:]
    off = abs((cold.facts("funding")["f24"] or 0.0) - (long.facts("funding")["f24"] or 0.0))
    assert off <= (max(paid) - min(paid)) / 2.0


def test_a_day_after_a_cold_start_funding_is_that_of_a_market_that_was_watched_all_along(cold: Watch) -> None:
    day = range(NOW_MS + LIVE_MS, NOW_MS + DAY_MS + 1, LIVE_MS)
    later, long = watch(cold.again(), day, LIVE_MS), watch(watched_all_along().again(), day, LIVE_MS)
    assert_equal_readings(later, long)
    assert later.facts("funding")["f24"] == pytest.approx(long.facts("funding")["f24"], abs=1e-7)
    assert later.snapshots[-1].regime.state is long.snapshots[-1].regime.state


def test_a_cold_start_learns_half_a_year_of_prices_ninety_days_of_funding_thirty_of_open_interest_and_no_liquidations(
    past: Past, cold: Watch
) -> None:
    """As far as there is one: the simulated market's own past begins a hundred days before it plays."""
    assert past.missing == ()
    assert NOW_MS - past.since_ms > 100 * DAY_MS
    assert bars_of(cold.told)[0].open_at_ms <= past.since_ms + HOUR_MS
    funding = min(one.known_at_ms for one in cold.told if isinstance(one, Funding))
    assert pytest.approx(90 * DAY_MS, abs=9 * HOUR_MS) == NOW_MS - funding
    readings = {reading.name: reading for reading in cold.snapshots[-1].readings}
    assert readings["funding"].learning is None
    assert readings["funding"].percentile is not None
    assert readings["open_interest"].learning == Learning(30.0, 7.0, 90.0)
    assert readings["open_interest"].percentile is not None
    assert readings["liquidations"].presence is Presence.ABSENT
    assert cold.facts("funding")["settlements"] == 270.0
    assert not any(isinstance(one, Liquidations) for one in cold.told)
    assert cold.facts("volatility")["dvol"] is not None


def test_the_level_of_open_interest_is_that_of_all_venues_also_of_those_without_a_past(cold: Watch) -> None:
    assert sums_of(cold.told)[-1] == pytest.approx(MARKET_COINS, rel=0.001)


def test_prices_of_the_past_have_no_hole_and_give_way_to_live_steps(cold: Watch) -> None:
    bars = bars_of(cold.told)
    assert bars[0].open_at_ms <= NOW_MS - 30 * DAY_MS + HOUR_MS
    assert bars[-1].known_at_ms == NOW_MS
    assert {bar.step_ms for bar in bars if bar.open_at_ms >= OPENED_MS - DAY_MS} == {LIVE_MS}


async def test_the_first_hour_of_watching_loses_no_return_and_holds_nothing_back(past: Past) -> None:
    """What venues really answer: no jump where hours give way to minutes, and no gate takes the change for a fault."""
    cold = Watch.begin().play(past)
    async with reader() as at:
        for minutes in (1, 5, 10, 20, 30, 45, 60):
            now_ms = NOW_MS + minutes * MINUTE_MS
            at.desk.hand.put(now_ms)
            for venue in VENUES:
                known = at.listings.watched(venue, (ASSET,))
                cold.condenser.take(await at.desk.now(venue, known), now_ms)
            cold.step(now_ms)
            price = cold.facts("price")
            assert None not in [price[name] for name in ("r_1h", "r_4h", "r_24h", "shock_1h", "shock_4h")]
            coins = at.desk.venues.tape.open_interest(ASSET, now_ms)
            assert cold.facts("open_interest")["coins"] == pytest.approx(coins, rel=1e-4)
    held = {Found.QUARANTINED, Found.OUTLIER, Found.IMPLAUSIBLE, Found.OUT_OF_ORDER, Found.CLOCK_AHEAD}
    assert [one for one in cold.findings if one.found in held] == []
    assert bars_of(cold.told)[-1].known_at_ms == NOW_MS + HOUR_MS
    sums_of(cold.told)
    learned = {reading.name: reading for reading in cold.snapshots[-1].readings}
    # ranks outlive the change of cadence, and learn an hour of it
    assert learned["open_interest"].learning == Learning(30.0 + 1.0 / 24.0, 7.0, 90.0)
    assert learned["open_interest"].percentile is not None
    assert learned["funding"].percentile is not None


async def test_a_venue_that_fails_is_named_and_stops_no_other() -> None:
    async with reader() as at:
        at.desk.venues.faults.set(Venue.BINANCE, Trouble(Fault.STATUS, status=451))
        past = await at.gather()
    assert len(past.missing) == 1
    assert past.missing[0].startswith("binance: ")
    cold = Watch.begin().play(past)
    assert {bar.venue for bar in bars_of(cold.told)} == {Venue.OKX}
    others = 1.0 - 0.40
    assert sums_of(cold.told)[-1] == pytest.approx(MARKET_COINS * others, rel=0.002)


async def test_an_asset_that_nobody_lists_has_no_past() -> None:
    async with reader() as at:
        past = await gather_past(
            "DOGE", 0, NOW_MS, exchanges=exchanges(), listings=at.listings, fetcher=at.desk.fetcher
        )
    assert past == Past("DOGE", 0, NOW_MS, (), ("no venue lists DOGE",))


async def test_progress_is_a_share_that_never_falls_and_ends_at_one() -> None:
    shares: list[float] = []
    async with reader() as at:
        await at.gather(NOW_MS - 2 * HOUR_MS, on_progress=shares.append)
    assert shares == sorted(shares)
    assert 0.0 < shares[0] < 1.0
    assert shares[-1] == 1.0


async def test_a_past_of_ones_own_is_played_before_and_beside_that_of_the_exchanges(cold: Watch) -> None:
    """The last month then reads as without it, and what only one's own knows is learned."""
    beside = own_past(market().past(), ASSET)
    own = (*earlier_than(beside), *beside)
    async with reader() as at:
        long = Watch.begin().play(await at.gather(own=own))
    bars = bars_of(long.told)
    exchanges_ms = next(bar.open_at_ms for bar in bars if bar.venue is Venue.BINANCE)
    assert {bar.venue for bar in bars if bar.open_at_ms < exchanges_ms} == {Venue.SIMULATED}
    assert {bar.venue for bar in bars if bar.open_at_ms >= exchanges_ms} == {Venue.BINANCE}
    assert sums_of(long.told)[-1] == pytest.approx(MARKET_COINS, rel=0.001)
    readings = {reading.name: reading for reading in long.snapshots[-1].readings}
    assert readings["open_interest"].learning is None
    assert readings["funding"].learning is None
    assert long.facts("liquidations")["learned_hours"] == pytest.approx(100 * 24, abs=2)
    assert readings["skew"].percentile is not None
    assert_equal_readings(long, cold)
    assert long.facts("funding")["f24"] == pytest.approx(cold.facts("funding")["f24"], abs=1e-6)


def earlier_than(own: tuple[Heard, ...]) -> Iterator[Heard]:
    """Two days of bars before there were exchanges."""
    for hours in range(48, 0, -1):
        opened_ms = own[0].at_ms - (hours + 1) * HOUR_MS
        bar = Candle(Venue.SIMULATED, opened_ms, HOUR_MS, 60_000.0, 60_100.0, 59_900.0, 60_000.0)
        yield Heard(bar.known_at_ms, (Told(ASSET, bar),))


@pytest.mark.parametrize("gap_ms", [3 * HOUR_MS + 7 * MINUTE_MS, 2 * DAY_MS + 3 * HOUR_MS + 7 * MINUTE_MS])
async def test_a_gap_is_filled_and_readings_go_on_as_if_nothing_had_happened(gap_ms: int) -> None:
    """But for what two venues that tell no past did meanwhile: a fifth of open interest is not in that change."""
    seen_ms = (NOW_MS - gap_ms) // LIVE_MS * LIVE_MS
    async with reader(seen_ms) as at:
        cold = Watch.begin().play(await at.gather(NOW_MS - 40 * DAY_MS, seen_ms))
        begun = len(cold.snapshots)
        cold.play(await at.gather(seen_ms, NOW_MS))
    assert cold.snapshots[begun].at_ms > seen_ms
    assert all(before.at_ms < after.at_ms for before, after in pairwise(cold.snapshots))
    assert bars_of(cold.told)[-1].known_at_ms == NOW_MS
    assert_equal_readings(cold, watched_all_along(), points=0.003)


def test_a_past_that_is_read_again_changes_nothing(past: Past, cold: Watch) -> None:
    again = cold.again().play(past)
    assert (again.told, again.snapshots) == ([], cold.snapshots[-1:])


def test_ones_own_past_is_of_one_asset_and_heard_when_its_bar_had_closed() -> None:
    said = OpenInterest(Venue.BINANCE, NOW_MS, 5.0, HOUR_MS)
    steps = [(NOW_MS, ASSET, (said,)), (NOW_MS, "ETH", (said,)), (NOW_MS + 1, ASSET, ())]
    (heard,) = own_past(steps, ASSET)
    assert (heard.at_ms, heard.reports) == (NOW_MS, (Told(ASSET, said),))
    condenser = Condenser(ASSET, (Venue.BINANCE,))
    condenser.take(heard.reports, heard.at_ms)
    assert condenser.step(NOW_MS)[0] == (OpenInterest(Venue.AGGREGATE, NOW_MS, 5.0, HOUR_MS),)


async def test_forced_orders_are_asked_for_in_a_short_gap_only(past: Past) -> None:
    """Those of a month ago no proof of life makes whole."""
    async with reader() as at:
        gap = await at.gather(NOW_MS - 3 * HOUR_MS)
    assert not any(isinstance(report, Liquidation) for one in past.heard for report in one.reports)
    assert any(isinstance(report, Liquidation) for one in gap.heard for report in one.reports)


def test_a_cold_start_learns_thirty_days_of_spot_volume_of_each_market_by_itself(cold: Watch) -> None:
    told = [one for one in cold.told if isinstance(one, SpotVolume)]
    assert {one.venue for one in told} == {Venue.BYBIT, Venue.OKX}
    of_bybit = [one for one in told if one.venue is Venue.BYBIT]
    assert len(of_bybit) == 30 * 24
    bars = markets()[Venue.BYBIT].spot_bars(ASSET, HOUR_MS, OPENED_MS - DAY_MS, OPENED_MS - 1, NOW_MS)
    facts = cold.facts("open_interest")
    assert facts["spot_usd_24h"] == pytest.approx(sum(bar.usd for bar in bars))
    assert facts["spot_relative"] is not None
    assert facts["digesting"] is not None
    assert None not in (facts["quadrant_1h"], facts["quadrant_24h"], facts["usd_change_72h"])
