"""What all signals' columns are made with: the history, its rules, the steps and the full hours among them."""

from dataclasses import dataclass

import numpy as np

from market.observations import HOUR_MS
from market.rules import Rules
from scheduler.batch.ranking import Kernels
from scheduler.batch.told import Ints, Told


@dataclass(frozen=True, slots=True)
class View:
    """A history and its rules; `turns` are the steps at which a new full hour is put on the grid, `grid_ms` those hours."""

    told: Told
    rules: Rules
    kernels: Kernels
    turns: Ints
    grid_ms: Ints

    @property
    def now_ms(self) -> Ints:
        """When each step looked."""
        return self.told.now_ms

    def __len__(self) -> int:
        return len(self.told.now_ms)

    def offered(self, at_step: Ints) -> Ints:
        """At each step how many of what came at these steps have come."""
        return np.cumsum(np.bincount(at_step, minlength=len(self)))


def view(told: Told, rules: Rules, kernels: Kernels) -> View:
    """The view of a history."""
    hours = told.now_ms - told.now_ms % HOUR_MS
    turns = np.flatnonzero(np.diff(hours, prepend=0) > 0)
    return View(told, rules, kernels, turns, hours[turns])
