"""Training on the past and testing on what came after it, with a gap between: walk-forward without a look ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from market.evaluation_rules import WalkRules

Days = NDArray[np.int64]
Mask = NDArray[np.bool_]
STANDARD = WalkRules()


@dataclass(frozen=True, slots=True)
class Fold:
    """Days from `first_day` up to `train_until` (not with it) train, those of [`test_from`, `test_until`) test."""

    first_day: int
    train_until: int
    test_from: int
    test_until: int

    def trains(self, day: Days) -> Mask:
        """Which rows train, by the day of each."""
        return (day >= self.first_day) & (day < self.train_until)

    def tests(self, day: Days) -> Mask:
        """Which rows test."""
        return (day >= self.test_from) & (day < self.test_until)


def folds(
    first_day: int, last_day: int, rules: WalkRules = STANDARD, lookback_days: int | None = None
) -> tuple[Fold, ...]:
    """Every fold of days `first_day` to `last_day`: at least a year trains, a quarter tests, then the next quarter.

    `lookback_days` is the longest look back of what is scored: so many days and the day of the label are left out between
    the two. A last quarter that is not whole is tested as far as it goes.
    """
    gap = rules.label_days + (rules.lookback_days if lookback_days is None else lookback_days)
    starts = range(first_day + rules.least_train_days + gap, last_day + 1, rules.test_days)
    return tuple(
        Fold(first_day, start - gap, start, min(start + rules.test_days, last_day + 1)) for start in starts
    )


def by_year(
    first_day: int, last_day: int, rules: WalkRules = STANDARD, lookback_days: int | None = None
) -> tuple[Fold, ...]:
    """A fold for each calendar year but the first one of the history (days since 1970): all before it trains, less the gap."""
    gap = rules.label_days + (rules.lookback_days if lookback_days is None else lookback_days)
    found = []
    for year in range(_year(first_day) + 1, _year(last_day) + 1):
        start, end = _new_year(year), min(_new_year(year + 1), last_day + 1)
        if start - gap > first_day:
            found.append(Fold(first_day, start - gap, start, end))
    return tuple(found)


def walked(score_of: "Sequence[tuple[Fold, NDArray[np.float64]]]", day: Days) -> NDArray[np.float64]:
    """One score a row, each from the fold that tests it; NaN where no fold does. Scores are of all rows, in each fold."""
    whole = np.full(len(day), np.nan)
    for fold, score in score_of:
        tested = fold.tests(day)
        whole[tested] = score[tested]
    return whole


def _year(day: int) -> int:
    return datetime.fromtimestamp(day * 86_400, UTC).year


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) // 86_400
