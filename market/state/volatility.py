"""Volatility as it is remembered: hourly Rogers-Satchell variance, realised variance, the quiet reference and DVOL."""

from array import array
from dataclasses import dataclass, field
from math import log, sqrt

from market.evidence_rules import LEAST_HOURS
from market.formulas.volatility import rogers_satchell
from market.observations import DAY_MS, HOUR_MS, YEAR_HOURS, Asset, ImpliedVolatility
from market.rolling import DecayingMean, Doubles, RankWindow, RollingSum
from market.rules import VARIANCE_HALF_LIFE_HOURS, VolatilityRules
from market.state.closes import UNKNOWN, ExactSum
from market.state.hours import Hour

YEAR_MS = 365 * DAY_MS
DAY_HOURS, WEEK_HOURS, MONTH_HOURS = 24, 7 * 24, 30 * 24


def _no_doubles() -> Doubles:
    return array("d")


@dataclass(slots=True)
class RealisedSpan:
    """The variance of the known hours of a span, and how many of them were measured in five minutes."""

    hours: int
    variance: ExactSum = field(default_factory=ExactSum)
    fine: ExactSum = field(default_factory=ExactSum)

    def move(self, variances: Doubles, fines: Doubles) -> None:
        """Take the newest hour of both columns in, and let go of the one that has left the span."""
        is_full = len(variances) > self.hours
        left = -1 - self.hours
        self.variance.move(variances[-1], variances[left] if is_full else UNKNOWN)
        self.fine.move(fines[-1], fines[left] if is_full else UNKNOWN)

    def annualised(self, least: float) -> float | None:
        """The volatility of a year (decimal), None below `least` known hours."""
        count = self.variance.count
        return None if count < least else sqrt(max(0.0, self.variance.total) / count * YEAR_HOURS)

    @property
    def fine_share(self) -> float | None:
        """The share of the known hours that was measured in five minutes, None of none."""
        count = self.variance.count
        return self.fine.total / count if count else None


@dataclass(slots=True)
class Realised:
    """The variance of each of the last 30 days' hours as finely as it is known, oldest first, UNKNOWN where it is not.

    An hour is the sum of its twelve squared returns of five minutes, or the square of its own return where bars are longer.
    """

    at_ms: int = 0
    variances: Doubles = field(default_factory=_no_doubles)
    fines: Doubles = field(default_factory=_no_doubles)
    day: RealisedSpan = field(default_factory=lambda: RealisedSpan(DAY_HOURS))
    week: RealisedSpan = field(default_factory=lambda: RealisedSpan(WEEK_HOURS))
    month: RealisedSpan = field(default_factory=lambda: RealisedSpan(MONTH_HOURS))

    def close_hour(self, at_ms: int, fine: float | None, square: float | None) -> None:
        """Take the hour that closed at `at_ms`: its variance from five minutes, or the square of its return."""
        missed = (at_ms - self.at_ms) // HOUR_MS - 1 if self.at_ms else 0
        for _ in range(min(missed, MONTH_HOURS)):
            self._add(UNKNOWN, UNKNOWN)
        if fine is not None:
            self._add(fine, 1.0)
        elif square is not None:
            self._add(square, 0.0)
        else:
            self._add(UNKNOWN, UNKNOWN)
        self.at_ms = at_ms

    def facts(self, rules: VolatilityRules) -> dict[str, float | None]:
        """Realised volatility of three spans, each with the share of its hours that was measured in five minutes."""
        found: dict[str, float | None] = {}
        for name, span in (("rv_24h", self.day), ("rv_7d", self.week), ("rv_30d", self.month)):
            found[name] = span.annualised(least_hours(span.hours, rules))
            found[f"{name}_fine"] = span.fine_share
        return found

    def _add(self, variance: float, fine: float) -> None:
        self.variances.append(variance)
        self.fines.append(fine)
        for span in (self.day, self.week, self.month):
            span.move(self.variances, self.fines)
        if len(self.variances) > MONTH_HOURS:
            del self.variances[0], self.fines[0]


