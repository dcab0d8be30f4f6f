"""Where forced selling would start and how far it would feed itself: a model of leverage, never a forecast.

Three steps of quant.md section 9: positions opened become a map of liquidation prices (`FuelMap`), a book turns a
quantity sold into a fall (`uniform_book`, `book_impact`), and both together give the least fixed point of
`x = x0 + I(share * Fuel(x))` (`simulate_cascade`, `cascade_through`). Drops are fractions (0.03 = 3 %), money is
US dollars. The leverage weights are a prior that cannot be observed: every answer built on them is uncalibrated.
"""

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from market.cascade_rules import DROP_CAP
from market.observations import HOUR_MS, Side

LEVERAGE_WEIGHTS: Mapping[int, float] = MappingProxyType(
    {5: 0.25, 10: 0.30, 20: 0.20, 25: 0.10, 50: 0.10, 100: 0.05}
)
"""Share of new levered positions by leverage (a prior, section 9)."""
FUEL_HALF_LIFE_H = 168.0
MAINTENANCE_RATE = 0.005
DEFAULT_LONG_SHARE = 0.5
DEPTH_SCENARIOS = (1.0, 0.3, 0.1)
"""How much of the book is left: as now, in a bad hour, as in October 2025."""

_TOUCH = 1e-12
_SMALL_SCALE = 1e-3
_NEGLIGIBLE = 1e-6

Fuel = Callable[[float], float]
"""US dollars liquidated once price has fallen by a fraction; never falls as the drop grows."""
Impact = Callable[[float], float]
"""The fall (fraction) that selling so many US dollars makes; never falls as the quantity grows."""


@dataclass(frozen=True, slots=True)
class Band:
    """Positions that are closed by force at one price; `notional_usd` is valued at their entry."""

    price_usd: float
    coins: float
    notional_usd: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """Fuel at one distance from the present price, as a fraction of it."""

    drop: float
    fuel_usd: float


@dataclass(frozen=True, slots=True)
class Cascade:
    """What a first fall turns into; `ran_away` says that the cap stopped it, not an end of the fuel."""

    initial_drop: float
    final_drop: float
    swept_usd: float
    ran_away: bool


@dataclass(frozen=True, slots=True)
class Trigger:
    """The first fall at which the final one jumps most: just below it `drop_before`, at it `drop_after`."""

    initial_drop: float
    drop_before: float
    drop_after: float


@dataclass(frozen=True, slots=True)
class PositionsBar:
    """One bar as the fuel map sees it: open interest at its close, the price range, and who was levered.

    `long_share` is the taker-buy ratio: the share of new contracts whose levered side is long.
    """

    close_at_ms: int
    open_interest_coins: float
    high_usd: float
    low_usd: float
    close_usd: float
    long_share: float = DEFAULT_LONG_SHARE


def liquidation_price(
    entry_usd: float, leverage: float, side: Side = Side.LONG, maintenance_rate: float = MAINTENANCE_RATE
) -> float:
    """The price at which an isolated position without a maintenance amount is closed by force, in US dollars."""
    if side is Side.LONG:
        return entry_usd * (1.0 - 1.0 / leverage) / (1.0 - maintenance_rate)
    return entry_usd * (1.0 + 1.0 / leverage) / (1.0 + maintenance_rate)


