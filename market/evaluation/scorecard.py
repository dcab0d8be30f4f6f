"""What a set of alerts was worth over some markets, beside price alone, single metrics and chance at the same budget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import nan

import numpy as np

from market.evaluation.bootstrap import Floats, Interval, draw_days, of_sums
from market.evaluation.budget import AtRandom, Ground, Scored, Truths, at_budget, at_random, ground_of
from market.evaluation.labels import Event, events_of, is_sell_off_ahead
from market.evaluation.matching import Matched, match
from market.evaluation.recorded import Bars, Recorded
from market.evaluation.wilson import wilson
from market.evaluation_rules import EvidenceRules, LabelRules, MatchRules, ScoreRules
from market.observations import DAY_MS, HOUR_MS, Asset

PRICE = "shock_24h"
RANDOM = "random"
BASELINES: Mapping[str, tuple[str, float]] = {
    PRICE: ("price.shock_24h", -1.0),
    "drawdown_7d": ("price.drawdown_7d", -1.0),
    "funding": ("funding.f24", 1.0),
    "funding_rank": ("funding.percentile", 1.0),
    "oi_rank": ("open_interest.percentile", 1.0),
    "liquidations_rank": ("liquidations.percentile", 1.0),
    "skew_z": ("skew.z", 1.0),
    "volatility": ("volatility.ewma_3d", 1.0),
}
"""Each signal by itself: its column, and the sign that makes more of it worse."""
LOST = "price.r_24h"
WANTED = (LOST, *(column for column, _ in BASELINES.values()))
"""The columns that a market is scored with."""


class Unscored(StrEnum):
    """Why an alert is not scored."""

    NO_FILE = "no_file"
    OUTSIDE = "outside"
    WARM_UP = "warm_up"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScoredBy:
    """The rules a scorecard goes by."""

    label: LabelRules = field(default_factory=LabelRules)
    matching: MatchRules = field(default_factory=MatchRules)
    evidence: EvidenceRules = field(default_factory=EvidenceRules)
    score: ScoreRules = field(default_factory=ScoreRules)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Hours in a row of one asset, its sell-offs that are scored, and every signal as a score by hour (higher is worse)."""

    bars: Bars
    events: tuple[Event, ...]
    ground: Ground
    scores: Mapping[str, Floats]
    lost: Floats

    def unscored(self, at_ms: int, rules: ScoreRules) -> Unscored | None:
        """Why an alert at that time is not scored here, None where it is."""
        row = self.bars.row_at(at_ms)
        if row < 0 or at_ms > self.bars.close_ms(len(self.bars) - 1):
            return Unscored.OUTSIDE
        if bool(self.ground.scored[row]):
            return None
        return Unscored.WARM_UP if row < rules.warm_up_hours else Unscored.UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Markets:
    """All markets on one calendar; `used` are its days on which anything is scored, `draws` draws of those."""

    each: tuple[Market, ...]
    used: Truths
    draws: Floats
    by: ScoredBy

    @property
    def grounds(self) -> list[Ground]:
        """Each market's ground."""
        return [one.ground for one in self.each]

    @property
    def months(self) -> float:
        """How many symbol-months are scored."""
        return sum(ground.months for ground in self.grounds)

    @property
    def event_days(self) -> int:
        """On how many days a scored sell-off began."""
        return len({event.onset_ms // DAY_MS for one in self.each for event in one.events})

    @property
    def is_enough(self) -> bool:
        """Whether there are event-days enough for anything to be established."""
        return self.event_days >= self.by.evidence.least_event_days

    def ratio(self, above: Floats, below: Floats) -> Interval:
        """The ratio of two sums over days and its interval."""
        sums = np.column_stack([above[self.used], below[self.used]])
        return of_sums(lambda weights: _ratios(weights @ sums), self.draws, self.by.evidence.level)

    def beyond(self, one: Scored, other: Scored) -> Interval:
        """By how much one precision is above another over the same draws of days (paired)."""
        # one pass over the draws for all four: they are tens of megabytes
        sums = np.column_stack(
            [by_day[self.used] for by_day in (one.right, one.kept, other.right, other.kept)]
        )

        def figures(weights: Floats) -> Floats:
            drawn = weights @ sums
            return _ratios(drawn[:, :2]) - _ratios(drawn[:, 2:])

        return of_sums(figures, self.draws, self.by.evidence.level)

    def find(self, asset: Asset, at_ms: int) -> int | Unscored:
        """The market in which an alert is scored, or why it is in none."""
        reasons = list[Unscored]()
        for place, one in enumerate(self.each):
            if one.bars.asset == asset:
                reason = one.unscored(at_ms, self.by.score)
                if reason is None:
                    return place
                reasons.append(reason)
        inside = [reason for reason in reasons if reason is not Unscored.OUTSIDE]
        if inside:
            return inside[0]
        return Unscored.OUTSIDE if reasons else Unscored.NO_FILE


@dataclass(frozen=True, slots=True)
class Beside:
    """A baseline at the same budget: its precision, and by how much that of the alerts is above it (paired).

    `precision` is NaN where the signal is known in too few of the scored hours (`known` is their share).
    """

    name: str
    known: float
    precision: Interval
    above: Interval


@dataclass(frozen=True, slots=True)
class Card:
    """What alerts were worth at one refractory time: counts, figures with their intervals, quartiles, and baselines.

    `recall_wilson` takes every sell-off for independent; `lost` is the return of the 24 h before an alert, a fraction;
    `alert_hours` the share of scored hours within a day after an alert. None where there is nothing to count.
    """

    refractory_hours: int
    right: int
    false: int
    inside: int
    dropped: int
    warned: int
    events: int
    precision: Interval
    recall: Interval
    recall_wilson: tuple[float, float]
    lead_hours: tuple[float, float, float] | None
    lost: tuple[float, float, float] | None
    a_month: float
    false_a_month: Interval
    alert_hours: float
    beside: tuple[Beside, ...]

    @property
    def counted(self) -> int:
        """Alerts that were right or false."""
        return self.right + self.false


UNKNOWN = Interval(nan, nan, nan)


def _ratios(sums: Floats) -> Floats:
    """The first column by the second."""
    shares: Floats = sums[:, 0] / sums[:, 1]
    return shares


def markets_of(recorded: Sequence[Recorded], by: ScoredBy) -> Markets:
    """The markets as they are scored: from their warm-up on, where the day ahead is known. Raises ValueError for none such."""
    first_day = min(one.bars.first_close_ms // DAY_MS for one in recorded)
    last_day = max(one.bars.close_ms(len(one.bars) - 1) // DAY_MS for one in recorded)
    calendar = (first_day, last_day - first_day + 1)
    each = tuple(_market(one, place, calendar, by) for place, one in enumerate(recorded))
    used = np.zeros(calendar[1], np.bool_)
    for one in each:
        used[one.ground.day[one.ground.scored]] = True
        used[one.ground.onset_day] = True
    if used.sum() < 2:
        raise ValueError("no hour is scored")
    return Markets(each, used, draw_days(int(used.sum()), by.score.seed, by.evidence), by)


def _market(one: Recorded, place: int, calendar: tuple[int, int], by: ScoredBy) -> Market:
    bars, rows = one.bars, len(one.bars)
    ahead = is_sell_off_ahead(bars, by.label)
    scored = np.array([said is not None for said in ahead]) & (np.arange(rows) >= by.score.warm_up_hours)
    first_ms = bars.close_ms(by.score.warm_up_hours)
    events = tuple(event for event in events_of(bars, by.label) if event.onset_ms > first_ms)
    # two files of one asset are two grounds, and counts of alerts are by name
    named = replace(bars, asset=f"{bars.asset} {place}")
    ground = ground_of(named, [event.onset_ms for event in events], scored, calendar, by.matching)
    scores = {name: sign * _column(one, column) for name, (column, sign) in BASELINES.items()}
    return Market(bars, events, ground, scores, np.expm1(_column(one, LOST)))


def _column(one: Recorded, name: str) -> Floats:
    known = one.columns.get(name)
    return np.full(len(one.bars), nan) if known is None else np.frombuffer(known)


def card(
    markets: Markets, alerts_ms: Sequence[Sequence[int]], refractory_hours: int, names: Iterable[str]
) -> Card:
    """Score alerts, given by market and all of them scored there, and the baselines of those names beside them."""
    found = [
        match(
            mine,
            [event.onset_ms for event in one.events],
            float(one.ground.scored.sum()),
            markets.by.matching,
            refractory_hours,
            bar_ms=HOUR_MS,
        )
        for one, mine in zip(markets.each, alerts_ms, strict=True)
    ]
    scored = _scored(markets, found)
    warned, events = int(scored.warned.sum()), int(scored.onsets.sum())
    hours = sum((_hours_of(one.ground, markets) for one in markets.each), np.zeros(len(markets.used)))
    return Card(
        refractory_hours,
        sum(len(one.right_ms) for one in found),
        sum(len(one.false_ms) for one in found),
        sum(len(one.inside_ms) for one in found),
        sum(len(one.dropped_ms) for one in found),
        warned,
        events,
        markets.ratio(scored.right, scored.kept),
        markets.ratio(scored.warned, scored.onsets),
        wilson(warned, events, markets.by.evidence.level),
        _quartiles(scored.leads),
        _quartiles(scored.lost[np.isfinite(scored.lost)]),
        scored.a_month,
        markets.ratio(scored.kept - scored.right, hours / markets.by.matching.month_hours),
        _alert_hours(markets, found),
        tuple(_beside(markets, scored, refractory_hours, names)),
    )


def _scored(markets: Markets, found: Sequence[Matched]) -> Scored:
    """The matched alerts as sums by calendar day, like those of a baseline."""
    days = len(markets.used)
    first_day = markets.each[0].bars.first_close_ms // DAY_MS - int(markets.each[0].ground.day[0])

    def by_day(times_ms: Iterable[int]) -> Floats:
        places = np.array([at_ms // DAY_MS - first_day for at_ms in times_ms], np.int64)
        return np.bincount(places, minlength=days).astype(np.float64)

    lost = [
        one.lost[one.bars.row_at(at_ms)]
        for one, mine in zip(markets.each, found, strict=True)
        for at_ms in mine.kept_ms
    ]
    return Scored(
        by_day(at_ms for mine in found for at_ms in mine.right_ms),
        by_day(at_ms for mine in found for at_ms in mine.kept_ms),
        by_day(at_ms for mine in found for at_ms in mine.warned_ms),
        by_day(at_ms for mine in found for at_ms in mine.onsets_ms),
        {one.ground.asset: len(mine.kept_ms) for one, mine in zip(markets.each, found, strict=True)},
        np.array([lead / HOUR_MS for mine in found for lead in mine.leads_ms]),
        np.array(lost, np.float64),
        markets.months,
    )


def _hours_of(ground: Ground, markets: Markets) -> Floats:
    """Scored hours by day."""
    return np.bincount(ground.day[ground.scored], minlength=len(markets.used)).astype(np.float64)


def _alert_hours(markets: Markets, found: Sequence[Matched]) -> float:
    """The share of scored hours that lie within the longest lead after an alert that was sent."""
    stood = all_hours = 0
    ahead = markets.by.matching.longest_lead_hours
    for one, mine in zip(markets.each, found, strict=True):
        under = np.zeros(len(one.bars), np.bool_)
        for at_ms in (*mine.kept_ms, *mine.inside_ms):
            row = one.bars.row_at(at_ms)
            under[row : row + ahead] = True
        stood += int((under & one.ground.scored).sum())
        all_hours += int(one.ground.scored.sum())
    return stood / all_hours


def _quartiles(values: Floats) -> tuple[float, float, float] | None:
    if not len(values):
        return None
    first, median, third = (float(one) for one in np.quantile(values, [0.25, 0.5, 0.75]))
    return first, median, third


def _beside(markets: Markets, scored: Scored, hours: int, names: Iterable[str]) -> Iterable[Beside]:
    """Each baseline with as many alerts a symbol-month as these, its threshold chosen on the same hours."""
    if not scored.kept.sum():
        return
    for name in names:
        if name == RANDOM:
            chance = _at_random(markets, scored, hours)
            if chance is not None:
                mean = chance.mean
                yield Beside(name, 1.0, markets.ratio(mean.right, mean.kept), markets.beyond(scored, mean))
            continue
        scores = [one.scores[name] for one in markets.each]
        known = _known(markets, scores)
        if known < markets.by.score.least_known:
            yield Beside(name, known, UNKNOWN, UNKNOWN)
            continue
        other = at_budget(markets.grounds, scores, scored.a_month, hours)
        yield Beside(name, known, markets.ratio(other.right, other.kept), markets.beyond(scored, other))


def _known(markets: Markets, scores: Sequence[Floats]) -> float:
    """The share of scored hours in which a signal is known."""
    pairs = list(zip(markets.grounds, scores, strict=True))
    known = sum(int(np.isfinite(score[ground.scored]).sum()) for ground, score in pairs)
    return known / sum(int(ground.scored.sum()) for ground in markets.grounds)


def _at_random(markets: Markets, scored: Scored, hours: int) -> AtRandom | None:
    """Alerts at random hours, as many in each market; None where so many do not fit in."""
    evidence, seed = markets.by.evidence, markets.by.score.seed
    try:
        return at_random(markets.grounds, scored.counts, seed, hours, evidence.random_draws)
    except ValueError:
        return None
