"""The depth reading as columns: what rests in the books near the price, against what usually does, venue by venue."""

from math import nan

import numpy as np

from market.observations import HOUR_MS
from market.signals.depth import NAME
from market.state.depth import A_DAY, GRID_MS, MONTH_MS
from scheduler.batch.columns import Columns, Freshness, settled, times_to_live
from scheduler.batch.interest import lives
from scheduler.batch.ranking import grid
from scheduler.batch.told import Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.volatility import newer
from scheduler.batch.windows import Places, at, seen


def read(seen_by: View) -> Columns:
    """The depth reading at every step; between two answers and two hours nothing about it changes."""
    told = seen_by.told.depth
    view, held = seen_by.seldom(told.step)
    fresh, rules = view.rules.freshness, view.rules.depth
    within = np.flatnonzero(told["within"] == rules.within)
    mine = told.at_steps(held.count - 1).kept(told["within"] == rules.within)
    table = newer(mine)
    number = within[np.isin(mine.known_at_ms, table.known_at_ms)] if len(table) < len(mine) else within
    place = seen(table.step, len(view))
    bids, asks, usual_bids, usual_asks = (np.zeros(len(view)) for _ in range(4))
    learned = np.zeros(len(view))
    for books in view.told.books.values():
        row, count, bid, ask = _usual(view, books, number, place, fresh.absent_after_ms)
        learned = np.fmax(learned, np.where(row >= 0, count, 0.0))
        known = (row >= 0) & (count >= rules.least_days * A_DAY) & ~np.isnan(bid) & ~np.isnan(ask)
        bids += np.where(known, at(books["bid"], row), 0.0)
        asks += np.where(known, at(books["ask"], row), 0.0)
        usual_bids += np.where(known, bid, 0.0)
        usual_asks += np.where(known, ask, 0.0)
    ttl_ms = times_to_live(fresh.depth_ttl_ms, place.of(table["cadence_ms"]), fresh.cadence_factor)
    is_learned = learned >= rules.least_days * A_DAY
    facts = {
        "bid_usd": place.of(table["bid"]),
        "ask_usd": place.of(table["ask"]),
        "bid_ratio": bids / np.where(usual_bids > 0.0, usual_bids, nan),
        "ask_ratio": asks / np.where(usual_asks > 0.0, usual_asks, nan),
        "reaches": place.of(table["reaches"]),
        "whole": place.of(table["whole"]),
    }
    asof_ms = place.times(table.known_at_ms)
    return settled(
        NAME,
        Freshness(place.known, asof_ms, view.now_ms, ttl_ms, fresh.absent_after_ms).over(
            held, seen_by.now_ms
        ),
        facts["bid_usd"],
        facts,
        {},
        quality=np.where(is_learned, 1.0, fresh.learning_quality),
        held=held,
    )


def _usual(
    view: View, books: Table, number: Ints, place: Places, absent_after_ms: int
) -> tuple[Ints, Floats, Floats, Floats]:
    """At each step the venue's row in the last sum (-1: not in it), how many moments are usual, and their medians a side."""
    sums = books["depth"].astype(np.int64)
    row_of = np.full(int(max(sums.max(initial=-1), number.max(initial=-1))) + 1, -1)
    row_of[sums] = np.arange(len(books))
    rows = row_of[number]
    life = np.zeros(len(books), np.int64)
    for which, (first, after) in enumerate(lives(books.rows(0, len(books)), absent_after_ms)):
        life[first:after] = which
    row = np.concatenate((np.full(1, -1), rows))[place.rows + 1]
    turn_row = row[view.turns]
    known_ms = books.known_at_ms[np.maximum(turn_row, 0)]
    graded = (view.grid_ms % GRID_MS == 0) & (turn_row >= 0) & (view.grid_ms - known_ms < HOUR_MS)
    offers = np.flatnonzero(graded)
    offered = view.offered(view.turns[offers])
    now_life = life[np.maximum(row, 0)]
    sides = list[Floats]()
    count = np.zeros(len(view))
    for side in ("bid", "ask"):
        made = grid(view.grid_ms[offers], books[side][turn_row[offers]], MONTH_MS, life[turn_row[offers]])
        middle, _ = view.kernels.medians(made.values, made.own(), False)
        sides.append(at(middle, offered - 1))
        count = made.window(offered, now_life).count.astype(float)
    return row, count, sides[0], sides[1]
