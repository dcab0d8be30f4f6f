"""The first start: answered at once, the past read from the venues, and from then on a look a minute."""

from collections.abc import Sequence
from types import MappingProxyType

import pytest

from market.observations import DAY_MS, HOUR_MS, Venue
from market.reading import Presence
from market.table import State
from scheduler.exchange import Kind
from scheduler.live import want
from scheduler.simulator import profiles
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server.faults import Fault, Trouble
from store.connection import Connection
from store.services import FeedStatus, PastReport
from store.watchlist import Applied
from tests.scheduler.live.house import VENUES, House, town

NOW_MS = START_MS + 30 * HOUR_MS
IN_THE_SELL_OFF = State.CROWDING, State.UNWINDING


async def test_before_anything_is_read_the_answer_is_insufficient_data(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await want(("BTC",), house.memory)
        await house.market.begin()
        snapshot = await house.cycle.snapshots.latest("BTC")
        assert snapshot is not None
        assert (snapshot.regime.state, snapshot.source) == (State.INSUFFICIENT_DATA, "live")
        assert await house.memory.sources.pasts() == (PastReport("BTC", 0.0),)
        assert await house.cycle.feed.status() == FeedStatus("live", None, 60_000)
        assert house.asked == []
        assert (await house.cycle.history.load("BTC")).last_seq == 0


async def test_the_past_is_read_judged_and_kept_without_its_old_warnings(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        snapshot = await house.cycle.snapshots.latest("BTC")
        assert snapshot is not None
        assert snapshot.regime.state in IN_THE_SELL_OFF
        assert snapshot.at_ms == NOW_MS
        price, interest, funding = (snapshot.reading(name) for name in ("price", "open_interest", "funding"))
        assert price is not None and price.learning is None  # noqa: PT018
        assert interest is not None and interest.percentile is not None  # noqa: PT018
        assert funding is not None and funding.percentile is not None  # noqa: PT018
        kept = await house.cycle.history.load("BTC")
        assert (kept.last_seq, kept.checkpoint_seq, kept.steps) == (1, 1, ())
        assert await house.log.recent(100) == ()
        assert house.market.is_live("BTC")


async def test_progress_is_told_and_ends_without_a_trace(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        shares = [past.share for past in house.pasts]
        assert shares == sorted(shares)
        assert len(set(shares)) > 10
        assert house.pasts[-1] == PastReport("BTC", 1.0)
        assert await house.memory.sources.pasts() == ()


async def test_from_then_on_each_minute_is_a_look(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey, listens=True) as house:
        await house.begin("BTC")
        snapshots = await house.minutes(8)
        assert [snapshot.at_ms - NOW_MS for snapshot in snapshots] == [
            minute * 60_000 + 10_000 for minute in range(8)
        ]
        last = snapshots[-1]
        assert last == await house.cycle.snapshots.latest("BTC")
        seen = {reading.name for reading in last.readings if reading.presence is Presence.SEEN}
        assert seen == {
            "price",
            "liquidations",
            "open_interest",
            "funding",
            "skew",
            "volatility",
            "depth",
        }
        assert last.findings
        by_venue = {one.venue: one for one in last.venues}
        assert set(by_venue) == set(VENUES)
        assert all(one.coins and one.rate is not None and one.premium is not None for one in last.venues)
        assert by_venue[Venue.BYBIT].heard_minutes >= 5
        status = await house.cycle.feed.status()
        assert (status.source, status.last_evaluation_ms, status.cycle_ms) == ("live", last.at_ms, 60_000)


async def test_how_late_a_look_was_is_measured(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        await here.time.advance(70)
        await house.market.look("BTC", NOW_MS + 10_000)
        assert (await house.cycle.feed.status()).lag_ms == 60_000


async def test_what_the_venues_list_and_how_they_stand_is_kept(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        await house.minute()
        await house.market.tell()
        assert await house.memory.watchlist.listed() == ("BTC",)
        reports = await house.memory.sources.reports()
        assert [report.venue for report in reports] == list(VENUES)
        assert {report.state for report in reports} == {"open"}


async def test_prices_are_read_for_half_a_year_open_interest_for_a_month_funding_for_a_quarter(
    valkey: Connection,
) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        engine = (await house.cycle.history.load("BTC")).state
        assert engine is not None
        candles = [ask for ask in house.asked if ask.kind is Kind.CANDLES]
        opened = [ask for ask in house.asked if ask.kind is Kind.OPEN_INTEREST_HISTORY]
        paid = [ask for ask in house.asked if ask.kind is Kind.FUNDING_HISTORY]
        assert _reaches(opened) <= 31 * DAY_MS < 89 * DAY_MS < _reaches(paid) < 179 * DAY_MS
        assert 179 * DAY_MS < _reaches(candles) <= 181 * DAY_MS


def _reaches(asks: Sequence[object]) -> int:
    """How far back the questions to Binance go."""
    times = [
        int(value)
        for ask in asks
        for name, value in getattr(ask, "params", {}).items()
        if name == "startTime" and getattr(ask, "venue", "") == "binance"
    ]
    return NOW_MS - min(times)


@pytest.fixture
def many_coins(monkeypatch: pytest.MonkeyPatch) -> SimulatedMarket:
    """Twenty coins of which each has less open interest in dollars than the one before, and two days of past."""
    btc = profiles.PROFILES["BTC"]
    others = {
        f"C{number:02}": profiles.Profile(10.0, 1e9 / (number + 1), btc.sigma, btc.together, 0.001)
        for number in range(17)
    }
    monkeypatch.setattr(profiles, "PROFILES", MappingProxyType({**profiles.PROFILES, **others}))
    return SimulatedMarket(7, "calm", ("ETH", "BTC", "SOL", *sorted(others)), past_days=2)


async def _default(house: House) -> tuple[str, ...]:
    await want((), house.memory)
    await house.market.begin()
    await house.market.learn()
    await house.market.mind_watchlist()
    return await house.memory.watchlist.watched()


async def test_without_a_setting_the_first_three_and_the_twelve_next_by_open_interest_are_watched(
    valkey: Connection, many_coins: SimulatedMarket
) -> None:
    async with town(START_MS + HOUR_MS, many_coins) as here, here.house(valkey) as house:
        watched = await _default(house)
        assert watched == ("BTC", "ETH", "SOL", *(f"C{number:02}" for number in range(12)))
        assert await house.memory.watchlist.applied() == Applied("", is_complete=True)
        assert all(house.market.is_live(asset) for asset in watched)
        bulk = [ask.kind for ask in house.asked].count(Kind.OPEN_INTEREST)
        await house.market.mind_watchlist()
        assert [ask.kind for ask in house.asked].count(Kind.OPEN_INTEREST) == bulk


async def test_the_twelve_next_wait_until_enough_is_listed(
    valkey: Connection, many_coins: SimulatedMarket
) -> None:
    async with town(START_MS + HOUR_MS, many_coins) as here, here.house(valkey) as house:
        for venue in VENUES:
            house.venues.faults.set(venue, Trouble(Fault.DROP))
        assert await _default(house) == ("BTC", "ETH", "SOL")
        assert await house.memory.watchlist.applied() == Applied("", is_complete=False)
        house.venues.faults.clear(Venue.BYBIT)
        await here.time.advance(120)
        await house.poll()
        await house.market.mind_watchlist()
        assert len(await house.memory.watchlist.watched()) == 15
        assert await house.memory.watchlist.applied() == Applied("", is_complete=True)
