"""A small exchange of the tests' own, a clock that only moves when somebody sleeps, and a fetcher that asks both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.exchange import Ask, Asked, Budget, Exchange, Kind, Misread, Trouble
from scheduler.fetch import Fetcher

NOW_MS = 1_700_000_000_000
ASKED = Asked(received_at_ms=0)
DICE = 0.5


class Ticker(msgspec.Struct):
    price: str


@dataclass(slots=True)
class Time:
    """`passes` moves it; a sleep moves it and is noted."""

    monotonic: float = 1000.0
    now_ms: int = NOW_MS
    slept: list[float] = field(default_factory=list)

    def passes(self, seconds: float) -> None:
        self.monotonic += seconds
        self.now_ms += round(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passes(seconds)
        await asyncio.sleep(0)

    def clock(self) -> Clock:
        return Clock(lambda: self.now_ms, lambda: self.monotonic, self.sleep)


def read_price(payload: bytes, asked: Asked) -> tuple[float, int]:
    try:
        price = float(msgspec.json.decode(payload, type=Ticker).price)
    except (msgspec.MsgspecError, ValueError):
        raise Misread(Venue.BINANCE, "mark", "price") from None
    if not 0.0 < price < 1e12:
        raise Misread(Venue.BINANCE, "mark", "price")
    return price, asked.received_at_ms


def price_of(
    venue: Venue, weight: int = 1, kind: Kind = Kind.MARK, budget: str = "default"
) -> Ask[tuple[float, int]]:
    return Ask(venue, kind, "/price", read_price, {"symbol": "BTC"}, weight=weight, budget=budget)


def exchange(
    venue: Venue,
    url: str,
    budget: Budget | None = None,
    trouble: Callable[[int, Mapping[str, str], bytes], Trouble | None] = lambda *_: None,
    used: Callable[[Mapping[str, str]], Mapping[str, int]] | None = None,
) -> Exchange:
    return Exchange(
        name=venue.value,
        venue=venue,
        rest_url=url,
        ws_url="ws://127.0.0.1:1",
        budgets={"default": budget or Budget(1000, 60.0)},
        instruments=tuple,
        asks=lambda _: (),
        history_asks=lambda *_: (),
        streams=lambda _: (),
        trouble=trouble,
        used=used,
    )


@asynccontextmanager
async def asking(
    time: Time, *exchanges: Exchange, deadline_s: float = 10.0, dice: Callable[[], float] = lambda: DICE
) -> AsyncIterator[Fetcher]:
    async with Fetcher(exchanges, clock=time.clock(), dice=dice, deadline_s=deadline_s) as fetcher:
        yield fetcher
