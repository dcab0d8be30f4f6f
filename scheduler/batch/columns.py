"""What a signal says at every step: its numbers as columns, and its flags in three values.

A claim is an int8: 1 holds, -1 fails, 0 unknown. Kleene's logic is then the least and the largest (section 0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from math import nan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from market.reading import Presence
from scheduler.batch.told import Bools, Floats, Ints
from scheduler.batch.windows import Held

Claims: TypeAlias = NDArray[np.int8]
HOLDS, FAILS, UNKNOWN = np.int8(1), np.int8(-1), np.int8(0)
PRESENCES = (Presence.ABSENT, Presence.STALE, Presence.SEEN)
"""A presence in a column is its place here."""
ABSENT, STALE, SEEN = (np.int8(place) for place in range(3))
"""Stale is one less than seen, and absent nothing: presences are reckoned with."""


@dataclass(frozen=True, slots=True)
class Columns:
    """One reading at every step: `market.reading.Reading` as columns, NaN for None, flags as claims."""

    name: str
    presence: NDArray[np.int8]
    value: Floats
    percentile: Floats
    quality: Floats
    facts: Mapping[str, Floats]
    enters: Mapping[str, Claims]
    stays: Mapping[str, Claims]


@dataclass(frozen=True, slots=True)
class Freshness:
    """Since when each step's value is known (`asof_ms`), whether there is one at all, and how long it is fresh."""

    known: Bools
    asof_ms: Ints
    now_ms: Ints
    ttl_ms: Floats | int
    absent_after_ms: int

    def over(self, held: Held, now_ms: Ints) -> "Freshness":
        """The same of all steps, of which each holds what was known at one of these."""
        ttl_ms = self.ttl_ms if isinstance(self.ttl_ms, int) else held.of(self.ttl_ms)
        known, asof_ms = held.spread(self.known), held.spread(self.asof_ms)
        return Freshness(known, asof_ms, now_ms, ttl_ms, self.absent_after_ms)

    def presence(self) -> NDArray[np.int8]:
        """Seen within its time to live, stale after it, absent once it is long gone or was never there."""
        age = self.now_ms - self.asof_ms
        if self._is_seen(age):
            return np.full(len(age), SEEN)
        there = SEEN - ((age > self.ttl_ms) | (age < 0)).view(np.int8)
        return there * (self.known & (age <= self.absent_after_ms)).view(np.int8)

    def _is_seen(self, age: Ints) -> bool:
        """Whether all is fresh at every step."""
        if not len(age) or int(age.min()) < 0 or int(age.max()) > self.absent_after_ms:
            return False
        return bool(self.known.all()) and bool((age <= self.ttl_ms).all())

    def quality(self, presence: NDArray[np.int8]) -> Floats:
        """1 up to the time to live (while it is seen), then falling in a line to 0 at three times it."""
        good, late = np.ones(len(presence)), np.flatnonzero(presence != SEEN)
        age = self.now_ms[late] - self.asof_ms[late]
        ttl_ms = self.ttl_ms if isinstance(self.ttl_ms, int) else self.ttl_ms[late]
        good[late] = np.where(age < 0, 0.0, np.clip((3.0 * ttl_ms - age) / (2.0 * ttl_ms), 0.0, 1.0))
        return good


def settled(
    name: str,
    fresh: Freshness,
    value: Floats,
    facts: Mapping[str, Floats],
    enters: Mapping[str, Claims],
    *,
    percentile: Floats | None = None,
    quality: Floats | None = None,
    stays: Mapping[str, Claims] | None = None,
    held: Held | None = None,
) -> Columns:
    """The reading as it may be used: nothing of what is absent, no claims of what is stale.

    `quality` is what freshness is multiplied by; flags that are not in `stays` leave where they enter. With `held` all but
    `fresh` is of fewer steps, each of which holds until the next.
    """
    kept, rank = {**enters, **(stays or {})}, percentile
    if held is not None:
        value, facts = held.of(value), {fact: held.of(one) for fact, one in facts.items()}
        enters, kept = ({flag: held.spread(one) for flag, one in claims.items()} for claims in (enters, kept))
        rank, quality = (None if one is None else held.of(one) for one in (percentile, quality))
    presence = fresh.presence()
    rank = np.full(len(value), nan) if rank is None else rank
    gone, old = presence == ABSENT, presence != SEEN
    good = fresh.quality(presence)
    if quality is not None:
        good = good * quality if bool(old.any()) else quality
    if bool(gone.any()):
        rows = np.flatnonzero(gone)
        value, rank, good = _unknown(value, rows), _unknown(rank, rows), np.where(gone, 0.0, good)
        facts = {fact: _unknown(one, rows) for fact, one in facts.items()}
    if bool(old.any()):
        enters = {flag: np.where(old, UNKNOWN, one) for flag, one in enters.items()}
        kept = {flag: np.where(old, UNKNOWN, one) for flag, one in kept.items()}
    return Columns(name, presence, value, rank, good, facts, enters, kept)


def _unknown(column: Floats, rows: Ints) -> Floats:
    """The column without what it says at those rows; itself where it says nothing there."""
    if bool(np.isnan(column[rows]).all()):
        return column
    column = column.copy()
    column[rows] = nan
    return column


def times_to_live(default_ms: int, cadence_ms: Floats, factor: float) -> Floats:
    """How long values are fresh: the default of their kind, or their source's own cadence with some grace."""
    return np.maximum(default_ms, np.rint(factor * cadence_ms))


def at_least(value: Floats, needed: Floats | float) -> Claims:
    """Whether values reach what is needed; unknown where they (or it) are."""
    return (value >= needed).view(np.int8) - (value < needed).view(np.int8)


def at_most(value: Floats, needed: Floats | float) -> Claims:
    """Whether values are no more than what is needed."""
    return (value <= needed).view(np.int8) - (value > needed).view(np.int8)


def below(value: Floats, needed: Floats | float) -> Claims:
    """Whether values lie below what is needed."""
    return (value < needed).view(np.int8) - (value >= needed).view(np.int8)


def above(value: Floats, needed: Floats | float) -> Claims:
    """Whether values lie above what is needed."""
    return (value > needed).view(np.int8) - (value <= needed).view(np.int8)


def claimed(holds: Bools) -> Claims:
    """A claim that is always known."""
    return 2 * holds.view(np.int8) - HOLDS


def all_of(*claims: Claims) -> Claims:
    """Every claim holds: an unknown stays unknown unless another fails."""
    return reduce(np.minimum, claims)


def any_of(*claims: Claims) -> Claims:
    """A claim holds: an unknown stays unknown unless another holds."""
    return reduce(np.maximum, claims)


def negate(claim: Claims) -> Claims:
    """The opposite."""
    return -claim


def or_fails(claim: Claims) -> Claims:
    """The claim, an unknown one as failed: what is not learned yet leaves an OR."""
    return np.where(claim == UNKNOWN, FAILS, claim)


def unless(claim: Claims, unknown: Bools) -> Claims:
    """The claim, unknown where the mask says so."""
    return np.where(unknown, UNKNOWN, claim)


def number_of(claim: Claims) -> Floats:
    """A claim as a fact: 1, 0 or NaN."""
    return np.where(claim == UNKNOWN, nan, (claim > 0).astype(float))
