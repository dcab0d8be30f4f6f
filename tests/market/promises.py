"""What every size promises, recomputed from the venue's own rules and not by the code that made it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import isclose

from market.margin import Liquidation, Tier, Tiers, liquidation, sign_of
from market.observations import Side
from market.sizing import Cap, Conditions, MarginMode, Position, SizeCheck, Verdict, check_size
from tests.market.markets import SIZING

TINY = 1e-9


def broken_promises(
    position: Position, market: Conditions, tiers: Tiers, wilder: float, richer: float
) -> Iterator[str]:
    """What does not hold of a position; raises ImpossiblePosition where it is refused.

    `wilder` multiplies the volatility, `richer` the margin; both are at least 1.
    """
    check = check_size(position, market, tiers, SIZING)
    yield from _of_liquidation(check, richer)
    yield from _of_survival(check)
    if check.max_leverage != min(check.caps.values()):
        yield "max_leverage is not the smallest cap"
    after = check_size(
        position, replace(market, sigma=wilder * (market.sigma or 0.0)), tiers, SIZING
    ).max_leverage
    if market.sigma is not None and after > check.max_leverage:
        yield f"more leverage at higher volatility: {after} after {check.max_leverage}"


def _of_liquidation(check: SizeCheck, richer: float) -> Iterator[str]:
    trade, sign = check.trade, sign_of(check.trade.side)
    closed, coins = _closed(check, 1.0), check.position.leverage * trade.margin_usd / trade.entry_usd
    further = _closed(check, richer)
    if closed is None:
        if further is not None:
            yield "more margin gave a liquidation price where there was none"
        return
    if not isclose(closed.price_usd, check.asked.liquidation_price_usd or 0.0, rel_tol=1e-12):
        yield "the answer's liquidation price is another one"
    if sign * (trade.entry_usd - closed.price_usd) <= 0.0:
        yield f"closed at {closed.price_usd} on the wrong side of {trade.entry_usd}"
    if further is not None and sign * (further.price_usd - closed.price_usd) > TINY * trade.entry_usd:
        yield f"more margin brought liquidation nearer: {further.price_usd} after {closed.price_usd}"
    notional = coins * (trade.entry_usd if _stays(check) else closed.price_usd)
    is_last = closed.tier.cap_usd == trade.tiers.steps[-1].cap_usd or _stays(check)
    if notional < closed.tier.floor_usd * (1 - TINY) or (
        not is_last and notional > closed.tier.cap_usd * (1 + TINY)
    ):
        yield f"the notional {notional} at liquidation is not in {closed.tier}"
    if not _is_at_the_edge(check, notional, closed.tier):
        left = left_of(check, coins * trade.entry_usd, backing_of(check), closed.price_usd, counting=False)
        if abs(left) > 1e-6 * (coins * trade.entry_usd):
            yield f"{left} USD are left at liquidation"


def _closed(check: SizeCheck, richer: float) -> Liquidation | None:
    trade = check.trade
    return liquidation(
        trade.side,
        check.position.leverage * trade.margin_usd / trade.entry_usd,
        trade.entry_usd,
        backing_of(check) * richer,
        trade.tiers,
        trade.fee_rate,
        is_inverse=trade.is_inverse,
    )


def _of_survival(check: SizeCheck) -> Iterator[str]:
    trade, most = check.trade, check.max_leverage * (1 - TINY)
    for name, move in (("10 %", 0.10), ("two sigma", 2.0 * trade.sigma_horizon)):
        if left_after(check, most * trade.margin_usd, backing_of(check), move) < -1e-7 * trade.margin_usd:
            yield f"max_leverage {most} does not survive {name}"
        if check.margin_total_share is None:
            continue
        notional = check.position.leverage * trade.margin_usd
        needed = check.margin_total_share * trade.margin_usd
        backing = backing_of(check) + needed - trade.margin_usd
        if left_after(check, notional * (1 - TINY), backing, move) < -1e-7 * max(needed, notional):
            yield f"the margin {needed} does not carry {notional} through {name}"
    asked = left_after(check, check.position.leverage * trade.margin_usd, backing_of(check), 0.10)
    if abs(asked) > 1e-6 * trade.margin_usd and trade.price_usd == trade.entry_usd:
        survives = check.asked.survives_adverse_move
        if survives != (asked > 0.0):
            yield f"survives 10 %: said {survives}, left {asked}"
        if (check.verdict is Verdict.NEVER_SURVIVES_10PCT) == survives:
            yield f"the verdict {check.verdict} does not agree with the 10 % test"
    if check.max_leverage > min(check.caps[Cap.TEN_PERCENT], check.caps[Cap.TWO_SIGMA]):
        yield "max_leverage is above what survives"


def left_after(check: SizeCheck, notional: float, backing: float, move: float) -> float:
    """The least that is left above maintenance and fee, funding paid, on the way of an adverse move (USD at entry)."""
    trade, sign = check.trade, sign_of(check.trade.side)
    limit = 1.0 - 1e-9 if trade.is_inverse else 1.0
    ends = 1.0 - sign * (min(move, limit) if trade.side is Side.LONG else move)
    passed = [
        floor * (1 + 1e-12) / notional
        for floor in (tier.floor_usd for tier in trade.tiers.steps)
        if trade.tiers.is_whole_rate and not _stays(check) and ends * notional < floor < notional
    ]
    return min(left_of(check, notional, backing, ratio * trade.entry_usd) for ratio in (*passed, ends))


def left_of(
    check: SizeCheck, notional: float, backing: float, price: float, *, counting: bool = True
) -> float:
    """What is left at a price above maintenance and fee; `counting` the funding of the holding time."""
    trade, sign, ratio = check.trade, sign_of(check.trade.side), price / check.trade.entry_usd
    paid = notional * trade.funding_paid if counting else 0.0
    if trade.is_inverse:
        owed = due(trade.tiers, notional) + trade.fee_rate * notional
        return backing - paid + sign * notional * (1.0 - 1.0 / ratio) - owed / ratio
    after = notional * ratio
    owed = (
        due(trade.tiers, after)
        if trade.tiers.priced_at_usd is None
        else after * _bracket(trade.tiers, notional).maintenance_rate
    )
    return backing - paid + sign * (after - notional) - owed - trade.fee_rate * after


def due(tiers: Tiers, notional: float) -> float:
    """Maintenance as the venue's page has it: of the bracket that contains the notional."""
    tier = _bracket(tiers, notional)
    return notional * tier.maintenance_rate - (0.0 if tiers.is_whole_rate else tier.maintenance_amount_usd)


def backing_of(check: SizeCheck) -> float:
    """What stands behind the position, USD."""
    others = check.position.others_usd if check.position.mode is MarginMode.CROSS else 0.0
    return check.trade.margin_usd + others


def _bracket(tiers: Tiers, notional: float) -> Tier:
    for tier in tiers.steps:
        if notional <= tier.cap_usd:
            return tier
    return tiers.steps[-1]


def _stays(check: SizeCheck) -> bool:
    """Whether the bracket is that of the entry at every price."""
    return check.trade.is_inverse or check.trade.tiers.priced_at_usd is not None


def _is_at_the_edge(check: SizeCheck, notional: float, tier: Tier) -> bool:
    """A short that is closed by the jump of a whole rate has more left than the bracket below asks for."""
    edges = (above.floor_usd for _, above in pairwise(check.trade.tiers.steps))
    return check.trade.tiers.is_whole_rate and any(abs(notional - edge) <= 1e-6 * notional for edge in edges)
