"""What a newer version wrote is not taken for missing: an older one says so, and does not begin."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.live import KEPT_KINDS, open_store
from bot.settings import Settings
from store import keys
from store.chats import CHAT
from store.codec import Kind
from store.connection import Connection
from store.people import PERSON
from store.schemas import LAYOUT, WrittenByNewer, insist_on_schemas
from store.snapshots import SNAPSHOT
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.shapes import kinds

__all__ = ["valkey", "valkey_socket"]

KINDS: tuple[Kind[Any], ...] = (CHAT, PERSON, SNAPSHOT)


async def noted(connection: Connection) -> object:
    async with connection.reading() as redis:
        return await redis.hgetall(keys.SCHEMAS)


async def test_what_is_written_here_is_noted_and_what_can_be_rebuilt_is_not(valkey: Connection) -> None:
    await insist_on_schemas(valkey, KINDS)
    assert await noted(valkey) == {b"keys": b"1", b"chat": b"1", b"person": b"1"}


async def test_an_older_version_does_not_begin_where_a_newer_one_was_and_changes_nothing(
    valkey: Connection,
) -> None:
    await insist_on_schemas(valkey, (replace(CHAT, schema=3),))
    before = await noted(valkey)
    with pytest.raises(
        WrittenByNewer, match=r"newer version: chat 3 \(this one knows 1\). Nothing was changed"
    ):
        await insist_on_schemas(valkey, KINDS)
    assert await noted(valkey) == before


async def test_a_newer_version_goes_on_where_an_older_one_was(valkey: Connection) -> None:
    await insist_on_schemas(valkey, KINDS)
    await insist_on_schemas(valkey, (replace(CHAT, schema=2), PERSON))
    assert await noted(valkey) == {b"keys": b"1", b"chat": b"2", b"person": b"1"}


async def test_a_newer_snapshot_is_no_reason_to_stay_away(valkey: Connection) -> None:
    await insist_on_schemas(valkey, (replace(SNAPSHOT, schema=9),))
    await insist_on_schemas(valkey, KINDS)


async def test_keys_that_begin_anew_are_said_under_the_old_ones(valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.hset(keys.SCHEMAS, LAYOUT, "2")
    with pytest.raises(
        WrittenByNewer, match="was moved to the keys v2 of a newer version; this one knows v1"
    ):
        await insist_on_schemas(valkey, KINDS)


def test_every_kind_that_must_not_be_missing_is_looked_at_before_the_service_begins() -> None:
    assert {kind.name for kind in KEPT_KINDS} == {kind.name for kind in kinds() if not kind.rebuildable}


async def test_a_newer_store_is_not_opened(valkey: Connection, valkey_socket: Path) -> None:
    await insist_on_schemas(valkey, (replace(CHAT, schema=2),))
    with pytest.raises(WrittenByNewer):
        async with open_store(Settings(redis_url=SecretStr(f"unix://{valkey_socket}"))):
            pass
