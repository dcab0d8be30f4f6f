"""What simulated traders pay: funding for being long, skew for protection, and implied volatility."""

from dataclasses import dataclass
from math import exp, sqrt
from random import Random

from market.observations import YEAR_HOURS

INTEREST_8H = 0.0001
PREMIUM_BAND = 0.0005
FUNDING_CAP_8H = 0.003
"""The exchange's cap on a settled rate."""
FUNDING_INTERVAL_H = 8.0
PREMIUM_SIGMA, PREMIUM_PULL = 0.00012, 1.0 / 60.0
PREMIUM_FOLLOW_PER_HOUR = 0.45
PAIN_PER_CLOSED, PAIN_HALF_LIFE_H = 0.014, 9.0
USUAL_CLOSED_PER_HOUR = 0.0004
"""What is closed under pressure in any hour, and frightens nobody."""
CAUTION_PER_CLOSED, CAUTION_HALF_LIFE_H = 0.004, 60.0
SKEW_USUAL, SKEW_SIGMA, SKEW_PULL = 0.022, 0.006, 1.0 / 90.0
FRIGHT_PER_SIGMA, FRIGHT_HALF_LIFE_H = 0.008, 16.0
EVERYDAY_FALL_SIGMAS = 0.35
"""A fall in an hour, in daily sigmas, that makes nobody buy puts; grows with the root of time."""
IMPLIED_PULL = 1.0 / 20.0


def funding_rate(premium: float) -> float:
    """The rate per eight hours of a mean premium: `P + clamp(I - P, 0.05 %)`, capped (quant.md section 5)."""
    rate = premium + min(PREMIUM_BAND, max(-PREMIUM_BAND, INTEREST_8H - premium))
    return min(FUNDING_CAP_8H, max(-FUNDING_CAP_8H, rate))


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
    premium_hours: float = 0.0
    elapsed_h: float = 0.0

    def step(
        self,
        hours: float,
        greed: float,
        closed_share: float,
        fall_sigmas: float,
        variance: float,
        dice: Random,
    ) -> None:
        """Move on; `closed_share` of open interest was closed under pressure, price fell `fall_sigmas` days' worth."""
        self.taste = _pulled(self.taste, PREMIUM_SIGMA, PREMIUM_PULL * hours, dice)
        forced = max(0.0, closed_share - USUAL_CLOSED_PER_HOUR * hours)
        self.pain = self.pain * 0.5 ** (hours / PAIN_HALF_LIFE_H) + PAIN_PER_CLOSED * forced
        self.caution = self.caution * 0.5 ** (hours / CAUTION_HALF_LIFE_H) + CAUTION_PER_CLOSED * forced
        wanted = self.taste + greed - self.pain - self.caution
        self.premium += (wanted - self.premium) * -_expm1(PREMIUM_FOLLOW_PER_HOUR * hours)
        self.premium_hours += self.premium * hours
        self.elapsed_h += hours
        self.skew_level = _pulled(self.skew_level, SKEW_SIGMA, SKEW_PULL * hours, dice)
        self.fright = self.fright * 0.5 ** (hours / FRIGHT_HALF_LIFE_H) + FRIGHT_PER_SIGMA * max(
            0.0, fall_sigmas
        )
        annual = sqrt(variance * YEAR_HOURS) * self.dvol_usual
        self.implied += (annual - self.implied) * -_expm1(IMPLIED_PULL * hours)

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
        return SKEW_USUAL + self.skew_level + self.fright

    @property
    def skew_7d(self) -> float:
        """The same at 7 days: it feels a fright more."""
        return SKEW_USUAL + 1.2 * self.skew_level + 1.8 * self.fright


def _pulled(value: float, sigma: float, pull: float, dice: Random) -> float:
    keep = exp(-pull)
    return value * keep + sigma * sqrt(1.0 - keep * keep) * dice.gauss(0.0, 1.0)


def _expm1(span: float) -> float:
    return exp(-span) - 1.0
