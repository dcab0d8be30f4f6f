"""A clock that runs faster than the machine's, from any moment on."""

from scheduler.clock import Clock


def faster_clock(start_ms: int, speed: float, real: Clock | None = None) -> Clock:
    """A clock that stands at `start_ms` (UTC) now and runs `speed` times as fast. Raises ValueError unless speed is positive."""
    if not speed > 0.0:
        raise ValueError(f"a clock cannot run {speed} times as fast")
    machine = real or Clock()
    began_s = machine.monotonic_s()

    def passed_s() -> float:
        return (machine.monotonic_s() - began_s) * speed

    async def sleep(seconds: float) -> None:
        await machine.sleep(seconds / speed)

    return Clock(lambda: start_ms + round(passed_s() * 1_000.0), passed_s, sleep, speed)
