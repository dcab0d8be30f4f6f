"""The branching ratio of liquidations as columns: the last estimate while it is one of this hour, and its rank."""

from math import nan

import numpy as np

from market.evidence_rules import LEAST_HOURS
from market.observations import HOUR_MS
from market.state.branching import MONTH_MS
from scheduler.batch.interest import lives
from scheduler.batch.ranking import grid
from scheduler.batch.told import Floats
from scheduler.batch.view import View
from scheduler.batch.volatility import newer
from scheduler.batch.windows import seen


def facts(seen_by: View) -> dict[str, Floats]:
    """Estimate, deviation, rank among those of a month and number of events at each step, NaN while there is none."""
    told = newer(seen_by.told.branching)
    view, held = seen_by.seldom(told.step)
    table = told.at_steps(held.count - 1)
    place = seen(table.step, len(view))
    life = np.zeros(len(table), np.int64)
    for number, (first, after) in enumerate(lives(table, view.rules.freshness.absent_after_ms)):
        life[first:after] = number
    age = seen_by.now_ms - held.spread(place.times(table.known_at_ms))
    is_old = np.flatnonzero(~held.spread(place.known) | (age > HOUR_MS))
    ratio, now_life = place.of(table["ratio"]), place.times(life)
    turn_age = view.grid_ms - place.times(table.known_at_ms)[view.turns]
    offers = np.flatnonzero(place.known[view.turns] & (turn_age <= HOUR_MS))
    turns = view.turns[offers]
    made = grid(view.grid_ms[offers], ratio[turns], MONTH_MS, now_life[turns])
    window = made.window(view.offered(turns), now_life)
    rank = window.learned(view.kernels.ranks(ratio, window, made.values), LEAST_HOURS)
    estimated = {
        "branching": ratio,
        "branching_deviation": place.of(table["deviation"]),
        "branching_percentile": rank,
        "branching_events": place.of(table["events"]),
    }
    facts = {name: held.of(one) for name, one in estimated.items()}
    for fact in facts.values():
        fact[is_old] = nan
    return facts
