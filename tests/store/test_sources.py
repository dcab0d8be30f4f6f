"""How the venues stand and how far pasts have been read, in the real Valkey and in memory alike."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from store import keys
from store.connection import Connection
from store.in_memory import SourcesInMemory
from store.services import PastReport, Sources
from store.sources import StoredSources
from tests.store.samples import GEO_BLOCKED, MISSING_PAST, READING_PAST, WELL

Kept = StoredSources | SourcesInMemory


@pytest_asyncio.fixture(params=["stored", "in memory"])
async def sources(request: pytest.FixtureRequest, valkey: Connection) -> AsyncIterator[Kept]:
    yield StoredSources(valkey) if request.param == "stored" else SourcesInMemory()


async def test_nothing_is_told_at_first(sources: Kept) -> None:
    assert await sources.reports() == ()
    assert await sources.pasts() == ()


async def test_the_venues_are_as_last_told(sources: Kept) -> None:
    await sources.save_reports([WELL])
    await sources.save_reports([GEO_BLOCKED, WELL])
    assert await sources.reports() == (GEO_BLOCKED, WELL)


async def test_pasts_are_those_being_read_or_read_in_part_by_name(sources: Kept) -> None:
    await sources.save_past(READING_PAST)
    await sources.save_past(MISSING_PAST)
    assert await sources.pasts() == (MISSING_PAST, READING_PAST)


async def test_a_past_read_whole_is_no_news_any_more(sources: Kept) -> None:
    await sources.save_past(READING_PAST)
    await sources.save_past(PastReport("SOL", 1.0))
    assert await sources.pasts() == ()


async def test_a_past_can_be_forgotten(sources: Kept) -> None:
    await sources.save_past(READING_PAST)
    await sources.forget_past("SOL")
    await sources.forget_past("SOL")
    assert await sources.pasts() == ()


async def test_reports_of_a_newer_version_are_missing(valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.set(keys.SOURCES, b"\x92\x63\x90")  # [99, []]
        await redis.hset(keys.PASTS, "BTC", b"\x92\x63\x90")
    stored = StoredSources(valkey)
    await stored.save_past(READING_PAST)
    assert await stored.reports() == ()
    assert await stored.pasts() == (READING_PAST,)


def test_both_are_what_the_commands_ask_for(valkey: Connection) -> None:
    stored: Sources = StoredSources(valkey)
    in_memory: Sources = SourcesInMemory()
    assert stored is not in_memory
