"""A12 to A16 through collector and engine: streams that break, stall or freeze, storms, and all venues gone."""

import asyncio
import logging
from itertools import pairwise

import pytest

from market.alerts import Edge
from market.findings import Found
from market.observations import SECOND_MS, Venue
from market.reading import Presence
from market.table import State
from scheduler.exchanges import exchanges
from scheduler.simulator.server import FORCED, MARKS, silent
from tests.commands.talking import talk
from tests.scheduler.faults.stage import DEADLINE_S, FALLING_MS, Stage, stage
from tests.scheduler.faults.test_a5_to_a8_values import ALL, asof_ms, of
from tests.scheduler.faults.variants import seldom
from tests.scheduler.streams.venue import most_in_a_second

BY_VENUE = {exchange.venue: exchange for exchange in exchanges()}
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0


def expected_s(at: Stage, venue: Venue) -> float:
    """The longest interval in which a channel of this venue speaks."""
    watched = at.collector.listings.watched(venue, ("BTC",))
    (stream,) = BY_VENUE[venue].streams(watched)
    return max(one.expected_every_s for one in stream.channels if one.expected_every_s is not None)


@pytest.mark.parametrize("venue", ALL)
@pytest.mark.parametrize("name", ["dropped", "hangs_up_1011", seldom("hangs_up_1012")])
async def test_a12_a_stream_that_breaks_is_back_within_seconds_and_its_gap_is_marked(
    name: str, venue: Venue
) -> None:
    async with stage() as at:
        at.trouble(venue, name)
        await at.passes(1)
        at.well()
        broken_ms = at.now_ms
        await at.passes(6)
        assert at.report(venue).streams_up == 1
        # within the first wait, and a second each in which the end is noticed and the stream speaks again
        again_ms = min(one for one in at.venues.called[venue] if one >= broken_ms - SECOND_MS)
        assert again_ms - broken_ms <= (FIRST_WAIT_S + 1) * SECOND_MS


@pytest.mark.slow
async def test_a12_a_venue_that_hangs_up_again_and_again_is_called_ever_less() -> None:
    async with stage() as at:
        at.trouble(Venue.OKX, "hangs_up_1011")
        began_ms = at.now_ms
        await at.passes(600)
        calls = [one for one in at.venues.called[Venue.OKX] if one >= began_ms]
        # with dice of a half: 1, 2, 4, 8, 16, 30, 30, ... seconds, and a tick or two in between
        assert 15 <= len(calls) <= 28
        apart = [(later - earlier) / SECOND_MS for earlier, later in pairwise(calls)]
        assert max(apart) <= LONGEST_WAIT_S
        assert apart[-1] > apart[0]


@pytest.mark.slow
async def test_a12_a_gap_that_can_be_asked_about_is_filled_and_one_that_cannot_is_a_floor() -> None:
    """Forced selling while streams are down: Deribit and OKX answer for that time, Binance and Bybit cannot."""
    seen: dict[Venue | None, float] = {}
    for venue in (None, Venue.DERIBIT, Venue.BYBIT):
        async with stage(FALLING_MS) as at:
            await at.passes(180)
            if venue is not None:
                at.trouble(venue, "dropped")
            await at.passes(40)
            at.well()
            await at.passes(500)
            seen[venue] = at.latest().fact("liquidations", "long_usd_24h") or 0.0
            if venue is Venue.BYBIT:
                assert at.noticed(Found.UNHEARD, Venue.BYBIT)
    assert seen[None] > 0.0
    # told a minute later, and so counted in US dollars at the price of that minute
    assert seen[Venue.DERIBIT] == pytest.approx(seen[None], rel=1e-3)
    assert seen[Venue.BYBIT] <= seen[None]


@pytest.mark.parametrize("venue", ALL)
@pytest.mark.parametrize("name", ["mute", "half_open", "silent_marks"])
async def test_a13_a_stall_is_noticed_within_twice_its_interval_and_five_seconds(
    name: str, venue: Venue
) -> None:
    async with stage(deadline_s=DEADLINE_S) as at:
        at.trouble(venue, silent(MARKS, venue) if name == "silent_marks" else name)
        allowed_s = 2 * expected_s(at, venue) + 5
        began_ms = at.now_ms
        while not at.report(venue).silent and at.now_ms - began_ms < 4 * allowed_s * SECOND_MS:
            await at.passes(1)
        assert (at.now_ms - began_ms) / SECOND_MS <= allowed_s
        assert not [one for other in ALL if other is not venue for one in at.report(other).silent]


