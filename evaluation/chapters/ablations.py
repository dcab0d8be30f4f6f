"""What each part adds: contexts of the cascade warning, inputs of the crowding state, holding times, and the score beside the rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.conditions import at_most, either, equal
from evaluation.grounds import Field, field, with_interest
from evaluation.signals import BASE, COLUMNS
from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, table, with_interval
from market.alerts import CLASSES, Severity
from market.evaluation.bootstrap import Interval
from market.evaluation.budget import Scored
from market.evaluation.recorded import Recorded
from market.flags import INPUT_OF
from market.observations import Asset
from market.table import CODED, FLAGS, State, classify

CONTEXTS = ("protip", "fe", "lc")
CROWDING = float(CODED.index(State.CROWDING))
FALSE, UNKNOWN = 0, -1
DEPTHS = np.arange(1.0, 3.5, 0.02).tolist()
"""In sigmas, for edges of the bare shock as many as of something else."""


@dataclass(frozen=True, eq=False)
class Part:
    """Alerts with something left out, and how their precision differs from those it is held against."""

    name: str
    scored: Scored
    precision: Interval
    beyond_random: Interval
    beyond_whole: Interval | None
    beyond_same: Interval | None = None


def write(study: Study) -> Written:
    """Three tables: contexts, inputs of the state, and holding times."""
    where, interest = field(study), with_interest(study)
    contexts = {severity: _contexts(where, level) for level, severity in enumerate(CLASSES, 1) if level > 1}
    states = _states(interest) if interest else []
    held = _held(interest) if interest else []
    study.note("ablations", sum(map(len, contexts.values())) + len(states) + len(held))
    text = _verdict(contexts) + "".join(
        f"Edges of {severity} or louder, the shock's class raised by one where a context stands ({', '.join(where.assets)}; the design's rule, "
        f"from columns, whatever the alerts do now):\n\n{_table(parts, 'less no context')}\n"
        for severity, parts in contexts.items()
    )
    if interest:
        text += (
            f"Edges into CROWDING, {', '.join(interest.assets)} where open interest is known. An input is dropped by taking its flags as "
            f"false in the table:\n\n{_table(states, 'less the table with all')}\n"
            "Flags with their exit thresholds and without (the entry alone):\n\n"
            + _table(held, "less with exits")
        )
    text += "\nNot testable here: a throttled against a full liquidation feed, as the recorded liquidations are one vendor's.\n"
    facts = {
        "contexts": {
            severity.value: [_facts(part) for part in parts] for severity, parts in contexts.items()
        },
        "states": [_facts(part) for part in states],
        "held": [_facts(part) for part in held],
    }
    return Written(text, facts)


def _verdict(contexts: Mapping[Severity, Sequence[Part]]) -> str:
    """Which contexts make a class more often right than a deeper shock that is told as often."""
    said = []
    for severity, parts in contexts.items():
        better = [part.name for part in parts if part.beyond_same is not None and part.beyond_same.low > 0.0]
        said.append(f"{severity}: **{', '.join(better) or 'none'}**")
    return (
        "A context that raises a milder shock makes more alerts; worth it is only what is right more often than a deeper limit of the bare "
        f"shock with as many. Such are, of edges into a class, {'; '.join(said)} (of {sum(map(len, contexts.values()))} comparisons, in sample; "
        "`lc` is known for the two months of 2024 that have liquidations).\n\n"
    )


def _part(where: Field, name: str, scored: Scored, whole: Scored | None) -> Part:
    random = where.at_random(scored).mean
    beyond = None if whole is None else where.beyond(scored, whole)
    return Part(name, scored, where.precision(scored), where.beyond(scored, random), beyond)


def _contexts(where: Field, level: int) -> list[Part]:
    """Alerts at the edges of a class, with all contexts, with each left out, and with none."""
    study = where.study

    def alerts(names: Sequence[str]) -> Scored:
        return where.edges({one.asset: _levels(study, one, names) for one in where.markets}, level)

    none = alerts(())
    bare = _bare_edges(where)

    def part(name: str, scored: Scored, whole: Scored | None) -> Part:
        same = min(bare, key=lambda one: abs(one.a_month - scored.a_month))
        return replace(_part(where, name, scored, whole), beyond_same=where.beyond(scored, same))

    tried: list[tuple[str, Sequence[str]]] = [("all contexts", CONTEXTS)]
    tried += [(f"without {left}", [name for name in CONTEXTS if name != left]) for left in CONTEXTS]
    tried += [(f"only {name}", [name]) for name in CONTEXTS]
    return [*(part(name, alerts(names), none) for name, names in tried), part("no context", none, None)]


def _bare_edges(where: Field) -> list[Scored]:
    """Edges of the bare shock at many depths, to find those of the same number among."""
    column, sign = COLUMNS[BASE]
    shock = {one.asset: sign * where.study.column(one, column) for one in where.markets}
    return [where.edges(shock, depth) for depth in DEPTHS]


def _levels(study: Study, one: Recorded, contexts: Sequence[str]) -> Floats:
    """The class of the shock by hour (0 none to 3), one higher where a context stands beside one."""
    shock, rules = study.column(one, "price.shock_24h"), study.rules.alerts
    limits = (rules.watch_shock, rules.warning_shock, rules.critical_shock)
    level = np.sum([np.nan_to_num(at_most(shock, limit)) for limit in limits], axis=0)
    column = {"protip": "regime.protip", "fe": "flag.fe", "lc": "seen.lc"}
    beside = np.zeros(len(level))
    for name in contexts:
        beside = np.maximum(beside, np.nan_to_num(study.column(one, column[name])))
    return np.where(level > 0, np.minimum(level + beside, len(limits)), 0.0)


def _states(where: Field) -> list[Part]:
    """Edges into CROWDING as the engine holds it, as the table has it hour by hour, and with each input dropped; and the score."""
    study = where.study

    def alerts(states: Callable[[Recorded], Floats]) -> Scored:
        return where.edges({one.asset: equal(states(one), CROWDING) for one in where.markets})

    whole = alerts(lambda one: table_states(study, one))
    engine = alerts(lambda one: study.column(one, "regime.state"))
    parts = [
        _part(where, "the engine's, with holding times", engine, whole),
        _part(where, "the table with all", whole, None),
    ]
    for dropped in sorted(set(INPUT_OF.values())):
        scored = alerts(lambda one, name=dropped: table_states(study, one, name))  # type: ignore[misc]
        parts.append(_part(where, f"the table without {dropped.replace('_', ' ')}", scored, whole))
    column, sign = COLUMNS["regime score"]
    scores = {one.asset: sign * study.column(one, column) for one in where.markets}
    parts.append(
        _part(where, "the score at the engine's count", where.at_budget(scores, engine.a_month), whole)
    )
    return parts


def table_states(study: Study, one: Recorded, dropped: str | None = None) -> Floats:
    """What the table says of each hour's flags alone, nothing held; the flags of a dropped input are false."""
    columns = np.stack([study.column(one, f"seen.{name}") for name in FLAGS], axis=1)
    claims = np.where(np.isnan(columns), UNKNOWN, columns).astype(np.int8)
    for place, name in enumerate(FLAGS):
        if INPUT_OF[name] == dropped:
            claims[:, place] = FALSE
    kinds, which = np.unique(claims, axis=0, return_inverse=True)
    states = [
        float(
            CODED.index(
                classify({name: _claim(value) for name, value in zip(FLAGS, kind, strict=True)}).state
            )
        )
        for kind in kinds.tolist()
    ]
    return np.array(states)[which.ravel()]


