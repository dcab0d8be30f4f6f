"""Updates that were brought and are not answered yet: few enough to be remembered, and each of them once."""

import asyncio

from telegram import Update

MOST_HELD = 1_024
"""Four times what is answered at the same time; beyond it Telegram is asked to bring an update again later."""


class Intake:
    """Lets updates into the application's queue for as long as there is room."""

    __slots__ = ("_held", "_queue")

    def __init__(self, queue: asyncio.Queue[object]) -> None:
        self._queue = queue
        self._held: set[int] = set()

    @property
    def is_full(self) -> bool:
        """Whether the next update has to come again later."""
        return len(self._held) >= MOST_HELD

    def take(self, update: Update) -> bool:
        """Queue an update; False where it has to come again. One that is here already is not queued twice."""
        if update.update_id in self._held:
            return True
        if self.is_full:
            return False
        self._held.add(update.update_id)
        self._queue.put_nowait(update)
        return True

    def let_go(self, update_id: int) -> None:
        """An update was answered, or needed no answer."""
        self._held.discard(update_id)
