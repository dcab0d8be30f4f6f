"""A generated market of bars of any length with every input a live service hears, as tables for the batch and as steps.

Prices are clustered and fat-tailed; open interest, a predicted rate and liquidations come with every bar, settlements
every eight hours, skew each quarter of an hour, implied volatility each hour, the books of three venues each five minutes.
"""

from collections.abc import Callable, Iterator
from math import isnan

import numpy as np

from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Book,
    Branching,
    Candle,
    Depth,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    SpotVolume,
    Venue,
)
from market.rules import DepthRules
from scheduler.batch.told import VENUES, Table, Told

FIRST_MS = 1_700_006_400_000
"""2023-11-15 00:00 UTC."""
BOOKS = {Venue.BINANCE: 4e7, Venue.BYBIT: 2e7, Venue.OKX: 1.5e7}
A_YEAR = 365 * DAY_MS // MINUTE_MS
"""So many bars of a minute."""
BINANCE = float(VENUES.index(Venue.BINANCE))
Step = tuple[int, tuple[Observation, ...]]


def generated(seed: int, bars: int, step_ms: int = MINUTE_MS) -> Told:
    """The tables of a generated market of so many bars."""
    dice = np.random.default_rng(seed)
    now_ms = FIRST_MS + step_ms * np.arange(1, bars + 1)
    candles, returns = _candles(dice, now_ms, step_ms)
    forced = np.where(dice.random(bars) < 0.3, np.exp(dice.normal(0.0, 1.5, bars)), 0.0)
    pressed = 1.0 + 4e3 * np.abs(returns)
    columns = {
        "step_ms": np.full(bars, float(step_ms)),
        "longs": np.where(returns < 0.0, forced * pressed, 0.3 * forced),
        "shorts": np.where(returns > 0.0, forced * pressed, 0.3 * forced),
        "whole": np.ones(bars),
        "venue": np.full(bars, BINANCE),
    }
    coins = 90_000.0 * np.exp(0.15 * _wandering(dice, bars, 1.0 - step_ms / (200 * HOUR_MS), 0.002))
    interest = {"coins": coins, "cadence_ms": np.full(bars, float(step_ms))}
    books = _books(dice, now_ms)
    return Told(
        "BTC",
        now_ms,
        candles=candles,
        interest={Venue.BINANCE: _table(now_ms, now_ms, interest)},
        funding={Venue.BINANCE: _funding(dice, now_ms)},
        liquidations=_table(now_ms, now_ms, columns),
        skew=_skew(dice, now_ms),
        implied=_implied(dice, now_ms),
        depth=_depth(books),
        books=books,
        spot={Venue.BYBIT: _spot(dice, now_ms)},
        branching=_branching(dice, now_ms),
    )


def _table(now_ms: np.ndarray, known_ms: np.ndarray, numbers: dict[str, np.ndarray]) -> Table:
    """A table of what was known at those steps."""
    return Table(np.searchsorted(now_ms, known_ms), known_ms, numbers)


def _candles(dice: np.random.Generator, now_ms: np.ndarray, step_ms: int) -> tuple[Table, np.ndarray]:
    bars = len(now_ms)
    sigma = 0.006 * np.sqrt(step_ms / HOUR_MS) * np.exp(_wandering(dice, bars, 0.9997, 0.01))
    returns = sigma * dice.standard_t(4, bars) / np.sqrt(2.0)
    close = 50_000.0 * np.exp(np.cumsum(returns - np.mean(returns)))
    opened = np.concatenate(([50_000.0], close[:-1]))
    reach = np.abs(dice.normal(0.0, 0.6, (2, bars))) * sigma
    volume = 4e8 * step_ms / HOUR_MS * np.exp(dice.normal(0.0, 0.5, bars)) * (sigma / np.median(sigma))
    numbers = {
        "step_ms": np.full(bars, float(step_ms)),
        "open": opened,
        "high": np.maximum(opened, close) * np.exp(reach[0]),
        "low": np.minimum(opened, close) * np.exp(-reach[1]),
        "close": close,
        "mark": close * np.exp(dice.normal(0.0, 1e-5, bars)),
        "volume_usd": volume,
    }
    return _table(now_ms, now_ms, numbers), returns


