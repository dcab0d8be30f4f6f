"""What is told of leverage beside the readings' own numbers, worked out every five minutes and kept ready (sections 3, 4).

It is as of the last full five minutes that were looked at, of an hour where bars are hours: a look only reads it out.
"""

from math import expm1, sqrt
from typing import Protocol

from market.evidence_rules import LEAST_HOURS
from market.formulas.liquidations import (
    intensity_bps,
    is_down_day_on_modest_spot,
    is_fading,
    liquidations_to_volume,
    relative_to_usual,
)
from market.formulas.logic import all_of, any_of, as_number, at_least, at_most
from market.formulas.open_interest import decompose, from_peak, is_flushed, quadrant_code
from market.rolling import Lagged, RankWindow
from market.rules import Rules
from market.state.liquidations import LiquidationWindows
from market.state.open_interest import OpenInterestSeries, OpenInterestWindows, ttl_of
from market.state.price import PriceWindows
from market.state.spot import SpotWindows
from market.state.turnover import TurnoverWindows
from market.state.volatility import VolatilityWindows

DAY_HOURS = 24.0

Told = dict[str, float | None]


class Windows(Protocol):
    """What is remembered of an asset, as far as leverage is told by it."""

    price: PriceWindows
    volatility: VolatilityWindows
    liquidations: LiquidationWindows
    open_interest: OpenInterestWindows
    spot: SpotWindows
    turnover: TurnoverWindows


def told_of_liquidations(state: Windows, now_ms: int, rules: Rules) -> Told:
    """Five minutes and a day beside the hour, and what the day's closing is beside spot, its week, and the way price went.

    {} before anything was heard.
    """
    if state.liquidations.at_ms is None:
        return {}
    return _by_window(state, now_ms) | _against_others(state, now_ms, rules)


def told_of_interest(state: Windows, now_ms: int, rules: Rules) -> Told:
    """The split of its dollars, the stories of an hour and a day, how it digests, and spot beside it; {} of none."""
    series = state.open_interest.primary(now_ms, rules.freshness)
    if series is None:
        return {}
    peak, hour = series.peak_7d.largest, series.growth(series.hour)
    off_peak = None if not peak else from_peak(series.coins, peak)
    return (
        {
            "change_1h": None if hour is None else expm1(hour),
            "flushed": as_number(is_flushed(off_peak, rules.open_interest.flushed_from_peak)),
        }
        | _beside_price(state, series, rules)
        | _digestion(series)
        | {"spot_usd_24h": state.spot.day_usd(now_ms), "spot_relative": state.spot.relative(now_ms)}
    )


def range_relative(liquidations: LiquidationWindows, price: PriceWindows) -> float | None:
    """RRI: the day's long liquidations against their usual, over the day's range against its usual."""
    totals, ranges = liquidations.long_days, price.ranges
    usual_total, usual_range, span = totals.median(), ranges.median(), price.range_24h()
    if not usual_total or not usual_range or not span or len(totals) < LEAST_HOURS:
        return None
    if not liquidations.is_day_whole:
        return None
    return (liquidations.longs.day.total / usual_total) / (span / usual_range)


def _by_window(state: Windows, now_ms: int) -> Told:
    """In bps of open interest at their start, and in bps of volume."""
    windows, traded = state.liquidations, state.turnover
    longs, shorts, fives = windows.longs, windows.shorts, windows.bursts
    long_5m, short_5m = (fives.longs[-1], fives.shorts[-1]) if fives.longs else (None, None)
    five_usd, hour_usd, day_usd = traded.five_usd, traded.hour_usd(), traded.day_usd()
    day_ago_usd = state.open_interest.usd_day_ago.before(now_ms)
    return {
        "long_usd_5m": long_5m,
        "short_usd_5m": short_5m,
        "long_bps_5m": fives.long_bps,
        "short_bps_5m": fives.short_bps,
        "long_percentile_5m": fives.rank,
        "printing_buckets_12": float(fives.printing) if fives.longs else None,
        "long_bps_24h": intensity_bps(longs.day.total, day_ago_usd),
        "short_bps_24h": intensity_bps(shorts.day.total, day_ago_usd),
        "long_percentile_24h": longs.rank_day(),
        "long_bps_of_volume_5m": None if long_5m is None else intensity_bps(long_5m, five_usd),
        "short_bps_of_volume_5m": None if short_5m is None else intensity_bps(short_5m, five_usd),
        "long_bps_of_volume_1h": intensity_bps(longs.hour.total, hour_usd),
        "short_bps_of_volume_1h": intensity_bps(shorts.hour.total, hour_usd),
        "long_bps_of_volume_24h": intensity_bps(longs.day.total, day_usd),
        "short_bps_of_volume_24h": intensity_bps(shorts.day.total, day_usd),
    }


