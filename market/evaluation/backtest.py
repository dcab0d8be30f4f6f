"""What came of warnings: those of a replay of the kept hours, each judged by the sell-offs that followed, or did not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import isnan
from statistics import median

from market.alerts import CLASSES, Alert, Edge, Kind, Severity
from market.backtest_rules import BacktestRules
from market.evaluation.labels import Event
from market.evaluation.matching import Matched, match
from market.evaluation.recorded import Bars
from market.evaluation.wilson import wilson
from market.evaluation_rules import EvidenceRules, MatchRules
from market.observations import DAY_MS, HOUR_MS, Asset

RISING = frozenset({Edge.FIRED, Edge.ESCALATED})
"""What is told of a warning that begins or grows worse."""
A_DAY_HOURS = 24
_BACKTEST, _EVIDENCE, _MATCH = BacktestRules(), EvidenceRules(), MatchRules()


@dataclass(frozen=True, slots=True)
class Firing:
    """One moment at which a warning began or grew worse (UTC ms). `opened_ms` is when its episode began.

    Fractions: `lost` is the return of the day before, `lowest_24h` how far price fell at most within the day after and
    `after_24h` where it was by then, both from the close of that hour. None: not known, or not yet.
    """

    kind: Kind
    severity: Severity
    at_ms: int
    opened_ms: int
    lost: float | None = None
    lowest_24h: float | None = None
    after_24h: float | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """The kept hours of an asset played through the engine under rules of the stamp `rules`.

    The oldest hour closed at `first_ms`; firings and onsets are those of `scored_ms` to `until_ms` (UTC ms), before which the
    engine only learned. `unknown_hours` of that time have no price.
    """

    asset: Asset
    rules: int
    first_ms: int
    scored_ms: int
    until_ms: int
    unknown_hours: int
    firings: tuple[Firing, ...]
    onsets_ms: tuple[int, ...]

    @property
    def event_days(self) -> int:
        """On how many days a sell-off began."""
        return len({onset_ms // DAY_MS for onset_ms in self.onsets_ms})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What warnings of one kind came to, from one severity up: each episode counts when it first was so severe.

    `matched` are those that can be judged, `unjudged` how many cannot yet, or for want of hours; but a sell-off that began is
    warned of by any of them: it is known that one came before. `lost` and `lowest` are the
    medians of `Firing.lost` and `Firing.lowest_24h` of those that count.
    """

    kind: Kind
    least: Severity
    matched: Matched
    unjudged: int
    lost: float | None
    lowest: float | None
    event_days: int

    @property
    def right(self) -> int:
        """Warnings that a sell-off followed within a day."""
        return len(self.matched.right_ms)

    @property
    def counted(self) -> int:
        """Those that were right or false."""
        return len(self.matched.kept_ms)

    @property
    def uncounted(self) -> int:
        """Those that were neither: while a sell-off was under way, soon after another, or not to be judged yet."""
        return len(self.matched.inside_ms) + len(self.matched.dropped_ms) + self.unjudged

    @property
    def right_between(self) -> tuple[float, float]:
        """The interval of the share that was right (Wilson)."""
        return wilson(self.right, self.counted)

    @property
    def warned_between(self) -> tuple[float, float]:
        """The interval of the share of sell-offs that were warned of (Wilson)."""
        return wilson(len(self.matched.warned_ms), len(self.matched.onsets_ms))

    @property
    def is_established(self) -> bool:
        """Whether there were sell-offs enough to say anything of odds."""
        return self.event_days >= _EVIDENCE.least_event_days


def scored_from(first_ms: int, until_ms: int, rules: BacktestRules = _BACKTEST) -> int | None:
    """From when on a past of these ends is scored (UTC ms), None where all of it is needed to learn from."""
    days = (until_ms - first_ms) / DAY_MS
    learning = min(rules.learning_days, max(rules.least_learning_days, days * rules.learning_share))
    return None if days <= learning else first_ms + round(learning * A_DAY_HOURS) * HOUR_MS


def firing_of(alert: Alert, bars: Bars, lost: float | None, rules: BacktestRules = _BACKTEST) -> Firing:
    """A warning with what price did in the day after; its own hour is the last that closed by then."""
    row = bars.row_at(alert.at_ms)
    return Firing(
        alert.kind,
        alert.severity,
        alert.at_ms,
        alert.opened_ms,
        lost,
        _lowest(bars, row, rules),
        _moved(bars, row),
    )


def _moved(bars: Bars, row: int) -> float | None:
    """The return from the close of a row to that of a day later, None where either is not known."""
    if row < 0 or row + A_DAY_HOURS >= len(bars):
        return None
    value = bars.close_usd[row + A_DAY_HOURS] / bars.close_usd[row] - 1.0
    return None if isnan(value) else value


def _lowest(bars: Bars, row: int, rules: BacktestRules) -> float | None:
    if row < 0 or row + A_DAY_HOURS >= len(bars) or isnan(bars.close_usd[row]):
        return None
    lows = [low for low in bars.low_usd[row + 1 : row + 1 + A_DAY_HOURS] if not isnan(low)]
    if len(lows) < rules.least_known_share * A_DAY_HOURS:
        return None
    return min(lows) / bars.close_usd[row] - 1.0


def onsets_in(events: Sequence[Event], since_ms: int, until_ms: int) -> tuple[int, ...]:
    """When the sell-offs of these ends began, oldest first."""
    return tuple(sorted(event.onset_ms for event in events if since_ms <= event.onset_ms <= until_ms))


def firings_of(record: Backtest, kind: Kind, least: Severity) -> tuple[Firing, ...]:
    """When each episode of a kind first was at least so severe, oldest first."""
    loud = [
        one
        for one in record.firings
        if one.kind is kind and CLASSES.index(one.severity) >= CLASSES.index(least)
    ]
    by_episode = sorted(loud, key=lambda one: (one.opened_ms, one.at_ms))
    firsts = [next(group) for _, group in groupby(by_episode, key=lambda one: one.opened_ms)]
    return tuple(sorted(firsts, key=lambda one: one.at_ms))


def outcome_of(record: Backtest, kind: Kind, least: Severity, rules: MatchRules = _MATCH) -> Outcome:
    """What the warnings of a kind came to, from one severity up, by the primary label."""
    firings = firings_of(record, kind, least)
    judged = {one.at_ms: one for one in firings if one.lowest_24h is not None}
    hours = max(0.0, (record.until_ms - record.scored_ms) / HOUR_MS - A_DAY_HOURS)
    every = match(tuple(one.at_ms for one in firings), record.onsets_ms, hours, rules, bar_ms=HOUR_MS)
    matched = replace(
        match(tuple(judged), record.onsets_ms, hours, rules, bar_ms=HOUR_MS),
        warned_ms=every.warned_ms,
        leads_ms=every.leads_ms,
    )
    kept = [judged[at_ms] for at_ms in matched.kept_ms]
    return Outcome(
        kind,
        least,
        matched,
        len(firings) - len(judged),
        _median([one.lost for one in kept]),
        _median([one.lowest_24h for one in kept]),
        record.event_days,
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
