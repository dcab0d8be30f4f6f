"""Looks back at kept hours: one an asset and source, read from memory until another is kept."""

from dataclasses import replace

from store.backtests import StoredBacktests
from store.connection import Connection
from tests.store.samples import BACKTEST_SAMPLE


async def test_a_look_back_is_read_as_it_was_kept(valkey: Connection) -> None:
    kept = StoredBacktests(valkey, "live")
    assert await kept.of("BTC") is None
    await kept.save(BACKTEST_SAMPLE)
    assert await kept.of("BTC") == BACKTEST_SAMPLE
    later = replace(BACKTEST_SAMPLE, unknown_hours=0)
    await kept.save(later)
    assert await kept.of("BTC") == later


async def test_markets_of_different_sources_do_not_know_each_other(valkey: Connection) -> None:
    await StoredBacktests(valkey, "live").save(BACKTEST_SAMPLE)
    assert await StoredBacktests(valkey, "history").of("BTC") is None
    assert await StoredBacktests(valkey, "live").of("ETH") is None
