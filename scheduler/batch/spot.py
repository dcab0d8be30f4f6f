"""The spot market as columns at chosen steps: its day in US dollars, and that over its median of a month."""

from dataclasses import dataclass
from math import nan

import numpy as np

from market.evidence_rules import LATE_SPOT_MS, LEAST_HOURS, LEAST_OF_DAY_MS
from market.observations import DAY_MS
from market.state.spot import MONTH_MS
from scheduler.batch.interest import NEVER, chosen, lives
from scheduler.batch.ranking import grid
from scheduler.batch.told import Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.volatility import newer
from scheduler.batch.windows import at, clock, seen, window_sum


@dataclass(frozen=True, slots=True)
class Spot:
    """At the chosen steps, NaN where unknown."""

    day_usd: Floats
    relative: Floats


def spot(view: View, steps: Ints) -> Spot:
    """The market that is read at each of the steps: a fresh and learned one, else the one known longest."""
    series = list[tuple[Table, int, int]]()
    for table in view.told.spot.values():
        kept = newer(table)
        for first, after in lives(kept, view.rules.freshness.absent_after_ms):
            ends = int(kept.step[after]) if after < len(kept) else len(view)
            series.append((kept.rows(first, after), int(kept.step[first]), ends))
    told = [_told(view, steps, table, begins, ends) for table, begins, ends in series]
    primary = chosen(len(steps), [keys for keys, _, _ in told])
    day, usual = np.full(len(steps), nan), np.full(len(steps), nan)
    for place, (_, day_usd, usual_usd) in enumerate(told):
        day, usual = (
            np.where(primary == place, one, all_) for one, all_ in ((day_usd, day), (usual_usd, usual))
        )
    return Spot(np.where(primary == NEVER, nan, day), day / np.where(usual == 0.0, nan, usual))


def _told(
    view: View, steps: Ints, table: Table, begins: int, ends: int
) -> tuple[tuple[Floats, ...], Floats, Floats]:
    """Of one market at the steps: how willingly it is read, its day, and its usual day."""
    first = clock(table.known_at_ms).since(DAY_MS)
    day = window_sum(table["usd"], first)
    covered = window_sum(table["step_ms"], first)
    day = np.where(covered >= LEAST_OF_DAY_MS, day * (DAY_MS / covered), nan)
    rows = seen(table.step, len(view)).rows
    mine = np.flatnonzero((view.turns >= begins) & (view.turns < ends))
    turn_rows = rows[view.turns[mine]]
    offered_usd = _fresh(day, table, turn_rows, view.grid_ms[mine])
    offers = np.flatnonzero(~np.isnan(offered_usd) & (np.diff(turn_rows, prepend=-1) != 0))
    made = grid(view.grid_ms[mine][offers], offered_usd[offers], MONTH_MS)
    own = made.own()
    middle, _ = view.kernels.medians(made.values, own, False)
    so_far = view.offered(view.turns[mine][offers])[steps]
    usual = at(np.where(own.count < LEAST_HOURS, nan, middle), so_far - 1)
    now_usd = _fresh(day, table, rows[steps], view.now_ms[steps])
    there = (steps >= begins) & (steps < ends)
    since = np.full(len(steps), float(table.known_at_ms[0]) - table["step_ms"][0])
    keys = (np.where(there, np.isnan(now_usd), np.inf), np.isnan(usual).astype(float), since)
    return keys, now_usd, usual


def _fresh(day: Floats, table: Table, rows: Ints, now_ms: Ints) -> Floats:
    """The day's sum of those rows, NaN where the newest hour is old."""
    age = now_ms - table.known_at_ms[np.maximum(rows, 0)]
    return np.where(age <= LATE_SPOT_MS, at(day, rows), nan)
