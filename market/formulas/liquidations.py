"""Forced closing: how heavy, how one-sided, and what a throttled feed leaves out (quant.md section 3)."""

from dataclasses import dataclass
from math import fsum, log

from market.formulas.logic import all_of, at_least, at_most

BPS = 10_000.0
EIN_TERMS = 200


@dataclass(frozen=True, slots=True)
class ThrottleCorrection:
    """What a feed of one event per second hides: the true event rate and the factors for the missing volume.

    `is_saturated`: the seconds are too full to correct, the sum is to be shown as "at least".
    """

    events_per_second: float
    factor_if_latest: float
    factor_if_largest: float
    is_saturated: bool


def intensity_bps(liquidated_usd: float, base_usd: float | None) -> float | None:
    """Liquidated US dollars in basis points of open interest at the window's START, or of its perpetual volume.

    The end value of open interest has already shrunk by what was closed. None without a positive base.
    """
    return BPS * liquidated_usd / base_usd if base_usd else None


def long_share(long_usd: float, short_usd: float, usual_total_usd: float) -> float | None:
    """The share of longs (0..1), drawn to one half by the usual hourly total: dust says nothing.

    None where neither anything was closed nor a usual total is known.
    """
    weight = long_usd + short_usd + usual_total_usd
    return (long_usd + 0.5 * usual_total_usd) / weight if weight > 0.0 else None


def relative_to_usual(value: float, usual: float | None) -> float | None:
    """A value over its own 30-day median; None without a positive median."""
    return value / usual if usual else None


def liquidations_to_volume(
    liquidations_relative: float | None, spot_volume_relative: float | None
) -> float | None:
    """Down days with modest spot volume (LDR): liquidations over their usual, by spot volume over its usual."""
    if liquidations_relative is None or not spot_volume_relative:
        return None
    return liquidations_relative / spot_volume_relative


def range_relative_intensity(
    liquidations_relative: float | None, range_relative: float | None
) -> float | None:
    """How much was liquidated for the distance price went (RRI): both over their usual. High: leverage unwinds."""
    if liquidations_relative is None or not range_relative:
        return None
    return liquidations_relative / range_relative


def is_fading(
    day_usd: float, largest_day_usd: float, percentile: float | None, share: float, percentile_cap: float
) -> bool | None:
    """Whether a day's long liquidations fell below `share` of the week's largest day and rank below the cap (0..1)."""
    return all_of(
        day_usd < share * largest_day_usd,
        None if percentile is None else percentile < percentile_cap,
    )


def is_down_day_on_modest_spot(
    *, has_fallen: bool | None, percentile: float | None, rare: float, spot: float | None, modest: float
) -> bool | None:
    """Whether longs are closed far more than usual on a day that fell while spot hardly trades more than usual.

    `percentile` is the day's long liquidations' (0..1), `spot` the day's spot volume over its 30-day median.
    """
    return all_of(has_fallen, at_least(percentile, rare), at_most(spot, modest))


def exponential_integral(x: float) -> float:
    """Ein(x) = integral of (1 - e^-t)/t from 0 to x, by its series; exact to rounding for 0 <= x <= 20."""
    power, terms = 1.0, []
    for k in range(1, EIN_TERMS):
        power *= x / k
        terms.append(power / k if k % 2 else -power / k)
        if power < 1e-18:
            break
    return fsum(terms)


def throttle_correction(busy_seconds: int, seconds: int, saturated_share: float) -> ThrottleCorrection | None:
    """What a feed of at most one order per second and symbol leaves out, from the share of seconds with an event.

    Events come as a Poisson stream: lambda = -ln(1 - p). A feed that shows the latest order misses lambda/p, one that
    shows the largest misses lambda/Ein(lambda) (exponential sizes; an upper guide for fatter tails). p is clipped at
    1 - 1/(2 seconds); from `saturated_share` on the result is marked saturated. None without a second observed.
    """
    if seconds <= 0 or not 0 <= busy_seconds <= seconds:
        return None
    share = busy_seconds / seconds
    if share == 0.0:
        return ThrottleCorrection(0.0, 1.0, 1.0, is_saturated=False)
    clipped = min(share, 1.0 - 1.0 / (2.0 * seconds))
    rate = -log(1.0 - clipped)
    return ThrottleCorrection(
        events_per_second=rate,
        factor_if_latest=rate / clipped,
        factor_if_largest=rate / exponential_integral(rate),
        is_saturated=share >= saturated_share,
    )


def scaled_from_full_feed(
    full_feed_usd: float, full_venue_oi: float, throttled_venue_oi: float
) -> float | None:
    """A throttled venue's liquidations guessed from a full feed elsewhere, by open interest (same unit for both)."""
    return full_feed_usd * throttled_venue_oi / full_venue_oi if full_venue_oi > 0.0 else None
