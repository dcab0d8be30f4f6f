"""Spot volume as it is remembered: the last day's sum, and a month of such sums to compare it with."""

from dataclasses import dataclass, field

from market.observations import DAY_MS, HOUR_MS, SpotVolume
from market.rolling import RankWindow, RollingSum

MONTH_MS = 30 * DAY_MS
LEAST_HOURS = 168
DAY_HOURS = 24


@dataclass(slots=True)
class SpotWindows:
    """Turnover on the spot market: `day` over 24 h in US dollars, `days` those sums on the hourly grid over 30 days."""

    at_ms: int | None = None
    first_at_ms: int = 0
    day: RollingSum = field(default_factory=lambda: RollingSum(DAY_MS))
    days: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))

    def observe(self, said: SpotVolume, absent_after_ms: int) -> None:
        """Take the next bucket; one that is not newer changes nothing, one after a long gap begins anew."""
        if self.at_ms is not None and said.known_at_ms <= self.at_ms:
            return
        if self.at_ms is None or said.known_at_ms - self.at_ms > absent_after_ms:
            self.day, self.days = RollingSum(DAY_MS), RankWindow(MONTH_MS)
            self.first_at_ms = said.known_at_ms - said.step_ms
        self.at_ms = said.known_at_ms
        self.day.offer(said.known_at_ms, said.usd)

    def day_usd(self, now_ms: int) -> float | None:
        """The last 24 hours in US dollars; None before a day was seen and where the newest bucket is two hours old."""
        if self.at_ms is None or now_ms - self.at_ms > 2 * HOUR_MS:
            return None
        return self.day.total if self.at_ms - self.first_at_ms >= DAY_HOURS * HOUR_MS else None

    def usual_usd(self) -> float | None:
        """The median day of a month, None before a week of hours."""
        return self.days.median() if len(self.days) >= LEAST_HOURS else None

    def rank_hour(self, grid_ms: int) -> None:
        """Add the day's sum to the month's."""
        usd = self.day_usd(grid_ms)
        if usd is not None:
            self.days.offer(grid_ms, usd)
