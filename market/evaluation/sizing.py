"""What a long held for some days would have come to at any leverage: closed by force or not, and its result (section 10).

Whether an isolated position is closed by force depends on its leverage in one number an hour: the share of the notional that
was needed as margin. So one pass over a history answers for every rule of leverage.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from market.evaluation.bootstrap import Floats
from market.evaluation.recorded import Bars
from market.evaluation_rules import HoldRules
from market.observations import HOUR_MS

Flags: TypeAlias = NDArray[np.bool_]
STANDARD = HoldRules()


@dataclass(frozen=True, slots=True)
class Holds:
    """Longs entered at each close of a market; NaN where the hours ahead, or a funding settled in them, are not known.

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
        return np.asarray(leverage * self.needed >= 1.0)

    def result(self, leverage: Floats | float) -> Floats:
        """What came of each as a fraction of its margin; all of it is lost by one closed by force."""
        return np.where(self.is_closed(leverage), -1.0, np.maximum(leverage * self.gained, -1.0))


def hold_longs(bars: Bars, settled_8h: Floats, rules: HoldRules = STANDARD) -> Holds:
    """Longs entered at every close and held `rules.hours`, closed by force on the lows of traded prices.

    `settled_8h` is the funding last settled as known at each close (a fraction of the notional, longs pay where positive):
    what is settled at 00, 08 and 16 UTC shows in the row that closes an hour later.
    """
    low, close = np.frombuffer(bars.low_usd), np.frombuffer(bars.close_usd)
    entries = max(0, len(close) - rules.hours)
    settled_usd = _settled_usd(bars, settled_8h, rules)
    paid_usd = _so_far(np.nan_to_num(settled_usd))
    unknown = _so_far(np.isnan(settled_usd).astype(np.float64))
    is_told = unknown[1 + rules.hours :] == unknown[1 : entries + 1]
    keeps = 1.0 - rules.maintenance_rate - rules.fee_rate
    # what is settled at the end of an hour is paid after the hour's low
    deepest_usd = _highest_ahead(paid_usd[:-1] - keeps * low, rules.hours)
    entry, left, before = close[:entries], close[rules.hours :], paid_usd[1 : entries + 1]
    paid = (paid_usd[1 + rules.hours :] - before) / entry
    needed, gained = np.full(len(close), np.nan), np.full(len(close), np.nan)
    needed[:entries] = np.where(is_told, 1.0 + (deepest_usd - before) / entry, np.nan)
    gained[:entries] = np.where(
        is_told, left / entry - 1.0 - paid - rules.fee_rate * (1.0 + left / entry), np.nan
    )
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
