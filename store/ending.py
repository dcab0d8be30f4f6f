"""How a task is ended, and whether it was told to end: a library may swallow that.

redis-py waits under `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that comes with an answer, or an error.
Who then goes on would go on for good, and whoever waits for its end too.
"""

import asyncio
from typing import Any


def end_if_told(before: int = 0) -> None:
    """Raise CancelledError where the running task was told to end more often than `before`."""
    if times_told() > before:
        raise asyncio.CancelledError


def times_told() -> int:
    """How often the running task was asked to end and has not said that it will not."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


async def ended(task: asyncio.Task[Any]) -> None:
    """Tell a task to end and wait until it has; what it raised is raised. Who waits can be told to end meanwhile as well."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
