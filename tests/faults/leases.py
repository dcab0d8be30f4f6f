"""`python -m tests.faults.leases --changes 1000`: three want to lead, and are stopped, woken and killed at random.

Every write is noted by the server in its own order, with the tenure of its writer and the lease as it is at that moment.
Judged: never two that write in one tenure, none that writes after the next has begun, no stale write, no step lost.
"""

import argparse
import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from store.connection import Connection, connected
from store.history import History
from store.lease import Tenure, leader
from store.server import ephemeral_valkey
from tests.faults.lease_worker import LANDED, NAME, REFUSED, STALE, STATE

WORKERS, TTL_MS = 3, 300
CHANGE_WITHIN_S, LOOK_S = 30.0, 0.01
TROUBLES = ("stop", "kill", "end", "stop all but one")
OFTEN = (6, 2, 2, 1)
"""How often each happens to each other."""
OF_TEN_KNOWN = 5
"""So many of ten workers bear a name by which others see that they are dead; of the rest the lease has to expire."""


@dataclass(slots=True)
class Judged:
    """What came of it; `wrong` in words, empty where all was well."""

    changes: int
    landed: int
    stale: int
    refused: int
    steps: int
    longest_gap_ms: int
    done: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        done = ", ".join(f"{count} x {name}" for name, count in sorted(self.done.items()))
        return (
            f"{self.changes} changes of the lease ({done})\n"
            f"{self.landed} writes landed, in {self.steps} steps without a gap; "
            f"{self.stale} writes began when another one led or nobody did, {self.refused} were refused\n"
            f"longest time without a write {self.longest_gap_ms} ms (time to live of a lease: {TTL_MS} ms)\n"
            + ("\n".join(self.wrong) or "never two that write in one tenure, and no stale write landed")
        )


