"""The post office of this process: it addresses what was announced, and lets each platform's messenger deliver its rows."""

import asyncio
import os
import socket
from collections.abc import Callable
from secrets import token_hex

import structlog

from bot.delivery.deliverer import Deliverer
from bot.delivery.errand import Shelves
from bot.delivery.shelves import MayHear, everybody
from bot.delivery.tidying import Tidying
from bot.delivery.words import Words
from bot.messenger import Messenger
from bot.tally import Tally
from scheduler.clock import monotonic_s
from scheduler.subscriptions.address import Addresser
from store.bulletins import Bulletins, NotOurs
from store.chats import StoredChats
from store.codec import Unreadable
from store.connection import Connection, StoreUnavailable
from store.outbox import Outbox
from store.pace import Pace
from store.plan_news import StoredPlanNews
from store.watchdog import CANARY_PLATFORM

LOOK_EVERY_S = 0.5
STORE_PAUSE_S = 2.0
QUIET_S = 10.0
"""After a start what was left over is delivered first; who wants to hear of what is read when it is needed, or then."""

log = structlog.stdlib.get_logger(__name__)


class PostOffice:
    """Everything between an announced warning and a chat, on one store. `words` decide how it is said."""

    def __init__(
        self,
        connection: Connection,
        words: Words,
        now_ms: Callable[[], int],
        tally: Tally | None = None,
        may_hear: MayHear = everybody,
    ) -> None:
        self._connection, self._words, self._now_ms = connection, words, now_ms
        self._may_hear = may_hear
        self._tally = tally if tally is not None else Tally()
        self._is_away = False
        self._paces: dict[str, Pace] = {}

    async def address(self) -> None:
        """Give every batch its rows until cancelled; a store that is away is waited for."""
        while True:
            try:
                addresser = Addresser(Bulletins(self._connection), StoredChats(self._connection))
                began_s = monotonic_s()
                while True:
                    await addresser.address()
                    self._say_back()
                    if not addresser.has_begun and monotonic_s() - began_s > QUIET_S:
                        await addresser.begin()
                    await asyncio.sleep(LOOK_EVERY_S)
            except StoreUnavailable as failure:
                self._say_away(str(failure))
            except (Unreadable, NotOurs) as failure:
                self._say_away(str(failure) or "another program addresses warnings on this store")
            await asyncio.sleep(STORE_PAUSE_S)

    async def tidy(self) -> None:
        """Erase what nobody can be told any more until cancelled."""
        await Tidying(self._connection, self._now_ms).run()

    async def deliver(self, messenger: Messenger) -> None:
        """Deliver the rows of one platform until cancelled. Raises deliverer.Stopped where the bot is refused."""
        shelves = Shelves(
            Outbox(self._connection, messenger.platform),
            Bulletins(self._connection),
            StoredChats(self._connection),
            self.pace(messenger),
            StoredPlanNews(self._connection),
            Tally() if messenger.platform == CANARY_PLATFORM else self._tally,
            self._may_hear,
        )
        worker = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        await Deliverer(shelves, messenger, self._words, self._now_ms, worker).run()

    def pace(self, messenger: Messenger) -> Pace:
        """The pace of a platform's bot, shared with its replies: those wait by `reply_turn` and go first."""
        manners, known = messenger.manners, self._paces.get(messenger.platform)
        if known is None:
            known = Pace(self._connection, messenger.platform, manners.overall, manners.reserve)
            self._paces[messenger.platform] = known
        return known

    async def reply_turn(self, messenger: Messenger, address: str) -> None:
        """Wait until a reply may be sent: ahead of all broadcasts, seconds at most, and not for a store that is away."""
        await self.pace(messenger).reply_turn(address, messenger.rates(address))

    def _say_away(self, why: str) -> None:
        if not self._is_away:
            log.warning("warnings are not addressed: %s", why)
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            log.warning("warnings are addressed again")
        self._is_away = False
