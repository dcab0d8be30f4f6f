"""Whose turn it is to fetch updates, among the instances that share a store: the last one that started has it.

Telegram lets one instance fetch; two that try would throw each other out for ever. An instance that is thrown out looks here:
if the turn is another's, it stands by until that one is gone; if not, the other is a stranger, and Telegram decides.
"""

import asyncio
import secrets
from collections.abc import Callable

import structlog

from store.connection import StoreUnavailable
from store.services import Memos

LASTS_S = 75
"""A turn is over when it was not renewed for so long: three times as long as one waits for updates."""
RENEWED_S = 20.0
ANSWERS_WITHIN_S = 0.5
NOBODY = ""

log = structlog.stdlib.get_logger(__name__)


class Turn:
    """This instance's turn at one bot. Without a store, or while it is away, nobody else is known."""

    __slots__ = ("_clock", "_me", "_memos", "_name", "_renewed_at_s")

    def __init__(self, memos: Memos | None, bot: int, clock: Callable[[], float] | None = None) -> None:
        self._memos, self._name = memos, f"telegram-turn:{bot}"
        self._clock = clock or asyncio.get_running_loop().time
        self._me = secrets.token_hex(8)
        self._renewed_at_s: float | None = None

    async def take(self) -> None:
        """It is this instance's turn from now on; renewed seldom, so that it may be said after every fetch."""
        now_s = self._clock()
        if self._memos is None or (self._renewed_at_s is not None and now_s - self._renewed_at_s < RENEWED_S):
            return
        self._renewed_at_s = now_s
        await self._keep(self._memos, self._me, LASTS_S)

    async def is_anothers(self) -> bool:
        """Whether another instance has the turn; where nobody has, it is taken."""
        if self._memos is None:
            return False
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                holder = await self._memos.claim(self._name, self._me, LASTS_S)
        except (StoreUnavailable, TimeoutError):
            return False
        if holder == NOBODY:
            await self._keep(self._memos, self._me, LASTS_S)
        is_anothers = holder not in {None, NOBODY, self._me}
        self._renewed_at_s = None if is_anothers else self._clock()
        return is_anothers

    async def give_up(self) -> None:
        """Let another instance have the turn, where it was this one's."""
        if self._memos is not None and self._renewed_at_s is not None and not await self.is_anothers():
            await self._keep(self._memos, NOBODY, LASTS_S)

    async def _keep(self, memos: Memos, text: str, lasts_s: int) -> None:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await memos.keep(self._name, text, lasts_s)
        except (StoreUnavailable, TimeoutError):
            log.debug("whose turn it is was not kept")
