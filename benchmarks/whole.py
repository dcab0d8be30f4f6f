"""The whole service as one operator runs it, measured from outside: memory and CPU of all its processes, its disk, its traffic.

15 assets of five simulated exchanges on loopback, both bots on the doubles, pictures, a private Valkey. First a stretch at real
speed, once the past is read, then a simulated day at `--speed`. `--hours 24 --minutes 10 --speed 20`: the day takes a speed at
which a core is not full. Memory is the proportional share (PSS) of the service, what draws, and Valkey.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fanout import say
from scheduler.clock import monotonic_s
from scheduler.simulator.market import START_MS
from tests.doubles.discord_gateway import Discord
from tests.doubles.telegram import ALICE, PRIVATE, BotApi
from tests.doubles.waiting import until

ASSETS = (
    "BTC",
    "ETH",
    "SOL",
    "BNB",
    "XRP",
    "DOGE",
    "ADA",
    "AVAX",
    "LINK",
    "LTC",
    "DOT",
    "TRX",
    "BCH",
    "UNI",
    "NEAR",
)
TOKEN = "7700000001:of-a-benchmark-only-and-of-no-bot-at-all"  # noqa: S105, of no bot
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.of-a-benchmark-only-and-of-no-bot-at-all"  # noqa: S105, of no bot
VENUES = ("BINANCE", "BYBIT", "OKX", "DERIBIT", "HYPERLIQUID")
LINES = ("/regime BTC", "/why ETH", "/scan", "/status", "/size btc 5x 10k", "/levels sol", "/regime SOL")
TAKEN_UP = "of its past are read"
PAST_DAYS, WITHIN_S, SAMPLE_S, ASK_EVERY_S = 92, 600.0, 5.0, 10.0
MOST_MB, MOST_SHARE, MOST_DISK_MB = 350.0, 0.15, 200.0
HOUR_S, DAY_S, MB = 3_600.0, 86_400.0, 1e6
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Stretch:
    """What one stretch came to; `market_s` is how much of the market's time it was."""

    speed: float
    market_s: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    most_mb: float = 0.0
    last_mb: float = 0.0
    disk_mb: float = 0.0
    sent: dict[str, int] | None = None
    by_process: dict[str, float] | None = None

    def told(self) -> Iterator[str]:
        """In words."""
        rest, streams = (self.sent or {}).get("rest", 0), (self.sent or {}).get("streams", 0)
        yield (
            f"{self.market_s / HOUR_S:.2f} h of the market at {self.speed:g}x: {self.most_mb:.0f} MB at most, {self.last_mb:.0f} MB "
            f"at the end; {100 * self.cpu_s / self.wall_s:.1f} % of a core, {self.cpu_s / self.market_s * HOUR_S:.0f} s of CPU an "
            f"hour of the market; {self.disk_mb:.1f} MB of disk"
        )
        day = DAY_S / self.market_s / MB
        yield f"  traffic a day: {rest * day:.0f} MB of REST, {streams * day:.0f} MB of streams ({(self.sent or {}).get('asked', 0) * day * MB:.0f} questions)"
        yield "  " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in sorted((self.by_process or {}).items()))


def family(process_id: int) -> list[int]:
    """A process and all it has started; its Valkey too, which is nobody's child: it outlives a service that is killed."""
    found = [process_id]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found + [one for one in valkeys(process_id) if one not in found]


def valkeys(process_id: int) -> list[int]:
    """The servers that work in the data folder of a service."""
    told = Path(f"/proc/{process_id}/environ").read_bytes().split(b"\0")
    folder = next(one.partition(b"=")[2].decode() for one in told if one.startswith(b"SEAWALL_DATA_DIR="))
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cwd")
        if _leads_into(path, folder) and named(int(path.parent.name)) == "valkey"
    ]


def _leads_into(path: Path, folder: str) -> bool:
    try:
        return str(path.readlink()).startswith(folder)
    except OSError:
        return False


def named(process_id: int) -> str:
    """What a process is: valkey, drawing or service."""
    try:
        words = Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "gone"
    if "valkey-server" in words:
        return "valkey"
    return "service" if "whole_service" in words else "drawing" if "worker" in words else "other"


def shares_mb(process_id: int) -> dict[str, float]:
    """The proportional share of each process of the family, MB."""
    shares: dict[str, float] = {}
    for one in family(process_id):
        try:
            told = Path(f"/proc/{one}/smaps_rollup").read_text()
            kb = next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))
            name = named(one)
        except (OSError, StopIteration):
            continue
        shares[name] = shares.get(name, 0.0) + kb * 1_024 / MB
    return shares


