"""One soak from beginning to end."""

import asyncio
import logging
from dataclasses import dataclass

import structlog

from market.observations import HOUR_MS, MINUTE_MS, Asset
from market.table import State
from scheduler.clock import Clock, monotonic_s
from scheduler.simulator.market import START_MS
from scheduler.simulator.server.tape import Tape
from tests.soak.gauges import Errors, cpu_s, rss_mb, rss_now_mb, sockets, tasks
from tests.soak.plan import Planned, plan, written
from tests.soak.production import NotedMarket, production
from tests.soak.truth import truth_of
from tests.soak.venues import Play, start_venues
from tests.soak.verdict import Verdict, cascades, falsely_resolved, in_words, p99, resolved

BEGIN_MS = START_MS + HOUR_MS // 2
STARTING_S = 4.0
"""Of this machine: so long the other process may take to begin before its clock runs."""
WARM_AFTER_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Soak:
    """How long, how fast and with what."""

    seed: int = 2
    hours: float = 24.0
    speed: float = 200.0
    faults: int = 72
    assets: tuple[Asset, ...] = ("BTC", "ETH", "SOL")


@dataclass(slots=True)
class _Measured:
    """What the run itself tells."""

    begun_ms: int
    ended_ms: int
    rss_warm_mb: float
    rss_end_mb: float
    restless: list[str]
    rss_mb: list[float]
    rss_most_mb: float


async def soak(what: Soak) -> Verdict:
    """Run it."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    errors = Errors().attach()
    for name in ("httpx", "httpcore", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)
    began_s, end_ms = monotonic_s(), BEGIN_MS + round(what.hours * HOUR_MS)
    play = Play(what.seed, what.assets, BEGIN_MS, monotonic_s() + STARTING_S, what.speed)
    planned = plan(what.seed, BEGIN_MS, end_ms, what.faults, play.falls_ms())
    before = (tasks(), sockets())
    market = play.market()
    venues = await start_venues(play, written(planned))
    await venues.ready()
    clock = play.clock()
    async with production(venues, clock, what.assets) as live:
        measured = await _live_through(live, clock, end_ms)
        notebook = live.notebook
    venues_exit = await venues.end()
    del live
    await asyncio.sleep(0.2)
    truth = truth_of(Tape(market), notebook.begun, measured.ended_ms)
    return Verdict(
        seed=what.seed,
        hours=(measured.ended_ms - BEGIN_MS) / HOUR_MS,
        speed=what.speed,
        faults=_count(planned),
        kinds=len({one.name for one in planned}),
        looks=sum(map(len, notebook.states.values())),
        late_ms_p99=p99(notebook.late_ms),
        cascades=cascades(truth, notebook, play.falls_ms(), measured.begun_ms, measured.ended_ms),
        false_resolved=falsely_resolved(truth, notebook, measured.ended_ms),
        resolved=resolved(notebook),
        alerts=len(notebook.alerts),
        unhandled=errors.unhandled,
        logged=errors.logged,
        warnings=errors.warnings,
        rss_warm_mb=measured.rss_warm_mb,
        rss_end_mb=measured.rss_end_mb,
        tasks_before=before[0],
        tasks_after=tasks(),
        sockets_before=before[1],
        sockets_after=sockets(),
        venues_exit=venues_exit,
        took_s=monotonic_s() - began_s,
        cpu_s=cpu_s(),
        blind_looks=sum(
            state is State.INSUFFICIENT_DATA for states in notebook.states.values() for _, state in states
        ),
        restless=measured.restless,
        rss_mb=measured.rss_mb,
        rss_most_mb=measured.rss_most_mb,
        told=in_words(notebook.alerts),
        expected=in_words(alert for told in truth.values() for alert in told.alerts),
        planned=[
            f"{one.from_ms // 1_000}-{one.until_ms // 1_000} {one.venue.value} {one.name}" for one in planned
        ],
    )


def _count(planned: tuple[Planned, ...]) -> int:
    """Faults as one counts them: a blackout of all venues is one."""
    return len({(one.from_ms, one.name) for one in planned})


async def _live_through(live: NotedMarket, clock: Clock, end_ms: int) -> _Measured:
    begun_ms = clock.now_ms()
    await clock.sleep((max(begun_ms, BEGIN_MS) + WARM_AFTER_MS - clock.now_ms()) / 1_000)
    rss_warm_mb = rss_mb()
    growing, most_mb, measured_ms = [rss_warm_mb], rss_warm_mb, clock.now_ms()
    while clock.now_ms() < end_ms:
        await clock.sleep(min(10 * MINUTE_MS, end_ms - clock.now_ms()) / 1_000)
        most_mb = max(most_mb, rss_now_mb())
        if clock.now_ms() >= measured_ms + 2 * HOUR_MS or clock.now_ms() >= end_ms:
            growing.append(rss_mb())
            measured_ms = clock.now_ms()
    restless = [
        f"{one.venue} ends {one.state}: {one.why}" for one in live.collector.reports() if one.state != "open"
    ]
    return _Measured(begun_ms, clock.now_ms(), rss_warm_mb, growing[-1], restless, growing, most_mb)
