"""What every chapter is given: the recorded markets, the common calendar of days with its draws, and the ledger of variants."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from market.evaluation.bootstrap import draw_days
from market.evaluation.labels import Event, events_of
from market.evaluation.recorded import Recorded
from market.evaluation_rules import EvidenceRules, LabelRules, MatchRules
from market.observations import DAY_MS, Asset
from market.rules import Rules
from scheduler.gathering import gather
from scheduler.history_files import read_history

Floats: TypeAlias = NDArray[np.float64]
WARM_UP_DAYS = 31
"""Not scored: "2021-01 is warm-up" (first-evaluation.md)."""
SEED = 20_261_123


@dataclass
class Study:
    """Recorded markets of hours, and how they are scored. Chapters ask it, and write down every variant they try."""

    recorded: tuple[Recorded, ...]
    rules: Rules = field(default_factory=Rules)
    label: LabelRules = field(default_factory=LabelRules)
    matching: MatchRules = field(default_factory=MatchRules)
    evidence: EvidenceRules = field(default_factory=EvidenceRules)
    seed: int = SEED
    home: Path | None = None
    tried: Counter[str] = field(default_factory=Counter)

    @cached_property
    def first_day(self) -> int:
        """The first day (since 1970) that any market has."""
        return min(one.bars.first_close_ms // DAY_MS for one in self.recorded)

    @cached_property
    def days(self) -> int:
        """How many days the calendar of all markets has."""
        last = max(one.bars.close_ms(len(one.bars) - 1) // DAY_MS for one in self.recorded)
        return last - self.first_day + 1

    @cached_property
    def draws(self) -> Floats:
        """Weights of days, (repetitions, days), the same for every figure, so that differences are paired."""
        return draw_days(self.days, self.seed, self.evidence)

    @cached_property
    def events(self) -> Mapping[Asset, tuple[Event, ...]]:
        """The sell-offs of the primary label that are scored."""
        return {one.asset: self.events_of(one) for one in self.recorded}

    def events_of(self, one: Recorded, label: LabelRules | None = None) -> tuple[Event, ...]:
        """The scored sell-offs of a market by some label."""
        first_ms = self.scored_from_ms(one)
        found = events_of(one.bars, label or self.label)
        return tuple(event for event in found if event.onset_ms >= first_ms)

    def scored_from_ms(self, one: Recorded) -> int:
        """When scoring a market begins: after its warm-up."""
        return one.bars.first_close_ms + WARM_UP_DAYS * DAY_MS

    def is_scored(self, one: Recorded) -> NDArray[np.bool_]:
        """The rows that are scored: after the warm-up, with a price."""
        rows = np.arange(len(one.bars)) >= (self.scored_from_ms(one) - one.bars.first_close_ms) // 3_600_000
        return rows & np.isfinite(np.frombuffer(one.bars.close_usd))

    def column(self, one: Recorded, name: str) -> Floats:
        """A column of a market, NaN everywhere where the market never knew it."""
        known = one.columns.get(name)
        return np.full(len(one.bars), np.nan) if known is None else np.frombuffer(known)

    def day_of(self, at_ms: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Which day of the calendar each time is on."""
        return np.asarray(at_ms, np.int64) // DAY_MS - self.first_day

    def rows_day(self, one: Recorded) -> NDArray[np.int64]:
        """Which day of the calendar each row of a market is on (by its close)."""
        return self.day_of(one.bars.first_close_ms + 3_600_000 * np.arange(len(one.bars), dtype=np.int64))

    def by_day(self, at_ms: Sequence[int]) -> Floats:
        """How many of these times fall on each day of the calendar."""
        return np.bincount(self.day_of(at_ms), minlength=self.days).astype(np.float64)

    def note(self, family: str, variants: int = 1) -> None:
        """Write down that so many variants of a family were tried, kept or not."""
        self.tried[family] += variants


@dataclass(frozen=True)
class Written:
    """A chapter as written: its text (markdown without the heading), its figures by name, its pictures (SVG) by file name.

    `facts` are plain numbers, words and lists of them; tests and the odds read them from docs/evaluation.json.
    """

    text: str
    facts: Mapping[str, object] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Chapter:
    """One part of the study. `name` is its key in docs/evaluation.json."""

    order: int
    name: str
    title: str
    write: Callable[[Study], Written]


def read_study(home: Path, rules: Rules | None = None, jobs: int = 2) -> Study:
    """Every file of `home`/history/years through the engine. Raises FileNotFoundError where there is none."""
    used = rules or Rules()
    paths = sorted((home / "history" / "years").glob("*.csv.gz"))
    if not paths:
        raise FileNotFoundError(f"no recorded years in {home / 'history' / 'years'}")
    with ProcessPoolExecutor(jobs) as processes:
        recorded = tuple(processes.map(_gather, paths, [used] * len(paths)))
    return Study(recorded, used, home=home)


def _gather(path: Path, rules: Rules) -> Recorded:
    return gather(read_history(path), rules)
