"""Options skew as it is remembered: the last point, a day ago, the week's peak, and a month of hourly values."""

from dataclasses import dataclass, field

from market.observations import DAY_MS, HOUR_MS, Skew
from market.rolling import Extreme, Lagged, RankWindow

MONTH_MS, WEEK_MS = 30 * DAY_MS, 7 * DAY_MS


@dataclass(slots=True)
class SkewWindows:
    """The 30-day 25-delta skew (put minus call, fraction), its day's change, their ranks, and the week's highest hour."""

    last: Skew | None = None
    day: Lagged = field(default_factory=lambda: Lagged(DAY_MS, 6 * HOUR_MS))
    levels: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))
    changes: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))
    peaks: Extreme = field(default_factory=lambda: Extreme(WEEK_MS))

    def __post_init__(self) -> None:
        """Find the week's highest in a checkpoint that was written before it was kept: its hours are the ranks'."""
        if not self.peaks.times:
            self.peaks.recall(self.levels)

    def observe(self, said: Skew, absent_after_ms: int) -> None:
        """Take the next point; one that comes after a long gap begins anew."""
        if self.last is not None:
            if said.known_at_ms <= self.last.known_at_ms:
                return
            if said.known_at_ms - self.last.known_at_ms > absent_after_ms:
                for window in (self.day, self.levels, self.changes, self.peaks):
                    window.clear()
        self.last = said
        self.day.offer(said.known_at_ms, said.skew_25d_30d)

    def change_24h(self) -> float | None:
        """Change against a day ago, None where there is none."""
        if self.last is None:
            return None
        before = self.day.before(self.last.known_at_ms)
        return None if before is None else self.last.skew_25d_30d - before

    def peak_7d(self) -> float | None:
        """The highest of the last week's hours and of now, None where nothing is known."""
        if self.last is None:
            return None
        hours = self.peaks.since(self.last.known_at_ms - WEEK_MS)
        return self.last.skew_25d_30d if hours is None else max(hours, self.last.skew_25d_30d)

    def rank_hour(self, grid_ms: int) -> None:
        """Add the last point to the month's ranks and the week's hours."""
        if self.last is None or grid_ms - self.last.known_at_ms >= HOUR_MS:
            return
        self.levels.offer(grid_ms, self.last.skew_25d_30d)
        self.peaks.offer(grid_ms, self.last.skew_25d_30d)
        change = self.change_24h()
        if change is not None:
            self.changes.offer(grid_ms, change)