def _against_others(state: Windows, now_ms: int, rules: Rules) -> Told:
    windows, limits = state.liquidations, rules.liquidations
    spot = state.spot.relative(now_ms)
    usual = windows.long_days.median() if len(windows.long_days) >= LEAST_HOURS else None
    day_usd = windows.longs.day.total if windows.is_day_whole else None
    relative = None if day_usd is None else relative_to_usual(day_usd, usual)
    is_down_day = (
        None
        if spot is None
        else is_down_day_on_modest_spot(
            has_fallen=_has_fallen(state, rules),
            percentile=windows.longs.rank_day(),
            rare=limits.modest_spot_percentile,
            spot=spot,
            modest=limits.modest_spot_ratio,
        )
    )
    return {
        "ldr": liquidations_to_volume(relative, spot),
        "fading": as_number(_is_fading(state, day_usd, now_ms, rules)),
        "down_day_modest_spot": as_number(is_down_day),
        "leverage_unwind": as_number(_is_unwinding(state, rules)),
    }


def _is_fading(state: Windows, day_usd: float | None, now_ms: int, rules: Rules) -> bool | None:
    windows, limits = state.liquidations, rules.liquidations
    peak_usd = windows.long_peak_7d.largest
    if day_usd is None or peak_usd is None:
        return None
    _, rank = windows.long_intensity(state.open_interest.usd_hour_ago.before(now_ms))
    return is_fading(day_usd, peak_usd, rank, limits.fading_share, limits.fading_percentile)


def _is_unwinding(state: Windows, rules: Rules) -> bool | None:
    """Whether leverage unwinds, which is no clean new valuation: much closed for the way, in a shock, again and again."""
    limits = rules.liquidations
    is_stretched = at_least(range_relative(state.liquidations, state.price), limits.range_relative)
    is_printing = state.liquidations.bursts.is_printing(limits.printing_buckets)
    return all_of(is_stretched, is_printing, _is_shocked(state.price, rules))


def _has_fallen(state: Windows, rules: Rules) -> bool | None:
    """Whether it is a down day: by half of what a day moves, or more."""
    change = state.price.log_return(state.price.day.price)
    variance = state.volatility.hourly_variance(rules.volatility)
    if change is None or variance is None:
        return None
    return change <= rules.liquidations.down_day_sigmas * sqrt(max(0.0, variance) * DAY_HOURS)


def _is_shocked(price: PriceWindows, rules: Rules) -> bool | None:
    """Whether price fell faster than had been priced, over an hour, four or a day."""
    limits = rules.price
    return any_of(
        at_most(price.shock(price.hour), limits.shock_1h),
        at_most(price.shock(price.four_hours), limits.shock_4h),
        at_most(price.shock(price.day), limits.shock_24h),
    )


def _beside_price(state: Windows, series: OpenInterestSeries, rules: Rules) -> Told:
    """What open interest and price did together; None of all where one of the two is old: they are not of one time."""
    told = _in_usd(state, series) | _quadrants(state, series, rules)
    apart_ms = abs(series.at_ms - state.price.price_at_ms)
    return told if apart_ms <= ttl_of(series, rules.freshness) else dict.fromkeys(told)


def _in_usd(state: Windows, series: OpenInterestSeries) -> Told:
    """The change in US dollars over an hour, a day and three: what was added or closed, and what price made of the rest."""
    past, told = state.price, Told()
    for span, coins, price in (
        ("1h", series.hour, past.hour.price),
        ("24h", series.day, past.day.price),
        ("72h", series.three_days, state.open_interest.price_3d_ago),
    ):
        before, then_usd = coins.before(series.at_ms), price.before(past.price_at_ms)
        change = (
            None
            if before is None or then_usd is None or past.price_usd is None
            else decompose(before, series.coins, then_usd, past.price_usd)
        )
        told[f"usd_change_{span}"] = None if change is None else change.usd
        told[f"positioning_usd_{span}"] = None if change is None else change.positioning_usd
        told[f"revaluation_usd_{span}"] = None if change is None else change.revaluation_usd
    return told


def _quadrants(state: Windows, series: OpenInterestSeries, rules: Rules) -> Told:
    """Which of the four stories an hour and a day tell, by number (market.formulas.open_interest.quadrant_of)."""
    price, limits = state.price, rules.open_interest
    variance = state.volatility.hourly_variance(rules.volatility)
    band = None if variance is None else limits.quadrant_price_sigmas * sqrt(max(0.0, variance))
    least = min(series.least_samples, LEAST_HOURS)

    def of(past: Lagged, lag: Lagged, growths: RankWindow, price_band: float | None) -> float | None:
        growth = series.growth(lag)
        sigma = growths.robust_sigma() if growth is not None and len(growths) >= least else None
        oi_band = None if sigma is None else limits.quadrant_interest_sigmas * sigma
        return quadrant_code(price.log_return(past), price_band, growth, oi_band)

    day_band = None if band is None else band * sqrt(DAY_HOURS)
    return {
        "quadrant_1h": of(price.hour.price, series.hour, series.hour_growths, band),
        "quadrant_24h": of(price.day.price, series.day, series.growths, day_band),
    }


def _digestion(series: OpenInterestSeries) -> Told:
    """What open interest did in the hours of the last 72 that fell and in those that rose, mean log changes."""
    pairs = series.pairs
    return {
        "digest_falling": pairs.falling,
        "digest_rising": pairs.rising,
        "digest_falling_hours": float(pairs.falling_hours),
        "digest_rising_hours": float(pairs.rising_hours),
        "digesting": as_number(pairs.is_digesting),
    }