@dataclass(slots=True)
class VolatilityWindows:
    """Variance per hour (fractions squared) and annualised volatilities (decimals), from closed hours only.

    `told` are the facts of the reading with the DVOL `told_implied`, once they were asked for, None after a closed hour;
    `told_rank` is where their sigma stands among those of a year.
    """

    last_close_usd: float | None = None
    last_close_at_ms: int = 0
    variance: DecayingMean = field(default_factory=lambda: DecayingMean(VARIANCE_HALF_LIFE_HOURS))
    squares_7d: RollingSum = field(default_factory=lambda: RollingSum(7 * DAY_MS))
    squares_30d: RollingSum = field(default_factory=lambda: RollingSum(30 * DAY_MS))
    weekly: RankWindow = field(default_factory=lambda: RankWindow(YEAR_MS))
    sizing: RankWindow = field(default_factory=lambda: RankWindow(YEAR_MS))
    implied: ImpliedVolatility | None = None
    finest: Realised = field(default_factory=Realised)
    told: dict[str, float | None] | None = None
    told_implied: float | None = None
    told_rank: float | None = None

    def close_hour(self, hour: Hour, close_usd: float, fine: float | None) -> None:
        """Take a closed hour and its variance in five minutes; its return is skipped where the hour before is missing."""
        self.told = None
        at_ms = hour.open_at_ms + HOUR_MS
        self.variance.offer(rogers_satchell(hour.open_usd, hour.high_usd, hour.low_usd, hour.close_usd))
        square = None
        if self.last_close_usd is not None and at_ms - self.last_close_at_ms == HOUR_MS:
            square = log(close_usd / self.last_close_usd) ** 2
            self.squares_7d.offer(at_ms, square)
            self.squares_30d.offer(at_ms, square)
        self.finest.close_hour(at_ms, fine, square)
        self.last_close_usd, self.last_close_at_ms = close_usd, at_ms

    def rank_hour(self, at_ms: int, rules: VolatilityRules, implied: float | None) -> None:
        """Add this hour to the ranks of a year; a day after the last close nothing is known that could be ranked."""
        self.told = None
        if at_ms - self.last_close_at_ms > DAY_MS:
            return
        weekly = self.realised(self.squares_7d, WEEK_HOURS, rules)
        if weekly is not None:
            self.weekly.offer(at_ms, weekly)
        sizing = self.sizing_sigma(rules, implied)
        if sizing is not None:
            self.sizing.offer(at_ms, sizing)

    def hourly_variance(self, rules: VolatilityRules) -> float | None:
        """Variance of one hour, None before enough hours."""
        return self.variance.mean if self.variance.count >= rules.least_hours else None

    def realised(self, squares: RollingSum, window_hours: int, rules: VolatilityRules) -> float | None:
        """Annualised volatility from hourly returns, None before a week of them (or a window that is a week or less)."""
        count = len(squares)
        if count < least_hours(window_hours, rules):
            return None
        return sqrt(max(0.0, squares.total) / count * YEAR_HOURS)

    def facts(self, asset: Asset, rules: VolatilityRules, implied: float | None) -> dict[str, float | None]:
        """What the reading tells, and `told_rank` with it; worked out once an hour and for each new DVOL."""
        if self.told is None or self.told_implied != implied:
            self.told, self.told_implied = self._facts(asset, rules, implied), implied
        return self.told

    def reference(self, asset: Asset, rules: VolatilityRules) -> tuple[float, bool]:
        """The quiet volatility of this asset (annualised decimal) and whether it is a cold default."""
        usual = self.weekly.median()
        if usual and len(self.weekly) >= rules.reference_least_hours:
            return usual, False
        return rules.reference_cold.get(asset, rules.reference_cold_other), True

    def sizing_sigma(self, rules: VolatilityRules, implied: float | None) -> float | None:
        """max(EWMA, 0.8 RV_30d, 0.8 DVOL): fast up, slow down, with a forward-looking floor (section 2)."""
        variance = self.hourly_variance(rules)
        if variance is None:
            return None
        sigma = sqrt(max(0.0, variance) * YEAR_HOURS)
        monthly = self.realised(self.squares_30d, MONTH_HOURS, rules)
        if monthly is not None:
            sigma = max(sigma, rules.rv_30d_weight * monthly)
        return sigma if implied is None else max(sigma, rules.dvol_weight * implied)

    def _facts(self, asset: Asset, rules: VolatilityRules, implied: float | None) -> dict[str, float | None]:
        sigma, variance = self.sizing_sigma(rules, implied), self.hourly_variance(rules)
        reference, is_cold = self.reference(asset, rules)
        is_learned = len(self.sizing) >= LEAST_HOURS
        self.told_rank = None if sigma is None or not is_learned else self.sizing.rank(sigma)
        found: dict[str, float | None] = {
            "sigma": sigma,
            "ewma_3d": None if variance is None else sqrt(max(0.0, variance) * YEAR_HOURS),
            "dvol": implied,
            "sigma_ref": reference,
            "sigma_ref_cold": float(is_cold),
            "ratio": None if sigma is None else sigma / reference,
            **self.finest.facts(rules),
        }
        month = found["rv_30d"]
        found["vrp"] = None if implied is None or month is None else implied - month
        return found


def least_hours(window_hours: int, rules: VolatilityRules) -> float:
    """So many known hours make a realised volatility: nearly the whole window, or a week of a longer one."""
    return min(WEEK_HOURS, window_hours) * rules.realised_least_share
