"""What hours under a condition are worth: the chance that a sell-off begins within a day, to that of all hours."""

from collections.abc import Mapping
from math import isnan
from typing import TypeAlias

import numpy as np

from evaluation import first_run
from evaluation.conditions import conditions
from evaluation.grounds import Field, field, with_interest
from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import share, table, with_interval
from market.evaluation.bootstrap import Interval, of_sums
from market.evaluation.budget import INSIDE, RIGHT
from market.observations import Asset

Told: TypeAlias = tuple[Interval, float]
"""The ratio of the chances, and the share of the hours that have the condition."""


def write(study: Study) -> Written:
    """One row a condition: where open interest is known, and over all markets."""
    claims = conditions(study)
    hours = {
        name: _hours(found, claims) for name, found in _grounds(field(study), with_interest(study)).items()
    }
    study.note("hours under a condition", sum(len(told) for told in hours.values()))
    facts = {
        name: {key: [one.value, one.low, one.high, part] for key, (one, part) in told.items()}
        for name, told in hours.items()
    }
    return Written(_hours_said(hours), {"hours": facts})


def _grounds(where: Field, interest: Field | None) -> dict[str, Field]:
    known = {} if interest is None else {f"{', '.join(interest.assets)} with open interest": interest}
    return known | {", ".join(where.assets): where}


def _hours(where: Field, claims: Mapping[str, Mapping[Asset, Floats]]) -> dict[str, Told]:
    """The chance of a sell-off within a day in hours with the condition, to that of all hours in which it is known; and their share."""
    found = {}
    for name, claim in claims.items():
        known = where.known(claim)
        if not known.markets or known.event_days < where.study.evidence.least_event_days:
            continue
        sums = np.zeros((where.study.days, 4))
        for one, ground in zip(known.markets, known.grounds, strict=True):
            counted = ground.scored & (ground.outcome != INSIDE)
            holds, right = counted & (claim[one.asset] == 1.0), ground.outcome == RIGHT
            for place, rows in enumerate((holds & right, holds, counted & right, counted)):
                sums[:, place] += np.bincount(ground.day[rows], minlength=where.study.days)
        found[name] = _relative(sums, where.study), float(sums[:, 1].sum() / sums[:, 3].sum())
    return found


def _relative(sums: Floats, study: Study) -> Interval:
    """One ratio to another, of sums by day in four columns."""

    def figures(weights: Floats) -> Floats:
        told = weights @ sums
        return np.asarray(told[:, 0] / told[:, 1] / (told[:, 2] / told[:, 3]))

    return of_sums(figures, study.draws, study.evidence.level)


def _hours_said(hours: Mapping[str, Mapping[str, Told]]) -> str:
    head = ["hours with", *hours, "first run, BTC with open interest"]
    names = sorted({name for told in hours.values() for name in told})
    unknown = Interval(float("nan"), float("nan"), float("nan")), float("nan")
    body = []
    for name in names:
        first, _ = next(iter(hours.values())).get(name, unknown)
        body.append(
            [
                name,
                *(_cell(*told.get(name, unknown)) for told in hours.values()),
                first_run.beside((first.value, first.low, first.high), first_run.HOURLY.get(name)),
            ]
        )
    return (
        "Chance that a sell-off begins within a day, hours with a condition to all hours in which it is known (1: no difference; hours "
        "inside a sell-off left out; markets taken together, so that what is more frequent in a wilder market gains by that):\n\n"
        + table(head, body)
        + "\nThe first run's open interest ended on 2024-11-22; ours goes on with the other vendor's from February 2025, which moves `oe` "
        "and `oc`. Its states were those of the bare table hour by hour (HEALTHY on 26 % of the hours of BTC, STABILISING on 18 %, CROWDING "
        "on 19 %); ours are held for hours, and of another `pd` since decision 0042.\n"
    )


def _cell(ratio: Interval, part: float) -> str:
    return "-" if isnan(ratio.value) else f"{with_interval(ratio, 2)} on {share(part, 0)}"


CHAPTER = Chapter(36, "hours", "Hours under a condition", write)
