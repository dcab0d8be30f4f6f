"""Work that one process alone may do: the others stand by, and one of them takes over when the leader falls silent.

A store that is away costs the leader nothing: what it does goes on, and the lease is taken back where nobody took it since.
What must not land late is fenced (`store.fence`): a process that was held up finds out only when it runs again.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from enum import StrEnum
from typing import Any

from bot.processes import is_dead
from store.connection import NotLeader, StoreUnavailable
from store.lease import Lease, Tenure, leader

LOOK_EVERY_S = 1.0
"""So often a standby asks for the lease, and a leader that could not renew it asks again."""
RENEWALS = 3
"""So often a lease is renewed in its time to live."""
GIVES_WAY_S = 3.0
"""After the store was away the leader goes first: it has in mind what a standby would have to read."""

TOLD_AGAIN_S = 10.0
"""Work that has not ended by then is told once more: a library may have swallowed the first word."""

Work = Callable[[Tenure], Coroutine[Any, Any, None]]

_log = logging.getLogger(__name__)


class Standing(StrEnum):
    """What a process is to one lease; UNKNOWN until the store was heard."""

    LEADER = "leader"
    STANDBY = "standby"
    UNKNOWN = "unknown"


class Led(Exception):
    """Another process leads."""

    def __init__(self, tenure: Tenure) -> None:
        super().__init__(f"{tenure.holder} leads.")
        self.tenure = tenure


async def while_leading(lease: Lease, work: Work) -> None:
    """Do `work` whenever this process leads, until it ends by itself or this is cancelled (`Leading`)."""
    await Leading(lease).run(work)


class Leading:
    """Leads or stands by for one lease. `standing` is what it is now, `leader` who leads as far as it has heard.

    `on_change` is called whenever it has become something else, or may be.
    """

    def __init__(
        self,
        lease: Lease,
        look_every_s: float = LOOK_EVERY_S,
        gives_way_s: float = GIVES_WAY_S,
        on_change: Callable[[Standing], None] | None = None,
    ) -> None:
        self.lease, self.standing = lease, Standing.UNKNOWN
        self._on_change = on_change
        self.leader: Tenure | None = None
        self._look_every_s, self._gives_way_s = look_every_s, gives_way_s

    async def run(self, work: Work) -> None:
        """Stand by until this process leads, then do the work, which is cancelled when the lease is lost; and so on.

        Ends when the work ends by itself, with what it raised. The lease is given up after the work has ended, whatever
        ended it, so that a standby takes over at once.
        """
        while True:
            tenure = await self._stand_by()
            if await self._lead(tenure, work):
                return

    async def once(self, work: Work) -> None:
        """Do the work now, holding the lease meanwhile.

        Raises Led where another one leads, NotLeader where one comes to before the work is done, and StoreUnavailable.
        """
        tenure = await self._take()
        if self._note(tenure) is not Standing.LEADER:
            raise Led(tenure)
        if not await self._lead(tenure, work):
            raise NotLeader

    async def _stand_by(self) -> Tenure:
        """The tenure of this process, once it has one."""
        was_away = False
        while True:
            try:
                if was_away and await leader(self.lease.connection, self.lease.name) is None:
                    await asyncio.sleep(self._gives_way_s)
                was_away, tenure = False, await self._take()
            except StoreUnavailable as failure:
                if not was_away:
                    _log.warning("%s: %s Who leads is not known.", self.lease.name, failure)
                was_away = True
                self._become(Standing.UNKNOWN)
            else:
                if self._note(tenure) is Standing.LEADER:
                    return tenure
            await asyncio.sleep(self._look_every_s)

    async def _take(self) -> Tenure:
        """Who has the lease after it was asked for; one that is known to be dead has it no longer."""
        tenure = await self.lease.take()
        if is_dead(tenure.holder):
            await self.lease.give_up(tenure)
            tenure = await self.lease.take()
        return tenure

    def _note(self, tenure: Tenure) -> Standing:
        """Take note of who leads, and say so where it is news."""
        is_news, self.leader = tenure != self.leader, tenure
        self._become(Standing.LEADER if tenure.holder == self.lease.holder else Standing.STANDBY)
        if is_news and self.standing is Standing.LEADER:
            _log.info("%s: this process leads (%s)", self.lease.name, tenure.value)
        elif is_news:
            _log.info("%s: stands by for %s", self.lease.name, tenure.value)
        return self.standing

    def _become(self, standing: Standing) -> None:
        self.standing = standing
        if self._on_change is not None:
            self._on_change(standing)

    async def _lead(self, tenure: Tenure, work: Work) -> bool:
        """Do the work while the lease is kept; whether the work has ended by itself."""
        working, keeping = asyncio.create_task(work(tenure)), asyncio.create_task(self._keep(tenure))
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done() and not _is_refused(working):
                await working
                return True
        finally:
            await self._end(working)
            await self._end(keeping)
            self.leader = None
            self._become(Standing.UNKNOWN)
            with suppress(StoreUnavailable):
                await self.lease.give_up(tenure)
        if not keeping.cancelled():
            keeping.result()
        _log.warning("%s: the lease %s is lost; what this process did ends", self.lease.name, tenure.value)
        return False

    async def _keep(self, tenure: Tenure) -> None:
        """Renew the lease in time; ends when it is lost for good."""
        while True:
            pause_s = self.lease.ttl_ms / 1_000 / RENEWALS
            try:
                if not await self.lease.renew(tenure):
                    return
            except StoreUnavailable:
                pause_s = min(pause_s, self._look_every_s)
            await asyncio.sleep(pause_s)

    async def _end(self, task: asyncio.Task[None]) -> None:
        """Cancel a task and wait until it has ended; what it raises on the way out is logged, not lost."""
        if task.done():
            return
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=TOLD_AGAIN_S)
        if not task.cancelled() and (failure := task.exception()) is not None:
            _log.error("%s: ended with a failure", self.lease.name, exc_info=failure)


def _is_refused(task: asyncio.Task[None]) -> bool:
    """Whether the work ended because a write of it was refused: the lease is lost, and that is all there is to it."""
    failure = None if task.cancelled() else task.exception()
    if isinstance(failure, BaseExceptionGroup):
        return failure.split(NotLeader)[1] is None
    return isinstance(failure, NotLeader)
