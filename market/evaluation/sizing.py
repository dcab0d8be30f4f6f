"""What a position held for some days would have come to at any leverage: closed by force or not, and its result (section 10).

Whether an isolated position is closed by force depends on its leverage in one number an hour: the share of the notional that
was needed as margin. So one pass over a history answers for every rule of leverage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from market.evaluation.bootstrap import Floats, Interval, interval_of, leave_out
from market.evaluation.recorded import Bars
from market.evaluation_rules import EvidenceRules, HoldRules
from market.margin import sign_of
from market.observations import HOUR_MS, Side

Flags: TypeAlias = NDArray[np.bool_]
Days: TypeAlias = NDArray[np.int64]
STANDARD, EVIDENCE = HoldRules(), EvidenceRules()
RUNGS = np.arange(0.05, 15.01, 0.05)
"""Constant leverages that are worked out for all draws at once; between two of them the sums are taken for straight lines."""
NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True)
class Holds:
    """Positions entered at each close of a market; NaN where the hours ahead, or a funding settled in them, are not known.

    `needed` is the margin without which it was closed by force, a fraction of the notional at entry (below 0: none).
    `gained` is the result of one that was not, a fraction of the notional: price, funding and both fees.
    """

    needed: Floats
    gained: Floats

    @property
    def is_known(self) -> Flags:
        """The rows of which the outcome is known."""
        return np.isfinite(self.needed) & np.isfinite(self.gained)

    def is_closed(self, leverage: Floats | float) -> Flags:
        """Which were closed by force at this leverage."""
        return np.asarray(leverage * self.needed >= 1.0, np.bool_)

    def result(self, leverage: Floats | float) -> Floats:
        """What came of each as a fraction of its margin; all of it is lost by one closed by force."""
        return np.where(self.is_closed(leverage), -1.0, np.maximum(leverage * self.gained, -1.0))


def hold(bars: Bars, settled_8h: Floats, side: Side = Side.LONG, rules: HoldRules = STANDARD) -> Holds:
    """Positions entered at every close and held `rules.hours`, closed by force on the lows (a short: highs) of traded prices.

    `settled_8h` is the funding last settled as known at each close (a fraction of the notional, longs pay where positive):
    what is settled at 00, 08 and 16 UTC shows in the row that closes an hour later.
    """
    sign = sign_of(side)
    close = np.frombuffer(bars.close_usd)
    worst_usd = np.frombuffer(bars.low_usd if side is Side.LONG else bars.high_usd)
    entries = max(0, len(close) - rules.hours)
    settled_usd = sign * _settled_usd(bars, settled_8h, rules)
    paid_usd = _so_far(np.nan_to_num(settled_usd))
    unknown = _so_far(np.isnan(settled_usd).astype(np.float64))
    is_told = unknown[1 + rules.hours :] == unknown[1 : entries + 1]
    keeps = 1.0 - sign * (rules.maintenance_rate + rules.fee_rate)
    # what is settled at the end of an hour is paid after the hour's low
    asked_usd = _highest_ahead(paid_usd[:-1] - sign * keeps * worst_usd, rules.hours)
    entry, left, before = close[:entries], close[rules.hours :], paid_usd[1 : entries + 1]
    paid = (paid_usd[1 + rules.hours :] - before) / entry
    needed, gained = np.full(len(close), np.nan), np.full(len(close), np.nan)
    needed[:entries] = np.where(is_told, sign + (asked_usd - before) / entry, np.nan)
    price = sign * (left / entry - 1.0)
    gained[:entries] = np.where(is_told, price - paid - rules.fee_rate * (1.0 + left / entry), np.nan)
    return Holds(needed, gained)


def _so_far(amounts: Floats) -> Floats:
    """The sum of all before each row, and of all at the end."""
    return np.concatenate([[0.0], np.cumsum(amounts)])


def _highest_ahead(values: Floats, rows: int) -> Floats:
    """The highest of the next `rows` after each row that has so many; NaN where one of them is unknown."""
    if len(values) <= rows:
        return np.empty(0)
    return np.asarray(sliding_window_view(values, rows)[1:].max(axis=1))


def _settled_usd(bars: Bars, settled_8h: Floats, rules: HoldRules) -> Floats:
    """What one coin pays at each close, US dollars: 0 where nothing is settled, NaN where that is not known."""
    closes_ms = bars.first_close_ms + HOUR_MS * np.arange(len(bars), dtype=np.int64)
    settles = closes_ms // HOUR_MS % rules.settles_hours == 0
    rate = np.append(settled_8h[1:], np.nan)
    return np.where(settles, rate * np.frombuffer(bars.close_usd), 0.0)


@dataclass(frozen=True, eq=False)
class Entries:
    """The positions of one market that count (`counted`, of known outcome), each with the day of the calendar it was entered on."""

    holds: Holds
    counted: Flags
    day: Days
    days: int

    def by_day(self, values: Floats) -> Floats:
        """The sum of what each row has, by day."""
        sums = np.bincount(self.day[self.counted], values[self.counted], minlength=self.days)
        return sums.astype(np.float64)

    @cached_property
    def entered(self) -> Floats:
        """How many were entered each day."""
        return self.by_day(np.ones(len(self.day)))

    def mean_leverage(self, leverage: Floats) -> float:
        """The mean over those that count."""
        return float(leverage[self.counted].mean())

    def closed(self, leverage: Floats | float) -> int:
        """How many were closed by force."""
        return int(self.holds.is_closed(leverage)[self.counted].sum())

    def mean_result(self, leverage: Floats | float) -> float:
        """The mean result, a fraction of the margin."""
        return float(self.holds.result(leverage)[self.counted].mean())

    def worst_result(self, leverage: Floats | float, share: float = 0.05) -> float:
        """The result that this share of them fell below."""
        return float(np.quantile(self.holds.result(leverage)[self.counted], share))

    @cached_property
    def at_rungs(self) -> tuple[Floats, Floats]:
        """By day and constant leverage of `RUNGS`: how many were closed, and the sum of results."""
        closed = [self.by_day(self.holds.is_closed(rung).astype(np.float64)) for rung in RUNGS]
        results = [self.by_day(np.nan_to_num(self.holds.result(rung))) for rung in RUNGS]
        return np.stack(closed, axis=1), np.stack(results, axis=1)


class Constants:
    """What constant leverages come to at each draw of days: what every rule for the same positions is compared with."""

    def __init__(self, entries: Sequence[Entries], draws: Floats) -> None:
        """Every market's positions, and draws of the calendar they share."""
        self.entries = tuple(entries)
        days = draws.shape[1]
        # the days as they were, the draws, and the days without one block after the other
        self._weights = np.concatenate([np.ones((1, days)), draws, leave_out(days)])
        self._drawn = slice(1, 1 + len(draws))
        self._rungs = [tuple(self._weights @ sums for sums in one.at_rungs) for one in entries]
        self._entered = [self._weights @ one.entered for one in entries]

    def against(self, leverages: Sequence[Floats], level: float = EVIDENCE.level) -> "Compared":
        """Leverages (one a row, for each market) against one constant a market, of the mean that they have.

        In each draw the mean and what the constant of that mean comes to are those of the draw.
        """
        shut, same, gain = (np.zeros(len(self._weights)) for _ in range(3))
        for one, leverage, (closed, results), entered in zip(
            self.entries, leverages, self._rungs, self._entered, strict=True
        ):
            mean = np.divide(
                self._weights @ one.by_day(leverage), entered, where=entered > 0.0, out=np.ones(len(entered))
            )
            shut += self._weights @ one.by_day(one.holds.is_closed(leverage).astype(np.float64))
            same += _between_rungs(closed, mean)
            result = one.by_day(np.nan_to_num(one.holds.result(leverage)))
            gain += self._weights @ result - _between_rungs(results, mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares, gains = shut / same, gain / sum(self._entered)
        return Compared(
            self._interval(shares, level),
            self._interval(gains, level),
            sum(one.closed(one_s) for one, one_s in zip(self.entries, leverages, strict=True)),
            sum(
                one.closed(one.mean_leverage(one_s))
                for one, one_s in zip(self.entries, leverages, strict=True)
            ),
            shares[self._drawn],
        )

    def _interval(self, figures: Floats, level: float) -> Interval:
        left_out = figures[self._drawn.stop :]
        return interval_of(float(figures[0]), figures[self._drawn], level, left_out)


def _between_rungs(at_rungs: Floats, leverage: Floats) -> Floats:
    """Each draw's sum at its own constant leverage, on the line between the two rungs beside it."""
    place = np.clip((leverage - RUNGS[0]) / (RUNGS[1] - RUNGS[0]), 0.0, len(RUNGS) - 1.0)
    below = np.minimum(place.astype(np.int64), len(RUNGS) - 2)
    rows = np.arange(len(leverage))
    part = place - below
    return np.asarray((1.0 - part) * at_rungs[rows, below] + part * at_rungs[rows, below + 1])


@dataclass(frozen=True, slots=True)
class Compared:
    """A rule of leverage against a constant leverage of equal mean in each market.

    `ratio`: forced closes over those of the constant; `gain`: mean result less the constant's, a fraction of the margin;
    `drawn`: the ratio at each draw of days.
    """

    ratio: Interval
    gain: Interval
    closed: int
    closed_by_constant: int
    drawn: Floats = field(repr=False)


def of_equal_mean(raw: Floats, mean: float, highest: float = np.inf) -> float:
    """The factor by which these relative leverages, cut off at `highest`, have that mean.

    Raises ValueError where one of them is not above 0, or no factor does.
    """
    if not len(raw) or not (np.isfinite(raw) & (raw > 0.0)).all() or not 0.0 < mean < highest:
        raise ValueError(f"no factor gives {len(raw)} leverages up to {highest} a mean of {mean}")
    factor = mean / float(raw.mean())
    # the mean grows less and less with the factor, so that each step of Newton's ends short of it
    while (short := mean - float(np.minimum(highest, factor * raw).mean())) > NEGLIGIBLE * mean:
        factor += short * len(raw) / float(raw[factor * raw < highest].sum())
    return factor
