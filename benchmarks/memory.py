"""What the store holds in memory: 300 assets with all that is kept of their past, and 100,000 subscriptions, in Valkey.

`python -m benchmarks.memory` (`--assets 300 --subscriptions 100000`): a real Valkey, written to by the classes that the service
writes with. An asset's memory is what the engine has after 14 months of hours and 31 days of minutes with every input, as it
is kept between two checkpoints. All assets have the same numbers, each under keys of its own: a server shares nothing. It
prints bytes an asset, a chat and a subscription, each with what they are made of, and ends with 1 beyond 500 MB.
"""

import argparse
import asyncio
import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from benchmarks.fanout import say
from benchmarks.markets import generated_market, minutes_of, steps_of
from market.alerts import Kind, Severity
from market.observations import (
    DAY_MS,
    MINUTE_MS,
    Book,
    Candle,
    Depth,
    Funding,
    Heartbeat,
    Liquidation,
    Mark,
    Observation,
    OpenInterest,
    OptionQuote,
    Side,
    Venue,
)
from market.options import Chain
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.condense import Condenser
from scheduler.cycle import CHECKPOINT_EVERY, ENGINE_STATE
from scheduler.engine import Engine
from scheduler.exchange import Report, Told
from scheduler.live.memory import remembered
from store import keys
from store.chains import StoredChains
from store.chats import CHAT
from store.codec import encode
from store.connection import Connection, connected
from store.history import History, Step
from store.hours import StoredHours
from store.server import ephemeral_valkey
from store.services import PastReport
from store.snapshots import StoredSnapshots
from store.sources import StoredSources
from store.tiers import StoredTiers
from store.waves import Wave, packed_wave
from store.wishes import Chat, QuietHours, Subscription
from tests.store.samples import FIRED, TIERS_SAMPLE

ASSETS, SUBSCRIPTIONS, EACH = 300, 100_000, 5
"""A chat has five subscriptions: a panel of Discord offers as many, and most want less."""
HOURS, MINUTE_DAYS = 10_140, 31
WITH_OPTIONS, QUOTES = 3, 900
VENUES = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.HYPERLIQUID)
MOST_MB = 500.0
AT_ONCE = 500
NOW_MS = 1_790_000_000_000


@dataclass(frozen=True, slots=True)
class Asset:
    """All that is kept of one asset: the engine at its last checkpoint, the steps since, and what the condenser remembers."""

    engine: Engine
    steps: Sequence[Step]
    beside: bytes
    snapshot: Snapshot


def lived(hours: int, minute_days: int) -> Asset:
    """An asset with every window full that so many hours, the last days of them by the minute, can fill."""
    rules, engine = Rules(), Engine("BTC", Rules(), "live")
    rows = tuple(steps_of(generated_market(1, hours)))
    market, coarse = engine.state.market, len(rows) - minute_days * 24
    for now_ms, said in rows[:coarse]:
        market.observe(said, now_ms, rules)
    minutes = [
        (now_ms, (*told, _depth(now_ms))) for _, said in rows[coarse:] for now_ms, told in minutes_of(said)
    ]
    for now_ms, said in minutes[: 1 - CHECKPOINT_EVERY]:
        market.observe(said, now_ms, rules)
    snapshot, _ = engine.step(market.now_ms + 1, ())
    steps = [Step(now_ms, said) for now_ms, said in minutes[1 - CHECKPOINT_EVERY :]]
    return Asset(engine, steps, _condensed(minutes[-720:]), snapshot)


def _depth(now_ms: int) -> Depth:
    """What the books of five venues hold, as a live market tells it each minute."""
    books = tuple(Book(venue, 1e7 + now_ms % 977, 1e7 + now_ms % 991) for venue in (*VENUES, Venue.DERIBIT))
    return Depth(Venue.AGGREGATE, now_ms, MINUTE_MS, 0.01, 5e7, 5e7, books=books)


