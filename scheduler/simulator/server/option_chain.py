"""The simulated chain of listed options: one smile an expiry, straight in standard deviations, priced by Black 76.

Strikes are listed in round steps and stay listed while the price moves; bids and asks lie on the venue's ticks, further apart
in the wings, where nobody bids at last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, exp, floor, log, sqrt

from market.observations import DAY_MS, HOUR_MS, Asset
from market.options.black76 import option_value
from scheduler.simulator.server.venue import VenueMarket

EXPIRY_HOUR_UTC = 8
DAYS = (3, 7, 14, 28, 35, 63, 91)
MOST_DEVIATIONS = 2.6
"""How far from the forward strikes are listed, in standard deviations of the expiry."""

STRIKE_STEPS = {"BTC": (1_000, 2_000, 5_000), "ETH": (50, 100, 200)}
"""The steps between strikes: of up to a week, of up to five, and beyond."""

OF_25_DELTA = 0.674
YEAR_MS = 365 * DAY_MS
HALF_SPREAD = 0.01
FINE_TICK, COARSE_TICK, COARSE_FROM = 0.0001, 0.0005, 0.005
"""Prices below .005 coins lie on the fine tick, others on the coarse one."""

MOST_HELD = 400.0
"""Open interest at the money, coins."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One option: strike and forward in US dollars, IV a fraction, prices in coins; `bid_coins` None where nobody bids."""

    name: str
    forward_usd: float
    iv: float
    price_coins: float
    held_coins: float

    @property
    def bid_coins(self) -> float | None:
        """The best bid, None where it would be nothing."""
        bid = self.price_coins * (1.0 - HALF_SPREAD)
        ticks = floor(bid / _tick(bid))
        return round(ticks * _tick(bid), 4) if ticks else None

    @property
    def ask_coins(self) -> float:
        """The best ask."""
        ask = self.price_coins * (1.0 + HALF_SPREAD)
        return round(ceil(ask / _tick(ask)) * _tick(ask), 4)


def _tick(price: float) -> float:
    return FINE_TICK if price < COARSE_FROM else COARSE_TICK


def chain(market: VenueMarket, asset: Asset, now_ms: int) -> Iterator[Listed]:
    """Calls and puts of every expiry."""
    forward = market.index(asset, now_ms)
    atm = market.tape.implied(asset, now_ms)
    for place, days in enumerate(DAYS):
        expires_ms = _expiry_ms(now_ms, days)
        years = (expires_ms - now_ms) / YEAR_MS
        skew = _skew(market.tape.skew(asset, now_ms), years * 365.0)
        step = STRIKE_STEPS[asset][0 if days <= 7 else 1 if days <= 35 else 2]
        for strike, iv, many in _smile(forward, atm * sqrt(years), atm, skew, step):
            for kind in "CP":
                value = option_value(forward, strike, years, iv, is_call=kind == "C")
                name = f"{asset}-{_day(expires_ms)}-{strike}-{kind}"
                yield Listed(name, forward, iv, value.price_usd / forward, _held(many, place))


def _smile(
    forward: float, deviation: float, atm: float, skew: float, step: int
) -> Iterator[tuple[int, float, float]]:
    """Puts dearer than calls by the skew at 25 delta: each strike with its IV, and how many deviations away it lies."""
    lowest = ceil(forward * exp(-MOST_DEVIATIONS * deviation) / step)
    highest = floor(forward * exp(MOST_DEVIATIONS * deviation) / step)
    for strike in range(max(1, lowest) * step, highest * step + 1, step):
        many = log(strike / forward) / deviation
        yield strike, max(0.05, atm - skew * many / (2.0 * OF_25_DELTA)), many


def _held(many: float, place: int) -> float:
    """Most is held at the money and in the near expiries."""
    return float(round(MOST_HELD * exp(-many * many / 2.0) / (1.0 + place)))


def _skew(at_30d_and_7d: tuple[float, float], days: float) -> float:
    at_30d, at_7d = at_30d_and_7d
    share = min(1.0, max(0.0, (days - 7.0) / 23.0))
    return at_7d + share * (at_30d - at_7d)


def _expiry_ms(now_ms: int, days: int) -> int:
    return (now_ms // DAY_MS + days) * DAY_MS + EXPIRY_HOUR_UTC * HOUR_MS


def _day(expires_ms: int) -> str:
    day = datetime.fromtimestamp(expires_ms / 1000, UTC)
    return f"{day.day}{day:%b%y}".upper()