def _funding(dice: np.random.Generator, now_ms: np.ndarray) -> Table:
    """A predicted rate with every bar, and every eight hours the settled one before it."""
    bars = len(now_ms)
    rate = np.round(0.0001 + 0.0002 * np.maximum(0.0, _wandering(dice, bars, 0.9995, 0.02)), 8)
    settled = np.flatnonzero(now_ms % (8 * HOUR_MS) == 0)
    rows = np.sort(np.concatenate((np.arange(bars), settled)))
    is_settled = np.zeros(len(rows))
    # of two rows of one step the first is the settlement
    is_settled[:-1] = rows[1:] == rows[:-1]
    numbers = {
        "rate": rate[rows],
        "interval_hours": np.full(len(rows), 8.0),
        "settled": is_settled,
        "next_at_ms": (now_ms - now_ms % (8 * HOUR_MS) + 8 * HOUR_MS)[rows].astype(float),
        "cap": np.where(rows % 7 < 5, 0.0009, np.nan),
    }
    return Table(rows, now_ms[rows], numbers)


def _skew(dice: np.random.Generator, now_ms: np.ndarray) -> Table:
    told = now_ms[now_ms % (15 * MINUTE_MS) == 0]
    points = 0.03 + 0.01 * _wandering(dice, len(told), 0.995, 0.1)
    numbers = {
        "cadence_ms": np.full(len(told), 15.0 * MINUTE_MS),
        "skew_30d": points,
        "skew_7d": points * 1.1,
        "atm_30d": np.full(len(told), 0.55),
        "quality": np.where(dice.random(len(told)) < 0.02, 0.5, 1.0),
        "atm_7d": 0.55 + 0.05 * _wandering(dice, len(told), 0.99, 0.1),
        "butterfly": np.full(len(told), 0.02),
        "adjusted": points * 1.2,
    }
    return _table(now_ms, told, numbers)


def _implied(dice: np.random.Generator, now_ms: np.ndarray) -> Table:
    told = now_ms[now_ms % HOUR_MS == 0]
    dvol = 0.5 + 0.1 * np.tanh(_wandering(dice, len(told), 0.999, 0.03))
    return _table(now_ms, told, {"cadence_ms": np.full(len(told), float(HOUR_MS)), "dvol": dvol})


def _spot(dice: np.random.Generator, now_ms: np.ndarray) -> Table:
    told = now_ms[now_ms % HOUR_MS == 0]
    usd = 6e7 * np.exp(dice.normal(0.0, 0.4, len(told)))
    return _table(now_ms, told, {"step_ms": np.full(len(told), float(HOUR_MS)), "usd": usd})


def _branching(dice: np.random.Generator, now_ms: np.ndarray) -> Table:
    told = now_ms[now_ms % (15 * MINUTE_MS) == 0]
    told = told[dice.random(len(told)) < 0.8]
    ratio = np.clip(0.3 + 0.2 * _wandering(dice, len(told), 0.98, 0.2), 0.0, 0.98)
    numbers = {"ratio": ratio, "deviation": 0.05 + 0.1 * ratio, "events": np.full(len(told), 150.0)}
    return _table(now_ms, told, numbers)


def _books(dice: np.random.Generator, now_ms: np.ndarray) -> dict[Venue, Table]:
    """The books of three venues every five minutes; the last one is silent in one of ten of them."""
    told = now_ms[now_ms % (5 * MINUTE_MS) == 0]
    books = {}
    for venue, usual in BOOKS.items():
        heard = np.flatnonzero((dice.random(len(told)) < 0.9) | (venue is not Venue.OKX))
        usd = usual * np.exp(dice.normal(0.0, 0.3, (2, len(heard))))
        numbers = {"depth": heard.astype(float), "bid": usd[0], "ask": usd[1]}
        books[venue] = _table(now_ms, told[heard], numbers)
    return books


def _depth(books: dict[Venue, Table]) -> Table:
    """The sums of what the books tell."""
    first = next(iter(books.values()))
    sums = {"bid": np.zeros(len(first)), "ask": np.zeros(len(first))}
    heard = np.zeros(len(first))
    for table in books.values():
        rows = table["depth"].astype(int)
        heard[rows] += 1.0
        for side, total in sums.items():
            total[rows] += table[side]
    numbers = {
        "cadence_ms": np.full(len(first), 5.0 * MINUTE_MS),
        "within": np.full(len(first), DepthRules().within),
        **sums,
        "whole": (heard == len(books)).astype(float),
        "reaches": np.ones(len(first)),
    }
    return Table(first.step, first.known_at_ms, numbers)


