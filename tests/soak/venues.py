"""The simulated exchanges in a process of their own: told on stdin what to play, ends when stdin does."""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from market.observations import HOUR_MS, Asset, Venue
from scheduler.clock import Clock, monotonic_s
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges, faster_clock, serve
from scheduler.simulator.storms import falls_h, storms
from tests.soak.plan import Planned, read

READY = "ready "
PAST_DAYS = 92


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: the same for both processes. The clock stood at `start_ms` when the machine's was `began_s`."""

    seed: int
    assets: tuple[Asset, ...]
    start_ms: int
    began_s: float
    speed: float

    def market(self) -> SimulatedMarket:
        return SimulatedMarket(self.seed, assets=self.assets, past_days=PAST_DAYS, story=storms(self._dice()))

    def falls_ms(self) -> tuple[int, ...]:
        """When price begins to fall."""
        return tuple(START_MS + round(at_h * HOUR_MS) for at_h in falls_h(self._dice()))

    def clock(self) -> Clock:
        passed_ms = (monotonic_s() - self.began_s) * self.speed * 1_000
        return faster_clock(self.start_ms + round(passed_ms), self.speed)

    def _dice(self) -> Random:
        return Random(f"{self.seed}:storms")


class Venues:
    """The other process, seen from this one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.rest_urls: dict[Venue, str] = {}
        self.ws_urls: dict[Venue, str] = {}

    async def ready(self) -> None:
        """Return when the venues are found at `rest_urls` and `ws_urls`. Raises RuntimeError where they are not."""
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        if not line.startswith(READY):
            raise RuntimeError(f"the simulated exchanges did not start: {line}")
        said = json.loads(line.removeprefix(READY))
        self.rest_urls = {Venue(name): url for name, url in said["rest"].items()}
        self.ws_urls = {Venue(name): url for name, url in said["ws"].items()}

    async def end(self) -> int:
        """End it; its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return await self._process.wait()


async def start_venues(play: Play, planned: list[dict[str, Any]]) -> Venues:
    """Start the other process with what it is to play."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.soak.venues",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"play": asdict(play), "plan": planned}).encode() + b"\n")
    await process.stdin.drain()
    return Venues(process)


async def _trouble(exchanges: SimulatedExchanges, clock: Clock, planned: Sequence[Planned]) -> None:
    """Begin and end each trouble at its time."""
    changes = [(one.from_ms, 1, one) for one in planned] + [(one.until_ms, 0, one) for one in planned]
    for at_ms, begins, one in sorted(changes, key=lambda change: change[:2]):
        await clock.sleep((at_ms - clock.now_ms()) / 1_000)
        if begins:
            exchanges.faults.set(one.venue, one.trouble())
        else:
            exchanges.faults.clear(one.venue, one.trouble().fault)


async def _main() -> None:
    said = json.loads(sys.stdin.readline())
    play = Play(**{**said["play"], "assets": tuple(said["play"]["assets"])})
    market, clock = play.market(), play.clock()
    async with serve(market, clock) as exchanges:
        urls = {"rest": exchanges.rest_urls, "ws": exchanges.ws_urls}
        print(READY + json.dumps(urls), flush=True)
        troubling = asyncio.create_task(_trouble(exchanges, clock, read(said["plan"])))
        await asyncio.to_thread(sys.stdin.read)
        troubling.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("aiohttp.server").setLevel(
        logging.CRITICAL
    )  # clients that went away are part of the play
    asyncio.run(_main())
