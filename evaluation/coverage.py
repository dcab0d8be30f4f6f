"""Do the intervals hold what they promise? `python -m evaluation.coverage --markets 200`: generated markets, known truth.

The truth of each figure is what as many other markets of the same kind come to together. Each of the markets asked is scored
as the recorded ones are: same events, same matching, same draws of days. Nominal 90 % has to hold it in 85 to 95 of 100.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from evaluation.grounds import Field, field
from evaluation.study import Floats, Study
from evaluation.tables import number, share, table
from evaluation.verdicts import Compared, Court, Skill, column
from market.evaluation.bootstrap import Interval, of_sums
from market.evaluation.budget import Scored
from market.evaluation.generated import Generated, generate_many
from market.evaluation.probability import Ranked
from market.evaluation.wilson import wilson
from market.evaluation_rules import EvidenceRules

ASSETS = ("BTC", "ETH", "SOL", "XRP")
DAYS = 1_370
"""Four assets of so many days are as many asset-months as the recorded years have."""
SHOCK_EDGE = 2.0
RANKED_EVERY_HOURS = 4
"""Scores are ranked at every fourth hour: neighbours say the same, and it takes a quarter of the time."""
FIRST_SEED, FIRST_TRUE_SEED = 10_000_000, 20_000_000
BATCH = 5
"""So many markets are made together; the truth is the mean of what so many come to."""


@dataclass(frozen=True, slots=True)
class Covered:
    """How often the interval of a figure held its truth, and how often it lay wholly above or below.

    `markets` are those in which there was an interval: where a sign never stood there is none.
    """

    figure: str
    truth: float
    markets: int
    held: int
    above: int
    below: int

    @property
    def share(self) -> float:
        """Held among all."""
        return self.held / self.markets if self.markets else float("nan")


@dataclass
class Scoring:
    """One market through the parts of the study."""

    study: Study

    @cached_property
    def field(self) -> Field:
        """All of it."""
        return field(self.study)

    @cached_property
    def court(self) -> Court:
        """Where its conditions are tried."""
        return Court(self.study)

    @cached_property
    def sign(self) -> Scored:
        """Alerts of the planted sign."""
        return self.field.edges(self._columns("flag.sign"))

    @cached_property
    def shock(self) -> Scored:
        """Alerts of the bare price shock."""
        shocks = self._columns("price.shock_24h")
        return self.field.edges({asset: -shock for asset, shock in shocks.items()}, SHOCK_EDGE)

    @cached_property
    def planted(self) -> Compared:
        """The planted sign against chance."""
        return self.court.alerts(column("flag.sign"))

    @cached_property
    def meaningless(self) -> Compared:
        """The meaningless one."""
        return self.court.alerts(column("flag.meaningless"))

    @cached_property
    def ranked(self) -> "Rows":
        """What scores are ranked on."""
        parts = []
        for one in self.study.recorded:
            rows = self.court.rows(one)
            kept = (
                rows.scored & np.isfinite(rows.onset) & (np.arange(len(one.bars)) % RANKED_EVERY_HOURS == 0)
            )
            level, shock = (self.study.column(one, name)[kept] for name in ("sign.level", "price.shock_24h"))
            parts.append((level, -shock, rows.onset[kept], rows.day[kept]))
        return Rows(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _columns(self, name: str) -> dict[str, Floats]:
        return {one.asset: self.study.column(one, name) for one in self.study.recorded}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Two scores of each row, whether a sell-off began within a day, and its day."""

    level: Floats
    shock: Floats
    truth: Floats
    day: NDArray[np.int64]


PRECISION, RECALL = "precision of the sign", "recall of the sign"
OF_SHOCK, RECALL_OF_SHOCK = "precision of a shock", "recall of a shock"
BEYOND_SHOCK = "precision, sign minus shock (paired)"
BEYOND_CHANCE, IDLE = "precision, sign minus random (paired)", "precision, meaningless minus random (paired)"
RANKS_SHOCK, RANKS_BEYOND = "average precision of a shock", "average precision, sign minus shock (paired)"
BY_WILSON = "recall of the sign, by Wilson"


def intervals(one: Scoring) -> dict[str, Interval]:
    """Every figure of one market with its interval, as the study makes them."""
    rows, draws = one.ranked, one.study.draws
    level, shock = Ranked(rows.level, rows.truth), Ranked(rows.shock, rows.truth)
    warned, onsets = int(one.sign.warned.sum()), int(one.sign.onsets.sum())
    return {
        PRECISION: one.field.precision(one.sign),
        RECALL: one.field.recall(one.sign),
        OF_SHOCK: one.field.precision(one.shock),
        RECALL_OF_SHOCK: one.field.recall(one.shock),
        BEYOND_SHOCK: one.field.beyond(one.sign, one.shock),
        BEYOND_CHANCE: one.planted.difference,
        IDLE: one.meaningless.difference,
        RANKS_SHOCK: of_sums(lambda weights: shock.drawn(rows.day, weights), draws),
        RANKS_BEYOND: of_sums(
            lambda weights: level.drawn(rows.day, weights) - shock.drawn(rows.day, weights), draws
        ),
        BY_WILSON: Interval(one.sign.recall, *wilson(warned, onsets, one.study.evidence.level)),
    }


