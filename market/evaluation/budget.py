"""Alerts made of scores at one budget: the same way for every signal, so that one is compared with another and with chance.

A `Ground` is one market with what came of an alert at each of its hours, worked out once; a score or a condition then becomes
rows, and rows become a `Scored`. It agrees with `matching.match` of the same alerts (tests), only faster.
Figures are sums by calendar day, for the draws of days of `bootstrap`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from market.evaluation.recorded import Bars
from market.evaluation_rules import EvidenceRules, MatchRules
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Asset

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]
Truths: TypeAlias = NDArray[np.bool_]
UNSCORED, FALSE, RIGHT, INSIDE = range(4)
STANDARD = MatchRules()
EVIDENCE = EvidenceRules()
HALVINGS = 18
"""Steps of the search for a threshold: finer than one row of half a decade of hours."""

CLOSE_ENOUGH = 0.1
"""How far from a budget, as a share of it, the alerts of a score may be in number."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """One market as it is scored: for each row what an alert at its close would have been, and of which onset."""

    asset: Asset
    outcome: NDArray[np.int8]
    onset_of: Rows
    lead_hours: Floats
    day: Rows
    onset_day: Rows
    days: int
    month_hours: int

    @property
    def scored(self) -> Truths:
        """The rows at which an alert is scored."""
        return np.not_equal(self.outcome, UNSCORED)

    @property
    def months(self) -> float:
        """How many symbol-months are scored."""
        return float(self.scored.sum()) / self.month_hours

    def where(self, known: Truths) -> "Ground":
        """The same market with only these rows scored, and the onsets for which some alert could be right or inside."""
        outcome = np.where(known, self.outcome, UNSCORED).astype(np.int8)
        left = np.zeros(len(self.onset_day), np.bool_)
        left[self.onset_of[(self.onset_of >= 0) & (outcome == RIGHT)]] = True
        # the places of the onsets stay as they are: what is not left has no day
        onset_day = np.where(left, self.onset_day, -1)
        return Ground(
            self.asset,
            outcome,
            self.onset_of,
            self.lead_hours,
            self.day,
            onset_day,
            self.days,
            self.month_hours,
        )


def ground_of(
    bars: Bars,
    onsets_ms: Sequence[int],
    scored: Truths,
    calendar: tuple[int, int],
    rules: MatchRules = STANDARD,
) -> Ground:
    """The ground of one market. `scored` has its rows' say; `calendar` is the first day since 1970 and how many days there are."""
    first_day, days = calendar
    at_ms = bars.first_close_ms + HOUR_MS * np.arange(len(bars), dtype=np.int64)
    onsets = np.sort(np.asarray(onsets_ms, np.int64))
    outcome, onset_of = _outcomes(at_ms, onsets, rules)
    lead = np.full(len(bars), np.nan)
    warns = onset_of >= 0
    lead[warns] = (onsets[onset_of[warns]] - at_ms[warns]) / HOUR_MS
    outcome[~scored] = UNSCORED
    return Ground(
        bars.asset,
        outcome,
        onset_of,
        lead,
        at_ms // DAY_MS - first_day,
        onsets // DAY_MS - first_day,
        days,
        rules.month_hours,
    )


