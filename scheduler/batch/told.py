"""What a history told, as tables of numbers: the same steps and observations that the live state takes one by one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from market.observations import (
    HOUR_MS,
    Asset,
    Branching,
    Candle,
    Depth,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    SpotVolume,
    Venue,
)
from market.state.depth import parts_of
from market.state.market import is_plausible

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

VENUES = tuple(Venue)
"""A venue in a column of numbers is its place here."""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of observation of one venue: the step in which each came, when it was known, and its numbers by name.

    Rows are in the order in which a state takes them. Unknown is NaN.
    """

    step: Ints
    known_at_ms: Ints
    numbers: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.step)

    def __getitem__(self, name: str) -> Floats:
        return self.numbers[name]

    def kept(self, mask: Bools) -> "Table":
        """The rows that a mask keeps; the table itself where it keeps all."""
        if bool(mask.all()):
            return self
        return Table(
            self.step[mask], self.known_at_ms[mask], {name: one[mask] for name, one in self.numbers.items()}
        )

    def at_steps(self, place: Ints) -> "Table":
        """The rows with the places of their steps for the steps."""
        return Table(place[self.step], self.known_at_ms, self.numbers)

    def rows(self, first: int, after: int) -> "Table":
        """The rows from `first` up to but without `after`."""
        return Table(
            self.step[first:after],
            self.known_at_ms[first:after],
            {name: one[first:after] for name, one in self.numbers.items()},
        )


NAMES: Mapping[str, tuple[str, ...]] = {
    "candles": ("step_ms", "open", "high", "low", "close", "mark", "volume_usd"),
    "funding": ("rate", "interval_hours", "settled", "next_at_ms", "cap"),
    "interest": ("coins", "cadence_ms"),
    "liquidations": ("step_ms", "longs", "shorts", "whole", "venue"),
    "skew": ("cadence_ms", "skew_30d", "skew_7d", "atm_30d", "quality", "atm_7d", "butterfly", "adjusted"),
    "implied": ("cadence_ms", "dvol"),
    "depth": ("cadence_ms", "within", "bid", "ask", "whole", "reaches"),
    "books": ("depth", "bid", "ask"),
    "spot": ("step_ms", "usd"),
    "branching": ("ratio", "deviation", "events"),
}
"""The columns of each kind. `depth` of a book is the row of the sum that it is a part of."""


def nothing(kind: str) -> Table:
    """The table of a kind of which nothing was told."""
    none = np.empty(0, np.int64)
    return Table(none, none, {name: np.empty(0) for name in NAMES[kind]})


@dataclass(frozen=True, slots=True)
class Told:
    """The history of `asset`: when it was looked at (UTC ms, ascending) and what had been told by then, nothing implausible.

    Bars are an hour long or shorter and in order; a history that is not raises ValueError. `interest`, `funding`, `books`
    and `spot` are by venue, in the order in which the venues were first heard of.
    """

    asset: Asset
    now_ms: Ints
    candles: Table
    interest: Mapping[Venue, Table]
    funding: Mapping[Venue, Table]
    liquidations: Table
    skew: Table
    implied: Table
    depth: Table
    books: Mapping[Venue, Table]
    spot: Mapping[Venue, Table]
    branching: Table

    def __post_init__(self) -> None:
        if len(self.now_ms) == 0 or bool((np.diff(self.now_ms) <= 0).any()):
            raise ValueError("a history has steps, each later than the one before")
        candles = self.candles
        opened = candles.known_at_ms - candles["step_ms"].astype(np.int64)
        if bool((candles["step_ms"] > HOUR_MS).any()) or bool((opened[1:] < candles.known_at_ms[:-1]).any()):
            raise ValueError("bars of an hour or less, none of which begins before the last one ended")


