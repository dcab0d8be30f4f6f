"""`python -m tests.faults.terms`: fifty ends in order (SIGTERM) in the middle of a broadcast; the longest, and what arrived."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from market.alerts import Edge, Severity
from tests.faults.soak import alert, crowd
from tests.faults.stage import staged
from tests.faults.verdict import judge

NAME = "c7f2"
TIMES = 50
CHATS_A_TIME = 400
MOST_S = 10.0
WITHIN_S = 600.0


async def terms(folder: Path, times: int, scale: float, seed: int) -> int:
    """End workers under load, let the last one finish, print and judge."""
    dice = random.Random(seed)
    async with staged(folder, scale=scale, latency_ms=50.0 / scale) as stage:
        chats = crowd(times * CHATS_A_TIME)
        await stage.subscribe(chats)
        await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
        took_s, busy = [], 0
        for _ in range(times):
            worker = await stage.worker()
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            busy += (await stage.left() or 0) > 0
            began_s = time.monotonic()
            worker.terminate()
            async with asyncio.timeout(4 * MOST_S):
                code = await worker.wait()
            took_s.append(time.monotonic() - began_s)
            assert code == 0, f"it ended with {code}"
        worker = await stage.worker()
        began_s = time.monotonic()
        await stage.until_delivered(WITHIN_S)
        print(f"the last one went on for {time.monotonic() - began_s:.0f} s")
        worker.terminate()
        await worker.wait()
        arrivals = await stage.arrivals()
        verdict = judge({(chat, NAME) for chat in chats}, (), {}, arrivals, ())
        again = sum(one.kind == "known" for one in arrivals)
    print(f"{times} SIGTERMs, {busy} of them under load; the longest end took {max(took_s):.2f} s")
    print("\n".join(verdict.lines()))
    print(f"sent to Discord again: {again}")
    holds = (
        not verdict.lost
        and not verdict.twice
        and not verdict.unexpected
        and not again
        and max(took_s) <= MOST_S
    )
    print("all of it holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


def main() -> int:
    """Read the words and run."""
    parser = argparse.ArgumentParser(prog="tests.faults.terms")
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(terms(Path(folder), words.times, words.scale, words.seed))


if __name__ == "__main__":
    sys.exit(main())
