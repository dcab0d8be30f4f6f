"""`kill -9` of the program that watches, anywhere in a fall: every rung of everybody exactly once."""

import asyncio
import signal
import sys
from pathlib import Path
from random import Random

import pytest

from store.connection import Connection
from tests.doubles.valkey import valkey, valkey_socket
from tests.market.stated import planned
from tests.scheduler.plans.desk import Desk, happened
from tests.scheduler.plans.falling import LOOKS, PEOPLE

__all__ = ["valkey", "valkey_socket"]

HOME = Path(__file__).parents[3]


async def run(socket: Path, kill_at: int | None, after_s: float) -> bool:
    """Let the program run until it has said that it takes look `kill_at`, and kill it; whether it ended by itself."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.scheduler.plans.falling",
        str(socket),
        cwd=HOME,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout is not None
    async for line in program.stdout:
        if kill_at is not None and int(line) >= kill_at:
            await asyncio.sleep(after_s)  # somewhere within the look: the moment is what is being tried
            program.send_signal(signal.SIGKILL)
            break
    return await program.wait() == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_program_that_is_killed_loses_nothing_and_doubles_nothing(
    valkey: Connection, valkey_socket: Path, seed: int
) -> None:
    desk, dice = Desk(valkey), Random(seed)
    for name in PEOPLE:
        await desk.state(name, planned(), reach=name)
    moments = sorted(dice.sample(range(20, LOOKS - 8), 10))
    killed = [not await run(valkey_socket, moment, dice.random() * 0.004) for moment in moments]
    assert sum(killed) >= 8
    assert await run(valkey_socket, None, 0.0)
    told = await desk.told()
    assert {name: happened(told, name) for name in PEOPLE} == {
        name: ["trim", "hedge", "exit"] for name in PEOPLE
    }
