"""The state of one asset: observations go in, in any order within a step, and every window moves on by that step."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, isfinite, sqrt

from market.evidence_rules import CARRIED_MS, HIGHEST_DVOL, HIGHEST_SKEW, LEAST_HOURS
from market.formulas.statistics import time_to_live_ms
from market.hourly import Hourly
from market.observations import (
    DAY_MS,
    HOUR_MS,
    Asset,
    Branching,
    Candle,
    Depth,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    SpotVolume,
    Venue,
)
from market.rolling import RollingSum
from market.rules import Rules
from market.state.branching import BranchingWindows
from market.state.bursts import FIVE_MS
from market.state.closes import FiveMinuteCloses
from market.state.depth import DepthWindows
from market.state.forced import ForcedHours
from market.state.funding import FundingWindows
from market.state.funding import ttl_of as funding_ttl_ms
from market.state.hours import Hour, begin_hour, extend_hour, price_of
from market.state.leverage import told_of_interest, told_of_liquidations
from market.state.liquidations import LiquidationWindows
from market.state.open_interest import OpenInterestWindows
from market.state.open_interest import ttl_of as interest_ttl_ms
from market.state.price import PriceWindows
from market.state.skew import SkewWindows
from market.state.spot import SpotWindows
from market.state.turnover import TurnoverWindows
from market.state.volatility import VolatilityWindows

MONTH_MS = 30 * DAY_MS
POINTS = 100.0


@dataclass(slots=True)
class MarketState:
    """Everything remembered of `asset`; plain numbers throughout, so that a checkpoint of it is exact.

    `hours` are the closed hours, as far back as they are kept, `hours_venue` whose open interest stands in the newest,
    `forced` what their liquidations are still added up from. `told_...` is what is worked out every five minutes.
    `refused` counts observations that were not plausible or not yet known, by kind.
    """

    asset: Asset
    price: PriceWindows = field(default_factory=PriceWindows)
    closes: FiveMinuteCloses = field(default_factory=FiveMinuteCloses)
    volatility: VolatilityWindows = field(default_factory=VolatilityWindows)
    liquidations: LiquidationWindows = field(default_factory=LiquidationWindows)
    open_interest: OpenInterestWindows = field(default_factory=OpenInterestWindows)
    funding: FundingWindows = field(default_factory=FundingWindows)
    skew: SkewWindows = field(default_factory=SkewWindows)
    depth: DepthWindows = field(default_factory=DepthWindows)
    spot: SpotWindows = field(default_factory=SpotWindows)
    branching: BranchingWindows = field(default_factory=BranchingWindows)
    volumes: RollingSum = field(default_factory=lambda: RollingSum(MONTH_MS))
    turnover: TurnoverWindows = field(default_factory=TurnoverWindows)
    hour: Hour | None = None
    hours: Hourly = field(default_factory=Hourly)
    hours_venue: Venue | None = None
    forced: ForcedHours = field(default_factory=ForcedHours)
    told_at_ms: int = 0
    told_of_liquidations: dict[str, float | None] = field(default_factory=dict)
    told_of_interest: dict[str, float | None] = field(default_factory=dict)
    grid_ms: int = 0
    now_ms: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def observe(self, observations: Iterable[Observation], now_ms: int, rules: Rules) -> None:
        """Take one step's observations and move every window on to `now_ms`.

        What is implausible (not finite, not positive, high below low) or not yet known is refused and counted; what
        is older than the newest of its kind changes nothing.
        """
        for said in sorted(observations, key=_turn):
            if said.known_at_ms > now_ms or not is_plausible(said):
                kind = type(said).__name__
                self.refused[kind] = self.refused.get(kind, 0) + 1
            else:
                self._take(said, rules)
        self._keep_hour(rules)
        self.now_ms = now_ms
        self._advance(now_ms, rules)

    def tell_leverage(self, now_ms: int, rules: Rules) -> None:
        """Work out what is told of leverage where another five minutes have begun; asked for by those who read it."""
        if now_ms - now_ms % FIVE_MS > self.told_at_ms:
            self.told_at_ms = now_ms - now_ms % FIVE_MS
            self.told_of_liquidations = told_of_liquidations(self, now_ms, rules)
            self.told_of_interest = told_of_interest(self, now_ms, rules)

    def implied_volatility(self, now_ms: int, rules: Rules) -> float | None:
        """DVOL while it is fresh, else None."""
        said = self.volatility.implied
        if said is None:
            return None
        ttl_ms = time_to_live_ms(
            rules.freshness.options_ttl_ms, said.cadence_ms, rules.freshness.cadence_factor
        )
        return said.dvol if now_ms - said.known_at_ms <= ttl_ms else None

    def average_day_volume_usd(self) -> float | None:
        """Mean turnover a day over 30 days, None before a week of hours with a volume."""
        hours = len(self.volumes)
        return None if hours < LEAST_HOURS else self.volumes.total / hours * 24.0

    def _take(self, said: Observation, rules: Rules) -> None:  # noqa: C901 (one case a kind of observation)
        match said:
            case Candle():
                self._take_candle(said, rules)
            case Funding():
                self.funding.observe(said, rules.freshness)
            case OpenInterest():
                self.open_interest.observe(said, rules.freshness)
            case Liquidations():
                self._take_liquidations(said, rules)
            case Skew():
                self.skew.observe(said, rules.freshness.absent_after_ms)
            case ImpliedVolatility():
                if self.volatility.implied is None or said.known_at_ms > self.volatility.implied.known_at_ms:
                    self.volatility.implied = said
            case Depth():
                self.depth.observe(said, rules.depth, rules.freshness.absent_after_ms)
            case SpotVolume():
                self.spot.observe(said, rules.freshness.absent_after_ms)
            case Branching():
                self.branching.observe(said, rules.freshness.absent_after_ms)

    def _take_liquidations(self, said: Liquidations, rules: Rules) -> None:
        if self.price.price_usd is not None:
            if said.known_at_ms > (self.liquidations.at_ms or 0):
                self.forced.take(said, self.price.price_usd, self.hours)
            if self.liquidations.observe(said, self.price.price_usd):
                bursts = self.liquidations.bursts
                bursts.rate(self.open_interest.usd_at(bursts.at_ms - FIVE_MS))
                self.told_at_ms = 0  # a minute that came late closes five minutes after they were told
            if self.liquidations.has_reached(self.grid_ms):
                self._judge_liquidations(rules)

    def _take_candle(self, candle: Candle, rules: Rules) -> None:
        if candle.open_at_ms < self.price.price_at_ms:
            return
        self.turnover.observe(candle)
        closed = self._extend_hour(candle, rules)
        is_five = self.closes.observe(candle, rules.price)
        if closed is not None:
            fine = self.closes.hour_variance(candle.known_at_ms)
            self.volatility.close_hour(closed, price_of(candle), fine)
        variance = self.volatility.hourly_variance(rules.volatility)
        if is_five:
            self.closes.judge(variance, rules.price, rules.volatility)
        self.price.observe(candle, variance, rules.price)
        if closed is not None:
            if closed.volume_usd is not None:
                self.volumes.offer(candle.known_at_ms, closed.volume_usd)
            sigma_1d = None if variance is None else sqrt(max(0.0, variance) * 24.0)
            self.price.close_hour(price_of(candle), candle.known_at_ms, sigma_1d, rules.price)

    def _extend_hour(self, candle: Candle, rules: Rules) -> Hour | None:
        """Add a candle to its hour; gives the hour when this candle completes it."""
        opened = candle.open_at_ms - candle.open_at_ms % HOUR_MS
        if self.hour is not None and self.hour.open_at_ms == opened:
            extend_hour(self.hour, candle)
        else:
            self._keep_hour(rules)
            self.hour = begin_hour(candle)
        is_last = candle.known_at_ms % HOUR_MS == 0
        return self.hour if is_last and self.hour.is_complete else None

    def _keep_hour(self, rules: Rules) -> None:
        """Put the hour that has closed among the hours, once: when all is taken that was known by then."""
        hour, close_usd = self.hour, self.price.price_usd
        if hour is None or close_usd is None or not hour.is_complete:
            return
        close_ms = hour.open_at_ms + HOUR_MS
        if close_ms > self.hours.last_close_ms:
            # the mark may lie beyond the last trades
            high_usd, low_usd = max(hour.high_usd, close_usd), min(hour.low_usd, close_usd)
            self.hours.close_hour(
                close_ms,
                high_usd,
                low_usd,
                close_usd,
                self._coins_at(close_ms, rules),
                funding_8h=self._funding_at(close_ms, rules),
                skew_points=self._skew_at(close_ms, rules),
                volume_usd=hour.volume_usd,
            )
            self.forced.close(self.hours)

    def _coins_at(self, close_ms: int, rules: Rules) -> float | None:
        """Open interest at a full hour, None where it is old, or another venue's than before: series are never chained."""
        interest = self.open_interest
        series = interest.primary(close_ms, rules.freshness)
        if series is None or close_ms - series.at_ms > interest_ttl_ms(series, rules.freshness):
            return None
        before, self.hours_venue = self.hours_venue, interest.venue_of(series)
        return series.coins if before in (None, self.hours_venue) else None

    def _funding_at(self, close_ms: int, rules: Rules) -> float | None:
        """The mean of the day up to a full hour, None where the rate is old."""
        rates = self.funding.primary(close_ms, rules.freshness)
        if rates is None or close_ms - rates.at_ms > funding_ttl_ms(rates, rules.freshness):
            return None
        return rates.mean_24h(max(close_ms, rates.at_ms))

    def _skew_at(self, close_ms: int, rules: Rules) -> float | None:
        """The skew at a full hour in vol points, None where it is old."""
        said, freshness = self.skew.last, rules.freshness
        if said is None:
            return None
        ttl_ms = time_to_live_ms(freshness.options_ttl_ms, said.cadence_ms, freshness.cadence_factor)
        return said.skew_25d_30d * POINTS if close_ms - said.known_at_ms <= ttl_ms else None

    def _advance(self, now_ms: int, rules: Rules) -> None:
        """Once an hour put everything on the grid of ranks; note the open interest of this instant."""
        grid_ms = now_ms - now_ms % HOUR_MS
        if grid_ms > self.grid_ms:
            self.grid_ms = grid_ms
            self._close_hour(grid_ms, rules)
        if not self.liquidations.is_awaited(grid_ms, now_ms):
            self._judge_liquidations(rules)
        if self.price.price_usd is not None:
            venue, price = self.liquidations.venue, self.price.price_usd
            if self.open_interest.mark(now_ms, price, venue, rules.freshness):
                self.liquidations.forget_intensities()

    def _close_hour(self, grid_ms: int, rules: Rules) -> None:
        self.volatility.rank_hour(grid_ms, rules.volatility, self.implied_volatility(grid_ms, rules))
        day_volume = self.average_day_volume_usd()
        for series in self.open_interest.series.values():
            series.rank(grid_ms, self._turnover(series.coins, day_volume))
        self._pair_hour(grid_ms, rules)
        for rates in self.funding.series.values():
            # a rate that came after the full hour ended what was known then
            mean = rates.mean_24h(max(grid_ms, rates.at_ms))
            if mean is not None:
                rates.means.offer(grid_ms, mean)
        self.skew.rank_hour(grid_ms)
        self.depth.rank_hour(grid_ms, rules.depth)
        self.spot.rank_hour(grid_ms)
        self.branching.rank_hour(grid_ms)

    def _pair_hour(self, grid_ms: int, rules: Rules) -> None:
        """Lay open interest beside the price of the same full hour; one that is much older is none of it."""
        is_new = abs(grid_ms - self.price.price_at_ms) <= CARRIED_MS
        variance = self.volatility.hourly_variance(rules.volatility)
        self.open_interest.close_hour(
            grid_ms,
            self.price.price_usd if is_new else None,
            None if variance is None else sqrt(max(0.0, variance)),
            rules.open_interest,
        )

    def _judge_liquidations(self, rules: Rules) -> None:
        """Judge the last full hour of liquidations, once; its last minute may be told some minutes late."""
        grid_ms, interest = self.grid_ms, self.open_interest
        if grid_ms <= self.liquidations.grid_ms:
            return
        asked_ms = max(grid_ms, interest.usd_hour_ago.newest_ms or 0)
        hour_ago, day_ago = interest.usd_hour_ago.before(asked_ms), interest.usd_day_ago.before(asked_ms)
        self.liquidations.close_hour(grid_ms, hour_ago, day_ago, rules.liquidations)

    def _turnover(self, coins: float, day_volume_usd: float | None) -> float | None:
        if self.price.price_usd is None or not day_volume_usd:
            return None
        return coins * self.price.price_usd / day_volume_usd


