"""What a chat sends is done in its order: a phone that was offline sends "/unsubscribe" and what came before it at once.

What only reads is answered side by side, but begun after what was sent before it and changes something; and where a chat's
answers have to wait for the platform's limits, they wait in their order.
"""

import asyncio
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

import structlog

log = structlog.stdlib.get_logger(__name__)


class Turn:
    """One update's turn in its chat, from the block's begin until its end or until it is said to be over."""

    __slots__ = ("_is_ours", "_lock", "_within_s")

    def __init__(self, lock: asyncio.Lock, within_s: float | None = None) -> None:
        self._lock, self._within_s, self._is_ours = lock, within_s, False

    async def __aenter__(self) -> Self:
        if self._within_s is None:  # nobody has it
            self._is_ours = await self._lock.acquire()
            return self
        try:
            async with asyncio.timeout(self._within_s):
                self._is_ours = await self._lock.acquire()
        except TimeoutError:
            log.debug("what a chat sent is done out of its order")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over()

    def over(self) -> None:
        """Let the next one begin."""
        if self._is_ours:
            self._is_ours = False
            self._lock.release()


class Turns:
    """The turns of all chats of one bot. Who waited for `within_s` goes on out of turn: what hangs must not hold up more."""

    __slots__ = ("_locks", "_within_s")

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        # weak: a chat's lock lives while somebody holds it or waits for it
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, chat_id: int) -> Turn:
        """The next turn in a chat, in the order in which turns are begun."""
        lock = self._locks.get(chat_id)
        if lock is not None:
            return Turn(lock, self._within_s)
        lock = self._locks[chat_id] = asyncio.Lock()
        return Turn(lock)
