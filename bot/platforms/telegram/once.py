"""Updates that come once more after a restart: what changes something is begun at most once.

Telegram brings an update again where it was not confirmed, as after a kill. That an answer is read twice does no harm, so
only what changes something leaves a mark in the store, for longer than Telegram keeps an update.
"""

import asyncio
from enum import StrEnum

import structlog

from store.connection import StoreUnavailable
from store.services import Memos

KEPT_S = 2 * 86_400
"""Telegram keeps updates for a day."""
BEGIN_WITHIN_S = 0.5
"""A store that hangs is waited for no longer: the command itself will say that it does."""

log = structlog.stdlib.get_logger(__name__)


class Stand(StrEnum):
    """How far an update has come: never seen before, begun with no known end, or done and answered."""

    NEW = "new"
    BEGUN = "begun"
    DONE = "done"


class Once:
    """The marks of one bot, by its number; without a store every update is new."""

    __slots__ = ("_bot", "_memos")

    def __init__(self, memos: Memos | None, bot: int) -> None:
        self._memos, self._bot = memos, bot

    async def begin(self, update_id: int) -> Stand:
        """How far the update has come; from now on it is begun. New as well where the store does not answer.

        What needs the store will then say so itself, and within this process no update is taken twice.
        """
        if self._memos is None:
            return Stand.NEW
        try:
            async with asyncio.timeout(BEGIN_WITHIN_S):
                kept = await self._memos.claim(self._name(update_id), Stand.BEGUN.value, KEPT_S)
        except (StoreUnavailable, TimeoutError) as away:
            log.warning("whether an update was taken before is not known", error=str(away))
            return Stand.NEW
        return Stand.NEW if kept is None else Stand(kept)

    async def end(self, update_id: int) -> None:
        """The update was done, and who sent it was told."""
        if self._memos is None:
            return
        try:
            await self._memos.keep(self._name(update_id), Stand.DONE.value, KEPT_S)
        except StoreUnavailable as away:
            log.warning("that an update is done could not be kept", error=str(away))

    def _name(self, update_id: int) -> str:
        return f"telegram-update:{self._bot}:{update_id}"
