"""Whose brackets hold for an asset, and from which day they are: in the real Valkey and in memory alike."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from market.margin import BUNDLED_ON, Tier, Tiers
from market.observations import Asset, Venue
from store import keys
from store.connection import Connection
from store.in_memory import TiersInMemory
from store.services import MarginTiers
from store.tiers import StoredTiers

STEPS = (Tier(0.0, 2_000_000.0, 100.0, 0.005, 0.0), Tier(2_000_000.0, 1e7, 50.0, 0.01, 10_000.0))
BUNDLED_NOWHERE = "NEWCOIN"
Keep = Callable[..., Awaitable[MarginTiers]]


def tiers(asset: Asset, venue: Venue, day: str = "2026-11-22") -> Tiers:
    return Tiers(asset, venue, day, STEPS)


@pytest.fixture(params=["stored", "in memory"])
def keep(request: pytest.FixtureRequest, valkey: Connection) -> Keep:
    async def kept(*told: Tiers) -> MarginTiers:
        if request.param == "in memory":
            return TiersInMemory(told)
        await StoredTiers(valkey).save(told)
        return StoredTiers(valkey)

    return kept


async def test_without_a_venue_binances_hold_as_they_are_bundled_with_their_date(keep: Keep) -> None:
    here = await keep(tiers("BTC", Venue.BYBIT))
    found = await here.of("BTC")
    assert found is not None
    assert (found.venue, found.published_on) == (Venue.BINANCE, BUNDLED_ON)


async def test_at_a_venue_those_hold_that_it_told(keep: Keep) -> None:
    here = await keep(tiers("BTC", Venue.BYBIT), tiers("BTC", Venue.HYPERLIQUID))
    assert await here.of("BTC", Venue.BYBIT) == tiers("BTC", Venue.BYBIT)
    assert await here.of("BTC", Venue.HYPERLIQUID) == tiers("BTC", Venue.HYPERLIQUID)


async def test_a_venue_that_told_nothing_has_none_and_no_other_ones_are_taken_for_it(keep: Keep) -> None:
    here = await keep(tiers("BTC", Venue.BYBIT))
    assert await here.of("BTC", Venue.OKX) is None
    assert await here.of("BTC", Venue.DERIBIT) is None


async def test_what_is_bundled_nowhere_is_told_by_the_first_venue_that_knows_it(keep: Keep) -> None:
    hyperliquid, okx, bybit = (
        tiers(BUNDLED_NOWHERE, venue) for venue in (Venue.HYPERLIQUID, Venue.OKX, Venue.BYBIT)
    )
    assert await (await keep()).of(BUNDLED_NOWHERE) is None
    assert await (await keep(hyperliquid)).of(BUNDLED_NOWHERE) == hyperliquid
    assert await (await keep(hyperliquid, okx)).of(BUNDLED_NOWHERE) == okx
    assert await (await keep(hyperliquid, okx, bybit)).of(BUNDLED_NOWHERE) == bybit


async def test_a_venue_that_stops_telling_keeps_its_last_ones_with_their_date(valkey: Connection) -> None:
    here = StoredTiers(valkey)
    await here.save([tiers("BTC", Venue.BYBIT, "2026-11-20"), tiers("ETH", Venue.BYBIT, "2026-11-20")])
    await here.save([tiers("ETH", Venue.BYBIT, "2026-11-22")])
    again = StoredTiers(valkey)
    assert await again.of("BTC", Venue.BYBIT) == tiers("BTC", Venue.BYBIT, "2026-11-20")
    assert await again.dates(Venue.BYBIT, ("BTC", "ETH", "SOL")) == {"BTC": "2026-11-20", "ETH": "2026-11-22"}
    assert await again.dates(Venue.BYBIT, ()) == {}


async def test_brackets_come_back_with_bounds_that_have_no_end_and_with_their_way_of_counting(
    valkey: Connection,
) -> None:
    endless = replace(STEPS[1], cap_usd=float("inf"))
    kept = Tiers("BTC", Venue.OKX, "2026-11-22", (STEPS[0], endless), is_whole_rate=True)
    await StoredTiers(valkey).save([kept])
    assert await StoredTiers(valkey).of("BTC", Venue.OKX) == kept


async def test_brackets_of_a_newer_version_are_missing(valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.hset(keys.TIERS, "bybit:BTC", b"\x92\x63\x90")
    assert await StoredTiers(valkey).of("BTC", Venue.BYBIT) is None
    assert await StoredTiers(valkey).dates(Venue.BYBIT, ["BTC"]) == {}
