"""What both bots take while nobody asks: memory after half a minute of quiet, and the CPU of their start.

`python -m benchmarks.idle`: `seawall run --only telegram,discord` in a process of its own, on a private Valkey of another one
and on the loopback doubles of both platforms, as an operator runs them beside a scheduler. The CPU of the start is what was
used when both platforms were answered for the first time. A target that is missed is printed as such.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.fanout import say
from store.server import private_valkey
from tests.doubles.discord_gateway import Discord
from tests.doubles.telegram import BotApi
from tests.doubles.waiting import until

TOKEN = "7700000001:of-a-benchmark-only-and-of-no-bot-at-all"  # noqa: S105, of no bot
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.of-a-benchmark-only-and-of-no-bot-at-all"  # noqa: S105, of no bot
QUIET_S, SETTLED_S = 30.0, 5.0
WITHIN_S = 60.0
MOST_MB, MOST_START_S = 90.0, 1.0
TICKS = os.sysconf("SC_CLK_TCK")


def memory_mb(process_id: int) -> float:
    """What is resident of a process, MB (2^20 bytes)."""
    told = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    return int(next(line for line in told.splitlines() if line.startswith("VmRSS")).split()[1]) / 1_024


def cpu_s(process_id: int) -> float:
    """What a process has used of the CPU."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Measured(NamedTuple):
    """CPU seconds of the very first start; wall and CPU seconds of the next; resident MB and CPU seconds an hour at rest."""

    first_cpu_s: float
    start_s: float
    start_cpu_s: float
    resident_mb: float
    an_hour_s: float


@asynccontextmanager
async def started(settings: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Both bots, running."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--only", "telegram,discord"),
        env={**kept, **settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def measured(folder: Path) -> Measured:
    """Both bots started for the first time, and once more: that start is measured."""
    async with BotApi(TOKEN) as telegram, Discord(DISCORD_TOKEN) as discord, private_valkey(folder) as socket:
        settings = {
            "SEAWALL_TELEGRAM_TOKEN": TOKEN,
            "SEAWALL_ALLOW_PRIVATE_URLS": "127.0.0.1",
            "SEAWALL_TELEGRAM_URL": telegram.url,
            "SEAWALL_DISCORD_TOKEN": DISCORD_TOKEN,
            "SEAWALL_DISCORD_URL": discord.url,
            "SEAWALL_REDIS_URL": f"unix://{socket}",
            "SEAWALL_DATA_DIR": str(folder / "data"),
        }
        first_s = await _first_start(settings, telegram, discord)
        polls, joined, began_s = telegram.polls, len(discord.identified), perf_counter()
        async with started(settings) as process:
            await until(lambda: telegram.polls > polls and len(discord.identified) > joined, WITHIN_S)
            start_s, start_cpu_s = perf_counter() - began_s, cpu_s(process.pid)
            await asyncio.sleep(QUIET_S)
            used_s = cpu_s(process.pid) - start_cpu_s
            resident_mb = memory_mb(process.pid)
            return Measured(first_s, start_s, start_cpu_s, resident_mb, 3_600.0 * used_s / QUIET_S)


async def _first_start(settings: Mapping[str, str], telegram: BotApi, discord: Discord) -> float:
    """The CPU of the only start that tells both platforms of all commands: they know them ever after."""
    async with started(settings) as process:
        await until(lambda: telegram.polls > 0 and bool(discord.identified), WITHIN_S)
        cpu = cpu_s(process.pid)
        await asyncio.sleep(SETTLED_S)
        return cpu


def main() -> int:
    """Run, print, judge."""
    with tempfile.TemporaryDirectory() as folder:
        first_s, start_s, start_cpu_s, resident_mb, an_hour_s = asyncio.run(measured(Path(folder)))
    say(
        f"both bots: started in {start_s:.2f} s with {start_cpu_s:.2f} s of CPU (the very first time {first_s:.2f}); after "
        f"{QUIET_S:.0f} s of quiet {resident_mb:.1f} MB resident, {an_hour_s:.0f} s of CPU an hour"
    )
    say(f"{'holds' if resident_mb <= MOST_MB else 'MISSED'}: at most {MOST_MB:.0f} MB ({resident_mb:.1f} MB)")
    say(
        f"{'holds' if start_cpu_s <= MOST_START_S else 'MISSED'}: at most {MOST_START_S:.0f} s of CPU to start ({start_cpu_s:.2f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
