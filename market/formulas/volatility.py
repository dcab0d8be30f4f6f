"""Realised volatility from bars and from returns: estimators, annualising, and the share of jumps (quant.md section 2).

A bar is (open, high, low, close) of one step in US dollars; every estimator gives the variance of one step (a squared
fraction). Crypto never closes, so a year has 365 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, gamma, log, pi, sqrt
from statistics import fmean

YEAR_SECONDS = 365.0 * 86_400.0
SQRT_YEAR_DAYS = sqrt(365.0)
LN4 = log(4.0)
TRIPOWER = (gamma(0.5) / (float(2.0 ** (2.0 / 3.0)) * gamma(7.0 / 6.0))) ** 3
"""mu_{4/3}^-3: a Gaussian's E|x|^(4/3), to the minus third."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Four positive prices of one step, high and low enclosing open and close."""

    open_usd: float
    high_usd: float
    low_usd: float
    close_usd: float


def close_to_close(returns: Sequence[float]) -> float | None:
    """The mean squared log return: drift over a day is noise, so the mean is taken as zero. None of nothing."""
    return fmean(value * value for value in returns) if returns else None


def parkinson(high_usd: float, low_usd: float) -> float:
    """A bar's variance from its range: ln(H/L)^2 / (4 ln 2). Low where ticks are few, high where price drifts."""
    return log(high_usd / low_usd) ** 2 / (2.0 * LN4)


def garman_klass(open_usd: float, high_usd: float, low_usd: float, close_usd: float) -> float:
    """A bar's variance from its range and its body: .5 ln(H/L)^2 - (2 ln 2 - 1) ln(C/O)^2."""
    return 0.5 * log(high_usd / low_usd) ** 2 - (LN4 - 1.0) * log(close_usd / open_usd) ** 2


def rogers_satchell(open_usd: float, high_usd: float, low_usd: float, close_usd: float) -> float:
    """A bar's variance free of drift: ln(H/C) ln(H/O) + ln(L/C) ln(L/O); the live choice on hourly bars.

    Never negative while high and low enclose open and close; 0 for a bar that moved in one straight line.
    """
    above = log(high_usd / close_usd) * log(high_usd / open_usd)
    below = log(low_usd / close_usd) * log(low_usd / open_usd)
    return above + below


def mean_parkinson(bars: Sequence[Bar]) -> float | None:
    """The mean of `parkinson` over bars; None of nothing."""
    return fmean(parkinson(bar.high_usd, bar.low_usd) for bar in bars) if bars else None


def mean_garman_klass(bars: Sequence[Bar]) -> float | None:
    """The mean of `garman_klass` over bars; None of nothing."""
    return (
        fmean(garman_klass(bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd) for bar in bars)
        if bars
        else None
    )


def mean_rogers_satchell(bars: Sequence[Bar]) -> float | None:
    """The mean of `rogers_satchell` over bars; None of nothing."""
    if not bars:
        return None
    return fmean(rogers_satchell(bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd) for bar in bars)


def yang_zhang_weight(count: int) -> float:
    """The share of the open-to-close variance in `yang_zhang` over `count` bars (at least two)."""
    return 0.34 / (1.34 + (count + 1) / (count - 1))


def yang_zhang(previous_close_usd: float, bars: Sequence[Bar]) -> float | None:
    """Variance between bars plus a blend of open-to-close and Rogers-Satchell; None of fewer than two bars.

    In a market that never closes the first term is 0, so it gains nothing over Rogers-Satchell there.
    """
    drift_free = mean_rogers_satchell(bars)
    if drift_free is None or len(bars) < 2:
        return None
    closes_before = [previous_close_usd, *(bar.close_usd for bar in bars[:-1])]
    overnight = [log(bar.open_usd / before) for bar, before in zip(bars, closes_before, strict=True)]
    bodies = [log(bar.close_usd / bar.open_usd) for bar in bars]
    weight = yang_zhang_weight(len(bars))
    return _sample_variance(overnight) + weight * _sample_variance(bodies) + (1.0 - weight) * drift_free


def _sample_variance(values: Sequence[float]) -> float:
    middle = fmean(values)
    return fsum((value - middle) ** 2 for value in values) / (len(values) - 1)


def annualise(variance: float, bar_seconds: float) -> float:
    """The volatility of a year (decimal) from the variance of one bar: sqrt(variance * 365 d / bar).

    The square root of the bars in a year is 324.22 for 5 minutes, 93.595 for an hour and 19.105 for a day.
    """
    return sqrt(variance * YEAR_SECONDS / bar_seconds)