def _outcomes(at_ms: Rows, onsets: Rows, rules: MatchRules) -> tuple[NDArray[np.int8], Rows]:
    """For each time what `match` would say of an alert then, and the onset it would be right of (-1: of none)."""
    least, longest = rules.least_lead_minutes * MINUTE_MS, rules.longest_lead_hours * HOUR_MS
    never = np.iinfo(np.int64).max // 2
    behind = np.concatenate([[-never], onsets])
    ahead = np.concatenate([onsets, [never]])
    before = np.searchsorted(onsets, at_ms, side="right")
    after = np.searchsorted(onsets, at_ms + least, side="left")
    right = ahead[after] - at_ms <= longest
    inside = (at_ms - behind[before] <= rules.event_hours * HOUR_MS) | (~right & (before < after))
    outcome = np.select([inside, right], [INSIDE, RIGHT], FALSE).astype(np.int8)
    return outcome, np.where(outcome == RIGHT, after, -1)


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What alerts were worth over some markets, by calendar day: right ones, those that count, onsets warned of, onsets.

    `counts` are the alerts of each market that count, `leads` the hours by which each warned onset was, `lost` what the
    24 h before each alert that counts had already cost (a fraction; empty where it was not asked for).
    """

    right: Floats
    kept: Floats
    warned: Floats
    onsets: Floats
    counts: Mapping[Asset, int]
    leads: Floats
    lost: Floats
    months: float

    @property
    def precision(self) -> float:
        """Right ones among those that count, NaN where none does."""
        return _ratio(self.right.sum(), self.kept.sum())

    @property
    def recall(self) -> float:
        """Onsets warned of among all, NaN where there was none."""
        return _ratio(self.warned.sum(), self.onsets.sum())

    @property
    def a_month(self) -> float:
        """Alerts that count per symbol-month."""
        return _ratio(self.kept.sum(), self.months)

    @property
    def false_a_month(self) -> float:
        """False alarms per symbol-month."""
        return _ratio(self.kept.sum() - self.right.sum(), self.months)

    @property
    def lead(self) -> float:
        """The median lead in hours, NaN where no onset was warned of."""
        return float(np.median(self.leads)) if len(self.leads) else float("nan")

    @property
    def event_days(self) -> int:
        """On how many days of the calendar a sell-off began."""
        return int((self.onsets > 0).sum())

    @property
    def right_days(self) -> int:
        """On how many days of the calendar an alert was right."""
        return int((self.right > 0).sum())


def above(score: Floats, threshold: float) -> Rows:
    """The rows at which a score stands at or above a threshold; unknown is below."""
    return np.flatnonzero(score >= threshold)


def edges(score: Floats, threshold: float = 1.0) -> Rows:
    """The rows at which a score (or a flag of 0 and 1) comes to a threshold from below it or from unknown."""
    stands = score >= threshold
    return np.flatnonzero(stands & ~np.concatenate([[False], stands[:-1]]))


def refracted_rows(rows: Rows, hours: int) -> Rows:
    """The rows that are left when each silences those of the next `hours`; ascending."""
    after: list[int] = np.searchsorted(rows, rows + hours, side="left").tolist()
    kept: list[int] = []
    place = 0
    while place < len(after):
        kept.append(place)
        place = after[place]
    return rows[kept]


def score_rows(
    grounds: Sequence[Ground],
    rows: Sequence[Rows],
    hours: int = STANDARD.refractory_hours,
    lost: Sequence[Floats] | None = None,
) -> Scored:
    """What alerts at these rows of these markets were worth. `lost` are the markets' 24 h returns (fractions) by row."""
    days = grounds[0].days
    right, kept, warned, onsets = (np.zeros(days) for _ in range(4))
    counts, leads, losses = dict[Asset, int](), list[Floats](), list[Floats]()
    for place, (ground, mine) in enumerate(zip(grounds, rows, strict=True)):
        left = refracted_rows(mine[ground.scored[mine]], hours)
        counted = left[ground.outcome[left] != INSIDE]
        good = counted[ground.outcome[counted] == RIGHT]
        warned_of, first = np.unique(ground.onset_of[good], return_index=True)
        right += np.bincount(ground.day[good], minlength=days)
        kept += np.bincount(ground.day[counted], minlength=days)
        warned += np.bincount(ground.onset_day[warned_of], minlength=days)
        onsets += np.bincount(ground.onset_day[ground.onset_day >= 0], minlength=days)
        counts[ground.asset] = len(counted)
        leads.append(ground.lead_hours[good][first])
        if lost is not None:
            losses.append(lost[place][counted])
    months = sum(ground.months for ground in grounds)
    gone = np.concatenate(losses) if losses else np.zeros(0)
    return Scored(right, kept, warned, onsets, counts, np.concatenate(leads), gone, months)


def threshold_for(
    grounds: Sequence[Ground],
    scores: Sequence[Floats],
    a_month: float,
    hours: int = STANDARD.refractory_hours,
) -> float:
    """The threshold (one for all markets, in sample) at which the alerts that count come closest to a budget per symbol-month.

    Every hour at or above it is an alert, `hours` apart at the least. NaN where no score is known.
    """
    known = np.concatenate(
        [score[ground.scored & np.isfinite(score)] for ground, score in zip(grounds, scores, strict=True)]
    )
    if not len(known):
        return float("nan")
    known.sort()

    def surplus(threshold: float) -> float:
        rows = [above(score, threshold) for score in scores]
        return score_rows(grounds, rows, hours).a_month - a_month

    low, high = 0, len(known) - 1
    for _ in range(HALVINGS):
        middle = (low + high) // 2
        if middle == low:
            break
        low, high = (middle, high) if surplus(float(known[middle])) > 0 else (low, middle)
    return min((float(known[low]), float(known[high])), key=lambda one: abs(surplus(one)))


