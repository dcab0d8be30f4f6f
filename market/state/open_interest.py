"""Open interest as it is remembered: one series a venue, in coins, never chained across venues or a long gap."""

from dataclasses import dataclass, field
from math import log

from market.evidence_rules import CARRIED_MS, LEAST_DAYS
from market.observations import DAY_MS, HOUR_MS, OpenInterest, Venue
from market.rolling import Extreme, Lagged, RankWindow
from market.rules import FreshnessRules, OpenInterestRules
from market.state.digest import HourlyPairs

QUARTER_MS = 90 * DAY_MS


@dataclass(slots=True)
class OpenInterestSeries:
    """One venue's open interest: `coins` as of `at_ms`, and how it stands against its own past.

    Growth is measured from sample to sample (never from a sample to now), so a daily value sets no hourly rate.
    """

    cadence_ms: int
    first_at_ms: int
    coins: float = 0.0
    at_ms: int = 0
    graded_at_ms: int = 0
    day: Lagged = field(default_factory=lambda: Lagged(DAY_MS, DAY_MS))
    three_days: Lagged = field(default_factory=lambda: Lagged(3 * DAY_MS, DAY_MS))
    peak_7d: Extreme = field(default_factory=lambda: Extreme(7 * DAY_MS))
    levels: RankWindow = field(default_factory=lambda: RankWindow(QUARTER_MS))
    turnovers: RankWindow = field(default_factory=lambda: RankWindow(QUARTER_MS))
    growths: RankWindow = field(default_factory=lambda: RankWindow(30 * DAY_MS))
    hour: Lagged = field(default_factory=lambda: Lagged(HOUR_MS, CARRIED_MS))
    hour_growths: RankWindow = field(default_factory=lambda: RankWindow(30 * DAY_MS))
    pairs: HourlyPairs = field(default_factory=HourlyPairs)

    def observe(self, said: OpenInterest) -> None:
        """Take the next sample."""
        self.coins, self.at_ms, self.cadence_ms = said.coins, said.known_at_ms, said.cadence_ms
        self.hour.offer(self.at_ms, self.coins)
        self.day.offer(self.at_ms, self.coins)
        self.three_days.offer(self.at_ms, self.coins)
        self.peak_7d.offer(self.at_ms, self.coins)

    def rank(self, grid_ms: int, turnover: float | None) -> None:
        """Add the newest sample to the ranks, once a sample and at most once an hour.

        `turnover` is open interest in units of a day's average volume, None where volume is unknown.
        """
        if self.at_ms == self.graded_at_ms:
            return
        self.graded_at_ms = self.at_ms
        self.levels.offer(grid_ms, self.coins)
        if turnover is not None:
            self.turnovers.offer(grid_ms, turnover)
        growth = self.growth(self.day)
        if growth is not None:
            self.growths.offer(grid_ms, growth)
        growth = self.growth(self.hour)
        if growth is not None:
            self.hour_growths.offer(grid_ms, growth)

    def pair_hour(
        self, grid_ms: int, price_usd: float | None, sigma_1h: float | None, rules: OpenInterestRules
    ) -> None:
        """Lay the hour's change beside that of price, where the sample is of this hour, and one of many of its end."""
        longest_ms = CARRIED_MS if self.cadence_ms <= CARRIED_MS else HOUR_MS - 1
        if self.cadence_ms <= HOUR_MS and grid_ms - self.at_ms <= longest_ms:
            self.pairs.close_hour(grid_ms, price_usd, self.coins, sigma_1h, rules)

    def growth(self, past: Lagged) -> float | None:
        """Relative change in coins against the sample `past` ago, as a log, None where there is none."""
        before = past.before(self.at_ms)
        return None if before is None or before <= 0.0 or self.coins <= 0.0 else log(self.coins / before)

    @property
    def least_samples(self) -> int:
        """Seven days of samples: fewer rank nothing."""
        return LEAST_DAYS * DAY_MS // min(DAY_MS, max(self.cadence_ms, HOUR_MS))


