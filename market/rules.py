"""Every threshold, beside the sentence of the article (or the section of the quantitative design) it stands for.

All of them are priors that recorded history may move. What is not here stands in market/*_rules.py, and nowhere else
(tests/test_thresholds.py).
Rates are fractions per eight hours, volatilities annualised decimals, shares and ranks 0..1, times milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from market.hedge_rules import HedgeRules
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from market.option_rules import OptionRules
from market.plan_rules import PlanRules
from market.sizing_rules import SizingRules

PRICE_MEAN_HALF_LIFE_HOURS = 84.0
"""Of the weekly mean of price: "7 d EWMA of price = half-life 3.5 d" (7a.7)."""

VARIANCE_HALF_LIFE_HOURS = 72.0
"""Of the hourly variance: "EWMA on hourly RS variance, half-life 3 d" (section 2)."""

MOST_WATCHED = 300
"""So many assets one process reads and judges in a twentieth of a second (benchmarks/signals.py)."""

LOW_WINDOW_MS = 72 * HOUR_MS
"""Where a low is new: "no new 72h low" (section 1)."""


@dataclass(frozen=True, slots=True)
class FreshnessRules:
    """How old a value may be (section 0): at most this, or 1.1 times its source's own cadence."""

    # section 0 says 60 s: a bar of a minute is looked at ten seconds after its close and asked about until the next
    # look a minute later, and one look may come too early for it (decision 0006)
    price_ttl_ms: int = 150 * SECOND_MS
    # a minute's liquidations wait up to 90 s for a venue that is usually heard
    liquidations_ttl_ms: int = 4 * MINUTE_MS
    open_interest_ttl_ms: int = 10 * MINUTE_MS
    funding_predicted_ttl_ms: int = 10 * MINUTE_MS
    options_ttl_ms: int = 15 * MINUTE_MS
    # books are asked for every five minutes
    depth_ttl_ms: int = 10 * MINUTE_MS
    cadence_factor: float = 1.1
    # "a daily series for 26.4 h at quality 0.5"
    slow_cadence_ms: int = DAY_MS
    slow_quality: float = 0.5
    # "Where mark_close is empty use close with quality .9"
    last_trade_quality: float = 0.9
    # "a column is absent ... again after 7 days without one"
    absent_after_ms: int = 7 * DAY_MS
    # "below n_min ... quality x0.5; from n_min to a third of the window quality is .5"
    learning_quality: float = 0.5


@dataclass(frozen=True, slots=True)
class PriceRules:
    """Price structure (section 1)."""

    # "directional change ... th = clip(1.0*sigma_1d, 1.5%, 8%) on 1h closes"
    swing_sigmas: float = 1.0
    swing_floor: float = 0.015
    swing_cap: float = 0.08
    # "... and clip(1.0*sigma_4h,.6%,4%) on 5m (fast)"
    fast_swing_floor: float = 0.006
    fast_swing_cap: float = 0.04
    # "LOWER LOW: last confirmed low < previous confirmed low*(1-0.1%)"
    pivot_margin: float = 0.001
    # "falling faster than realized vol had been pricing": thresholds per horizon, ~1 Gaussian false hit a month each
    shock_5m: float = -4.0
    shock_1h: float = -3.0
    shock_4h: float = -2.5
    shock_24h: float = -2.0
    # "Fast break ... Exit: price back above that low for 2 h or 12 h elapsed"
    break_back_above_ms: int = 2 * HOUR_MS
    break_longest_ms: int = 12 * HOUR_MS
    # "split it into pd (lower low in progress with r_7d < 0, or shock_24h <= -1) for the table" (7a.3, decision 0042)
    weak_shock_24h: float = -1.0
    # "... and the plain downtrend for wording": (r_7d<0 and LL) or (P < 7d EWMA and drawdown_7d <= -2*sigma_1d)
    downtrend_drawdown_sigmas: float = -2.0
    # "Exit when none for 6 h"
    weak_exit_ms: int = 6 * HOUR_MS
    # "Stabilised: no new 72h low for >=24 h AND (HL confirmed OR compression)"
    low_window_ms: int = LOW_WINDOW_MS
    no_new_low_ms: int = 24 * HOUR_MS
    # "Compression: ratio to its 30 d median <= 0.5 and percentile <= 20%"
    compression_ratio: float = 0.5
    compression_percentile: float = 0.20
    # "Failing to confirm nc: r_24h < -0.25 sigma_1d, or flat (|r|<=0.25 sigma_1d) while f24>=.015%, or pd"
    confirm_band_sigmas: float = 0.25
    # gaps of more than two bars make the swings unknown for one confirmed pivot
    longest_gap_bars: int = 2
    # "NOISE = 5m buckets only; EPISODE = >=3 flagged hours of 24; REGIME = >=3 flagged days of 7"
    episode_hours: int = 3
    regime_days: int = 3


