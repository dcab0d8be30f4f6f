"""Markets made of chance in which the truth is known: falls that a sign comes before, signs that say nothing, and a null.

Hours of several assets, jointly shocked, in the columns of a history file (docs/history.md), for the engine; or at once as a
`Recorded` of bars and four columns, for the many markets of a coverage. It proves plumbing, not market skill.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from market.evaluation.bootstrap import Floats
from market.evaluation.recorded import Bars, Doubles, Recorded
from market.evaluation_rules import GeneratedRules
from market.observations import DAY_MS, HOUR_MS, Asset
from market.rules import VARIANCE_HALF_LIFE_HOURS

Random = np.random.Generator
Rows = NDArray[np.int64]
MONTH_HOURS = 720
FIRST_OPEN_MS = 18_628 * DAY_MS
"""2021-01-01, where the recorded years begin."""
FIRST_PRICES_USD = (30_000.0, 1_000.0, 30.0, 0.5)
STANDARD = GeneratedRules()
FREE_OF_CAUSE = replace(STANDARD, month_signs=0.0, month_unsigned=0.0)
"""The null: noise of the same volatility and signs that say nothing, no fall but those of chance."""


@dataclass(frozen=True, slots=True, eq=False)
class Generated:
    """One asset: prices in US dollars by hour, and the truth: rows where the sign and the meaningless sign stand, and the falls.

    `sign` and `meaningless` are 1 in the hours at whose close they stand; `falls` are the rows in which a planted fall begins.
    """

    asset: Asset
    open_usd: Floats
    high_usd: Floats
    low_usd: Floats
    close_usd: Floats
    sign: Floats
    meaningless: Floats
    falls: Rows
    funding_8h: Floats
    interest_coins: Floats
    first_open_ms: int = FIRST_OPEN_MS

    def opens_ms(self) -> tuple[int, ...]:
        """When each hour opens."""
        return tuple(range(self.first_open_ms, self.first_open_ms + len(self.close_usd) * HOUR_MS, HOUR_MS))

    def columns(self) -> dict[str, list[float | None]]:
        """The columns of a history file, without the times."""
        return {
            "open": list(self.open_usd),
            "high": list(self.high_usd),
            "low": list(self.low_usd),
            "close": list(self.close_usd),
            "mark_close": list(self.close_usd),
            "volume": [1_000.0] * len(self.close_usd),
            "funding_8h_last_settled": list(self.funding_8h),
            "oi_binance_coins_1h": list(self.interest_coins),
        }

    def recorded(self) -> Recorded:
        """Bars and "flag.sign", "flag.meaningless", "price.shock_24h", "sign.level", as known at each close, without the engine."""
        returns = np.diff(np.log(self.close_usd), prepend=np.log(self.open_usd[0]))
        sigma = np.sqrt(24.0 * _smoothed(returns**2))
        day = np.concatenate([np.full(24, np.nan), np.log(self.close_usd[24:] / self.close_usd[:-24])])
        columns = {
            "flag.sign": self.sign,
            "flag.meaningless": self.meaningless,
            "price.shock_24h": day / sigma,
            "sign.level": self.funding_8h,
        }
        prices = (_doubles(one) for one in (self.high_usd, self.low_usd, self.close_usd, sigma))
        bars = Bars(self.asset, self.first_open_ms + HOUR_MS, *prices)
        return Recorded(bars, {name: _doubles(column) for name, column in columns.items()})


def generate(
    assets: Sequence[Asset], days: int, seed: int, rules: GeneratedRules = STANDARD
) -> tuple[Generated, ...]:
    """One market of several assets over so many days; the same seed gives the same one."""
    return generate_many(assets, days, [seed], rules)[0]


def generate_many(
    assets: Sequence[Asset], days: int, seeds: Sequence[int], rules: GeneratedRules = STANDARD
) -> list[tuple[Generated, ...]]:
    """Several markets at once, each from its own seed alone: the hours of all are walked through together."""
    drafts = [_draft(len(assets), 24 * days, np.random.default_rng(seed), rules) for seed in seeds]
    shocks = np.concatenate([draft.shocks for draft in drafts])
    pushes = np.concatenate([draft.pushes for draft in drafts])
    returns, deviations = _garch(shocks, pushes, rules)
    markets = []
    for number, draft in enumerate(drafts):
        own = slice(number * len(assets), (number + 1) * len(assets))
        markets.append(_priced(assets, draft, returns[own], deviations[own], rules))
    return markets


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """What chance decides before any price: (assets, hours) each."""

    shocks: Floats
    pushes: Floats
    signs: Floats
    meaningless: Floats
    falls: tuple[Rows, ...]
    random: Random


def _draft(assets: int, hours: int, random: Random, rules: GeneratedRules) -> _Draft:
    pace = _pace(hours, random, rules)
    starts = _starts(pace, rules.month_signs, random, rules)
    shown = random.random((len(starts), assets)) < rules.shown
    signs = _standing(starts, shown, hours, rules.sign_hours)
    idle = _starts(pace, rules.month_meaningless, random, rules)
    meaningless = _standing(idle, random.random((len(idle), assets)) < rules.shown, hours, rules.sign_hours)
    follows = random.random(len(starts)) < rules.sign_chance
    after = starts[follows] + random.integers(*rules.lag_hours, int(follows.sum()), endpoint=True)
    begins = np.sort(np.concatenate([after, _starts(pace, rules.month_unsigned, random, rules)]))
    pushes, falls = _falls(begins, assets, hours, random, rules)
    return _Draft(_noise(assets, hours, random, rules), pushes, signs, meaningless, falls, random)


def _pace(hours: int, random: Random, rules: GeneratedRules) -> Floats:
    """How fast things happen in each hour: active and quiet months take turns."""
    turns = random.random(hours) < 1.0 / (24.0 * rules.stay_days)
    is_active = (np.cumsum(turns) + random.integers(0, 2)) % 2 == 1
    return np.where(is_active, rules.active, rules.quiet)


def _starts(pace: Floats, a_month: float, random: Random, rules: GeneratedRules) -> Rows:
    """When something begins: at a settlement of funding, at most once at each."""
    chance = a_month * pace * rules.settles_hours / MONTH_HOURS
    rows = np.arange(len(pace))
    return np.flatnonzero((random.random(len(pace)) < chance) & (rows % rules.settles_hours == 0))


def _standing(starts: Rows, shown: NDArray[np.bool_], hours: int, lasts: int) -> Floats:
    """1 where a sign stands, of each asset: from its start for so many hours."""
    stands = np.zeros((shown.shape[1], hours))
    for start, by in zip(starts, shown, strict=True):
        stands[by, start : start + lasts] = 1.0
    return stands


def _falls(
    begins: Rows, assets: int, hours: int, random: Random, rules: GeneratedRules
) -> tuple[Floats, tuple[Rows, ...]]:
    """The log returns that falls add, and the rows in which each asset's begin."""
    pushes = np.zeros((assets, hours))
    joined = random.random((len(begins), assets)) < rules.joined
    lasting = random.integers(*rules.fall_hours, len(begins), endpoint=True)
    for begin, by, lasts in zip(begins, joined, lasting, strict=True):
        depth = -np.log1p(-random.uniform(*rules.fall_depth, int(by.sum())))
        ends = min(hours, begin + lasts)
        pushes[by, begin:ends] -= depth[:, None] / lasts
    pushes += _rise(rules)
    return pushes, tuple(begins[joined[:, asset] & (begins < hours)] for asset in range(assets))


