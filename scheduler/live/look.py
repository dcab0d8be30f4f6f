"""One watched asset: taken up with its past, then looked at again and again, and never ahead of what is kept of it."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from market.across import AtVenue
from market.alerts import Alert
from market.findings import Finding
from market.observations import MINUTE_MS, Asset, Observation
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.collect.past import Heard, Past
from scheduler.collect.poller import REACH_MS
from scheduler.condense import Condenser
from scheduler.cycle import LiveLook, Memory, Watched, resume, run_cycle
from scheduler.engine import Engine
from scheduler.live.branching import BranchingWatch
from scheduler.live.memory import recalled, remembered
from scheduler.live.taking_up import Progress, has_prices, play, read_past
from store.services import FeedStatus

CYCLE_MS = MINUTE_MS
MOST_PENDING = 720
"""So many steps wait for a store that is away: half a day. What comes later is condensed when it is back."""

SET_BACK_MS = 2 * MINUTE_MS
"""A clock set back by less is waited for; ages are told wrong by as little meanwhile."""

MOST_PASSES = 4
"""Reading a past takes time, and so does reading what happened meanwhile."""

CLOCK_SET_BACK = "this machine's clock was set back"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became known by one moment, and what the condenser remembers after it."""

    now_ms: int
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    beside: bytes
    venues: tuple[AtVenue, ...] = ()


