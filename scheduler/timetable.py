"""When to look: jobs at fixed intervals on the grid of the clock, none lost to a busy moment and none run twice at once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.clock import Clock, monotonic_s, now_ms

Job = Callable[[int], Awaitable[None]]
"""Is told when it was due (UTC ms of the clock): at the earliest run that it makes up for. Lag is now minus that."""

EARLY_S = 0.005
"""A timer may ring so much before the clock is there."""

LOOK_S = 1.0
STEP_MS = 2_000
"""A clock that is slewed by NTP moves by half a millisecond a second; more than this between two looks was a step."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Run:
    """One job: `due_ms` is its next run, or the earliest one missed while it was busy."""

    job: Job
    name: str
    clock: Clock
    period_ms: float
    after_ms: float
    due_ms: int
    running: set[asyncio.Task[None]]
    is_running: bool = False
    is_missed: bool = False

    async def __call__(self) -> None:
        """Run the job now, and once more where it was due again meanwhile."""
        if self.is_running:
            self.is_missed = True
            return
        task = asyncio.current_task()
        if task is not None:
            self.running.add(task)
            task.add_done_callback(self.running.discard)
        self.is_running = self.is_missed = True
        try:
            while self.is_missed:
                self.is_missed = False
                await self._once()
        except asyncio.CancelledError:
            return  # nobody but the end of the timetable cancels it; APScheduler would log that as a failure
        finally:
            self.is_running = False

    def last_ms(self, early_s: float = 0.0) -> float:
        """The moment of the grid that the clock has reached last, or will within so many of the machine's seconds."""
        now = (
            self.clock.now_ms()
            + min(self.period_ms / 4.0, early_s * 1_000 * self.clock.speed)
            - self.after_ms
        )
        return now - now % self.period_ms + self.after_ms

    async def _once(self) -> None:
        due_ms, self.due_ms = self.due_ms, round(self.last_ms(EARLY_S) + self.period_ms)
        try:
            await self.job(due_ms)
        except Exception:  # noqa: BLE001, a slip in one job must not stop the timetable
            _log.exception("%s failed; it runs again at its next time", self.name)


class Timetable:
    """Jobs of this process, by name. A job that fails is logged and runs again at its next time.

    A late run is made up for once, however many were missed (APScheduler's own default would silently drop it).
    """

    def __init__(self, scheduler: AsyncIOScheduler, clock: Clock) -> None:
        self._scheduler, self._clock = scheduler, clock
        self._runs: dict[str, _Run] = {}
        self.running: set[asyncio.Task[None]] = set()

    def every(self, seconds: float, job: Job, name: str, *, after_s: float = 0.0) -> None:
        """Run `job` now, and then `after_s` after every whole multiple of `seconds` of the clock's time.

        Sixty seconds after two are two seconds past every full minute. A job of the same name gives way to it.
        """
        due_ms = self._clock.now_ms()
        run = _Run(job, name, self._clock, seconds * 1_000, after_s * 1_000, due_ms, self.running)
        self._runs[name] = run
        self._scheduler.add_job(
            run.__call__,
            "interval",
            seconds=seconds / self._clock.speed,
            id=name,
            name=name,
            replace_existing=True,
            next_run_time=self._begins(run),
            coalesce=True,
            max_instances=2,  # the second one only notes that it was missed
            misfire_grace_time=None,
        )

    async def follow_the_clock(self) -> None:
        """Begin every grid anew where this machine's clock was set, until cancelled.

        APScheduler waits for a moment of that clock: one that was set back by an hour would leave every job alone for an hour.
        """
        before_ms = _ahead_ms()
        while True:
            await asyncio.sleep(LOOK_S)
            stepped_ms = _ahead_ms() - before_ms
            before_ms += stepped_ms
            if abs(stepped_ms) > STEP_MS:
                _log.warning(
                    "this machine's clock was set by %+.0f s: every job begins its grid anew",
                    stepped_ms / 1_000,
                )
                for name, run in self._runs.items():
                    run.due_ms = self._clock.now_ms()
                    self._scheduler.modify_job(name, next_run_time=self._begins(run))

    def _begins(self, run: _Run) -> datetime:
        """The last moment of the grid: it is past, so that run is made up for at once, and the next ones follow its grid."""
        passed_s = (self._clock.now_ms() - run.last_ms()) / 1_000 / self._clock.speed
        return datetime.fromtimestamp(now_ms() / 1_000, UTC) - timedelta(seconds=passed_s)

    def drop(self, name: str) -> None:
        """Run the job of that name no more; none of that name is as good."""
        self._runs.pop(name, None)
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)


def _ahead_ms() -> float:
    """How far this machine's clock is ahead of the seconds that have passed: what changes when somebody sets it."""
    return now_ms() - monotonic_s() * 1_000


@asynccontextmanager
async def timetable(clock: Clock | None = None) -> AsyncIterator[Timetable]:
    """A timetable for the length of the block; what runs at its end is cancelled, and has ended when the block has."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    times = Timetable(scheduler, clock if clock is not None else Clock())
    following = asyncio.create_task(times.follow_the_clock())
    try:
        yield times
    finally:
        following.cancel()
        scheduler.pause()
        # what was to begin has begun: APScheduler would log one cut off before as a failure
        await asyncio.sleep(0)
        scheduler.shutdown(wait=False)
        while times.running:
            await asyncio.wait(times.running)
