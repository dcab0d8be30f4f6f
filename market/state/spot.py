"""Spot volume as it is remembered: each market's last day, and a month of such days to compare it with."""

from dataclasses import dataclass, field

from market.evidence_rules import LATE_SPOT_MS, LEAST_HOURS, LEAST_OF_DAY_MS
from market.formulas.liquidations import relative_to_usual
from market.observations import DAY_MS, SpotVolume, Venue
from market.rolling import RankWindow, RollingSum

MONTH_MS = 30 * DAY_MS


@dataclass(slots=True)
class SpotSeries:
    """One venue's spot market: `day` over 24 h in US dollars, `days` those sums on the hourly grid over 30 days."""

    at_ms: int
    first_at_ms: int
    day: RollingSum = field(default_factory=lambda: RollingSum(DAY_MS))
    covered: RollingSum = field(default_factory=lambda: RollingSum(DAY_MS))
    days: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))
    graded_at_ms: int = 0

    def observe(self, said: SpotVolume) -> None:
        """Take the next bucket."""
        self.at_ms = said.known_at_ms
        self.day.offer(said.known_at_ms, said.usd)
        self.covered.offer(said.known_at_ms, float(said.step_ms))

    def day_usd(self, now_ms: int) -> float | None:
        """The last 24 hours in US dollars; None before nine tenths of a day were told, and where the newest hour is old.

        An hour that is missing counts as the others' mean: a hole is no quiet market.
        """
        is_known = now_ms - self.at_ms <= LATE_SPOT_MS and self.covered.total >= LEAST_OF_DAY_MS
        return self.day.total * (DAY_MS / self.covered.total) if is_known else None

    def usual_usd(self) -> float | None:
        """The median day of a month, None before a week of hours."""
        return self.days.median() if len(self.days) >= LEAST_HOURS else None

    def rank_hour(self, grid_ms: int) -> None:
        """Add the day's sum to the month's, once."""
        usd = self.day_usd(grid_ms)
        if usd is not None and self.at_ms != self.graded_at_ms:
            self.graded_at_ms = self.at_ms
            self.days.offer(grid_ms, usd)


@dataclass(slots=True)
class SpotWindows:
    """Every venue's spot market by itself: two are never added up, and one is never compared with the other's past."""

    series: dict[Venue, SpotSeries] = field(default_factory=dict)

    def observe(self, said: SpotVolume, absent_after_ms: int) -> None:
        """Take the next bucket; one that is not newer changes nothing, one after a long gap begins its series anew."""
        series = self.series.get(said.venue)
        if series is None or said.known_at_ms - series.at_ms > absent_after_ms:
            series = self.series[said.venue] = SpotSeries(0, said.known_at_ms - said.step_ms)
        if said.known_at_ms > series.at_ms:
            series.observe(said)

    def primary(self, now_ms: int) -> SpotSeries | None:
        """The market to read: one that is fresh and has learned what is usual, else the one known longest; None of none."""
        return min(
            self.series.values(),
            key=lambda one: (one.day_usd(now_ms) is None, one.usual_usd() is None, one.first_at_ms),
            default=None,
        )

    def day_usd(self, now_ms: int) -> float | None:
        """The day's volume of that market in US dollars, None where it is unknown."""
        series = self.primary(now_ms)
        return None if series is None else series.day_usd(now_ms)

    def relative(self, now_ms: int) -> float | None:
        """The day's volume over its own median of a month, None where either is unknown."""
        series = self.primary(now_ms)
        day_usd = None if series is None else series.day_usd(now_ms)
        return None if series is None or day_usd is None else relative_to_usual(day_usd, series.usual_usd())

    def rank_hour(self, grid_ms: int) -> None:
        """Add every market's day to its month."""
        for series in self.series.values():
            series.rank_hour(grid_ms)