def figures(markets: Sequence[Scoring]) -> dict[str, float]:
    """The same figures of several markets taken together."""
    sign = _ratio([(one.sign.right, one.sign.kept) for one in markets])
    shock = _ratio([(one.shock.right, one.shock.kept) for one in markets])
    recall = _ratio([(one.sign.warned, one.sign.onsets) for one in markets])
    rows = [one.ranked for one in markets]
    truth = np.concatenate([one.truth for one in rows])
    whole = np.ones(len(truth))
    level_ranks = Ranked(np.concatenate([one.level for one in rows]), truth).precision(whole)
    shock_ranks = Ranked(np.concatenate([one.shock for one in rows]), truth).precision(whole)
    return {
        PRECISION: sign,
        RECALL: recall,
        OF_SHOCK: shock,
        RECALL_OF_SHOCK: _ratio([(one.shock.warned, one.shock.onsets) for one in markets]),
        BEYOND_SHOCK: sign - shock,
        BEYOND_CHANCE: _beyond([one.planted for one in markets]),
        IDLE: _beyond([one.meaningless for one in markets]),
        RANKS_SHOCK: shock_ranks,
        RANKS_BEYOND: level_ranks - shock_ranks,
        BY_WILSON: recall,
    }


def _ratio(pairs: Sequence[tuple[Floats, Floats]]) -> float:
    return float(sum(above.sum() for above, _ in pairs) / sum(below.sum() for _, below in pairs))


def _beyond(markets: Sequence[Compared]) -> float:
    told = [one for one in markets if one.cases]
    return sum(one.difference.value * one.cases for one in told) / sum(one.cases for one in told)


def scoring(market: Sequence[Generated], seed: int, repetitions: int) -> Scoring:
    """A market as the study takes it, from the generator's own columns."""
    recorded = tuple(one.recorded() for one in market)
    return Scoring(Study(recorded, evidence=EvidenceRules(repetitions=repetitions), seed=seed))


def _scored(seeds: Sequence[int], repetitions: int) -> list[Scoring]:
    markets = generate_many(ASSETS, DAYS, seeds)
    return [scoring(market, seed, repetitions) for market, seed in zip(markets, seeds, strict=True)]


def _asked(work: tuple[Sequence[int], int]) -> list[tuple[dict[str, Interval], tuple[Skill, Skill]]]:
    return [(intervals(one), _verdicts(one)) for one in _scored(*work)]


def _true(seeds: Sequence[int]) -> dict[str, float]:
    return figures(_scored(seeds, 2))


@dataclass(frozen=True, slots=True)
class Coverage:
    """What came of all markets: each figure, and in what share of the markets each sign was said to have skill."""

    figures: tuple[Covered, ...]
    markets: int
    planted_skill: float
    meaningless_skill: float


def cover(markets: int, repetitions: int, jobs: int = 2) -> Coverage:
    """How often each figure's interval held its truth in so many markets, after half as many others that tell the truth."""
    asked = _batches(FIRST_SEED, markets)
    true = _batches(FIRST_TRUE_SEED, max(BATCH, markets // 2))
    with ProcessPoolExecutor(jobs) as processes:
        truths = list(processes.map(_true, true))
        parts = processes.map(_asked, [(part, repetitions) for part in asked])
        found = [one for part in parts for one in part]
    covered = tuple(_covered(figure, truths, [one[figure] for one, _ in found]) for figure in truths[0])
    skilled = np.array([[said is Skill.SKILL for said in both] for _, both in found])
    planted, meaningless = skilled.mean(axis=0).tolist()
    return Coverage(covered, markets, planted, meaningless)


def _verdicts(one: Scoring) -> tuple[Skill, Skill]:
    least = one.study.evidence.least_event_days
    return one.planted.verdict(least), one.meaningless.verdict(least)


def _batches(first: int, count: int) -> list[range]:
    return [range(start, min(start + BATCH, first + count)) for start in range(first, first + count, BATCH)]


def _covered(figure: str, truths: Sequence[Mapping[str, float]], found: Sequence[Interval]) -> Covered:
    truth = float(np.mean([one[figure] for one in truths]))
    told = [one for one in found if np.isfinite(one.low)]
    above = sum(one.low > truth for one in told)
    below = sum(one.high < truth for one in told)
    return Covered(figure, truth, len(told), len(told) - above - below, above, below)


def as_table(found: Coverage) -> str:
    """What is shown of it."""
    rows = [
        [one.figure, number(one.truth, 3), share(one.share), str(one.below), str(one.above)]
        for one in found.figures
    ]
    head = ("figure", "truth", f"held in {found.markets} markets", "lay below", "lay above")
    return table(head, rows)


def main() -> None:
    """Print how often the intervals held the truth."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.coverage", description=__doc__)
    parser.add_argument("--markets", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=500, help="draws of days for each interval")
    asked = parser.parse_args()
    began = perf_counter()
    found = cover(asked.markets, asked.repetitions)
    sys.stdout.write(as_table(found))
    sys.stdout.write(f"skill: planted {found.planted_skill:.1%}, meaningless {found.meaningless_skill:.1%}\n")
    sys.stderr.write(f"all: {perf_counter() - began:.1f} s\n")


if __name__ == "__main__":
    main()
