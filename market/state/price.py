"""Price as it is remembered: lagged prices, swings, extremes and the last fast break."""

from dataclasses import dataclass, field
from math import log, sqrt

from market.formulas.horizons import horizon_of
from market.formulas.logic import as_number
from market.formulas.price import Swings, drawdown, level_of, swing_threshold, trend_number
from market.observations import DAY_MS, HOUR_MS, Candle
from market.rolling import DecayingMean, Extreme, Lagged, RankWindow
from market.rules import LOW_WINDOW_MS, PRICE_MEAN_HALF_LIFE_HOURS, PriceRules
from market.state.flagged import Flagged
from market.state.hours import price_of

LAG_TOLERANCE_MS = 2 * HOUR_MS
HOURS_A_DAY, DAYS_A_WEEK = 24, 7


def _lag(span_ms: int) -> Lagged:
    """A price of then; one that is an eighth of the span older would make it another span's return."""
    return Lagged(span_ms, min(LAG_TOLERANCE_MS, span_ms // 8))


@dataclass(slots=True)
class Horizon:
    """One span looked back over: the price then, and the hourly variance known then."""

    price: Lagged
    variance: Lagged


def _horizon(span_ms: int) -> Horizon:
    return Horizon(_lag(span_ms), Lagged(span_ms, LAG_TOLERANCE_MS))


@dataclass(slots=True)
class PriceWindows:
    """Everything about price that a later reading needs, in US dollars and log ranges.

    Lows are kept negated, so that the largest is the lowest. `broken_low_usd` is the confirmed low that a fast break
    went through, None when there is no break. Candles are without a longer gap since `unbroken_since_ms`. `highest_ever_usd`
    is the highest close since `highest_since_ms`. Hours and days are flagged by their own shock, `trend` is that of `swings`.
    `told` is what closed hours tell once it was asked for, None after a change.
    """

    price_usd: float | None = None
    price_at_ms: int = 0
    first_at_ms: int | None = None
    unbroken_since_ms: int = 0
    step_ms: int = 0
    is_last_trade: bool = False
    hour: Horizon = field(default_factory=lambda: _horizon(HOUR_MS))
    four_hours: Horizon = field(default_factory=lambda: _horizon(4 * HOUR_MS))
    day: Horizon = field(default_factory=lambda: _horizon(DAY_MS))
    week: Lagged = field(default_factory=lambda: _lag(7 * DAY_MS))
    swings: Swings = field(default_factory=Swings)
    mean_7d: DecayingMean = field(default_factory=lambda: DecayingMean(PRICE_MEAN_HALF_LIFE_HOURS))
    highest: Extreme = field(default_factory=lambda: Extreme(90 * DAY_MS))
    day_high: Extreme = field(default_factory=lambda: Extreme(DAY_MS))
    day_low: Extreme = field(default_factory=lambda: Extreme(DAY_MS))
    low_72h: Extreme = field(default_factory=lambda: Extreme(LOW_WINDOW_MS))
    new_low_at_ms: int | None = None
    ranges: RankWindow = field(default_factory=lambda: RankWindow(30 * DAY_MS))
    broken_low_usd: float | None = None
    broken_at_ms: int = 0
    back_above_since_ms: int | None = None
    highest_ever_usd: float | None = None
    highest_since_ms: int = 0
    trend: float | None = None
    hours: Flagged = field(default_factory=lambda: Flagged(HOUR_MS, HOURS_A_DAY))
    days: Flagged = field(default_factory=lambda: Flagged(DAY_MS, DAYS_A_WEEK))
    told: dict[str, float | None] | None = None

    def observe(self, candle: Candle, hourly_variance: float | None, rules: PriceRules) -> None:
        """Add a closed candle and the variance that is known at its close."""
        self._mind_gap(candle, rules)
        at_ms, price = candle.known_at_ms, price_of(candle)
        self.price_usd, self.price_at_ms, self.step_ms = price, at_ms, candle.step_ms
        self.is_last_trade = candle.mark_close_usd is None
        if self.first_at_ms is None:
            self.first_at_ms = at_ms
        self._remember(at_ms, price, candle)
        if hourly_variance is not None:
            for horizon in (self.hour, self.four_hours, self.day):
                horizon.variance.offer(at_ms, hourly_variance)
        self._mind_new_low(at_ms, price)
        self._mind_break(at_ms, price, rules)

    def close_hour(self, price_usd: float, at_ms: int, sigma_1d: float | None, rules: PriceRules) -> None:
        """Take a closed hour into swings, the weekly mean and the ranks of daily ranges."""
        self.told = None
        self.mean_7d.offer(price_usd)
        span = self.range_24h()
        if span is not None:
            self.ranges.offer(at_ms, span)
        if sigma_1d is not None:
            threshold = swing_threshold(sigma_1d, rules.swing_sigmas, rules.swing_floor, rules.swing_cap)
            if self.swings.observe(price_usd, threshold, at_ms):
                self.trend = trend_number(self.swings.trend(rules.pivot_margin))
        self._flag(at_ms, rules)

    def range_24h(self) -> float | None:
        """ln(highest / lowest) over 24 h, None before a full day."""
        if not self.covers(DAY_MS):
            return None
        high, low = self.day_high.largest, self.day_low.largest
        return None if high is None or low is None else log(high / -low)

    def covers(self, span_ms: int) -> bool:
        """Whether candles are known for the last `span_ms` without a longer gap: what fell meanwhile was not seen."""
        return self.price_at_ms - self.unbroken_since_ms >= span_ms

    def drawdown(self, days: int) -> float | None:
        """How far the price is below its highest close of the last `days` (at most 90), a fraction; None without price."""
        highest = self.highest.since(self.price_at_ms - days * DAY_MS)
        return None if highest is None or self.price_usd is None else drawdown(self.price_usd, highest)

    def hourly_facts(self, rules: PriceRules) -> dict[str, float | None]:
        """What the reading tells of closed hours; `horizon` is that of hours and days alone."""
        if self.told is None:
            swings, margin = self.swings, rules.pivot_margin
            reached = horizon_of(
                None, self.hours.counts, self.days.counts, rules.episode_hours, rules.regime_days
            )
            self.told = {
                "lower_low": as_number(swings.lower_low(margin)),
                "lower_low_in_progress": as_number(swings.lower_low_in_progress()),
                "higher_low": as_number(swings.higher_low(margin)),
                "trend_slow": self.trend,
                "last_low_usd": level_of(swings.last_low),
                "last_high_usd": level_of(swings.last_high),
                "swing_at_ms": swings.confirmed_at_ms,
                "flagged_hours_24": float(self.hours.flagged),
                "flagged_days_7": float(self.days.flagged),
                "horizon": None if reached is None else float(reached),
            }
        return self.told

    def drawdown_ever(self) -> float | None:
        """How far the price is below its highest close of all that was seen, a fraction; None without price."""
        if self.price_usd is None or self.highest_ever_usd is None:
            return None
        return drawdown(self.price_usd, self.highest_ever_usd)

    def log_return(self, past: Lagged) -> float | None:
        """ln(price / price then), None where history does not reach back."""
        before = past.before(self.price_at_ms)
        return None if before is None or self.price_usd is None else log(self.price_usd / before)

    def shock(self, horizon: Horizon) -> float | None:
        """The move in units of what volatility had been pricing before it began (section 1).

        None where history does not reach back, and for a horizon finer than the bar.
        """
        return self.in_sigmas(self.log_return(horizon.price), horizon)

    def in_sigmas(self, change: float | None, horizon: Horizon) -> float | None:
        """The log return over a horizon as a shock."""
        if change is None or horizon.price.span_ms < self.step_ms:
            return None
        prior = horizon.variance.before(self.price_at_ms)
        if prior is None or prior <= 0.0:
            return None
        return change / sqrt(prior * (horizon.price.span_ms / HOUR_MS))

    def _flag(self, at_ms: int, rules: PriceRules) -> None:
        """Flag the hour that closed, and at 00 UTC the day, each by its own shock; a shock nobody knows is no flag."""
        hour = self.shock(self.hour)
        self.hours.close(at_ms, None if hour is None else hour <= rules.shock_1h)
        if at_ms % DAY_MS == 0:
            day = self.shock(self.day)
            self.days.close(at_ms, None if day is None else day <= rules.shock_24h)

    def _remember(self, at_ms: int, price: float, candle: Candle) -> None:
        if self.highest_ever_usd is None:
            # a checkpoint written before this was kept knows the highest of 90 days
            ninety, first_ms = self.highest.largest, self.first_at_ms or at_ms
            self.highest_ever_usd = price if ninety is None else ninety
            self.highest_since_ms = max(first_ms, at_ms - self.highest.span_ms)
        self.highest_ever_usd = max(self.highest_ever_usd, price)
        for past in (self.hour.price, self.four_hours.price, self.day.price, self.week):
            past.offer(at_ms, price)
        self.highest.offer(at_ms, price)
        self.day_high.offer(at_ms, candle.high_usd)
        self.day_low.offer(at_ms, -candle.low_usd)

    def _mind_gap(self, candle: Candle, rules: PriceRules) -> None:
        """After a gap swings (of hourly closes, whatever the candle) and ranges begin anew."""
        gap_ms = candle.open_at_ms - self.price_at_ms
        if self.price_usd is None:
            self.unbroken_since_ms = candle.open_at_ms
        elif gap_ms > rules.longest_gap_bars * max(candle.step_ms, HOUR_MS):
            self.swings.reset()
            self.trend = self.told = None
            self.unbroken_since_ms = candle.open_at_ms

    def _mind_new_low(self, at_ms: int, price: float) -> None:
        lowest = self.low_72h.largest
        if lowest is None or -price > lowest:
            self.new_low_at_ms = at_ms
        self.low_72h.offer(at_ms, -price)

    def _mind_break(self, at_ms: int, price: float, rules: PriceRules) -> None:
        """Begin or end a fast break: through the last confirmed low, with a shock at any horizon."""
        low = self.swings.last_low
        if (
            low is not None
            and self.swings.is_below_last_low(price, rules.pivot_margin)
            and self._is_shocked(rules)
        ):
            self.broken_low_usd, self.broken_at_ms, self.back_above_since_ms = low.price_usd, at_ms, None
            return
        if self.broken_low_usd is None:
            return
        if price <= self.broken_low_usd:
            self.back_above_since_ms = None
        elif self.back_above_since_ms is None:
            self.back_above_since_ms = at_ms
        back = self.back_above_since_ms
        is_back = back is not None and at_ms - back >= rules.break_back_above_ms
        if is_back or at_ms - self.broken_at_ms >= rules.break_longest_ms:
            self.broken_low_usd, self.back_above_since_ms = None, None

    def _is_shocked(self, rules: PriceRules) -> bool:
        for horizon, limit in (
            (self.hour, rules.shock_1h),
            (self.four_hours, rules.shock_4h),
            (self.day, rules.shock_24h),
        ):
            shock = self.shock(horizon)
            if shock is not None and shock <= limit:
                return True
        return False
