"""Given that price falls: does crowding separate what follows? Section 5 of the first evaluation, with intervals and shifts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evaluation.chapters.weakness import SECTION_1, Weakness
from evaluation.conditions import both, either
from evaluation.drawing import Axis, Line, forest
from evaluation.splitting import OUTCOMES, Hours, Split, outcomes_of, shifted_p, split
from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, share, table
from market.evaluation.bootstrap import draw_days
from market.evaluation.recorded import Recorded

SHIFTS, LEAST_DAYS = 2_000, 30
SIGNIFICANT = 0.05
LONG_BLOCKS = 21.0
LATE_HOURS = (8, 24)
NOW = "pd now"
"""What the engine calls weak (decision 0042); `pd` is here what section 1 called so and the first evaluation asked about."""

PICTURE = "evaluation-context.svg"
FALL = "2-sigma fall 24 h"


@dataclass(frozen=True)
class Context:
    """What is asked about (1, 0, NaN unknown) and what it is held against, of one market's hours."""

    holds: Floats
    against: Floats


Told = Callable[[Mapping[str, Floats]], Context]
FLAGS = ("pd", "oe", "fn", "fe", "fr", "fd", "oc", "ou", "rolling_over")


def _rest(holds: Floats) -> Context:
    return Context(holds, 1.0 - holds)


def _flagged(name: str) -> Told:
    return lambda flag: _rest(flag[name])


def _protip(flag: Mapping[str, Floats]) -> Floats:
    return both(flag["oe"], flag["fn"])


def _digest(flag: Mapping[str, Floats]) -> Floats:
    return both(either(flag["oc"], 1.0 - flag["oe"]), either(flag["fr"], flag["fd"]))


CONTEXTS: Mapping[str, Told] = {
    "pro-tip (oe & fn) vs rest": lambda flag: _rest(_protip(flag)),
    "pro-tip vs digesting": lambda flag: Context(_protip(flag), _digest(flag)),
    "oe": _flagged("oe"),
    "fn": _flagged("fn"),
    "ou": _flagged("ou"),
    "oc": _flagged("oc"),
    "rolling over": _flagged("rolling_over"),
}
"""Of hours in which price falls (`pd`), where open interest is known."""

FIRST: Mapping[str, tuple[str, ...]] = {
    "pro-tip (oe & fn) vs rest": ("-1.2 / +0.6 *", "16.9 / 12.0", "39.1 / 28.8 *", "10.7 / 4.9 *", "-5.6 / -4.1 *"),
    "pro-tip vs digesting": ("-1.2 / +0.8 *", "16.9 / 8.8 *", "39.1 / 24.1 *", "10.7 / 3.4 *", "-5.6 / -3.8 *"),
    "oe": ("-0.5 / +0.8 *", "14.1 / 12.3", "33.3 / 29.4", "8.1 / 4.5 *", "-4.9 / -4.0 *"),
    "fn": ("-0.4 / +0.6 *", "17.0 / 10.4 *", "38.0 / 26.5 *", "8.6 / 4.6 *", "-5.2 / -3.9 *"),
    "ou": ("-1.5 / +0.2", "26.0 / 12.5 *", "48.9 / 30.5 *", "8.9 / 6.2", "-7.7 / -4.3 *"),
    "oc": ("+0.1 / +0.2", "19.1 / 12.3 *", "41.8 / 29.8 *", "4.1 / 6.6", "-5.7 / -4.3 *"),
    "rolling over": ("+0.2 / +0.2", "14.3 / 13.0", "37.1 / 30.4", "2.1 / 7.0 *", "-4.9 / -4.4"),
}  # fmt: skip
"""Section 5 of first-evaluation.md, BTC 2021-04 to 2024-11, in percent; * the interval of the difference excludes 0."""

ALWAYS: Mapping[str, Told] = {
    "pro-tip, any hour": lambda flag: _rest(both(flag["pd"], _protip(flag))),
    "fe, any hour": _flagged("fe"),
    "oc, any hour": _flagged("oc"),
}
FUNDING = ("fn", "fe", "fr", "fd")


@dataclass(frozen=True)
class Ground:
    """One market with what it knew and what followed."""

    one: Recorded
    flag: Mapping[str, Floats]
    outcome: Mapping[str, Floats]
    scored: Floats
    day: np.ndarray[tuple[int], np.dtype[np.int64]]

    def hours(self, told: Told, outcome: str, given: Floats) -> Hours:
        """The hours of both kinds among those given."""
        context = told(self.flag)
        asked = (given == 1.0) & (self.scored == 1.0)
        holds, against = (np.where(asked, kind, np.nan) for kind in (context.holds, context.against))
        return Hours(self.day, holds, against, self.outcome[outcome])

    def late(self, hours: int) -> "Ground":
        """The same with open interest known so much later."""
        moved = {
            name: np.concatenate([np.full(hours, np.nan), self.flag[name][:-hours]])
            for name in ("oe", "oc", "ou")
        }
        return replace(self, flag={**self.flag, **moved})


