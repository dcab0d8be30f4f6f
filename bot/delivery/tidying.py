"""Erasing what nobody can be told any more: chats that have been suspended for thirty days, with all that is kept of them.

Erasures that somebody asked for and that were broken off are taken up as well, and what nobody delivers goes in the end.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from commands.protocol.home import NOTHING_IS_SENT
from market.observations import DAY_MS
from store.bulletins import FACTS_KEPT_S
from store.chats import ChangedMeanwhile, StoredChats
from store.codec import Unreadable
from store.connection import Connection, StoreUnavailable
from store.forgetting import Forgetting
from store.people import StoredPeople
from store.queues import Queues
from store.whom import Subject
from store.wishes import Chat, platform_of, suspend

ERASED_MS = 30 * DAY_MS
"""So long after a server has removed the bot, or a chat could not be reached any more, nothing is left of it."""
KEPT_MS = 1_000 * FACTS_KEPT_S
"""What a row tells of is kept so long: an older one, such as of a platform whose token was taken away, would tell nothing."""
LOOK_EVERY_S = 3_600.0
WITHIN_S = 600.0

log = structlog.stdlib.get_logger(__name__)


class Tidying:
    """Looks through all chats once an hour. Several at the same time do no harm."""

    def __init__(self, connection: Connection, now_ms: Callable[[], int]) -> None:
        self._chats, self._people = StoredChats(connection), StoredPeople(connection)
        self._forgetting, self._queues = Forgetting(connection), Queues(connection)
        self._now_ms = now_ms

    async def run(self) -> None:
        """Tidy until cancelled; a store that is away is waited for, and a chat that cannot be read ends nothing else."""
        while True:
            try:
                erased = await self.tidy()
            except (StoreUnavailable, Unreadable) as failure:
                log.warning("chats of long ago are not erased: %s", failure)
            else:
                if erased:
                    log.info("chats that could not be reached for thirty days are erased", chats=erased)
            await asyncio.sleep(LOOK_EVERY_S)

    async def tidy(self) -> int:
        """Erase the chats whose time has come; how many. Raises StoreUnavailable."""
        resumed = await self._forgetting.finish()
        if resumed:
            log.info("erasures that were broken off are done", erasures=resumed)
        forsaken, platforms = list[Chat](), set[str]()
        async for chat in self._chats.all():
            platforms.add(platform_of(chat.address))
            if _is_forsaken(chat):
                forsaken.append(chat)
        dropped = await self._queues.drop_old(sorted(platforms), KEPT_MS)
        if dropped:
            log.warning("warnings that nobody delivered for eight days are dropped", rows=dropped)
        erased = [chat.address for chat in forsaken if await self._erase(chat)]
        if erased:
            await self._forget(erased)
        return len(erased)

    async def _forget(self, addresses: Sequence[str]) -> None:
        """Erase all else that is kept of these chats; of somebody who is told in such a chat, everything."""
        for address in addresses:
            person = await self._people.get(address)
            if person is not None and person.reach == address:
                await self._forgetting.forget(Subject(address, (address,)), self._now_ms(), WITHIN_S)
        await self._forgetting.forget(Subject("", tuple(addresses)), self._now_ms(), WITHIN_S)

    async def _erase(self, chat: Chat) -> bool:
        """Erase one, unless it can be reached again at that moment; since when it is suspended is kept where nobody has."""
        if chat.suspended_ms == 0:
            await self._chats.change(chat.address, self._dated)
            return False
        try:
            return await self._chats.forget_if(chat.address, self._is_over)
        except ChangedMeanwhile:  # it is alive
            return False

    def _dated(self, chat: Chat) -> Chat:
        return suspend(chat, chat.suspended, self._now_ms()) if chat.suspended else chat

    def _is_over(self, chat: Chat) -> bool:
        since_ms = chat.suspended_ms
        return _is_forsaken(chat) and since_ms > 0 and self._now_ms() - since_ms > ERASED_MS


def _is_forsaken(chat: Chat) -> bool:
    """Whether a chat cannot be reached; the terminal is nobody who went away."""
    return chat.suspended is not None and chat.suspended != NOTHING_IS_SENT
