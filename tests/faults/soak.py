"""`python -m tests.faults.soak`: a hundred thousand deliveries while workers and the store are killed again and again.

It prints its figures and ends with 1 where one does not hold. With `--no-kills` it is the run without faults.
"""

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.table import State
from scheduler.clock import now_ms
from store.chats import StoredChats
from store.connection import StoreUnavailable
from tests.faults.stage import Stage, staged
from tests.faults.verdict import Verdict, judge

ROUNDS = (
    ("BTC", Severity.WARNING, Edge.FIRED),
    ("BTC", Severity.CRITICAL, Edge.ESCALATED),
    ("BTC", Severity.CRITICAL, Edge.RESOLVED),
    ("ETH", Severity.CRITICAL, Edge.FIRED),
    ("ETH", Severity.CRITICAL, Edge.RESOLVED),
)
"""Each of these is a new message in every chat: a wave, its escalation, its digest, another wave, its digest."""
TELEGRAM_SHARE = 0.7
LEAVING = 0.01
"""So many chats unsubscribe in the middle of a round."""
MOST_TWICE_A_KILL = 4
ROUND_WITHIN_S = 3_600.0


@dataclass(slots=True)
class Run:
    """What is done to a stage, and when."""

    stage: Stage
    dice: random.Random
    worker_every_s: tuple[float, float] | None = (2.0, 5.0)
    server_every_s: float = 20.0
    kills_ms: list[int] = field(default_factory=list)
    server_kills: int = 0
    left_ms: dict[str, int] = field(default_factory=dict)
    expected: set[tuple[str, str]] = field(default_factory=set)
    allowed: set[tuple[str, str]] = field(default_factory=set)

    async def keep_a_worker(self) -> None:
        """Start a worker and kill it, again and again; cancelled, it ends the last one in order."""
        while True:
            worker = await self.stage.worker()
            try:
                if self.worker_every_s is None:
                    await worker.wait()
                else:
                    await asyncio.sleep(self.dice.uniform(*self.worker_every_s))
                    worker.kill()
                    await worker.wait()
                    self.kills_ms.append(now_ms())
            except asyncio.CancelledError:
                worker.terminate()
                await worker.wait()
                raise

    async def kill_the_server(self) -> None:
        """Kill -9 of Valkey, again and again."""
        while self.worker_every_s is not None:
            await asyncio.sleep(self.server_every_s)
            with suppress(OSError, ValueError):
                self.stage.kill_server()
                self.server_kills += 1

    async def let_leave(self, addresses: Sequence[str]) -> None:
        """Unsubscribe some, one after the other; whoever has left is to hear nothing more."""
        chats = StoredChats(self.stage.connection)
        for address in addresses:
            while True:
                try:
                    await chats.change(address, lambda chat: replace(chat, subscriptions=()))
                    break
                except StoreUnavailable:
                    await asyncio.sleep(0.1)
            self.left_ms[address] = now_ms()

    async def rounds(self, addresses: list[str]) -> None:
        """Announce, wait until all is delivered, announce the next."""
        here = list(addresses)
        for number, (asset, severity, edge) in enumerate(ROUNDS, 1):
            name = f"{number:04x}"
            going = self.dice.sample(here, int(LEAVING * len(addresses)))
            here = sorted(set(here) - set(going))
            self.expected |= {(address, name) for address in here}
            self.allowed |= {(address, name) for address in going}
            await self.stage.announce(alert(name, asset, severity, edge))
            leaving = asyncio.create_task(self.let_leave(going))
            began_s = time.monotonic()
            await self.stage.until_delivered(ROUND_WITHIN_S)
            await leaving
            print(
                f"  round {number}: {len(here)} chats, {time.monotonic() - began_s:.0f} s, {len(self.kills_ms)} kills so far",
                flush=True,
            )


