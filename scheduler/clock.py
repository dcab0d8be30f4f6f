"""What time it is: the one place below bot that asks the machine."""

import time


def now_ms() -> int:
    """The present in UTC milliseconds, by this machine's clock."""
    return time.time_ns() // 1_000_000
