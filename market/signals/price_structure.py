"""Price structure: is price weak, has it broken down fast, or has it stopped falling (quant.md section 1)."""

from math import sqrt

from market.evidence_rules import LEAST_HOURS
from market.formulas.horizons import Horizon
from market.formulas.logic import all_of, any_of, at_most
from market.formulas.statistics import freshness_quality, time_to_live_ms
from market.observations import DAY_MS, HOUR_MS
from market.reading import (
    LEARNED_MONTH,
    MONTH_HOURS,
    Because,
    Condition,
    Facts,
    Measure,
    Reading,
    Signal,
    absent,
    claim,
    learning,
    measure,
    presence_of,
)
from market.rules import PriceRules, Rules
from market.state import MarketState

NAME, UNIT = "price", "USD"


def read(state: MarketState, now_ms: int, rules: Rules) -> Reading:
    """Read price structure: value in US dollars; returns are logs, shocks in sigmas, drawdowns fractions."""
    price = state.price
    if price.price_usd is None:
        return absent(NAME, UNIT)
    fresh = rules.freshness
    ttl_ms = time_to_live_ms(fresh.price_ttl_ms, price.step_ms, fresh.cadence_factor)
    quality = freshness_quality(now_ms - price.price_at_ms, ttl_ms)
    facts = _facts(state, rules)
    learned = len(price.ranges.ordered)
    return Reading(
        NAME,
        UNIT,
        presence_of(price.price_at_ms, now_ms, ttl_ms, fresh.absent_after_ms),
        Because.LAST_TRADE if price.is_last_trade else Because.MEASURED,
        value=price.price_usd,
        quality=quality * fresh.last_trade_quality if price.is_last_trade else quality,
        asof_ms=price.price_at_ms,
        ttl_ms=ttl_ms,
        facts=facts,
        conditions=_conditions(state, facts, rules.price),
        learning=None if learned > LEARNED_MONTH else learning(learned, LEAST_HOURS, MONTH_HOURS),
    )


def _facts(state: MarketState, rules: Rules) -> dict[str, float | None]:
    price = state.price
    usd = price.price_usd or 0.0
    variance = state.volatility.hourly_variance(rules.volatility)
    span, usual = price.range_24h(), price.ranges.median()
    r_1h, r_4h = price.log_return(price.hour.price), price.log_return(price.four_hours.price)
    r_24h = price.log_return(price.day.price)
    since_low_ms = None if price.new_low_at_ms is None else price.price_at_ms - price.new_low_at_ms
    facts = {
        "price_usd": usd,
        "r_1h": None if price.step_ms > HOUR_MS else r_1h,
        "r_4h": r_4h,
        "r_24h": r_24h,
        "r_7d": price.log_return(price.week),
        "shock_1h": price.in_sigmas(r_1h, price.hour),
        "shock_4h": price.in_sigmas(r_4h, price.four_hours),
        "shock_24h": price.in_sigmas(r_24h, price.day),
        "sigma_1d": None if variance is None else sqrt(max(0.0, variance) * 24.0),
        "drawdown_3d": price.drawdown(3),
        "drawdown_7d": price.drawdown(7),
        "drawdown_30d": price.drawdown(30),
        "drawdown_90d": price.drawdown(90),
        "mean_7d_usd": price.mean_7d.mean,
        "range_ratio": None if span is None or not usual else span / usual,
        "range_percentile": None
        if span is None or len(price.ranges) < LEAST_HOURS
        else price.ranges.rank(span),
        "hours_since_low_72h": None if since_low_ms is None else since_low_ms / HOUR_MS,
        "step_ms": float(price.step_ms),
        "drawdown_ever": price.drawdown_ever(),
        "stored_days": (price.price_at_ms - price.highest_since_ms) / DAY_MS,
        **price.hourly_facts(rules.price),
    }
    facts |= _fives(state, facts, rules.price)
    return facts


def _fives(state: MarketState, facts: dict[str, float | None], rules: PriceRules) -> Facts:
    """What bars of five minutes tell; all None where the source's bars are longer.

    A flagged bucket is noise where hours and days reach no farther; without such bars it leaves the OR.
    """
    closes = state.closes
    if not closes.is_current(state.price.price_at_ms):
        return _NO_FIVES
    fives = closes.facts(rules.pivot_margin)
    if fives["flagged_5m_24h"] and facts["horizon"] == Horizon.QUIET:
        facts["horizon"] = float(Horizon.NOISE)
    return fives


