"""A stage of its own for every test: real processes cost about a second each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Platforms that take a message after 200 ms and answer after 400; what a worker left is inherited at once."""
    async with staged(tmp_path, latency_ms=400.0, hurry=True) as made:
        yield made