@dataclass(frozen=True, slots=True)
class VolatilityRules:
    """Realised volatility (section 2)."""

    # fewer hours than this say nothing about volatility
    least_hours: int = 24
    # a realised volatility is of nine tenths of its window at least, or of a week of a longer one
    realised_least_share: float = 0.9
    rv_30d_weight: float = 0.8
    dvol_weight: float = 0.8
    # "vol_hi: sigma/sigma_ref >= 1.5 or percentile>=80 (exit 1.25/70)"
    high_ratio: float = 1.5
    high_ratio_exit: float = 1.25
    high_percentile: float = 0.80
    high_percentile_exit: float = 0.70
    # "sigma_ref (quiet) = 1 y median RV_7d [needs 90 d], or 0.50 BTC/0.65 ETH/0.90 alt when cold"
    reference_least_hours: int = 90 * 24
    reference_cold: Mapping[str, float] = field(default_factory=lambda: {"BTC": 0.50, "ETH": 0.65})
    reference_cold_other: float = 0.90
    # "Jumps ... flag z>=3 with n>=96"
    jump_z: float = 3.0
    jump_least_returns: int = 96


@dataclass(frozen=True, slots=True)
class LiquidationRules:
    """Forced closing (section 3): "repeated long-liquidation clusters", a five-minute spike is noise."""

    # "Burst lb: 1h LI_oi >= 99th pct and >= 5 bps and long share>=.65"
    burst_percentile: float = 0.99
    burst_bps: float = 5.0
    # "Flagged hour: LI_oi >= 95th pct & >= 2 bps & share >=.65 (exit 80th)"
    flagged_percentile: float = 0.95
    flagged_percentile_exit: float = 0.80
    flagged_bps: float = 2.0
    share: float = 0.65
    # "Cluster lc: >=3 flagged hours in 24, or >=3 flagged days in 7"
    cluster_hours: int = 3
    cluster_days: int = 3
    # "RRI>=2" is caution in the table
    range_relative: float = 2.0
    # "RRI>=2 ... and >=4 of the last 12 five-minute buckets printing longs": leverage unwinds
    printing_buckets: int = 4
    # "Down days with modest spot volume: r_24h<=-.5 sigma_1d AND liq pct>=90 AND spot volume <=1.25x 30 d median"
    down_day_sigmas: float = -0.5
    modest_spot_percentile: float = 0.90
    modest_spot_ratio: float = 1.25
    # "LDR ... flag >=3"
    leverage_to_spot: float = 3.0
    # "Fading: 24h long liq < 50% of the 7 d max 24h and pct<75"
    fading_share: float = 0.5
    fading_percentile: float = 0.75
    # "p>=.95 in any minute => mark SATURATED"
    saturated_share: float = 0.95
    # "Min 100 events in 6 h else None ... Flag n>=.6 (piecewise) or pct>=95 as corroboration only"
    branching_least_events: int = 100
    branching_high: float = 0.6
    branching_percentile: float = 0.95


@dataclass(frozen=True, slots=True)
class OpenInterestRules:
    """Leverage standing in the market (section 4), growth always in coins."""

    # "oe elevated: 90 d pct of native OI >= 75 (exit 65) or pct of OI_usd/ADV_30d >= 85"
    elevated_percentile: float = 0.75
    elevated_percentile_exit: float = 0.65
    turnover_percentile: float = 0.85
    turnover_percentile_exit: float = 0.75
    # "ou rising fast: +5%/24h or z>=1.5 (exit +2%)"
    rising_24h: float = 0.05
    rising_24h_exit: float = 0.02
    rising_z: float = 1.5
    # "oc compressing: <= -5%/72h (exit -2%)"
    compressing_72h: float = -0.05
    compressing_72h_exit: float = -0.02
    # "Rolling over: oe within 7 d AND <= -5% from 7 d peak AND 24h<0"; stage information only (7a.4)
    rolling_from_peak: float = -0.05
    elevated_within_ms: int = 7 * DAY_MS
    # "Flush: <= -15% from 7 d peak"
    flushed_from_peak: float = -0.15
    # "Quadrants (dead-band |r|<.25 sigma_h, |dOI|<.25 MAD-sigma of dOI_h)"
    quadrant_price_sigmas: float = 0.25
    quadrant_interest_sigmas: float = 0.25
    # "last 72 hourly pairs; D=mean(dlnOI | r<-.2 sigma_1h), U=..., >=12 each; digest if D<-.05% and U>=-.25|D|"
    digest_hours: int = 72
    digest_move_sigmas: float = 0.2
    digest_least_hours: int = 12
    digest_decline: float = -0.0005
    digest_hold_share: float = 0.25