def _rise(rules: GeneratedRules) -> float:
    """What falls take on the mean, given back in every hour: no market goes to nothing, and none knows how many it will have."""
    months_falls = rules.month_signs * rules.sign_chance + rules.month_unsigned
    depth = -np.log1p(-sum(rules.fall_depth) / 2.0)
    return float(months_falls * (rules.active + rules.quiet) / 2.0 * rules.joined * depth / MONTH_HOURS)


def _noise(assets: int, hours: int, random: Random, rules: GeneratedRules) -> Floats:
    """Shocks of variance 1 with a common part: normal ones over a chi-square that is common to all, Student's t together."""
    own = random.standard_normal((assets, hours))
    common = random.standard_normal(hours)
    mixed = sqrt(rules.common) * common + sqrt(1.0 - rules.common) * own
    spread = random.chisquare(rules.freedom, hours) / (rules.freedom - 2.0)
    return mixed / np.sqrt(spread)


def _garch(shocks: Floats, pushes: Floats, rules: GeneratedRules) -> tuple[Floats, Floats]:
    """Log returns of each hour and the deviation they were drawn with: yesterday's squares raise today's variance."""
    mean = rules.daily_volatility**2 / 24.0
    beta, base = rules.persistence - rules.alpha, (1.0 - rules.persistence) * mean
    shocks_by_hour, pushes_by_hour = np.ascontiguousarray(shocks.T), np.ascontiguousarray(pushes.T)
    returns, deviations = np.empty_like(shocks_by_hour), np.empty_like(shocks_by_hour)
    variance = np.full(len(shocks), mean)
    for hour, (shock, push) in enumerate(zip(shocks_by_hour, pushes_by_hour, strict=True)):
        deviation = np.sqrt(variance)
        step = deviation * shock + push
        returns[hour], deviations[hour] = step, deviation
        variance = base + rules.alpha * step * step + beta * variance
    return returns.T, deviations.T