def cpu_s(process_id: int) -> float:
    """What the family has used of the CPU, with those of its children that have ended."""
    total = 0
    for one in family(process_id):
        try:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def disk_mb(folder: Path) -> float:
    """What lies in a folder, MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MB


@asynccontextmanager
async def venues(
    start_ms: int, began_s: float, speed: float
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Any]]:
    """The exchanges, and where they are."""
    pipes: Any = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.whole_venues", **pipes)
    stdin, stdout = _pipes(process)
    told = {
        "assets": ASSETS,
        "seed": 7,
        "past_days": PAST_DAYS,
        "start_ms": start_ms,
        "began_s": began_s,
        "speed": speed,
    }
    stdin.write(json.dumps(told).encode() + b"\n")
    line = (await stdout.readline()).decode()
    try:
        yield process, json.loads(line.removeprefix("ready "))
    finally:
        stdin.close()
        await process.wait()


async def counted(process: asyncio.subprocess.Process) -> dict[str, int]:
    """What the exchanges have sent so far."""
    stdin, stdout = _pipes(process)
    stdin.write(b"?\n")
    told: dict[str, int] = json.loads(await stdout.readline())
    return told


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process without pipes")
    return process.stdin, process.stdout


@asynccontextmanager
async def service(settings: dict[str, str], *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service, running."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
    log = Path(settings["SEAWALL_DATA_DIR"]).parent / "log.txt"
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.whole_service", *words),
            env={**kept, **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def stretch(folder: Path, speed: float, hours: float, skip_h: float) -> Stretch:
    """The service at a speed for so many hours of the market, from when all of it is taken up."""
    start_ms, began_s = START_MS + round((1.0 + skip_h) * HOUR_S * 1_000), monotonic_s() + 15.0
    data = folder / "data"
    async with (
        venues(start_ms, began_s, speed) as (exchanges, urls),
        BotApi(TOKEN) as telegram,
        Discord(DISCORD_TOKEN) as discord,
    ):
        settings = {
            "SEAWALL_TELEGRAM_TOKEN": TOKEN,
            "SEAWALL_TELEGRAM_URL": telegram.url,
            "SEAWALL_DISCORD_TOKEN": DISCORD_TOKEN,
            "SEAWALL_DISCORD_URL": discord.url,
            "SEAWALL_DATA_DIR": str(data),
            "SEAWALL_ASSETS": ",".join(ASSETS),
            "SEAWALL_ALLOW_PRIVATE_URLS": "127.0.0.1",
            **{f"SEAWALL_{name}_REST_URL": urls["rest"][name.lower()] for name in VENUES},
            **{f"SEAWALL_{name}_WS_URL": urls["ws"][name.lower()] for name in VENUES},
        }
        async with service(settings, str(start_ms), str(began_s), str(speed)) as process:
            await until(lambda: telegram.polls > 0 and bool(discord.identified), WITHIN_S)
            await _taken_up(folder / "log.txt")
            return await _measured(Stretch(speed), hours, process.pid, exchanges, telegram, data)


async def _taken_up(log: Path) -> None:
    """Return when the past of every asset is read, as the log says: of a second start, which remembers it, at once."""
    deadline_s = monotonic_s() + WITHIN_S
    while (count := _said(log).count(TAKEN_UP)) < len(ASSETS):
        if monotonic_s() > deadline_s:
            say(f"only {count} assets were taken up")
            return
        await asyncio.sleep(1.0)


def _said(log: Path) -> str:
    return log.read_text(errors="replace")


async def _measured(
    found: Stretch, hours: float, process_id: int, exchanges: Any, telegram: BotApi, data: Path
) -> Stretch:
    await telegram.say("/subscribe", chat=PRIVATE, sender=ALICE)
    sent, used_s, began_s, asked_s = await counted(exchanges), cpu_s(process_id), monotonic_s(), 0.0
    place = 0
    while (passed_s := monotonic_s() - began_s) * found.speed < hours * HOUR_S:
        shares = shares_mb(process_id)
        found.last_mb = sum(shares.values())
        if found.last_mb > found.most_mb:
            found.most_mb, found.by_process = found.last_mb, shares
        found.disk_mb = max(found.disk_mb, disk_mb(data))
        if passed_s - asked_s >= ASK_EVERY_S:
            asked_s, place = passed_s, place + 1
            await telegram.say(LINES[place % len(LINES)], chat=PRIVATE, sender=ALICE)
        await asyncio.sleep(min(SAMPLE_S, 1.0 + hours))
    found.wall_s = monotonic_s() - began_s
    found.market_s, found.cpu_s = found.wall_s * found.speed, cpu_s(process_id) - used_s
    found.sent = {name: count - sent.get(name, 0) for name, count in (await counted(exchanges)).items()}
    return found


def judged(real: Stretch, day: Stretch) -> Iterator[str]:
    """What holds and what does not."""
    most_mb, share, disk = (
        max(real.most_mb, day.most_mb),
        real.cpu_s / real.wall_s,
        max(real.disk_mb, day.disk_mb),
    )
    yield f"{'holds' if most_mb <= MOST_MB else 'MISSED'}: all processes together at most {MOST_MB:.0f} MB ({most_mb:.0f} MB)"
    yield f"{'holds' if share <= MOST_SHARE else 'MISSED'}: at most {MOST_SHARE:.0%} of a core at real speed ({share:.1%})"
    yield f"{'holds' if disk <= MOST_DISK_MB else 'MISSED'}: at most {MOST_DISK_MB:.0f} MB of disk ({disk:.1f} MB)"


async def _run(hours: float, minutes: float, speed: float) -> int:
    with tempfile.TemporaryDirectory(prefix="sw-", dir="/tmp") as folder:
        try:
            real = await stretch(Path(folder), 1.0, minutes / 60.0, 0.0)
            say("\n".join(real.told()))
            day = await stretch(Path(folder), speed, hours, 2.0)
            say("\n".join(day.told()))
        finally:
            log = Path(folder) / "log.txt"
            lines = log.read_text(errors="replace").splitlines() if log.exists() else []
            say(
                f"log: {len(lines)} lines; the last ones of weight:\n"
                + "\n".join([one[:200] for one in lines if "error" in one.lower()][-5:])
            )
    say("\n".join(judged(real, day)))
    return 0


def main() -> int:
    """Run, print, judge."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--hours", type=float, default=24.0)
    asked.add_argument("--minutes", type=float, default=10.0)
    asked.add_argument("--speed", type=float, default=20.0)
    given = asked.parse_args()
    return asyncio.run(_run(given.hours, given.minutes, given.speed))


if __name__ == "__main__":
    sys.exit(main())
