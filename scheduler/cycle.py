"""The spine: how one asset is looked at once. Read this page first; everything else hangs on it.

    exchanges, real or simulated -> Collector: ask, listen, condense        recorded files
                                        |  (scheduler/collect)                    |
                                        +-- observations, findings of a moment ---+
                                                         |
    history (kept first) -> Engine.step: remember, read, judge, decide -> Snapshot and Alerts -> store -> commands and chats

`scheduler/live` calls it for every watched asset once a minute, a recorded market at its own pace. What became known is
kept before anything is concluded from it, in one instant with what its maker remembers, so that an end at any point is
made good on the next start: the steps since the last checkpoint are taken again, and taking one again changes nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from market.across import AtVenue
from market.alerts import Alert
from market.findings import Finding
from market.observations import Asset, Observation
from market.rules import Rules
from market.snapshot import Snapshot
from market.state import MarketState
from scheduler.engine import Engine, EngineState
from scheduler.plans import PlanWatch
from store.codec import Kind, as_it_was
from store.history import History
from store.hours import StoredHours
from store.services import FeedStatus
from store.snapshots import StoredFeed, StoredSnapshots

ENGINE_STATE = Kind("engine state", 5, EngineState, upgrades={2: as_it_was, 3: as_it_was, 4: as_it_was})
"""What a checkpoint holds; raise the number with every change of what the engine remembers.

4 leaves out the values of windows in ascending order, which are those in the order of their times. 3 remembers the closed
hours: they are known from the first hour after the upgrade on, and what was learned before, which no exchange tells again,
stays. 1 was of played markets only: its windows are of another make, and are filled anew.
"""

CHECKPOINT_EVERY = 240

_log = logging.getLogger(__name__)

Announce = Callable[[Alert], Awaitable[bool]]
"""Keeps an alert, once however often it is called: `Bulletins.announce` for those who want to hear of it, or a log alone."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Where a cycle keeps things, and how it tells what it warns of."""

    history: History[EngineState]
    snapshots: StoredSnapshots
    announce: Announce
    feed: StoredFeed
    hours: StoredHours
    plans: PlanWatch | None = None


@dataclass(slots=True)
class Watched:
    """One asset under watch: its engine, the number of the last step it took, and what its maker kept beside that."""

    engine: Engine
    seq: int = 0
    beside: bytes | None = None


@dataclass(frozen=True, slots=True)
class LiveLook:
    """Of one look at a live market: what the condenser remembers after it, how often looks are due, how late this one is.

    `venues` is what each venue says by itself: shown, and not kept with the step.
    """

    beside: bytes
    cycle_ms: int
    lag_ms: int
    venues: tuple[AtVenue, ...] = ()


async def run_cycle(
    watched: Watched,
    now_ms: int,
    observations: Sequence[Observation],
    memory: Memory,
    findings: tuple[Finding, ...] = (),
    live: LiveLook | None = None,
) -> tuple[Snapshot, tuple[Alert, ...]]:
    """Look at one asset once: keep what became known, read and judge it, warn, and keep the answer.

    `live` is what only a live market has to keep beside it.
    Raises StoreUnavailable where memory does not answer; `resume` then tells how far the cycle came, and goes on there.
    """
    seq = watched.seq + 1
    asset = watched.engine.asset
    market = watched.engine.state.market
    before_ms, hours_before = market.now_ms, market.hours.changes
    beside = None if live is None else live.beside
    since_checkpoint = await memory.history.append(asset, seq, now_ms, observations, beside)
    venues = () if live is None else live.venues
    snapshot, alerts = watched.engine.step(now_ms, observations, findings, venues)
    watched.seq = seq
    for alert in alerts:
        await memory.announce(alert)
    await memory.snapshots.save(snapshot)
    await memory.feed.save(_status(watched.engine.source, now_ms, before_ms, live))
    await _keep_hours(market, hours_before, memory)
    await _watch_plans(snapshot, memory)
    if since_checkpoint >= CHECKPOINT_EVERY:
        await memory.history.save_checkpoint(asset, seq, watched.engine.state)
    return snapshot, alerts


async def _keep_hours(market: MarketState, changes_before: int, memory: Memory) -> None:
    """Keep the hours where one has closed or was mended: before the checkpoint, so that an end between is made good."""
    if market.hours.changes != changes_before:
        await memory.hours.save(market.asset, market.hours)


async def _watch_plans(snapshot: Snapshot, memory: Memory) -> None:
    """Watch what was stated in this asset, where plans are kept: a recorded market has nobody to tell."""
    if memory.plans is not None:
        await memory.plans.look(snapshot)


def _status(source: str, now_ms: int, before_ms: int, live: LiveLook | None) -> FeedStatus:
    if live is not None:
        return FeedStatus(source, now_ms, live.cycle_ms, live.lag_ms)
    return FeedStatus(source, now_ms, now_ms - before_ms if before_ms else None)


async def resume(asset: Asset, rules: Rules, source: str, memory: Memory) -> Watched:
    """The asset as it was when the program ended, however it ended; begun anew where nothing readable is kept."""
    kept = await memory.history.load(asset)
    if kept.lost is not None:
        _log.warning("%s Its memory begins anew.", kept.lost)
        await memory.history.forget(asset)
        return Watched(Engine(asset, rules, source))
    watched = Watched(Engine(asset, rules, source, kept.state), kept.checkpoint_seq, kept.beside)
    hours_before = watched.engine.state.market.hours.changes
    for step in kept.steps:
        snapshot, alerts = watched.engine.step(step.now_ms, step.observations)
        watched.seq += 1
        for alert in alerts:
            await memory.announce(alert)
        if watched.seq == kept.last_seq:
            await memory.snapshots.save(snapshot)
            await _watch_plans(snapshot, memory)
    await _keep_hours(watched.engine.state.market, hours_before, memory)
    return watched
