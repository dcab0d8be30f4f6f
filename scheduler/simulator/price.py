"""A simulated price before leverage has touched it: value, impact that decays, noise, and volatility that clusters.

Everything is a log price or a log return; hours are the unit of time.
"""

from dataclasses import dataclass
from math import exp, expm1, log, sqrt
from random import Random

from market.observations import YEAR_HOURS
from scheduler.simulator.story import Story

NOISE_PULL = 1.0
"""Per hour: how fast market makers bring a stray price back."""
SNAP_SHARE, SNAP_PULL, IMPACT_PULL = 0.3, 0.7, 0.075
"""The share of a large order's impact that snaps back when it ends, and the pulls per hour of both parts."""
WANDERING, RANGE_BOUND = 0.6, 0.012
"""The share of variance that is news for good."""
SLOW_SIGMA, SLOW_PULL = 0.12, 1.0 / 120.0
TAIL_SIGMA = 0.30
HEAT_GAIN, HEAT_HALF_LIFE_H, HEAT_CAP = 0.03, 8.0, 4.0
SURPRISING = 3.0
"""A squared move of so many variances leaves the next hours more volatile."""
USUAL_HALF_LIFE_H = 72.0


@dataclass(frozen=True, slots=True)
class Path:
    """The log prices of one step."""

    begin: float
    high: float
    low: float
    end: float


@dataclass(slots=True)
class PriceProcess:
    """The state from which a price is made; `heat` is how much the last hours raised variance above its slow level."""

    base_variance: float
    value: float = 0.0
    snapping: float = 0.0
    displaced: float = 0.0
    noise: float = 0.0
    slow: float = 0.0
    heat: float = 0.0
    usual_variance: float = 0.0
    last: float = 0.0

    @property
    def hourly_variance(self) -> float:
        """Variance of one hour now, fraction squared."""
        return self.base_variance * exp(2.0 * self.slow) * (1.0 + self.heat)

    @property
    def usual_day_sigma(self) -> float:
        """What volatility has lately made of one day: half-life three days."""
        return sqrt(self.usual_variance * 24.0)

    def step(self, begin_h: float, hours: float, story: Story, market_die: float, dice: Random) -> Path:
        """Move on by one step; `market_die` is this coin's share of what moves all coins, standard normal."""
        self._drift_volatility(hours, dice)
        variance = self.hourly_variance * exp(2.0 * TAIL_SIGMA * dice.gauss(0.0, 1.0) - 2.0 * TAIL_SIGMA**2)
        wandering = RANGE_BOUND if begin_h >= story.range_bound_from_h else WANDERING
        self._push(begin_h, hours, story)
        self.value += sqrt(variance * wandering * hours) * dice.gauss(0.0, 1.0)
        spread = variance * (1.0 - wandering) * -expm1(-2.0 * NOISE_PULL * hours) / (2.0 * NOISE_PULL)
        self.noise = self.noise * exp(-NOISE_PULL * hours) + sqrt(spread) * market_die
        begin, end = self.last, self.value + self.snapping + self.displaced + self.noise
        self.last = end
        reach = variance * hours
        return Path(
            begin, _extreme(begin, end, reach, 1.0, dice), _extreme(begin, end, reach, -1.0, dice), end
        )

    def displace(self, log_move: float) -> None:
        """Add the impact of forced or frightened orders; it decays like that of any large order."""
        self._strike(log_move)
        self.last += log_move

    def remember(self, path: Path, hours: float) -> None:
        """Let what happened heat the coming hours and become part of what is usual."""
        quiet = self.base_variance * exp(2.0 * self.slow)
        square = (path.end - path.begin) ** 2
        surprise = max(0.0, square / quiet - SURPRISING * hours * (1.0 + self.heat))
        cooled = self.heat * 0.5 ** (hours / HEAT_HALF_LIFE_H)
        self.heat = min(HEAT_CAP, cooled + HEAT_GAIN * surprise)
        weight = 1.0 - 0.5 ** (hours / USUAL_HALF_LIFE_H)
        self.usual_variance += weight * (self.hourly_variance - self.usual_variance)

    def _drift_volatility(self, hours: float, dice: Random) -> None:
        keep = exp(-SLOW_PULL * hours)
        self.slow = self.slow * keep + SLOW_SIGMA * sqrt(1.0 - keep * keep) * dice.gauss(0.0, 1.0)

    def _push(self, begin_h: float, hours: float, story: Story) -> None:
        self.snapping *= exp(-SNAP_PULL * hours)
        self.displaced *= exp(-IMPACT_PULL * hours)
        for push in story.pushes:
            if begin_h >= push.start_h + push.hours or begin_h + hours <= push.start_h:
                continue
            move = push.between(begin_h, begin_h + hours) * self.usual_day_sigma
            self.value += move * push.lasting
            self._strike(move * (1.0 - push.lasting))

    def _strike(self, log_move: float) -> None:
        self.snapping += log_move * SNAP_SHARE
        self.displaced += log_move * (1.0 - SNAP_SHARE)


def begin_price(sigma: float) -> PriceProcess:
    """A price at rest at log 0, with a usual annualised volatility."""
    variance = sigma * sigma / YEAR_HOURS
    return PriceProcess(base_variance=variance, usual_variance=variance)


def _extreme(begin: float, end: float, variance: float, sign: float, dice: Random) -> float:
    """The highest (sign 1) or lowest (-1) point of a Brownian bridge, by inversion of its exact distribution."""
    move = sign * (end - begin)
    rise = (move + sqrt(move * move - 2.0 * variance * log(1.0 - dice.random()))) / 2.0
    return begin + sign * rise
