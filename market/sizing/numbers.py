"""The numbers of a checked size under plain keys, for `ask --json`: fractions, USD, None where there is none."""

from market.sizing.advice import Advised
from market.sizing.check import SizeCheck
from market.sizing.stance import Stance


def numbers_of(check: SizeCheck) -> dict[str, object]:
    """All numbers behind `/size` at the leverage asked, and under `fitting` those at the highest that fits (or None).

    The risk budget is before `new_notional_factor`: that share of it may be taken now.
    """
    return {
        **_of_stance(check.asked),
        "asset": check.position.asset,
        "side": check.position.side.value,
        "mode": check.position.mode.value,
        "inverse": check.position.is_inverse,
        "verdict": check.verdict.value,
        "max_leverage": check.max_leverage,
        "binding_cap": check.binding_cap.value,
        "funding_mean_8h": check.conditions.funding_8h,
        "funding_now_8h": check.conditions.funding_now_8h,
        "caps": {cap.value: leverage for cap, leverage in check.caps.items()},
        "chain": [
            {"why": link.why.value, "factor": link.factor, "leverage": link.leverage} for link in check.chain
        ],
        "entry": check.trade.entry_usd,
        "hold_hours": check.trade.hold_hours,
        "sigma": check.trade.sigma,
        "sigma_horizon": check.trade.sigma_horizon,
        "equity": check.position.equity_usd,
        "margin_total": check.margin_total_usd,
        "margin_to_deposit": check.margin_to_deposit_usd,
        "drawdown_budget": check.budget.share,
        "risk_budget_notional": check.budget.notional_usd,
        "risk_budget_leverage": check.budget.leverage,
        "risk_budget_exit": check.budget.exit_usd,
        "new_notional_factor": check.new_notional_factor,
        **advice_numbers(check.advised),
        "regime": check.state.value,
        "tightened": check.tightened,
        "assumptions": [assumption.value for assumption in check.assumptions],
        "tiers": {"venue": check.tiers.venue.value, "published_on": check.tiers.published_on},
        "fitting": None if check.fitting is None else _of_stance(check.fitting),
    }


def advice_numbers(advised: Advised) -> dict[str, object]:
    """The advice, its grounds, and what it would be if all that is unknown flashed."""
    return {
        "advice": advised.advice.value,
        "because": [ground.value for ground in advised.grounds],
        "could_be": advised.could_be.value,
    }


def _of_stance(stance: Stance) -> dict[str, object]:
    return {
        "leverage": stance.leverage,
        "notional": stance.notional_usd,
        "liquidation_price": stance.liquidation_price_usd,
        "liquidation_distance": stance.liquidation_distance,
        "distance_sigma": stance.distance_sigma,
        "touch_probability": stance.touch_probability,
        "maintenance_rate": stance.maintenance_rate,
        "survives_10pct": stance.survives_adverse_move,
        "survives_2sigma": stance.survives_two_sigma,
        "funding_cost": stance.funding_cost_usd,
        "funding_of_margin": stance.funding_of_margin,
        "trim": stance.ladder.trim_usd,
        "hedge": stance.ladder.hedge_usd,
        "exit": stance.ladder.exit_usd,
    }