async def test_a13_a_stream_that_never_says_a_first_word_is_a_stall() -> None:
    async with stage() as at:
        at.trouble(Venue.BYBIT, "dropped")
        await at.passes(3)
        at.well()
        at.trouble(Venue.BYBIT, "mute")
        await at.passes(FIRST_WAIT_S + 2 * expected_s(at, Venue.BYBIT) + 7)
        assert at.report(Venue.BYBIT).silent


@pytest.mark.parametrize("venue", list(FORCED))
async def test_a13_silence_of_a_quiet_channel_is_calm_only_while_marks_prove_it_alive(venue: Venue) -> None:
    async with stage() as at:
        # OKX and Deribit have other channels beside the marks, which prove it as well: all of them are silent
        at.trouble(venue, "mute")
        await at.passes(240)
        share = at.noticed(Found.LIQUIDATIONS_SHARE)[-1].value
        assert at.noticed(Found.UNHEARD, venue)
        assert share is not None
        assert share < 0.86
        at.well()
        await at.passes(240)
        assert at.noticed(Found.LIQUIDATIONS_SHARE)[-1].value == pytest.approx(0.86, abs=0.01)


@pytest.mark.parametrize("venue", [Venue.BINANCE, Venue.BYBIT])
async def test_a14_a_frozen_venue_is_named_and_has_no_say_while_the_others_move(venue: Venue) -> None:
    async with stage(FALLING_MS) as at:
        at.trouble(venue, "frozen")
        await at.passes(1500, leap_s=5)
        assert at.noticed(Found.FROZEN, venue)
        assert {one.venue for one in at.noticed(Found.FROZEN)} == {venue}
        assert at.noticed(Found.LEFT_OUT, venue)
        now = at.latest()
        assert of(now, "price") == pytest.approx(at.venues.tape.price("BTC", asof_ms(now, "price")), rel=2e-3)
        at.well()
        at.found.clear()
        await at.passes(120, leap_s=5)
        assert not [one for one in at.noticed(Found.FROZEN) if one.at_ms > at.now_ms - 60 * SECOND_MS]


async def test_a15_streams_of_all_venues_that_drop_at_once_come_back_one_after_another() -> None:
    """Two hundred at once are tests/scheduler/streams/test_storm.py: here all venues, and what they answer."""
    async with stage(assets=("BTC", "ETH", "SOL")) as at:
        began_ms = at.now_ms
        at.trouble(ALL, "dropped")
        await at.passes(2)
        at.well()
        await at.passes(60)
        calls = [one / SECOND_MS for venue in ALL for one in at.venues.called[venue] if one > began_ms]
        assert {venue: at.report(venue).streams_up for venue in ALL} == dict.fromkeys(ALL, 1)
        assert most_in_a_second(calls) <= 5
        assert len(calls) <= 4 * len(ALL)


@pytest.mark.slow
async def test_a16_when_all_venues_are_gone_the_state_says_so_once_and_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with stage(FALLING_MS) as at:
        before_ms, alarmed = at.now_ms, at.latest().regime.state
        with caplog.at_level(logging.WARNING):
            at.trouble(ALL, "refused")
            await at.passes(2400, leap_s=5)
        gone = at.latest()
        assert gone.regime.state is State.INSUFFICIENT_DATA
        for reading in gone.readings:
            # each is shown with its age, none of them as fresh
            assert reading.asof_ms is None or reading.asof_ms <= before_ms + 60 * SECOND_MS
            assert reading.presence is not Presence.SEEN or reading.name in {"skew", "volatility"}
        told = [one.getMessage() for one in caplog.records if one.name == "scheduler.fetch.source"]
        assert sorted(line.split(" ")[0] for line in told if " fails, " in line) == sorted(ALL)
        assert [alert.edge for alert in at.alerts].count(
            Edge.UNKNOWN
        ) <= 2  # the warning's and the regime's, once each
        assert not [alert for alert in at.alerts if alert.edge in (Edge.RESOLVED, Edge.FALSE_ALARM)]
        at.well()
        await at.passes(900, leap_s=5)
        assert at.latest().regime.state is not State.INSUFFICIENT_DATA
        assert alarmed is not State.INSUFFICIENT_DATA
        assert all(at.report(venue).state == "open" for venue in ALL)


async def test_a16_regime_answers_within_a_second_that_nothing_is_seen_and_how_old_it_is() -> None:
    async with stage(FALLING_MS) as at:
        at.trouble(ALL, "refused")
        await at.passes(1200, leap_s=5)
        ask = talk(at.latest(), watched=("BTC",), now_ms=at.now_ms, reports=at.collector.reports())
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        said = await ask("/regime BTC")
        assert loop.time() - began_s < 1.0
    assert said.startswith("BTC · INSUFFICIENT DATA")
    for name in ("Price", "Liq", "OI", "Fund"):
        (line,) = (line for line in said.splitlines() if line.startswith(f"{name} "))
        assert "min" in line, line
