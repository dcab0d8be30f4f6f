"""Two schedulers on one store, as people run them: the second takes over within twenty seconds, and the first finds its place."""

import asyncio
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from bot.evaluating import SCHEDULER
from bot.settings import EXCHANGES
from market.observations import HOUR_MS
from scheduler.clock import now_ms
from scheduler.cycle import ENGINE_STATE
from scheduler.simulator import market as simulated
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server import serve
from store.connection import Connection, connected
from store.history import History
from store.lease import leader
from store.server import private_valkey
from store.snapshots import StoredFeed
from tests.bot.programs import Room, room
from tests.doubles.waiting import until

TAKEN_OVER_WITHIN_S = 20.0


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


@pytest.fixture
def market_of_today(monkeypatch: pytest.MonkeyPatch) -> SimulatedMarket:
    """The simulated market, thirty hours into its three days by the clock on the wall."""
    start_ms = now_ms() - 30 * HOUR_MS
    start_ms -= start_ms % HOUR_MS
    monkeypatch.setattr(simulated, "START_MS", start_ms)
    monkeypatch.setattr(SimulatedMarket, "start_ms", start_ms)
    monkeypatch.setattr(SimulatedMarket, "end_ms", start_ms + 72 * HOUR_MS)
    return SimulatedMarket(7, "sell_off", ("BTC",), past_days=40)


@pytest.mark.slow
async def test_the_second_takes_over_from_one_that_stands_still_and_from_one_that_was_killed(
    here: Room, market_of_today: SimulatedMarket
) -> None:
    async with (
        serve(market_of_today) as venues,
        private_valkey(here.folder / "data") as socket,
        connected(socket) as connection,
    ):
        for venue in EXCHANGES:
            here.settings[f"SEAWALL_{venue.upper()}_REST_URL"] = venues.rest_urls[venue]
            here.settings[f"SEAWALL_{venue.upper()}_WS_URL"] = venues.ws_urls[venue]
        here.settings["SEAWALL_ASSETS"] = "BTC"
        first = here.start("run", "--only", "scheduler")
        await until(lambda: _evaluates(connection, first, 0), 180)
        second = here.start("run", "--only", "scheduler")
        await asyncio.sleep(5.0)
        assert await _leads(connection, first)

        first.send_signal(signal.SIGSTOP)
        stood_still_s = await _taken_over(connection, second)
        kept = await _last_step(connection)
        first.send_signal(signal.SIGCONT)
        await asyncio.sleep(2.0)
        assert await _leads(connection, second)
        assert await _last_step(connection) >= kept

        second.kill()
        second.wait()
        killed_s = await _taken_over(connection, first)
        print(f"taken over after {stood_still_s:.1f} s (SIGSTOP), {killed_s:.1f} s (kill -9)")
        assert max(stood_still_s, killed_s) <= TAKEN_OVER_WITHIN_S

        first.terminate()
        _, log = await asyncio.to_thread(first.communicate, timeout=20)
        assert first.returncode == 0
        assert re.search(r"scheduler: the lease \S+ is lost", log)
        assert "scheduler: stands by for" in log
        assert "The market is kept in mind until it is back" not in log
        assert "Traceback" not in log
        assert await leader(connection, SCHEDULER) is None


async def _taken_over(connection: Connection, by: subprocess.Popen[str]) -> float:
    """Seconds until a process leads and has looked at the market."""
    began_s, began_ms = time.monotonic(), now_ms()
    await until(lambda: _evaluates(connection, by, began_ms), 180)
    return time.monotonic() - began_s


async def _evaluates(connection: Connection, process: subprocess.Popen[str], since_ms: int) -> bool:
    status = await StoredFeed(connection).status()
    has_looked = status.last_evaluation_ms is not None and status.last_evaluation_ms > since_ms
    return has_looked and await _last_step(connection) > 0 and await _leads(connection, process)


async def _leads(connection: Connection, process: subprocess.Popen[str]) -> bool:
    tenure = await leader(connection, SCHEDULER)
    return tenure is not None and f":{process.pid}:" in tenure.holder


async def _last_step(connection: Connection) -> int:
    return (await History(connection, ENGINE_STATE, "live").load("BTC")).last_seq
