"""Liquidations as they are remembered, a side: rolling sums in US dollars, ranks of intensity, flagged hours and days."""

from collections import deque
from dataclasses import dataclass, field

from market.evidence_rules import HOLE_OF_HOUR_MS, LATE_MINUTES_MS, LEAST_HOURS, LEAST_OF_DAY_MS
from market.observations import DAY_MS, HOUR_MS, Liquidations, Venue
from market.rolling import Extreme, RankWindow, RollingSum, SeldomRanked
from market.rules import LiquidationRules
from market.state.bursts import Bursts

MONTH_MS = 30 * DAY_MS
HOURS_A_DAY, DAYS_A_WEEK = 24, 7
BPS = 10_000.0


@dataclass(slots=True)
class SideWindows:
    """One position side. `hours` and `days` are the last 24 hours and 7 days: flagged, not flagged, or None unknown.

    `day_bps` are the last 24 hours in bps of open interest when the last hour closed, `day_rank` where they stood among
    those of a month: found when it is asked for (`rank_day`), as most hours nobody asks.
    """

    hour: RollingSum = field(default_factory=lambda: RollingSum(HOUR_MS))
    day: RollingSum = field(default_factory=lambda: RollingSum(DAY_MS))
    intensities: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))
    day_intensities: SeldomRanked = field(default_factory=lambda: SeldomRanked(MONTH_MS))
    hours: deque[bool | None] = field(default_factory=deque)
    days: deque[bool | None] = field(default_factory=deque)
    day_bps: float | None = None
    day_rank: float | None = None

    def rank_day(self) -> float | None:
        """Where the last 24 hours stand among those of a month, None before a week of them."""
        if self.day_rank is None and self.day_bps is not None and len(self.day_intensities) >= LEAST_HOURS:
            self.day_rank = self.day_intensities.rank(self.day_bps)
        return self.day_rank

    def take(self, at_ms: int, usd: float) -> None:
        """Add a bucket's total."""
        self.hour.offer(at_ms, usd)
        self.day.offer(at_ms, usd)

    def flag_hour(self, flagged: bool | None) -> None:
        """Remember whether the hour that closed was flagged."""
        self.hours.append(flagged)
        if len(self.hours) > HOURS_A_DAY:
            self.hours.popleft()

    def flag_day(self, flagged: bool | None) -> None:
        """Remember whether the UTC day that closed was flagged."""
        self.days.append(flagged)
        if len(self.days) > DAYS_A_WEEK:
            self.days.popleft()


