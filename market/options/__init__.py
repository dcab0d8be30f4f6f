"""Options: Black-76, which quotes to believe, and skew, butterfly and at-the-money IV at constant maturity (section 6).

Volatilities are annualised fractions, times are years of 365 days. The headline convention is the unadjusted Black-76
delta, as exchanges quote it; the premium-adjusted one moves the answer by vol points and is told beside it.
"""

from market.options.black76 import OptionValue, implied_volatility, option_value
from market.options.chain import Chain
from market.options.gamma import GammaBand, gamma_near
from market.options.smile import Delta, Smile, Surface, skew_of, surface_of

__all__ = [
    "Chain",
    "Delta",
    "GammaBand",
    "OptionValue",
    "Smile",
    "Surface",
    "gamma_near",
    "implied_volatility",
    "option_value",
    "skew_of",
    "surface_of",
]
