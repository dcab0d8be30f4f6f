"""A warning to 3,000 chats of each platform at the speed the platforms allow, and what a command waits meanwhile.

`python -m benchmarks.fanout`: the production path, from the announcement through Valkey to the real libraries, against
doubles that enforce the documented limits and answer after 50 ms; then the same chats by python-telegram-bot's own rate
limiter. Ends with 1 where a message is lost or comes twice; a target that is missed is printed as such.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.messenger import Messenger
from commands.protocol.reply import Reply, Text
from market.alerts import Edge, Severity
from scheduler.clock import monotonic_s, now_ms
from store.pace import Pace
from tests.doubles.strict.running import Arrival, Strict, strict
from tests.faults.soak import alert
from tests.faults.stage import Stage, copies, staged
from tests.faults.worker import discord_at, telegram_at

CHATS = 3_000
ASK_EVERY_S = 2.0
ASKER = "telegram:5"
WITHIN_S = 600.0
NAME = "c7f2"
TELEGRAM_PER_S, TELEGRAM_BURST, DISCORD_PER_S = 30.0, 30.0, 45.0
MOST_RATIO, MOST_REFUSED, MOST_REPLY_S, LEAST_BETTER = 1.10, 0.005, 1.0, 50.0


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What a platform's double saw, and what the sender used. `peak` is the most requests in any second."""

    took_s: float
    received: int
    most_copies: int
    refused: int
    requests: int
    peak: int

    @property
    def refused_share(self) -> float:
        """The share of requests that were answered with 429."""
        return self.refused / max(1, self.requests)


def seen(arrivals: Sequence[Arrival], platform: str, began_ms: int) -> Broadcast:
    """What arrived of the warning on a platform."""
    here = [one for one in arrivals if one.chat.startswith(platform)]
    found = copies(one for one in here if one.name == NAME)
    return Broadcast(
        took_s=(max(came[0].at_ms for came in found.values()) - began_ms) / 1_000.0,
        received=len(found),
        most_copies=max(len(came) for came in found.values()),
        refused=sum(one.kind == "refused" for one in here),
        requests=len(here),
        peak=_peak([one.at_ms for one in here if one.kind != "asked"]),
    )


def _peak(times_ms: Sequence[int]) -> int:
    window: deque[int] = deque()
    peak = 0
    for at_ms in sorted(times_ms):
        window.append(at_ms)
        while window[0] <= at_ms - 1_000:
            window.popleft()
        peak = max(peak, len(window))
    return peak


async def ask(stage: Stage, messenger: Messenger, waits_s: list[float]) -> None:
    """A reply every two seconds, ahead of the broadcast: the way the platforms' answers go."""
    manners = messenger.manners
    pace = Pace(stage.connection, messenger.platform, manners.overall, manners.reserve)
    while True:
        began_s = monotonic_s()
        await pace.reply_turn(ASKER, messenger.rates(ASKER))
        await messenger.send(ASKER, Reply((Text("the answer to a command"),)), is_silent=False, nonce="")
        waits_s.append(monotonic_s() - began_s)
        await asyncio.sleep(ASK_EVERY_S)


async def ours(folder: Path, chats: int) -> tuple[Broadcast, Broadcast, list[float], float]:
    """Both platforms at once by one program: what arrived, what replies waited, and the CPU used, in seconds."""
    async with staged(folder) as stage, AsyncExitStack() as stack:
        addresses = [f"{platform}:{10_000 + n}" for platform in ("telegram", "discord") for n in range(chats)]
        await stage.subscribe(addresses)
        office = PostOffice(stage.connection, Words(), now_ms)
        messengers = [
            await telegram_at(stage.telegram.url, stack),
            await discord_at(stage.discord.url, stack),
        ]
        waits_s: list[float] = []
        work = [office.address(), *map(office.deliver, messengers), ask(stage, messengers[0], waits_s)]
        tasks = [asyncio.create_task(one) for one in work]
        await asyncio.sleep(3.0)
        waits_s.clear()
        used_s, began_ms = time.process_time(), now_ms()
        await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
        await stage.until_delivered(WITHIN_S)
        used_s = time.process_time() - used_s
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        arrivals = await stage.arrivals()
        return seen(arrivals, "telegram", began_ms), seen(arrivals, "discord", began_ms), waits_s, used_s


