"""Building an asset's memory anew from a past: the operator's own history and what the exchanges remember."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from market.hourly import KEPT_HOURS
from market.observations import DAY_MS, HOUR_MS, Asset
from market.reading import Presence
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.collect import Collector
from scheduler.collect.past import COLD_DAYS, Heard
from scheduler.condense import Condenser
from scheduler.cycle import Memory, resume
from scheduler.engine import Engine
from scheduler.live.memory import remembered
from scheduler.live.taking_up import Progress, has_prices, play, read_part

WORTH_DAYS = 1.0
"""A memory that has learned so much more of something than a past can teach is not given up for it."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it. `since_ms` to `until_ms` is what was read, `missing` says in words what could not be had.

    `learned_days` says of each reading how many days it has learned now. Where the memory that was there had learned
    more, it was kept: `kept_for` then names the readings, with days there and days in what was read.
    """

    asset: Asset
    since_ms: int
    until_ms: int
    missing: tuple[str, ...]
    is_read: bool = True
    learned_days: Mapping[str, float] = field(default_factory=dict)
    kept_for: Mapping[str, tuple[float, float]] = field(default_factory=dict)


async def rebuild(
    asset: Asset,
    own: Iterable[Heard],
    now_ms: int,
    collector: Collector,
    memory: Memory,
    rules: Rules,
    source: str,
    tell: Progress | None = None,
) -> Rebuilt:
    """Read the past of one asset and remember it in place of what was remembered, unless that has learned more.

    Warnings of the past are old news and are not logged. Raises StoreUnavailable.
    """
    before = await resume(asset, rules, source, memory)
    past = await collector.past(asset, now_ms - COLD_DAYS * DAY_MS, own, read_part(tell))
    if not has_prices(past):
        return Rebuilt(asset, past.since_ms, past.until_ms, past.missing, is_read=False)
    engine = Engine(asset, rules, source)
    asleep = Condenser(asset, collector.listings.venues_of(asset))
    # as far back as hours are kept: an own history knows open interest of then, so its states are worth the time
    await play(past, engine, asleep, None, tell, judged_ms=KEPT_HOURS * HOUR_MS)
    snapshot = engine.state.snapshot
    learned, had = learned_days(snapshot), learned_days(before.engine.state.snapshot)
    kept_for = {
        name: (days, learned.get(name, 0.0))
        for name, days in had.items()
        if days > learned.get(name, 0.0) + WORTH_DAYS
    }
    if not kept_for:
        await memory.hours.save(asset, engine.state.market.hours)
        await memory.history.save_checkpoint(asset, before.seq + 1, engine.state, remembered(asleep.state))
        if snapshot is not None:
            await memory.snapshots.save(snapshot)
    return Rebuilt(asset, past.since_ms, past.until_ms, past.missing, True, learned, kept_for)


def learned_days(snapshot: Snapshot | None) -> dict[str, float]:
    """How many days each reading has learned; infinity where it has all that it can use."""
    if snapshot is None:
        return {}
    return {
        reading.name: inf if reading.learning is None else reading.learning.have_days
        for reading in snapshot.readings
        if reading.presence is not Presence.ABSENT
    }
