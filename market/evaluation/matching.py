"""Alerts matched with events: which were right, which were false, how early, and how many sell-offs came unwarned."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from market.evaluation_rules import MatchRules
from market.observations import HOUR_MS, MINUTE_MS

STANDARD = MatchRules()
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Matched:
    """What came of the alerts of one asset over `hours` of market. All times UTC ms, ascending.

    `right` came before an event in time, `false` before none; `inside` came during one and counts as neither; `dropped` came
    in the refractory time of another. `leads_ms` is of each warned event from the first alert that was right of it.
    """

    hours: float
    onsets_ms: tuple[int, ...]
    right_ms: tuple[int, ...]
    false_ms: tuple[int, ...]
    inside_ms: tuple[int, ...]
    dropped_ms: tuple[int, ...]
    warned_ms: tuple[int, ...]
    leads_ms: tuple[int, ...]

    @property
    def kept_ms(self) -> tuple[int, ...]:
        """The alerts that count: those of `right` and `false`."""
        return tuple(sorted((*self.right_ms, *self.false_ms)))

    @property
    def precision(self) -> float | None:
        """Right ones among those that count, None where none does."""
        return _share(len(self.right_ms), len(self.right_ms) + len(self.false_ms))

    @property
    def recall(self) -> float | None:
        """Warned events among all, None where there was none."""
        return _share(len(self.warned_ms), len(self.onsets_ms))

    @property
    def lead_hours(self) -> tuple[float, float, float] | None:
        """The quartiles of the leads in hours (the middle one is the median), None where no event was warned of."""
        hours = [lead / HOUR_MS for lead in self.leads_ms]
        if not hours:
            return None
        if len(hours) == 1:
            return hours[0], hours[0], hours[0]
        first, median, third = quantiles(hours, n=QUARTERS, method="inclusive")
        return first, median, third

    def false_a_month(self, rules: MatchRules = STANDARD) -> float | None:
        """False alarms per symbol-month, None over no time."""
        return None if self.hours <= 0 else len(self.false_ms) * rules.month_hours / self.hours

    def alerts_a_month(self, rules: MatchRules = STANDARD) -> float | None:
        """Alerts that count per symbol-month, None over no time."""
        return None if self.hours <= 0 else len(self.kept_ms) * rules.month_hours / self.hours


def refracted(alerts_ms: Sequence[int], refractory_hours: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The alerts that are left of those in order, and those dropped: each silences others for so many hours."""
    kept: list[int] = []
    dropped: list[int] = []
    for at_ms in sorted(alerts_ms):
        is_early = bool(kept) and at_ms - kept[-1] < refractory_hours * HOUR_MS
        (dropped if is_early else kept).append(at_ms)
    return tuple(kept), tuple(dropped)


def match(
    alerts_ms: Sequence[int],
    onsets_ms: Sequence[int],
    hours: float,
    rules: MatchRules = STANDARD,
    refractory_hours: float | None = None,
    bar_ms: int = 1,
) -> Matched:
    """Match the alerts of one asset with the onsets of its sell-offs, over `hours` of market.

    An alert closer to an onset than the least lead counts as inside: it came with the fall, not before it. Onsets are known to
    a bar of `bar_ms`, and named by its close: an alert within a bar is taken for one at its close, as the fall may have come first.
    """
    onsets = tuple(sorted(onsets_ms))
    kept, dropped = refracted(
        alerts_ms, rules.refractory_hours if refractory_hours is None else refractory_hours
    )
    least, longest = rules.least_lead_minutes * MINUTE_MS, rules.longest_lead_hours * HOUR_MS
    right: list[int] = []
    false: list[int] = []
    inside: list[int] = []
    leads: dict[int, int] = {}
    for at_ms in kept:
        close_ms = -(-at_ms // bar_ms) * bar_ms
        before = bisect_right(onsets, close_ms) - 1
        if before >= 0 and close_ms - onsets[before] <= rules.event_hours * HOUR_MS:
            inside.append(at_ms)
            continue
        ahead = bisect_left(onsets, close_ms + least)
        skipped = before + 1 < ahead
        if ahead < len(onsets) and onsets[ahead] - close_ms <= longest:
            right.append(at_ms)
            leads.setdefault(onsets[ahead], onsets[ahead] - close_ms)
        else:
            (inside if skipped else false).append(at_ms)
    warned = tuple(sorted(leads))
    return Matched(
        hours,
        onsets,
        tuple(right),
        tuple(false),
        tuple(inside),
        dropped,
        warned,
        tuple(leads[one] for one in warned),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
