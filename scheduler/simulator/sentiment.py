"""What simulated traders pay: funding for being long, skew for protection, and implied volatility."""

from dataclasses import dataclass
from math import exp, expm1, sqrt, tanh
from random import Random

from market.observations import YEAR_HOURS
from scheduler.simulator.story import Mood

INTEREST_8H = 0.0001
PREMIUM_BAND = 0.0005
FUNDING_CAP_8H = 0.003
"""The exchange's cap on a settled rate."""
FUNDING_INTERVAL_H = 8.0
PREMIUM_SIGMA, PREMIUM_PULL = 0.00012, 1.0 / 60.0
PREMIUM_FOLLOW_PER_HOUR = 0.45
PAIN_PER_CLOSED, PAIN_HALF_LIFE_H = 0.018, 9.0
USUAL_CLOSED_PER_HOUR = 0.0004
"""What is closed under pressure in any hour, and frightens nobody."""
CAUTION_PER_CLOSED, CAUTION_HALF_LIFE_H = 0.0055, 60.0
DEEPEST_DISCOUNT = 0.0011
"""Where a cheap perpetual is bought against spot by those who need no courage."""
SKEW_USUAL, SKEW_SIGMA, SKEW_PULL = 0.024, 0.005, 1.0 / 90.0
CALLS_PER_APPETITE = 0.06
"""Who wants leverage also buys calls, and skew flattens."""
FRIGHT_PER_SIGMA, FRIGHT_HALF_LIFE_H = 0.008, 16.0
EVERYDAY_FALL_SIGMAS = 0.35
"""A fall in an hour, in daily sigmas, that makes nobody buy puts; grows with the root of time."""
IMPLIED_PULL = 1.0 / 20.0


def funding_rate(premium: float) -> float:
    """The rate per eight hours of a mean premium: `P + clamp(I - P, 0.05 %)`, capped (quant.md section 5)."""
    rate = premium + min(PREMIUM_BAND, max(-PREMIUM_BAND, INTEREST_8H - premium))
    return min(FUNDING_CAP_8H, max(-FUNDING_CAP_8H, rate))


@dataclass(frozen=True, slots=True)
class Felt:
    """What one step was like: the mood of the story, the share of open interest closed under pressure, the fall.

    `fall_sigmas` is in daily sigmas (negative when price rose), `variance` that of one hour now.
    """

    hours: float
    mood: Mood
    closed_share: float
    fall_sigmas: float
    variance: float


@dataclass(slots=True)
class Sentiment:
    """Premium of the perpetual, skew and implied volatility of one coin, and what moves them."""

    implied: float
    dvol_usual: float
    premium: float = 0.0
    taste: float = 0.0
    pain: float = 0.0
    caution: float = 0.0
    skew_level: float = 0.0
    fright: float = 0.0
    calls: float = 0.0
    premium_hours: float = 0.0
    elapsed_h: float = 0.0

    def step(self, felt: Felt, dice: Random) -> None:
        """Move on by one step."""
        self._pay(felt, dice)
        self._protect(felt, dice)
        annual = sqrt(felt.variance * YEAR_HOURS) * self.dvol_usual
        self.implied += (annual - self.implied) * -expm1(-IMPLIED_PULL * felt.hours)

    def _pay(self, felt: Felt, dice: Random) -> None:
        """The premium follows what longs want, less what forced selling has taught them, soon and for days."""
        hours = felt.hours
        forced = max(0.0, felt.closed_share - USUAL_CLOSED_PER_HOUR * hours)
        self.taste = _pulled(self.taste, PREMIUM_SIGMA, PREMIUM_PULL * hours, dice)
        self.pain = self.pain * 0.5 ** (hours / PAIN_HALF_LIFE_H) + PAIN_PER_CLOSED * forced
        self.caution = self.caution * 0.5 ** (hours / CAUTION_HALF_LIFE_H) + CAUTION_PER_CLOSED * forced
        wanted = self.taste + felt.mood.greed - self.pain - self.caution
        if wanted < 0.0:
            wanted = -DEEPEST_DISCOUNT * tanh(-wanted / DEEPEST_DISCOUNT)
        self.premium += (wanted - self.premium) * -expm1(-PREMIUM_FOLLOW_PER_HOUR * hours)
        self.premium_hours += self.premium * hours
        self.elapsed_h += hours

    def _protect(self, felt: Felt, dice: Random) -> None:
        """Puts are bought after a fall that is out of the ordinary, calls by those who want leverage."""
        self.skew_level = _pulled(self.skew_level, SKEW_SIGMA, SKEW_PULL * felt.hours, dice)
        self.calls = CALLS_PER_APPETITE * max(0.0, felt.mood.appetite)
        excess = max(0.0, felt.fall_sigmas - EVERYDAY_FALL_SIGMAS * sqrt(felt.hours))
        self.fright = self.fright * 0.5 ** (felt.hours / FRIGHT_HALF_LIFE_H) + FRIGHT_PER_SIGMA * excess

    def predicted_rate(self) -> float:
        """The rate this interval would settle at by what its premium has been so far, per eight hours."""
        return funding_rate(self.premium_hours / self.elapsed_h if self.elapsed_h else self.premium)

    def settle(self) -> float:
        """The rate paid at the end of an interval, per eight hours; the next interval begins."""
        rate = self.predicted_rate()
        self.premium_hours = self.elapsed_h = 0.0
        return rate

    @property
    def skew_30d(self) -> float:
        """25-delta put minus call IV at 30 days, a fraction."""
        return SKEW_USUAL + self.skew_level - self.calls + self.fright

    @property
    def skew_7d(self) -> float:
        """The same at 7 days: it feels a fright more."""
        return SKEW_USUAL + 1.2 * (self.skew_level - self.calls) + 1.8 * self.fright


def _pulled(value: float, sigma: float, pull: float, dice: Random) -> float:
    keep = exp(-pull)
    return value * keep + sigma * sqrt(1.0 - keep * keep) * dice.gauss(0.0, 1.0)