_NO_FIVES: Facts = dict.fromkeys(
    (
        *("r_5m", "sigma_5m", "shock_5m", "flagged_5m_24h", "trend_fast"),
        *("fast_lower_low", "fast_lower_low_in_progress", "fast_higher_low", "fast_low_usd", "fast_high_usd"),
        "fast_swing_at_ms",
    )
)


def _conditions(state: MarketState, facts: Facts, rules: PriceRules) -> tuple[Condition, ...]:
    r_24h, sigma_1d = facts["r_24h"], facts["sigma_1d"]
    band = None if sigma_1d is None else rules.confirm_band_sigmas * sigma_1d
    down = None if r_24h is None or band is None else r_24h < -band
    up = None if r_24h is None or band is None else r_24h > band
    flat = None if down is None or up is None else not (down or up)
    return (
        _weak(state, facts, rules),
        _broken(state, facts, rules),
        _stabilised(state, facts, rules),
        _downtrend(state, facts, rules),
        claim("down", down),
        claim("up", up),
        claim("flat", flat),
    )


def _weak(state: MarketState, facts: Facts, rules: PriceRules) -> Condition:
    """`pd`: falling below the last low now, or a shock."""
    week, lower = facts["r_7d"], state.price.swings.lower_low_in_progress()
    weak = any_of(
        all_of(None if week is None else week < 0.0, lower),
        at_most(facts["shock_24h"], rules.weak_shock_24h),
    )
    return Condition(
        "pd",
        weak,
        weak,
        exit_after_ms=rules.weak_exit_ms,
        measures=(
            measure("shock_24h", facts["shock_24h"], rules.weak_shock_24h, "sigma", above=False),
            measure("r_7d", facts["r_7d"], 0.0, "fraction", above=False),
            measure("lower_low_in_progress", facts["lower_low_in_progress"], 1.0, "claim"),
        ),
    )


def _downtrend(state: MarketState, facts: Facts, rules: PriceRules) -> Condition:
    """`downtrend`: confirmed lower lows in a week that fell, or well below the week's mean and high; for the words alone."""
    usd, mean, sigma_1d = facts["price_usd"], facts["mean_7d_usd"], facts["sigma_1d"]
    week, lower = facts["r_7d"], state.price.swings.lower_low(rules.pivot_margin)
    below = None if usd is None or mean is None else usd < mean
    deep = None if sigma_1d is None else rules.downtrend_drawdown_sigmas * sigma_1d
    falling = all_of(None if week is None else week < 0.0, lower)
    return claim(
        "downtrend",
        any_of(falling, all_of(below, None if deep is None else at_most(facts["drawdown_7d"], deep))),
    )


def _broken(state: MarketState, facts: Facts, rules: PriceRules) -> Condition:
    """`brk`: a confirmed low was lost in a shock and is not yet regained."""
    price = state.price
    below = price.swings.is_below_last_low(price.price_usd or 0.0, rules.pivot_margin)
    broken = True if price.broken_low_usd is not None else None if below is None else False
    return Condition("brk", broken, broken, measures=_shocks(facts, rules))


def _shocks(facts: Facts, rules: PriceRules) -> tuple[Measure, ...]:
    return (
        measure("shock_1h", facts["shock_1h"], rules.shock_1h, "sigma", above=False),
        measure("shock_4h", facts["shock_4h"], rules.shock_4h, "sigma", above=False),
        measure("shock_24h", facts["shock_24h"], rules.shock_24h, "sigma", above=False),
    )


def _stabilised(state: MarketState, facts: Facts, rules: PriceRules) -> Condition:
    """`stab`: no new 72 h low for a day, and a higher low or a compressed range."""
    price = state.price
    first = price.first_at_ms
    looked = first is not None and price.price_at_ms - first >= rules.low_window_ms - price.step_ms
    hours = facts["hours_since_low_72h"]
    quiet_hours = rules.no_new_low_ms / HOUR_MS
    holds = hours >= quiet_hours if looked and hours is not None else None
    if holds and not price.covers(rules.no_new_low_ms):
        holds = None
    compressed = all_of(
        at_most(facts["range_ratio"], rules.compression_ratio),
        at_most(facts["range_percentile"], rules.compression_percentile),
    )
    stable = all_of(holds, any_of(price.swings.higher_low(rules.pivot_margin), compressed))
    return Condition(
        "stab",
        stable,
        stable,
        measures=(
            measure("hours_since_low_72h", hours, quiet_hours, "h"),
            measure("higher_low", facts["higher_low"], 1.0, "claim"),
            measure("range_ratio", facts["range_ratio"], rules.compression_ratio, "ratio", above=False),
        ),
    )


SIGNAL = Signal(NAME, order=1, weight=0.25, read=read)
