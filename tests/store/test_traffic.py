"""What is counted of the way to the store, and how long it was away."""

from pathlib import Path

import pytest

from store.connection import Connection, StoreUnavailable, open_connection
from store.traffic import Traffic


async def test_what_the_server_answers_is_counted_by_way(valkey: Connection) -> None:
    before = valkey.traffic.reads
    async with valkey.reading() as redis:
        await redis.get("a")
    async with valkey.writing() as redis:
        await redis.set("a", "1")
    assert (valkey.traffic.reads, valkey.traffic.writes) == (before + 1, valkey.traffic.writes)
    assert valkey.traffic.writes >= 1
    assert valkey.traffic.away_s is None


async def test_a_server_that_is_not_there_is_one_outage_however_often_it_is_asked(tmp_path: Path) -> None:
    nowhere = open_connection(tmp_path / "nobody.sock")
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            async with nowhere.reading() as redis:
                await redis.get("a")
    assert (nowhere.traffic.failed_reads, nowhere.traffic.outages) == (3, 1)
    assert nowhere.traffic.away_s is not None
    await nowhere.close()


async def test_a_server_that_refuses_is_there(valkey: Connection) -> None:
    with pytest.raises(StoreUnavailable):
        async with valkey.writing() as redis:
            await redis.eval("return redis.call('INCR')", 0)
    assert valkey.traffic.failed_writes == 1
    assert valkey.traffic.away_s is None


def test_the_length_of_outages_adds_up() -> None:
    traffic = Traffic()
    traffic.failed(10.0, is_write=False, is_refusal=False)
    traffic.failed(12.0, is_write=True, is_refusal=False)
    assert traffic.away_for_s(15.0) == 5.0
    traffic.answered(30.0, is_write=False)
    traffic.failed(40.0, is_write=False, is_refusal=False)
    traffic.answered(41.0, is_write=False)
    assert (traffic.outages, traffic.was_away_s, traffic.away_for_s(50.0)) == (2, 21.0, 0.0)
