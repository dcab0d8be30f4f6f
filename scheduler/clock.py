"""What time it is: the one place below bot that asks the machine."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


def now_ms() -> int:
    """The present in UTC milliseconds, by this machine's clock."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds since some moment in the past, for durations: no step of the clock moves it."""
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class Clock:
    """What tells the time and lets it pass; an accelerated market or a test brings its own.

    `now_ms` is UTC milliseconds, `monotonic_s` seconds for durations, `sleep` waits that many of the same seconds.
    `speed` is how many of its seconds pass in one of this machine's.
    """

    now_ms: Callable[[], int] = now_ms
    monotonic_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    speed: float = 1.0
