"""A13: channels that fall silent while the connection lives, and quiet ones that are proven alive or are not."""

from dataclasses import replace
from itertools import pairwise

import pytest

from market.observations import Heartbeat
from scheduler.exchange import Channel, Kind
from scheduler.streams import Gap, Stall
from scheduler.streams.pulse import pulses_of
from tests.doubles.waiting import until
from tests.scheduler.streams.venue import (
    ETH_MARKS,
    INSTRUMENTS,
    MARKS,
    QUIET,
    STREAM,
    desk,
    liquidation,
    mark,
    with_channels,
)


def allowed_s(channel: Channel) -> float:
    """Within so much a stall is to be noticed (reliability.md, A13)."""
    assert channel.expected_every_s is not None
    return 2 * channel.expected_every_s + 5.0


@pytest.mark.parametrize("every_s", [1.0, 3.0, 60.0])
async def test_a_13_a_stall_behind_healthy_pongs_is_noticed_in_time_and_answered_with_a_new_connection(
    every_s: float,
) -> None:
    channel = replace(MARKS, expected_every_s=every_s)
    async with desk(replace(with_channels(channel), ping_every_s=2.0)) as at:
        line = await at.line(0)
        await at.live(line, 2)
        last_ms = at.marks[-1].known_at_ms
        await at.time.advance(2 * every_s)
        assert not at.stalls
        await at.time.advance(allowed_s(channel) - 2 * every_s)
        assert line.texts.count("ping") >= 2, "pongs went on"
        assert at.stalls == [Stall(STREAM.venue, channel, last_ms)]
        await at.time.advance(3.0)
        await at.tell(await at.line(1), mark())
        assert at.gaps == [Gap(STREAM.venue, channel, last_ms, at.time.now_ms())]
        assert at.listener.status().trouble == "stalled: every channel"


async def test_a_13_a_channel_that_never_says_a_first_word_is_a_stall() -> None:
    async with desk() as at:
        began_ms = at.time.now_ms()
        await at.line(0)
        await at.time.advance(allowed_s(MARKS))
        assert Stall(STREAM.venue, MARKS, began_ms) in at.stalls
        assert Stall(STREAM.venue, QUIET, began_ms) in at.stalls
        await at.time.advance(3.0)
        await at.line(1)
        assert not at.heartbeats, "silence is never calm"


async def test_a_13_one_symbol_that_stalls_beside_a_living_one_is_noticed() -> None:
    async with desk(with_channels(MARKS, ETH_MARKS)) as at:
        line = await at.line(0)
        await at.tell(line, mark("BTCUSDT"), mark("ETHUSDT"))
        await at.live(line, 10)
        assert [stall.channel for stall in at.stalls] == [ETH_MARKS]
        await at.time.advance(3.0)
        await at.line(1)
        assert at.listener.status().trouble == "stalled: mark ETHUSDT"


async def test_a_symbol_that_stays_silent_costs_the_others_ever_fewer_reconnects_and_is_told_once() -> None:
    async with desk(with_channels(MARKS, ETH_MARKS), dice=0.0) as at:
        number = 0
        for _ in range(300):
            line = await at.line(number)
            await at.live(line, 1)
            await at.time.settle()
            number = len(at.server.lines) - 1
        # about every 9.5, 19, 38, 76, 152 s of patience, each after the one before
        assert at.listener.status().reconnects == 5
        assert [stall.channel for stall in at.stalls] == [ETH_MARKS]


async def test_a_quiet_channel_is_proven_by_the_marks_beside_it_and_only_while_they_come() -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.live(line, 21)
        proofs = [beat.known_at_ms for beat in at.heartbeats]
        assert at.heartbeats[0] == Heartbeat(STREAM.venue, "BTC", "liquidations", proofs[0])
        assert all(later - earlier <= 6_000 for earlier, later in pairwise(proofs))
        assert len(proofs) == 5
        assert not at.stalls
        last_ms = at.marks[-1].known_at_ms
        await at.time.advance(30.0)
        assert max(beat.known_at_ms for beat in at.heartbeats) <= last_ms
        assert Stall(STREAM.venue, QUIET, last_ms) in at.stalls