def tell(asset: Asset, steps: Iterable[tuple[int, Sequence[Observation]]]) -> Told:
    """The tables of a history that is given step by step; what was not yet known or cannot be true is left out.

    Raises ValueError as `Told` does.
    """
    now_ms, gathered = list[int](), _Gathered()
    for number, (at_ms, observations) in enumerate(steps):
        now_ms.append(at_ms)
        for said in sorted(observations, key=lambda one: (one.known_at_ms, one.venue)):
            if said.known_at_ms <= at_ms and is_plausible(said):
                gathered.take(number, said)
    return gathered.told(asset, np.array(now_ms, np.int64))


class _Gathered:
    """Rows as they come, by kind and venue."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, Venue | None], list[tuple[float, ...]]] = {}
        self.depths = 0

    def take(self, number: int, said: Observation) -> None:
        """Put one observation into its table."""
        match said:
            case Candle():
                self._add("candles", None, number, said, _candle(said))
            case Funding():
                next_ms = nan if said.next_at_ms is None else said.next_at_ms
                rate = (said.rate, said.interval_hours, said.settled, next_ms, _or_nan(said.cap))
                self._add("funding", said.venue, number, said, rate)
            case OpenInterest():
                self._add("interest", said.venue, number, said, (said.coins, said.cadence_ms))
            case Liquidations():
                coins = (said.step_ms, said.long_coins, said.short_coins, said.is_whole)
                self._add("liquidations", None, number, said, (*coins, VENUES.index(said.venue)))
            case Skew():
                self._add("skew", None, number, said, _skew(said))
            case ImpliedVolatility():
                self._add("implied", None, number, said, (said.cadence_ms, said.dvol))
            case Depth():
                self._take_depth(number, said)
            case SpotVolume():
                self._add("spot", said.venue, number, said, (said.step_ms, said.usd))
            case Branching():
                self._add("branching", None, number, said, (said.ratio, said.deviation, said.events))

    def told(self, asset: Asset, now_ms: Ints) -> Told:
        """The tables."""
        return Told(
            asset,
            now_ms,
            candles=self._table("candles", None),
            interest=self._by_venue("interest"),
            funding=self._by_venue("funding"),
            liquidations=self._table("liquidations", None),
            skew=self._table("skew", None),
            implied=self._table("implied", None),
            depth=self._table("depth", None),
            books=self._by_venue("books"),
            spot=self._by_venue("spot"),
            branching=self._table("branching", None),
        )

    def _take_depth(self, number: int, said: Depth) -> None:
        row = (said.cadence_ms, said.within, said.bid_usd, said.ask_usd, said.is_whole, said.reaches)
        self._add("depth", None, number, said, row)
        for book in parts_of(said):
            self._add("books", book.venue, number, said, (self.depths, book.bid_usd, book.ask_usd))
        self.depths += 1

    def _add(self, kind: str, venue: Venue | None, number: int, said: Any, row: tuple[float, ...]) -> None:
        self.rows.setdefault((kind, venue), []).append((number, said.known_at_ms, *row))

    def _by_venue(self, kind: str) -> dict[Venue, Table]:
        return {venue: self._table(kind, venue) for one, venue in self.rows if one == kind and venue}

    def _table(self, kind: str, venue: Venue | None) -> Table:
        rows = self.rows.get((kind, venue))
        if rows is None:
            return nothing(kind)
        step, known, *numbers = np.array(rows, float).T.copy()
        named = dict(zip(NAMES[kind], numbers, strict=True))
        return Table(step.astype(np.int64), known.astype(np.int64), named)


def _candle(said: Candle) -> tuple[float, ...]:
    volume = said.volume_usd
    if volume is None and said.volume_coins is not None:
        volume = said.volume_coins * said.close_usd
    prices = (said.open_usd, said.high_usd, said.low_usd, said.close_usd)
    return (said.step_ms, *prices, _or_nan(said.mark_close_usd), _or_nan(volume))


def _skew(said: Skew) -> tuple[float, ...]:
    known = (said.skew_25d_7d, said.atm_iv_30d)
    shape = (said.atm_iv_7d, said.butterfly_25d_30d, said.skew_25d_30d_adjusted)
    month = (said.cadence_ms, said.skew_25d_30d, *map(_or_nan, known), said.quality)
    return (*month, *map(_or_nan, shape))


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