@dataclass(slots=True)
class LiquidationWindows:
    """Both sides, what coverage there is, the month's hourly totals that shrink the long share of dust, and its days.

    The sums are those as of `at_ms`: an hour that nobody reported is not an hour without liquidations. They are whole
    as far back as `unbroken_since_ms`; `grid_ms` is the last hour judged.
    """

    longs: SideWindows = field(default_factory=SideWindows)
    shorts: SideWindows = field(default_factory=SideWindows)
    totals: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))
    long_days: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))
    covered: RollingSum = field(default_factory=lambda: RollingSum(DAY_MS))
    at_ms: int | None = None
    step_ms: int = 0
    learned_hours: int = 0
    venue: Venue | None = None
    unbroken_since_ms: int = 0
    grid_ms: int = 0
    bursts: Bursts = field(default_factory=Bursts)
    long_peak_7d: Extreme = field(default_factory=lambda: Extreme(DAYS_A_WEEK * DAY_MS))

    def __post_init__(self) -> None:
        """Find the week's largest day in a checkpoint that was written before it was kept: its hours are the month's."""
        if not self.long_peak_7d.times:
            self.long_peak_7d.recall(self.long_days)

    def observe(self, said: Liquidations, price_usd: float) -> bool:
        """Take a bucket, valued at `price_usd`; a bucket that was there already counts once.

        Tells whether five minutes closed by it, which are then to be measured by open interest.
        """
        if self.at_ms is not None and said.known_at_ms <= self.at_ms:
            return False
        begun_ms = said.known_at_ms - said.step_ms
        if self.at_ms is None or begun_ms - self.at_ms > HOLE_OF_HOUR_MS:
            self.unbroken_since_ms, self.venue = begun_ms, said.venue
        if not said.is_whole:
            self.unbroken_since_ms = said.known_at_ms
        self.at_ms, self.step_ms = said.known_at_ms, said.step_ms
        long_usd, short_usd = said.long_coins * price_usd, said.short_coins * price_usd
        self.longs.take(said.known_at_ms, long_usd)
        self.shorts.take(said.known_at_ms, short_usd)
        self.covered.offer(said.known_at_ms, float(said.step_ms) if said.is_whole else 0.0)
        return self.bursts.take(said.known_at_ms, said.step_ms, long_usd, short_usd, is_whole=said.is_whole)

    def close_hour(
        self, grid_ms: int, hour_ago_usd: float | None, day_ago_usd: float | None, rules: LiquidationRules
    ) -> None:
        """Judge the hour that closed at `grid_ms`; open interest (US dollars) is that of its beginning."""
        self._skip_to(grid_ms)
        # the newest bucket reaches the full hour, or the next one would have
        is_known = self.at_ms is not None and self.at_ms > grid_ms - self.step_ms
        if is_known:
            self._learn(grid_ms, hour_ago_usd, day_ago_usd)
        for side in (self.longs, self.shorts):
            side.flag_hour(self._judge_hour(side, hour_ago_usd, rules) if is_known else None)
            if grid_ms % DAY_MS == 0:
                side.flag_day(self._judge_day(side, day_ago_usd, rules) if is_known else None)

    def has_reached(self, grid_ms: int) -> bool:
        """Whether the newest bucket ends at the full hour that is to be judged, or minutes after it."""
        return self.grid_ms < grid_ms <= (self.at_ms or 0) <= grid_ms + LATE_MINUTES_MS

    def is_awaited(self, grid_ms: int, now_ms: int) -> bool:
        """Whether the last minutes of the hour are still to be told: they wait for a venue that is usually heard."""
        if self.at_ms is None or self.step_ms > LATE_MINUTES_MS or now_ms - grid_ms > LATE_MINUTES_MS:
            return False
        return self.step_ms <= grid_ms - self.at_ms <= LATE_MINUTES_MS

    @property
    def is_hour_whole(self) -> bool:
        """Whether the last hour was reported without a hole: else its sum is too small."""
        return self.at_ms is not None and self.at_ms - self.unbroken_since_ms >= HOUR_MS

    @property
    def is_day_whole(self) -> bool:
        """Whether nine tenths of the last day were reported: an hour that is missing does not change its size."""
        return self.covered.total >= LEAST_OF_DAY_MS

    def long_intensity(self, hour_ago_usd: float | None) -> tuple[float | None, float | None]:
        """The last hour's long total in bps of the open interest then, and its rank once a week has been seen.

        A part of an hour is told, as a floor, and not ranked.
        """
        if not hour_ago_usd:
            return None, None
        past, bps = self.longs.intensities, self.longs.hour.total / hour_ago_usd * BPS
        return bps, past.rank(bps) if len(past) >= LEAST_HOURS and self.is_hour_whole else None

    def forget_intensities(self) -> None:
        """Begin to learn anew what is usual, as when open interest is another venue's from now on."""
        for side in (self.longs, self.shorts):
            side.intensities.clear()
            side.day_intensities = SeldomRanked(MONTH_MS)
            side.day_bps = side.day_rank = None
        self.bursts.intensities.clear()
        self.bursts.rank = None

    def share(self, side: SideWindows, *, of_day: bool = False) -> float | None:
        """The side's share, shrunk towards a half by the median hourly total of a month (section 3)."""
        mine = side.day.total if of_day else side.hour.total
        other_side = self.shorts if side is self.longs else self.longs
        other = other_side.day.total if of_day else other_side.hour.total
        usual = self.totals.median() or 0.0
        whole = mine + other + usual
        return None if whole <= 0.0 else (mine + 0.5 * usual) / whole

    def _learn(self, grid_ms: int, hour_ago_usd: float | None, day_ago_usd: float | None) -> None:
        """Put the hour among its past; a window leaves its newest value out of every rank."""
        if not self.is_hour_whole:
            return
        self.learned_hours += 1
        self.totals.offer(grid_ms, self.longs.hour.total + self.shorts.hour.total)
        self.bursts.rank_hour(grid_ms)
        if self.is_day_whole:
            self.long_days.offer(grid_ms, self.longs.day.total)
            self.long_peak_7d.offer(grid_ms, self.longs.day.total)
        for side in (self.longs, self.shorts):
            self._rank(side, grid_ms, hour_ago_usd, day_ago_usd)

    def _rank(
        self, side: SideWindows, grid_ms: int, hour_ago_usd: float | None, day_ago_usd: float | None
    ) -> None:
        if hour_ago_usd:
            side.intensities.offer(grid_ms, side.hour.total / hour_ago_usd * BPS)
        side.day_bps = side.day_rank = None
        if day_ago_usd and self.is_day_whole:
            side.day_bps = side.day.total / day_ago_usd * BPS
            side.day_intensities.offer(grid_ms, side.day_bps)

    def _judge_hour(
        self, side: SideWindows, hour_ago_usd: float | None, rules: LiquidationRules
    ) -> bool | None:
        was_flagged = bool(side.hours) and side.hours[-1] is True
        bound = rules.flagged_percentile_exit if was_flagged else rules.flagged_percentile
        found = stands_out(
            side.hour.total,
            hour_ago_usd,
            self.share(side),
            side.intensities,
            bound,
            rules.flagged_bps,
            rules.share,
        )
        return if_whole(found, whole=self.is_hour_whole)

    def _judge_day(
        self, side: SideWindows, day_ago_usd: float | None, rules: LiquidationRules
    ) -> bool | None:
        share = self.share(side, of_day=True)
        found = stands_out(
            side.day.total,
            day_ago_usd,
            share,
            side.day_intensities,
            rules.flagged_percentile,
            rules.flagged_bps,
            rules.share,
        )
        return if_whole(found, whole=self.is_day_whole)

    def _skip_to(self, grid_ms: int) -> None:
        """Flag hours and days that nobody looked at as unknown: no flag outlives its window by standing still."""
        if self.grid_ms:
            first_ms = max(self.grid_ms + HOUR_MS, grid_ms - DAYS_A_WEEK * DAY_MS)
            for missed_ms in range(first_ms, grid_ms, HOUR_MS):
                for side in (self.longs, self.shorts):
                    side.flag_hour(None)
                    if missed_ms % DAY_MS == 0:
                        side.flag_day(None)
        self.grid_ms = grid_ms


def if_whole(found: bool | None, *, whole: bool) -> bool | None:
    """What was found of a sum: that it is small is no sign of calm where a part of it was not reported."""
    return None if found is False and not whole else found


def stands_out(
    usd: float,
    open_interest_usd: float | None,
    share: float | None,
    past: RankWindow | SeldomRanked,
    least_percentile: float,
    least_bps: float,
    least_share: float,
) -> bool | None:
    """Whether a total is large for its open interest, for its past and for its side; None where that is unknown.

    One leg that is known to fail answers False, however little is known of the others.
    """
    if share is None or share < least_share:
        return False
    if not open_interest_usd:
        return None
    bps = usd / open_interest_usd * BPS
    if bps < least_bps:
        return False
    if len(past) < LEAST_HOURS:
        return None
    rank = past.rank(bps)
    return None if rank is None else rank >= least_percentile
