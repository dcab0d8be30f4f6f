"""The last leg: rows are claimed, run as errands, and removed; a crash, a kill or a store that is away loses none.

What was sent and cannot be removed is remembered here until the store takes the removal, and nothing else is sent
meanwhile (a store that cannot forget would make a duplicate of everything).
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import structlog

from bot.delivery.errand import Errands, Shelves, Stopped
from bot.delivery.words import Words
from bot.messenger import Messenger, Undelivered
from scheduler.clock import monotonic_s
from store.connection import StoreUnavailable
from store.outbox import Claimed

STORE_PAUSE_S = 0.5
KEEP_EVERY_S = 4.0
"""How often the store is told that rows under way still are; see outbox.ABANDONED_MS."""
END_WITHIN_S = 3.0
"""What is under way when the program ends may take so long; a container is given ten seconds."""

log = structlog.stdlib.get_logger(__name__)


class Deliverer:
    """Delivers the rows of one platform until cancelled. One at a time a platform; `worker` names it in the store."""

    def __init__(
        self, shelves: Shelves, messenger: Messenger, words: Words, now_ms: Callable[[], int], worker: str
    ) -> None:
        self._outbox, self._messenger = shelves.outbox, messenger
        self._errands = Errands(shelves, messenger, words, now_ms, worker)
        self._now_ms, self._worker = now_ms, worker
        # weak: a chat's lock lives while a row of it holds it or waits for it, and is the same one for all of them
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._under_way: dict[asyncio.Task[None], Claimed] = {}
        self._stopped: Stopped | None = None
        self._is_unsure, self._is_away = False, False
        self._kept_s = self._woken_s = 0.0

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is finished first. Raises Stopped."""
        try:
            while True:
                try:
                    await self._outbox.open()
                    await self._work()
                except StoreUnavailable as failure:
                    self._say_away(failure)
                    self._is_unsure = True
                    await asyncio.sleep(STORE_PAUSE_S)
        finally:
            await _undisturbed(self._end())

    async def _work(self) -> None:
        while True:
            await self._errands.pay()
            if self._stopped is not None:
                raise self._stopped
            await self._take_up()
            if self._errands.weather.is_bad:
                await self._wait_for_the_platform()
                continue
            await self._wake()
            self._say_back()
            room = self._room()
            is_worth_it = room >= self._messenger.manners.in_flight or not self._under_way
            claimed = await self._outbox.claim(self._worker, room) if is_worth_it and room > 0 else ()
            self._start(claimed)
            if not claimed:
                await self._rest()

    async def _wake(self) -> None:
        now_s = monotonic_s()
        if now_s - self._woken_s >= self._messenger.manners.idle_s:
            await self._outbox.wake(self._now_ms())
            self._woken_s = now_s

    def _room(self) -> int:
        """Twice as many rows as messages may be under way, so that the next are ready when their turn comes."""
        most = 1 if self._errands.weather.is_unsettled else 2 * self._messenger.manners.in_flight
        return most - len(self._under_way)

    def _start(self, rows: Iterable[Claimed]) -> None:
        running = {claimed.entry for claimed in self._under_way.values()}
        for claimed in rows:
            if claimed.entry in running:
                continue
            task = asyncio.create_task(self._safely(claimed))
            self._under_way[task] = claimed
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)

    async def _rest(self) -> None:
        """Until a row under way is done, or for a moment where none is."""
        if self._under_way:
            await asyncio.wait(
                self._under_way, timeout=self._messenger.manners.idle_s, return_when=asyncio.FIRST_COMPLETED
            )
        else:
            await asyncio.sleep(self._messenger.manners.idle_s)

    async def _take_up(self) -> None:
        """Say that what is under way is; and after trouble run what was claimed and left, or claimed unheard."""
        if self._is_unsure and not self._under_way and not self._errands.owed:
            rows, room = await self._outbox.mine(self._worker), self._room()
            self._is_unsure = len(rows) > room
            self._start(rows[:room])
        now_s = monotonic_s()
        if self._under_way and now_s - self._kept_s > KEEP_EVERY_S:
            await self._outbox.keep(self._worker, tuple(self._under_way.values()))
            self._kept_s = now_s

    async def _wait_for_the_platform(self) -> None:
        """Ask whether it is there, more and more seldom; rows stay where they are meanwhile."""
        weather = self._errands.weather
        if self._under_way:
            await self._rest()
            return
        log.warning("the platform does not answer", platform=self._messenger.platform)
        while weather.is_bad:
            await asyncio.sleep(weather.pause_s)
            try:
                await self._messenger.ask()
            except Undelivered:
                weather.asked(answers=False)
            else:
                weather.asked(answers=True)
        self._is_unsure = True

    async def _safely(self, claimed: Claimed) -> None:
        """One row; what the store does not take now is taken up again, by us or by who comes after us."""
        lock = self._locks.setdefault(claimed.row.address, asyncio.Lock())
        try:
            async with lock:
                await self._errands.run(claimed)
        except StoreUnavailable as failure:
            self._say_away(failure)
            self._is_unsure = True
        except Stopped as stopped:
            self._stopped = stopped
        except Exception:
            log.exception("a row failed", key=claimed.row.key)
            with suppress(StoreUnavailable):
                await self._errands.bury(claimed, "our mistake")

    async def _end(self) -> None:
        """Finish what is being sent, write what is owed, and leave the rest to who comes after us."""
        self._errands.is_stopping = True
        if self._under_way:
            _, late = await asyncio.wait(tuple(self._under_way), timeout=END_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with suppress(StoreUnavailable):
            await self._errands.pay()
            await self._outbox.let_go(self._worker)

    def _say_away(self, failure: StoreUnavailable) -> None:
        if not self._is_away:
            log.warning("delivery waits for the store: %s", failure)
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            log.warning("the store is back; delivery goes on")
        self._is_away = False


async def _undisturbed(last: Coroutine[Any, Any, None]) -> None:
    """Do what is last though it is cancelled once more: half of it would send again what was sent."""
    task = asyncio.create_task(last)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    await task
