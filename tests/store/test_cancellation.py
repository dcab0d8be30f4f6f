"""A program that is told to end ends, also where the client library forgets that it was told."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from store.connection import open_connection


@pytest.mark.parametrize(
    "failure", [None, ResponseError("refused"), ConnectionError("lost"), NoAnswer("silent")]
)
async def test_a_cancellation_that_the_library_swallows_still_ends_the_task(
    failure: Exception | None,
) -> None:
    connection = open_connection(Path("/nowhere"))
    went_on = False

    async def forgetful() -> None:
        nonlocal went_on
        async with connection.writing():
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            if failure is not None:
                raise failure
        went_on = True

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not went_on
    await connection.close()
