"""The branching ratio of liquidations as it is remembered: the last estimate and a month of hourly ones."""

from dataclasses import dataclass, field

from market.evidence_rules import LEAST_HOURS
from market.observations import DAY_MS, HOUR_MS, Branching
from market.rolling import RankWindow

MONTH_MS = 30 * DAY_MS


@dataclass(slots=True)
class BranchingWindows:
    """How many liquidations one brings about: the last estimate, and those of 30 days on the hourly grid."""

    last: Branching | None = None
    levels: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))

    def observe(self, said: Branching, absent_after_ms: int) -> None:
        """Take the next estimate; one that is not newer changes nothing, one after a long gap begins anew."""
        if self.last is not None:
            if said.known_at_ms <= self.last.known_at_ms:
                return
            if said.known_at_ms - self.last.known_at_ms > absent_after_ms:
                self.levels.clear()
        self.last = said

    def fresh(self, now_ms: int) -> Branching | None:
        """The last estimate while it is one of this hour, else None."""
        return self.last if self.last is not None and now_ms - self.last.known_at_ms <= HOUR_MS else None

    def rank(self) -> float | None:
        """Where the last estimate stands among those of the month, None before a week of them."""
        known = self.last is not None and len(self.levels) >= LEAST_HOURS
        return self.levels.rank(self.last.ratio) if known and self.last is not None else None

    def rank_hour(self, grid_ms: int) -> None:
        """Add the last estimate to the month's."""
        last = self.fresh(grid_ms)
        if last is not None:
            self.levels.offer(grid_ms, last.ratio)
