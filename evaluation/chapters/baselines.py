"""What single signals are worth as alerts at one budget, against random alerts and against the bare price shock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation import first_run
from evaluation.drawing import Axis, Line, forest
from evaluation.grounds import Field, field
from evaluation.signals import BASE, Scores, signals
from evaluation.study import Chapter, Study, Written
from evaluation.tables import number, share, table, with_interval
from market.evaluation.bootstrap import Interval
from market.evaluation.budget import AtRandom, Scored

BUDGETS = (1.0, 2.0, 4.0)
"""Alerts a symbol-month."""
MAIN = 2.0


@dataclass(frozen=True, eq=False)
class Row:
    """One signal at the main budget: its alerts, the shock's and random ones at the same count, and how they differ."""

    name: str
    where: Field
    by_budget: Mapping[float, Scored]
    random: AtRandom
    precision: Interval
    recall: Interval
    beyond_shock: Interval
    beyond_random: Interval

    @property
    def main(self) -> Scored:
        """Its alerts at the main budget."""
        return self.by_budget[MAIN]


def row_of(where: Field, name: str, scores: Scores, base: Scores) -> Row | None:
    """A signal on the markets and hours in which it is known; None where too few sell-offs began there to say anything."""
    known = where.known(scores)
    if not known.markets or known.event_days < where.study.evidence.least_event_days:
        return None
    by_budget = {budget: known.at_budget(scores, budget) for budget in BUDGETS}
    main = by_budget[MAIN]
    shock = known.at_budget(base, main.a_month)
    random = known.at_random(main)
    return Row(
        name,
        known,
        by_budget,
        random,
        known.precision(main),
        known.recall(main),
        known.beyond(main, shock),
        known.beyond(main, random.mean),
    )


def write(study: Study) -> Written:
    """The table of section 3 of the first evaluation, made anew, with the two pictures."""
    where, scores = field(study), signals(study)
    found = [(name, row_of(where, name, own, scores[BASE])) for name, own in scores.items()]
    rows = sorted((row for _, row in found if row), key=lambda row: -row.main.precision)
    unknown = [name for name, row in found if row is None]
    study.note("single signals", len(found) * len(BUDGETS))
    if not rows:
        return Written("Too few sell-offs to say anything.\n", {"not_established": unknown})
    random = where.at_random(next(row.main for row in rows if row.name == BASE))
    text = (
        _verdict(rows, unknown)
        + _head(where, random)
        + _main_table(rows, random)
        + "\n![Precision at two alerts a month](pictures/evaluation-baselines.svg)\n"
        + "\n![Lead, and what was already lost](pictures/evaluation-lead.svg)\n\n"
        + _budgets(rows)
        + _against_first(rows)
    )
    return Written(text, _facts(rows, random, unknown), _pictures(rows))


def _head(where: Field, random: AtRandom) -> str:
    low, high = np.quantile(random.precision, [0.05, 0.95])
    return (
        f"{', '.join(where.assets)}, {where.months:.0f} symbol-months, {sum(int(g.onset_day.size) for g in where.grounds)} sell-offs on "
        f"{where.event_days} days. An alert is every hour at or above a threshold, 6 h apart; the threshold is chosen in sample, the same way "
        f"for all, for {MAIN:g} alerts a symbol-month that count. A signal that some markets lack is scored on those that have it, and the "
        f"shock beside it there, at the same count. Random alerts (1,000 draws): precision {random.mean.precision:.3f} "
        f"(5 to 95 % of draws: {low:.3f} to {high:.3f}), recall {random.mean.recall:.2f}. Always off: no precision, recall 0. Climatology says "
        "the same of every hour, so that its alerts are the random ones.\n\n"
    )


def _main_table(rows: Sequence[Row], random: AtRandom) -> str:
    head = [
        "signal", "assets", "alerts a month", "precision", "recall", "lead h", "24 h before", "false a month",
        "less shock_24h", "less random", "first run",
    ]  # fmt: skip
    body = [
        [
            row.name,
            ", ".join(row.where.assets),
            number(row.main.a_month),
            with_interval(row.precision),
            with_interval(row.recall, 2),
            number(row.main.lead, 1),
            share(_median(row.main)),
            number(row.main.false_a_month),
            "-" if row.name == BASE else with_interval(row.beyond_shock),
            with_interval(row.beyond_random),
            _first(row),
        ]
        for row in rows
    ]
    mean = random.mean
    none = ["-"] * 2
    body.append(
        ["random", ", ".join(rows[0].where.assets), number(mean.a_month), number(mean.precision, 3), number(mean.recall), number(mean.lead, 1),
         "-", number(mean.false_a_month), *none, f"{first_run.PRECISION['random']:.3f}"]
    )  # fmt: skip
    return table(head, body)


