"""What is worked out every five minutes of open interest and held until then (market/state/leverage.py)."""

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np

from market.evidence_rules import CARRIED_MS, LEAST_HOURS
from market.formulas.open_interest import QUADRANTS, Quadrant
from market.observations import DAY_MS, HOUR_MS
from market.rolling import MAD_TO_SIGMA
from scheduler.batch.columns import at_most, number_of
from scheduler.batch.digest import digested
from scheduler.batch.interest import Interest, Scores, Series
from scheduler.batch.spot import Spot
from scheduler.batch.told import Floats, Ints
from scheduler.batch.windows import at, then

THREE_DAYS_MS, PRICE_TOLERANCE_MS = 3 * DAY_MS, 2 * HOUR_MS
CODE = {one: float(place) for place, one in enumerate(QUADRANTS)}


def told(known: Interest, steps: Ints, spot: Spot) -> dict[str, Floats]:
    """Every fact at every step, held from one of `steps` to the next."""
    facts = [Story(series, steps).facts() for series in known.series]
    primary = known.primary[steps]
    held = known.price.view.held(steps)
    joined = {
        "spot_usd_24h": np.where(primary < 0, nan, spot.day_usd),
        "spot_relative": np.where(primary < 0, nan, spot.relative),
    }
    for name in facts[0] if facts else NAMES:
        column = np.full(len(steps), nan)
        for place, one in enumerate(facts):
            column = np.where(primary == place, one[name], column)
        joined[name] = column
    return {name: held.of(column) for name, column in joined.items()}


SPLITS = ("1h", "24h", "72h")
NAMES = (
    *(f"{what}_{span}" for span in SPLITS for what in ("usd_change", "positioning_usd", "revaluation_usd")),
    *("quadrant_1h", "quadrant_24h", "change_1h", "flushed"),
    *("digest_falling", "digest_rising", "digest_falling_hours", "digest_rising_hours", "digesting"),
)


