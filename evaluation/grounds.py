"""Markets as alerts are scored on them: which assets, since when, by which label, and where a signal is known at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluation.study import Floats, Study
from market.evaluation import budget
from market.evaluation.bootstrap import Interval, difference, ratio
from market.evaluation.budget import RIGHT, AtRandom, Ground, Rows, Scored, refracted_rows
from market.evaluation.labels import falls_ahead
from market.evaluation.recorded import Recorded
from market.evaluation.wilson import wilson
from market.evaluation_rules import LabelRules
from market.observations import HOUR_MS, Asset

FURTHER_FALL = -0.05
"""What a further fall is, beside a sell-off (first-evaluation.md, sections 3 and 5)."""

OF_INTEREST = "open_interest.percentile"
LEAST_KNOWN = 0.5
"""A market in which a signal is known for less of the scored hours is no ground for it."""


@dataclass(frozen=True, eq=False)
class Field:
    """Markets side by side with their grounds; every score is a column a market, higher is worse."""

    study: Study
    markets: tuple[Recorded, ...]
    grounds: tuple[Ground, ...]

    @cached_property
    def lost(self) -> list[Floats]:
        """The return of the 24 h before each row, a fraction."""
        return [np.expm1(self.study.column(one, "price.r_24h")) for one in self.markets]

    @cached_property
    def worse(self) -> list[Floats]:
        """Whether a sell-off begins or price falls a further 5 % within a day of each row, inside one too; NaN where unknown."""
        hours = self.study.label.within_hours
        found = []
        for one, ground in zip(self.markets, self.grounds, strict=True):
            falls = np.frombuffer(falls_ahead(one.bars, hours))
            worse = (falls <= FURTHER_FALL) | (ground.outcome == RIGHT)
            found.append(np.where(np.isnan(falls), np.nan, worse.astype(np.float64)))
        return found

    def followed_by_worse(self, rows: Sequence[Rows]) -> Interval:
        """How often alerts at these rows (those of one fall too) were followed by a sell-off or a further fall of 5 %."""
        worse, cases = np.zeros(self.study.days), np.zeros(self.study.days)
        for ground, mine, value in zip(self.grounds, rows, self.worse, strict=True):
            kept = refracted_rows(mine[ground.scored[mine]], self.study.matching.refractory_hours)
            kept = kept[np.isfinite(value[kept])]
            worse += np.bincount(ground.day[kept], value[kept], self.study.days)
            cases += np.bincount(ground.day[kept], minlength=self.study.days)
        return ratio(worse, cases, self.study.draws, self.study.evidence.level)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Whose markets these are."""
        return tuple(one.asset for one in self.markets)

    @property
    def event_days(self) -> int:
        """On how many days of the calendar a sell-off began in one of them."""
        days = [ground.onset_day[ground.onset_day >= 0] for ground in self.grounds]
        return len(np.unique(np.concatenate(days))) if days else 0

    @property
    def months(self) -> float:
        """How many symbol-months are scored."""
        return sum(ground.months for ground in self.grounds)

    def known(self, scores: Mapping[Asset, Floats]) -> "Field":
        """Only the markets and the hours in which a score is known."""
        pairs = [
            (one, ground.where(np.isfinite(scores[one.asset])))
            for one, ground in zip(self.markets, self.grounds, strict=True)
            if np.isfinite(scores[one.asset][ground.scored]).mean() >= LEAST_KNOWN
        ]
        return Field(self.study, tuple(one for one, _ in pairs), tuple(ground for _, ground in pairs))

    def at_budget(self, scores: Mapping[Asset, Floats], a_month: float, hours: int | None = None) -> Scored:
        """A score as alerts at a budget per symbol-month, the threshold chosen in sample."""
        used = self.study.matching.refractory_hours if hours is None else hours
        mine = [scores[asset] for asset in self.assets]
        return budget.at_budget(self.grounds, mine, a_month, used, self.lost)

    def of_rows(self, rows: Sequence[Rows], hours: int | None = None) -> Scored:
        """Alerts at these rows of each market."""
        used = self.study.matching.refractory_hours if hours is None else hours
        return budget.score_rows(self.grounds, rows, used, self.lost)

    def edges(self, scores: Mapping[Asset, Floats], threshold: float = 1.0) -> Scored:
        """Alerts at the rising edges of a score or flag."""
        return self.of_rows([budget.edges(scores[asset], threshold) for asset in self.assets])

    def at_random(self, scored: Scored, hours: int | None = None) -> AtRandom:
        """Random alerts, as many in each market."""
        used = self.study.matching.refractory_hours if hours is None else hours
        evidence = self.study.evidence
        return budget.at_random(self.grounds, scored.counts, self.study.seed, used, evidence.random_draws)

    def precision(self, scored: Scored) -> Interval:
        """Right alerts among those that count. Where none was right no draw can have one, and Wilson's upper end is given."""
        level, kept = self.study.evidence.level, int(scored.kept.sum())
        if kept and not scored.right.any():
            return Interval(0.0, *wilson(0, kept, level))
        return ratio(scored.right, scored.kept, self.study.draws, level)

    def recall(self, scored: Scored) -> Interval:
        """Sell-offs warned of among all."""
        return ratio(scored.warned, scored.onsets, self.study.draws, self.study.evidence.level)

    def beyond(self, one: Scored, other: Scored) -> Interval:
        """The precision of one less that of the other, over the same draws of days."""
        pair, draws = ((one.right, one.kept), (other.right, other.kept)), self.study.draws
        return difference(*pair, draws, self.study.evidence.level)


def field(
    study: Study,
    assets: Sequence[Asset] | None = None,
    since_ms: int | None = None,
    label: LabelRules | None = None,
) -> Field:
    """The grounds of these markets (all), scored since (the time from which all of them are) by a label (the primary one)."""
    markets = tuple(one for one in study.recorded if assets is None or one.asset in assets)
    from_ms = max(study.scored_from_ms(one) for one in markets) if since_ms is None else since_ms
    grounds = []
    for one in markets:
        close_ms = one.bars.first_close_ms + HOUR_MS * np.arange(len(one.bars))
        found = study.events[one.asset] if label is None else study.events_of(one, label)
        grounds.append(
            budget.ground_of(
                one.bars,
                [event.onset_ms for event in found if event.onset_ms >= from_ms],
                study.is_scored(one) & (close_ms >= from_ms),
                (study.first_day, study.days),
                study.matching,
            )
        )
    return Field(study, markets, tuple(grounds))


def longest(study: Study) -> tuple[Asset, ...]:
    """The assets whose records reach back furthest."""
    first_ms = min(one.bars.first_close_ms for one in study.recorded)
    return tuple(one.asset for one in study.recorded if one.bars.first_close_ms == first_ms)


def with_interest(study: Study) -> Field | None:
    """The markets that know open interest for most of their time, in the hours in which they do; None where none does."""
    column = {one.asset: study.column(one, OF_INTEREST) for one in study.recorded}
    having = [
        one.asset
        for one in study.recorded
        if np.isfinite(column[one.asset][study.is_scored(one)]).mean() >= LEAST_KNOWN
    ]
    return field(study, having).known(column) if having else None