_TURN = {
    Candle: 0,
    ImpliedVolatility: 1,
    OpenInterest: 2,
    Funding: 3,
    Skew: 4,
    Liquidations: 5,
    Depth: 6,
    SpotVolume: 7,
    Branching: 8,
}


def _turn(said: Observation) -> tuple[int, int, str]:
    """Older first, and price before what is valued at it; the venue settles what is left."""
    return said.known_at_ms, _TURN[type(said)], said.venue


def is_plausible(said: Observation) -> bool:
    """Whether an observation can be true at all: finite, positive where it must be, high not below low."""
    match said:
        case Candle():
            low, high = said.low_usd, said.high_usd
            mark, coins, usd = said.mark_close_usd, said.volume_coins, said.volume_usd
            return (
                0.0 < low <= said.open_usd <= high < inf
                and low <= said.close_usd <= high
                and (mark is None or 0.0 < mark < inf)
                and (coins is None or 0.0 <= coins < inf)
                and (usd is None or 0.0 <= usd < inf)
                and said.step_ms > 0
            )
        case Funding():
            return isfinite(said.rate) and abs(said.rate) < 1.0 and said.interval_hours > 0.0
        case OpenInterest():
            return isfinite(said.coins) and said.coins > 0.0
        case Liquidations():
            return 0.0 <= said.long_coins < inf and 0.0 <= said.short_coins < inf
        case Skew():
            return isfinite(said.skew_25d_30d) and abs(said.skew_25d_30d) < HIGHEST_SKEW
        case ImpliedVolatility():
            return isfinite(said.dvol) and 0.0 < said.dvol < HIGHEST_DVOL
        case Depth():
            sides = (
                said.bid_usd,
                said.ask_usd,
                *(usd for one in said.books for usd in (one.bid_usd, one.ask_usd)),
            )
            return all(0.0 <= usd < inf for usd in sides)
        case SpotVolume():
            return 0.0 <= said.usd < inf and said.step_ms > 0
        case Branching():
            return 0.0 <= said.ratio < inf and 0.0 <= said.deviation < inf and said.events > 0
