"""When each full hour of liquidations was judged, and what was found: flags of hours and days of a side, and their past."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from market.evidence_rules import LATE_MINUTES_MS
from market.observations import DAY_MS, HOUR_MS
from market.state.liquidations import DAYS_A_WEEK
from scheduler.batch.buckets import Buckets
from scheduler.batch.told import Bools, Floats, Ints
from scheduler.batch.view import View


@dataclass(frozen=True, slots=True)
class Judged:
    """The full hours that were judged: each hour's end, at which step, and the last bucket known then (-1: none)."""

    grid_ms: Ints
    step: Ints
    bucket: Ints

    def __len__(self) -> int:
        return len(self.grid_ms)


def judged(view: View, told: Buckets) -> Judged:
    """Most are judged at the step that puts them on the grid; one whose last minutes are awaited some steps later."""
    bucket = told.place.rows[view.turns]
    awaited = np.flatnonzero(_is_awaited(view, told, view.grid_ms, bucket, view.turns))
    if not len(awaited):
        return Judged(view.grid_ms, view.turns, bucket)
    step, found = view.turns.copy(), bucket.copy()
    keep = np.ones(len(step), bool)
    for turn in awaited.tolist():
        after = int(view.turns[turn + 1]) if turn + 1 < len(view.turns) else len(view)
        late = next(_later(view, told, turn, after), None)
        keep[turn] = late is not None
        if late is not None:
            step[turn], found[turn] = late
    return Judged(view.grid_ms[keep], step[keep], found[keep])


def _later(view: View, told: Buckets, turn: int, after: int) -> Iterator[tuple[int, int]]:
    """The step and the bucket with which an awaited hour may be judged."""
    grid_ms, known_ms = int(view.grid_ms[turn]), told.table.known_at_ms
    for step in range(int(view.turns[turn]) + 1, min(after + 1, len(view))):
        first, last = int(told.place.rows[step - 1]) + 1, int(told.place.rows[step])
        for bucket in range(first, last + 1):
            if grid_ms <= known_ms[bucket] <= grid_ms + LATE_MINUTES_MS:
                yield step, bucket
        here = np.array([step])
        if step < after and not _is_awaited(view, told, np.array([grid_ms]), np.array([last]), here)[0]:
            yield step, last


def _is_awaited(view: View, told: Buckets, grid_ms: Ints, bucket: Ints, step: Ints) -> Bools:
    """Whether the last minutes of the hour are still to be told, as of a bucket and a step."""
    if not len(told.table):
        return np.zeros(len(grid_ms), bool)
    place = np.maximum(bucket, 0)
    step_ms, missing = told.table["step_ms"][place], grid_ms - told.table.known_at_ms[place]
    is_fine = (bucket >= 0) & (step_ms <= LATE_MINUTES_MS) & (view.now_ms[step] - grid_ms <= LATE_MINUTES_MS)
    return np.asarray(is_fine & (step_ms <= missing) & (missing <= LATE_MINUTES_MS))


@dataclass(frozen=True, slots=True)
class Entries:
    """Verdicts (1.0 flagged, 0.0 not flagged, NaN unknown) one after another, with the hours that nobody judged in between as unknown, and how many came by each one judged."""

    verdicts: Floats
    by_judged: Ints

    def recent(self, holds: Callable[[Floats], Bools], window: int) -> Ints:
        """After none, one, two ... entries: how many of the last `window` are so."""
        total: Ints = np.concatenate((np.zeros(1, np.int64), np.cumsum(holds(self.verdicts), dtype=np.int64)))
        return total - total[np.maximum(np.arange(len(total)) - window, 0)]


def entries(hours: Judged, verdicts: Floats, each_ms: int) -> Entries:
    """The verdicts of every hour (or, `each_ms` a day, of every UTC day's last), unknown where nobody judged."""
    if not bool((np.diff(hours.grid_ms) > HOUR_MS).any()):
        mine = hours.grid_ms % each_ms == 0
        return Entries(verdicts[mine], np.cumsum(mine))
    told, counts, before = list[float](), list[int](), 0
    for grid_ms, verdict in zip(hours.grid_ms.tolist(), verdicts.tolist(), strict=True):
        if before and grid_ms - before > HOUR_MS:
            first = max(before + HOUR_MS, grid_ms - DAYS_A_WEEK * DAY_MS)
            told += [float("nan")] * len(range(-(-first // each_ms) * each_ms, grid_ms, each_ms))
        before = grid_ms
        if grid_ms % each_ms == 0:
            told.append(verdict)
        counts.append(len(told))
    return Entries(np.array(told), np.array(counts, np.int64))


def with_hysteresis(hours: Judged, enters: Floats, stays: Floats) -> Floats:
    """Each hour's verdict: by what stays where the hour before it was flagged, else by what enters."""
    found, follows = enters.copy(), np.diff(hours.grid_ms, prepend=0) == HOUR_MS
    differ = (enters != stays) & ~(np.isnan(enters) & np.isnan(stays))
    for hour in np.flatnonzero(differ & follows).tolist():
        if hour and found[hour - 1] == 1.0:
            found[hour] = stays[hour]
    return found
