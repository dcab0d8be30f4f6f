"""A position as a trader states it, before anything is known of the market."""

import math
from dataclasses import dataclass
from enum import StrEnum

from market.margin import Impossible, ImpossiblePosition
from market.observations import Asset, Side, Venue
from market.sizing_rules import SizingRules


class MarginMode(StrEnum):
    """What stands behind a position: its own margin, or the whole wallet."""

    ISOLATED = "isolated"
    CROSS = "cross"


@dataclass(frozen=True, slots=True)
class Position:
    """A position of `leverage` times the margin `equity_usd` (USDT); None is not stated and never invented.

    `entry_usd` is the present price and `hold_hours`, `base_leverage`, `drawdown_budget` (fraction of the equity) are the
    rules' own where they are None. `others_usd` is what the other positions of a cross wallet add (profit) or take
    (loss, maintenance: `market.sizing.wallet`); an isolated position has nothing to do with them. An inverse position is of
    contracts in US dollars and margined in coins: the margin is the coins that `equity_usd` is worth at entry, and what is lost
    or paid is counted in coins. `venue` None is not stated: any venue's brackets will do. `is_kept`: its entry was taken before and
    stays what it is, wherever price has gone since.
    """

    asset: Asset
    side: Side
    leverage: float
    equity_usd: float | None = None
    hold_hours: float | None = None
    entry_usd: float | None = None
    mode: MarginMode = MarginMode.ISOLATED
    base_leverage: float | None = None
    drawdown_budget: float | None = None
    others_usd: float = 0.0
    is_inverse: bool = False
    venue: Venue | None = None
    is_kept: bool = False


def refuse_nonsense(position: Position, rules: SizingRules) -> None:
    """Raise ImpossiblePosition with its reason where a number of the position means nothing by itself."""
    _refuse_what_is_no_number(position)
    if position.leverage < 1.0:
        raise ImpossiblePosition(Impossible.LEVERAGE_BELOW_ONE, leverage=position.leverage)
    if position.base_leverage is not None and position.base_leverage < 1.0:
        raise ImpossiblePosition(Impossible.BASE_BELOW_ONE, base_leverage=position.base_leverage)
    if position.equity_usd is not None and position.equity_usd < rules.least_equity_usd:
        raise ImpossiblePosition(Impossible.EQUITY_NOT_POSITIVE, equity_usd=position.equity_usd)
    if position.entry_usd is not None and position.entry_usd <= 0.0:
        raise ImpossiblePosition(Impossible.ENTRY_NOT_POSITIVE, entry_usd=position.entry_usd)
    if position.hold_hours is not None and not 0.0 < position.hold_hours <= rules.longest_hold_hours:
        raise ImpossiblePosition(
            Impossible.HOLD_OUT_OF_RANGE, hold_hours=position.hold_hours, longest=rules.longest_hold_hours
        )
    if position.drawdown_budget is not None and not 0.0 < position.drawdown_budget <= 1.0:
        raise ImpossiblePosition(Impossible.BUDGET_OUT_OF_RANGE, drawdown_budget=position.drawdown_budget)


def _refuse_what_is_no_number(position: Position) -> None:
    stated = (
        position.leverage,
        position.equity_usd,
        position.hold_hours,
        position.entry_usd,
        position.base_leverage,
        position.drawdown_budget,
        position.others_usd,
    )
    if not all(number is None or math.isfinite(number) for number in stated):
        raise ImpossiblePosition(Impossible.NOT_A_NUMBER)
