"""Rules of leverage held against the constant of equal mean: on the whole history, and walking forward."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluation.leverages import Family, raw_leverages, seen_of
from evaluation.positions import HOLD, Market, markets_of
from evaluation.study import Floats, Study
from market.evaluation.sizing import Compared, Constants, Entries, Flags, of_equal_mean
from market.evaluation.walking import Fold, folds

LOOKBACK_DAYS = 33
"""What is left out between training and testing: thirty days of the longest volatility, and the days a position is held."""

LEAST_TRAIN_HOURS = 300 * 24

ByMarket = list[Floats]


@dataclass(frozen=True)
class Walked:
    """A rule that walked forward: what came of it, and which variant each fold took."""

    compared: Compared
    taken: tuple[int, ...]


class Trial:
    """The same entries for every rule: those of which all inputs and the outcome are known."""

    def __init__(self, study: Study, families: Sequence[Family], without_days: int = 0) -> None:
        """All rules are worked out at once; the first `without_days` of each market can be left out."""
        self.study = study
        self.without_days = without_days
        self.markets = markets_of(study)
        recorded = [market.recorded for market in self.markets]
        holds = [market.entries.holds for market in self.markets]
        self.raw = dict(raw_leverages(seen_of(study, recorded, holds), families)) if self.markets else {}
        self._leave_out_unknown()

    def _leave_out_unknown(self) -> None:
        """A family that is unknown for a market as a whole is not tried; single unknown hours count for no family."""
        everywhere = {
            name: [
                np.isfinite(np.stack([one[place] for one in variants])).all(axis=0)
                for place in range(len(self.markets))
            ]
            for name, variants in self.raw.items()
        }
        self.raw = {
            name: variants
            for name, variants in self.raw.items()
            if all(
                (known & market.entries.counted).sum() > 0.5 * market.entries.counted.sum()
                for known, market in zip(everywhere[name], self.markets, strict=True)
            )
        }
        self.counted: list[Flags] = [
            np.logical_and.reduce(
                [self._late_enough(market), *(everywhere[name][place] for name in self.raw)]
            )
            for place, market in enumerate(self.markets)
        ]

    def _late_enough(self, market: Market) -> Flags:
        entries = market.entries
        first_day = int(entries.day[entries.counted].min())
        return np.asarray(entries.counted & (entries.day >= first_day + self.without_days))

    @cached_property
    def entries(self) -> list[Entries]:
        """The entries that count for every rule."""
        return [_part(market, rows) for market, rows in zip(self.markets, self.counted, strict=True)]

    @cached_property
    def constants(self) -> Constants:
        """What constant leverages come to, over the whole history."""
        return Constants(self.entries, self.study.draws)

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """A year and more trains, a quarter tests."""
        return folds(0, self.study.days - 1, lookback_days=LOOKBACK_DAYS)

    @cached_property
    def tested(self) -> list[Flags]:
        """The entries that some fold tests: those whose own market has been training for long enough."""
        return [
            np.logical_or.reduce(
                [
                    counted & fold.tests(one.day)
                    for fold in self.folds
                    if self._trains(one, fold).sum() >= LEAST_TRAIN_HOURS
                ]
                or [np.zeros(len(counted), np.bool_)]
            )
            for one, counted in zip(self.entries, self.counted, strict=True)
        ]

    @cached_property
    def tested_constants(self) -> Constants:
        """What constant leverages come to where something is tested."""
        parts = [_part(market, rows) for market, rows in zip(self.markets, self.tested, strict=True)]
        return Constants(parts, self.study.draws)

    def means(self) -> list[float]:
        """The mean leverage of `/size` without the cap for a fall: the mean that every rule is brought to."""
        return [
            one.mean_leverage(market.sized_without_fall)
            for one, market in zip(self.entries, self.markets, strict=True)
        ]

    def brought_to(self, raw: Sequence[Floats], means: Sequence[float]) -> ByMarket:
        """Relative leverages brought to these means, none above the leverage asked for."""
        return [
            _brought_to(one[counted], mean, one)
            for one, counted, mean in zip(raw, self.counted, means, strict=True)
        ]

    def whole(self, raw: Sequence[Floats], means: Sequence[float] | None = None) -> Compared:
        """A rule over the whole history, at the mean of `/size` unless given."""
        return self.constants.against(self.brought_to(raw, means or self.means()))

    def as_it_is(self, leverages: Sequence[Floats], *, tested: bool = False) -> Compared:
        """Leverages that are not brought to any mean, over the whole history or where something is tested."""
        used = self.tested_constants if tested else self.constants
        return used.against([np.nan_to_num(one) for one in leverages])

    def walk(self, names: Sequence[str]) -> Walked:
        """In every fold the variant of these families with the lowest ratio on the past, brought there to the mean of `/size`."""
        variants = [raw for name in names for raw in self.raw[name]]
        ratios = np.concatenate([self._past[name] for name in names], axis=1)
        taken = np.argmin(ratios, axis=1)
        walked = [np.zeros(len(counted)) for counted in self.counted]
        for fold, best in zip(self.folds, taken, strict=True):
            for place, one in enumerate(self.entries):
                rows = self._trains(one, fold)
                if rows.sum() >= LEAST_TRAIN_HOURS:
                    here, raw = self.tested[place] & fold.tests(one.day), variants[best][place]
                    walked[place][here] = _brought_to(raw[rows], self._mean(place, rows), raw[here])
        return Walked(self.tested_constants.against(walked), tuple(int(best) for best in taken))

    @cached_property
    def _past(self) -> dict[str, Floats]:
        """By family: for each fold and variant forced closes over those of the constant on the past, markets added up."""
        ratios = {
            name: np.full((len(self.folds), len(variants)), np.inf) for name, variants in self.raw.items()
        }
        for number, fold in enumerate(self.folds):
            past = [self._trains(one, fold) for one in self.entries]
            known = [(place, rows) for place, rows in enumerate(past) if rows.sum() >= LEAST_TRAIN_HOURS]
            same = sum(self._closed(place, rows, self._mean(place, rows)) for place, rows in known)
            for name, variants in self.raw.items():
                for variant, raw in enumerate(variants):
                    closed = sum(
                        self._closed(place, rows, _brought_to(raw[place][rows], self._mean(place, rows)))
                        for place, rows in known
                    )
                    ratios[name][number, variant] = closed / same if same else np.inf
        return ratios

    def _closed(self, place: int, rows: Flags, leverage: Floats | float) -> int:
        return int((leverage * self.entries[place].holds.needed[rows] >= 1.0).sum())

    def _trains(self, one: Entries, fold: Fold) -> Flags:
        return one.counted & fold.trains(one.day)

    def _mean(self, place: int, rows: Flags) -> float:
        return float(self.markets[place].sized_without_fall[rows].mean())


def _part(market: Market, rows: Flags) -> Entries:
    entries = market.entries
    return Entries(entries.holds, rows, entries.day, entries.days)


def _brought_to(raw: Floats, mean: float, to: Floats | None = None) -> Floats:
    """Relative leverages brought to a mean (or `to` by the same factor), none above the leverage asked for."""
    factor = of_equal_mean(raw, mean, HOLD.leverage)
    return np.minimum(HOLD.leverage, factor * np.nan_to_num(raw if to is None else to))


def chance_of_best(compared: Mapping[str, Compared]) -> tuple[str, float]:
    """The variant with the surest ratio below 1, and how often the best of as many worthless ones would look as sure.

    White's reality check: each variant's draws moved to a ratio of 1 (in logarithms, over their spread); in each draw the best
    of all is taken.
    """
    names, sure, moved = [], [], []
    for name, one in compared.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.log(one.drawn)
            value = np.log(one.ratio.value)
        known = np.isfinite(drawn)
        if np.isfinite(value) and known.all():
            spread = float(drawn.std())
            names.append(name)
            sure.append(-value / spread)
            moved.append((value - drawn) / spread)
    if not names:
        return "", np.nan
    best = int(np.argmax(sure))
    return names[best], float((np.max(moved, axis=0) >= sure[best]).mean())