async def peer(folder: Path, chats: int) -> tuple[dict[str, float], list[float], Strict] | None:
    """The same by python-telegram-bot's AIORateLimiter, in a process of its own; None where it cannot be run."""
    async with strict("telegram", folder / "peer.ledger") as place:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.fanout_peer",
            place.url,
            str(chats),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        if process.returncode:
            say(f"The peer did not run: {complained.decode().strip().splitlines()[-1]}")
            return None
        told = json.loads(said)
        stats = await place.stats()
        told["refused"] = stats.get("refused", 0)
        return told, told.pop("waits_s"), place


def shown(name: str, least_s: float, sent: Broadcast, chats: int) -> None:
    """One line of the table."""
    say(
        f"{name:28} {sent.took_s:7.1f} s  x{sent.took_s / least_s:.3f} of {least_s:.1f} s  lost {chats - sent.received}  "
        f"copies <= {sent.most_copies}  429s {sent.refused} ({sent.refused_share:.2%})  most in a second {sent.peak}"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def say(line: str) -> None:
    """One line of what is told."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="benchmarks.fanout")
    parser.add_argument("--chats", type=int, default=CHATS)
    parser.add_argument("--alone", action="store_true", help="without the peer")
    words = parser.parse_args()
    chats = words.chats
    with tempfile.TemporaryDirectory() as folder:
        telegram, discord, waits_s, used_s = asyncio.run(ours(Path(folder), chats))
        theirs = None if words.alone else asyncio.run(peer(Path(folder), chats))
    least_s = {"telegram": (chats - TELEGRAM_BURST) / TELEGRAM_PER_S, "discord": chats / DISCORD_PER_S}
    shown("Seawall, Telegram", least_s["telegram"], telegram, chats)
    shown("Seawall, Discord", least_s["discord"], discord, chats)
    reply_s = percentile(waits_s, 0.99)
    say(f"{'':28} replies in mid-broadcast: {len(waits_s)}, p50 {median(waits_s):.3f} s, p99 {reply_s:.3f} s")
    say(
        f"{'':28} {used_s / (2 * chats) * 1e3:.1f} ms of CPU a message, both platforms and the store's client"
    )
    targets = {
        f"Telegram within {MOST_RATIO:.2f}x": telegram.took_s <= MOST_RATIO * least_s["telegram"],
        f"Discord within {MOST_RATIO:.2f}x of N/45 s": discord.took_s <= MOST_RATIO * least_s["discord"],
        f"at most {MOST_REFUSED:.1%} answered 429": max(telegram.refused_share, discord.refused_share)
        <= MOST_REFUSED,
        "Discord never above 45 a second": discord.peak <= DISCORD_PER_S,
        f"a reply p99 within {MOST_REPLY_S:.0f} s": reply_s <= MOST_REPLY_S,
    }
    if theirs is not None:
        told, peer_waits_s, _ = theirs
        peer_s = percentile(peer_waits_s, 0.99)
        say(
            f"{'PTB AIORateLimiter':28} {told['took_s']:7.1f} s  x{told['took_s'] / least_s['telegram']:.3f}  "
            f"lost {told['lost']:.0f}  429s {told['refused']:.0f}  replies p50 {median(peer_waits_s):.1f} s, p99 {peer_s:.1f} s  "
            f"{told['cpu_s'] / chats * 1e3:.1f} ms of CPU a message"
        )
        say(f"{'':28} a reply waits {peer_s / reply_s:.0f}x as long there")
        targets[f"replies {LEAST_BETTER:.0f}x sooner than there"] = peer_s >= LEAST_BETTER * reply_s
    for said, holds in targets.items():
        say(f"{'holds' if holds else 'MISSED'}: {said}")
    is_right = (
        telegram.received == discord.received == chats and telegram.most_copies == discord.most_copies == 1
    )
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