def decay_of_half_life(half_life_steps: float) -> float:
    """The weight that a step leaves to the past when it shall halve in `half_life_steps` (72 hours: .990419)."""
    return float(0.5 ** (1.0 / half_life_steps))


def half_life_of_decay(decay: float) -> float:
    """After how many steps the weight has halved (RiskMetrics' .94 a day: 11.2 days)."""
    return log(0.5) / log(decay)


def ewma_step(mean: float, value: float, decay: float) -> float:
    """An exponentially weighted mean after one more value: decay * mean + (1 - decay) * value."""
    return decay * mean + (1.0 - decay) * value


def realised_variance(returns: Sequence[float]) -> float:
    """The sum of squared log returns: the variance of the whole window, not of one step."""
    return fsum(value * value for value in returns)


def bipower_of(pairs_total: float, pairs: int, count: int) -> float:
    """The variance of `count` returns without its jumps, from the sum of |r||r'| over `pairs` of neighbours (not none)."""
    return pi / 2.0 * count / pairs * pairs_total


def quarticity_of(triples_total: float, triples: int, count: int) -> float:
    """The quarticity of `count` returns, from the sum of `tripower_term` over `triples` of neighbours (not none)."""
    return count * TRIPOWER * count / triples * triples_total


def tripower_term(one: float, two: float, three: float) -> float:
    """What three neighbouring returns add to the quarticity: (|r| |r'| |r''|)^(4/3)."""
    return float(abs(one * two * three) ** (4.0 / 3.0))


def bipower_variation(returns: Sequence[float]) -> float | None:
    """The variance of the window without its jumps (pi/2 n/(n-1) sum |r||r'|); None of fewer than two returns."""
    count = len(returns)
    if count < 2:
        return None
    return bipower_of(fsum(abs(one * other) for one, other in pairwise(returns)), count - 1, count)


def tripower_quarticity(returns: Sequence[float]) -> float | None:
    """The window's integrated quarticity, robust to jumps; None of fewer than three returns."""
    count = len(returns)
    if count < 3:
        return None
    triples = zip(returns, returns[1:], returns[2:], strict=False)
    return quarticity_of(fsum(tripower_term(*three) for three in triples), count - 2, count)


def jump_share(returns: Sequence[float]) -> float | None:
    """The part of realised variance that came in jumps (0..1); None where nothing moved (a halt)."""
    continuous = bipower_variation(returns)
    return None if continuous is None else jump_share_of(realised_variance(returns), continuous)


def jump_share_of(variance: float, continuous: float) -> float | None:
    """The same from realised variance and bipower variation."""
    return None if variance <= 0.0 else max(0.0, 1.0 - continuous / variance)


def jump_z(returns: Sequence[float]) -> float | None:
    """How many standard errors the jump share lies above none (ratio statistic); None where it cannot be said.

    It wants about a hundred returns to be trusted; a price without a continuous part gives None, not infinity.
    """
    continuous, quarticity = bipower_variation(returns), tripower_quarticity(returns)
    if continuous is None or quarticity is None:
        return None
    return jump_z_of(realised_variance(returns), continuous, quarticity, len(returns))


def jump_z_of(variance: float, continuous: float, quarticity: float, count: int) -> float | None:
    """The same from realised variance, bipower variation and quarticity of `count` returns."""
    if variance <= 0.0 or continuous <= 0.0:
        return None
    spread = (pi * pi / 4.0 + pi - 5.0) / count * max(1.0, quarticity / continuous**2)
    return (1.0 - continuous / variance) / sqrt(spread)


def sizing_volatility(
    ewma: float, rv_30d: float | None, dvol: float | None, rv_weight: float, dvol_weight: float
) -> float:
    """The volatility that positions are sized by: the largest of the fast one and the weighted slow ones.

    Fast up, slow down, with implied volatility as a floor where it is fresh; all annualised decimals.
    """
    floors = [
        weight * value for weight, value in ((rv_weight, rv_30d), (dvol_weight, dvol)) if value is not None
    ]
    return max(ewma, *floors) if floors else ewma


def daily_move(annual_volatility: float) -> float:
    """The one-sigma move of a day (fraction) that an annualised volatility (decimal) stands for: 60 % is 3.14 %."""
    return annual_volatility / SQRT_YEAR_DAYS
