"""Five-minute closes as they are remembered: the last shock, swings of the fast scale, and the jumps of a day."""

from array import array
from collections import deque
from dataclasses import dataclass, field
from math import fsum, inf, log, sqrt

from market.formulas.logic import as_number
from market.formulas.price import Swings, level_of, swing_threshold, trend_number
from market.formulas.volatility import (
    bipower_of,
    jump_share_of,
    jump_z_of,
    quarticity_of,
    tripower_term,
)
from market.observations import DAY_MS, HOUR_MS, STEP_MS, Candle
from market.rolling import Doubles
from market.rules import PriceRules, VolatilityRules
from market.state.hours import price_of

AN_HOUR, A_DAY = HOUR_MS // STEP_MS, DAY_MS // STEP_MS
UNKNOWN = inf
"""A number of a column that nobody knows: unlike NaN it is equal to itself, so that equal states are equal."""


def _no_doubles() -> Doubles:
    return array("d")


@dataclass(slots=True)
class ExactSum:
    """A sum of numbers that come and go, exact however many did, and how many are in it; what is UNKNOWN is left out."""

    total: float = 0.0
    rest: float = 0.0
    count: int = 0

    def move(self, come: float, gone: float = UNKNOWN) -> None:
        """Add a number, and take one away that was added before."""
        moved = [self.total, self.rest]
        if come < inf:
            moved.append(come)
            self.count += 1
        if gone < inf:
            moved.append(-gone)
            self.count -= 1
        self.total = total = fsum(moved)
        moved.append(-total)
        self.rest = fsum(moved)


@dataclass(slots=True)
class DayOfReturns:
    """The log returns of the last 288 buckets, oldest first (or UNKNOWN), and what jumps are told from."""

    returns: Doubles = field(default_factory=_no_doubles)
    squares: ExactSum = field(default_factory=ExactSum)
    pairs: ExactSum = field(default_factory=ExactSum)
    triples: ExactSum = field(default_factory=ExactSum)

    def take(self, change: float) -> None:
        """Add the next bucket's return; the oldest of a full day goes."""
        returns = self.returns
        square = pair = triple = UNKNOWN
        if len(returns) == A_DAY:
            gone, second, third = returns[0], returns[1], returns[2]
            square, pair, triple = gone * gone, abs(gone * second), tripower_term(gone, second, third)
            del returns[0]
        self.squares.move(change * change, square)
        if returns:
            self.pairs.move(abs(returns[-1] * change), pair)
        if len(returns) > 1:
            self.triples.move(tripower_term(returns[-2], returns[-1], change), triple)
        returns.append(change)

    def last_hour(self) -> float | None:
        """The variance of the last hour: the sum of its twelve squared returns, None where one is missing."""
        if len(self.returns) < AN_HOUR:
            return None
        total = sum([change * change for change in self.returns[-AN_HOUR:]])
        return total if total < inf else None

    def jumps(self, least: int) -> tuple[float | None, float | None]:
        """The share of the day's variance that came in jumps and its z; None of fewer than `least` returns."""
        count, pairs, triples = self.squares.count, self.pairs, self.triples
        if count < least or not pairs.count or not triples.count:
            return None, None
        variance = self.squares.total
        continuous = bipower_of(pairs.total, pairs.count, count)
        quarticity = quarticity_of(triples.total, triples.count, count)
        return jump_share_of(variance, continuous), jump_z_of(variance, continuous, quarticity, count)