def _condensed(minutes: Sequence[tuple[int, tuple[Observation, ...]]]) -> bytes:
    """What a condenser remembers after half a day of four venues that tell everything each minute."""
    condenser = Condenser("BTC", VENUES)
    for now_ms, said in minutes:
        price = next(one.close_usd for one in said if isinstance(one, Candle))
        for place, venue in enumerate(VENUES):
            condenser.take(_told(venue, now_ms, price + place, said), now_ms)
        condenser.step(now_ms)
    return remembered(condenser.state)


def _told(venue: Venue, now_ms: int, price: float, said: Sequence[Observation]) -> list[Report]:
    bar = next(one for one in said if isinstance(one, Candle))
    told: list[Report] = [
        Mark(venue, "BTC", now_ms, price),
        Told("BTC", replace_candle(bar, venue)),
        Told("BTC", OpenInterest(venue, now_ms, 9e4 + price, MINUTE_MS)),
        Told(
            "BTC",
            Funding(venue, now_ms, 1e-4, 8.0, settled=False, next_at_ms=now_ms - now_ms % DAY_MS + DAY_MS),
        ),
        Heartbeat(venue, "BTC", "liquidations", now_ms),
    ]
    return told + [
        Liquidation(venue, "BTC", now_ms - second * 1_000, Side.LONG, 0.5 + second, price, is_sample=False)
        for second in (0, 30)
    ]


def replace_candle(bar: Candle, venue: Venue) -> Candle:
    """The same bar of another venue."""
    return Candle(venue, bar.open_at_ms, bar.step_ms, bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)


def named(place: int) -> str:
    """The name of an asset."""
    return f"COIN{place:03d}"


async def keep_asset(connection: Connection, name: str, asset: Asset) -> None:
    """Write one asset as the service does, under a name of its own."""
    history = History(connection, ENGINE_STATE, "live")
    state = asset.engine.state
    state.market.asset = name
    seq = CHECKPOINT_EVERY
    await history.save_checkpoint(name, seq, state, asset.beside)
    for place, step in enumerate(asset.steps, 1):
        await history.append(name, seq + place, step.now_ms, step.observations)
    await StoredHours(connection, "live").save(name, state.market.hours)
    await StoredSnapshots(connection).save(replace_asset(asset.snapshot, name))
    await StoredSources(connection).save_past(PastReport(name, 1.0, ("Binance does not serve this country",)))
    tiers = [replace(TIERS_SAMPLE, asset=name, venue=venue) for venue in VENUES]
    await StoredTiers(connection).save(tiers)


def replace_asset(snapshot: Snapshot, name: str) -> Snapshot:
    """The snapshot of another asset."""
    return Snapshot(
        name,
        snapshot.at_ms,
        snapshot.source,
        snapshot.readings,
        snapshot.regime,
        snapshot.findings,
        snapshot.venues,
    )


def chat_of(place: int) -> Chat:
    """A chat with five subscriptions, quiet hours and a language; every third is one of a Discord server."""
    kinds = list(Kind)
    wishes = tuple(
        Subscription(None if one == 0 else named((place + one) % ASSETS), kinds[(place + one) % len(kinds)])
        for one in range(EACH)
    )
    is_discord = place % 3 == 0
    return Chat(
        f"discord:{10**18 + place}" if is_discord else f"telegram:-100{10**9 + place}",
        wishes,
        quiet=QuietHours(1_320, 420, "Europe/Madrid"),
        language="es",
        zone="Europe/Madrid",
        least=Severity.WATCH,
        made_ms=NOW_MS,
        server=str(10**18) if is_discord else "",
    )


