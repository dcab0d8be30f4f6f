"""Rows put together into buckets of five minutes, as turnover and forced closing are told by them."""

from dataclasses import dataclass

import numpy as np

from market.observations import MINUTE_MS
from scheduler.batch.told import Floats, Ints

FIVE_MS = 5 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Slots:
    """Buckets that were closed: the row that closed each, its end (UTC ms), and the rows from `first` up to `after` in it.

    `run` is how often all was forgotten before it.
    """

    row: Ints
    end_ms: Ints
    first: Ints
    after: Ints
    run: Ints

    def sums(self, values: Floats) -> Floats:
        """The sum of the rows' values in each."""
        if not len(self.row):
            return np.empty(0)
        bounds = np.stack((self.first, self.after), axis=1).ravel()
        return np.asarray(np.add.reduceat(np.append(values, 0.0), bounds)[::2], float)


def slots(known_ms: Ints, end_ms: Ints, run: Ints) -> Slots:
    """The buckets of rows in order, each in the one that ends at `end_ms` and of its run (-1: in none).

    A bucket is closed by the row that ends with it, else by the next row of its run; the last may stay open.
    """
    told = np.flatnonzero(run >= 0)
    if not len(told):
        return Slots(told, told, told, told, told)
    ends, runs = (end_ms, run) if len(told) == len(run) else (end_ms[told], run[told])
    begins = np.flatnonzero((ends[1:] != ends[:-1]) | (runs[1:] != runs[:-1])) + 1
    begins = np.concatenate((np.zeros(1, np.int64), begins))
    last = np.append(begins[1:], len(told)) - 1
    closes = known_ms[told[last]] == ends[last]
    following = np.minimum(last + 1, len(told) - 1)
    followed = (last + 1 < len(told)) & (runs[following] == runs[last])
    kept = closes | followed
    row = np.where(closes, told[last], told[following])[kept]
    return Slots(row, ends[last][kept], told[begins][kept], told[last][kept] + 1, runs[last][kept])
