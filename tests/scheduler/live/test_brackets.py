"""Maintenance brackets in service: asked of each venue that tells them, once a day, and kept with their date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from market.margin import BUNDLED_ON
from market.observations import MINUTE_MS, Asset, Candle, Venue
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.engine import Engine
from scheduler.exchange import Kind
from scheduler.live import LiveMarket, want
from scheduler.simulator.market import START_MS
from scheduler.simulator.server.faults import Fault, Trouble
from store.connection import Connection
from store.services import MarginTiers
from store.tiers import StoredTiers
from tests.doubles.waiting import until
from tests.scheduler.live.house import VENUES, House, Town, three_coins, town
from tests.scheduler.live.test_service import service

NOW_MS = START_MS + 30 * 60 * MINUTE_MS
PRICE_USD = 80_000.0
TELLING = (Venue.BYBIT, Venue.OKX, Venue.HYPERLIQUID)


def looked_at(asset: Asset) -> Snapshot:
    """What a look made of one candle."""
    opened_ms = NOW_MS - 10 * MINUTE_MS
    candle = Candle(Venue.BYBIT, opened_ms, 5 * MINUTE_MS, PRICE_USD, PRICE_USD, PRICE_USD, PRICE_USD)
    return Engine(asset, Rules(), "live").step(NOW_MS, [candle])[0]


@asynccontextmanager
async def house(valkey: Connection, *assets: Asset) -> AsyncIterator[tuple[Town, House]]:
    """A house that knows what is listed, whose assets were looked at once."""
    async with town(NOW_MS, three_coins()) as here, here.house(valkey) as inside:
        await begin(inside, *assets)
        yield here, inside


async def begin(house: House, *assets: Asset) -> None:
    await want(assets, house.memory)
    await house.market.begin()
    await house.market.learn()
    for asset in assets:
        await house.cycle.snapshots.save(looked_at(asset))


async def ask(market: LiveMarket, times: int) -> None:
    for _ in range(times):
        for venue in VENUES:
            await market.ask_brackets(venue)


async def days(tiers: MarginTiers, asset: Asset) -> dict[str, str | None]:
    told = {venue: await tiers.of(asset, venue) for venue in (Venue.BINANCE, *TELLING, Venue.DERIBIT)}
    return {venue: None if one is None else one.published_on for venue, one in told.items()}


async def test_an_asset_a_venue_and_minute_is_asked_for_and_each_once_a_day(valkey: Connection) -> None:
    async with house(valkey, "BTC", "ETH") as (_, here):
        await ask(here.market, 1)
        assert [here.questions(Kind.TIERS, venue) for venue in TELLING] == [1, 1, 1]
        await ask(here.market, 5)
        assert [here.questions(Kind.TIERS, venue) for venue in TELLING] == [2, 2, 1]
        assert here.questions(Kind.TIERS) == 5
        await here.time.advance(86_400)
        await ask(here.market, 5)
        assert here.questions(Kind.TIERS) == 10


async def test_brackets_are_kept_with_the_day_on_which_they_were_told(valkey: Connection) -> None:
    async with house(valkey, "BTC") as (_, here):
        await ask(here.market, 1)
    kept = StoredTiers(valkey)
    assert await days(kept, "BTC") == {
        "binance": BUNDLED_ON,
        "bybit": "2026-01-06",
        "okx": "2026-01-06",
        "hyperliquid": "2026-01-06",
        "deribit": None,
    }
    bybit, okx = await kept.of("BTC", Venue.BYBIT), await kept.of("BTC", Venue.OKX)
    assert bybit is not None
    assert okx is not None
    assert [tier.cap_usd for tier in bybit.steps] == [2_000_000.0, 10_000_000.0]
    assert okx.is_whole_rate
    assert await kept.of("ETH", Venue.HYPERLIQUID) is None  # told with the others', and not watched


async def test_contracts_are_turned_to_dollars_at_the_price_of_the_last_look(valkey: Connection) -> None:
    async with house(valkey, "BTC") as (_, here):
        await ask(here.market, 1)
    okx = await StoredTiers(valkey).of("BTC", Venue.OKX)
    assert okx is not None
    assert [tier.cap_usd for tier in okx.steps] == [25_000 * 0.01 * PRICE_USD, 100_000 * 0.01 * PRICE_USD]


async def test_a_restart_asks_for_nothing_that_was_told_today(valkey: Connection) -> None:
    async with house(valkey, "BTC") as (here, first):
        await ask(first.market, 1)
        async with here.house(valkey) as second:
            await begin(second, "BTC")
            await ask(second.market, 3)
            assert second.questions(Kind.TIERS) == 0
            await here.time.advance(86_400)
            await ask(second.market, 3)
            assert second.questions(Kind.TIERS) == 3


async def test_a_venue_that_does_not_answer_keeps_its_last_ones_and_tells_when_it_is_back(
    valkey: Connection,
) -> None:
    async with house(valkey, "BTC") as (here, inside):
        await ask(inside.market, 1)
        await here.time.advance(86_400)
        inside.venues.faults.set(Venue.BYBIT, Trouble(Fault.GARBLE))
        await ask(inside.market, 3)
        kept = StoredTiers(valkey)
        assert (await days(kept, "BTC"))["bybit"] == "2026-01-06"
        assert (await days(kept, "BTC"))["okx"] == "2026-01-07"
        inside.venues.faults.clear(Venue.BYBIT)
        await ask(inside.market, 3)
        assert (await days(kept, "BTC"))["bybit"] == "2026-01-06"
        await here.time.advance(15 * 60)
        await ask(inside.market, 1)
        assert (await days(kept, "BTC"))["bybit"] == "2026-01-07"


async def test_an_asset_without_a_price_is_not_asked_for_and_holds_up_no_other(valkey: Connection) -> None:
    async with house(valkey, "BTC", "ETH") as (_, here):
        await here.cycle.snapshots.forget("BTC")
        await ask(here.market, 3)
        kept = StoredTiers(valkey)
        assert await kept.of("BTC", Venue.BYBIT) is None
        assert await kept.of("ETH", Venue.BYBIT) is not None


async def test_in_service_they_are_asked_for_within_two_minutes(valkey: Connection) -> None:
    async with service(valkey, "BTC") as here:
        kept, looks = StoredTiers(valkey), 0
        await until(lambda: here.market.is_live("BTC"))
        while await kept.of("BTC", Venue.OKX) is None:
            await here.next_look()
            looks += 1
        assert looks <= 3, "one a minute, and each of them once a minute"
