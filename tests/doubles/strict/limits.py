"""The limits of a platform: so many a second on average with a burst, or so many in any second."""

import time
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at `per_s`, at most `most` of them."""

    per_s: float
    most: float
    tokens: float = -1.0
    at_s: float = 0.0

    def wait_s(self) -> float:
        """How long until there is a token; nothing is taken."""
        now_s = time.monotonic()
        if self.tokens < 0:
            self.tokens, self.at_s = self.most, now_s
        self.tokens = min(self.most, self.tokens + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        return max(0.0, (1.0 - self.tokens) / self.per_s)

    def take(self) -> None:
        """One token fewer."""
        self.tokens -= 1.0


@dataclass(slots=True)
class Window:
    """At most `most` in any `length_s` seconds."""

    most: float
    length_s: float = 1.0
    taken: deque[float] = field(default_factory=deque)

    def wait_s(self) -> float:
        """How long until one more is allowed; nothing is taken."""
        now_s = time.monotonic()
        while self.taken and self.taken[0] <= now_s - self.length_s:
            self.taken.popleft()
        return 0.0 if len(self.taken) + 1 <= self.most else self.taken[0] + self.length_s - now_s

    def take(self) -> None:
        """One more was allowed."""
        self.taken.append(time.monotonic())


def must_wait_s(*limits: Bucket | Window) -> float:
    """0 where all allow one more, which is then taken of each; else the longest wait, and none is taken."""
    wait_s = max(limit.wait_s() for limit in limits)
    if wait_s <= 0.0:
        for limit in limits:
            limit.take()
    return max(0.0, wait_s)
