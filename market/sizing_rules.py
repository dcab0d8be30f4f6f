"""Every threshold of a position's size, beside the sentence of section 8 (or the article's) it stands for.

Shares, distances and fees are fractions of the notional unless a comment says otherwise.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChecklistRules:
    """The four checks before a trade (section 7): "two or more = reduce, three or more = wait"."""

    reduce_at: int = 2
    wait_at: int = 3
    # "u>=2 -> at best REDUCE": so many checks that are unknown, or cannot be seen, forbid an unqualified yes (decision 0044)
    unknown_reduces_at: int = 2


@dataclass(frozen=True, slots=True)
class LadderRules:
    """Trim, hedge, fully de-risk: the nearer of so many sigmas and so much of the way to liquidation (8.9)."""

    # says "trim min(1 sH,.4 d_liq); hedge min(1.5 sH,.6 d); exit min(2 sH,.8 d)"
    trim_sigmas: float = 1.0
    trim_share: float = 0.4
    hedge_sigmas: float = 1.5
    hedge_share: float = 0.6
    exit_sigmas: float = 2.0
    exit_share: float = 0.8
    # says "Risk invalidation (CROWDING or worse against you, protip, rolling over) multiplies rungs x.75 and forbids adds"
    tightened: float = 0.75


@dataclass(frozen=True, slots=True)
class SizingRules:
    """The chain of caps (section 8): "leverage capped by volatility and liquidity"."""

    # "L_base 5 majors/3 alts": kept by 7a.5, low leverage is what works
    base_majors: float = 5.0
    base_others: float = 3.0
    majors: frozenset[str] = frozenset({"BTC", "ETH"})
    # says "base, halved ... (1/2 if vol_hi or liq_hi): one halving for vol OR liq as the article says"
    halved: float = 0.5
    # says "reduced further when funding is elevated (3/4 if fe)"
    funding_factor: float = 0.75
    # says "margin buffer that survives two standard deviations; survive 10 % adverse"
    buffer_sigmas: float = 2.0
    adverse_move: float = 0.10
    # a long's base over 1 + fall / 10 %, the fall below the highest close of three days: docs/evaluation.md, decision 0039
    fall_halves_at: float = 0.10
    # phi of the vectors: a taker's fee on the notional at the price of liquidation and at each end of the trade
    fee_rate: float = 0.0005
    # says "sigma None -> use sigma_ref*1.5 and say so"
    unknown_sigma_factor: float = 1.5
    # section 0 says "New listing (<7 d): leverage cap x0.5"
    under_a_week_factor: float = 0.5
    # "hold=72h"; longer than a year is no holding time but an error of typing
    hold_hours: float = 72.0
    longest_hold_hours: float = 8_760.0
    # says "maxDD: 5% of 10k"
    drawdown_budget: float = 0.05
    # says "WAIT and REDUCE set new_notional_factor to 0 or .5 (else 1)"
    factor_when_reduce: float = 0.5
    factor_when_wait: float = 0.0
    # says "trade smaller into uncertainty: MIXED with conflict or INSUFFICIENT_DATA halves new size"
    factor_when_uncertain: float = 0.5
    # an entry so many times above or below the present price is a slip of typing; the same digits within 1.5 of it may be meant
    farthest_entry: float = 8.0
    meant_within: float = 1.5
    # a margin below a cent is zero; the arithmetic needs a number it can divide by
    least_equity_usd: float = 0.01
    checklist: ChecklistRules = field(default_factory=ChecklistRules)
    ladder: LadderRules = field(default_factory=LadderRules)

    def base_leverage(self, asset: str) -> float:
        """The leverage from which the caps start when the trader has stated none: majors or others."""
        return self.base_majors if asset in self.majors else self.base_others
