"""The newest option chain of an asset: kept exactly, small, in the real Valkey and in memory alike."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from market.observations import Venue
from market.options import Chain
from store import keys
from store.chains import LASTS_S, StoredChains
from store.connection import Connection
from store.in_memory import ChainsInMemory
from store.services import Chains
from tests.market.test_options import NOW_MS, expiry

Keep = Callable[..., Awaitable[Chains]]

UNKNOWN = {"mark_iv": None, "mark_price": None, "bid_price": None, "ask_price": None}


def chain(asset: str = "BTC", at_ms: int = NOW_MS, expiries: int = 1) -> Chain:
    quotes = [one for number in range(expiries) for one in expiry(days=7.0 + 7.0 * number)]
    first, *rest = (replace(one, asset=asset) for one in quotes)
    odd = replace(first, **UNKNOWN, open_interest_coins=None, volume_coins=None)
    return Chain(asset, Venue.DERIBIT, at_ms, (odd, *rest), stale=(1, 3))


@pytest.fixture(params=["stored", "in memory"])
def keep(request: pytest.FixtureRequest, valkey: Connection) -> Keep:
    async def kept(*told: Chain) -> Chains:
        if request.param == "in memory":
            return ChainsInMemory(told)
        stored = StoredChains(valkey)
        for one in told:
            await stored.save(one)
        return stored

    return kept


async def test_a_chain_comes_back_as_it_went_in_and_the_newest_stays(keep: Keep) -> None:
    here = await keep(chain(), chain("ETH"), chain(at_ms=NOW_MS + 60_000))
    assert await here.of("BTC") == chain(at_ms=NOW_MS + 60_000)
    assert await here.of("ETH") == chain("ETH")
    assert await here.of("SOL") is None


async def test_a_chain_of_a_thousand_quotes_is_a_few_dozen_kilobytes_and_gone_after_a_day(
    valkey: Connection,
) -> None:
    whole = chain(expiries=56)
    assert len(whole.quotes) > 1_000
    await StoredChains(valkey).save(whole)
    async with valkey.reading() as redis:
        assert await redis.strlen(keys.chain("BTC")) < 60_000
        assert 0 < await redis.ttl(keys.chain("BTC")) <= LASTS_S


@pytest.mark.parametrize("spoilt", [b"", b"nonsense", b"x\x9c\x03\x00\x00\x00\x00\x01"])
async def test_a_chain_that_cannot_be_read_is_none(spoilt: bytes, valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.set(keys.chain("BTC"), spoilt)
    assert await StoredChains(valkey).of("BTC") is None