def write(study: Study) -> Written:
    """BTC's tables, their shifts, by year and otherwise, and funding on every market."""
    grounds = [_ground(study, one) for one in study.recorded]
    first = grounds[0]
    if not np.isfinite(first.flag["oe"]).any():
        return Written("Open interest is not known in this history: not established.\n", {"tests": 0})
    main, facts, picture = _main(study, first)
    years, year_facts = _by_year(study, first)
    other, other_facts = _otherwise(study, first)
    paid, paid_facts = _funding(study, grounds)
    text = f"{main}\n{years}\n{other}\n{paid}"
    return Written(
        text,
        {**facts, "years": year_facts, "otherwise": other_facts, "funding": paid_facts},
        {PICTURE: picture},
    )


def _ground(study: Study, one: Recorded) -> Ground:
    flag = {name: study.column(one, f"flag.{name}") for name in FLAGS}
    flag |= {NOW: flag["pd"], "pd": Weakness(study).claim(SECTION_1)(study, one)}
    scored = study.is_scored(one).astype(np.float64)
    return Ground(one, flag, outcomes_of(study, one), scored, study.rows_day(one))


def _main(study: Study, ground: Ground) -> tuple[str, dict[str, object], bytes]:
    """A line a context and outcome; the shift test beside the interval."""
    given = np.where(np.isfinite(ground.flag["oe"]), ground.flag["pd"], np.nan)
    whole = np.where(np.isfinite(given), 1.0, np.nan)
    lines: list[list[str]] = []
    facts: dict[str, dict[str, float]] = {}
    drawn: list[Line] = []
    for told, asked, among in ((CONTEXTS, OUTCOMES, given), (ALWAYS, (FALL, "onset 24 h"), whole)):
        for name, context in told.items():
            for place, outcome in enumerate(asked):
                found = split(study, [ground.hours(context, outcome, among)])
                p = _p(ground, context(ground.flag), outcome, among)
                said = FIRST[name][place] if name in FIRST and place < len(FIRST[name]) else "-"
                lines.append([name, outcome, *_row(found), number(p, 4), said])
                facts[f"{name}/{outcome}"] = _fact(found) | {"p": p}
                if outcome == FALL and told is CONTEXTS:
                    drawn.append(
                        Line(name, found.difference.value, found.difference.low, found.difference.high)
                    )
    study.note("context given a fall", len(lines))
    level = SIGNIFICANT / len(lines)
    hard = [name for name, one in facts.items() if one["p"] <= level]
    head = ["context", "what followed", "holds", "not", "difference", "hours", "episodes", "p of shifts", "first evaluation (%)"]  # fmt: skip
    asset = ground.one.asset
    text = (
        f"{asset} where its open interest is known; hours in which price falls (`pd` as section 1 had it), but for the last lines. A star: the "
        f"interval excludes 0. p: how many of {SHIFTS:,} turns of the context round the calendar by {LEAST_DAYS} days or more "
        f"separate as much.\n\n{table(head, lines)}\n"
        f"{len(lines)} tests: of a level of {SIGNIFICANT:g} shared out among them (Bonferroni, {level:.4f}) survive: "
        f"{', '.join(hard) or 'none'}. The first evaluation shared it among 21 (0.0024), its open interest ended in 2024.\n\n"
        f"![What a context adds to the chance of a fall of two sigmas within a day](pictures/{PICTURE})\n"
    )
    axis = Axis("added to P(fall of 2 sigma in 24 h), hours in which price falls", -0.10, 0.15, 0.05, "+.0%")
    return (
        text,
        {"tests": len(lines), "given": facts, "survive": hard},
        forest(drawn, axis, f"{asset}: price falls, and"),
    )


def _p(ground: Ground, context: Context, outcome: str, given: Floats) -> float:
    """The shift test over the hours from the first to the last in which the context is known."""
    known = np.flatnonzero(np.isfinite(context.holds) & (ground.scored == 1.0))
    if not len(known):
        return float("nan")
    span = slice(int(known[0]), int(known[-1]) + 1)
    followed = ground.outcome[outcome][span]
    holds, against = context.holds[span], context.against[span]
    return shifted_p(given[span], holds, against, followed, SHIFTS, LEAST_DAYS)


