"""Every threshold by which option quotes are believed and read, beside the sentence of section 6 it stands for."""

from dataclasses import dataclass

from market.observations import MINUTE_MS


@dataclass(frozen=True, slots=True)
class OptionRules:
    """Which quotes to believe, and what a smile needs; shares and volatilities are fractions."""

    # "excluding expiries <2 d"
    least_days: float = 2.0
    # "IV in (5%,400%)"
    lowest_iv: float = 0.05
    highest_iv: float = 4.0
    # "need (OI>0 or volume>0) and a bid; spread/mid<=.5"
    widest_spread: float = 0.5
    # "reject expiry if |F_parity/underlying-1|>.5%"
    parity_tolerance: float = 0.005
    # ">=5 strikes with 10..45 delta on both sides"
    least_strikes: int = 5
    least_a_side: int = 2
    least_delta: float = 0.10
    most_delta: float = 0.45
    # "drop IV >5 MAD from local quadratic", and by more than 2.5 vol points: no true smile is a quadratic
    outlier_mads: float = 5.0
    outlier_least: float = 0.025
    # "mark_iv unchanged 30 min while index moved >1% = stale"
    stale_after_ms: int = 30 * MINUTE_MS
    stale_move: float = 0.01
    # "No bracket -> flat only if T within +-25% of target, else None"
    flat_within: float = 0.25
    # "Forward variance <0 = bad surface/event: mark quality .5"
    suspect_quality: float = 0.5
    # says "gamma within +-5%"
    gamma_within: float = 0.05