@dataclass(slots=True)
class Look:
    """One asset under watch. `is_live` once venues are asked and heard for it; before, it is looked at blind.

    `read_ms` is how much of its past was read when it was taken up.

    Every method raises StoreUnavailable where memory does not answer, and may then be called again.
    """

    asset: Asset
    collector: Collector
    memory: Memory
    rules: Rules
    clock: Clock
    source: str
    is_live: bool = False
    read_ms: int = 0
    _branching: BranchingWatch = field(init=False)
    _taken_ms: int = 0
    _is_waiting: bool = False
    _watched: Watched | None = None
    _pending: deque[_Taken] = field(default_factory=deque)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._branching = BranchingWatch(self.asset, self.rules.liquidations)

    async def resume(self) -> int:
        """Go on from what is remembered; gives until when (UTC ms), 0 where nothing is. Its last snapshot is in place."""
        async with self._one_at_a_time:
            engine = (await self._current()).engine
            if engine.state.snapshot is not None:
                await self.memory.snapshots.save(engine.state.snapshot)
            return engine.state.market.now_ms

    async def take_up(self, own: Iterable[Heard] = (), tell: Progress | None = None) -> tuple[str, ...]:
        """Read the past, or what happened since the asset was last seen, and watch it from now on.

        Gives what is missing, in words. Where no price can be had it stays blind, to be taken up again later.
        """
        if self._ahead_ms() > SET_BACK_MS:
            return (CLOCK_SET_BACK,)
        missing: tuple[str, ...] = ()
        self.read_ms = 0
        for _ in range(MOST_PASSES):
            async with self._one_at_a_time:
                watched = await self._current()
                state = recalled(watched.beside, watched.engine.state.market)
            past = await read_past(watched, state, self.clock.now_ms(), self.collector, own, tell)
            if past is None:
                break
            missing = past.missing or missing
            if not has_prices(past):
                return missing
            async with self._one_at_a_time:
                await self._play(past, tell)
            self.read_ms += past.until_ms - past.since_ms
            if self.clock.now_ms() - past.until_ms <= REACH_MS:
                break
        await self._go_live()
        return missing

    async def once(self, due_ms: int) -> tuple[Snapshot, tuple[Alert, ...]]:
        """Look at the asset now; `due_ms` is when that was due."""
        async with self._one_at_a_time:
            if self._ahead_ms() > SET_BACK_MS:
                return await self._wait_for_the_clock()
            self._is_waiting = False
            if not self.is_live and not (await self._current()).seq:
                return await self._blind()
            self._take()
            return await self._keep(due_ms)

    async def end(self) -> None:
        """Look no more: after the one under way the last answer goes, as nobody would renew it. Raises StoreUnavailable."""
        self._branching.end()
        async with self._one_at_a_time:
            await self.memory.snapshots.forget(self.asset)

    async def _current(self) -> Watched:
        """The asset as it is kept; after a try that failed, the store tells how far it came."""
        if self._watched is None:
            self._watched = await resume(self.asset, self.rules, self.source, self.memory)
            self._taken_ms = max(self._taken_ms, self._watched.engine.state.market.now_ms)
        return self._watched

    async def _play(self, past: Past, tell: Progress | None) -> None:
        """Play a past and keep where it leads as a checkpoint; what was looked at blind meanwhile said nothing."""
        watched, self._watched = await self._current(), None  # until it is kept, what the store says is true
        self._pending.clear()
        engine = watched.engine
        venues = self.collector.listings.venues_of(self.asset)
        asleep = Condenser(self.asset, venues, recalled(watched.beside, engine.state.market))
        await play(past, engine, asleep, self.memory.announce if watched.seq else None, tell)
        seq, beside = watched.seq + 1, remembered(asleep.state)
        await self.memory.hours.save(self.asset, engine.state.market.hours)
        await self.memory.history.save_checkpoint(self.asset, seq, engine.state, beside)
        if engine.state.snapshot is not None:
            await self.memory.snapshots.save(engine.state.snapshot)
        self._watched = Watched(engine, seq, beside)

    async def _go_live(self) -> None:
        async with self._one_at_a_time:
            watched = await self._current()
            self.collector.begin(self.asset, recalled(watched.beside, watched.engine.state.market))
            self.is_live = True

    async def _blind(self) -> tuple[Snapshot, tuple[Alert, ...]]:
        """INSUFFICIENT DATA, said of an asset of which nothing is known yet; nothing of it is remembered."""
        now_ms = self.clock.now_ms()
        snapshot, _ = Engine(self.asset, self.rules, self.source).step(now_ms, ())
        await self.memory.snapshots.save(snapshot)
        await self.memory.feed.save(FeedStatus(self.source, now_ms, CYCLE_MS))
        return snapshot, ()

    def _take(self) -> None:
        """Take what became known until now; time never goes back, whatever the machine's clock is set to."""
        if len(self._pending) >= MOST_PENDING:
            return
        now_ms = self._taken_ms = max(self.clock.now_ms(), self._taken_ms + 1)
        if self.is_live:
            observations, findings = self.collector.step(self.asset, now_ms)
            state = self.collector.condenser(self.asset).state
            observations = (*observations, *self._branching.take(state, now_ms))
            beside = remembered(state)
            venues = self.collector.across(self.asset, now_ms)
            self._pending.append(_Taken(now_ms, observations, findings, beside, venues))
        else:
            self._pending.append(_Taken(now_ms, (), (), b""))

    async def _keep(self, due_ms: int) -> tuple[Snapshot, tuple[Alert, ...]]:
        """Run the cycle for all that was taken, oldest first; what failed half way is made good by the next try."""
        said: list[Alert] = []
        while True:
            watched = await self._current()
            if self.is_live and not watched.seq:
                return await self._lose()
            while self._pending and self._pending[0].now_ms <= watched.engine.state.market.now_ms:
                self._pending.popleft()
            if not self._pending:
                snapshot = watched.engine.state.snapshot
                return (snapshot, tuple(said)) if snapshot is not None else await self._blind()
            said += await self._cycle(watched, self._pending[0], due_ms)

    async def _cycle(self, watched: Watched, taken: _Taken, due_ms: int) -> tuple[Alert, ...]:
        self._watched = None  # until it is kept, what the store says is true
        look = LiveLook(taken.beside, CYCLE_MS, max(0, self.clock.now_ms() - due_ms), taken.venues)
        _, alerts = await run_cycle(
            watched, taken.now_ms, taken.observations, self.memory, taken.findings, look
        )
        self._watched = Watched(watched.engine, watched.seq, taken.beside or watched.beside)
        return alerts

    def _ahead_ms(self) -> int:
        """How far what was looked at is ahead of this machine's clock."""
        return self._taken_ms - self.clock.now_ms()

    async def _wait_for_the_clock(self) -> tuple[Snapshot, tuple[Alert, ...]]:
        """Nothing can follow what was seen later: the asset is blind until then.

        Nothing is forgotten for it: the clock that is wrong may be the present one, and no venue tells liquidations again.
        """
        if not self._is_waiting:
            _log.error(
                "%s: this machine's clock is %.0f min behind what was seen last, and it is blind until then. Is the clock right "
                "now, and was it ahead before? Then stop the service, and `seawall backfill` reads its past anew",
                self.asset,
                self._ahead_ms() / MINUTE_MS,
            )
        self.collector.drop(self.asset)
        self._pending.clear()
        self.is_live, self._is_waiting, self._watched = False, True, None
        return await self._blind()

    async def _lose(self) -> tuple[Snapshot, tuple[Alert, ...]]:
        """The store has lost what was remembered: the asset is to be taken up anew."""
        _log.error("%s: the store has lost its memory; it is taken up anew", self.asset)
        self.collector.drop(self.asset)
        self._pending.clear()
        self.is_live = False
        return await self._blind()