def at_budget(
    grounds: Sequence[Ground],
    scores: Sequence[Floats],
    a_month: float,
    hours: int = STANDARD.refractory_hours,
    lost: Sequence[Floats] | None = None,
) -> Scored:
    """What a score (higher is worse) is worth as alerts at a budget per symbol-month.

    Alerts are the hours at or above a threshold; a score that stands at its highest for too long (a rank of 1) may
    come nearer to the budget with its rising edges there, and is then scored on those.
    """
    threshold = threshold_for(grounds, scores, a_month, hours)
    tried = [
        score_rows(grounds, [rows_of(score, threshold) for score in scores], hours, lost)
        for rows_of in (above, edges)
    ]
    if abs(tried[0].a_month - a_month) <= CLOSE_ENOUGH * a_month:
        return tried[0]
    return min(tried, key=lambda one: abs(one.a_month - a_month))


@dataclass(frozen=True, slots=True, eq=False)
class AtRandom:
    """Random alerts: what they come to by day on the mean of all draws, and the precision and recall of each draw."""

    mean: Scored
    precision: Floats
    recall: Floats


def at_random(
    grounds: Sequence[Ground],
    counts: Mapping[Asset, int],
    seed: int,
    hours: int = STANDARD.refractory_hours,
    draws: int = EVIDENCE.random_draws,
) -> AtRandom:
    """Alerts at random hours, as many that count in each market as `counts` (on the mean), never closer than `hours`."""
    random = np.random.default_rng(seed)
    days = grounds[0].days
    right, kept, warned, onsets = (np.zeros(days) for _ in range(4))
    drawn = np.zeros((3, draws))
    leads: list[Floats] = []
    for ground in grounds:
        rows = _random_rows(ground, counts.get(ground.asset, 0), hours, draws, random)
        outcome = ground.outcome[rows]
        counted, good = outcome != INSIDE, outcome == RIGHT
        right += np.bincount(ground.day[rows[good]], minlength=days) / draws
        kept += np.bincount(ground.day[rows[counted]], minlength=days) / draws
        onsets += np.bincount(ground.onset_day[ground.onset_day >= 0], minlength=days)
        per_draw = np.repeat(np.arange(draws), good.sum(axis=1))
        pairs = np.unique(per_draw * (len(ground.onset_day) + 1) + ground.onset_of[rows[good]])
        of_draw, onset = np.divmod(pairs, len(ground.onset_day) + 1)
        warned += np.bincount(ground.onset_day[onset], minlength=days) / draws
        drawn += [good.sum(axis=1), counted.sum(axis=1), np.bincount(of_draw, minlength=draws)]
        leads.append(ground.lead_hours[rows[good]])
    months = sum(ground.months for ground in grounds)
    mean = Scored(right, kept, warned, onsets, dict(counts), np.concatenate(leads), np.zeros(0), months)
    with np.errstate(divide="ignore", invalid="ignore"):
        return AtRandom(mean, drawn[0] / drawn[1], drawn[2] / onsets.sum())


def _random_rows(ground: Ground, count: int, hours: int, draws: int, random: np.random.Generator) -> Rows:
    """(draws, alerts) of scored rows, ascending, at least `hours` of scored rows apart; inside ones come on top of `count`."""
    scored = np.flatnonzero(ground.scored)
    inside = float((ground.outcome == INSIDE).sum())
    if not count or inside >= len(scored):
        return np.zeros((draws, 0), np.int64)
    alerts = round(count * len(scored) / (len(scored) - inside))
    room = len(scored) - (alerts - 1) * hours
    if room < 1:
        raise ValueError(
            f"{alerts} alerts {hours} h apart do not fit into {len(scored)} hours of {ground.asset}"
        )
    places = np.sort(random.integers(0, room, (draws, alerts)), axis=1) + hours * np.arange(alerts)
    rows: Rows = scored[places]
    return rows


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
