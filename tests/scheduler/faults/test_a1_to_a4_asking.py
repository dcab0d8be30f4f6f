"""A1 to A4 through collector and engine: a venue that does not answer is left alone, and nobody else notices."""

import asyncio
import logging
from email.utils import formatdate

import pytest

from market.observations import SECOND_MS, Venue
from market.reading import Presence
from scheduler.simulator.server import Fault, Trouble
from tests.scheduler.faults.stage import DEADLINE_S, Stage, stage
from tests.scheduler.faults.variants import seldom

OTHERS = (Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID)
AT_ONCE = 6
"""A venue has at most so many questions under way when the first of them is told to wait."""


def limited(at: Stage, status: int, told: str, wait_s: int) -> Trouble:
    date = formatdate(at.now_ms / 1_000 + wait_s, usegmt=True)
    headers = {"seconds": {"retry-after": str(wait_s)}, "date": {"retry-after": date}, "nothing": {}}
    return Trouble(Fault.STATUS, status, headers[told])


def asked_since(at: Stage, venue: Venue, from_ms: int) -> list[int]:
    return [at_ms for at_ms in at.venues.asked[venue] if at_ms >= from_ms]


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [("seconds", 110), ("date", 110), ("nothing", 60), pytest.param("seconds", 3600, marks=pytest.mark.slow)],
)
async def test_a1_a_venue_that_says_429_is_not_asked_while_it_lasts_and_the_others_go_on(
    told: str, wait_s: int
) -> None:
    async with stage() as at:
        await at.passes(50 - at.now_ms // SECOND_MS % 60 + 10)  # to the full minute
        at.trouble(Venue.BINANCE, limited(at, 429, told, wait_s + 2))
        await at.passes(3)
        hit_ms = max(at.venues.asked[Venue.BINANCE])
        assert 1 <= len(asked_since(at, Venue.BINANCE, hit_ms)) <= AT_ONCE
        await at.passes(min(wait_s, 600) - 5)
        assert asked_since(at, Venue.BINANCE, hit_ms + 1) == []
        assert all(asked_since(at, venue, hit_ms) for venue in OTHERS)
        report = at.report(Venue.BINANCE)
        assert report.state == "shut"
        assert report.until_ms is not None
        assert report.until_ms - at.now_ms >= 0
        assert report.answered_ms is not None
        assert at.now_ms - report.answered_ms > min(wait_s, 600) * SECOND_MS / 2
        assert "429" in (report.why or "")


@pytest.mark.parametrize("told", ["seconds", seldom("date")])
async def test_a2_a_ban_disables_the_venue_until_the_given_time_and_is_told_once(
    told: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage() as at:
        at.trouble(Venue.BINANCE, limited(at, 418, told, 900))
        with caplog.at_level(logging.WARNING):
            await at.passes(60)
            hit_ms, report = max(at.venues.asked[Venue.BINANCE]), at.report(Venue.BINANCE)
            assert report.state == "banned"
            assert report.until_ms == pytest.approx(at.now_ms + 870 * SECOND_MS, abs=70 * SECOND_MS)
            await at.passes(780, leap_s=5)
        assert asked_since(at, Venue.BINANCE, hit_ms + 1) == []
        told_of = [one for one in caplog.records if one.name == "scheduler.fetch.source"]
        assert len([one for one in told_of if "binance" in one.getMessage()]) == 1
        at.well()
        await at.passes(180)
        assert at.report(Venue.BINANCE).state == "open"


@pytest.mark.parametrize(("venue", "status"), [(Venue.BYBIT, 451), (Venue.OKX, 403)])
async def test_a_geo_block_disables_the_venue_for_hours_and_the_rest_of_the_market_is_seen(
    venue: Venue, status: int
) -> None:
    async with stage() as at:
        at.trouble(venue, Trouble(Fault.STATUS, status))
        await at.passes(70)
        hit_ms = max(at.venues.asked[venue])
        assert at.report(venue).state == "geo_blocked"
        at.well()
        await at.passes(1200, leap_s=5)
        assert asked_since(at, venue, hit_ms + 1) == []
        assert all(reading.presence is Presence.SEEN for reading in at.latest().readings)


@pytest.mark.parametrize(
    "name",
    [
        "http_503",
        "page",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("refused", "http_500", "http_502_page", "http_504", "dropped")
        ),
    ],
)
async def test_a3_a_failing_venue_is_asked_ever_less_until_one_probe_finds_it_well(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage() as at:
        at.trouble(Venue.OKX, name)
        with caplog.at_level(logging.INFO):
            await at.passes(240)
            shut_ms = at.now_ms
            assert at.report(Venue.OKX).state in {"shut", "troubled"}
            await at.passes(300)
            if name != "refused":  # nobody is there to count
                # the breaker is open: one probe a minute (and the retries of that one) goes through
                assert len(asked_since(at, Venue.OKX, shut_ms)) <= 3 * 5
            at.well()
            await at.passes(300)
        assert at.report(Venue.OKX).state == "open"
        told = [
            one.getMessage()
            for one in caplog.records
            if one.name == "scheduler.fetch.source" and "okx" in one.getMessage()
        ]
        assert [" fails, " in line for line in told] == [True, False], told
        assert all(reading.presence is Presence.SEEN for reading in at.latest().readings)


@pytest.mark.parametrize("name", ["stalled", "half_open", "trickle", "long", "bomb"])
async def test_a4_a_venue_without_a_complete_answer_costs_its_deadline_and_delays_nobody(name: str) -> None:
    async with stage(deadline_s=DEADLINE_S) as at:
        usual_s = max((await polls_of_a_minute(at)).values())
        at.trouble(Venue.DERIBIT, name)
        took_s = await polls_of_a_minute(at)
        assert took_s.pop(Venue.DERIBIT) < 6 * DEADLINE_S + 5 * usual_s
        assert max(took_s.values()) < 1.0 + 5 * usual_s
        await at.passes(120)
        assert at.latest().fact("price", "price_usd") is not None
        assert at.report(Venue.DERIBIT).state in {"shut", "troubled"}


async def polls_of_a_minute(at: Stage) -> dict[Venue, float]:
    """How long the next poll of each venue took, all of them at the same time, in seconds of this machine."""
    loop = asyncio.get_running_loop()

    async def timed(venue: Venue) -> float:
        began_s = loop.time()
        await at.collector.poll(venue)
        return loop.time() - began_s

    at.time.leap_to(at.now_ms + 60 * SECOND_MS)
    venues = at.collector.venues
    return dict(zip(venues, await asyncio.gather(*map(timed, venues)), strict=True))
