"""How much room the store takes: bytes an asset and a chat are bounded, so that hundreds of assets fit a small machine."""

import pytest

from benchmarks.memory import chat_of, keep_asset, keep_chats, lived, used_mb
from scheduler.cycle import CHECKPOINT_EVERY
from store import keys
from store.connection import Connection
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

MOST_AN_ASSET, MOST_A_CHAT = 1_600_000, 1_100
"""300 of the one and 20,000 of the other (100,000 subscriptions) are 500 MB."""


async def test_an_asset_of_a_few_weeks_is_a_fraction_of_a_full_one(valkey: Connection) -> None:
    asset = lived(720, 2)
    before = await used_mb(valkey)
    for place in range(3):
        await keep_asset(valkey, f"COIN{place}", asset)
    an_asset = (await used_mb(valkey) - before) * 2**20 / 3
    # a twelfth of the year, and as many steps as ever
    assert len(asset.steps) == CHECKPOINT_EVERY - 1
    assert an_asset < MOST_AN_ASSET / 2


async def test_a_chat_with_five_subscriptions_takes_a_kilobyte(valkey: Connection) -> None:
    before = await used_mb(valkey)
    await keep_chats(valkey, 1_000)
    assert (await used_mb(valkey) - before) * 2**20 / 1_000 < MOST_A_CHAT
    async with valkey.reading() as redis:
        assert await redis.scard(keys.CHATS) == 1_000
    assert len(chat_of(0).subscriptions) == 5


@pytest.mark.slow
async def test_an_asset_of_a_year_fits_three_hundred_times_into_the_bound(valkey: Connection) -> None:
    asset = lived(10_140, 31)
    before = await used_mb(valkey)
    for place in range(10):
        await keep_asset(valkey, f"COIN{place}", asset)
    assert (await used_mb(valkey) - before) * 2**20 / 10 < MOST_AN_ASSET
