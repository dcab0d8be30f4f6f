"""When to look: jobs at fixed intervals, none lost to a busy moment and none run twice at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.clock import now_ms

Job = Callable[[], Awaitable[None]]


class Timetable:
    """Jobs of this process, by name. A job that fails is logged and runs again at its next time.

    A late run is made up for once, however many were missed (APScheduler's own default would silently drop it).
    """

    def __init__(self, scheduler: AsyncIOScheduler) -> None:
        self._scheduler = scheduler

    def every(self, seconds: float, job: Job, name: str) -> None:
        """Run `job` now and then every `seconds`; a job of the same name gives way to it."""
        self._scheduler.add_job(
            job,
            "interval",
            seconds=seconds,
            id=name,
            name=name,
            replace_existing=True,
            next_run_time=datetime.fromtimestamp(now_ms() / 1_000, UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def drop(self, name: str) -> None:
        """Run the job of that name no more; none of that name is as good."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)


@asynccontextmanager
async def timetable() -> AsyncIterator[Timetable]:
    """A timetable for the length of the block; what runs at its end is cancelled."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    try:
        yield Timetable(scheduler)
    finally:
        scheduler.shutdown(wait=False)
