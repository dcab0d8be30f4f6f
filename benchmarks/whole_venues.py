"""Five simulated exchanges in a process of their own, that count what they send: `ready {...}`, then a line for each that asks.

Told on stdin what to play; a line there asks for the counts; it ends when stdin does. Bytes are those on the wire, without TLS;
what is sent to exchanges is next to nothing beside it.
"""

import asyncio
import json
import logging
import sys
from asyncio import selector_events
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from weakref import WeakSet

from benchmarks.fanout import say
from market.observations import Asset
from scheduler.clock import monotonic_s
from scheduler.simulator import profiles
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server import faster_clock, serve

COUNT = Counter[str]()
STREAMS: WeakSet[Any] = WeakSet()
UPGRADED = b"HTTP/1.1 101"


def more_coins(assets: tuple[Asset, ...]) -> Mapping[Asset, profiles.Profile]:
    """Profiles of all of these: those that have none are a tenth of the next one's size each, and as lively as SOL."""
    sol = profiles.PROFILES["SOL"]
    made = {
        asset: profiles.Profile(10.0 + place, 9e7 / (place + 1), sol.sigma, sol.together, 0.001)
        for place, asset in enumerate(assets)
    }
    return MappingProxyType({**made, **profiles.PROFILES})


def count_bytes() -> None:
    """Count what every connection carries from now on; a connection that was upgraded is a stream."""
    transport: Any = selector_events._SelectorSocketTransport  # type: ignore[attr-defined]  # noqa: SLF001
    write = transport.write

    def counted(self: Any, data: Any) -> None:
        if bytes(data[:12]) == UPGRADED:
            STREAMS.add(self)
        COUNT["streams" if self in STREAMS else "rest"] += len(data)
        write(self, data)

    transport.write = counted


async def _main() -> None:
    said = json.loads(sys.stdin.readline())
    assets = tuple(said["assets"])
    profiles.PROFILES = more_coins(assets)
    market = SimulatedMarket(said["seed"], assets=assets, past_days=said["past_days"])
    passed_ms = (monotonic_s() - said["began_s"]) * said["speed"] * 1_000
    clock = faster_clock(said["start_ms"] + round(passed_ms), said["speed"])
    count_bytes()
    async with serve(market, clock) as exchanges:
        urls = {"rest": exchanges.rest_urls, "ws": exchanges.ws_urls}
        say("ready " + json.dumps(urls))
        while await asyncio.to_thread(sys.stdin.readline):
            asked = sum(map(len, exchanges.asked.values()))
            say(json.dumps({**COUNT, "asked": asked}))


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_main())
