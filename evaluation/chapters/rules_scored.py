"""The real alerts, as the engine told them bar by bar: by kind and severity, and by what triggered a cascade warning."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.drawing import Axis, Line, forest
from evaluation.grounds import Field, field
from evaluation.signals import BASE, COLUMNS
from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, share, table, with_interval
from evaluation.told import Pick, kinds, lost_at, rows_told, share_standing, where_told
from market.alerts import CLASSES, Alert, Kind, Reason, Severity, shock_class
from market.evaluation import budget
from market.evaluation.bootstrap import Interval
from market.evaluation.budget import Scored
from market.observations import Asset
from market.rules import AlertRules

RAISED = (Reason.PRICE_SHOCK, Reason.CONTEXT_ALONE, Reason.CONTEXT_JOINED)
FEWEST = 5
"""Fewer alerts than this are counted and not compared."""


@dataclass(frozen=True, eq=False)
class Told:
    """Alerts of one sort, what they were worth, and how they compare at the same count."""

    pick: Pick
    where: Field
    scored: Scored
    precision: Interval
    recall: Interval
    episodes: Scored
    standing: float
    worse: Interval
    shock: Scored
    random: Scored
    beyond_shock: Interval
    beyond_shock_apart: Interval
    beyond_random: Interval


def of_severity(kind: Kind, severity: Severity) -> Pick:
    """The alerts of a kind as they were told at a severity."""
    return Pick(kind, f"{kind} {severity}", lambda alert: alert.kind is kind and alert.severity is severity)


def of_all(kind: Kind) -> Pick:
    """All alerts of a kind."""
    return Pick(kind, f"{kind}, all", lambda alert: alert.kind is kind)


def of_reason(kind: Kind, severity: Severity, reason: Reason) -> Pick:
    """The alerts of a kind told at a severity for one reason."""

    def wanted(alert: Alert) -> bool:
        return alert.kind is kind and alert.severity is severity and alert.reason is reason

    return Pick(kind, f"{severity}, {reason.replace('_', ' ')}", wanted)


def of_trigger(kind: Kind, severity: Severity, context: str | None, rules: AlertRules) -> Pick:
    """The alerts that the shock alone makes as loud, or (with a context named) louder ones, with that context beside it."""

    def wanted(alert: Alert) -> bool:
        by_price = shock_class(alert.facts.get("shock_24h"), rules) >= CLASSES.index(severity) + 1
        is_raised = not by_price and alert.reason in RAISED and context in alert.context
        is_meant = by_price if context is None else is_raised
        return alert.kind is kind and alert.severity is severity and is_meant

    return Pick(
        kind,
        f"{severity}, {'by price alone' if context is None else f'beyond its shock, {context} beside'}",
        wanted,
    )


def judge(everywhere: Field, pick: Pick, shock: Mapping[Asset, Floats]) -> Told | None:
    """Score one sort of alert; None where it was told too seldom, or where it can be told too few sell-offs began."""
    where = where_told(everywhere, pick.kind)
    study = where.study
    if not where.markets or where.event_days < study.evidence.least_event_days:
        return None
    rows = [rows_told(one, pick.wanted) for one in where.markets]
    lost = [lost_at(one, pick.kind, gone) for one, gone in zip(where.markets, where.lost, strict=True)]
    scored = budget.score_rows(where.grounds, rows, study.matching.refractory_hours, lost)
    if scored.kept.sum() < FEWEST:
        return None
    apart_hours = study.matching.episode_hours
    apart = where.of_rows(rows, apart_hours)
    same, random = where.at_budget(shock, scored.a_month), where.at_random(scored).mean
    return Told(
        pick,
        where,
        scored,
        where.precision(scored),
        where.recall(scored),
        apart,
        share_standing(where, pick),
        where.followed_by_worse(rows),
        same,
        random,
        where.beyond(scored, same),
        where.beyond(apart, where.at_budget(shock, apart.a_month, apart_hours)),
        where.beyond(scored, random),
    )


def write(study: Study) -> Written:
    """Two tables and a picture: every kind and severity, and the cascade warnings by reason."""
    where = field(study)
    column, sign = COLUMNS[BASE]
    shock = {one.asset: sign * study.column(one, column) for one in study.recorded}
    picks = [
        pick for kind in kinds(study) for pick in (of_all(kind), *(of_severity(kind, one) for one in CLASSES))
    ]
    reasons = [of_reason(Kind.CASCADE, severity, reason) for severity in CLASSES for reason in Reason]
    found, silent = _judged(where, picks, shock)
    by_reason, _ = _judged(where, reasons, shock)
    triggers = [
        of_trigger(Kind.CASCADE, severity, context, study.rules.alerts)
        for severity in CLASSES
        for context in (None, "protip", "fe", "kst_fe", "lc")
    ]
    by_trigger, few = _judged(where, triggers, shock)
    study.note("alerts as told", len(found) + len(by_reason) + len(by_trigger))
    text = (
        _head(where)
        + _table(found)
        + f"\nNot established (never or hardly told, or too few sell-offs where it can be): {_counted(study, silent)}.\n"
        + _verdict(found)
        + "\n![Alerts as told](pictures/evaluation-alerts.svg)\n"
        + "\nCascade warnings by what triggered them:\n\n"
        + _table(by_reason)
        + "\nThe same by whether the shock alone was deep enough, or it is louder than that with a context beside it (two contexts count in both):\n\n"
        + _table(by_trigger)
        + f"\nToo few to say anything: {_counted(study, few)}.\n"
    )
    facts = {
        "alerts": {told.pick.name: _facts(told) for told in found},
        "by_reason": {told.pick.name: _facts(told) for told in by_reason},
        "by_trigger": {told.pick.name: _facts(told) for told in by_trigger},
        "not_established": [pick.name for pick in silent],
    }
    return Written(text, facts, {"evaluation-alerts.svg": _picture(found)})


def _judged(
    where: Field, picks: Sequence[Pick], shock: Mapping[Asset, Floats]
) -> tuple[list[Told], list[Pick]]:
    found, silent = [], []
    for pick in picks:
        told = judge(where, pick, shock)
        if told is None:
            silent.append(pick)
        else:
            found.append(told)
    return found, silent


def _head(where: Field) -> str:
    return (
        f"What the engine told of {', '.join(where.assets)} bar by bar ({where.months:.0f} symbol-months, sell-offs on {where.event_days} days): "
        "each time a severity was first told (fired, or escalated to it), 6 h apart. Lost is since the day before the episode began, where the "
        "alert says it, else of the last 24 h. The shock stands beside it with as many alerts, thresholds in sample; random alerts are as many in "
        "each market. An alert is told once an episode and the shock every 6 h while it stands, which counts one sell-off several times: the fair "
        'comparison is the last column, both 24 h apart. "Sell-off or 5 % more" is how often a sell-off began or price fell a further 5 % within a day, alerts inside a sell-off with '
        "them; after all hours that is so of "
        f"{share(_base(where))}.\n\n"
    )


def _base(where: Field) -> float:
    every = [
        worse[ground.scored & np.isfinite(worse)]
        for ground, worse in zip(where.grounds, where.worse, strict=True)
    ]
    return float(np.concatenate(every).mean())


def _table(found: Sequence[Told]) -> str:
    head = ["alert", "assets", "right of", "precision", "24 h apart", "recall", "lead h (quartiles)", "lost (median)", "false a month",
            "hours it stands", "sell-off or 5 % more", "random", "less random", "shock", "less shock", "less shock, 24 h apart"]  # fmt: skip
    return table(head, [_line(told) for told in found])


def _line(told: Told) -> list[str]:
    scored = told.scored
    return [
        told.pick.name,
        ", ".join(told.where.assets),
        f"{scored.right.sum():.0f} of {scored.kept.sum():.0f}",
        with_interval(told.precision),
        number(told.episodes.precision, 3),
        with_interval(told.recall, 2),
        _lead(scored),
        share(_middle(scored.lost)),
        number(scored.false_a_month),
        share(told.standing),
        with_interval(told.worse, 2),
        number(told.random.precision, 3),
        with_interval(told.beyond_random),
        number(told.shock.precision, 3),
        with_interval(told.beyond_shock),
        with_interval(told.beyond_shock_apart),
    ]


def _lead(scored: Scored) -> str:
    if not len(scored.leads):
        return "-"
    low, high = np.quantile(scored.leads, [0.25, 0.75])
    return f"{scored.lead:.1f} ({low:.1f} to {high:.1f})"


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _counted(study: Study, picks: Sequence[Pick]) -> str:
    """Each with how often it was told in all."""
    told = [
        f"{pick.name} ({sum(len(rows_told(one, pick.wanted)) for one in study.recorded)} told)"
        for pick in picks
    ]
    return ", ".join(told) or "none"


def _verdict(found: Sequence[Told]) -> str:
    def names(wanted: Callable[[Told], bool]) -> str:
        return ", ".join(told.pick.name for told in found if wanted(told)) or "none"

    return (
        f"\nAbove random alerts of the same number: **{names(lambda told: told.beyond_random.low > 0.0)}**. Not above: "
        f"{names(lambda told: not told.beyond_random.low > 0.0)}. Above the bare shock at the same count, both 24 h "
        f"apart: **{names(lambda told: told.beyond_shock_apart.low > 0.0)}**; below it: {names(lambda told: told.beyond_shock_apart.high < 0.0)}.\n"
    )


def _facts(told: Told) -> dict[str, object]:
    scored = told.scored
    return {
        "assets": list(told.where.assets),
        "alerts": int(scored.kept.sum()),
        "right": int(scored.right.sum()),
        "precision": [told.precision.value, told.precision.low, told.precision.high],
        "recall": [told.recall.value, told.recall.low, told.recall.high],
        "lead_hours": scored.lead if len(scored.leads) else None,
        "lost": _middle(scored.lost) if np.isfinite(scored.lost).any() else None,
        "false_a_month": scored.false_a_month,
        "hours": told.standing,
        "worse": [told.worse.value, told.worse.low, told.worse.high],
        "random": told.random.precision,
        "beyond_random": [told.beyond_random.value, told.beyond_random.low, told.beyond_random.high],
        "beyond_shock": [told.beyond_shock.value, told.beyond_shock.low, told.beyond_shock.high],
        "beyond_shock_apart": [
            told.beyond_shock_apart.value,
            told.beyond_shock_apart.low,
            told.beyond_shock_apart.high,
        ],
        "event_days": told.where.event_days,
    }


def _picture(found: Sequence[Told]) -> bytes:
    lines = [
        Line(
            told.pick.name,
            told.precision.value,
            told.precision.low,
            told.precision.high,
            told.random.precision,
        )
        for told in found
    ]
    axis = Axis("right alerts among those that count", 0.0, 0.6, 0.1)
    return forest(lines, axis, "Alerts as they were told", "random alerts")


CHAPTER = Chapter(38, "rules_scored", "The alerts as they were told", write)
