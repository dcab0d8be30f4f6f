"""The parts of the service that this process runs, and how each stands."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Standing(StrEnum):
    """How a part stands in this process; WAITING while it is not known who leads."""

    RUNS = "runs"
    LEADS = "leads"
    STANDS_BY = "stands_by"
    WAITING = "waiting"
    ENDED = "ended"


OF_LEADING = {"leader": Standing.LEADS, "standby": Standing.STANDS_BY}
"""`bot.leading.Standing`, in the words of a part."""


class Led(Protocol):
    """What says whether a part leads (`bot.leading.Leading`)."""

    @property
    def standing(self) -> str:
        """leader, standby or unknown."""


GetLed = Callable[[], Led | None]


@dataclass(slots=True)
class Parts:
    """What runs here, by name. Reading it is safe from any thread."""

    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _led: dict[str, GetLed] = field(default_factory=dict)

    def add(self, name: str, task: asyncio.Task[None], led: GetLed | None = None) -> None:
        """A part that `task` runs; `led` gives what says whether it leads, where one process alone does it."""
        self._tasks[name] = task
        if led is not None:
            self._led[name] = led

    def standing(self, name: str) -> Standing:
        """How a part stands. KeyError for one that was not added."""
        if self._tasks[name].done():
            return Standing.ENDED
        led = self._led[name]() if name in self._led else None
        return Standing.RUNS if led is None else OF_LEADING.get(led.standing, Standing.WAITING)

    def all(self) -> dict[str, Standing]:
        """Every part that was added."""
        return {name: self.standing(name) for name in tuple(self._tasks)}

    def speaks(self, name: str) -> bool:
        """Whether this process is the one to write to chats of its own accord for a part: it runs, and does not stand by."""
        return name in self._tasks and self.standing(name) in {Standing.RUNS, Standing.LEADS}
