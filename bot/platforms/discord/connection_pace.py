"""How often a shard connects, resumes and begins anew: Discord's limits on sessions, and no hot loop where it is in trouble."""

import random
from collections import defaultdict, deque
from collections.abc import Mapping

import structlog

from scheduler.clock import Clock

IDENTIFY_EVERY_S = 5.0
"""One IDENTIFY in five seconds for each place of `max_concurrency` (developer documentation, Sharding)."""
RECENT_S = 60.0
FREE_CONNECTS = 2
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
MOST_RESUMES = 3
"""So many RESUMEs in a row that come to nothing, and the session is given up: some stay broken for minutes."""

log = structlog.stdlib.get_logger(__name__)


class ConnectionPace:
    """What is remembered of each shard's attempts; one for a bot."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._connects_s: defaultdict[int, deque[float]] = defaultdict(deque)
        self._resumes: defaultdict[int, int] = defaultdict(int)
        self._identified_s: dict[int, float] = {}
        self._at_once = 1
        self._starts_left: int | None = None
        self._starts_again_s = 0.0

    def limit(self, told: Mapping[str, int]) -> None:
        """What Discord says of this bot's sessions: `session_start_limit` of Get Gateway Bot."""
        self._at_once = max(1, told["max_concurrency"])
        self._starts_left = told["remaining"]
        self._starts_again_s = self._clock.monotonic_s() + told["reset_after"] / 1_000

    async def before_connect(self, shard: int) -> None:
        """Wait before a shard connects: not at first, then longer and longer while it comes back again and again."""
        now_s, recent = self._clock.monotonic_s(), self._connects_s[shard]
        while recent and recent[0] < now_s - RECENT_S:
            recent.popleft()
        again = len(recent) - FREE_CONNECTS
        if again >= 0:
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**again)
            await self._clock.sleep(pause_s * random.uniform(0.5, 1.0))
        recent.append(self._clock.monotonic_s())

    def may_resume(self, shard: int) -> bool:
        """Whether a RESUME is worth its try."""
        return self._resumes[shard] < MOST_RESUMES

    def resuming(self, shard: int) -> None:
        """A RESUME is sent."""
        self._resumes[shard] += 1

    def proven(self, shard: int) -> None:
        """READY or RESUMED came."""
        self._resumes[shard] = 0

    async def until_starts(self, count: int = 1) -> None:
        """Wait until Discord lets this bot begin so many sessions: it takes the token from who begins too many a day."""
        now_s = self._clock.monotonic_s()
        if self._starts_left is not None and self._starts_left < count and now_s < self._starts_again_s:
            wait_s = self._starts_again_s - now_s
            log.error("Discord allows this bot no more sessions for a while", wait_s=round(wait_s))
            await self._clock.sleep(wait_s)
            self._starts_left = None

    async def before_identify(self, shard: int) -> None:
        """Wait for the shard's turn to begin a session."""
        place, now_s = shard % self._at_once, self._clock.monotonic_s()
        turn_s = max(now_s, self._identified_s.get(place, -IDENTIFY_EVERY_S) + IDENTIFY_EVERY_S)
        self._identified_s[place] = turn_s
        if self._starts_left is not None:
            self._starts_left -= 1
        if turn_s > now_s:
            await self._clock.sleep(turn_s - now_s)
