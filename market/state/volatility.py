"""Volatility as it is remembered: hourly Rogers-Satchell variance, realised variance, the quiet reference and DVOL."""

from dataclasses import dataclass, field
from math import log, sqrt

from market.formulas.volatility import rogers_satchell
from market.observations import DAY_MS, HOUR_MS, YEAR_HOURS, ImpliedVolatility
from market.rolling import DecayingMean, RankWindow, RollingSum
from market.rules import VARIANCE_HALF_LIFE_HOURS, VolatilityRules
from market.state.hours import Hour

YEAR_MS = 365 * DAY_MS
WEEK_HOURS, MONTH_HOURS = 7 * 24, 30 * 24


@dataclass(slots=True)
class VolatilityWindows:
    """Variance per hour (fractions squared) and annualised volatilities (decimals), from closed hours only."""

    last_close_usd: float | None = None
    last_close_at_ms: int = 0
    variance: DecayingMean = field(default_factory=lambda: DecayingMean(VARIANCE_HALF_LIFE_HOURS))
    squares_7d: RollingSum = field(default_factory=lambda: RollingSum(7 * DAY_MS))
    squares_30d: RollingSum = field(default_factory=lambda: RollingSum(30 * DAY_MS))
    weekly: RankWindow = field(default_factory=lambda: RankWindow(YEAR_MS))
    sizing: RankWindow = field(default_factory=lambda: RankWindow(YEAR_MS))
    implied: ImpliedVolatility | None = None

    def close_hour(self, hour: Hour, close_usd: float) -> None:
        """Take a closed hour; the return is skipped where the hour before is missing."""
        at_ms = hour.open_at_ms + HOUR_MS
        self.variance.offer(rogers_satchell(hour.open_usd, hour.high_usd, hour.low_usd, hour.close_usd))
        if self.last_close_usd is not None and at_ms - self.last_close_at_ms == HOUR_MS:
            square = log(close_usd / self.last_close_usd) ** 2
            self.squares_7d.offer(at_ms, square)
            self.squares_30d.offer(at_ms, square)
        self.last_close_usd, self.last_close_at_ms = close_usd, at_ms

    def rank_hour(self, at_ms: int, rules: VolatilityRules, implied: float | None) -> None:
        """Add this hour to the ranks of a year; a day after the last close nothing is known that could be ranked."""
        if at_ms - self.last_close_at_ms > DAY_MS:
            return
        weekly = self.realised(self.squares_7d, WEEK_HOURS)
        if weekly is not None:
            self.weekly.offer(at_ms, weekly)
        sizing = self.sizing_sigma(rules, implied)
        if sizing is not None:
            self.sizing.offer(at_ms, sizing)

    def hourly_variance(self, rules: VolatilityRules) -> float | None:
        """Variance of one hour, None before enough hours."""
        return self.variance.mean if self.variance.count >= rules.least_hours else None

    def realised(self, squares: RollingSum, window_hours: int) -> float | None:
        """Annualised volatility from hourly returns, None before a week of them (or a window that is a week or less)."""
        count = len(squares)
        if count < min(WEEK_HOURS, window_hours) * 0.9:
            return None
        return sqrt(max(0.0, squares.total) / count * YEAR_HOURS)

    def sizing_sigma(self, rules: VolatilityRules, implied: float | None) -> float | None:
        """max(EWMA, 0.8 RV_30d, 0.8 DVOL): fast up, slow down, with a forward-looking floor (section 2)."""
        variance = self.hourly_variance(rules)
        if variance is None:
            return None
        sigma = sqrt(max(0.0, variance) * YEAR_HOURS)
        monthly = self.realised(self.squares_30d, MONTH_HOURS)
        if monthly is not None:
            sigma = max(sigma, rules.rv_30d_weight * monthly)
        return sigma if implied is None else max(sigma, rules.dvol_weight * implied)
