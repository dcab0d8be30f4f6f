"""The real Valkey for tests: one ephemeral server a test process, an empty keyspace a test.

A room's conftest takes the fixtures in: `from tests.doubles.valkey import valkey, valkey_socket`.
Each worker of xdist has a server of its own, and none outlives its worker, also when that is killed.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from store.connection import Connection, connected
from store.server import ephemeral_valkey

__all__ = ["valkey", "valkey_socket"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def valkey_socket() -> AsyncIterator[Path]:
    """The socket of this test process' own server."""
    async with ephemeral_valkey() as socket:
        yield socket


@pytest_asyncio.fixture
async def valkey(valkey_socket: Path) -> AsyncIterator[Connection]:
    """A connection to a server that holds nothing."""
    async with connected(valkey_socket) as connection:
        async with connection.writing() as redis:
            await redis.flushall()
        yield connection
