"""The simulated chain of listed options: one smile an expiry, straight in standard deviations, priced by Black 76."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp, sqrt

from market.observations import DAY_MS, HOUR_MS, Asset
from market.options.black76 import option_value
from scheduler.simulator.server.venue import VenueMarket

EXPIRY_HOUR_UTC = 8
DAYS = (3, 7, 14, 28, 35, 63, 91)
DEVIATIONS = tuple(place * 0.3 for place in range(-7, 8))
"""Strikes, in standard deviations of the expiry from the forward."""
OF_25_DELTA = 0.674
YEAR_MS = 365 * DAY_MS
HALF_SPREAD = 0.01
ROUND_STRIKES = {"BTC": 100, "ETH": 5, "SOL": 1}


@dataclass(frozen=True, slots=True)
class Listed:
    """One option: strike and forward in US dollars, IV a fraction, prices in coins."""

    name: str
    forward_usd: float
    iv: float
    price_coins: float

    @property
    def bid_coins(self) -> float:
        """The best bid."""
        return self.price_coins * (1.0 - HALF_SPREAD)

    @property
    def ask_coins(self) -> float:
        """The best ask."""
        return self.price_coins * (1.0 + HALF_SPREAD)


def chain(market: VenueMarket, asset: Asset, now_ms: int) -> Iterator[Listed]:
    """Calls and puts of every expiry."""
    forward = market.index(asset, now_ms)
    atm = market.tape.implied(asset, now_ms)
    for days in DAYS:
        expires_ms = _expiry_ms(now_ms, days)
        years = (expires_ms - now_ms) / YEAR_MS
        skew = _skew(market.tape.skew(asset, now_ms), years * 365.0)
        for strike, iv in _smile(forward, years, atm, skew, ROUND_STRIKES[asset]):
            for kind in "CP":
                value = option_value(forward, strike, years, iv, is_call=kind == "C")
                name = f"{asset}-{_day(expires_ms)}-{strike}-{kind}"
                yield Listed(name, forward, iv, value.price_usd / forward)


def _smile(forward: float, years: float, atm: float, skew: float, unit: int) -> Iterator[tuple[int, float]]:
    """Puts dearer than calls by the skew at 25 delta."""
    deviation = atm * sqrt(years)
    seen: set[int] = set()
    for many in DEVIATIONS:
        strike = round(forward * exp(many * deviation) / unit) * unit
        if strike > 0 and strike not in seen:
            seen.add(strike)
            yield strike, max(0.05, atm - skew * many / (2.0 * OF_25_DELTA))


def _skew(at_30d_and_7d: tuple[float, float], days: float) -> float:
    at_30d, at_7d = at_30d_and_7d
    share = min(1.0, max(0.0, (days - 7.0) / 23.0))
    return at_7d + share * (at_30d - at_7d)


def _expiry_ms(now_ms: int, days: int) -> int:
    return (now_ms // DAY_MS + days) * DAY_MS + EXPIRY_HOUR_UTC * HOUR_MS


def _day(expires_ms: int) -> str:
    day = datetime.fromtimestamp(expires_ms / 1000, UTC)
    return f"{day.day}{day:%b%y}".upper()
