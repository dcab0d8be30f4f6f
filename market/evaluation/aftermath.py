"""What followed moments of recorded markets, beside what follows any hour: the odds that warnings are told with.

Shares are ratios of sums by calendar day, all assets added up, so that they are drawn like every other figure; the share of all
hours takes the assets in the proportion in which they have the moments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from market.evaluation.bootstrap import Floats, Interval, of_sums
from market.evaluation.labels import Event, falls_ahead, onset_ahead
from market.evaluation.recorded import Bars
from market.evaluation.wilson import wilson
from market.evaluation_rules import EvidenceRules, LabelRules, OddsRules
from market.odds import Share

Days: TypeAlias = NDArray[np.int64]
Claims: TypeAlias = NDArray[np.bool_]
STANDARD = OddsRules()
QUARTERS = (0.25, 0.5, 0.75)
HOURS_OF_DAY = 24


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What followed every hour of one market, NaN where that is not known.

    `day` is of the common calendar. `sell_off`: 1 where one began 1 to 24 h later, NaN inside one. `further_fall`: 1 where the
    lowest low of the next 24 h was so far below the close. `returns` are from close to close by hours ahead.
    """

    day: Days
    sell_off: Floats
    further_fall: Floats
    returns: Mapping[int, Floats]


@dataclass(frozen=True, slots=True)
class Moments:
    """The hours of one market after which something is looked for, and those in which it could have been told at all."""

    aftermath: Aftermath
    told: Claims
    possible: Claims


@dataclass(frozen=True, slots=True)
class _Sums:
    """By day: of the moments how many were followed and how many there are, and the same of all hours."""

    hits: Floats
    cases: Floats
    base_hits: Floats
    base_cases: Floats
    days_of_hits: int


def aftermath_of(
    bars: Bars, events: Sequence[Event], day: Days, label: LabelRules, rules: OddsRules = STANDARD
) -> Aftermath:
    """What followed every hour of a market, given its sell-offs and the calendar day of every row."""
    falls = np.frombuffer(falls_ahead(bars, label.within_hours))
    ahead = onset_ahead(bars, events, label)
    sell_off = np.array([np.nan if one is None else float(one) for one in ahead])
    unknown = np.isnan(falls)
    close = np.frombuffer(bars.close_usd)
    return Aftermath(
        day,
        np.where(unknown, np.nan, sell_off),
        np.where(unknown, np.nan, falls <= -rules.further_fall),
        {hours: _later(close, hours) for hours in rules.after_hours},
    )


def _later(close: Floats, hours: int) -> Floats:
    """The return from each close to the one so many hours later."""
    returns = np.full(len(close), np.nan)
    returns[:-hours] = close[hours:] / close[:-hours] - 1.0
    return returns


def share_after(
    outcome: str,
    moments: Sequence[Moments],
    draws: Floats,
    evidence: EvidenceRules,
    rules: OddsRules = STANDARD,
    spells: int | None = None,
) -> Share:
    """How often `outcome` ("sell_off", "further_fall") followed, and how often it follows any hour.

    The interval is of drawn days; with few hits, or few misses, it is Wilson's of the cases, or of the `spells` where the
    moments are hours that hang together. Established is what has days enough, with days enough on which it came at all.
    """
    sums = _sums(outcome, moments, draws.shape[1])
    cases = int(sums.cases.sum())
    if not cases:
        return Share(0, 0)
    together = np.stack([sums.hits, sums.cases, sums.base_hits, sums.base_cases], axis=1)
    found = of_sums(lambda weights: _share(weights @ together[:, :2]), draws, evidence.level)
    apart = of_sums(lambda weights: _difference(weights @ together), draws, evidence.level)
    low, high = _bounds(found, cases if spells is None else min(spells, cases), evidence, rules)
    base = float(sums.base_hits.sum() / sums.base_cases.sum())
    days = min(int((sums.cases > 0).sum()), sums.days_of_hits, cases if spells is None else spells)
    return Share(
        cases,
        days,
        found.value,
        low,
        high,
        base,
        differs=apart.excludes(0.0) and not low <= base <= high,
        is_established=days >= evidence.least_event_days,
    )


def _share(drawn: Floats) -> Floats:
    return np.asarray(drawn[:, 0] / drawn[:, 1])


def _difference(drawn: Floats) -> Floats:
    return _share(drawn) - _share(drawn[:, 2:])


def _sums(outcome: str, moments: Sequence[Moments], days: int) -> _Sums:
    hits, cases, base_hits, base_cases = (np.zeros(days) for _ in range(4))
    hit_on = np.zeros(days, np.bool_)
    for one in moments:
        value: Floats = getattr(one.aftermath, outcome)
        known, day = np.isfinite(value), one.aftermath.day
        told, possible = one.told & known, one.possible & known
        if not told.any():
            continue
        weight = told.sum() / possible.sum()
        hits += np.bincount(day[told], value[told], days)
        cases += np.bincount(day[told], minlength=days)
        base_hits += weight * np.bincount(day[possible], value[possible], days)
        base_cases += weight * np.bincount(day[possible], minlength=days)
        hit_on[day[_ends(value, possible)]] = True
    return _Sums(hits, cases, base_hits, base_cases, int(hit_on.sum()))


def _ends(value: Floats, possible: Claims) -> Claims:
    """The last hours before which something followed, where it could have been told within the day until then."""
    last = (value == 1.0) & (np.append(value[1:], np.nan) != 1.0)
    lately = np.convolve(possible, np.ones(HOURS_OF_DAY))[: len(possible)] > 0.0
    return np.asarray(last & lately)


def _bounds(found: Interval, cases: int, evidence: EvidenceRules, rules: OddsRules) -> tuple[float, float]:
    hits = int(found.value * cases + 1e-9)
    if min(hits, cases - hits) < rules.least_hits:
        return wilson(hits, cases, evidence.level)
    return found.low, found.high


def mean_after(hours: int, moments: Sequence[Moments], draws: Floats, evidence: EvidenceRules) -> Interval:
    """The mean return so many hours later, with its interval; NaN where there is none."""
    above, below = np.zeros(draws.shape[1]), np.zeros(draws.shape[1])
    for one in moments:
        returns = one.aftermath.returns[hours]
        told = one.told & np.isfinite(returns)
        day = one.aftermath.day[told]
        above += np.bincount(day, returns[told], len(above))
        below += np.bincount(day, minlength=len(below))
    together = np.stack([above, below], axis=1)
    return of_sums(lambda weights: _share(weights @ together), draws, evidence.level)


def quartiles(values: Floats) -> tuple[float, float, float] | None:
    """The quartiles of what is known, None where nothing is."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    first, median, third = np.quantile(known, QUARTERS)
    return float(first), float(median), float(third)


def quartiles_after(hours: int, moments: Sequence[Moments]) -> tuple[float, float, float] | None:
    """The quartiles of the returns so many hours later."""
    returns = [one.aftermath.returns[hours][one.told] for one in moments]
    return quartiles(np.concatenate(returns)) if returns else None