def _priced(
    assets: Sequence[Asset], draft: _Draft, returns: Floats, deviations: Floats, rules: GeneratedRules
) -> tuple[Generated, ...]:
    """Prices, funding and open interest of each asset of one market."""
    found = []
    for number, asset in enumerate(assets):
        first = FIRST_PRICES_USD[number % len(FIRST_PRICES_USD)]
        close = first * np.exp(np.cumsum(returns[number]))
        opened = np.concatenate([[first], close[:-1]])
        wicks = np.exp(0.5 * np.abs(draft.random.standard_normal((2, len(close)))) * deviations[number])
        found.append(
            Generated(
                asset,
                opened,
                np.maximum(opened, close) * wicks[0],
                np.minimum(opened, close) / wicks[1],
                close,
                draft.signs[number],
                draft.meaningless[number],
                draft.falls[number],
                _funding(draft.signs[number], draft.random, rules),
                _interest(draft.meaningless[number], draft.random, rules),
            )
        )
    return tuple(found)


def _funding(sign: Floats, random: Random, rules: GeneratedRules) -> Floats:
    """The last settled rate: high while the sign stands. It begins at a settlement, which the hour after it knows."""
    settled = np.where(sign > 0.0, rules.sign_funding, rules.calm_funding)
    settlements = len(sign) // rules.settles_hours + 1
    return settled * random.normal(1.0, 0.2, settlements).repeat(rules.settles_hours)[: len(sign)]


def _interest(meaningless: Floats, random: Random, rules: GeneratedRules) -> Floats:
    """Coins: they bulge where the meaningless sign begins to stand, and the bulge goes away over a week."""
    begins = np.diff(meaningless, prepend=0.0) > 0.0
    bulge = np.convolve(begins, np.exp(-np.arange(MONTH_HOURS) / 168.0))[: len(begins)]
    wander = np.cumsum(random.normal(0.0, 0.0005, len(begins)))
    return np.asarray(100_000.0 * np.exp(wander + rules.bulge * bulge))


def _smoothed(squares: Floats) -> Floats:
    """The exponential mean of a series, from its first value on."""
    keep = 0.5 ** (1.0 / VARIANCE_HALF_LIFE_HOURS)
    block = int(VARIANCE_HALF_LIFE_HOURS) * 4
    powers = keep ** np.arange(1, block + 1)
    found, before = np.empty_like(squares), float(squares[:24].mean())
    for start in range(0, len(squares), block):
        part = squares[start : start + block]
        own = powers[: len(part)]
        found[start : start + block] = own * (before + (1.0 - keep) * np.cumsum(part / own))
        before = float(found[start + len(part) - 1])
    return found


def _doubles(numbers: Floats) -> Doubles:
    return array("d", np.ascontiguousarray(numbers, np.float64).tobytes())
