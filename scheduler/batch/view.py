"""What all signals' columns are made with: the history, its rules, the steps and the full hours among them."""

from dataclasses import dataclass

import numpy as np

from market.observations import HOUR_MS
from market.rules import Rules
from scheduler.batch.ranking import Kernels
from scheduler.batch.told import Ints, Told
from scheduler.batch.windows import Held, held, so_far


@dataclass(frozen=True, slots=True)
class View:
    """A history and its rules; `now_ms` when each step looked, `turns` the steps at which a new full hour is put on the grid, `grid_ms` those hours."""

    told: Told
    rules: Rules
    kernels: Kernels
    now_ms: Ints
    turns: Ints
    grid_ms: Ints

    def __len__(self) -> int:
        return len(self.now_ms)

    def seldom(self, step: Ints) -> tuple["View", Held]:
        """The view of those steps alone at which one of these rows came or an hour was full; over how many of this one each holds."""
        news = np.zeros(len(self), bool)
        news[self.turns] = True
        news[step] = True
        kept = np.flatnonzero(news)
        turns = np.searchsorted(kept, self.turns)
        return View(self.told, self.rules, self.kernels, self.now_ms[kept], turns, self.grid_ms), self.held(
            kept
        )

    def offered(self, at_step: Ints) -> Ints:
        """At each step how many of what came at these steps (in order) have come."""
        return so_far(at_step, len(self))

    def held(self, at_step: Ints) -> Held:
        """What comes at these steps (in order) and holds until the next."""
        return held(at_step, len(self))


def view(told: Told, rules: Rules, kernels: Kernels) -> View:
    """The view of a history."""
    hours = told.now_ms - told.now_ms % HOUR_MS
    turns = np.flatnonzero(np.diff(hours, prepend=0) > 0)
    return View(told, rules, kernels, told.now_ms, turns, hours[turns])
