"""From when on a replay of the kept hours is scored, and when the day after a warning is known well enough to judge it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BacktestRules:
    """What a look back at the kept hours rests on (section 10)."""

    # "scoring begins 31 days after a file's start": until then windows of 30 days fill
    learning_days: int = 31
    # of a shorter past a third is learned from, and never less than n_min, before which nothing is ranked (section 0)
    learning_share: float = 1.0 / 3.0
    least_learning_days: int = 7
    # a day of which a quarter is not known may hide the fall that was warned of
    least_known_share: float = 0.75
    # "series are never chained": open interest that is another by more than this after an hour without is of other venues
    other_venues_change: float = 0.25
