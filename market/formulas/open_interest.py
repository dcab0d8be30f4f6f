"""Leverage standing in the market: growth in native units, what price did to it, and its quadrants (section 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log
from statistics import fmean

from market.formulas.logic import all_of


class Quadrant(StrEnum):
    """Price direction beside the direction of open interest."""

    NEW_LONGS = "new_longs"
    SHORT_COVERING = "short_covering"
    BUILDING_PRESSURE = "building_pressure"
    UNWINDING = "unwinding"
    NEUTRAL = "neutral"


QUADRANTS = tuple(Quadrant)
"""In the order by which a fact, which is a number, names one."""


@dataclass(frozen=True, slots=True)
class Change:
    """What open interest did between two instants, and why its US dollars moved.

    `coins` and `usd` are fractions; `positioning_usd` is what traders added or closed at the old price,
    `revaluation_usd` what the move of the price did to what was left; they sum to the change in US dollars.
    """

    coins: float
    usd: float
    positioning_usd: float
    revaluation_usd: float


@dataclass(frozen=True, slots=True)
class ChainedGrowth:
    """Growth over the venues known at both ends, as a fraction, and their share of all open interest seen (0..1)."""

    growth: float
    share_present: float


@dataclass(frozen=True, slots=True)
class Digestion:
    """Mean log change of open interest in falling and in rising hours, and whether leverage is being worked off."""

    falling: float
    rising: float
    is_digesting: bool


def decompose(
    coins_before: float, coins_after: float, price_before: float, price_after: float
) -> Change | None:
    """The change of a linear contract's open interest in coins, in US dollars and in its two causes.

    None unless coins and price were positive before. In logs the US dollars are the sum: see `log_change_usd`.
    """
    if coins_before <= 0.0 or price_before <= 0.0:
        return None
    return Change(
        coins=coins_after / coins_before - 1.0,
        usd=coins_after * price_after / (coins_before * price_before) - 1.0,
        positioning_usd=price_before * (coins_after - coins_before),
        revaluation_usd=coins_after * (price_after - price_before),
    )


def log_change_usd(log_change_coins: float, log_return: float) -> float:
    """The log change in US dollars: the log change in coins plus the log return of the price."""
    return log_change_coins + log_return


def inverse_coins(contracts_usd: float, price_usd: float) -> float | None:
    """What US dollar contracts settled in coin weigh in coins: it grows as price falls, without any trading."""
    return contracts_usd / price_usd if price_usd > 0.0 else None


def chained_growth(
    before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> ChainedGrowth | None:
    """Growth over the venues present at both ends: a venue that drops out is no flush.

    Values are one unit throughout, by venue; None or a missing key is unknown. None where no venue is at both ends.
    """
    start = {venue: value for venue, value in before.items() if value is not None}
    pairs = [(value, end) for venue, value in start.items() if (end := after.get(venue)) is not None]
    shared, total = sum(value for value, _ in pairs), sum(start.values())
    if shared <= 0.0:
        return None
    return ChainedGrowth(growth=sum(end for _, end in pairs) / shared - 1.0, share_present=shared / total)


def quadrant(price_change: float, price_band: float, oi_change: float, oi_band: float) -> Quadrant:
    """Which of the four stories a window tells; within a band (positive, same unit as its change) it is neutral.

    Price down with open interest up is pressure building, both down is unwinding.
    """
    if abs(price_change) < price_band or abs(oi_change) < oi_band:
        return Quadrant.NEUTRAL
    if price_change > 0.0:
        return Quadrant.NEW_LONGS if oi_change > 0.0 else Quadrant.SHORT_COVERING
    return Quadrant.BUILDING_PRESSURE if oi_change > 0.0 else Quadrant.UNWINDING


def quadrant_of(code: float | None) -> Quadrant | None:
    """The quadrant that a fact names; None of None."""
    return None if code is None else QUADRANTS[int(code)]


def quadrant_code(
    price_change: float | None, price_band: float | None, oi_change: float | None, oi_band: float | None
) -> float | None:
    """The number of a quadrant for a fact; None where a change or a band is unknown."""
    if price_change is None or not price_band or oi_change is None or not oi_band:
        return None
    return float(QUADRANTS.index(quadrant(price_change, price_band, oi_change, oi_band)))


def moving_hours(log_returns: Sequence[float], band: float) -> tuple[int, int]:
    """How many hours fell and how many rose by more than `band` (log)."""
    return sum(one < -band for one in log_returns), sum(one > band for one in log_returns)


def digestion(
    log_returns: Sequence[float],
    oi_log_changes: Sequence[float],
    sigma_1h: float,
    *,
    band_sigmas: float,
    least_hours: int,
    falling_below: float,
    rising_share: float,
) -> Digestion | None:
    """Whether leverage declines on down moves and stabilises on up moves; None with too few hours of either kind.

    Returns and changes are paired by hour. `sigma_1h` is a fraction; hours within its band count for neither. Digesting: the mean change
    in falling hours is below `falling_below` and the mean in rising hours at least -`rising_share` of its size.
    """
    band = band_sigmas * sigma_1h
    pairs = list(zip(log_returns, oi_log_changes, strict=True))
    falling = [change for log_return, change in pairs if log_return < -band]
    rising = [change for log_return, change in pairs if log_return > band]
    if not falling or not rising or min(len(falling), len(rising)) < least_hours:
        return None
    down, up = fmean(falling), fmean(rising)
    return Digestion(down, up, is_digesting=down < falling_below and up >= -rising_share * abs(down))


def from_peak(coins: float, peak_coins: float) -> float | None:
    """How far open interest stands below its peak, as a fraction (0 or less); None without a positive peak."""
    return coins / peak_coins - 1.0 if peak_coins > 0.0 else None


def is_rolling_over(
    was_elevated: bool | None, from_peak_7d: float | None, change_24h: float | None, peak_threshold: float
) -> bool | None:
    """Elevated within a week, now off the peak by the threshold (a negative fraction) and still shrinking."""
    return all_of(
        was_elevated,
        None if from_peak_7d is None else from_peak_7d <= peak_threshold,
        None if change_24h is None else change_24h < 0.0,
    )


def is_flushed(from_peak_7d: float | None, flush_threshold: float) -> bool | None:
    """Whether so much left since the week's peak (a negative fraction, -15 %) that it was no ordinary closing."""
    return None if from_peak_7d is None else from_peak_7d <= flush_threshold


def log_change(before: float, after: float) -> float | None:
    """ln(after / before); None unless both are positive."""
    return log(after / before) if before > 0.0 and after > 0.0 else None
