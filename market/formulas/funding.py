"""What it costs to stay in: funding per eight hours and per year, its formula, its mean, and basis (section 5).

Every rate is a fraction (0.0001 = 1 bp), positive when longs pay; intervals are hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

YEAR_HOURS = 8_760.0
YEAR_DAYS = 365.0
CLAMP = 0.0005
INTEREST_8H = 0.0001
DEAD_BAND = (INTEREST_8H - CLAMP, INTEREST_8H + CLAMP)
"""Every premium in it prints the interest rate, and nothing else: there the premium says more than the rate."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A dated future's premium over spot, annualised without and with compounding (fractions)."""

    simple: float
    compounded: float


@dataclass(frozen=True, slots=True)
class RateSpan:
    """A rate per eight hours that was valid for `hours`."""

    rate_8h: float
    hours: float


def rate_8h(rate: float, interval_hours: float) -> float:
    """A venue's rate per its own interval as a rate per eight hours; the interval is always the venue's word."""
    return rate * 8.0 / interval_hours


def apr(rate: float, interval_hours: float) -> float:
    """A rate per interval as a simple yearly rate (365 days): .01 % per 8 h is 10.95 %."""
    return rate * YEAR_HOURS / interval_hours


def apy(rate: float, interval_hours: float) -> float:
    """A rate per interval compounded over a year: .01 % per 8 h is 11.57 %."""
    return float((1.0 + rate) ** (YEAR_HOURS / interval_hours)) - 1.0


def from_premium(premium: float, interest: float = INTEREST_8H, clamp: float = CLAMP) -> float:
    """The rate that a premium index prints: P + clamp(I - P, +-.05 %).

    Every premium from -.04 % to +.06 % prints exactly the interest rate: the mass at .01 % says nothing more.
    """
    return premium + max(-clamp, min(clamp, interest - premium))


def blended(settled: float, predicted: float, elapsed_hours: float, interval_hours: float) -> float:
    """The last settled and the predicted rate (same unit), the predicted one weighing by how much of it has passed."""
    weight = min(1.0, max(0.0, elapsed_hours / interval_hours))
    return weight * predicted + (1.0 - weight) * settled


def time_weighted_mean(spans: Sequence[RateSpan]) -> float | None:
    """The mean rate per eight hours over spans of time (`f24` over a day); None where no time is covered."""
    hours = sum(span.hours for span in spans)
    return sum(span.rate_8h * span.hours for span in spans) / hours if hours > 0.0 else None


def weighted_by_open_interest(rates_8h: Sequence[tuple[float, float]]) -> float | None:
    """The mean of (open interest, rate per eight hours) over venues; None without open interest.

    Only rates of the same unit may be averaged: raw ones of different intervals never.
    """
    weight = sum(open_interest for open_interest, _ in rates_8h)
    return sum(open_interest * rate for open_interest, rate in rates_8h) / weight if weight > 0.0 else None


def dispersion(rates_8h: Sequence[float]) -> float | None:
    """The largest minus the smallest rate of the venues; None of nothing."""
    return max(rates_8h) - min(rates_8h) if rates_8h else None


def dated_basis(future_usd: float, spot_usd: float, days: float) -> Basis | None:
    """What a future with `days` to run pays a year over spot; None without a positive spot and time to run."""
    if spot_usd <= 0.0 or days <= 0.0 or future_usd <= 0.0:
        return None
    ratio, periods = future_usd / spot_usd, YEAR_DAYS / days
    return Basis(simple=(ratio - 1.0) * periods, compounded=float(ratio**periods) - 1.0)


def perpetual_premium(mark_usd: float, index_usd: float) -> float | None:
    """(mark - index) / index of a perpetual, a fraction; None without a positive index."""
    return (mark_usd - index_usd) / index_usd if index_usd > 0.0 else None


def is_at_cap(rate: float, cap: float) -> bool:
    """Whether a rate stands at the venue's cap (positive, same unit): it is censored, the true one lies beyond."""
    return abs(rate) >= cap > 0.0


def is_flipped(settled_rates: Sequence[float], settlements: int = 2) -> bool | None:
    """Whether the last settlements were all negative: shorts pay; None with fewer of them known."""
    if len(settled_rates) < settlements:
        return None
    return all(rate < 0.0 for rate in settled_rates[-settlements:])
