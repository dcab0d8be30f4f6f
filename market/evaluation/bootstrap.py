"""How sure a figure of a whole history is: the stationary bootstrap of calendar days, jointly over all assets.

Politis and Romano 1994: blocks of days of a mean length, so that what hangs together stays together; one draw of days serves
every asset, as crashes are common shocks. A figure is a ratio of sums over days, or anything that takes days' weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from market.evaluation_rules import EvidenceRules

Floats: TypeAlias = NDArray[np.float64]
STANDARD = EvidenceRules()


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the interval of its percentiles over the draws; NaN where it cannot be told."""

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


def ratio(above: Floats, below: Floats, draws: Floats, level: float = STANDARD.level) -> Interval:
    """The ratio of two sums over days, each given by day (all assets added up), and its interval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = (draws @ above) / (draws @ below)
        value = float(above.sum() / below.sum()) if below.sum() else float("nan")
    return interval_of(value, drawn, level)


def difference(
    first: tuple[Floats, Floats], second: tuple[Floats, Floats], draws: Floats, level: float = STANDARD.level
) -> Interval:
    """The difference of two ratios over the same draws of days (paired), and its interval."""
    (above, below), (other_above, other_below) = first, second
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = (draws @ above) / (draws @ below) - (draws @ other_above) / (draws @ other_below)
        value = above.sum() / below.sum() - other_above.sum() / other_below.sum()
    return interval_of(float(value), drawn, level)


def of_weights(figure: Callable[[Floats], float], draws: Floats, level: float = STANDARD.level) -> Interval:
    """Any figure that takes the weights of days, at every draw."""
    return interval_of(figure(np.ones(draws.shape[1])), np.array([figure(one) for one in draws]), level)


def interval_of(value: float, drawn: Floats, level: float = STANDARD.level) -> Interval:
    """The percentile interval of drawn figures; draws in which it is not defined (0 of 0) are left out."""
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(value, float(low), float(high))
