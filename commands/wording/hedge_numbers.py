"""A hedge as plain numbers for JSON: US dollars, coins and fractions, null where there is none."""

from commands.wording.unhedged import Unhedged, unhedged_numbers
from market.hedge import After, Hedge, Way
from market.report import iso


def hedge_numbers(hedge: Hedge, verdict: str, stands: Unhedged | None) -> dict[str, object]:
    """Everything behind the answer to /hedge."""
    asked, halving = hedge.asked, hedge.halving
    return {
        "asset": asked.asset,
        "verdict": verdict.upper(),
        "rule": hedge.choice.value.upper(),
        "because": [one.value for one in hedge.because],
        "notional": asked.notional_usd,
        "price": asked.price_usd,
        "coins": hedge.coins,
        "covered_coins": hedge.covered_coins,
        "step_coins": hedge.step_coins,
        "margin": "coin" if hedge.is_inverse else "USDC",
        "venue": hedge.venue.value,
        "chain_at": iso(hedge.as_of_ms),
        "days_asked": asked.days,
        "days_left": hedge.days_left,
        "expiry": iso(hedge.expiry.at_ms),
        "expiry_before": _iso(hedge.expiry.before_ms),
        "expiry_after": _iso(hedge.expiry.after_ms),
        "z": asked.z,
        "skew_over_atm": asked.skew_over_atm,
        "put": _way(hedge.put, hedge.covered_coins),
        "spread": None if hedge.spread is None else _way(hedge.spread, hedge.covered_coins),
        "spread_cheaper_by": hedge.cheaper_by,
        "halving": {
            "share": halving.share,
            "fees_usd": halving.fees_usd,
            "funding_usd": halving.funding_usd,
            "funding_8h": asked.funding_8h,
            "cost_usd": halving.cost_usd,
        },
        "after": [_after(one) for one in hedge.after],
        "unhedged": unhedged_numbers(stands),
    }


def _way(way: Way, coins: float) -> dict[str, object]:
    """One coin of a way, and under `total_...` all that is covered."""
    sold = way.sold
    return {
        "strike": way.bought.strike_usd,
        "short_strike": None if sold is None else sold.strike_usd,
        "ask": way.bought.price,
        "bid": None if sold is None else sold.price,
        "quote_spread": way.bought.spread,
        "open_interest_coins": way.bought.quote.open_interest_coins,
        "cost_coins": way.cost_coins,
        "cost_usd": way.cost_usd,
        "cost_share": way.cost_share,
        "fees_usd": way.fees_usd,
        "break_even": way.break_even_usd,
        "max_profit_usd": way.most_usd,
        "covered_to": way.covered_to_usd,
        "total_cost_usd": way.cost_usd * coins,
        "total_fees_usd": way.fees_usd * coins,
        "total_max_profit_usd": way.most_usd * coins,
    }


def _after(one: After) -> dict[str, object]:
    return {
        "move": one.move,
        "price": one.price_usd,
        "alone_usd": one.alone_usd,
        "put_usd": one.put_usd,
        "spread_usd": one.spread_usd,
        "halved_usd": one.halved_usd,
    }


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
