"""Which of the last hours or days were flagged, and which nobody saw."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Flagged:
    """The last `kept` buckets of `step_ms`: flagged, not flagged, or None where it is unknown.

    `flagged` and `unknown` count them; a bucket before the first one is unknown too.
    """

    step_ms: int
    kept: int
    at_ms: int = 0
    found: deque[bool | None] = field(default_factory=deque)
    flagged: int = 0
    unknown: int = 0

    def close(self, at_ms: int, flagged: bool | None) -> None:
        """Remember the bucket that closed at `at_ms`; those between it and the last one are unknown."""
        if at_ms <= self.at_ms:
            return
        missed = min(self.kept, (at_ms - self.at_ms) // self.step_ms - 1) if self.at_ms else self.kept
        self.found.extend([None] * missed)
        self.found.append(flagged)
        while len(self.found) > self.kept:
            self.found.popleft()
        self.at_ms = at_ms
        self.flagged, self.unknown = self.found.count(True), self.found.count(None)

    @property
    def counts(self) -> tuple[int, int]:
        """How many are flagged and how many unknown: all, before the first."""
        return self.flagged, self.unknown if self.at_ms else self.kept
