"""Jobs on the grid of a clock that runs 200 times as fast: a minute of it is three tenths of a second."""

import asyncio
import time
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Self

import pytest

from scheduler.clock import Clock
from scheduler.simulator.server.faster import faster_clock
from scheduler.timetable import Timetable, timetable
from tests.doubles.waiting import PATIENCE_S

MINUTE_S = 60.0
MINUTE_MS = 60_000
START_MS = 1_700_000_000_000 // MINUTE_MS * MINUTE_MS + 47_000
"""Forty-seven seconds past a full minute."""
SPEED = 200.0
LATEST_MS = 50_000
"""Less than a minute of that clock: a quarter of a second of a busy machine."""


class Diary:
    """Writes down when a job was due and when it ran, and lets a test wait for that."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.due: list[int] = []
        self.ran: list[int] = []
        self._grown = asyncio.Event()

    async def write(self, due_ms: int) -> None:
        self.due.append(due_ms)
        self.ran.append(self.clock.now_ms())
        self._grown.set()
        self._grown = asyncio.Event()

    async def lines(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.due) < count:
                await self._grown.wait()


async def test_a_job_runs_at_once_and_then_on_the_grid() -> None:
    clock = faster_clock(START_MS, SPEED)
    diary = Diary(clock)
    async with timetable(clock) as times:
        times.every(MINUTE_S, diary.write, "diary", after_s=10.0)
        await diary.lines(4)
    first, *others = diary.due
    assert first - START_MS < LATEST_MS
    assert [due_ms % MINUTE_MS for due_ms in others] == [10_000] * 3
    assert others[0] == START_MS + 23_000
    assert all(0 <= ran_ms - due_ms < LATEST_MS for due_ms, ran_ms in zip(diary.due, diary.ran, strict=True))


async def test_a_busy_job_is_not_run_twice_at_once_and_makes_up_for_the_earliest_run_it_missed() -> None:
    clock = faster_clock(START_MS, SPEED)
    diary = Diary(clock)
    at_once: list[int] = []
    busy = 0

    async def slow(due_ms: int) -> None:
        nonlocal busy
        busy += 1
        at_once.append(busy)
        await diary.write(due_ms)
        if len(diary.due) == 2:
            await clock.sleep(2.5 * MINUTE_S)
        busy -= 1

    async with timetable(clock) as times:
        times.every(MINUTE_S, slow, "slow")
        await diary.lines(4)
    assert set(at_once) == {1}
    assert diary.due[2] == diary.due[1] + MINUTE_MS
    assert 1.4 * MINUTE_MS <= diary.ran[2] - diary.due[2] < 1.5 * MINUTE_MS + 2 * LATEST_MS
    assert diary.due[3] >= diary.due[2] + 2 * MINUTE_MS


async def test_a_job_that_fails_is_logged_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    clock = faster_clock(START_MS, SPEED)
    diary = Diary(clock)

    async def failing(due_ms: int) -> None:
        await diary.write(due_ms)
        raise RuntimeError("no luck")

    async with timetable(clock) as times:
        times.every(MINUTE_S, failing, "failing")
        await diary.lines(3)
    assert "failing failed; it runs again at its next time" in caplog.text


async def test_a_dropped_job_runs_no_more_and_one_of_its_name_takes_its_place() -> None:
    clock = faster_clock(START_MS, SPEED)
    before, after, other = Diary(clock), Diary(clock), Diary(clock)
    async with timetable(clock) as times:
        times.every(MINUTE_S, before.write, "job")
        await before.lines(1)
        times.every(MINUTE_S, after.write, "job")
        times.every(MINUTE_S, other.write, "other")
        await after.lines(2)
        times.drop("job")
        times.drop("job")
        told = len(after.due)
        await other.lines(len(other.due) + 2)
    assert len(before.due) == 1
    assert len(after.due) == told


async def test_what_runs_at_the_end_has_ended_when_the_block_has() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(_: int) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with timetable() as times:
        assert isinstance(times, Timetable)
        times.every(MINUTE_S, endless, "endless")
        await begun.wait()
    assert ended.is_set()


async def test_a_job_that_the_end_cuts_off_is_no_failure_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def endless(_due_ms: int) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with timetable() as times:
        times.every(MINUTE_S, endless, "endless")
        await begun.wait()
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


class Machine:
    """This machine's clock, which somebody sets."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.set_by_s = 20.0 - time.time() % 60.0
        """It begins in the middle of a minute: no grid is crossed by the time that a test takes."""
        ours = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(time.time() + ours.set_by_s, tz)

        patch.setattr("apscheduler.schedulers.base.datetime", Shown)
        patch.setattr("scheduler.timetable.now_ms", self.now_ms)
        patch.setattr("scheduler.timetable.LOOK_S", 0.02)
        self.clock = Clock(self.now_ms)

    def now_ms(self) -> int:
        return round((time.time() + self.set_by_s) * 1_000)


@pytest.mark.parametrize("hours", [-25, -1, 1, 25])
async def test_a_clock_that_is_set_leaves_no_job_waiting_and_runs_none_twice(
    hours: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(monkeypatch)
    diary = Diary(machine.clock)
    async with timetable(machine.clock) as times:
        times.every(0.1, diary.write, "diary")
        await diary.lines(3)
        machine.set_by_s += 3_600.0 * hours
        count = len(diary.due)
        await diary.lines(count + 5)  # a clock that was followed blindly would let an hour pass
    after = diary.due[count + 1 :]
    assert all(abs(due_ms - machine.now_ms()) < PATIENCE_S * 1_000 for due_ms in after)
    assert all(later - earlier >= 95 for earlier, later in pairwise(after[1:]))
    assert f"was set by {3_600 * hours:+d} s" in caplog.text


async def test_a_clock_that_is_only_slewed_moves_no_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    diary = Diary(machine.clock)
    async with timetable(machine.clock) as times:
        times.every(60.0, diary.write, "diary")
        await diary.lines(1)
        for _ in range(5):
            machine.set_by_s += 0.5
            await asyncio.sleep(0.03)
    assert len(diary.due) == 1
