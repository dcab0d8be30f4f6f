"""Rising edges as alerts: of the day's shock by depth, and of the rules of the design beside the shock at the same count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation import first_run
from evaluation.conditions import conditions
from evaluation.drawing import Axis, Line, forest
from evaluation.grounds import Field, field, longest, with_interest
from evaluation.signals import BASE, COLUMNS
from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, share, table, with_interval
from market.alerts import CLASSES
from market.evaluation import budget
from market.evaluation.bootstrap import Interval, ratio
from market.evaluation.budget import Rows, Scored
from market.evaluation.labels import falls_ahead
from market.observations import Asset

DEPTHS = (-1.0, -1.25, -1.5, -1.75, -2.0, -2.25, -2.5, -2.75, -3.0, -3.5)
FURTHER, HORIZON = -0.05, 24
RULES = tuple(first_run.RULES)
OTHER_RULES = (
    "pro-tip",
    "pd & fe",
    "pd & (fe or fn)",
    "rolling over & pd",
    "fe",
    "pd",
    "lower low in progress",
    "shock <= -2 & fn",
    "shock <= -2 & not fn",
)


@dataclass(frozen=True, eq=False)
class Edge:
    """Alerts at the edges of one depth, and what price did afterwards."""

    depth: float
    scored: Scored
    precision: Interval
    beyond_random: Interval
    own_class: Scored
    further: Interval
    after: Interval


@dataclass(frozen=True, eq=False)
class Rule:
    """Alerts at the edges of a rule beside the shock at the same count and random ones."""

    name: str
    scored: Scored
    precision: Interval
    shock: Scored
    beyond_shock: Interval
    beyond_random: Interval


def write(study: Study) -> Written:
    """Edges of the shock, and the rules at their natural number of alerts."""
    where, shock = field(study), _shock(study)
    edges = [_edge(where, shock, place) for place in range(len(DEPTHS))]
    classes = _classes(where, shock)
    far = field(study, longest(study))
    far_edges = {depth: far.edges(shock, -depth) for depth in first_run.SHOCK_EDGES_LONGEST}
    claims = conditions(study)
    interest = with_interest(study)
    rules = _rules(interest, claims, shock, (*RULES, *OTHER_RULES)) if interest else []
    everywhere = _rules(
        where, claims, shock, ("fe", "pd", "lower low in progress", "CROWDING", "pd & (fe or fn)")
    )
    study.note("edges and rules", len(DEPTHS) + len(far_edges) + len(rules) + len(everywhere))
    text = (
        _edges_said(where, edges, far, far_edges)
        + _classes_said(classes)
        + "\n![Precision by depth of the shock](pictures/evaluation-edges.svg)\n"
        + _rules_said(interest, rules, where, everywhere)
    )
    facts: dict[str, object] = {
        "classes": {name: [int(own.right.sum()), int(own.kept.sum())] for name, own in classes.items()},
        "shock_edges": {f"{edge.depth:g}": _edge_facts(edge) for edge in edges},
        "rules": {rule.name: _rule_facts(rule) for rule in rules},
        "rules_everywhere": {rule.name: _rule_facts(rule) for rule in everywhere},
    }
    return Written(text, facts, {"evaluation-edges.svg": _picture(edges)})


def _shock(study: Study) -> dict[Asset, Floats]:
    column, sign = COLUMNS[BASE]
    return {one.asset: sign * study.column(one, column) for one in study.recorded}


def _edge(where: Field, shock: Mapping[Asset, Floats], place: int) -> Edge:
    depth = DEPTHS[place]
    scored = where.edges(shock, -depth)
    rows = [budget.edges(shock[asset], -depth) for asset in where.assets]
    deeper = -DEPTHS[place + 1] if place + 1 < len(DEPTHS) else np.inf
    own = [found[shock[asset][found] < deeper] for found, asset in zip(rows, where.assets, strict=True)]
    random = where.at_random(scored).mean
    further, after = _afterwards(where, rows)
    return Edge(
        depth,
        scored,
        where.precision(scored),
        where.beyond(scored, random),
        where.of_rows(own),
        further,
        after,
    )


def _afterwards(where: Field, rows: Sequence[Rows]) -> tuple[Interval, Interval]:
    """How often price fell a further 5 % within a day of the alerts, and the mean return after a day."""
    study, days = where.study, where.study.days
    fell, known, gained, told = (np.zeros(days) for _ in range(4))
    for one, ground, mine in zip(where.markets, where.grounds, rows, strict=True):
        kept = budget.refracted_rows(mine[ground.scored[mine]], study.matching.refractory_hours)
        falls = np.frombuffer(falls_ahead(one.bars, HORIZON))[kept]
        close = np.frombuffer(one.bars.close_usd)
        later = (
            np.concatenate([close[HORIZON:], np.full(min(HORIZON, len(close)), np.nan)])[kept] / close[kept]
            - 1.0
        )
        day = ground.day[kept]
        fell += by_day(day, np.where(np.isnan(falls), np.nan, falls <= FURTHER), days)
        known += by_day(day, np.where(np.isnan(falls), np.nan, 1.0), days)
        gained += by_day(day, later, days)
        told += by_day(day, np.where(np.isnan(later), np.nan, 1.0), days)
    level = study.evidence.level
    return ratio(fell, known, study.draws, level), ratio(gained, told, study.draws, level)


def by_day(day: Rows, values: Floats, days: int) -> Floats:
    """The sum of the values that are known on each day."""
    use = np.isfinite(values)
    return np.bincount(day[use], values[use], days).astype(np.float64)


def _edges_said(where: Field, edges: Sequence[Edge], far: Field, far_edges: Mapping[float, Scored]) -> str:
    head = ["edge of shock_24h", "alerts a month", "precision", "less random", "precision up to the next", "recall", "lead h", "24 h before",
            "further 5 % in 24 h", "mean 24 h after", "first run", f"{' and '.join(far.assets)}", "first run"]  # fmt: skip
    body = []
    for edge in edges:
        own, first = edge.precision, first_run.SHOCK_EDGES.get(edge.depth, (None, None))[0]
        body.append(
            [
                f"<= {edge.depth:g}", number(edge.scored.a_month), with_interval(own), with_interval(edge.beyond_random),
                f"{number(edge.own_class.precision, 3)} of {edge.own_class.kept.sum():.0f}", number(edge.scored.recall),
                number(edge.scored.lead, 1), share(_middle(edge.scored.lost)), with_interval(edge.further, 2),
                f"{share(edge.after.value)} [{share(edge.after.low)}, {share(edge.after.high)}]",
                first_run.beside((own.value, own.low, own.high), first), *_far(edge.depth, far, far_edges),
            ]
        )  # fmt: skip
    return (
        f'Edges of the day\'s shock, {", ".join(where.assets)}: an alert when it comes to a depth from above. "Up to the next" are the edges at '
        "which it did not come to the next depth in the same hour: the class of its own.\n\n"
        + table(head, body)
    )


def _classes(where: Field, shock: Mapping[Asset, Floats]) -> dict[str, Scored]:
    """Edges into each class of the alerts that did not go on to the next class in the same hour."""
    rules = where.study.rules.alerts
    limits = (-rules.watch_shock, -rules.warning_shock, -rules.critical_shock, np.inf)
    found = {}
    for severity, limit, deeper in zip(CLASSES, limits[:-1], limits[1:], strict=True):
        own = []
        for asset in where.assets:
            rows = budget.edges(shock[asset], limit)
            own.append(rows[shock[asset][rows] < deeper])
        found[severity.value] = where.of_rows(own)
    return found


def _classes_said(classes: Mapping[str, Scored]) -> str:
    told = [
        f"{name} {number(own.precision, 3)} ({own.right.sum():.0f} of {own.kept.sum():.0f})"
        for name, own in classes.items()
    ]
    return f"\nBy the classes of the alerts as they stand, those that went on to the next in the same hour left out: {', '.join(told)}.\n"


def _picture(edges: Sequence[Edge]) -> bytes:
    lines = [
        Line(
            f"<= {edge.depth:g}",
            edge.precision.value,
            edge.precision.low,
            edge.precision.high,
            edge.further.value,
        )
        for edge in edges
    ]
    axis = Axis("right alerts among those that count", 0.0, 0.8, 0.2)
    return forest(lines, axis, "Edges of the day's shock, in sigmas", "price fell a further 5 % within a day")


def _far(depth: float, far: Field, far_edges: Mapping[float, Scored]) -> list[str]:
    if depth not in far_edges:
        return ["-", "-"]
    own = far.precision(far_edges[depth])
    return [
        f"{number(own.value, 3)} at {number(far_edges[depth].a_month)}",
        first_run.beside((own.value, own.low, own.high), first_run.SHOCK_EDGES_LONGEST[depth]),
    ]


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _rules(
    where: Field,
    claims: Mapping[str, Mapping[Asset, Floats]],
    shock: Mapping[Asset, Floats],
    names: Sequence[str],
) -> list[Rule]:
    found = []
    for name in names:
        scored = where.edges(claims[name])
        if not scored.kept.sum():
            continue
        same = where.at_budget(shock, scored.a_month)
        random = where.at_random(scored).mean
        found.append(
            Rule(
                name,
                scored,
                where.precision(scored),
                same,
                where.beyond(scored, same),
                where.beyond(scored, random),
            )
        )
    return found


def _rules_said(
    interest: Field | None, rules: Sequence[Rule], where: Field, everywhere: Sequence[Rule]
) -> str:
    said = "\nRules at their natural number of alerts (edges), beside the shock at the same count. `pd` is decision 0042's where not said otherwise. "
    if interest is not None:
        onsets = sum(int((ground.onset_day >= 0).sum()) for ground in interest.grounds)
        said += (
            f"{', '.join(interest.assets)} where open interest is known, {interest.months:.0f} symbol-months, {onsets} sell-offs on "
            f"{interest.event_days} days:\n\n{_rule_table(rules)}\n"
        )
    return said + f"{', '.join(where.assets)}, all of the time:\n\n{_rule_table(everywhere)}"


def _rule_table(rules: Sequence[Rule]) -> str:
    head = ["rule", "alerts a month", "precision", "right of", "recall", "lead h", "24 h before", "false a month", "shock: precision, recall",
            "less shock", "less random", "first run"]  # fmt: skip
    body = []
    for rule in rules:
        own, first = rule.precision, first_run.RULES.get(rule.name, (None, None))[1]
        body.append(
            [
                rule.name, number(rule.scored.a_month), with_interval(own), f"{rule.scored.right.sum():.0f} of {rule.scored.kept.sum():.0f}",
                number(rule.scored.recall), number(rule.scored.lead, 1), share(_middle(rule.scored.lost)), number(rule.scored.false_a_month),
                f"{number(rule.shock.precision, 3)}, {number(rule.shock.recall)}", with_interval(rule.beyond_shock),
                with_interval(rule.beyond_random), first_run.beside((own.value, own.low, own.high), first),
            ]
        )  # fmt: skip
    return table(head, body)


def _edge_facts(edge: Edge) -> dict[str, object]:
    return {
        "a_month": edge.scored.a_month,
        "alerts": int(edge.scored.kept.sum()),
        "right": int(edge.scored.right.sum()),
        "precision": [edge.precision.value, edge.precision.low, edge.precision.high],
        "own_class": [int(edge.own_class.right.sum()), int(edge.own_class.kept.sum())],
        "recall": edge.scored.recall,
        "beyond_random": [edge.beyond_random.value, edge.beyond_random.low, edge.beyond_random.high],
        "after": [edge.after.value, edge.after.low, edge.after.high],
    }


def _rule_facts(rule: Rule) -> dict[str, object]:
    return {
        "a_month": rule.scored.a_month,
        "alerts": int(rule.scored.kept.sum()),
        "right": int(rule.scored.right.sum()),
        "precision": [rule.precision.value, rule.precision.low, rule.precision.high],
        "beyond_shock": [rule.beyond_shock.value, rule.beyond_shock.low, rule.beyond_shock.high],
        "beyond_random": [rule.beyond_random.value, rule.beyond_random.low, rule.beyond_random.high],
    }


CHAPTER = Chapter(34, "edges", "Edges of the shock, and rules at the same count", write)
