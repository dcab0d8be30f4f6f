"""Which hours were followed by a sell-off, and when each sell-off began: by price alone, from bars of an hour."""

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isnan, nan

from market.evaluation.recorded import Bars, Doubles
from market.evaluation_rules import LabelRules
from market.observations import HOUR_MS, Asset


@dataclass(frozen=True, slots=True)
class Event:
    """A sell-off: it began at `onset_ms` and fell from `high_usd` (the highest of the hours before) to `low_usd`."""

    asset: Asset
    onset_ms: int
    low_ms: int
    high_usd: float
    low_usd: float

    @property
    def fall(self) -> float:
        """How far it fell, a fraction below 0."""
        return self.low_usd / self.high_usd - 1.0


def lowest_ahead(low_usd: Sequence[float], hours: int) -> list[int]:
    """For each row the row of the lowest low of the next `hours` rows, -1 where none of them is known.

    Towards the end fewer rows lie ahead; the lowest of those is given (see `falls_ahead`).
    """
    rows: deque[int] = deque()
    found = [-1] * len(low_usd)
    for row in range(len(low_usd) - 2, -1, -1):
        ahead = row + 1
        if not isnan(low_usd[ahead]):
            while rows and low_usd[rows[0]] >= low_usd[ahead]:
                rows.popleft()
            rows.appendleft(ahead)
        while rows and rows[-1] > row + hours:
            rows.pop()
        found[row] = rows[-1] if rows else -1
    return found


def falls_ahead(bars: Bars, hours: int) -> Doubles:
    """From each close to the lowest low of the next `hours`, a fraction; NaN where the hours ahead are not all there."""
    return _falls(bars, lowest_ahead(bars.low_usd, hours), hours)


def _falls(bars: Bars, lows: Sequence[int], hours: int) -> Doubles:
    last, low_usd = len(bars) - hours, bars.low_usd
    return array(
        "d",
        [
            # a close that is not known makes the fall NaN
            low_usd[low] / close_usd - 1.0 if low >= 0 and row < last else nan
            for row, (low, close_usd) in enumerate(zip(lows, bars.close_usd, strict=True))
        ],
    )


def is_sell_off_ahead(bars: Bars, rules: LabelRules) -> list[bool | None]:
    """Whether each close was followed by a fall that is far enough, None where that is not known.

    Of a day with hours missing only a fall that was seen is known; that there was none is not.
    """
    said = _are_sell_offs(bars, falls_ahead(bars, rules.within_hours), rules)
    gaps = _unknown_ahead(bars.low_usd, rules.within_hours)
    return [None if gap and not one else one for one, gap in zip(said, gaps, strict=True)]


def _are_sell_offs(bars: Bars, falls: Sequence[float], rules: LabelRules) -> list[bool | None]:
    return [
        None if isnan(fall) or (rules.sigmas and isnan(sigma)) else fall <= -_far_enough(sigma, rules)
        for fall, sigma in zip(falls, bars.sigma_24h, strict=True)
    ]


def _unknown_ahead(low_usd: Sequence[float], hours: int) -> list[bool]:
    """Whether any of the next `hours` rows of each row is unknown (of those that there are)."""
    known = [0, *accumulate(not isnan(low) for low in low_usd)]
    last = len(low_usd)
    return [
        known[min(last, row + 1 + hours)] - known[row + 1] < min(hours, last - row - 1) for row in range(last)
    ]


def _far_enough(sigma_24h: float, rules: LabelRules) -> float:
    """The fall that counts, a fraction: section 10 takes sigmas of log returns for fractions, and so is it done here."""
    return max(rules.fall, rules.sigmas * sigma_24h) if rules.sigmas else rules.fall


def events_of(bars: Bars, rules: LabelRules) -> tuple[Event, ...]:
    """The sell-offs, oldest first: no two begin within the hours in which onsets are merged.

    Of onsets that lie closer the one of the deepest fall stands: "40% of the final drop" is of the fall that it became.
    """
    lows = lowest_ahead(bars.low_usd, rules.within_hours)
    falls = _falls(bars, lows, rules.within_hours)
    before = [row for row, positive in enumerate(_are_sell_offs(bars, falls, rules)) if positive]
    found: list[Event] = []
    for row in sorted(before, key=lambda one: (falls[one], one)):
        event = _event(bars, row, lows[row], rules)
        apart_ms = rules.merge_hours * HOUR_MS
        if all(abs(event.onset_ms - other.onset_ms) >= apart_ms for other in found):
            found.append(event)
    return tuple(sorted(found, key=lambda event: event.onset_ms))


def _event(bars: Bars, row: int, low: int, rules: LabelRules) -> Event:
    """The sell-off that this row lies before: where its drop from the high of the hours before came to its share."""
    highs = [bars.high_usd[before] for before in range(max(0, row - rules.high_hours + 1), row + 1)]
    high_usd = max([*(high for high in highs if not isnan(high)), bars.close_usd[row]])
    line_usd = high_usd - rules.onset_share * (high_usd - bars.low_usd[low])
    onset = next(ahead for ahead in range(row + 1, low + 1) if bars.low_usd[ahead] <= line_usd)
    return Event(bars.asset, bars.close_ms(onset), bars.close_ms(low), high_usd, bars.low_usd[low])


def onset_ahead(bars: Bars, events: Sequence[Event], rules: LabelRules) -> list[bool | None]:
    """Whether a sell-off begins 1 to 24 hours after each close; None inside one (onset to a day later), where no score counts.

    None also where it cannot be known: towards the end, and before missing hours where none is seen to begin.
    """
    ahead: list[bool | None] = [False] * len(bars)
    for event in events:
        onset = bars.row_at(event.onset_ms)
        for row in range(max(0, onset - rules.within_hours), min(len(bars), onset)):
            if ahead[row] is False:
                ahead[row] = True
    for event in events:
        onset = bars.row_at(event.onset_ms)
        for row in range(max(0, onset), min(len(bars), onset + rules.within_hours + 1)):
            ahead[row] = None
    for row in range(max(0, len(bars) - rules.within_hours), len(bars)):
        ahead[row] = None
    gaps = _unknown_ahead(bars.low_usd, rules.within_hours)
    return [None if gap and not one else one for one, gap in zip(ahead, gaps, strict=True)]
