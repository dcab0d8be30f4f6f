"""What the tests of fetching share."""

from collections.abc import AsyncIterator

import pytest

from tests.doubles.exchange_server import ExchangeServer, exchange_server
from tests.scheduler.fetch.venues import Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def server() -> AsyncIterator[ExchangeServer]:
    async with exchange_server() as server:
        yield server


@pytest.fixture
async def other() -> AsyncIterator[ExchangeServer]:
    async with exchange_server() as server:
        yield server
