"""Funding as it is remembered: the rate as steps in time, and its mean over the last day, a venue."""

from collections import deque
from dataclasses import dataclass, field
from math import fsum

from market.formulas.funding import dispersion, is_at_cap
from market.observations import DAY_MS, Funding, Venue
from market.rolling import RankWindow
from market.rules import FreshnessRules

QUARTER_MS = 90 * DAY_MS
DECIMALS = 16
"""How finely a mean is told: far below a venue's eight decimals, above the rounding of the running integral. A day at
.01 % is then .01 % to the last bit, so that equal days rank equal (section 0: funding has a point mass there)."""


@dataclass(slots=True)
class FundingSeries:
    """One venue's funding per eight hours as a step function; `area` is the integral of the closed steps in the window.

    With a predicted rate the present step is the blend of the predicted and the last settled rate by elapsed time.
    `negative_settlements` is how many of the last settlements in a row were paid by shorts, of `signed_settlements` that
    were looked at (checkpoints of older versions did not); `is_capped`: the last rate that was predicted stands at its cap.
    """

    interval_hours: float
    first_at_ms: int
    starts: deque[int] = field(default_factory=deque)
    rates: deque[float] = field(default_factory=deque)
    area: float = 0.0
    summed_day: int = 0
    at_ms: int = 0
    is_predicted: bool = False
    settled_8h: float | None = None
    settled_at_ms: int = 0
    settlements: int = 0
    signed_settlements: int = 0
    negative_settlements: int = 0
    is_capped: bool = False
    means: RankWindow = field(default_factory=lambda: RankWindow(QUARTER_MS))

    def observe(self, said: Funding) -> None:
        """Take a settled or predicted rate; each moment counts once."""
        if said.settled:
            if said.known_at_ms > self.settled_at_ms:
                self.settled_8h, self.settled_at_ms = said.rate_8h, said.known_at_ms
                self.settlements += 1
                self.signed_settlements += 1
                self.negative_settlements = self.negative_settlements + 1 if said.rate < 0.0 else 0
            rate = said.rate_8h
        else:
            rate = self._blend(said)
            self.is_capped = said.cap is not None and is_at_cap(said.rate, said.cap)
        self.interval_hours = said.interval_hours
        self.is_predicted = not said.settled
        self._step(said.known_at_ms, rate)

    def mean_24h(self, now_ms: int) -> float | None:
        """The time-weighted mean over the last 24 h (or over what is known of them), per eight hours."""
        if not self.starts or now_ms < self.starts[-1]:
            return None
        oldest = now_ms - DAY_MS
        self._expire(oldest)
        first = max(self.starts[0], oldest)
        covered = now_ms - first
        if covered <= 0:
            return self.rates[-1]
        lost = self.rates[0] * (first - self.starts[0])
        area = self.area - lost + self.rates[-1] * (now_ms - self.starts[-1])
        return round(area / covered, DECIMALS)

    def _blend(self, said: Funding) -> float:
        """W * predicted + (1 - w) * last settled, w the elapsed share of the interval (section 5)."""
        if self.settled_8h is None or said.next_at_ms is None:
            return said.rate_8h
        left = (said.next_at_ms - said.known_at_ms) / (said.interval_hours * 3_600_000)
        elapsed = min(max(1.0 - left, 0.0), 1.0)
        return elapsed * said.rate_8h + (1.0 - elapsed) * self.settled_8h

    def _step(self, at_ms: int, rate: float) -> None:
        self.at_ms = at_ms
        if self.starts:
            if at_ms <= self.starts[-1]:
                self.rates[-1] = rate
                return
            self.area += self.rates[-1] * (at_ms - self.starts[-1])
        self.starts.append(at_ms)
        self.rates.append(rate)
        self._expire(at_ms - DAY_MS)

    def _expire(self, oldest_ms: int) -> None:
        starts, rates = self.starts, self.rates
        while len(starts) > 1 and starts[1] <= oldest_ms:
            begun = starts.popleft()
            self.area -= rates.popleft() * (starts[0] - begun)
        day = oldest_ms // DAY_MS
        if day != self.summed_day:
            self.summed_day = day
            ends = list(starts)[1:]
            self.area = fsum(
                rate * (end - start) for rate, start, end in zip(rates, starts, ends, strict=False)
            )


@dataclass(slots=True)
class FundingWindows:
    """Every venue's funding; the reference venue is the first one heard of that is still fresh."""

    series: dict[Venue, FundingSeries] = field(default_factory=dict)

    def observe(self, said: Funding, rules: FreshnessRules) -> None:
        """Take a rate into its venue's series; one that comes after a long gap begins the series anew."""
        series = self.series.get(said.venue)
        if series is None or said.known_at_ms - series.at_ms > rules.absent_after_ms:
            series = self.series[said.venue] = FundingSeries(said.interval_hours, said.known_at_ms)
        if said.known_at_ms >= series.at_ms:
            series.observe(said)

    def spread(self, now_ms: int, rules: FreshnessRules) -> float | None:
        """How far the fresh venues lie apart now, per eight hours; None of fewer than two."""
        if len(self.series) < 2:
            return None
        fresh = [
            series.rates[-1]
            for series in self.series.values()
            if series.rates and now_ms - series.at_ms <= ttl_of(series, rules)
        ]
        return dispersion(fresh) if len(fresh) > 1 else None

    def primary(self, now_ms: int, rules: FreshnessRules) -> FundingSeries | None:
        """The series to read: fresh before old, a venue whose rate holds eight hours before others, then the longest."""
        if len(self.series) < 2:
            return next(iter(self.series.values()), None)
        return min(
            self.series.values(),
            key=lambda series: (
                now_ms - series.at_ms > ttl_of(series, rules),
                -series.interval_hours,
                series.first_at_ms,
            ),
        )


def ttl_of(series: FundingSeries, rules: FreshnessRules) -> int:
    """How long a rate of this series is fresh: a predicted one minutes, a settled one 1.1 intervals."""
    if series.is_predicted:
        return rules.funding_predicted_ttl_ms
    return int(rules.cadence_factor * series.interval_hours * 3_600_000)
