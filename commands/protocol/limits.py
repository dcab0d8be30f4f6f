"""Who is let in at the door, and how often: those whom the owner allows, so many times a minute, and not beyond our means.

Each process grants from what it knows, without a question to the store, as long as more than half of a bucket is left, and
tells the store of it a moment later; what is nearly used up is asked for. What several processes grant within TELL_EVERY_S
of one another, before they have heard of it, may go beyond a limit; afterwards the bucket is the emptier for it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.services import Bucket, Limits

MINUTE_S = 60.0
EASY_SHARE = 0.5
"""While more than this share of a bucket is left, a process grants by itself."""
TELL_EVERY_S = 0.05
ASKED_WITHIN_S = 0.3
"""Who asks is not held up longer by a store that hangs: what this process knows decides then."""
AWAY_FOR_S = 1.0
"""So long a store that did not answer is not asked again."""
MOST_KNOWN = 10_000
TOLD_AGAIN_S = 60.0
"""Who asks too much is told so once in this time, and left unanswered otherwise."""
STRANGER_TOLD_AGAIN_S = 86_400.0
NEVER_S = 0.0
"""Stands for "it cannot be said where it was asked", as while somebody types."""
MOST_TOLD_A_MINUTE = 60
"""Refusals that are put into words, of all: a crowd that is refused must not make the bot speak more than it may."""
COMPUTE_SHARE, COMPUTE_BURST_S = 0.5, 30.0
"""Answers may take half of a core for long, and thirty seconds of it at once."""

LINE, INLINE, LETTER = 1.0, 0.2, 0.1
"""What it costs to ask a line or press a button, to be offered answers as one types, and to be offered words."""


class Refused(StrEnum):
    """Why nothing is done for somebody: the key of the sentence they are told."""

    STRANGER = "door.stranger"
    PERSON = "door.too_often"
    CHAT = "door.chat_too_often"
    ALL = "door.too_busy"


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may ask at all ("telegram:123", a person, chat or server; () for everybody), and how often a minute."""

    allowed: tuple[str, ...] = ()
    a_person: int = 20
    a_chat: int = 30
    in_all: int = 500


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks and where, in the platform's own numbers; "" for what there is not. `is_owner`: whom nothing holds up.

    `chat` is "" as well where a person is alone with the bot: the limit of a person holds there.
    """

    platform: str
    user: str
    chat: str = ""
    server: str = ""
    is_owner: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Under what the list may name them."""
        there = (self.user, self.chat.partition(":")[0], self.server)
        return tuple(f"{self.platform}:{name}".lower() for name in there if name)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is done, how long to wait (s, 0 where waiting changes nothing), and whether that is to be said or was."""

    why: Refused
    wait_s: float
    is_told: bool


class Gate:
    """The door's keeper of one process. `limits` is None where nobody shares them; `clock` gives seconds that only go forward."""

    def __init__(self, limits: Limits | None = None, clock: Callable[[], float] | None = None) -> None:
        self._limits = limits
        self._clock = clock or asyncio.get_running_loop().time
        self._known: OrderedDict[Bucket, tuple[float, float]] = OrderedDict()
        self._untold: dict[Bucket, float] = {}
        self._telling: asyncio.Task[None] | None = None
        self._told: OrderedDict[tuple[Refused, str], float] = OrderedDict()
        self._told_at_s: deque[float] = deque(maxlen=MOST_TOLD_A_MINUTE)
        self._away_until_s = self._clock()
        self._spent_s, self._spent_at_s = 0.0, self._clock()

    def keeps_out(self, visitor: Visitor, rules: Rules, *, tells: bool = True) -> Refusal | None:
        """The refusal of somebody whom the owner does not allow; it takes no work to know. `tells`: it may be said here."""
        if not rules.allowed or visitor.is_owner or not set(rules.allowed).isdisjoint(visitor.names):
            return None
        return self._refusal(Refused.STRANGER, 0.0, visitor, STRANGER_TOLD_AGAIN_S if tells else NEVER_S)

    async def admit(
        self, visitor: Visitor, rules: Rules, cost: float = LINE, *, tells: bool = True
    ) -> Refusal | None:
        """None where something may be done for them, which is counted; else why not. `tells`: that may be said here."""
        kept_out, again_s = self.keeps_out(visitor, rules, tells=tells), TOLD_AGAIN_S if tells else NEVER_S
        if kept_out is not None or visitor.is_owner:
            return kept_out
        if (overdrawn_s := self._overdrawn_s()) > COMPUTE_BURST_S:
            wait_s = (overdrawn_s - COMPUTE_BURST_S) / COMPUTE_SHARE
            return self._refusal(Refused.ALL, wait_s, visitor, again_s)
        buckets = _buckets(visitor, rules)
        wait_s, short = await self._take(buckets, cost)
        if short is None:
            return None
        return self._refusal(_why(short, buckets, visitor), wait_s, visitor, again_s)

    def spent(self, cpu_s: float) -> None:
        """So much of a core's time went into an answer."""
        self._spent_s, self._spent_at_s = self._overdrawn_s() + cpu_s, self._clock()

    async def settled(self) -> None:
        """Wait until the store was told of all that was granted."""
        while self._telling is not None:
            await asyncio.wait({self._telling})

    async def _take(self, buckets: Sequence[Bucket], cost: float) -> tuple[float, Bucket | None]:
        """How long to wait and for which bucket, None where all of them were taken from."""
        now_s = self._clock()
        left = [self._left(bucket, now_s) for bucket in buckets]
        if not _is_easy(buckets, left, cost):
            asked = None if self._limits is None else await self._ask(self._limits, buckets, cost)
            if asked is not None:
                return asked
            now_s = self._clock()
            left = [self._left(bucket, now_s) for bucket in buckets]
            wait_s, short = _wait(buckets, left, cost)
            if short is not None:
                return wait_s, short
        for bucket, tokens in zip(buckets, left, strict=True):
            self._keep(bucket, tokens - cost, now_s)
            self._untold[bucket] = self._untold.get(bucket, 0.0) + cost
        self._tell_soon()
        return 0.0, None

    async def _ask(
        self, limits: Limits, buckets: Sequence[Bucket], cost: float
    ) -> tuple[float, Bucket | None] | None:
        """What the store says, which hears first of what was granted here; None where it does not answer."""
        if self._clock() < self._away_until_s:
            return None
        try:
            async with asyncio.timeout(ASKED_WITHIN_S):
                await self._flush(limits)
                taken = await limits.take(buckets, cost)
        except Exception as away:  # noqa: BLE001, raised again where it is a slip of ours
            self._note(away)
            return None
        now_s = self._clock()
        for bucket, left in zip(buckets, taken.left, strict=True):
            self._keep(bucket, left - self._untold.get(bucket, 0.0), now_s)
        return taken.wait_s, taken.short

    async def _flush(self, limits: Limits) -> None:
        """Tell the store what was granted, all of it at once."""
        costs, self._untold = self._untold, {}
        taken = await limits.tell(costs) if costs else None
        now_s = self._clock()
        for bucket, left in zip(costs, () if taken is None else taken.left, strict=taken is not None):
            self._keep(bucket, min(left - self._untold.get(bucket, 0.0), self._left(bucket, now_s)), now_s)

    def _note(self, away: Exception) -> None:
        """The store does not answer: for a moment it is not asked. A slip of ours is raised."""
        if not _is_away(away):
            raise away
        self._away_until_s = self._clock() + AWAY_FOR_S

    def _left(self, bucket: Bucket, now_s: float) -> float:
        """What is left of a bucket by now, as far as is known here."""
        most, known = float(bucket.a_minute), self._known.get(bucket)
        if known is None:
            return most
        filled = max(0.0, now_s - known[1]) * most / MINUTE_S
        return min(most, known[0] + filled)

    def _keep(self, bucket: Bucket, left: float, now_s: float) -> None:
        self._known[bucket] = (left, now_s)
        self._known.move_to_end(bucket)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _tell_soon(self) -> None:
        if self._limits is None:
            self._untold.clear()
        elif self._telling is None:
            self._telling = asyncio.create_task(self._tell(self._limits))

    async def _tell(self, limits: Limits) -> None:
        try:
            await self._tell_all(limits)
        finally:
            self._telling = None

    async def _tell_all(self, limits: Limits) -> None:
        """Tell the store what was granted, all of a moment at once, for as long as there is something to tell."""
        while self._untold:
            await asyncio.sleep(TELL_EVERY_S)
            try:
                await self._flush(limits)
            except Exception as away:  # noqa: BLE001, as above
                self._note(away)
                return  # what was granted meanwhile is known here, and nowhere else

    def _overdrawn_s(self) -> float:
        """CPU seconds that went into answers and that time has not made good yet."""
        return max(0.0, self._spent_s - max(0.0, self._clock() - self._spent_at_s) * COMPUTE_SHARE)

    def _refusal(self, why: Refused, wait_s: float, visitor: Visitor, again_s: float) -> Refusal:
        """The refusal, said once in a while to the same person, or chat where that is what asks too much."""
        name = visitor.chat if why is Refused.CHAT else visitor.user or visitor.chat
        whom, now_s = (why, f"{visitor.platform}:{name}"), self._clock()
        is_crowd = len(self._told_at_s) == MOST_TOLD_A_MINUTE and now_s - self._told_at_s[0] < MINUTE_S
        is_told = again_s > NEVER_S and self._told.get(whom, now_s) <= now_s and not is_crowd
        if is_told:
            self._told_at_s.append(now_s)
            self._told[whom] = now_s + again_s
            self._told.move_to_end(whom)
            while len(self._told) > MOST_KNOWN:
                self._told.popitem(last=False)
        return Refusal(why, max(0.0, wait_s), is_told)