def _first(row: Row) -> str:
    own = row.precision
    return first_run.beside((own.value, own.low, own.high), first_run.PRECISION.get(row.name))


def _median(scored: Scored) -> float:
    known = scored.lost[np.isfinite(scored.lost)]
    return float(np.median(known)) if len(known) else float("nan")


def _budgets(rows: Sequence[Row]) -> str:
    body = [
        [
            row.name,
            *(
                f"{number(row.by_budget[budget].precision, 3)}, {number(row.by_budget[budget].recall)}"
                for budget in BUDGETS
            ),
        ]
        for row in rows
    ]
    head = ["signal (precision, recall)", *(f"{budget:g} a month" for budget in BUDGETS)]
    return table(head, body)


def _verdict(rows: Sequence[Row], unknown: Sequence[str]) -> str:
    others = [row for row in rows if row.name != BASE]
    better = [row.name for row in others if row.beyond_shock.low > 0.0]
    worse = [row.name for row in others if row.beyond_shock.high < 0.0]
    skilled = [row.name for row in rows if row.beyond_random.low > 0.0]
    return (
        f"Better than the bare shock, the interval of the difference above 0: **{', '.join(better) or 'none'}**. Worse than it: "
        f"{', '.join(worse) or 'none'}. Better than random: {', '.join(skilled) or 'none'}. Not established (too few days on which a sell-off "
        f"began where it is known): {', '.join(unknown) or 'none'}.\n\n"
    )


def _against_first(rows: Sequence[Row]) -> str:
    outside = [f"{row.name} {_first(row)}" for row in rows if _first(row).endswith("(outside)")]
    return (
        f"\nFirst-run figures outside our intervals: {', '.join(outside) or 'none'}. The vote there was of other ranks than ours (it is not "
        "written down); open interest that stands at its highest rank cannot be thinned, and is scored on its rising edges, at fewer alerts.\n"
    )


def _facts(rows: Sequence[Row], random: AtRandom, unknown: Sequence[str]) -> dict[str, object]:
    told = {
        row.name: {
            "assets": list(row.where.assets),
            "alerts": int(row.main.kept.sum()),
            "a_month": row.main.a_month,
            "precision": row.main.precision,
            "low": row.precision.low,
            "high": row.precision.high,
            "recall": row.main.recall,
            "random": row.random.mean.precision,
            "beyond_random": [row.beyond_random.value, row.beyond_random.low, row.beyond_random.high],
            "beyond_shock": [row.beyond_shock.value, row.beyond_shock.low, row.beyond_shock.high],
            "event_days": row.where.event_days,
        }
        for row in rows
    }
    return {"signals": told, "random": random.mean.precision, "not_established": list(unknown)}


def _pictures(rows: Sequence[Row]) -> dict[str, bytes]:
    precision = [
        Line(row.name, row.precision.value, row.precision.low, row.precision.high, row.random.mean.precision)
        for row in rows
    ]
    leads = []
    for row in rows:
        if len(row.main.leads):
            low, high = np.quantile(row.main.leads, [0.25, 0.75])
            leads.append(Line(row.name, row.main.lead, float(low), float(high), -100.0 * _median(row.main)))
    return {
        "evaluation-baselines.svg": forest(
            precision,
            Axis("right alerts among those that count", 0.0, 0.4, 0.1),
            "Precision at two alerts a month",
            "random",
        ),
        "evaluation-lead.svg": forest(
            leads,
            Axis("hours before the onset (median, quartiles) | % already lost", 0.0, 24.0, 6.0, ".0f"),
            "Lead of warned sell-offs",
            "lost in the 24 h before the alert, %",
        ),
    }


CHAPTER = Chapter(30, "baselines", "Single signals at one budget", write)
