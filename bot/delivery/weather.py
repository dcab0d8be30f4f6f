"""Whether a platform answers, from what became of the last messages: in bad weather it is asked, not written to.

A platform that is down for half an hour would otherwise use up both copies of every message it may have taken.
"""

from collections import deque
from dataclasses import dataclass, field

MOST_FAILURES = 4
"""So many messages in a row without an answer, and nothing more is sent until the platform answers a question."""
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0
FLOOD_WITHIN_MS = 10_000
FLOODED_CHATS = 3
"""So many chats that are told to wait at the same time mean the bot, not the chats."""


@dataclass(slots=True)
class Weather:
    """Failures in a row, and the limits that were met lately."""

    pause_s: float = FIRST_PAUSE_S
    _failures: int = 0
    _floods: deque[tuple[int, str]] = field(default_factory=deque)

    @property
    def is_bad(self) -> bool:
        """Nothing is to be sent."""
        return self._failures >= MOST_FAILURES

    @property
    def is_unsettled(self) -> bool:
        """One message at a time is to be sent, until one arrives."""
        return self._failures > 0

    def fair(self) -> None:
        """The platform took or refused a message: it is there."""
        self._failures, self.pause_s = 0, FIRST_PAUSE_S

    def foul(self) -> None:
        """A message had no answer."""
        self._failures += 1

    def asked(self, *, answers: bool) -> None:
        """The platform was asked whether it is there: one message is tried, or the pause grows."""
        if answers:
            self._failures = MOST_FAILURES - 1
        self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S)

    def flooded(self, address: str, now_ms: int) -> bool:
        """A chat was told to wait: whether that is meant for all."""
        self._floods.append((now_ms, address))
        while self._floods[0][0] < now_ms - FLOOD_WITHIN_MS:
            self._floods.popleft()
        return len({chat for _, chat in self._floods}) >= FLOODED_CHATS
