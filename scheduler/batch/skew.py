"""The skew reading as columns: what protection against a fall costs, and whether it is getting dearer (section 6)."""

from math import nan

import numpy as np

from market.evidence_rules import LEAST_HOURS, THIRD_OF_MONTH_HOURS
from market.observations import DAY_MS, HOUR_MS
from market.rules import SkewRules
from market.signals.options_skew import NAME, POINTS
from market.state.skew import MONTH_MS, WEEK_MS
from scheduler.batch.columns import (
    Claims,
    Columns,
    Freshness,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    number_of,
    or_fails,
    settled,
    times_to_live,
)
from scheduler.batch.interest import lives
from scheduler.batch.ranking import Grid, grid, robust_z
from scheduler.batch.told import Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.volatility import newer
from scheduler.batch.windows import Places, at, clock, range_max, seen

CHANGE_TOLERANCE_MS = 6 * HOUR_MS
"""How much older than a day the skew of then may be, as in market/state/skew.py."""


def read(seen_by: View) -> Columns:
    """The skew reading at every step; between two points and two hours nothing about it changes."""
    told = newer(seen_by.told.skew)
    view, held = seen_by.seldom(told.step)
    fresh, table = view.rules.freshness, told.at_steps(held.count - 1)
    place, skew = seen(table.step, len(view)), table["skew_30d"]
    life, change = _lives(table, fresh.absent_after_ms)
    levels = _offers(view, table, place, life, skew)
    changes = _offers(view, table, place, life, change)
    now_life = place.times(life)
    count, z = _scored(view, levels, now_life, place.of(skew))
    change_count, z_change = _scored(view, changes, now_life, place.of(change))
    window = levels[0].window(levels[1], now_life)
    rank = view.kernels.ranks(place.of(skew), window, levels[0].values)
    learned = count >= LEAST_HOURS
    facts = {
        "skew_30d_points": place.of(skew * POINTS),
        "skew_7d_points": place.of(table["skew_7d"] * POINTS),
        "atm_iv_30d": place.of(table["atm_30d"]),
        "z": np.where(learned, z, nan),
        "change_24h_points": place.of(change * POINTS),
        "z_change": np.where(learned & (change_count >= LEAST_HOURS), z_change, nan),
    }
    facts |= _shape(table, place) | _ebbing(view, levels, place, table, change)
    ttl_ms = times_to_live(fresh.options_ttl_ms, place.of(table["cadence_ms"]), fresh.cadence_factor)
    trust = np.where(count >= THIRD_OF_MONTH_HOURS, 1.0, fresh.learning_quality)
    asof_ms = place.times(table.known_at_ms)
    return settled(
        NAME,
        Freshness(place.known, asof_ms, view.now_ms, ttl_ms, fresh.absent_after_ms).over(
            held, seen_by.now_ms
        ),
        facts["skew_30d_points"],
        facts,
        _claims(facts, view.rules.skew),
        percentile=np.where(learned, rank, nan),
        quality=np.nan_to_num(place.of(table["quality"])) * trust,
        held=held,
    )


def _lives(table: Table, absent_after_ms: int) -> tuple[Ints, Floats]:
    """By row how often a long gap began the series anew, and the day's change within one such life."""
    life, change = np.zeros(len(table), np.int64), np.full(len(table), nan)
    for number, (first, after) in enumerate(lives(table, absent_after_ms)):
        life[first:after] = number
        skew = table["skew_30d"][first:after]
        past = clock(table.known_at_ms[first:after]).lagged(skew, DAY_MS, CHANGE_TOLERANCE_MS)
        change[first:after] = skew - past
    return life, change


def _offers(view: View, table: Table, place: Places, life: Ints, values: Floats) -> tuple[Grid, Ints]:
    """What is known of values at full hours, while the last point is of the hour before."""
    rows = place.rows[view.turns]
    known_ms = np.concatenate((np.zeros(1, np.int64), table.known_at_ms))[rows + 1]
    said = at(values, rows)
    known = np.flatnonzero((rows >= 0) & (view.grid_ms - known_ms < HOUR_MS) & ~np.isnan(said))
    made = grid(view.grid_ms[known], said[known], MONTH_MS, life[rows[known]])
    return made, view.offered(view.turns[known])


def _scored(view: View, offers: tuple[Grid, Ints], life: Ints, asked: Floats) -> tuple[Ints, Floats]:
    """At each step how many values there are to score against, and the robust score of what is asked."""
    made, offered = offers
    own = made.own()
    middle, deviation = view.kernels.medians(made.values, own, True)
    window = made.window(offered, life)
    return window.count, robust_z(asked, at(middle, offered - 1), at(deviation, offered - 1))


def _shape(table: Table, place: Places) -> dict[str, Floats]:
    """What else the smile and its term say."""
    week, month = table["atm_7d"], table["atm_30d"]
    known = np.where(month == 0.0, nan, month)
    return {
        "skew_30d_adjusted_points": place.of(table["adjusted"] * POINTS),
        "butterfly_30d_points": place.of(table["butterfly"] * POINTS),
        "atm_iv_7d": place.of(week),
        "skew_over_atm": place.of(table["skew_30d"] / known),
        "term_inversion_points": place.of((week - month) * POINTS),
    }


def _ebbing(
    view: View, levels: tuple[Grid, Ints], place: Places, table: Table, change: Floats
) -> dict[str, Floats]:
    """Whether fear leaves: how far below the week's highest hour the skew stands, and that it still falls."""
    made, offered = levels
    now = place.of(table["skew_30d"])
    newest = np.concatenate((np.zeros(1, np.int64), made.times))[offered]
    oldest_ms = np.maximum(newest, place.times(table.known_at_ms)) - WEEK_MS
    begun = np.searchsorted(made.life, place.times(_lives(table, view.rules.freshness.absent_after_ms)[0]))
    first = np.maximum(np.searchsorted(made.times, oldest_ms, "right"), begun)
    peak = np.fmax(range_max(made.values, first, offered), now)
    left = now / np.where(peak > 0.0, peak, nan)
    has_fallen = or_fails(at_most(left, 1.0 - view.rules.skew.normalising_share))
    return {
        "peak_7d_points": peak * POINTS,
        "from_peak_7d": left - 1.0,
        "normalising": np.where(
            place.known, number_of(all_of(has_fallen, below(place.of(change), 0.0))), nan
        ),
    }


def _claims(facts: dict[str, Floats], rules: SkewRules) -> dict[str, Claims]:
    """The flags; before a month is learned the points alone decide."""
    z, points = facts["z"], facts["skew_30d_points"]
    dearer = at_least(facts["change_24h_points"], rules.steepening_points)
    return {
        "ks": any_of(at_least(points, rules.steep_points), or_fails(at_least(z, rules.steep_z))),
        "kst": all_of(dearer, at_least(facts["z_change"], rules.steepening_z)),
        "ks_call": any_of(at_most(points, -rules.steep_points), or_fails(at_most(z, -rules.steep_z))),
        "skew_dear": at_least(z, rules.caution_z),
    }
