"""Who wants to hear of what: 100,000 subscriptions and 300 assets, by index and by looking at every subscription.

`python -m benchmarks.matching`: first both ways must find the same chats for the same alerts (exit 1 if not), then CPU time
of a cycle, least and median, from no alert at all to every asset at once. A target that is missed is printed as such.
"""

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median
from time import process_time

from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.table import State
from scheduler.subscriptions.index import Index
from store.chats import Chat, Subscription
from store.wishes import wants

SUBSCRIPTIONS, ASSETS = 100_000, 300
A_CHAT = 4
EVERYTHING = 0.01
"""So many subscriptions are for every asset; most people follow a few."""
ROUNDS = 15
TARGET_MS = 10.0
SEED = 7
NOW_MS = 1_763_000_000_000
SEVERITIES, KINDS = tuple(Severity), tuple(Kind)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of a cycle in milliseconds, and how many chats it found."""

    least_ms: float
    median_ms: float
    matches: int


def asset(number: int) -> str:
    """One of the assets; the first ones are followed most."""
    return f"A{number:03}"


def crowd(dice: Random, many: int) -> list[Chat]:
    """Chats with four subscriptions each."""
    return [Chat(f"telegram:{number}", tuple(_wish(dice) for _ in range(A_CHAT))) for number in range(many)]


def _wish(dice: Random) -> Subscription:
    followed = None if dice.random() < EVERYTHING else asset(min(int(dice.expovariate(0.02)), ASSETS - 1))
    return Subscription(followed, dice.choice(KINDS), dice.choice(SEVERITIES))


def cycle(dice: Random, falling: int) -> list[Alert]:
    """What a cycle decides where so many assets have something to tell."""
    return [_alert(asset(number), dice) for number in dice.sample(range(ASSETS), falling)]


def _alert(name: str, dice: Random) -> Alert:
    return Alert(
        id="c7f2",
        asset=name,
        kind=dice.choice(KINDS),
        severity=dice.choice(SEVERITIES),
        edge=Edge.FIRED,
        reason=Reason.PRICE_SHOCK,
        at_ms=NOW_MS,
        opened_ms=NOW_MS,
        state=State.UNWINDING,
    )


def by_looking(chats: Sequence[Chat], alerts: Sequence[Alert]) -> dict[str, list[int]]:
    """The meaning of it: every chat asked for every alert."""
    found = {
        chat.address: [number for number, one in enumerate(alerts) if wants(chat, one)] for chat in chats
    }
    return {address: numbers for address, numbers in found.items() if numbers}


def cost(index: Index, cycles: Sequence[Sequence[Alert]]) -> Cost:
    """What cycles cost by index."""
    times, matches = [], 0
    for alerts in cycles:
        gc.collect()
        began_s = process_time()
        found = index.match(enumerate(alerts))
        times.append((process_time() - began_s) * 1e3)
        matches = max(matches, len(found))
    return Cost(min(times), median(times), matches)


def say(line: str) -> None:
    """One line of what is told."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Compare, measure, print."""
    dice = Random(SEED)
    chats = crowd(dice, SUBSCRIPTIONS // A_CHAT)
    index = Index()
    began_s = process_time()
    index.fill(chats)
    filled_ms = (process_time() - began_s) * 1e3
    few, some = chats[:1_000], cycle(dice, 60)
    checked = Index()
    checked.fill(few)
    if checked.match(enumerate(some)) != by_looking(few, some):
        say("The index and looking at every subscription do not find the same chats.")
        return 1
    say(
        f"{SUBSCRIPTIONS} subscriptions of {len(chats)} chats, {ASSETS} assets; filled in {filled_ms:.0f} ms of CPU"
    )
    worst_ms = 0.0
    for falling in (0, 1, 6, 30, ASSETS):
        told = cost(index, [cycle(dice, falling) for _ in range(ROUNDS)])
        worst_ms = max(worst_ms, told.median_ms)
        say(
            f"{falling:4} alerts a cycle: least {told.least_ms:7.3f} ms, median {told.median_ms:7.3f} ms, "
            f"at most {told.matches} chats"
        )
    began_s = process_time()
    for number in range(1_000):
        index.put(Chat(f"telegram:{number}", (Subscription(asset(number % ASSETS), Kind.CASCADE),)))
    say(f"a chat that changes: {(process_time() - began_s) * 1e3:.1f} µs of CPU")
    say(f"{'holds' if worst_ms <= TARGET_MS else 'MISSED'}: at most {TARGET_MS:.0f} ms a cycle")
    return 0


if __name__ == "__main__":
    sys.exit(main())
