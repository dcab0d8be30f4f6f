"""The service in a process of its own, as `seawall run` starts it, but for its clock: that of the market it is told of.

`python -m benchmarks.whole_service START_MS BEGAN_S SPEED`: the clock stood at START_MS when the machine's own was BEGAN_S.
"""

import os
import sys

from bot.collection import held_off, spare
from scheduler.clock import monotonic_s
from scheduler.simulator.server.faster import faster_clock


def main() -> int:
    """Serve until told to stop."""
    start_ms, began_s, speed = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    os.umask(0o077)
    with held_off():
        spare()
        from bot.app import serve  # noqa: PLC0415, as bot.cli.serving does
        from bot.live_feed import LiveFeed  # noqa: PLC0415, as bot.cli.serving does
        from bot.running import run  # noqa: PLC0415, as bot.cli.serving does
        from bot.settings import read_settings  # noqa: PLC0415, as bot.cli.serving does

        settings = read_settings()
        now_ms = start_ms + round((monotonic_s() - began_s) * speed * 1_000)
        return run(serve(settings, lambda: LiveFeed(settings, sys.stderr, faster_clock(now_ms, speed))))


if __name__ == "__main__":
    sys.exit(main())