def alert(name: str, asset: str, severity: Severity, edge: Edge) -> Alert:
    """A cascade as the engine decides it now."""
    return Alert(
        id=name,
        asset=asset,
        kind=Kind.CASCADE,
        severity=severity,
        edge=edge,
        reason=Reason.PRICE_SHOCK,
        at_ms=now_ms(),
        opened_ms=now_ms(),
        state=State.UNWINDING,
        lost_so_far=-0.031,
        low_so_far=-0.05,
    )


def crowd(many: int) -> list[str]:
    """So many chats, seven of ten on Telegram."""
    return [
        f"telegram:{10_000 + number}" if number % 10 < 10 * TELEGRAM_SHARE else f"discord:{10_000 + number}"
        for number in range(many)
    ]


async def soak(
    folder: Path, deliveries: int, scale: float, seed: int, *, kills: bool, workers: int = 1
) -> tuple[Verdict, Run]:
    """The whole run in `folder`."""
    chats = -(-deliveries // len(ROUNDS))
    chats = int(chats / (1 - LEAVING * (len(ROUNDS) + 1) / 2)) + 1
    async with staged(folder, scale=scale, latency_ms=50.0 / scale) as stage:
        addresses = crowd(chats)
        await stage.subscribe(addresses)
        run = Run(stage, random.Random(seed), (2.0, 5.0) if kills else None)
        tasks = [asyncio.create_task(run.keep_a_worker()) for _ in range(workers)]
        tasks.append(asyncio.create_task(run.kill_the_server()))
        try:
            await run.rounds(addresses)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        parked = await stage.parked()
        arrivals = await stage.arrivals()
        print(
            f"  parked as uncertain: {parked.count('uncertain')}, parked for other reasons: {len(parked) - parked.count('uncertain')}"
        )
        return judge(run.expected, run.allowed, run.left_ms, arrivals, run.kills_ms), run


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="tests.faults.soak")
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--folder", type=Path, help="where the store's file lies; a temporary folder unless said"
    )
    parser.add_argument("--no-kills", action="store_true")
    parser.add_argument("--workers", type=int, default=1, help="so many processes deliver at the same time")
    words = parser.parse_args()
    began_s = time.monotonic()
    print(
        f"{words.deliveries} deliveries by {words.workers} workers, limits x{words.scale:g}, seed {words.seed}, {'no kills' if words.no_kills else 'kills'}"
    )
    with tempfile.TemporaryDirectory(dir=words.folder) as folder:
        work = soak(
            Path(folder),
            words.deliveries,
            words.scale,
            words.seed,
            kills=not words.no_kills,
            workers=words.workers,
        )
        verdict, run = asyncio.run(work)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    took_s = time.monotonic() - began_s
    print(f"{took_s:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of CPU in the children; worker killed {len(run.kills_ms)} times, "
          f"Valkey {run.server_kills} times")  # fmt: skip
    print("\n".join(verdict.lines()))
    failures = broken(verdict, kills=not words.no_kills)
    print("all of it holds" if not failures else "DOES NOT HOLD: " + "; ".join(failures))
    return 1 if failures else 0


def broken(verdict: Verdict, *, kills: bool) -> list[str]:
    """Which promises this run broke."""
    promises = {
        f"lost {verdict.lost[:5]}": not verdict.lost,
        "a second copy on Discord": not verdict.twice.get("discord"),
        "more than four second copies a kill": verdict.worst_kill <= MOST_TWICE_A_KILL,
        "a second copy without a kill": kills or not verdict.twice,
        "a second copy that no kill explains": not verdict.by_kill.get(-1),
        "more than two copies": verdict.most_copies <= 2,
        "a second copy is not marked": not verdict.unmarked,
        "somebody got what was not meant for them": not verdict.unexpected,
        "somebody who had left was told": not verdict.to_who_left,
        "out of order": not verdict.out_of_order,
    }
    return [said for said, holds in promises.items() if not holds]


if __name__ == "__main__":
    sys.exit(main())
