"""Simulated leverage: positions that open, are closed by choice or by force, and what their closing does to price.

The liquidations are those of the cascade model of quant.md section 9: a fall sweeps the map of levered longs, their
selling goes through a book that thins as volatility rises, and the fall goes on to the least fixed point.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, log, sqrt
from random import Random

from market.cascade import FuelMap, cascade_through, uniform_book
from market.observations import Side
from scheduler.simulator.price import Path
from scheduler.simulator.story import Mood

OPENED_PER_HOUR = 0.004
"""Share of open interest that is opened anew in an hour; as much is closed when nobody changes his mind."""
THIN_SHARE = 0.04
"""Share of new contracts that somebody holds on thin margin in usual times; the rest is hedged or has margin to spare."""
FOLLOW_PER_HOUR = 0.12
"""How fast open interest moves to what people want."""
DEPTH_PER_PERCENT = 0.014
"""Bids within one percent in quiet times, as a share of open interest."""
THINNING = 0.5
PULLED_PER_SIGMA = 1.5
"""A fall of two thirds of a daily sigma within one step halves the bids that are left when it ends."""
EXECUTED_SHARE = 0.8
LASTING_SHARE = 0.8
STOPS_AFTER_SIGMAS = 1.8
STOPS_PER_FALL = 0.75
STOPS_IMPACT = 0.25
FEAR_HALF_LIFE_H = 120.0
PEAK_HALF_LIFE_H = 60.0
MOST_DROP = 0.08
WHIM_H, WHIM_SIGMA = 250.0, 0.0030
"""How open interest strays without a reason: hours it lasts, and size a root hour. Those on thin margin stray most."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What one step closed, in coins, and the path price took because of it."""

    long_coins: float
    short_coins: float
    stopped_coins: float
    path: Path
    impact: float


@dataclass(slots=True)
class Leverage:
    """Open interest of one coin in coins, with the maps of its levered longs and shorts; prices are relative."""

    usual_coins: float
    coins: float
    longs: FuelMap = field(default_factory=lambda: FuelMap(Side.LONG))
    shorts: FuelMap = field(default_factory=lambda: FuelMap(Side.SHORT))
    fear: float = 0.0
    peak: float = 0.0
    whim: float = 0.0

    def step(
        self, path: Path, hours: float, heat: float, day_sigma: float, mood: Mood, dice: Random
    ) -> Closed:
        """Move on by one step: sweep what price touched, let stops run, then open and close by choice."""
        book = uniform_book(resting_coins(self.coins, heat) * exp(path.begin))
        down, long_coins = _sweep(self.longs, path.begin, path.low, book)
        up, short_coins = _sweep(self.shorts, path.begin, path.high, book)
        stopped = self._stops(path, hours, day_sigma)
        impact = LASTING_SHARE * (down + up) - STOPS_IMPACT * book(stopped * exp(path.begin))
        end = path.end + impact
        moved = Path(path.begin, max(path.high + up, end), min(path.low + down, end), end)
        self._settle(long_coins, short_coins, stopped, hours)
        self._trade(exp(end), hours, mood, dice)
        return Closed(long_coins, short_coins, stopped, moved, impact)

    def _stops(self, path: Path, hours: float, day_sigma: float) -> float:
        """Coins closed by longs who give up as price falls away from its recent peak, before they are forced."""
        self.peak = max(path.high, path.end + (self.peak - path.end) * 0.5 ** (hours / PEAK_HALF_LIFE_H))
        line = self.peak - STOPS_AFTER_SIGMAS * day_sigma
        fallen = max(0.0, min(path.begin, line) - path.end)
        return min(0.2, STOPS_PER_FALL * fallen) * self.coins

    def _settle(self, long_coins: float, short_coins: float, stopped: float, hours: float) -> None:
        closed = long_coins + short_coins + stopped
        self.fear = self.fear * 0.5 ** (hours / FEAR_HALF_LIFE_H) + (long_coins + stopped) / self.coins
        self.longs.keep(1.0 - stopped / self.coins)
        self.coins -= closed

    def _trade(self, price: float, hours: float, mood: Mood, dice: Random) -> None:
        """Open and close by choice: a steady turnover, and the way to what people want."""
        thin = max(0.0, THIN_SHARE + mood.credit)
        restless = WHIM_SIGMA * min(1.0, thin / THIN_SHARE)
        self.whim = self.whim * exp(-hours / WHIM_H) + restless * sqrt(hours) * dice.gauss(0.0, 1.0)
        wanted = self.usual_coins * exp(mood.appetite + self.whim - self.fear)
        change = (wanted - self.coins) * min(1.0, FOLLOW_PER_HOUR * hours)
        turned = OPENED_PER_HOUR * hours * self.coins
        opened, closed = turned + max(0.0, change), turned + max(0.0, -change)
        for side in (self.longs, self.shorts):
            side.age(hours)
            side.keep(1.0 - closed / self.coins)
            side.open(opened * thin, price)
        self.coins += opened - closed


def resting_coins(coins: float, heat: float) -> float:
    """Coins that rest within one percent of the price, a side, where so many are open: fewer after hours of alarm."""
    return coins * DEPTH_PER_PERCENT * float((1.0 + heat) ** -THINNING)


def pulled(resting: float, against_sigmas: float) -> float:
    """What is left of it on the side that a step ran against, by so many daily sigmas: who quotes there steps back."""
    return resting / (1.0 + PULLED_PER_SIGMA * max(0.0, against_sigmas))


def _sweep(
    fuel: FuelMap, begin: float, reached: float, book: Callable[[float], float]
) -> tuple[float, float]:
    """How much further the cascade carries price than where it would have gone (log), and the coins closed."""
    sign = 1.0 if reached < begin else -1.0
    first = sign * (1.0 - exp(reached - begin))
    price = exp(begin)
    cascade = cascade_through(
        max(0.0, first), fuel.clusters(price), book, EXECUTED_SHARE, max(MOST_DROP, first)
    )
    end = price * (1.0 - sign * cascade.final_drop)
    return log(end) - reached, fuel.sweep(end)