async def keep_chats(connection: Connection, chats: int) -> None:
    """Write so many chats, the first tenth with a wave that tells of three warnings."""
    for first in range(0, chats, AT_ONCE):
        async with connection.writing() as redis, redis.pipeline(transaction=False) as together:
            for place in range(first, min(chats, first + AT_ONCE)):
                chat = chat_of(place)
                together.hset(keys.chat(chat.address), mapping={"version": 1, "chat": encode(CHAT, chat)})
                together.sadd(keys.CHATS, chat.address)
                if place % 10 == 0:
                    together.set(keys.wave(chat.address), packed_wave(_wave(chat.address)))
            await together.execute()


def _wave(address: str) -> Wave:
    alerts = {f"cascade:{named(place)}": FIRED for place in range(3)}
    return Wave(address, message="123456", alerts=alerts, opened_ms=NOW_MS, told_ms=NOW_MS, day="2026-11-22")


async def used_mb(connection: Connection) -> float:
    """What the server's data takes, MB (2^20 bytes), with what its allocator has beside it."""
    async with connection.reading() as redis:
        told = await redis.info("memory")
    return float(told["used_memory"]) / 2**20


async def of_keys(connection: Connection, *names: str) -> dict[str, int]:
    """Bytes of these keys, as the server counts them."""
    async with connection.reading(10.0) as redis:
        return {name: int(await redis.memory_usage(name, samples=0) or 0) for name in names}


async def measure(assets: int, subscriptions: int, asset: Asset) -> float:
    """Fill a server and print what it took; how many MB in all."""
    async with ephemeral_valkey() as socket, connected(socket) as connection:
        empty = await used_mb(connection)
        for place in range(assets):
            await keep_asset(connection, named(place), asset)
        for place in range(WITH_OPTIONS):
            await StoredChains(connection).save(_chain(named(place)))
        with_assets = await used_mb(connection)
        chats = subscriptions // EACH
        await keep_chats(connection, chats)
        full = await used_mb(connection)
        say(f"an empty server {empty:.1f} MB")
        a_asset = (with_assets - empty) * 2**20 / assets
        say(f"{assets} assets {with_assets - empty:.1f} MB, {a_asset:,.0f} bytes an asset:")
        first = named(0)
        wanted = {
            "memory of engine and condenser": keys.history("live", first),
            f"steps since ({len(asset.steps)})": keys.steps("live", first),
            "closed hours": keys.hours("live", first),
            "snapshot": keys.snapshot(first),
            "option chain": keys.chain(first),
        }
        sizes = await of_keys(connection, *wanted.values())
        for word, key in wanted.items():
            say(f"  {word:<32} {sizes[key]:>10,} bytes")
        a_chat = (full - with_assets) * 2**20 / chats
        say(
            f"{subscriptions:,} subscriptions of {chats:,} chats {full - with_assets:.1f} MB: "
            f"{a_chat:,.0f} bytes a chat, {a_chat / EACH:,.0f} a subscription"
        )
        say(f"in all {full:.1f} MB of at most {MOST_MB:.0f} MB")
        return full


def _chain(name: str) -> Chain:
    quotes = tuple(
        OptionQuote(
            Venue.DERIBIT,
            name,
            NOW_MS,
            NOW_MS + (place % 9 + 1) * DAY_MS,
            1e4 + 500.0 * place,
            place % 2 == 0,
            5e4 + place,
            True,
            0.5 + place / 1e4,
            0.01 + place / 1e5,
            0.009,
            0.011,
            10.0 * place,
            1.0 * place,
        )
        for place in range(QUOTES)
    )
    return Chain(name, Venue.DERIBIT, NOW_MS, quotes, ())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where it is too much."""
    reader = argparse.ArgumentParser(description="What the store holds in memory.")
    reader.add_argument("--assets", type=int, default=ASSETS)
    reader.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS)
    chosen = reader.parse_args(arguments)
    begun = perf_counter()
    asset = lived(HOURS, MINUTE_DAYS)
    gc.collect()
    say(f"one asset lived through {HOURS:,} hours in {perf_counter() - begun:.0f} s")
    return int(asyncio.run(measure(chosen.assets, chosen.subscriptions, asset)) > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
