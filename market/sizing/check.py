"""The answer to `/size`: a verdict, every number at the leverage asked, and what would make it fit."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from market.checklist import Advice, Checklist
from market.margin import Tiers
from market.sizing.advice import Advised, advised_in
from market.sizing.caps import Cap, Link, caps_of, chain_of, shocks_of
from market.sizing.conditions import Conditions
from market.sizing.position import Position
from market.sizing.stance import Stance, stand
from market.sizing.survival import Shock, lost_on_the_way, survivable_margin_usd
from market.sizing.trade import Assumption, Trade, assumptions_of, settle
from market.sizing_rules import SizingRules
from market.table import State


class Verdict(StrEnum):
    """The whole answer in a word; the first that holds is said, from top to bottom."""

    NEVER_SURVIVES_10PCT = "NEVER_SURVIVES_10PCT"
    WAIT = "WAIT"
    TOO_MUCH_NOW = "TOO_MUCH_NOW"
    FITS = "FITS"


@dataclass(frozen=True, slots=True)
class Budget:
    """The size by which at most `share` of the equity is lost between entry and the exit, with fees and funding.

    It is that of the exit before rungs are pulled in: a nearer way out is no reason to hold more (decision 0045). `exit_usd` is
    the way out as it is now. How much of the size may be taken now is the check's `new_notional_factor`.
    `leverage` is that size over the equity; USD amounts are None where no equity is stated, `exit_usd` where the exit
    would lie at or below zero.
    """

    share: float
    loss_usd: float | None
    leverage: float
    notional_usd: float | None
    exit_usd: float | None


@dataclass(frozen=True, slots=True)
class SizeCheck:
    """A position checked. `asked` is it as asked for; `fitting` at the highest leverage that fits, where that is less.

    `max_leverage` is the smallest of `caps` (exact; shown rounded down to 0.1), `chain` how the stepwise one came about.
    `margin_total_usd` is the margin with which the notional asked for would fit, `margin_to_deposit_usd` what is missing of
    it, `margin_total_share` the same over the margin there is: all None where no margin would do. `new_notional_factor` says how much of a new size may be taken now (0, .5 or 1); it does not change the caps.
    `tightened`: rungs are pulled in, by the market or by its owner's own limit on funding.
    """

    position: Position
    trade: Trade
    conditions: Conditions
    verdict: Verdict
    max_leverage: float
    binding_cap: Cap
    caps: Mapping[Cap, float]
    chain: tuple[Link, ...]
    asked: Stance
    fitting: Stance | None
    margin_total_usd: float | None
    margin_to_deposit_usd: float | None
    margin_total_share: float | None
    budget: Budget
    new_notional_factor: float
    tightened: bool
    assumptions: tuple[Assumption, ...]

    @property
    def checklist(self) -> Checklist:
        """The four checks of this side."""
        return self.conditions.against(self.position.side).checklist

    @property
    def advised(self) -> Advised:
        """What is advised of new risk on this side, and why."""
        return advised_in(self.conditions, self.position.side)

    @property
    def state(self) -> State:
        """The state of the market the position was checked in."""
        return self.conditions.state

    @property
    def tiers(self) -> Tiers:
        """The brackets used, with their venue and date."""
        return self.trade.tiers


def check_size(position: Position, conditions: Conditions, tiers: Tiers, rules: SizingRules) -> SizeCheck:
    """Check a position against the market and the venue's brackets (the whole chain of section 8).

    Raises ImpossiblePosition, with its reason, where nobody could hold or check such a position.
    """
    trade = settle(position, conditions, tiers, rules)
    against = conditions.against(trade.side)
    tightened, advice = against.tightened, advised_in(conditions, trade.side).advice
    chain = chain_of(trade, conditions, position.base_leverage is not None, rules)
    shocks = shocks_of(trade, rules)
    caps = caps_of(trade, conditions, chain[-1].leverage, shocks, rules)
    binding = min(caps, key=caps.__getitem__)
    asked = stand(trade, trade.leverage, caps, tightened, rules)
    fitting = None if trade.leverage <= caps[binding] else stand(trade, caps[binding], caps, tightened, rules)
    fits_usd = _margin_that_fits_usd(trade, conditions, caps, shocks, rules)
    margin_usd = None if fits_usd is None else max(trade.margin_usd, fits_usd)
    total_usd = margin_usd if trade.equity_stated else None
    return SizeCheck(
        position=position,
        trade=trade,
        conditions=conditions,
        verdict=_verdict(asked, fitting, advice),
        max_leverage=caps[binding],
        binding_cap=binding,
        caps=caps,
        chain=chain,
        asked=asked,
        fitting=fitting,
        margin_total_usd=total_usd,
        margin_to_deposit_usd=None if total_usd is None else total_usd - trade.margin_usd,
        margin_total_share=None if margin_usd is None else margin_usd / trade.margin_usd,
        budget=_budget(trade, fitting or asked, rules.ladder.tightened if tightened else 1.0),
        new_notional_factor=_new_notional_factor(advice, conditions, rules),
        tightened=tightened,
        assumptions=assumptions_of(trade, conditions, position.venue),
    )


def _verdict(asked: Stance, fitting: Stance | None, advice: Advice) -> Verdict:
    if not asked.survives_adverse_move:
        return Verdict.NEVER_SURVIVES_10PCT
    if advice is Advice.WAIT:
        return Verdict.WAIT
    return Verdict.FITS if fitting is None else Verdict.TOO_MUCH_NOW


def _margin_that_fits_usd(
    trade: Trade,
    conditions: Conditions,
    caps: Mapping[Cap, float],
    shocks: Iterable[Shock],
    rules: SizingRules,
) -> float | None:
    """The margin with which the notional asked for stays under every cap; its bracket stays that of the notional.

    None where no margin would do.
    """
    notional_usd = trade.leverage * trade.margin_usd
    if conditions.under_a_week:
        # half of every cap leaves so much room that a notional twice as large would keep the caps themselves
        notional_usd /= rules.under_a_week_factor
    if notional_usd > trade.tiers.largest_usd:
        return None
    needed_usd = max(
        notional_usd / caps[Cap.STEP],
        notional_usd / caps[Cap.CONTINUOUS],
        notional_usd / caps.get(Cap.FALL, math.inf),
        *[survivable_margin_usd(trade, notional_usd, shock) for shock in shocks],
        notional_usd / trade.tiers.containing(notional_usd).max_leverage,
    )
    return needed_usd if math.isfinite(needed_usd) else None


def _budget(trade: Trade, stance: Stance, pulled_in: float) -> Budget:
    """Size is bounded by what may be lost on the way to the exit; leverage only says how much margin that takes."""
    lost = lost_on_the_way(trade, stance.ladder.exit_distance / pulled_in) + 2.0 * trade.fee_rate
    leverage = trade.drawdown_budget / lost
    stated = trade.equity_stated
    return Budget(
        share=trade.drawdown_budget,
        loss_usd=trade.drawdown_budget * trade.margin_usd if stated else None,
        leverage=leverage,
        notional_usd=leverage * trade.margin_usd if stated else None,
        exit_usd=stance.ladder.exit_usd,
    )


def _new_notional_factor(advice: Advice, conditions: Conditions, rules: SizingRules) -> float:
    """The smallest of what the advice and an uncertain state leave; that nothing is added is no limit to what is new."""
    by_advice = {
        Advice.PROCEED: 1.0,
        Advice.NO_ADDS: 1.0,
        Advice.REDUCE: rules.factor_when_reduce,
        Advice.WAIT: rules.factor_when_wait,
    }[advice]
    return min(by_advice, rules.factor_when_uncertain) if conditions.uncertain else by_advice
