"""What the kept hours would have been warned of: an asset's hours through a fresh engine, in slices that hold up nobody.

One step an hour is all that hours can tell: an hour opens where the one before it closed, horizons finer than an hour are
absent, books, spot volume and implied volatility are not kept. Of funding the mean of the day is kept; `DayRates` tells rates
with those means, of which no single hour's is meant to be true.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from math import expm1, isnan, nan, sqrt
from zlib import crc32

from market.alerts import Alert
from market.backtest_rules import BacktestRules
from market.evaluation.backtest import (
    RISING,
    Backtest,
    Firing,
    firing_of,
    onsets_in,
    scored_from,
)
from market.evaluation.labels import events_of
from market.evaluation.recorded import Bars
from market.evaluation_rules import LabelRules
from market.hourly import Hourly
from market.observations import (
    HOUR_MS,
    Asset,
    Candle,
    Funding,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    Venue,
)
from market.report import HISTORY
from market.rules import Rules
from scheduler.clock import monotonic_s
from scheduler.engine import Engine
from store.hindsight import KeptHours

SLICE_S = 0.003
"""So long the engine plays before others of this process have their turn."""

A_DAY_HOURS = 24
DECIMALS = 9
"""How finely a mean of funding is taken: seven digits are kept of it, and equal means are to stay equal."""

POINTS = 100.0
AGAIN_AFTER_MS = 6 * HOUR_MS
"""What came of a warning is known a day after it: four times a day are soon enough, and seconds of work each."""

LABEL, BACK = LabelRules(), BacktestRules()
NAMES = tuple(venue for venue in Venue if venue is not Venue.DERIBIT)


@dataclass(slots=True)
class DayRates:
    """Rates an hour whose mean over a day is what was kept: each new one takes the place of the one a day before.

    The day before the first mean is taken to have been even, so only the means are to be trusted.
    """

    means: float = nan
    at_ms: int = 0
    rates: deque[float] = field(default_factory=lambda: deque(maxlen=A_DAY_HOURS))

    def told(self, close_ms: int, mean_8h: float) -> Iterator[Funding]:
        """What leads to this mean over the day up to `close_ms`; of hours between two known means one rate is told."""
        missing = (close_ms - self.at_ms) // HOUR_MS if self.rates else A_DAY_HOURS
        missing = min(missing, A_DAY_HOURS)
        kept = list(self.rates)[missing:]
        rate = round((A_DAY_HOURS * mean_8h - sum(kept)) / missing, DECIMALS + 3)
        self.rates.extend([rate] * missing)
        self.at_ms = close_ms
        for hours_ago in dict.fromkeys((missing, 1)):
            # the newest begins an hour ago, and holds until the next one is known
            yield Funding(Venue.AGGREGATE, close_ms - hours_ago * HOUR_MS, rate / 8.0, 1.0)


@dataclass(slots=True)
class Sums:
    """Whose open interest the hours hold is not kept: where it changes, an hour is unknown and the level is another.

    The engine is told of another venue then, by any name, and so never takes that for a change of positions.
    """

    coins: float = nan
    at_ms: int = 0
    place: int = 0

    def told(self, close_ms: int, coins: float) -> OpenInterest:
        """The open interest of an hour, under a name that changes with whose it is."""
        is_after_gap = self.at_ms > 0 and close_ms - self.at_ms > HOUR_MS
        if is_after_gap and abs(coins - self.coins) > BACK.other_venues_change * self.coins:
            self.place += 1
        self.coins, self.at_ms = coins, close_ms
        return OpenInterest(NAMES[self.place % len(NAMES)], close_ms, coins, HOUR_MS)


def stamp_of(rules: Rules) -> int:
    """A number that changes with the rules, so that what was made under others is made anew."""
    return crc32(repr((rules, LABEL, BACK)).encode())


def steps_of(hours: Hourly) -> Iterator[tuple[int, tuple[Observation, ...]]]:
    """One step a kept hour, at its close: what became known then. An hour without the close before it brings no price."""
    rates, sums, before_usd = DayRates(), Sums(), nan
    for row in range(len(hours)):
        close_ms = hours.first_close_ms + row * HOUR_MS
        yield close_ms, tuple(_observations(hours, row, close_ms, before_usd, rates, sums))
        before_usd = hours.close_usd[row]


def _observations(
    hours: Hourly, row: int, close_ms: int, before_usd: float, rates: DayRates, sums: Sums
) -> Iterator[Observation]:
    close_usd = hours.close_usd[row]
    if not isnan(close_usd) and not isnan(before_usd):
        yield _candle(hours, row, close_ms, before_usd)
    coins, funding = hours.open_interest_coins[row], hours.funding_8h[row]
    if not isnan(coins):
        yield sums.told(close_ms, coins)
    if not isnan(funding):
        yield from rates.told(close_ms, round(funding, DECIMALS))
    longs, shorts = hours.long_liquidated_usd[row], hours.short_liquidated_usd[row]
    if not isnan(longs) and not isnan(shorts) and not isnan(close_usd):
        # dollars become coins at the price at which the engine makes dollars of them
        yield Liquidations(Venue.AGGREGATE, close_ms, HOUR_MS, longs / close_usd, shorts / close_usd)
    skew = hours.skew_points[row]
    if not isnan(skew):
        yield Skew(Venue.DERIBIT, close_ms, HOUR_MS, skew / POINTS)


def _candle(hours: Hourly, row: int, close_ms: int, before_usd: float) -> Candle:
    """The hour as a bar; its first trade was within it, wherever the one before closed."""
    high_usd, low_usd, close_usd = hours.high_usd[row], hours.low_usd[row], hours.close_usd[row]
    open_usd = min(max(before_usd, low_usd), high_usd)
    volume = hours.volume_usd[row]
    return Candle(
        Venue.AGGREGATE,
        close_ms - HOUR_MS,
        HOUR_MS,
        open_usd,
        high_usd,
        low_usd,
        close_usd,
        close_usd,
        None,
        None if isnan(volume) else volume,
    )


async def backtest(asset: Asset, hours: Hourly, rules: Rules) -> Backtest | None:
    """What the kept hours of an asset would have been warned of under these rules, and what followed.

    None where fewer hours are kept than are learned from. The hours are not changed.
    """
    scored_ms = scored_from(hours.first_close_ms, hours.last_close_ms)
    if scored_ms is None:
        return None
    sigma, told = await _play(asset, hours, rules)
    bars = Bars(asset, hours.first_close_ms, hours.high_usd, hours.low_usd, hours.close_usd, sigma)
    # some milliseconds of arithmetic, which need no turn of the loop
    events = await asyncio.to_thread(events_of, bars, LABEL)
    rows = slice(bars.row_at(scored_ms), None)
    return Backtest(
        asset,
        stamp_of(rules),
        hours.first_close_ms,
        scored_ms,
        hours.last_close_ms,
        sum(map(isnan, hours.close_usd[rows])),
        tuple([_firing(alert, bars) for alert in told if alert.at_ms >= scored_ms]),
        onsets_in(events, scored_ms, hours.last_close_ms),
    )


async def _play(asset: Asset, hours: Hourly, rules: Rules) -> tuple["array[float]", list[Alert]]:
    """The volatility of a day at each close, and the warnings that began or grew worse."""
    engine, told = Engine(asset, rules, HISTORY), list[Alert]()
    sigma = array("d")
    slice_s = monotonic_s()
    for now_ms, observations in steps_of(hours):
        snapshot, alerts = engine.step(now_ms, observations)
        told += [alert for alert in alerts if alert.edge in RISING]
        ewma = snapshot.fact("volatility", "ewma_3d")
        sigma.append(nan if ewma is None else ewma / sqrt(365.0))
        if monotonic_s() - slice_s > SLICE_S:
            await asyncio.sleep(0)
            slice_s = monotonic_s()
    return sigma, told


def _firing(alert: Alert, bars: Bars) -> Firing:
    r_24h = alert.facts.get("r_24h")
    return firing_of(alert, bars, None if r_24h is None else expm1(r_24h))


class BacktestsOnDemand:
    """Implements `store.hindsight.Backtests` where nobody makes them beforehand: each is made when it is first asked for.

    Who asks waits for `patience_s` at most and has None then, or the one before; it goes on being made, and is there later.
    """

    def __init__(self, hours: KeptHours, rules: Rules, patience_s: float | None = None) -> None:
        self._hours, self._rules, self._patience_s = hours, rules, patience_s
        self._made: dict[Asset, Backtest | None] = {}
        self._under_way: dict[Asset, asyncio.Task[Backtest | None]] = {}

    async def of(self, asset: Asset) -> Backtest | None:
        """The look back at the kept hours of `asset`, None where too few are kept or it is still being made."""
        hours = await self._hours.of(asset)
        if hours is None:
            return None
        made = self._made.get(asset)
        # of too few hours nothing is made, at once: there may be enough by now
        if made is None or not 0 <= hours.last_close_ms - made.until_ms < AGAIN_AFTER_MS:
            await self._make(asset, hours)
        return self._made.get(asset)

    async def _make(self, asset: Asset, hours: Hourly) -> None:
        task = self._under_way.get(asset)
        if task is None:
            # what it is made of may grow meanwhile
            task = asyncio.create_task(backtest(asset, deepcopy(hours), self._rules))
            self._under_way[asset] = task
        done, _ = await asyncio.wait({task}, timeout=self._patience_s)
        if done:
            self._under_way.pop(asset, None)
            self._made[asset] = task.result()
