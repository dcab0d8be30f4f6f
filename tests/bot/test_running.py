"""How a program ends: with its code, in time, and with nothing unsaid, whatever still waits in a thread."""

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import asyncio, atexit, sys, time
from bot.running import run

atexit.register(lambda: print("put away", file=sys.stderr))

async def work() -> int:
    asyncio.get_running_loop().run_in_executor(None, time.sleep, {stuck_s})
    print("said")
    {then}

sys.exit(run(work()))
"""
STUCK_S = 20


def ran(then: str, stuck_s: float = STUCK_S) -> tuple[int, str, str, float]:
    began_s = time.monotonic()
    code = PROGRAM.format(then=then, stuck_s=stuck_s)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr, time.monotonic() - began_s


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_thread_that_waits_for_a_dead_name_server_does_not_hold_up_the_end(code: int) -> None:
    assert ran(f"return {code}")[:3] == (code, "said\n", "put away\n")


def test_the_end_comes_in_time() -> None:
    assert ran("return 0")[3] < STUCK_S / 2


def test_where_nothing_waits_the_end_is_an_orderly_one() -> None:
    assert ran("return 1", 0.0)[:3] == (1, "said\n", "put away\n")


def test_what_fails_is_still_told() -> None:
    code, _, said, _ = ran("raise ValueError('told')", 0.0)
    assert code == 1
    assert "ValueError: told" in said


def test_told_to_stop_it_ends_as_quickly() -> None:
    code = PROGRAM.format(then="sys.stdout.flush(); await asyncio.sleep(60); return 1", stuck_s=STUCK_S)
    running = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "said\n"
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=STUCK_S / 2)
    assert running.returncode == 0
    assert said == "put away\n"
