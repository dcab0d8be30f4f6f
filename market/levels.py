"""Where forced selling waits around the present price: fuel below and above, and the fall from which it feeds itself.

The cascade model of quant.md section 9 on the hours of one asset. Who is levered how much cannot be seen: the weights
are a prior, so every number here is a model's, uncalibrated, and never a forecast.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, takewhile

from market.cascade import (
    DEFAULT_LONG_SHARE,
    DEPTH_SCENARIOS,
    Cluster,
    FuelMap,
    Trigger,
    slow_impact,
    trigger_drop,
    uniform_book,
)
from market.cascade_rules import DROP_CAP, HEAPS_WITHIN, LEAST_JUMP
from market.evidence_rules import LEAST_HOURS
from market.hourly import Hourly
from market.observations import Asset, Side
from market.reading import Presence
from market.snapshot import Snapshot

MOVES = (0.02, 0.05, 0.10)
"""The distances within which fuel is summed, fractions of the price."""

REMEMBERED_HOURS = 70 * 24
"""Ten half-lives of the map: what was opened before weighs less than a thousandth."""

HEAP_WIDTH, MOST_HEAPS = 0.005, 3


class NoMap(StrEnum):
    """Why there is no map of fuel."""

    NO_HOURS = "no_hours"
    NO_PRICE = "no_price"
    LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Fuel:
    """The levered positions of both sides by distance from the price, nearest first, as the closed hours tell it.

    `hours_known` of `hours` had a price and a change of open interest; the map is as of `as_of_ms` (UTC ms), less what
    the present price has swept since.
    """

    longs: tuple[Cluster, ...]
    shorts: tuple[Cluster, ...]
    hours: int
    hours_known: int
    as_of_ms: int

    def of(self, side: Side) -> tuple[Cluster, ...]:
        """What a move against this side would close."""
        return self.longs if side is Side.LONG else self.shorts


@dataclass(frozen=True, slots=True)
class FuelWithin:
    """Fuel up to a distance (fraction), in USD, over all open interest and over the book within 1 % (None unknown)."""

    move: float
    fuel_usd: float
    of_interest: float | None
    of_book: float | None


@dataclass(frozen=True, slots=True)
class Heap:
    """Much fuel close together: its middle price, how far that is (fraction), and USD."""

    price_usd: float
    move: float
    fuel_usd: float


@dataclass(frozen=True, slots=True)
class ThinnedTrigger:
    """The fall from which selling feeds itself with so much of the book left; None where it dies out."""

    depth_left: float
    trigger: Trigger | None


@dataclass(frozen=True, slots=True)
class Selling:
    """What closing the fuel within `move` would move the price by (fractions), None unknown.

    `over_hours` is the square-root law over a day's volume, `at_once` the present book: the truth lies between.
    """

    move: float
    over_hours: float | None
    at_once: float | None


@dataclass(frozen=True, slots=True)
class SideLevels:
    """One side's fuel: a fall closes longs, a rise shorts. `depth_usd` is the book it would meet within 1 %, None unseen."""

    side: Side
    depth_usd: float | None
    within: tuple[FuelWithin, ...]
    heaps: tuple[Heap, ...]
    triggers: tuple[ThinnedTrigger, ...]
    selling: Selling


@dataclass(frozen=True, slots=True)
class Levels:
    """The map around one price. `depth_is_floor`: some venue's book was not seen, or not that far."""

    asset: Asset
    price_usd: float
    interest_usd: float | None
    depth_is_floor: bool
    fuel: Fuel
    below: SideLevels
    above: SideLevels


def levels_of(snapshot: Snapshot, hours: Hourly | None) -> Levels | NoMap:
    """The levels around the present price of a snapshot, or why there are none."""
    price_usd = usable_fact(snapshot, "price", "price_usd")
    if price_usd is None or price_usd <= 0.0:
        return NoMap.NO_PRICE
    fuel = fuel_of(hours, price_usd)
    if isinstance(fuel, NoMap):
        return fuel
    return Levels(
        asset=snapshot.asset,
        price_usd=price_usd,
        interest_usd=usable_fact(snapshot, "open_interest", "usd"),
        depth_is_floor=0.0 in [usable_fact(snapshot, "depth", name) for name in ("reaches", "whole")],
        fuel=fuel,
        below=_side(Side.LONG, fuel, snapshot, price_usd),
        above=_side(Side.SHORT, fuel, snapshot, price_usd),
    )


def fuel_of(hours: Hourly | None, price_usd: float) -> Fuel | NoMap:
    """The map that the hours make, seen from a price; why there is none where too few hours are known.

    Only open interest of the source that told the last hours counts: another's level is no change of positions.
    """
    if hours is None or not len(hours):
        return NoMap.NO_HOURS
    interest = hours.interest_of_one_source()
    known = _known_of(interest, hours)
    if known < LEAST_HOURS:
        return NoMap.LEARNING
    return Fuel(
        longs=_ahead(_map(hours, interest, Side.LONG), price_usd),
        shorts=_ahead(_map(hours, interest, Side.SHORT), price_usd),
        hours=min(len(hours) - 1, REMEMBERED_HOURS),
        hours_known=known,
        as_of_ms=hours.last_close_ms,
    )


def hours_known(hours: Hourly) -> int:
    """Of how many remembered hours the change of open interest, of the source that told the last, and the prices are known."""
    return _known_of(hours.interest_of_one_source(), hours)