class FuelMap:
    """The levered positions of one side by liquidation price; it lives from bar to bar.

    Ageing and pro-rata closing scale every band alike, so both cost one multiplication.
    """

    def __init__(
        self,
        side: Side = Side.LONG,
        weights: Mapping[int, float] = LEVERAGE_WEIGHTS,
        maintenance_rate: float = MAINTENANCE_RATE,
    ) -> None:
        """Start empty; `weights` share out what is opened by leverage and should sum to one."""
        self._sign = 1.0 if side is Side.LONG else -1.0
        self._rungs = tuple(
            (liquidation_price(1.0, leverage, side, maintenance_rate), weight)
            for leverage, weight in weights.items()
        )
        self._bands: list[tuple[float, float, float]] = []  # nearest last: (signed price, coins, entry)
        self._scale = 1.0
        self._stored_coins = 0.0

    @property
    def coins(self) -> float:
        """All coins on the map."""
        return max(0.0, self._stored_coins * self._scale)

    def open(self, coins: float, entry_usd: float) -> None:
        """Add newly opened levered coins of this side at a price."""
        if coins <= 0.0:
            return
        for ratio, weight in self._rungs:
            stored = coins * weight / self._scale
            insort(self._bands, (self._sign * entry_usd * ratio, stored, entry_usd))
            self._stored_coins += stored

    def keep(self, share: float) -> None:
        """Shrink every band to `share` (0..1) of itself: positions closed by choice, from all alike."""
        self._scale *= min(1.0, max(0.0, share))
        if self._scale < _SMALL_SCALE:
            self._settle_scale()

    def age(self, hours: float) -> None:
        """Forget with a half-life of seven days: margins are topped up, positions closed unseen."""
        self.keep(0.5 ** (hours / FUEL_HALF_LIFE_H))

    def cap(self, open_interest_coins: float) -> None:
        """Never hold more than the contracts that are open."""
        if self.coins > open_interest_coins:
            self.keep(open_interest_coins / self.coins)

    def sweep(self, price_usd: float) -> float:
        """Consume the bands that mark price touched on its way to `price_usd`; the coins liquidated."""
        swept = 0.0
        while self._bands and self._bands[-1][0] >= self._sign * price_usd:
            swept += self._bands.pop()[1]
        self._stored_coins -= swept
        return swept * self._scale

    def nearest_first(self) -> Iterator[Band]:
        """The bands, from the one that would be touched first."""
        for signed, stored, entry_usd in reversed(self._bands):
            coins = stored * self._scale
            yield Band(self._sign * signed, coins, coins * entry_usd)

    def clusters(self, price_usd: float) -> Iterator[Cluster]:
        """The bands as distances from `price_usd`, nearest first; a fall for longs, a rise for shorts."""
        for band in self.nearest_first():
            yield Cluster(self._sign * (1.0 - band.price_usd / price_usd), band.notional_usd)

    def fuel_within(self, price_usd: float, move: float) -> float:
        """US dollars that would be liquidated by a move of that fraction against this side."""
        return sum(cluster.fuel_usd for cluster in _touched(self.clusters(price_usd), move))

    def _settle_scale(self) -> None:
        floor = self.coins * _NEGLIGIBLE
        settled = ((key, stored * self._scale, entry) for key, stored, entry in self._bands)
        self._bands = [band for band in settled if band[1] > floor]
        self._stored_coins = sum(coins for _, coins, _ in self._bands)
        self._scale = 1.0


def fuel_map(
    bars: Iterable[PositionsBar], side: Side = Side.LONG, maintenance_rate: float = MAINTENANCE_RATE
) -> FuelMap:
    """The map after these bars, oldest first: opened where open interest grew, swept where price went."""
    fuel = FuelMap(side, maintenance_rate=maintenance_rate)
    for before, bar in pairwise(bars):
        fuel.age((bar.close_at_ms - before.close_at_ms) / HOUR_MS)
        fuel.sweep(bar.low_usd if side is Side.LONG else bar.high_usd)
        grown = bar.open_interest_coins - before.open_interest_coins
        if grown < 0.0:
            fuel.keep(bar.open_interest_coins / before.open_interest_coins)
        levered = bar.long_share if side is Side.LONG else 1.0 - bar.long_share
        fuel.open(grown * levered, bar.close_usd)
        fuel.cap(bar.open_interest_coins)
    return fuel


def uniform_book(depth_usd_per_percent: float) -> Impact:
    """A book with the same bids in every percent: `I(Q) = Q / depth`, as a fraction."""
    return lambda sold_usd: sold_usd / depth_usd_per_percent / 100.0


