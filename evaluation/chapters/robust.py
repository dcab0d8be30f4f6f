"""Whether the order of the signals depends on what a sell-off is: other falls, other sigma legs, other onsets, other markets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from evaluation import first_run
from evaluation.grounds import Field, field, longest
from evaluation.signals import BASE, Scores, signals
from evaluation.study import Chapter, Study, Written
from evaluation.tables import number, table, with_interval
from market.evaluation import budget
from market.evaluation.bootstrap import Interval
from market.evaluation.budget import Scored
from market.evaluation.labels import events_of
from market.evaluation.recorded import Recorded
from market.evaluation_rules import LabelRules
from market.observations import DAY_MS, HOUR_MS

MAIN = 2.0
TRIED = (BASE, "drawdown_7d / sigma", "taker-sell share 24 h", "funding level (24 h mean)", "volatility EWMA")
FALLS, SIGMAS = (0.05, 0.07, 0.10), (2.0, 2.5, 3.0, 0.0)
PRIMARY, EPISODES, EARLIEST = "primary", "24 h between alerts", "onset of the first row"


@dataclass(frozen=True, eq=False)
class Way:
    """One way to score: its markets, and the hours between two alerts."""

    name: str
    where: Field
    hours: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the signals came to in one way, random alerts, and how far the best other signal is from the shock."""

    way: Way
    scored: Mapping[str, Scored]
    precision: Mapping[str, Interval]
    random: float
    best: str
    beyond: Interval

    @property
    def onsets(self) -> int:
        """How many sell-offs were to be warned of."""
        return int(self.scored[BASE].onsets.sum())


def ways(study: Study) -> list[Way]:
    """The primary label first; then one thing changed at a time, and the grid of falls and sigma legs."""
    hours, days = study.matching.refractory_hours, study.matching.episode_hours
    primary = field(study)
    first = [
        Way(PRIMARY, primary, hours),
        Way(EPISODES, primary, days),
        Way(EARLIEST, _earliest(study, primary), hours),
    ]
    far = longest(study)
    if set(far) != set(primary.assets):
        first.append(Way(f"only {' and '.join(far)}, from their start", field(study, far), hours))
    grid = [
        Way(_named(fall, sigmas), field(study, label=_label(study, fall, sigmas)), hours)
        for sigmas in SIGMAS
        for fall in FALLS
        if (fall, sigmas) != (study.label.fall, study.label.sigmas)
    ]
    return [*first, *grid]


def _named(fall: float, sigmas: float) -> str:
    return f"{fall:.0%}, {f'{sigmas:g} sigma' if sigmas else 'no sigma leg'}"


def _label(study: Study, fall: float, sigmas: float) -> LabelRules:
    return replace(study.label, fall=fall, sigmas=sigmas)


def _earliest(study: Study, primary: Field) -> Field:
    """The primary label, but of the onsets that are merged the first counts and not that of the deepest fall."""
    grounds = []
    for one, ground in zip(primary.markets, primary.grounds, strict=True):
        first_row = int(np.flatnonzero(ground.scored)[0])
        onsets = [at_ms for at_ms in _first_onsets(study, one) if at_ms >= one.bars.close_ms(first_row)]
        calendar = (study.first_day, study.days)
        grounds.append(budget.ground_of(one.bars, onsets, ground.scored, calendar, study.matching))
    return Field(study, primary.markets, tuple(grounds))


def _first_onsets(study: Study, one: Recorded) -> list[int]:
    kept: list[int] = []
    for event in events_of(one.bars, replace(study.label, merge_hours=0)):
        if not kept or event.onset_ms - kept[-1] >= study.label.merge_hours * HOUR_MS:
            kept.append(event.onset_ms)
    return kept


def outcome(study: Study, way: Way, scores: Mapping[str, Scores]) -> Outcome:
    """Every signal at the main budget, in one way."""
    scored = {name: way.where.at_budget(one, MAIN, way.hours) for name, one in scores.items()}
    best = max((name for name in scores if name != BASE), key=lambda name: _or_none(scored[name].precision))
    return Outcome(
        way,
        scored,
        {name: way.where.precision(one) for name, one in scored.items()},
        way.where.at_random(scored[BASE], way.hours).mean.precision,
        best,
        way.where.beyond(scored[best], scored[BASE]),
    )


def _or_none(precision: float) -> float:
    return precision if np.isfinite(precision) else -1.0