def _is_easy(buckets: Sequence[Bucket], left: Sequence[float], cost: float) -> bool:
    """Whether so much is left of each that nobody has to be asked."""
    for bucket, tokens in zip(buckets, left, strict=True):
        if tokens - cost < EASY_SHARE * bucket.a_minute:
            return False
    return True


def _wait(buckets: Sequence[Bucket], left: Sequence[float], cost: float) -> tuple[float, Bucket | None]:
    """How long until all of them hold enough, and which takes longest; None where they do."""
    wait_s, short = 0.0, None
    for bucket, tokens in zip(buckets, left, strict=True):
        missing_s = (cost - tokens) * MINUTE_S / bucket.a_minute
        if missing_s > wait_s:
            wait_s, short = missing_s, bucket
    return wait_s, short


def _buckets(visitor: Visitor, rules: Rules) -> tuple[Bucket, ...]:
    chat = visitor.chat.partition(":")[0]
    found = [Bucket("all", rules.in_all)]
    if visitor.user:
        found.append(Bucket(f"person:{visitor.platform}:{visitor.user}", rules.a_person))
    if chat:
        found.append(Bucket(f"chat:{visitor.platform}:{chat}", rules.a_chat))
    return tuple(found)


def _why(short: Bucket, buckets: Sequence[Bucket], visitor: Visitor) -> Refused:
    if short is buckets[0]:
        return Refused.ALL
    return Refused.PERSON if visitor.user and short is buckets[1] else Refused.CHAT


def _is_away(slip: Exception) -> bool:
    """Asked for only when something went wrong: the door opens without the library of the server."""
    from store.connection import StoreUnavailable  # noqa: PLC0415, it brings the library of the server

    return isinstance(slip, StoreUnavailable | TimeoutError)