@dataclass(frozen=True, slots=True)
class FundingRules:
    """Who pays to stay in (section 5), per eight hours."""

    # "fe elevated f24>=.03%/8h or (90 d pct>=90 and f24>=.015%) (exit .02%/80)"
    elevated: float = 0.0003
    elevated_exit: float = 0.0002
    elevated_percentile: float = 0.90
    elevated_percentile_exit: float = 0.80
    # "Materially positive while price weakens: f24>=.015%"
    material: float = 0.00015
    # "fn NOT reset: f24>.008%/8h"
    not_reset: float = 0.00008
    # "fr reset: f24<=.005%/8h for >=2 settlements/16 h"
    reset: float = 0.00005
    reset_after_ms: int = 16 * HOUR_MS
    # "fd deeply negative: f24<=-.02%/8h or (pct<=5 and f<-.005%)"
    deeply_negative: float = -0.0002
    negative_percentile: float = 0.05
    negative: float = -0.00005
    # "fn&pd for >=16 h" is stress in the table
    paying_while_falling_ms: int = 16 * HOUR_MS
    # "n_min funding 30 settlements"
    least_settlements: int = 30
    # "Flipped: sign<0 on 2 consecutive settlements"
    flipped_settlements: int = 2
    # "funding-cap prints (±cap) are censored -> level 2": where they are of the venues with most of the open interest
    capped_share: float = 0.5


@dataclass(frozen=True, slots=True)
class SkewRules:
    """What downside protection costs (section 6), in vol points at constant 30-day maturity."""

    # "ks steep: z>=1.5 or skew30>=8 pts"
    steep_z: float = 1.5
    steep_points: float = 8.0
    # level 1 of the table: "1<=z<1.5"
    caution_z: float = 1.0
    # "kst steepening: d24h>=+1.5 pts and z(d24h)>=1.5"
    steepening_points: float = 1.5
    steepening_z: float = 1.5
    # "Normalising: fell >=50% from 7 d peak and d24h<0"
    normalising_share: float = 0.5
    # "Term inversion: atm7-atm30>0; stress > +5 pts"
    inverted_points: float = 5.0


@dataclass(frozen=True, slots=True)
class DepthRules:
    """What rests in the books near the price (section 8.3: "depth1%/median depth"; section 9: depth x1, x.3, x.1)."""

    # "depth1%": within this of the middle, a side
    within: float = 0.01
    # "/median depth": of 30 days, and "n_min 7 d"
    least_days: int = 7


@dataclass(frozen=True, slots=True)
class RegimeRules:
    """From flags to one state (sections 7 and 7a)."""

    # "escalate after 2 of 3 evaluations"; "with a step of 15 min or more one closed bar confirms"
    escalate_of_last: int = 3
    escalate_needs: int = 2
    one_bar_confirms_ms: int = 15 * MINUTE_MS
    # "de-escalate only after the lower state held 2 h (UNWINDING->anything 4 h)"
    deescalate_after_ms: int = 2 * HOUR_MS
    deescalate_unwinding_after_ms: int = 4 * HOUR_MS
    # "INSUFFICIENT DATA = ... fewer than two inputs seen, or a stale feed taking the confidence below 0.5"
    least_inputs: int = 2
    least_confidence: float = 0.5
    # ".5-.75 -> state shown with (partial)"
    partial_confidence: float = 0.75
    # the sequence of section 8 of the article is looked for in seven days
    sequence_window_ms: int = 7 * DAY_MS
    sequence_paying_after_ms: int = 16 * HOUR_MS


@dataclass(frozen=True, slots=True)
class AlertRules:
    """When to warn (section 7a.1): edges of the 24 h price shock, and of nothing else (decision 0043)."""

    watch_shock: float = -1.5
    warning_shock: float = -2.0
    critical_shock: float = -2.5
    # "re-armed above -1 or after 24 h"
    rearm_shock: float = -1.0
    rearm_after_ms: int = 24 * HOUR_MS
    # an episode is over once the shock has stayed above the re-arm line this long
    clear_after_ms: int = 2 * HOUR_MS
    # so long out of sight, and no longer, does not begin those two hours anew; it is no part of them either
    blind_for_ms: int = 15 * MINUTE_MS
    # an episode that never lost this, nor this many daily sigmas, was a false alarm (section 10, primary label)
    real_fall: float = 0.07
    real_fall_sigmas: float = 2.5
    # "max 1 alert/state/symbol/6 h unless severity rises"
    same_state_quiet_ms: int = 6 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Rules:
    """All thresholds together."""

    freshness: FreshnessRules = field(default_factory=FreshnessRules)
    price: PriceRules = field(default_factory=PriceRules)
    volatility: VolatilityRules = field(default_factory=VolatilityRules)
    liquidations: LiquidationRules = field(default_factory=LiquidationRules)
    open_interest: OpenInterestRules = field(default_factory=OpenInterestRules)
    funding: FundingRules = field(default_factory=FundingRules)
    skew: SkewRules = field(default_factory=SkewRules)
    depth: DepthRules = field(default_factory=DepthRules)
    regime: RegimeRules = field(default_factory=RegimeRules)
    alerts: AlertRules = field(default_factory=AlertRules)
    sizing: SizingRules = field(default_factory=SizingRules)
    plans: PlanRules = field(default_factory=PlanRules)
    options: OptionRules = field(default_factory=OptionRules)
    hedge: HedgeRules = field(default_factory=HedgeRules)
