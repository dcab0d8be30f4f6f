"""What the last half year did to a position: the moves against a side within a holding time, counted from every hour.

They stand beside the touch probability of section 8.10, which believes in a bell curve and is therefore a floor.
"""

from dataclasses import dataclass
from math import ceil, inf, isnan
from operator import add, truediv

from market.evidence_rules import LEAST_OF_HISTORY
from market.hourly import KEPT_HOURS, Doubles, Hourly
from market.observations import Side
from market.once import once

HOURS_A_DAY = 24.0
ONE_IN = 40
"""Of all moves one in so many is larger than the quantile: 97.5 % are not."""
MOST_KEPT = 64
"""So many holding times of one side are kept beside its hours."""


@dataclass(frozen=True, slots=True)
class Adverse:
    """Moves against a side within `horizon_hours`, as fractions of the price at their beginning (.08: 8 % against it).

    `worst` and `quantile` (97.5 % of all were at most so large) are None where too little is known, or where no whole holding
    time fits into it: `days` says how many days of hours are known. An unknown hour within a move is passed over: what is
    known of the move is the least it can have been.
    """

    side: Side
    horizon_hours: int
    days: float
    worst: float | None
    quantile: float | None


def adverse_moves(hours: Hourly, side: Side, horizon_hours: float) -> Adverse:
    """The moves against `side` within the holding time (a begun hour counts as one), over all hours that are kept.

    They are counted once for the same hours, side and holding time, until an hour is added or mended.
    """
    horizon = max(1, ceil(horizon_hours))
    counted = _counted(hours, side, hours.changes)
    found = counted.get(horizon)
    if found is None:
        if len(counted) >= MOST_KEPT:
            counted.clear()
        found = counted[horizon] = _count(hours, side, horizon)
    return found


@once()
def _counted(hours: Hourly, side: Side, changes: int) -> dict[int, Adverse]:
    """What was counted of these hours so far by holding time: with every change of them that begins anew."""
    return {}


def _extremes(hours: Hourly, side: Side) -> Doubles:
    return hours.low_usd if side is Side.LONG else hours.high_usd


def _count(hours: Hourly, side: Side, horizon: int) -> Adverse:
    closes, extremes = hours.close_usd, _extremes(hours, side)
    # a sum is NaN where anything in it is
    has_gaps = isnan(sum(closes) + sum(extremes))
    unknown = sum(map(isnan, map(add, closes, extremes))) if has_gaps else 0
    days = (len(hours) - unknown) / HOURS_A_DAY
    is_enough = len(hours) - unknown >= LEAST_OF_HISTORY * KEPT_HOURS
    ends = _ends(hours, side, horizon, has_gaps) if is_enough else []
    if not ends:
        return Adverse(side, horizon, days, None, None)
    still = 1.0 if side is Side.LONG else -1.0
    worst, quantile = (max(0.0, still - end) for end in (ends[0], ends[len(ends) // ONE_IN]))
    return Adverse(side, horizon, days, worst, quantile)


def _ends(hours: Hourly, side: Side, horizon: int, has_gaps: bool) -> list[float]:
    """Where the price stood at its worst within the holding time after every hour, as a multiple of that hour's close.

    The worst first; a short's are negative, since the highest of a rise is the lowest of its negative. Hours that have no
    whole holding time behind them, and unknown ones, are left out.
    """
    extremes = _extremes(hours, side)[1:]
    lows = list(extremes) if side is Side.LONG else [-high for high in extremes]
    if has_gaps:
        lows = [inf if isnan(low) else low for low in lows]
    ends = map(truediv, _lowest_ahead(lows, horizon), hours.close_usd)
    return sorted([end for end in ends if -inf < end < inf] if has_gaps else ends)


def _lowest_ahead(values: list[float], width: int) -> list[float]:
    """The lowest of each value and the `width` - 1 after it, for all that have so many (van Herk; Gil and Werman).

    Cut into blocks, every window is the end of one and the beginning of the next: two lows kept running say all.
    """
    blank = -len(values) % width
    backwards = _running_lows([inf] * blank + values[::-1], width)[blank:]
    forwards = _running_lows(values, width)[width - 1 :]
    both = zip(reversed(backwards), forwards, strict=False)
    return [one if one < other else other for one, other in both]  # noqa: FURB136, calling `min` takes three times as long


def _running_lows(values: list[float], width: int) -> list[float]:
    """The lowest so far, begun anew with each block."""
    lows: list[float] = []
    add_low = lows.append
    for begin in range(0, len(values), width):
        lowest = inf
        for value in values[begin : begin + width]:
            if value < lowest:  # noqa: PLR1730, as above
                lowest = value
            add_low(lowest)
    return lows
