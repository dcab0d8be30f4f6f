"""The rows that were given up: how many are kept, what an operator sees of them, and how they come back."""

import logging
from dataclasses import replace

import pytest

from store import keys, outbox
from store.codec import encode
from store.connection import Connection
from store.outbox import DEAD, Dead, DeadRows, Outbox, Row, packed
from store.post import StoredPost, short_name
from store.services import GivenUp
from tests.store.samples import NOW_MS


def row(number: int, platform: str = "telegram") -> Row:
    address = f"{platform}:{number}"
    return Row(f"batch:{address}", address, "batch", (0,), number % 3, NOW_MS, NOW_MS * 2)


async def buried(valkey: Connection, *rows: Row, at_ms: int = NOW_MS) -> None:
    """Put these rows into the outbox and give each up, a second after the other."""
    for platform in dict.fromkeys(one.address.partition(":")[0] for one in rows):
        await Outbox(valkey, platform).open()
    for place, one in enumerate(rows):
        box = Outbox(valkey, one.address.partition(":")[0])
        stream, blob = packed(one)
        async with valkey.writing() as redis:
            await redis.xadd(stream, {"row": blob})
        (claimed,) = await box.claim("one", 1)
        assert await box.bury(claimed, at_ms + place * 1_000, f"refused {place}")


async def test_an_operator_sees_the_newest_first_with_address_reason_and_times(valkey: Connection) -> None:
    await buried(valkey, row(1), row(2, "discord"))
    assert await StoredPost(valkey).given_up() == (
        GivenUp(short_name(row(2, "discord")), "discord:2", NOW_MS, NOW_MS + 1_000, "refused 1"),
        GivenUp(short_name(row(1)), "telegram:1", NOW_MS, NOW_MS, "refused 0"),
    )


async def test_the_newest_are_kept_and_what_falls_out_is_logged(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "DEAD_KEPT", 3)
    with caplog.at_level(logging.WARNING, "store.outbox"):
        await buried(valkey, *(row(number) for number in range(5)))
    assert [dead.row.key for dead in await DeadRows(valkey).all()] == [
        row(number).key for number in (2, 3, 4)
    ]
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "dropped for good from 3 given up: batch:telegram:0 (refused 0)",
        "dropped for good from 3 given up: batch:telegram:1 (refused 1)",
    ]


async def test_one_that_is_given_up_again_is_as_new_as_then(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "DEAD_KEPT", 2)
    await buried(valkey, row(0), row(1))
    assert await StoredPost(valkey).requeue([short_name(row(0))]) == 1
    (again,) = await Outbox(valkey, "telegram").claim("one", 5)
    assert await Outbox(valkey, "telegram").bury(again, NOW_MS + 9_000, "once more")
    await buried(valkey, row(2), at_ms=NOW_MS + 10_000)
    assert [dead.row.key for dead in await DeadRows(valkey).all()] == [row(0).key, row(2).key]


async def test_those_that_are_named_come_back_into_their_own_streams_and_the_others_stay(
    valkey: Connection,
) -> None:
    rows = (row(1), row(2), row(3, "discord"))
    await buried(valkey, *rows)
    post = StoredPost(valkey)
    assert await post.requeue([short_name(rows[1]), short_name(rows[2]), "00000000"]) == 2
    assert await post.requeue([short_name(rows[1])]) == 0, "it is on its way already"
    assert [one.row for one in await Outbox(valkey, "telegram").claim("one", 5)] == [rows[1]]
    assert [one.row for one in await Outbox(valkey, "discord").claim("one", 5)] == [rows[2]]
    assert [one.address for one in await post.given_up()] == ["telegram:1"]


async def test_all_come_back_at_once_however_many(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 4)
    await buried(valkey, *(row(number) for number in range(10)))
    assert await StoredPost(valkey).requeue() == 10
    assert await StoredPost(valkey).requeue() == 0
    assert sum((await Outbox(valkey, "telegram").depth()).values()) == 10
    async with valkey.reading() as redis:
        assert not await redis.exists(keys.DEAD, keys.DEAD_AT)


async def test_a_row_that_a_newer_version_gave_up_is_left_to_it(valkey: Connection) -> None:
    await buried(valkey, row(1))
    newer = replace(DEAD, schema=DEAD.schema + 1)
    async with valkey.writing() as redis:
        await redis.hset(keys.DEAD, "newer", encode(newer, Dead(row(2), NOW_MS, "refused")))
    assert [one.address for one in await StoredPost(valkey).given_up()] == ["telegram:1"]
    assert await StoredPost(valkey).requeue() == 1
    async with valkey.reading() as redis:
        assert await redis.hexists(keys.DEAD, "newer")


def test_short_names_of_a_thousand_rows_differ() -> None:
    assert len({short_name(row(number)) for number in range(1_000)}) == 1_000
