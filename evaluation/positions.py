"""Markets as those see them who hold a leveraged position: what came of each entry, and what `/size` allowed of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.study import Floats, Study
from market.evaluation.recorded import Recorded
from market.evaluation.sizing import Constants, Entries, Flags, hold
from market.evaluation_rules import HoldRules
from market.observations import Side

HOLD = HoldRules()
CAPS = ("step", "continuous", "fall", "two_sigma", "ten_percent", "tier")
"""Caps of `/size` by the name of their column, in the order in which equal ones are said to bind."""


@dataclass(frozen=True, eq=False)
class Market:
    """One market: its counted entries, and the leverage of `/size` at each close, with and without the cap for a fall."""

    recorded: Recorded
    entries: Entries
    sized: Floats
    sized_without_fall: Floats

    @property
    def asset(self) -> str:
        """Whose market it is."""
        return self.recorded.asset

    def constant(self, leverage: Floats) -> Floats:
        """Its mean, at every close."""
        return np.full(len(leverage), self.entries.mean_leverage(leverage))


def markets_of(study: Study, side: Side = Side.LONG) -> list[Market]:
    """Every market of which an outcome and a size are known at some scored close."""
    found = [_market(study, one, side) for one in study.recorded]
    return [market for market in found if market.entries.counted.any()]


def _market(study: Study, one: Recorded, side: Side) -> Market:
    holds = hold(one.bars, study.column(one, "funding.settled_8h"), side, HOLD)
    caps = {cap: study.column(one, f"size.{cap}") for cap in CAPS}
    without = np.fmin.reduce([caps[cap] for cap in CAPS if cap != "fall"])
    allowed = np.fmin(without, caps["fall"])
    counted = study.is_scored(one) & holds.is_known & np.isfinite(allowed)
    return Market(
        one,
        Entries(holds, counted, study.rows_day(one), study.days),
        np.minimum(HOLD.leverage, allowed),
        np.minimum(HOLD.leverage, without),
    )


def constants_of(study: Study, markets: Sequence[Market]) -> Constants:
    """What constant leverages come to in these markets at the study's draws."""
    return Constants([market.entries for market in markets], study.draws)


def counted_in(market: Market, rows: Flags) -> Entries:
    """Of a market's entries those of these rows."""
    entries = market.entries
    return Entries(entries.holds, entries.counted & rows, entries.day, entries.days)