def _claim(value: int) -> bool | None:
    return None if value == UNKNOWN else bool(value)


def _held(where: Field) -> list[Part]:
    """Dear funding and elevated open interest, as the engine holds them and without exits."""
    study, funding, interest = where.study, where.study.rules.funding, where.study.rules.open_interest

    def at_least(one: Recorded, name: str, limit: float) -> Floats:
        return at_most(-study.column(one, name), -limit)

    def dear(one: Recorded) -> Floats:
        ranked = np.minimum(
            at_least(one, "funding.percentile", funding.elevated_percentile),
            at_least(one, "funding.f24", funding.material),
        )
        return either(at_least(one, "funding.f24", funding.elevated), ranked)

    def elevated(one: Recorded) -> Floats:
        return either(
            at_least(one, "open_interest.percentile", interest.elevated_percentile),
            at_least(one, "open_interest.turnover_percentile", interest.turnover_percentile),
        )

    parts = []
    for name, bare in (("fe", dear), ("oe", elevated)):
        whole = where.edges({one.asset: study.column(one, f"flag.{name}") for one in where.markets})
        entry: Mapping[Asset, Floats] = {one.asset: bare(one) for one in where.markets}
        parts += [
            _part(where, f"{name} with its exit", whole, None),
            _part(where, f"{name} without", where.edges(entry), whole),
        ]
    return parts


def _table(parts: Sequence[Part], against: str) -> str:
    head = ["", "alerts a month", "right of", "precision", "recall", "lead h", "less random", against]
    has_same = any(part.beyond_same is not None for part in parts)
    body = [
        [
            part.name,
            number(part.scored.a_month),
            f"{part.scored.right.sum():.0f} of {part.scored.kept.sum():.0f}",
            with_interval(part.precision),
            number(part.scored.recall),
            number(part.scored.lead, 1),
            with_interval(part.beyond_random),
            _or_dash(part.beyond_whole),
            *([_or_dash(part.beyond_same)] if has_same else []),
        ]
        for part in parts
    ]
    return table([*head, *(["less as many edges of the bare shock"] if has_same else [])], body)


def _or_dash(interval: Interval | None) -> str:
    return "-" if interval is None else with_interval(interval)


def _facts(part: Part) -> dict[str, object]:
    return {
        "name": part.name,
        "alerts": int(part.scored.kept.sum()),
        "right": int(part.scored.right.sum()),
        "beyond_random": _told(part.beyond_random),
        "beyond_whole": _told(part.beyond_whole),
        "beyond_same": _told(part.beyond_same),
    }


def _told(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.value, interval.low, interval.high]


CHAPTER = Chapter(42, "ablations", "What each part adds", write)