@dataclass(slots=True)
class FiveMinuteCloses:
    """What bars of five minutes or finer tell; nothing at all of a source whose bars are longer.

    `variance` is that of an hour as it was known at the last close: the next shock is measured by it. `sigma` is what a
    bucket was expected to move when the last one began. `flagged_ms` are the buckets with a shock of the last day. `told` are
    the facts of price once they were asked for, None after a close: they are asked for at every look.
    """

    close_usd: float = 0.0
    at_ms: int = 0
    change: float | None = None
    variance: float | None = None
    sigma: float | None = None
    shock: float | None = None
    day: DayOfReturns = field(default_factory=DayOfReturns)
    jump_share: float | None = None
    jump_z: float | None = None
    swings: Swings = field(default_factory=Swings)
    trend: float | None = None
    flagged_ms: deque[int] = field(default_factory=deque)
    told: dict[str, float | None] | None = None

    def observe(self, candle: Candle, rules: PriceRules) -> bool:
        """Take a candle; tells whether it closed a bucket of five minutes."""
        at_ms = candle.known_at_ms
        if at_ms % STEP_MS or candle.step_ms > STEP_MS or at_ms <= self.at_ms:
            return False
        price = price_of(candle)
        missed = self._mind_gap(at_ms, rules) if self.at_ms else 0
        self.change = log(price / self.close_usd) if self.at_ms and not missed else None
        self.day.take(UNKNOWN if self.change is None else self.change)
        self.close_usd, self.at_ms = price, at_ms
        return True

    def judge(self, variance: float | None, rules: PriceRules, volatility: VolatilityRules) -> None:
        """Look at the bucket that has closed; `variance` is that of an hour as it is known now."""
        self.told = None
        prior, self.variance = self.variance, variance
        self.sigma = sqrt(prior / AN_HOUR) if prior is not None and prior > 0.0 else None
        self.shock = None if self.change is None or self.sigma is None else self.change / self.sigma
        self.jump_share, self.jump_z = self.day.jumps(volatility.jump_least_returns)
        self._flag(rules)
        if variance is not None:
            sigma_4h = sqrt(max(0.0, variance) * 4.0)
            threshold = swing_threshold(
                sigma_4h, rules.swing_sigmas, rules.fast_swing_floor, rules.fast_swing_cap
            )
            if self.swings.observe(self.close_usd, threshold, self.at_ms):
                self.trend = trend_number(self.swings.trend(rules.pivot_margin))

    def facts(self, margin: float) -> dict[str, float | None]:
        """What the price reading tells of five minutes."""
        if self.told is None:
            swings = self.swings
            self.told = {
                "r_5m": self.change,
                "sigma_5m": self.sigma,
                "shock_5m": self.shock,
                "flagged_5m_24h": float(len(self.flagged_ms)),
                "trend_fast": self.trend,
                "fast_lower_low": as_number(swings.lower_low(margin)),
                "fast_lower_low_in_progress": as_number(swings.lower_low_in_progress()),
                "fast_higher_low": as_number(swings.higher_low(margin)),
                "fast_low_usd": level_of(swings.last_low),
                "fast_high_usd": level_of(swings.last_high),
                "fast_swing_at_ms": swings.confirmed_at_ms,
            }
        return self.told

    def is_current(self, price_at_ms: int) -> bool:
        """Whether the last bucket that can have closed is in it: after coarser bars what it holds is old."""
        return 0 <= price_at_ms - self.at_ms < STEP_MS

    def hour_variance(self, at_ms: int) -> float | None:
        """The variance of the hour that closed at `at_ms` from its twelve returns, None where one is missing."""
        return self.day.last_hour() if at_ms == self.at_ms else None

    def _mind_gap(self, at_ms: int, rules: PriceRules) -> int:
        """Leave the buckets out that nobody saw, and begin the swings anew after more than some; gives their number."""
        missed = (at_ms - self.at_ms) // STEP_MS - 1
        if missed > rules.longest_gap_bars:
            self.swings.reset()
            self.trend = None
        if missed >= A_DAY:
            self.day = DayOfReturns()
        else:
            for _ in range(missed):
                self.day.take(UNKNOWN)
        if missed:
            # what was known before the gap is not what was known five minutes before this close
            self.variance = None
        return missed

    def _flag(self, rules: PriceRules) -> None:
        flagged = self.flagged_ms
        if self.shock is not None and self.shock <= rules.shock_5m:
            flagged.append(self.at_ms)
        while flagged and flagged[0] <= self.at_ms - DAY_MS:
            flagged.popleft()