def _wandering(dice: np.random.Generator, count: int, memory: float, step: float) -> np.ndarray:
    """A mean-reverting walk around zero."""
    steps, walk, at = dice.normal(0.0, step, count).tolist(), list[float](), 0.0
    for one in steps:
        at = memory * at + one
        walk.append(at)
    return np.array(walk)


def steps_of(told: Told) -> Iterator[Step]:
    """The same market step by step, as the live state takes it."""
    rows = [list[Observation]() for _ in told.now_ms]
    for table, read in _readers(told):
        names = list(table.numbers)
        columns = [table[name].tolist() for name in names]
        for step, known_ms, *values in zip(
            table.step.tolist(), table.known_at_ms.tolist(), *columns, strict=True
        ):
            rows[step].append(read(known_ms, dict(zip(names, values, strict=True))))
    yield from zip(told.now_ms.tolist(), map(tuple, rows), strict=True)


def _readers(told: Told) -> Iterator[tuple[Table, Callable[[int, dict[str, float]], Observation]]]:
    yield told.candles, _candle
    for venue, table in told.interest.items():
        yield (
            table,
            lambda at, one, venue=venue: OpenInterest(venue, at, one["coins"], int(one["cadence_ms"])),
        )
    for venue, table in told.funding.items():
        yield table, lambda at, one, venue=venue: _rate(venue, at, one)
    yield told.liquidations, _forced
    yield told.skew, _point
    yield (
        told.implied,
        lambda at, one: ImpliedVolatility(Venue.DERIBIT, at, int(one["cadence_ms"]), one["dvol"]),
    )
    for venue, table in told.spot.items():
        yield table, lambda at, one, venue=venue: _traded(venue, at, one)
    yield told.branching, _excited
    parts = [dict[Venue, Book]() for _ in range(len(told.depth))]
    for venue, table in told.books.items():
        for row, bid, ask in zip(table["depth"], table["bid"].tolist(), table["ask"].tolist(), strict=True):
            parts[int(row)][venue] = Book(venue, bid, ask)
    books = iter(parts)
    yield told.depth, lambda at, one: _sum(at, one, tuple(next(books).values()))


def _candle(known_ms: int, one: dict[str, float]) -> Candle:
    step_ms = int(one["step_ms"])
    prices = (one["open"], one["high"], one["low"], one["close"], one["mark"])
    return Candle(Venue.BINANCE, known_ms - step_ms, step_ms, *prices, volume_usd=one["volume_usd"])


def _rate(venue: Venue, known_ms: int, one: dict[str, float]) -> Funding:
    if one["settled"]:
        return Funding(venue, known_ms, one["rate"], one["interval_hours"])
    next_ms = int(one["next_at_ms"])
    return Funding(
        venue,
        known_ms,
        one["rate"],
        one["interval_hours"],
        settled=False,
        next_at_ms=next_ms,
        cap=_known(one["cap"]),
    )


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def _traded(venue: Venue, known_ms: int, one: dict[str, float]) -> SpotVolume:
    return SpotVolume(venue, known_ms, int(one["step_ms"]), one["usd"])


def _excited(known_ms: int, one: dict[str, float]) -> Branching:
    numbers = (one["ratio"], one["deviation"], int(one["events"]))
    return Branching(Venue.BYBIT, known_ms, 15 * MINUTE_MS, *numbers)


def _forced(known_ms: int, one: dict[str, float]) -> Liquidations:
    venue = VENUES[int(one["venue"])]
    return Liquidations(venue, known_ms, int(one["step_ms"]), one["longs"], one["shorts"], one["whole"] > 0.0)


def _point(known_ms: int, one: dict[str, float]) -> Skew:
    names = ("skew_30d", "skew_7d", "atm_30d", "quality", "atm_7d", "butterfly", "adjusted")
    numbers = [one[name] for name in names]
    return Skew(Venue.DERIBIT, known_ms, int(one["cadence_ms"]), *numbers)


def _sum(known_ms: int, one: dict[str, float], books: tuple[Book, ...]) -> Depth:
    sides = (one["within"], one["bid"], one["ask"], one["whole"] > 0.0, one["reaches"] > 0.0)
    return Depth(Venue.AGGREGATE, known_ms, int(one["cadence_ms"]), *sides, books)
