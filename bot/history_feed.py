"""A recorded market for the service: files played once through the engine, from where the store's memory ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

from bot.feed import tell
from bot.pace import Pace
from bot.recorded import read_files
from market.observations import Asset
from market.rules import Rules
from scheduler.cycle import ENGINE_STATE, Memory, Watched, resume, run_cycle
from scheduler.history_files import Step, merge
from scheduler.looking_back import LooksBack
from scheduler.timetable import timetable
from store.alerts_log import AlertsLog
from store.backtests import StoredBacktests
from store.connection import Connection, NotLeader, StoreUnavailable
from store.history import History
from store.hours import StoredHours
from store.services import FeedStatus
from store.snapshots import StoredFeed, StoredSnapshots

SOURCE = "history"
HEARTBEAT_S = 20.0
BACK_S = 60.0
PAUSE_S = 1.0
STEPS_AT_ONCE = 20

_log = logging.getLogger(__name__)


class HistoryFeed:
    """Recorded files, played once through the engine from where the store's memory ends; then the market stands still."""

    is_live = False

    def __init__(self, paths: Sequence[Path], pace: Pace) -> None:
        self._files = read_files(paths)
        self._pace = pace
        self._watched: dict[Asset, Watched] = {}
        self._status = FeedStatus(SOURCE, None, max(file.step_ms for file in self._files))

    async def begin(self, connection: Connection) -> None:
        """Take every asset up where it was left; one that was left behind the end of these files begins anew."""
        self._memory = memory_on(connection)
        self._back = LooksBack(self._memory.hours.once, StoredBacktests(connection, SOURCE), Rules())
        self._watched.clear()
        assets = tuple(dict.fromkeys(file.asset for file in self._files))
        await self._memory.snapshots.watch(assets)
        for asset in assets:
            await self._take_up(asset)
            if self._last_ms(asset) > max(file.last_close_ms for file in self._files if file.asset == asset):
                _log.info("%s: what is remembered is later than these files; it begins anew", asset)
                await self._memory.history.forget(asset)
                await self._take_up(asset)
        self._status = replace(self._status, last_evaluation_ms=max(map(self._last_ms, assets)) or None)
        await tell(self._memory.feed, self._status)

    async def run(self) -> None:
        """Play what is left, then keep saying that the evaluation is well and has nothing more to look at."""
        async with timetable() as times:
            times.every(HEARTBEAT_S, self._heartbeat, "heartbeat")
            await self._play()
            times.every(BACK_S, self._look_back, "look back")
            _log.info("the recorded market is at its end; it stands still and is answered from")
            await asyncio.Event().wait()

    async def _play(self) -> None:
        before_ms = None
        for count, (at_ms, together) in enumerate(groupby(merge(self._files), key=lambda step: step[0])):
            due = [step for step in together if at_ms > self._last_ms(step[1])]
            if not due:
                continue
            await self._pace.pass_time(0 if before_ms is None else at_ms - before_ms)
            before_ms = at_ms
            for step in due:
                await insist(partial(self._look, step))
            self._status = replace(self._status, last_evaluation_ms=at_ms)
            if count % STEPS_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _look(self, step: Step) -> None:
        """Take one step; after a failed try what the store has decides whether it was taken."""
        at_ms, asset, observations = step
        if asset not in self._watched:
            await self._take_up(asset)
        if at_ms <= self._last_ms(asset):
            return
        watched = self._watched.pop(asset)
        await run_cycle(watched, at_ms, observations, self._memory)
        self._watched[asset] = watched

    async def _take_up(self, asset: Asset) -> None:
        """The asset as the store remembers it, its last snapshot in place."""
        watched = await resume(asset, Rules(), SOURCE, self._memory)
        if watched.engine.state.snapshot is not None:
            await self._memory.snapshots.save(watched.engine.state.snapshot)
        self._watched[asset] = watched

    def _last_ms(self, asset: Asset) -> int:
        """The market time of the last step taken, 0 before the first."""
        return self._watched[asset].engine.state.market.now_ms

    async def _look_back(self, due_ms: int) -> None:
        """Look back at the hours of each asset once: nothing is added to them any more."""
        try:
            last_ms = max(map(self._last_ms, self._watched), default=0)
            while await self._back.next(tuple(self._watched), last_ms) is not None:
                pass
        except (
            StoreUnavailable
        ) as failure:  # another process leads, or the store is away: the next time is soon
            _log.debug("%s", failure)

    async def _heartbeat(self, due_ms: int) -> None:
        with suppress(NotLeader):  # another process leads: whoever runs this feed ends it
            await tell(self._memory.feed, self._status)


def memory_on(connection: Connection) -> Memory:
    """The memory of a recorded market in one store."""
    return Memory(
        History(connection, ENGINE_STATE, SOURCE),
        StoredSnapshots(connection),
        AlertsLog(connection).append,
        StoredFeed(connection),
        StoredHours(connection, SOURCE),
    )


async def insist(call: Callable[[], Awaitable[None]]) -> None:
    """Make a call that may be repeated until the store takes it; says once that it is away, and once that it is back."""
    away = False
    while True:
        try:
            await call()
        except NotLeader:
            raise
        except StoreUnavailable as failure:
            if not away:
                _log.warning("%s Evaluation waits for it.", failure)
            away = True
            await asyncio.sleep(PAUSE_S)
        else:
            if away:
                _log.warning("the store is back")
            return
