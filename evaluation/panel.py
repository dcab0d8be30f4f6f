"""The rows of all markets below each other: what was known at each close, and whether a sell-off began in the day after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from evaluation.study import Floats, Study
from market.evaluation.labels import is_sell_off_ahead, onset_ahead
from market.evaluation.recorded import Recorded
from market.evaluation_rules import LabelRules
from market.observations import HOUR_MS, Asset

Ints: TypeAlias = NDArray[np.int64]
Rows: TypeAlias = NDArray[np.bool_]
Truth: TypeAlias = Callable[[Study, Recorded], Floats]


@dataclass(frozen=True)
class Panel:
    """Scored rows, market by market and each in order of time.

    `truth` is 1 where a sell-off began 1 to 24 hours later, 0 where none did, NaN inside a sell-off, where no score counts.
    `place` is the market's place in `assets`, `row` the row in its bars, `day` the day of the study's calendar; `inputs` are
    by name, NaN where unknown.
    """

    assets: tuple[Asset, ...]
    place: Ints
    row: Ints
    day: Ints
    at_ms: Ints
    truth: Floats
    inputs: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def counts(self) -> Rows:
        """The rows that count: outside of sell-offs."""
        return np.isfinite(self.truth)

    def only(self, rows: Rows) -> "Panel":
        """The panel of these rows."""
        picked = {name: values[rows] for name, values in self.inputs.items()}
        return replace(
            self,
            place=self.place[rows],
            row=self.row[rows],
            day=self.day[rows],
            at_ms=self.at_ms[rows],
            truth=self.truth[rows],
            inputs=picked,
        )

    def matrix(self, names: Sequence[str]) -> Floats:
        """The inputs of these names side by side: (rows, names)."""
        return np.column_stack([self.inputs[name] for name in names])


def onset_truth(label: LabelRules | None = None) -> Truth:
    """The hourly target of a label: a sell-off begins 1 to 24 hours after this close; NaN inside one."""

    def tell(study: Study, one: Recorded) -> Floats:
        used = label or study.label
        return _numbers(onset_ahead(one.bars, study.events_of(one, used), used))

    return tell


def fall_truth(label: LabelRules) -> Truth:
    """Another target: the lowest low of the next 24 hours is a fall by this label, whenever it began."""

    def tell(study: Study, one: Recorded) -> Floats:
        return _numbers(is_sell_off_ahead(one.bars, label))

    return tell


def panel_of(study: Study, inputs: Mapping[Asset, Mapping[str, Floats]], truth: Truth | None = None) -> Panel:
    """The scored rows of every market with the inputs of its rows, in the order of the study's markets."""
    tell = truth or onset_truth()
    names = list(dict.fromkeys(name for known in inputs.values() for name in known))
    parts = [_part(study, place, one, tell) for place, one in enumerate(study.recorded)]
    rows = [part[0] for part in parts]
    stacked = {
        name: np.concatenate(
            [
                inputs[one.asset].get(name, np.full(len(one.bars), np.nan))[row]
                for one, row in zip(study.recorded, rows, strict=True)
            ]
        )
        for name in names
    }
    row, place, day, at_ms, said = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Panel(tuple(one.asset for one in study.recorded), place, row, day, at_ms, said, stacked)


def _part(study: Study, place: int, one: Recorded, tell: Truth) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    said = tell(study, one)
    row = np.flatnonzero(study.is_scored(one))
    at_ms = one.bars.first_close_ms + HOUR_MS * row.astype(np.int64)
    return row, np.full(len(row), place), study.rows_day(one)[row], at_ms, said[row]


def _numbers(said: Sequence[bool | None]) -> Floats:
    return np.array([np.nan if one is None else float(one) for one in said])
