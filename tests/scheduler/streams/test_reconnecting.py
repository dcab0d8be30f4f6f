"""A12: connections that break in every way, and what is done about it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from scheduler.exchange import Trouble, Verdict
from scheduler.streams import Gap
from scheduler.streams.backoff import Backoff
from tests.doubles.exchange_streams import Line, Manner
from tests.doubles.waiting import until
from tests.scheduler.streams.venue import EXCHANGE, MARKS, QUIET, STREAM, Desk, desk, liquidation, mark

Break = Callable[[Line], Awaitable[None]]
BREAKS: dict[str, Break] = {
    "closed 1006": lambda line: line.close(1006),
    "closed 1011": lambda line: line.close(1011),
    "closed 1012": lambda line: line.close(1012),
    "mid-frame": lambda line: line.break_off(mark(), 7),
    "mid-message": lambda line: line.break_message('{"k":"ma'),
    "huge frame": lambda line: line.say_too_much(4 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("breaking", BREAKS.values(), ids=BREAKS)
async def test_a_12_whatever_breaks_a_connection_the_first_reconnect_comes_within_two_seconds_and_the_gap_is_named(
    breaking: Break,
) -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.live(line, 3)
        last_ms = at.marks[-1].known_at_ms
        await breaking(line)
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        second = await at.line(1)
        await at.tell(second, mark())
        now_ms = at.time.now_ms()
        assert at.gaps == [Gap(STREAM.venue, MARKS, last_ms, now_ms)]
        await at.time.advance(1.0)
        assert at.gaps[1:] == [Gap(STREAM.venue, QUIET, last_ms, now_ms)]
        assert at.listener.status().reconnects == 1


@pytest.mark.parametrize("manner", [Manner.CLOSES_AT_ONCE, Manner.CLOSES_WHEN_SUBSCRIBED, Manner.REFUSES])
async def test_a_12_a_loop_of_accepting_and_closing_is_met_with_waits_that_double_up_to_a_minute(
    manner: Manner,
) -> None:
    async with desk(dice=1.0) as at:
        first = await at.line(0)
        at.server.manner = manner
        first.reset()
        await until(lambda: at.listener.status().connected_since_ms is None)
        for wait_s in (2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0):
            before = len(at.server.knocks)
            began_s = at.time.at_s
            await until(lambda: at.time.is_asleep)
            await at.time.advance(wait_s)
            await until(lambda so_far=before: len(at.server.knocks) > so_far)
            assert at.server.knocks[-1] - began_s == pytest.approx(wait_s, abs=0.3)
            await until(lambda: at.listener.status().connected_since_ms is None)


async def test_a_12_the_wait_is_short_again_only_after_sixty_seconds_of_data() -> None:
    async with desk(dice=1.0) as at:
        await fail(at, 0)
        await at.time.advance(2.0)
        await at.live(await at.line(1), 50)
        await fail(at, 1)
        await at.time.advance(3.5)
        assert len(at.server.lines) == 2, "fifty seconds of data do not count: the second wait is up to four"
        await at.time.advance(0.5)
        await at.live(await at.line(2), 62)
        await fail(at, 2)
        await at.time.advance(2.0)
        await at.line(3)


async def test_a_12_a_subscription_without_data_does_not_make_the_wait_short_again() -> None:
    quiet = replace(STREAM, channels=(replace(MARKS, expected_every_s=120.0), QUIET))
    async with desk(quiet, dice=1.0) as at:
        await fail(at, 0)
        await at.time.advance(2.0)
        await at.line(1)
        await at.time.advance(90.0)
        await fail(at, 1)
        await at.time.advance(3.5)
        assert len(at.server.lines) == 2


async def fail(at: Desk, number: int) -> None:
    """Cut the connection of that number."""
    (await at.line(number)).reset()
    await until(lambda: at.listener.status().connected_since_ms is None)
    await at.time.settle()


def test_waits_are_jittered_over_their_whole_length() -> None:
    thrown = iter((0.0, 0.25, 0.5))
    backoff = Backoff(lambda: next(thrown))
    assert [backoff.next_s() for _ in range(3)] == [0.0, 1.0, 4.0]


async def test_a_connect_that_is_never_answered_ends_at_its_deadline() -> None:
    async with desk() as at:
        line = await at.line(0)
        at.server.manner = Manner.MUTE
        object.__setattr__(at.wires, "connect_s", 0.05)
        line.reset()
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        await until(lambda: at.listener.status().trouble == "no connection in time")


async def test_a_geo_block_is_not_knocked_at_for_hours() -> None:
    blocked = replace(EXCHANGE, trouble=lambda status, _h, _b: Trouble(Verdict.GEO_BLOCKED, f"{status}"))
    async with desk(exchange=blocked) as at:
        line = await at.line(0)
        at.server.manner, at.server.status = Manner.REFUSES, 451
        line.reset()
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        await until(lambda: len(at.server.knocks) == 2)
        await until(lambda: at.listener.status().trouble == "geo_blocked: handshake answered 451")
        await at.time.advance(3 * 3_600.0)
        assert len(at.server.knocks) == 2
        await at.time.advance(3_700.0)
        await until(lambda: len(at.server.knocks) > 2)


@pytest.mark.parametrize(
    ("headers", "trouble", "wait_s"),
    [
        ({"Retry-After": "90"}, Trouble(Verdict.SLOW_DOWN, "429", wait_s=5.0), 90.0),
        ({}, Trouble(Verdict.SLOW_DOWN, "429", wait_s=70.0), 70.0),
        ({}, Trouble(Verdict.BANNED, "418", until_ms=1_700_000_120_000), 118.0),
        ({"Retry-After": "soon"}, Trouble(Verdict.SLOW_DOWN, "429"), 60.0),
    ],
    ids=["the header", "its file", "a moment", "the usual"],
)
async def test_a_venue_that_asks_to_wait_is_obeyed(
    headers: dict[str, str], trouble: Trouble, wait_s: float
) -> None:
    async with desk(exchange=replace(EXCHANGE, trouble=lambda *_: trouble), dice=1.0) as at:
        line = await at.line(0)
        at.server.manner, at.server.status, at.server.headers = Manner.REFUSES, 429, headers
        line.reset()
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        await until(lambda: "handshake answered" in (at.listener.status().trouble or ""))
        await at.time.advance(wait_s - 0.5)
        assert len(at.server.knocks) == 2
        await at.time.advance(1.0)
        await until(lambda: len(at.server.knocks) == 3)


async def test_a_connection_is_renewed_before_the_venue_would_cut_it_and_that_is_no_trouble() -> None:
    async with desk(replace(STREAM, lives_s=100.0)) as at:
        await at.live(await at.line(0), 94)
        assert len(at.server.lines) == 1
        await at.live(at.server.lines[0], 1)
        await at.time.advance(1.0)
        second = await at.line(1)
        await at.tell(second, mark(), liquidation())
        assert at.listener.status().trouble is None
        assert [gap.channel for gap in at.gaps] == [MARKS, QUIET]
