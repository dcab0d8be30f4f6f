"""Waiting for something to become true, with a deadline, instead of sleeping and hoping."""

import asyncio
from collections.abc import Awaitable, Callable

LOOK_EVERY_S = 0.01
PATIENCE_S = 60.0
"""Of whoever waits for what must come: a ceiling costs nothing where it passes, and a busy machine takes its time."""


async def until(
    is_so: Callable[[], bool] | Callable[[], Awaitable[bool]], within_s: float = PATIENCE_S
) -> None:
    """Return as soon as `is_so()`, plain or awaitable; TimeoutError where it is not in time."""
    async with asyncio.timeout(within_s):
        while not await _answer(is_so):
            await asyncio.sleep(LOOK_EVERY_S)


async def _answer(is_so: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> bool:
    said = is_so()
    return said if isinstance(said, bool) else await said
