"""A position that is under way and has lost: what it takes to outlast another adverse move from the price of this moment."""

from market.margin import sign_of
from market.sizing import Cap, SizeCheck, Verdict
from market.sizing.survival import shock_of, survivable_margin_usd
from market.sizing_rules import SizingRules


def margin_from_here_usd(check: SizeCheck, rules: SizingRules) -> float | None:
    """The margin to add, USD, with which a 10 % move from the present price is outlasted; None where that is no question.

    It is one for a stated entry that the price has left against the position: the caps, which count from the entry, are kept, and
    what is lost already is what lacks. Without an equity the amount is of `check.trade.margin_usd`.
    """
    trade = check.trade
    is_from_here = (
        check.verdict is Verdict.NEVER_SURVIVES_10PCT and trade.leverage <= check.caps[Cap.TEN_PERCENT]
    )
    if not is_from_here:
        return None
    sign = sign_of(trade.side)
    reached_usd = trade.measured_from_usd * (1.0 - sign * rules.adverse_move)
    move = sign * (1.0 - reached_usd / trade.entry_usd)
    notional_usd = trade.leverage * trade.margin_usd
    return survivable_margin_usd(trade, notional_usd, shock_of(trade, move)) - trade.margin_usd