@dataclass(frozen=True)
class Story:
    """One venue's series at the steps."""

    series: Series
    steps: Ints

    def facts(self) -> dict[str, Floats]:
        """All of its facts."""
        limit = self.series.view.rules.open_interest.flushed_from_peak
        facts = {
            "change_1h": self._now(np.expm1(self.series.hour_growth)),
            "flushed": number_of(at_most(self._now(self.series.off_peak), limit)),
        }
        return facts | self._beside_price() | self._digestion()

    def _beside_price(self) -> dict[str, Floats]:
        """What open interest and price did together, NaN where they are not of one time."""
        series, price = self.series, self.series.price
        rows = np.maximum(series.rows[self.steps], 0)
        priced_ms = price.place.times(price.clock.times)[self.steps]
        apart_ms = np.abs(series.table.known_at_ms[rows] - priced_ms)
        is_one_time = apart_ms <= series.ttl_ms(series.view.rules.freshness)[rows]
        told = self._in_usd() | self._quadrants()
        return {name: np.where(is_one_time, column, nan) for name, column in told.items()}

    @cached_property
    def _sample(self) -> Ints:
        return self.series.rows[self.steps]

    @cached_property
    def _bar(self) -> Ints:
        return self.series.price.place.rows[self.steps]

    def _now(self, by_sample: Floats) -> Floats:
        return at(by_sample, self._sample)

    def _price(self, by_bar: Floats) -> Floats:
        return at(by_bar, self._bar)

    def _in_usd(self) -> dict[str, Floats]:
        """The change in US dollars: what was added or closed, and what price made of the rest."""
        price, told = self.series.price, dict[str, Floats]()
        usd, coins = self._price(price.usd), self._now(self.series.table["coins"])
        lags = {"1h": (HOUR_MS, CARRIED_MS), "24h": (DAY_MS, DAY_MS), "72h": (THREE_DAYS_MS, DAY_MS)}
        for span, (span_ms, tolerance_ms) in lags.items():
            before = self._now(self.series.clock.lagged(self.series.table["coins"], span_ms, tolerance_ms))
            then_usd = self._price_3d_ago if span == "72h" else self._price(price.lagged[span])
            told[f"usd_change_{span}"] = coins * usd / (before * then_usd) - 1.0
            told[f"positioning_usd_{span}"] = then_usd * (coins - before)
            told[f"revaluation_usd_{span}"] = coins * (usd - then_usd) + 0.0 * before
        return told

    @cached_property
    def _price_3d_ago(self) -> Floats:
        """The price three days before the last bar, of what full hours noted."""
        price, view = self.series.price, self.series.view
        hours, noted = _priced_turns(self.series)
        newest = view.offered(view.turns[hours])[self.steps] - 1
        times = view.grid_ms[hours]
        if not len(times):
            return np.full(len(self.steps), nan)
        asked_ms = price.place.times(price.clock.times)[self.steps] - THREE_DAYS_MS
        place = np.minimum(np.searchsorted(times, asked_ms, "right") - 1, newest)
        kept = np.searchsorted(times, times[np.maximum(newest, 0)] - THREE_DAYS_MS, "right") - 1
        return then(noted, times, place, asked_ms - PRICE_TOLERANCE_MS, np.maximum(kept, 0))

    def _quadrants(self) -> dict[str, Floats]:
        """Which of the four stories an hour and a day tell."""
        limits, price = self.series.view.rules.open_interest, self.series.price
        band = limits.quadrant_price_sigmas * np.sqrt(np.maximum(0.0, self._price(price.hours.variance)))
        return {
            "quadrant_1h": self._quadrant("1h", self.series.hour_growth, self.series.hour_growths, band),
            "quadrant_24h": self._quadrant(
                "24h", self.series.day_growth, self.series.growths, band * np.sqrt(24.0)
            ),
        }

    def _quadrant(self, span: str, growth: Floats, past: Scores, band: Floats) -> Floats:
        series, change = self.series, self._price(self.series.price.returns[span])
        so_far = past.offered.count[self.steps] - 1
        enough = at(past.count.astype(float), so_far) >= np.minimum(
            self._now(series.least.astype(float)), LEAST_HOURS
        )
        sigma = MAD_TO_SIGMA * np.where(enough, at(past.deviation, so_far), nan)
        return _code(
            change, band, self._now(growth), series.view.rules.open_interest.quadrant_interest_sigmas * sigma
        )

    def _digestion(self) -> dict[str, Floats]:
        """What open interest did in the hours of the last 72 that fell and in those that rose."""
        series = self.series
        turns, usd = _priced_turns(series)
        rows = np.maximum(series.rows[series.view.turns[turns]], 0)
        grid_ms, steps = series.view.grid_ms[turns], series.view.turns[turns]
        cadence_ms = series.table["cadence_ms"][rows]
        fine = (steps >= series.begins) & (steps < series.ends) & (cadence_ms <= HOUR_MS)
        longest_ms = np.where(cadence_ms <= CARRIED_MS, CARRIED_MS, HOUR_MS - 1)
        fine &= grid_ms - series.table.known_at_ms[rows] <= longest_ms
        coins = series.table["coins"][rows[fine]]
        variance = at(series.price.hours.variance, series.price.place.rows[steps[fine]])
        told = digested(grid_ms[fine], usd[fine], coins, variance, series.view.rules.open_interest)
        last = series.view.offered(steps[fine])[self.steps] - 1
        counts = ("digest_falling_hours", "digest_rising_hours")
        facts = {name: at(column, last) for name, column in told.items()}
        return facts | {name: np.nan_to_num(facts[name]) for name in counts}


def _priced_turns(series: Series) -> tuple[Ints, Floats]:
    """The turns at which price is of the same full hour, and that price."""
    price, view = series.price, series.view
    known_ms = price.place.times(price.clock.times)[view.turns]
    near = price.place.known[view.turns] & (np.abs(view.grid_ms - known_ms) <= CARRIED_MS)
    turns = np.flatnonzero(near)
    return turns, price.by_step[view.turns[turns]]


def _code(change: Floats, band: Floats, growth: Floats, growth_band: Floats) -> Floats:
    """The number of each quadrant, NaN where a change or a band is unknown."""
    known = ~np.isnan(change) & (band > 0.0) & ~np.isnan(growth) & (growth_band > 0.0)
    up = np.where(growth > 0.0, CODE[Quadrant.NEW_LONGS], CODE[Quadrant.SHORT_COVERING])
    down = np.where(growth > 0.0, CODE[Quadrant.BUILDING_PRESSURE], CODE[Quadrant.UNWINDING])
    found = np.where(change > 0.0, up, down)
    quiet = (np.abs(change) < band) | (np.abs(growth) < growth_band)
    return np.where(known, np.where(quiet, CODE[Quadrant.NEUTRAL], found), nan)