class Crowd:
    """The workers, one of which leads."""

    def __init__(self, socket: Path, dice: random.Random, often: Sequence[int] = OFTEN) -> None:
        self._socket, self._dice, self._often = socket, dice, often
        self._workers: list[subprocess.Popen[bytes]] = []
        self._made = 0
        self._asleep: dict[int, float] = {}
        self.names: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.fallen: list[str] = []

    def begin(self) -> None:
        """Start all of them."""
        self._workers = [self._start() for _ in range(WORKERS)]

    def trouble(self, holder: str) -> None:
        """Something happens to the one that leads, as a rule, or to any."""
        place = self._place_of(holder)
        if place is None or self._dice.random() < 0.2:
            place = self._dice.randrange(WORKERS)
        what = self._dice.choices(TROUBLES, self._often)[0]
        self.done[what] = self.done.get(what, 0) + 1
        if what == "stop":
            self._stop(place)
        elif what == "stop all but one":
            for other in range(WORKERS):
                if other != place:
                    self._stop(other)
        else:
            self._replace(place, signal.SIGKILL if what == "kill" else signal.SIGTERM)

    def wake(self) -> None:
        """Let those go on whose time it is."""
        for place, until_s in list(self._asleep.items()):
            if time.monotonic() >= until_s:
                del self._asleep[place]
                self._workers[place].send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill them all."""
        for worker in self._workers:
            if worker.poll() is not None:
                self.fallen.append(f"a worker ended by itself, with {worker.returncode}")
            worker.kill()
            worker.wait()

    def _stop(self, place: int) -> None:
        self._workers[place].send_signal(signal.SIGSTOP)
        self._asleep[place] = time.monotonic() + self._dice.uniform(0.2, 2.5) * TTL_MS / 1_000

    def _replace(self, place: int, number: int) -> None:
        """End a worker, asleep or not, and start another in its place."""
        worker = self._workers[place]
        self._asleep.pop(place, None)
        if worker.poll() is not None:
            self.fallen.append(f"a worker ended by itself, with {worker.returncode}")
        worker.send_signal(signal.SIGCONT)
        worker.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            worker.wait(5.0)
        worker.kill()
        worker.wait()
        self._workers[place] = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._made += 1
        name = "" if self._dice.random() < OF_TEN_KNOWN / 10 else f"elsewhere:{self._made}"
        command = [sys.executable, "-m", "tests.faults.lease_worker", str(self._socket), name, str(TTL_MS)]
        worker = subprocess.Popen(command)
        self.names[name or str(worker.pid)] = worker.pid
        return worker

    def _place_of(self, holder: str) -> int | None:
        parts = holder.rsplit(":", 3)
        pid = self.names.get(holder) or (int(parts[1]) if len(parts) == 4 else None)
        return next((place for place, worker in enumerate(self._workers) if worker.pid == pid), None)


async def leases(changes: int, seed: int, often: Sequence[int] = OFTEN) -> Judged:
    """Let that many changes of the lease happen, and judge what the server noted."""
    async with ephemeral_valkey() as socket, connected(socket) as connection:
        crowd = Crowd(socket, random.Random(seed), often)
        try:
            crowd.begin()
            await _change(crowd, connection, changes)
        finally:
            crowd.end()
        judged = await judge(connection)
        judged.done = crowd.done
        judged.wrong += crowd.fallen
        return judged


async def _change(crowd: Crowd, connection: Connection, changes: int) -> None:
    """Make trouble for whoever leads and has written, again and again, until so many have followed each other."""
    led: set[int] = set()
    while len(led) <= changes:
        async with asyncio.timeout(CHANGE_WITHIN_S):
            now = await _who_writes(crowd, connection)
        led.add(now.token)
        crowd.trouble(now.holder)
        await _until_changed(crowd, connection, now)


async def _who_writes(crowd: Crowd, connection: Connection) -> Tenure:
    """The one that leads, once it has written."""
    while True:
        crowd.wake()
        now = await leader(connection, NAME)
        async with connection.reading() as redis:
            last: Any = await redis.lindex(LANDED, -1)
        if now is not None and last is not None and last.decode().startswith(f"{now.value}|"):
            return now
        await asyncio.sleep(LOOK_S)


async def _until_changed(crowd: Crowd, connection: Connection, before: Tenure) -> None:
    """Wait until another one leads; not for ever, as what happened may not have hit the one that leads."""
    until_s = time.monotonic() + 3 * TTL_MS / 1_000
    while time.monotonic() < until_s:
        crowd.wake()
        if await leader(connection, NAME) not in {None, before}:
            return
        await asyncio.sleep(LOOK_S)


async def judge(connection: Connection) -> Judged:
    """Read what the server noted, in its order."""
    async with connection.reading(30.0) as redis:
        stored: list[Any] = await redis.lrange(LANDED, 0, -1)
        at_ms = [int(at) for at in await redis.lrange(f"{LANDED}:at", 0, -1)]
        stale, refused = [int(count or 0) for count in await redis.mget(STALE, REFUSED)]
    notes = [note.decode().split("|") for note in stored]
    kept = await History(connection, STATE).load("BTC")
    wrong = wrong_in([(claimed, held) for claimed, held, _ in notes])
    steps = [int(step) for _, _, step in notes]
    if steps != sorted(steps) or steps[-1] > kept.last_seq or kept.lost is not None:
        wrong.append("a step was lost, or taken again by another one")
    gaps = [later - earlier for earlier, later in pairwise(at_ms)]
    changes = len({claimed for claimed, _, _ in notes}) - 1
    return Judged(changes, len(notes), stale, refused, kept.last_seq, max(gaps), wrong=wrong)


def wrong_in(notes: Sequence[tuple[str, str]]) -> list[str]:
    """What must never be, in words: of each write the tenure that its writer believed in, and the lease at that moment.

    One that expired is still its last leader's, until another one takes it.
    """
    wrong, holders, last = [], dict[int, str](), 0
    for claimed, held in notes:
        token, _, holder = claimed.partition(":")
        if held not in {claimed, f"free after {token}"}:
            wrong.append(f"a write under {claimed} landed while the lease was {held}")
        if holders.setdefault(int(token), holder) != holder:
            wrong.append(f"{holder} and {holders[int(token)]} both wrote in tenure {token}")
        if int(token) < last:
            wrong.append(f"a write under {claimed} landed after one of tenure {last}")
        last = max(last, int(token))
    return wrong


def main() -> int:
    """Run it, print what came of it, and give 1 where something was wrong."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--changes", type=int, default=1_000)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    began_s = time.monotonic()
    judged = asyncio.run(leases(given.changes, given.seed))
    print(f"{judged}\n{time.monotonic() - began_s:.0f} s")
    return 1 if judged.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
