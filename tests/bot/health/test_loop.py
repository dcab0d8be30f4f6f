"""A loop that stands still is noticed from outside of it, and the log says where."""

import asyncio
import ctypes
import logging
import threading
import time

import pytest

from bot.health.loop import LoopWatch
from tests.doubles.waiting import until


def stand_still(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_loop_that_stands_still_is_logged_once_with_its_stack(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = LoopWatch(blocked_s=1.0, beat_s=0.02)
    async with watch.watching():
        await asyncio.sleep(0.05)
        stand_still(1.5)
        await until(lambda: "turns again" in caplog.text)
    (said,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "stand_still" in said.getMessage()
    assert "time.sleep(seconds)" in said.getMessage()
    assert watch.blocks == 1
    assert watch.lag_s > 1.0


async def test_from_another_thread_it_is_seen_for_how_long(caplog: pytest.LogCaptureFixture) -> None:
    watch, seen = LoopWatch(blocked_s=5.0, beat_s=0.01), []
    async with watch.watching():
        began_s = time.monotonic()
        looking = threading.Timer(0.15, lambda: seen.append(watch.stands_for_s))
        looking.start()
        looking.join()  # the loop stands still until it has looked
        assert 0.1 < seen[0] < time.monotonic() - began_s + 0.1
        await until(lambda: watch.stands_for_s < 0.05)
    assert not caplog.records


async def test_a_call_that_lets_no_thread_run_is_told_afterwards(caplog: pytest.LogCaptureFixture) -> None:
    watch = LoopWatch(blocked_s=0.1, beat_s=0.02)
    async with watch.watching():
        await asyncio.sleep(0.05)
        ctypes.PyDLL(None).usleep(400_000)
        await until(lambda: watch.blocks == 1)
    assert "the whole process has stood still for 0." in caplog.text


async def test_a_loop_that_turns_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    watch = LoopWatch(blocked_s=2.0, beat_s=0.01)
    async with watch.watching():
        await asyncio.sleep(0.1)
        await until(lambda: watch.stands_for_s < 0.05)
    assert (watch.blocks, caplog.records) == (0, [])
