"""A stage for every journey."""

from collections.abc import AsyncIterator

import pytest_asyncio

from store.connection import Connection
from tests.doubles.valkey import valkey, valkey_socket
from tests.journeys.telegram.stage import Stage, refusals, staged

__all__ = ["valkey", "valkey_socket"]


@pytest_asyncio.fixture
async def stage(valkey: Connection) -> AsyncIterator[Stage]:
    """The market and the server; when a journey is over, nothing else was refused than what its end says."""
    async with staged(valkey) as made:
        yield made
    assert refusals(made.api, "thread not found", "upgraded to a supergroup", "Forbidden") == []
