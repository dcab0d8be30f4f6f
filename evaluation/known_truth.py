"""Generated markets through the engine and the study: it has to find what was planted, and nothing where nothing was.

Funding is the planted sign, open interest that grows fast the meaningless one; on the null the loud alerts are counted.
It proves plumbing, not market skill.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evaluation.study import Study
from evaluation.verdicts import Compared, Court, Skill, column
from market.alerts import Edge, Severity
from market.evaluation.generated import STANDARD, Generated, generate
from market.evaluation.matching import match
from market.evaluation.probability import average_precision
from market.evaluation.recorded import Recorded
from market.evaluation_rules import EvidenceRules, GeneratedRules
from market.observations import HOUR_MS, Asset
from market.rules import Rules
from scheduler.gathering import gather
from scheduler.history_files import HistoryFile

ASSETS: tuple[Asset, ...] = ("BTC", "ETH")
PLANTED, MEANINGLESS = "fe", "ou"
STRONG = replace(STANDARD, sign_chance=0.8)
"""A sign that most falls come after: whoever does not find it finds nothing."""
DENSE = replace(
    STRONG,
    month_signs=8.0,
    month_meaningless=8.0,
    active=1.0,
    quiet=1.0,
    shown=1.0,
    joined=1.0,
    fall_depth=(0.16, 0.24),
)
"""As many events in half a year as markets have in five: for tests."""
LOUD = (Severity.WARNING, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Found:
    """What the study says of a generated market: of the planted sign, of the meaningless one, of funding as a score."""

    planted: Compared
    meaningless: Compared
    precision: float
    prevalence: float
    least_event_days: int

    @property
    def verdicts(self) -> tuple[Skill, Skill]:
        """Of the planted sign and of the meaningless one."""
        least = self.least_event_days
        return self.planted.verdict(least), self.meaningless.verdict(least)


def study_of(
    assets: Sequence[Asset],
    days: int,
    seed: int,
    kind: GeneratedRules = STANDARD,
    evidence: EvidenceRules | None = None,
    rules: Rules | None = None,
    jobs: int = 1,
) -> Study:
    """A generated market, every hour of it through the engine."""
    used = rules or Rules()
    markets = generate(assets, days, seed, kind)
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as processes:
            recorded = tuple(processes.map(gathered, markets, [used] * len(markets)))
    else:
        recorded = tuple(gathered(one, used) for one in markets)
    return Study(recorded, used, evidence=evidence or EvidenceRules(), seed=seed)


def gathered(one: Generated, rules: Rules) -> Recorded:
    """One generated asset as if it had been read from a file."""
    name = Path(f"generated_{one.asset}.csv.gz")
    return gather(
        HistoryFile(name, one.asset, HOUR_MS, one.opens_ms(), one.columns()), rules, with_size=False
    )


def find(study: Study) -> Found:
    """Try the two signs, and the last funding rate as a score of every hour."""
    court = Court(study)
    scores, truths = [], []
    for one in study.recorded:
        rows, score = court.rows(one), study.column(one, "funding.rate_8h")
        kept = rows.scored & np.isfinite(rows.onset) & np.isfinite(score)
        scores.append(score[kept])
        truths.append(rows.onset[kept])
    truth = np.concatenate(truths)
    return Found(
        court.alerts(column(f"flag.{PLANTED}")),
        court.alerts(column(f"flag.{MEANINGLESS}")),
        average_precision(np.concatenate(scores), truth),
        float(truth.mean()),
        study.evidence.least_event_days,
    )


def false_a_month(study: Study) -> float:
    """Loud alerts that no sell-off followed, per symbol-month: those that fired or escalated to a warning or more."""
    false, hours = 0, 0
    for one in study.recorded:
        from_ms = study.scored_from_ms(one)
        told = {
            alert.at_ms
            for alert in one.alerts
            if alert.edge in {Edge.FIRED, Edge.ESCALATED}
            and alert.severity in LOUD
            and alert.at_ms >= from_ms
        }
        onsets = [event.onset_ms for event in study.events[one.asset]]
        scored = int(study.is_scored(one).sum())
        false += len(match(sorted(told), onsets, scored, study.matching).false_ms)
        hours += scored
    return false * study.matching.month_hours / hours
