"""Whether a condition has skill: alerts of its rising edges against random ones, and its hours beside a shock against the rest.

Both are one comparison: cases against cases of the same cell (asset; asset and class of the shock), weighted by where the cases
are, so that nothing is gained by speaking of the wilder market more often.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isnan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from evaluation.study import Floats, Study
from market.evaluation.bootstrap import Interval, interval_of, leave_out
from market.evaluation.labels import falls_ahead, onset_ahead
from market.evaluation.matching import match
from market.evaluation.recorded import Recorded
from market.observations import HOUR_MS

Claim: TypeAlias = Callable[[Study, Recorded], Floats]
"""What is claimed of each row of a market: 1 it holds, 0 it does not, NaN unknown."""

EPOCH_YEAR = 1970
FURTHER_FALL = -0.05
"""What a further fall within a day is, beside a sell-off (first-evaluation.md, sections 3 and 5)."""


class Skill(StrEnum):
    """What the history says of a condition."""

    SKILL = "skill"
    NONE = "none"
    NOT_ESTABLISHED = "not established"


@dataclass(frozen=True)
class Cell:
    """Sums by day of one cell: the cases that came true and all cases, of those asked about and of those beside them."""

    right: Floats
    cases: Floats
    other_right: Floats
    other_cases: Floats


@dataclass(frozen=True)
class Compared:
    """A share, the share of the others weighted alike, their paired difference; the cases, and on how many days each was."""

    share: Interval
    other: Interval
    difference: Interval
    cases: int
    case_days: int
    event_days: int

    def verdict(self, least_days: int) -> Skill:
        """Skill where the interval of the difference lies above 0, over enough days of events and of cases."""
        if min(self.event_days, self.case_days) < least_days:
            return Skill.NOT_ESTABLISHED
        return Skill.SKILL if self.difference.low > 0.0 else Skill.NONE


def compared(study: Study, cells: Sequence[Cell], event_days: int) -> Compared:
    """The shares of all cells together; where nothing is beside a cell in a draw it is left out of that draw."""
    shares, others = _shares(cells, study.draws)
    share, other = (float(said[0]) for said in _shares(cells, np.ones((1, study.days))))
    shares_left, others_left = _shares(cells, leave_out(study.days, study.evidence))
    level = study.evidence.level
    cases = sum(cell.cases for cell in cells) if cells else np.zeros(study.days)
    return Compared(
        interval_of(share, shares, level, shares_left),
        interval_of(other, others, level, others_left),
        interval_of(share - other, shares - others, level, shares_left - others_left),
        int(np.sum(cases)),
        int(np.count_nonzero(cases)),
        event_days,
    )


def _shares(cells: Sequence[Cell], draws: Floats) -> tuple[Floats, Floats]:
    right, cases, beside = (np.zeros(len(draws)) for _ in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        for cell in cells:
            sums = draws @ np.column_stack([cell.right, cell.cases, cell.other_right, cell.other_cases])
            other = sums[:, 2] / sums[:, 3]
            known = np.isfinite(other)
            in_cell = np.where(known, sums[:, 1], 0.0)
            right += np.where(known, sums[:, 0], 0.0)
            cases += in_cell
            beside += in_cell * np.where(known, other, 0.0)
        return right / cases, beside / cases


@dataclass
class Rows:
    """What each row of a market was followed by, worked out once."""

    onset: Floats
    worse: Floats
    day: NDArray[np.int64]
    scored: NDArray[np.bool_]


@dataclass
class Court:
    """Tries conditions on a study; what does not depend on the condition is kept."""

    study: Study
    _rows: dict[str, Rows] = field(default_factory=dict)

    def rows(self, one: Recorded) -> Rows:
        """Whether a sell-off began within a day of each close (NaN inside one), or price fell a further 5 % (NaN unknown)."""
        if one.asset not in self._rows:
            ahead = onset_ahead(one.bars, self.study.events[one.asset], self.study.label)
            onset = np.array([np.nan if said is None else float(said) for said in ahead])
            falls = np.frombuffer(falls_ahead(one.bars, self.study.label.within_hours))
            worse = np.where(np.isnan(falls), np.nan, (onset == 1.0) | (falls <= FURTHER_FALL))
            self._rows[one.asset] = Rows(onset, worse, self.study.rows_day(one), self.study.is_scored(one))
        return self._rows[one.asset]

    def _sums(self, one: Recorded, value: Floats, chosen: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        rows = self.rows(one)
        use = chosen & rows.scored & np.isfinite(value)
        days = self.study.days
        return (
            np.asarray(np.bincount(rows.day[use], value[use], days), np.float64),
            np.bincount(rows.day[use], minlength=days).astype(np.float64),
        )

    def alerts(self, claim: Claim, refractory_hours: float | None = None) -> Compared:
        """Alerts made of the rising edges of a condition against random ones of the same rate and assets."""
        cells, event_days = [], set[int]()
        for one in self.study.recorded:
            held = claim(self.study, one)
            known = np.isfinite(held)
            if not (known & self.rows(one).scored).any():
                continue
            cells.append(self._edges(one, rising(held), known, refractory_hours))
            event_days |= self._event_days(one, known)
        return compared(self.study, cells, len(event_days))

    def _edges(
        self,
        one: Recorded,
        edges: NDArray[np.bool_],
        known: NDArray[np.bool_],
        refractory_hours: float | None,
    ) -> Cell:
        study, bars = self.study, one.bars
        told = [bars.close_ms(int(row)) for row in np.flatnonzero(edges & self.rows(one).scored)]
        onsets = [event.onset_ms for event in study.events[one.asset]]
        found = match(told, onsets, len(bars), study.matching, refractory_hours)
        return Cell(
            study.by_day(found.right_ms),
            study.by_day(found.kept_ms),
            *self._sums(one, self.rows(one).onset, known),
        )

    def _event_days(self, one: Recorded, known: NDArray[np.bool_]) -> set[int]:
        """The days on which a sell-off began while the condition could be seen in the day before."""
        days = set[int]()
        for event in self.study.events[one.asset]:
            row = one.bars.row_at(event.onset_ms)
            if known[max(0, row - self.study.label.within_hours) : max(0, row)].any():
                days.add(int(self.study.day_of([event.onset_ms])[0]))
        return days

    def context(self, claim: Claim, classes: Sequence[float]) -> Compared:
        """Hours of a shock (steps of it, in sigmas, mildest first) in which a condition holds, against those in which not."""

        def by_class(one: Recorded) -> Iterator[NDArray[np.bool_]]:
            shock = self.study.column(one, "price.shock_24h")
            for mild, deep in zip(classes, [*classes[1:], -np.inf], strict=True):
                yield (shock <= mild) & (shock > deep)

        return self.beside(claim, by_class, lambda one: self.rows(one).worse)

    def beside(
        self,
        claim: Claim,
        cells_of: Callable[[Recorded], Iterable[NDArray[np.bool_]]],
        outcome: Callable[[Recorded], Floats],
    ) -> Compared:
        """How often an outcome (1, 0, NaN) followed the rows of each cell in which a condition holds, against those in which not."""
        cells, event_days = [], set[int]()
        for one in self.study.recorded:
            held, came = claim(self.study, one), outcome(one)
            for within in cells_of(one):
                cell = Cell(
                    *self._sums(one, came, within & (held == 1.0)),
                    *self._sums(one, came, within & (held == 0.0)),
                )
                if cell.cases.any():
                    cells.append(cell)
                event_days |= set(np.flatnonzero(cell.right + cell.other_right).tolist())
        return compared(self.study, cells, len(event_days))


def rising(held: Floats) -> NDArray[np.bool_]:
    """The rows at which a condition begins to hold that was seen not to hold in the row before."""
    edges = np.zeros(len(held), bool)
    edges[1:] = (held[1:] == 1.0) & (held[:-1] == 0.0)
    return edges


def plain(value: float) -> float | None:
    """A figure as docs/evaluation.json has it; what cannot be told is null."""
    return None if isnan(value) else round(value, 4)


def year_of_rows(one: Recorded) -> NDArray[np.int64]:
    """The year in which each row of a market closed."""
    at_ms = one.bars.first_close_ms + HOUR_MS * np.arange(len(one.bars), dtype=np.int64)
    return at_ms.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64) + EPOCH_YEAR


def all_known(*claims: Floats) -> Floats:
    """Whether all hold, as the engine joins them: one that fails settles it, whatever is unknown."""
    several = np.array(claims)
    unknown = np.where(np.isnan(several).any(axis=0), np.nan, 1.0)
    return np.where((several == 0.0).any(axis=0), 0.0, unknown)


def any_known(*claims: Floats) -> Floats:
    """Whether one holds, as the engine joins them: one that holds settles it."""
    several = np.array(claims)
    unknown = np.where(np.isnan(several).any(axis=0), np.nan, 0.0)
    return np.where((several == 1.0).any(axis=0), 1.0, unknown)


def column(name: str) -> Claim:
    """The claim of a column of claims, as the engine had it."""
    return lambda study, one: study.column(one, name)


def at_most(name: str, limit: float) -> Claim:
    """That a column is at most so much."""

    def claim(study: Study, one: Recorded) -> Floats:
        value = study.column(one, name)
        return np.where(np.isnan(value), np.nan, value <= limit)

    return claim


def at_least(name: str, limit: float) -> Claim:
    """That a column is at least so much."""

    def claim(study: Study, one: Recorded) -> Floats:
        value = study.column(one, name)
        return np.where(np.isnan(value), np.nan, value >= limit)

    return claim


def equal(name: str, *values: float) -> Claim:
    """That a column is one of these."""

    def claim(study: Study, one: Recorded) -> Floats:
        value = study.column(one, name)
        return np.where(np.isnan(value), np.nan, np.isin(value, values))

    return claim


def both(*claims: Claim) -> Claim:
    """That all hold; unknown where any is, since hours in which half is seen are no fair sample."""

    def claim(study: Study, one: Recorded) -> Floats:
        return np.asarray(np.minimum.reduce(_all(study, one, claims)), np.float64)

    return claim


def either(*claims: Claim) -> Claim:
    """That one holds; unknown where any is."""

    def claim(study: Study, one: Recorded) -> Floats:
        return np.asarray(np.maximum.reduce(_all(study, one, claims)), np.float64)

    return claim


def _all(study: Study, one: Recorded, claims: Iterable[Claim]) -> list[Floats]:
    return [claim(study, one) for claim in claims]