def book_impact(bids: Sequence[tuple[float, float]]) -> Impact:
    """The inverse of a depth curve of (distance as a fraction, cumulative US dollars), nearest first.

    Linear between the points; what the whole book cannot take falls without end (infinity).
    """
    distances = [0.0, *(distance for distance, _ in bids)]
    depths = [0.0, *(depth for _, depth in bids)]

    def impact(sold_usd: float) -> float:
        if sold_usd > depths[-1]:
            return math.inf
        above = max(1, bisect_left(depths, sold_usd))
        part = (sold_usd - depths[above - 1]) / ((depths[above] - depths[above - 1]) or 1.0)
        return distances[above - 1] + part * (distances[above] - distances[above - 1])

    return impact


def slow_impact(sold_usd: float, volume_usd: float, sigma_1d: float, factor: float = 1.0) -> float:
    """The square-root law `Y sigma sqrt(Q / V)`: what the same selling costs when it takes hours."""
    return factor * sigma_1d * math.sqrt(sold_usd / volume_usd)


def feedback(fuel_usd_per_percent: float, depth_usd_per_percent: float, executed_share: float = 1.0) -> float:
    """Follow-on selling per unit sold, `m`; from 1 on a fall sustains itself."""
    return executed_share * fuel_usd_per_percent / depth_usd_per_percent


def simulate_cascade(
    initial_drop: float, fuel: Fuel, impact: Impact, executed_share: float = 1.0, cap: float = DROP_CAP
) -> Cascade:
    """Iterate `x = x0 + I(share * Fuel(x))` from `x0` up to its least fixed point, or to the cap."""
    drop = initial_drop
    while True:
        swept = fuel(drop)
        fallen = min(cap, initial_drop + impact(executed_share * swept))
        if fallen - drop <= _TOUCH:
            return Cascade(initial_drop, max(drop, fallen), swept, drop >= cap)
        drop = fallen


def cascade_through(
    initial_drop: float,
    clusters: Iterable[Cluster],
    impact: Impact,
    executed_share: float = 1.0,
    cap: float = DROP_CAP,
) -> Cascade:
    """The same fixed point for clusters given nearest first: touch one, fall, see whether the next is reached."""
    drop, swept = initial_drop, 0.0
    for cluster in clusters:
        if cluster.drop > drop + _TOUCH or drop >= cap:
            break
        swept += cluster.fuel_usd
        drop = min(cap, initial_drop + impact(executed_share * swept))
    return Cascade(initial_drop, drop, swept, drop >= cap)


def thinned_cascades(
    initial_drop: float,
    clusters: Sequence[Cluster],
    depth_usd_per_percent: float,
    executed_share: float = 1.0,
    depths_left: Sequence[float] = DEPTH_SCENARIOS,
) -> tuple[Cascade, ...]:
    """The same first fall into the present book and into thinner ones."""
    return tuple(
        cascade_through(initial_drop, clusters, uniform_book(depth_usd_per_percent * left), executed_share)
        for left in depths_left
    )


def trigger_drop(
    clusters: Sequence[Cluster], impact: Impact, executed_share: float = 1.0, cap: float = DROP_CAP
) -> Trigger | None:
    """The first fall at which the final fall jumps most (the smaller of equals); None without fuel.

    Exact: a cluster is reached by `drop - I(fuel before it)`, or together with an earlier one that reaches it.
    """
    best: Trigger | None = None
    needed, swept, start = 0.0, 0.0, 0.0
    for cluster in clusters:
        alone = cluster.drop - impact(executed_share * swept)
        if alone > needed + _TOUCH:
            needed, start = alone, swept
        swept += cluster.fuel_usd
        before = min(cap, needed + impact(executed_share * start))
        after = min(cap, needed + impact(executed_share * swept))
        if best is None or after - before > best.drop_after - best.drop_before + _TOUCH:
            best = Trigger(needed, before, after)
        if after >= cap:
            break
    return best


def _touched(clusters: Iterable[Cluster], move: float) -> Iterator[Cluster]:
    for cluster in clusters:
        if cluster.drop > move + _TOUCH:
            return
        yield cluster