def _row(found: Split) -> list[str]:
    one = found.difference
    star = " *" if one.excludes(0.0) else ""
    between = f"{share(one.value)} [{share(one.low)}, {share(one.high)}]{star}"
    return [share(found.holds), share(found.against), between, str(found.hours), str(found.episodes)]


def _fact(found: Split) -> dict[str, float]:
    one = found.difference
    return {
        "holds": found.holds, "not": found.against, "difference": one.value, "low": one.low, "high": one.high,
        "hours": found.hours, "episodes": found.episodes,
    }  # fmt: skip


def _by_year(study: Study, ground: Ground) -> tuple[str, dict[str, object]]:
    """The pro-tip against the rest, year by year: points alone, a year is too short for an interval."""
    years = (ground.day + study.first_day).astype("datetime64[D]").astype("datetime64[Y]").astype(
        np.int64
    ) + 1970
    lines: list[list[str]] = []
    facts: dict[str, object] = {}
    told = CONTEXTS["pro-tip (oe & fn) vs rest"]
    for year in np.unique(years[np.isfinite(ground.flag["oe"]) & (ground.scored == 1.0)]):
        given = np.where(years == year, ground.flag["pd"], np.nan)
        pair = [split(study, [ground.hours(told, outcome, given)]) for outcome in (FALL, "return 72 h")]
        lines.append(
            [
                str(year),
                *(f"{share(one.holds)} / {share(one.against)}" for one in pair),
                str(pair[0].episodes),
            ]
        )
        facts[str(year)] = [value for one in pair for value in (one.holds, one.against)]
    head = ["pro-tip / rest", "P(2-sigma fall in 24 h)", "return 72 h", "episodes"]
    return table(head, lines), facts


def _otherwise(study: Study, ground: Ground) -> tuple[str, dict[str, object]]:
    """The same with what could be otherwise: longer blocks, open interest told later, without the first year."""
    blocks = draw_days(study.days, study.seed, replace(study.evidence, block_days=LONG_BLOCKS))
    new_year = np.datetime64("2022-01-01").astype(np.int64) - study.first_day
    later = np.where(ground.day >= new_year, ground.flag["pd"], np.nan)
    asked = {
        "as it is": (ground, ground.flag["pd"], study.draws),
        f"blocks of {LONG_BLOCKS:g} days": (ground, ground.flag["pd"], blocks),
        **{
            f"open interest {hours} h later": (ground.late(hours), ground.flag["pd"], study.draws)
            for hours in LATE_HOURS
        },
        "without 2021": (ground, later, study.draws),
        "price weak as `pd` is now": (ground, ground.flag[NOW], study.draws),
    }
    lines: list[list[str]] = []
    facts: dict[str, object] = {}
    for name, (used, given, draws) in asked.items():
        row = [name]
        for outcome in ("return 72 h", FALL):
            found = split(study, [used.hours(CONTEXTS["pro-tip vs digesting"], outcome, given)], draws)
            row += [*_row(found)[:3]]
            facts[f"{name}/{outcome}"] = _fact(found)
        lines.append(row)
    study.note("context given a fall", len(asked) - 1)
    head = ["pro-tip vs digesting", "72 h", "not", "difference", "2-sigma fall", "not", "difference"]
    return table(head, lines), facts


def _funding(study: Study, grounds: list[Ground]) -> tuple[str, dict[str, object]]:
    """Funding alone while price falls, which every market knows: all of them, the first two, the others."""
    groups = {"all": grounds, "first two": grounds[:2], "others": grounds[2:]}
    lines: list[list[str]] = []
    facts: dict[str, object] = {}
    for group, members in groups.items():
        if not members:
            continue
        names = ", ".join(one.one.asset for one in members)
        for flag in FUNDING:
            for outcome in ("return 72 h", "5 % fall 24 h", FALL):
                hours = [one.hours(_flagged(flag), outcome, one.flag["pd"]) for one in members]
                found = split(study, hours)
                lines.append([names, flag, outcome, *_row(found)])
                facts[f"{group}/{flag}/{outcome}"] = _fact(found)
    study.note("context given a fall", len(lines))
    head = ["markets", "funding", "what followed", "holds", "not", "difference", "hours", "episodes"]
    return "Funding alone while price falls, each market from when it is scored:\n\n" + table(
        head, lines
    ), facts


CHAPTER = Chapter(50, "context", "Given a fall, what crowding adds", write)
