"""How sure a figure of a whole history is: the stationary bootstrap of calendar days, jointly over all assets.

Politis and Romano 1994: blocks of days of a mean length, so that what hangs together stays together; one draw of days serves
every asset, as crashes are common shocks. A figure is a ratio of sums over days, or anything that takes days' weights.

The interval is between two percentiles of the draws, moved for bias and skewness (Efron 1987, BCa) and as far out as
Student's distribution has them: the plain 5th and 95th held a share of few hits in 80 to 86 of 100 generated markets only
(decision 0036, `python -m evaluation.coverage`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from market.evaluation_rules import EvidenceRules

Floats: TypeAlias = NDArray[np.float64]
STANDARD = EvidenceRules()
NORMAL = NormalDist()
Figures: TypeAlias = Callable[[Floats], Floats]
"""Figures of many weights of days at once: (weights, days) to (weights)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its interval over the draws; NaN where it cannot be told."""

    value: float
    low: float
    high: float

    def excludes(self, value: float) -> bool:
        """Whether the interval lies wholly on one side of `value`; an unknown one does not."""
        return bool(self.low > value or self.high < value)


def draw_days(days: int, seed: int, rules: EvidenceRules = STANDARD) -> Floats:
    """How often each draw takes each day: (repetitions, days), each row sums to `days`. Days are a circle.

    Raises ValueError for fewer than two days.
    """
    if days < 2:
        raise ValueError("a history of one day has nothing to draw from")
    random = np.random.default_rng(seed)
    shape = (rules.repetitions, days)
    begins = random.random(shape) < 1.0 / rules.block_days
    begins[:, 0] = True
    starts = random.integers(0, days, shape)
    places = np.broadcast_to(np.arange(days), shape)
    since = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    drawn = (np.take_along_axis(starts, since, axis=1) + places - since) % days
    flat = drawn + np.arange(rules.repetitions)[:, None] * days
    counts = np.bincount(flat.ravel(), minlength=rules.repetitions * days)
    return counts.reshape(shape).astype(np.float64)


def leave_out(days: int, rules: EvidenceRules = STANDARD) -> Floats:
    """Weights of days with one block of days left out after the other, (blocks, days): what the skewness is estimated from."""
    length = max(1, round(rules.block_days))
    blocks = max(2, days // length)
    place = np.minimum(np.arange(days) * blocks // days, blocks - 1)
    return np.asarray(place[None, :] != np.arange(blocks)[:, None], np.float64)


def ratio(above: Floats, below: Floats, draws: Floats, level: float = STANDARD.level) -> Interval:
    """The ratio of two sums over days, each given by day (all assets added up), and its interval."""
    return of_sums(lambda weights: (weights @ above) / (weights @ below), draws, level)


def difference(
    first: tuple[Floats, Floats], second: tuple[Floats, Floats], draws: Floats, level: float = STANDARD.level
) -> Interval:
    """The difference of two ratios over the same draws of days (paired), and its interval."""
    (above, below), (other_above, other_below) = first, second
    return of_sums(
        lambda weights: (
            (weights @ above) / (weights @ below) - (weights @ other_above) / (weights @ other_below)
        ),
        draws,
        level,
    )


def of_sums(figures: Figures, draws: Floats, level: float = STANDARD.level) -> Interval:
    """Any figure that is reckoned from sums over days, for many weights of days at once."""
    days = draws.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(figures(np.ones((1, days)))[0])
        return interval_of(value, figures(draws), level, figures(leave_out(days)))


def of_weights(figure: Callable[[Floats], float], draws: Floats, level: float = STANDARD.level) -> Interval:
    """Any figure that takes the weights of days, at every draw."""
    return of_sums(lambda weights: np.array([figure(one) for one in weights]), draws, level)


def interval_of(
    value: float, drawn: Floats, level: float = STANDARD.level, left_out: Floats | None = None
) -> Interval:
    """The interval of drawn figures; draws in which it is not defined (0 of 0) are left out.

    `left_out` are the figures with one block of days left out after the other (`leave_out`); without them the plain
    percentiles are given, which hold less than they promise where hits are few.
    """
    known = drawn[np.isfinite(drawn)]
    if not len(known) or not np.isfinite(value):
        return Interval(value if np.isfinite(value) else float("nan"), float("nan"), float("nan"))
    bias, skew = (0.0, 0.0) if left_out is None else (_bias(value, known), _skew(left_out))
    reach = NORMAL.inv_cdf(0.5 + level / 2.0)
    if left_out is not None:
        reach = _student(reach, _freedom(left_out))
    low, high = np.quantile(known, [_moved(-reach, bias, skew), _moved(reach, bias, skew)])
    return Interval(value, float(low), float(high))


def _bias(value: float, known: Floats) -> float:
    """How far the value lies from the middle of the draws, in standard deviations; draws equal to it count half."""
    below = float((known < value).sum() + 0.5 * (known == value).sum()) / len(known)
    least = 0.5 / len(known)
    return NORMAL.inv_cdf(min(max(below, least), 1.0 - least))


def _skew(left_out: Floats) -> float:
    """Efron's acceleration: a sixth of the skewness of what each block of days is worth."""
    known = left_out[np.isfinite(left_out)]
    worth = known.mean() - known if len(known) else known
    spread = float(worth @ worth)
    return float((worth**3).sum() / (6.0 * spread**1.5)) if spread > 0.0 else 0.0


def _freedom(left_out: Floats) -> float:
    """How many blocks of days a figure rests on, as Satterthwaite counts them: few where most say nothing of it."""
    known = left_out[np.isfinite(left_out)]
    squares = (known - known.mean()) ** 2 if len(known) else known
    return float(squares.sum() ** 2 / (squares @ squares)) if squares.any() else float("inf")


def _student(reach: float, freedom: float) -> float:
    """So many standard deviations of the normal, as Student's distribution has them (Cornish and Fisher's series).

    Draws from few blocks differ less than histories do; Hesterberg 2015 widens percentiles this way.
    """
    once = (reach**3 + reach) / 4.0
    twice = (5.0 * reach**5 + 16.0 * reach**3 + 3.0 * reach) / 96.0
    return reach + once / freedom + twice / freedom**2


def _moved(place: float, bias: float, skew: float) -> float:
    """The percentile to read instead of the one so many standard deviations from the middle."""
    place = bias + place
    room = 1.0 - skew * place
    return NORMAL.cdf(bias + place / room) if room > 0.0 else float(place > 0.0)