async def test_a_quiet_channel_is_proven_by_its_own_symbol_not_by_another_that_lives() -> None:
    btc = replace(MARKS, expected_every_s=3.0)
    eth_quiet = replace(QUIET, symbol="ETHUSDT")
    async with desk(with_channels(btc, ETH_MARKS, QUIET, eth_quiet)) as at:
        await at.live(await at.line(0), 9)
        assert {beat.asset for beat in at.heartbeats} == {"BTC"}


async def test_a_quiet_channel_of_all_symbols_is_proven_by_any() -> None:
    wide = Channel(Kind.LIQUIDATIONS, None, None)
    async with desk(with_channels(MARKS, wide)) as at:
        line = await at.line(0)
        await at.live(line, 2)
        await at.tell(line, liquidation("SOLUSDT"))
        assert {beat.asset for beat in at.heartbeats} == {None}
        assert at.listener.status().channels[1].last_data_ms == at.time.now_ms()


async def test_a_first_liquidation_after_a_break_ends_the_gap_of_its_channel_by_itself() -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.live(line, 3)
        last_ms = at.marks[-1].known_at_ms
        line.reset()
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        await at.tell(await at.line(1), liquidation())
        assert at.gaps == [Gap(STREAM.venue, QUIET, last_ms, at.time.now_ms())]


async def test_a_liquidation_that_could_not_be_read_is_a_gap_of_its_channel() -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.tell(line, liquidation())
        await at.live(line, 3)
        await line.say('{"k":"liquidations","s":"BTCUSDT","p":null}')
        await until(lambda: at.listener.status().misreads == 1)
        assert not at.gaps
        await at.live(line, 2)
        assert [gap.channel for gap in at.gaps] == [QUIET]


async def test_a_quiet_channel_whose_subscription_may_have_been_refused_is_not_proven_by_others() -> None:
    async with desk() as at:
        line = await at.line(0)
        await line.say('{"error":"unknown topic liquidations.BTCUSDT"}')
        await until(lambda: at.listener.status().misreads == 1)
        await at.live(line, 299)
        assert not at.heartbeats
        assert [stall.channel for stall in at.stalls] == [QUIET]
        await at.live(line, 1)
        await at.time.advance(2.0)
        await at.live(await at.line(1), 3)
        assert at.heartbeats, "subscribed anew, and not refused"


async def test_time_in_which_we_did_not_read_is_not_held_against_the_venue() -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.live(line, 3)
        at.time.at_s += 30.0  # this process stood still: no tick, no frame
        await at.time.advance(1.0)
        await at.live(line, 3)
        assert not at.stalls
        assert len(at.server.lines) == 1


async def test_a_gap_begins_when_listening_began_where_the_first_connects_failed() -> None:
    async with desk() as at:
        began_ms = at.time.now_ms()
        line = await at.line(0)
        await line.close(1012)
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        await at.tell(await at.line(1), mark())
        assert at.gaps == [Gap(STREAM.venue, MARKS, began_ms, at.time.now_ms())]


def test_a_stream_in_which_nothing_is_expected_is_refused() -> None:
    with pytest.raises(ValueError, match="silence would prove nothing"):
        pulses_of((QUIET,), INSTRUMENTS)


def test_a_kind_no_stream_says_is_refused() -> None:
    with pytest.raises(ValueError, match="no stream says tiers"):
        pulses_of((MARKS, Channel(Kind.TIERS, None, None)), INSTRUMENTS)


async def test_a_channel_that_was_heard_again_and_falls_silent_again_is_told_again() -> None:
    async with desk() as at:
        for number in range(2):
            await at.tell(await at.line(number), mark())
            assert not at.listener.status().channels[0].is_stalled
            await at.time.advance(allowed_s(MARKS))
            assert at.listener.status().channels[0].is_stalled
            assert [stall.channel for stall in at.stalls].count(MARKS) == number + 1
            await at.time.advance(4.0)