@dataclass(slots=True)
class OpenInterestWindows:
    """Every venue's series, and open interest in US dollars as it was an hour and a day ago.

    Those two are of one venue, `marked`: of the liquidations' own where it tells its open interest, else of the primary.
    """

    series: dict[Venue, OpenInterestSeries] = field(default_factory=dict)
    marked: Venue | None = None
    usd_hour_ago: Lagged = field(default_factory=lambda: Lagged(HOUR_MS, HOUR_MS))
    usd_day_ago: Lagged = field(default_factory=lambda: Lagged(DAY_MS, 2 * HOUR_MS))
    price_3d_ago: Lagged = field(default_factory=lambda: Lagged(3 * DAY_MS, 2 * HOUR_MS))

    def observe(self, said: OpenInterest, rules: FreshnessRules) -> None:
        """Take a sample into its venue's series; one that comes after a long gap begins the series anew."""
        series = self.series.get(said.venue)
        if series is None or said.known_at_ms - series.at_ms > rules.absent_after_ms:
            series = self.series[said.venue] = OpenInterestSeries(said.cadence_ms, said.known_at_ms)
        if said.known_at_ms > series.at_ms:
            series.observe(said)

    def primary(self, now_ms: int, rules: FreshnessRules) -> OpenInterestSeries | None:
        """The series to read: fresh before old, learned before new, fine before coarse; None where there is none."""
        if len(self.series) < 2:
            return next(iter(self.series.values()), None)
        return min(self.series.values(), key=lambda series: _preference(series, now_ms, rules))

    def venue_of(self, series: OpenInterestSeries) -> Venue:
        """Whose series this is. StopIteration of one that is not here."""
        return next(venue for venue, one in self.series.items() if one is series)

    def mark(self, now_ms: int, price_usd: float, liquidating: Venue | None, rules: FreshnessRules) -> bool:
        """Note the open interest in US dollars of this instant, for intensities of `liquidating` that start here.

        Tells whether it is another venue's than before: what was noted is then forgotten, series are never chained.
        """
        series = self._liquidated(now_ms, liquidating, rules)
        if series is None or now_ms - series.at_ms > ttl_of(series, rules):
            return False
        venue = self.venue_of(series)
        before, self.marked = self.marked, venue
        if is_another := before not in (None, venue):
            self.usd_hour_ago.clear()
            self.usd_day_ago.clear()
        usd = series.coins * price_usd
        self.usd_hour_ago.offer(now_ms, usd)
        self.usd_day_ago.offer(now_ms, usd)
        return is_another

    def close_hour(
        self, grid_ms: int, price_usd: float | None, sigma_1h: float | None, rules: OpenInterestRules
    ) -> None:
        """Lay the hour's change of every venue beside that of price; None where the price is not one of this hour."""
        if price_usd is not None:
            self.price_3d_ago.offer(grid_ms, price_usd)
        for series in self.series.values():
            series.pair_hour(grid_ms, price_usd, sigma_1h, rules)

    def usd_at(self, at_ms: int) -> float | None:
        """The newest open interest in US dollars noted at or before a moment of the last hour; one an hour older is none."""
        known = self.usd_hour_ago.known
        oldest_ms = at_ms - self.usd_hour_ago.tolerance_ms
        for position in range(len(known) - 2, -1, -2):
            if known[position] <= at_ms:
                return known[position + 1] if known[position] >= oldest_ms else None
        return None

    def _liquidated(
        self, now_ms: int, liquidating: Venue | None, rules: FreshnessRules
    ) -> OpenInterestSeries | None:
        """The series that liquidations are a part of: another venue's, or a sum of all, would make them too small."""
        own = None if liquidating is None else self.series.get(liquidating)
        if own is not None and now_ms - own.at_ms <= rules.absent_after_ms:
            return own
        return self.primary(now_ms, rules)


def ttl_of(series: OpenInterestSeries, rules: FreshnessRules) -> int:
    """How long a sample of this series is fresh."""
    return int(max(rules.open_interest_ttl_ms, rules.cadence_factor * series.cadence_ms))


def _preference(
    series: OpenInterestSeries, now_ms: int, rules: FreshnessRules
) -> tuple[bool, bool, int, int]:
    age_ms = now_ms - series.at_ms
    is_old = age_ms > ttl_of(series, rules)
    is_new = len(series.levels) < series.least_samples
    return is_old, is_new, series.cadence_ms, -series.first_at_ms if is_old else series.first_at_ms
