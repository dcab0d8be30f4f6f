"""Whether the event loop turns: it beats twice a second, and a thread of its own looks whether it still does.

A loop that stands still can tell nobody; the thread writes into the log where it stands.
"""

import asyncio
import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scheduler.clock import monotonic_s
from store.ending import ended

BEAT_S = 0.5
BLOCKED_S = 3.0
"""So long without a beat is logged (reliability.md, 2.E)."""
DEAD_S = 10.0
"""So long without a beat, and the process counts as dead."""
LAG_OVER_S = 60.0
"""Lag is the longest of so many seconds."""

_log = logging.getLogger(__name__)


class LoopWatch:
    """Watches the loop it is opened on. Every property may be read from any thread."""

    def __init__(self, blocked_s: float = BLOCKED_S, beat_s: float = BEAT_S) -> None:
        self._blocked_s, self._beat_s = blocked_s, beat_s
        self._beaten_s = monotonic_s()
        self._lags: deque[tuple[float, float]] = deque()
        self._over, self._loop_thread = threading.Event(), 0
        self._is_open = False
        self.blocks = 0
        """How often the loop was seen to stand still."""

    @property
    def stands_for_s(self) -> float:
        """How long ago the loop's last beat was due, 0 while it turns."""
        return max(0.0, monotonic_s() - self._beaten_s - self._beat_s) if self._is_open else 0.0

    @property
    def lag_s(self) -> float:
        """By how much a beat came too late at most, in the last minute."""
        return max((lag for _, lag in tuple(self._lags)), default=0.0)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the running loop for the length of the block."""
        self._beaten_s, self._loop_thread, self._is_open = monotonic_s(), threading.get_ident(), True
        self._over.clear()
        beating = asyncio.create_task(self._beat())
        looking = threading.Thread(target=self._look, name="loop watch", daemon=True)
        looking.start()
        try:
            yield
        finally:
            self._is_open = False
            self._over.set()
            await ended(beating)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            now_s = monotonic_s()
            self._lags.append((now_s, max(0.0, now_s - self._beaten_s - self._beat_s)))
            self._beaten_s = now_s
            while self._lags[0][0] < now_s - LAG_OVER_S:
                self._lags.popleft()

    def _look(self) -> None:
        """In a thread: say where the loop stands, once for each time that it does, and when it turns again."""
        said_s = 0.0
        before_s = monotonic_s()
        while not self._over.wait(self._beat_s):
            now_s = monotonic_s()
            held_up_s = now_s - before_s - self._beat_s
            before_s, stands_s = now_s, self.stands_for_s
            if held_up_s > self._blocked_s:
                self._say_held_up(held_up_s)
                continue
            if stands_s > self._blocked_s and not said_s:
                self._say_where(stands_s)
                said_s = now_s - stands_s
            elif said_s and stands_s < self._blocked_s:
                _log.warning("the event loop turns again after %.1f s", now_s - said_s)
                said_s = 0.0

    def _say_held_up(self, held_up_s: float) -> None:
        """This thread stood as well, so nobody knows where the loop was."""
        _log.error(
            "the whole process has stood still for %.1f s: it was stopped, or one call let nothing else run",
            held_up_s,
        )
        self.blocks += 1

    def _say_where(self, stands_s: float) -> None:
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001, there is no other way to another thread's stack
        stack = "".join(traceback.format_stack(frame)) if frame is not None else "(unknown)\n"
        _log.error("the event loop has stood still for %.1f s, here:\n%s", stands_s, stack.rstrip())
        self.blocks += 1