def write(study: Study) -> Written:
    """One row a way to score."""
    told = signals(study)
    scores = {name: told[name] for name in TRIED if _is_known(study, told[name])}
    lacking = [name for name in TRIED if name not in scores]
    if BASE in lacking or len(scores) < 2:
        return Written(f"Not established: these markets lack {', '.join(lacking)}.\n")
    found = [outcome(study, way, scores) for way in ways(study) if way.where.event_days]
    study.note("labels and ways to match", len(found) * len(scores))
    primary = field(study)
    parts = _parts(primary, scores[BASE])
    facts = {
        "ways": {one.way.name: _facts(one) for one in found},
        "parts": {name: [int(own.right.sum()), int(own.kept.sum())] for name, _, own in parts},
    }
    return Written(_said(found, list(scores)) + _parts_said(parts), facts)


def _is_known(study: Study, scores: Scores) -> bool:
    return all(np.isfinite(scores[one.asset]).any() for one in study.recorded)


def _said(found: Sequence[Outcome], names: Sequence[str]) -> str:
    head = [
        "sell-offs and matching",
        "sell-offs",
        "random",
        *names,
        "best other less shock_24h",
    ]
    body = [
        [
            one.way.name,
            str(one.onsets),
            number(one.random, 3),
            *(_cell(one, name) for name in names),
            f"{one.best}: {with_interval(one.beyond)}",
        ]
        for one in found
    ]
    beaten = [one.way.name for one in found if one.beyond.low > 0.0]
    behind = [one.way.name for one in found if one.beyond.value > 0.0]
    return (
        f"Another signal is better than the shock, the interval above 0: **{', '.join(beaten) or 'nowhere'}**; by its figure alone: "
        f"{', '.join(behind) or 'nowhere'}. Of onsets that are merged the primary label takes that of the deepest fall, so that an alert in the "
        "first leg of a fall counts as right of the second: what the row with the first onset loses against it came with the fall and not "
        "before it. The sigma leg makes high volatility look safe: compare the rows without it.\n\n"
        f"Precision at {MAIN:g} alerts a symbol-month (recall after the stroke; thresholds chosen anew for each label).\n\n"
        + table(head, body)
        + _against_first(found)
    )


def _cell(one: Outcome, name: str) -> str:
    return f"{with_interval(one.precision[name])} / {number(one.scored[name].recall)}"


def _against_first(found: Sequence[Outcome]) -> str:
    """The first run's figures beside ours, where it gave any."""
    body = []
    for one in found:
        for name, figure in first_run.WAYS.get(one.way.name, {}).items():
            if name in one.precision:
                own = one.precision[name]
                first = first_run.beside((own.value, own.low, own.high), figure)
                body.append([one.way.name, name, with_interval(own), first])
    return (
        "\n\n" + table(["sell-offs and matching", "signal", "precision", "first run"], body) if body else "\n"
    )


def _parts(where: Field, shock: Scores) -> list[tuple[str, Field, Scored]]:
    """The shock's alerts at the main budget over all markets, by market and by calendar year."""
    threshold = budget.threshold_for(where.grounds, [shock[asset] for asset in where.assets], MAIN)
    found = []
    for one, ground in zip(where.markets, where.grounds, strict=True):
        own = Field(where.study, (one,), (ground,))
        found.append((one.asset, own, own.of_rows([budget.above(shock[one.asset], threshold)])))
    first = where.study.first_day
    year = np.array(
        [datetime.fromtimestamp(DAY_MS // 1_000 * (first + day), UTC).year for day in range(where.study.days)]
    )
    for wanted in sorted(set(year.tolist())):
        grounds = tuple(ground.where(year[ground.day] == wanted) for ground in where.grounds)
        own = Field(where.study, where.markets, grounds)
        if own.months:
            found.append(
                (
                    str(wanted),
                    own,
                    own.of_rows([budget.above(shock[asset], threshold) for asset in where.assets]),
                )
            )
    return found


def _parts_said(parts: Sequence[tuple[str, Field, Scored]]) -> str:
    head = ["of which", "alerts a month", "right of", "precision", "random", "recall", "sell-offs"]
    body = [
        [
            name,
            number(scored.a_month),
            f"{scored.right.sum():.0f} of {scored.kept.sum():.0f}",
            with_interval(own.precision(scored)),
            number(own.at_random(scored).mean.precision, 3),
            number(scored.recall),
            f"{scored.onsets.sum():.0f}",
        ]
        for name, own, scored in parts
    ]
    return f"\nThe shock at {MAIN:g} alerts a symbol-month, by market and by year (one threshold):\n\n{table(head, body)}"


def _facts(one: Outcome) -> dict[str, object]:
    return {
        "sell_offs": one.onsets,
        "random": one.random,
        "precision": {name: scored.precision for name, scored in one.scored.items()},
        "recall": {name: scored.recall for name, scored in one.scored.items()},
        "best": one.best,
        "beyond_shock": [one.beyond.value, one.beyond.low, one.beyond.high],
    }


CHAPTER = Chapter(32, "robust", "The same by other labels", write)