def _known_of(interest: Sequence[float], hours: Hourly) -> int:
    coins, closes = (column[-REMEMBERED_HOURS - 1 :] for column in (interest, hours.close_usd))
    grown = (after - before for before, after in pairwise(coins))
    return sum(not math.isnan(change + close) for change, close in zip(grown, closes[1:], strict=False))


def usable_fact(snapshot: Snapshot, reading: str, name: str) -> float | None:
    """A fact of a reading that still has some quality (three times its time to live), None where it is unknown."""
    found = snapshot.reading(reading)
    if found is None or found.presence is Presence.ABSENT or found.quality <= 0.0:
        return None
    value = found.facts.get(name)
    return value if value is not None and math.isfinite(value) else None


def depth_against(snapshot: Snapshot, side: Side) -> float | None:
    """What the book within 1 % takes of a side that is closed by force, USD: bids of longs, asks of shorts; None unseen."""
    depth = usable_fact(snapshot, "depth", "bid_usd" if side is Side.LONG else "ask_usd")
    return depth if depth is not None and depth > 0.0 else None


def day_volume_usd(snapshot: Snapshot) -> float | None:
    """A day's mean turnover, USD, as open interest is told in days of it; None unknown."""
    usd, days = (usable_fact(snapshot, "open_interest", name) for name in ("usd", "turnover_days"))
    return None if usd is None or not days else usd / days


def _map(hours: Hourly, interest: Sequence[float], side: Side) -> FuelMap:
    """The map after the remembered hours. Growth over hours that were not seen has no price: it is left out."""
    fuel = FuelMap(side)
    extremes = hours.low_usd if side is Side.LONG else hours.high_usd
    columns = (extremes, hours.close_usd, interest)
    before, seen_last = math.nan, False
    for extreme, close, coins in zip(*(column[-REMEMBERED_HOURS - 1 :] for column in columns), strict=True):
        fuel.age(1.0)
        if not math.isnan(extreme):
            fuel.sweep(extreme)
        if math.isnan(coins):
            seen_last = False
            continue
        if coins < before:
            fuel.keep(coins / before)
        elif seen_last and not math.isnan(close):
            fuel.open((coins - before) * DEFAULT_LONG_SHARE, close)
        fuel.cap(coins)
        before, seen_last = coins, True
    return fuel


def _ahead(fuel: FuelMap, price_usd: float) -> tuple[Cluster, ...]:
    """What the present price has not touched yet."""
    return tuple(cluster for cluster in fuel.clusters(price_usd) if cluster.drop > 0.0)


def _side(side: Side, fuel: Fuel, snapshot: Snapshot, price_usd: float) -> SideLevels:
    clusters, depth_usd = fuel.of(side), depth_against(snapshot, side)
    interest_usd = usable_fact(snapshot, "open_interest", "usd")
    within = tuple(_within(clusters, move, interest_usd, depth_usd) for move in MOVES)
    return SideLevels(
        side=side,
        depth_usd=depth_usd,
        within=within,
        heaps=_heaps(clusters, side, price_usd),
        triggers=()
        if depth_usd is None
        else tuple(_trigger(clusters, depth_usd, left) for left in DEPTH_SCENARIOS),
        selling=_selling(within[1], depth_usd, snapshot),
    )


def _within(
    clusters: Sequence[Cluster], move: float, interest_usd: float | None, depth_usd: float | None
) -> FuelWithin:
    fuel_usd = sum(cluster.fuel_usd for cluster in takewhile(lambda one: one.drop <= move, clusters))
    return FuelWithin(
        move,
        fuel_usd,
        fuel_usd / interest_usd if interest_usd else None,
        fuel_usd / depth_usd if depth_usd else None,
    )


def _heaps(clusters: Sequence[Cluster], side: Side, price_usd: float) -> tuple[Heap, ...]:
    """The heaviest half percents of the map, nearest first, each at the mean price of what lies in it."""
    bins: dict[int, list[Cluster]] = {}
    for cluster in takewhile(lambda one: one.drop <= HEAPS_WITHIN, clusters):
        bins.setdefault(int(cluster.drop / HEAP_WIDTH), []).append(cluster)
    heaps = []
    for together in bins.values():
        fuel_usd = sum(cluster.fuel_usd for cluster in together)
        if fuel_usd <= 0.0:
            continue
        move = sum(cluster.drop * cluster.fuel_usd for cluster in together) / fuel_usd
        away = -move if side is Side.LONG else move
        heaps.append(Heap(price_usd * (1.0 + away), move, fuel_usd))
    heaviest = sorted(heaps, key=lambda heap: heap.fuel_usd, reverse=True)[:MOST_HEAPS]
    return tuple(sorted(heaviest, key=lambda heap: heap.move))


def _trigger(clusters: Sequence[Cluster], depth_usd: float, left: float) -> ThinnedTrigger:
    found = trigger_drop(clusters, uniform_book(depth_usd * left))
    if found is None or found.initial_drop >= DROP_CAP or found.drop_after - found.drop_before < LEAST_JUMP:
        return ThinnedTrigger(left, None)
    return ThinnedTrigger(left, found)


def _selling(within: FuelWithin, depth_usd: float | None, snapshot: Snapshot) -> Selling:
    volume_usd, sigma_1d = day_volume_usd(snapshot), usable_fact(snapshot, "price", "sigma_1d")
    over_hours = (
        slow_impact(within.fuel_usd, volume_usd, sigma_1d) if volume_usd and sigma_1d is not None else None
    )
    at_once = None if depth_usd is None else uniform_book(depth_usd)(within.fuel_usd)
    return Selling(within.move, over_hours, at_once)
