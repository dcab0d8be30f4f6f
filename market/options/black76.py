"""Black-76: what an option on a forward is worth, how it moves, and which volatility a price implies (section 6)."""

from dataclasses import dataclass
from functools import partial
from math import exp, log, pi, sqrt
from statistics import NormalDist

DAYS_ROOT = sqrt(365.0)
LOWEST_IV, HIGHEST_IV = 1e-6, 10.0

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class OptionValue:
    """A European option on a forward: price in US dollars and coins, both deltas (puts negative), gamma per dollar."""

    price_usd: float
    price_coins: float
    delta: float
    premium_adjusted_delta: float
    gamma: float


def option_value(
    forward_usd: float, strike_usd: float, years: float, iv: float, *, is_call: bool
) -> OptionValue:
    """Black-76 without discounting; ValueError unless forward, strike, time and volatility are positive."""
    if not (forward_usd > 0.0 and strike_usd > 0.0 and years > 0.0 and iv > 0.0):
        raise ValueError("an option needs a positive forward, strike, time and volatility")
    deviation = iv * sqrt(years)
    d1 = log(forward_usd / strike_usd) / deviation + deviation / 2.0
    sign = 1.0 if is_call else -1.0
    delta = sign * _NORMAL.cdf(sign * d1)
    adjusted = sign * strike_usd / forward_usd * _NORMAL.cdf(sign * (d1 - deviation))
    price_coins = max(0.0, delta - adjusted)
    gamma = exp(-d1 * d1 / 2.0) / sqrt(2.0 * pi) / (forward_usd * deviation)
    return OptionValue(price_coins * forward_usd, price_coins, delta, adjusted, gamma)


def implied_volatility(
    price_usd: float, forward_usd: float, strike_usd: float, years: float, *, is_call: bool
) -> float | None:
    """The volatility at which Black-76 gives this price, by bisection in (0, 1000 %).

    None where no volatility does: at or below intrinsic value, or dearer than 1000 % would be.
    """
    if not (price_usd > 0.0 and forward_usd > 0.0 and strike_usd > 0.0 and years > 0.0):
        return None
    low, high = LOWEST_IV, HIGHEST_IV
    price_at = partial(_price, forward_usd, strike_usd, years, is_call=is_call)
    intrinsic_usd = max(0.0, forward_usd - strike_usd if is_call else strike_usd - forward_usd)
    if not max(intrinsic_usd, price_at(low)) < price_usd <= price_at(high):
        return None
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if price_at(middle) < price_usd else (low, middle)
    return (low + high) / 2.0


def _price(forward_usd: float, strike_usd: float, years: float, iv: float, *, is_call: bool) -> float:
    return option_value(forward_usd, strike_usd, years, iv, is_call=is_call).price_usd


def daily_move(dvol: float) -> float:
    """The move of one day, one standard deviation, that an annual volatility says (60 % is 3.14 %)."""
    return dvol / DAYS_ROOT


def gamma_usd_per_percent(gamma: float, open_interest_coins: float, forward_usd: float) -> float:
    """How many dollars of delta open contracts gain when the price moves one percent; who holds which side is unknown."""
    return gamma * open_interest_coins * forward_usd * forward_usd * 0.01
