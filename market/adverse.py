"""What the last half year did to a position: the moves against a side within a holding time, counted from every hour.

They stand beside the touch probability of section 8.10, which believes in a bell curve and is therefore a floor.
"""

from array import array
from collections import deque
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil, isnan

from market.hourly import KEPT_HOURS, Hourly
from market.observations import Side

ONE_IN = 40
"""Of all moves one in so many is larger than the quantile: 97.5 % are not."""
LEAST_SHARE = 0.98
"""Of the 180 days, what has to be known before a move is called the worst of them."""
_MOST_KEPT = 2_048


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


_Key = tuple[int, Side, int, bytes]
# A pure function's memory: the same hours give the same moves, and asking twice in an hour costs nothing.
_kept: dict[_Key, Adverse] = {}


def adverse_moves(hours: Hourly, side: Side, horizon_hours: float) -> Adverse:
    """The moves against `side` within the holding time (a begun hour counts as one), over all hours that are kept.

    They are computed once for the same hours, side and holding time.
    """
    horizon = max(1, ceil(horizon_hours))
    key = (hours.last_close_ms, side, horizon, _fingerprint(hours, side))
    found = _kept.get(key)
    if found is None:
        while len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        found = _kept[key] = _count(hours, side, horizon)
    return found


def _fingerprint(hours: Hourly, side: Side) -> bytes:
    """Of the prices the moves are made of: two markets with the same last hour never answer for each other."""
    told = blake2b(hours.close_usd, digest_size=16)
    told.update(_extremes(hours, side))
    return told.digest()


def _extremes(hours: Hourly, side: Side) -> "array[float]":
    return hours.low_usd if side is Side.LONG else hours.high_usd


def _count(hours: Hourly, side: Side, horizon: int) -> Adverse:
    known = sum(
        not (isnan(close) or isnan(extreme))
        for close, extreme in zip(hours.close_usd, _extremes(hours, side), strict=True)
    )
    days = known / 24.0
    moves = sorted(_moves(hours, side, horizon)) if known >= LEAST_SHARE * KEPT_HOURS else []
    if not moves:
        return Adverse(side, horizon, days, None, None)
    return Adverse(side, horizon, days, moves[-1], moves[-1 - len(moves) // ONE_IN])


def _moves(hours: Hourly, side: Side, horizon: int) -> list[float]:
    """The largest move against the side after every hour that has a whole holding time behind it; 0 where there was none.

    The extreme of a sliding window: of the hours in it, only those are kept that a later one does not surpass.
    """
    sign = -1.0 if side is Side.LONG else 1.0
    closes, extremes = hours.close_usd, _extremes(hours, side)
    best: deque[tuple[int, float]] = deque()
    moves = []
    for hour, extreme in enumerate(extremes):
        if extreme == extreme:  # noqa: PLR0124, NaN: an hour of which nothing is known
            while best and sign * best[-1][1] <= sign * extreme:
                best.pop()
            best.append((hour, extreme))
        start = hour - horizon
        if start < 0:
            continue
        while best and best[0][0] <= start:
            best.popleft()
        if best and closes[start] == closes[start]:
            moves.append(max(0.0, sign * (best[0][1] / closes[start] - 1.0)))
    return moves
