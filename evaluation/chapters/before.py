"""What stood in the market in the day before a sell-off, and how often it stands there anyway."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, table
from market.evaluation.bootstrap import Interval, difference
from market.evaluation.recorded import Recorded

Held = Callable[[Study, Recorded], Floats]
LEAST_KNOWN = 0.5
"""A day in which a condition is known for less of the hours is no case of it."""
EVERY_ASSET = "all"

FIRST: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "shock <= -1": {"BTC": (49, 30), "ETH": (47, 30), "SOL": (58, 33), "XRP": (34, 27)},
    "shock <= -1.5": {"BTC": (29, 16), "ETH": (30, 16), "SOL": (33, 15), "XRP": (15, 12)},
    "shock <= -2": {"BTC": (15, 8), "ETH": (13, 9), "SOL": (19, 8), "XRP": (11, 6)},
    "pd": {"BTC": (75, 63), "ETH": (75, 63), "SOL": (85, 66), "XRP": (81, 66)},
    "lower low in progress": {"BTC": (47, 26), "ETH": (39, 27), "SOL": (54, 29), "XRP": (36, 25)},
    "fn": {"BTC": (71, 60), "ETH": (70, 60), "SOL": (48, 49), "XRP": (66, 55)},
    "fe": {"BTC": (27, 14), "ETH": (17, 15), "SOL": (12, 10), "XRP": (15, 8)},
    "oe": {"BTC": (62, 47)},
    "protip": {"BTC": (33, 17)},
    "none of shock <= -1, fe, protip": {"BTC": (22, 54), "ETH": (43, 59), "SOL": (33, 60), "XRP": (53, 67)},
}
"""Table 2 of first-evaluation.md, in percent: onsets, windows."""


def _flag(name: str) -> Held:
    return _column(f"flag.{name}")


def _column(name: str) -> Held:
    return lambda study, one: study.column(one, name)


def _shock(most: float) -> Held:
    def held(study: Study, one: Recorded) -> Floats:
        shock = study.column(one, "price.shock_24h")
        return np.where(np.isnan(shock), np.nan, shock <= most)

    return held


def _protip(study: Study, one: Recorded) -> Floats:
    """The pro-tip where there is open interest to tell it from; elsewhere it is not seen, and nothing is learned of it."""
    known = np.isfinite(study.column(one, "open_interest.value"))
    return np.where(known, study.column(one, "regime.protip"), np.nan)


def _quiet(study: Study, one: Recorded) -> Floats:
    """Whether a sign that was looked for stood: what is not known is not seen, as for who reads it."""
    signs = (_shock(-1.0)(study, one), study.column(one, "flag.fe"), study.column(one, "regime.protip"))
    stood: Floats = np.nan_to_num(np.vstack(signs)).max(axis=0)
    return stood


CONDITIONS: Mapping[str, Held] = {
    "shock <= -1": _shock(-1.0),
    "shock <= -1.5": _shock(-1.5),
    "shock <= -2": _shock(-2.0),
    "pd": _flag("pd"),
    "lower low in progress": _column("price.lower_low_in_progress"),
    "fn": _flag("fn"),
    "fe": _flag("fe"),
    "oe": _flag("oe"),
    "protip": _protip,
    "none of shock <= -1, fe, protip": _quiet,
}
INVERTED = "none of shock <= -1, fe, protip"


@dataclass(frozen=True, eq=False)
class Shares:
    """Days before onsets and all days, with those in which a condition stood, by calendar day of their end."""

    onsets_with: Floats
    onsets: Floats
    windows_with: Floats
    windows: Floats

    @property
    def cases(self) -> int:
        """How many onsets there are whose day before is known."""
        return int(self.onsets.sum())

    @property
    def before(self) -> float:
        """The share of onsets."""
        return float(self.onsets_with.sum() / self.onsets.sum()) if self.cases else float("nan")

    @property
    def anyway(self) -> float:
        """The share of all days."""
        return float(self.windows_with.sum() / self.windows.sum()) if self.windows.sum() else float("nan")

    def plus(self, other: "Shares") -> "Shares":
        """Two markets together."""
        return Shares(
            self.onsets_with + other.onsets_with,
            self.onsets + other.onsets,
            self.windows_with + other.windows_with,
            self.windows + other.windows,
        )


def write(study: Study) -> Written:
    """The table by asset, with the first run's figures, and the difference for all assets with its interval."""
    assets = [one.asset for one in study.recorded]
    study.note("conditions before onsets", len(CONDITIONS))
    rows: list[list[str]] = []
    facts: dict[str, dict[str, object]] = {}
    for name, held in CONDITIONS.items():
        by_asset = {one.asset: _shares(study, one, held, inverted=name == INVERTED) for one in study.recorded}
        known = {asset: shares for asset, shares in by_asset.items() if shares.cases}
        cells = [_cell(by_asset[asset], FIRST.get(name, {}).get(asset)) for asset in assets]
        if not known:
            is_seen = any(shares.windows.sum() for shares in by_asset.values())
            rows.append([name, *cells, f"not established: no {'sell-off' if is_seen else 'column'}"])
            facts[name] = {}
            continue
        together = _sum(list(known.values()))
        gap = _difference(study, together)
        facts[name] = {asset: _facts(study, shares) for asset, shares in known.items()}
        facts[name][EVERY_ASSET] = _facts(study, together)
        rows.append([name, *cells, _told(study, together, gap)])
    head = ["condition in the 24 h before", *assets, "all, points above windows"]
    quiet = _sum([_shares(study, one, _quiet, inverted=True) for one in study.recorded])
    after = AFTER.format(share=quiet.before, cases=quiet.cases) if quiet.cases else ""
    return Written(TEXT + table(head, rows) + after, {"conditions": facts})


def _shares(study: Study, one: Recorded, held: Held, *, inverted: bool) -> Shares:
    """Count one condition in the days before onsets and in every day of one market."""
    hours = study.label.within_hours
    stood, known = _in_the_last(held(study, one), hours)
    if inverted:
        stood = ~stood
    counted = study.is_scored(one) & known
    day = study.rows_day(one)
    ends = np.array(
        [one.bars.row_at(event.onset_ms) - 1 for event in study.events[one.asset]], dtype=np.int64
    )
    ends = ends[ends >= 0]
    ends = ends[known[ends]]
    return Shares(
        _count(day[ends[stood[ends]]], study.days),
        _count(day[ends], study.days),
        _count(day[counted & stood], study.days),
        _count(day[counted], study.days),
    )


def _in_the_last(held: Floats, hours: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each row whether it stood at any of its last hours, and whether enough of them know."""
    holds = np.concatenate([[0.0], np.cumsum(np.nan_to_num(held))])
    knows = np.concatenate([[0.0], np.cumsum(np.isfinite(held))])
    last = np.arange(1, len(held) + 1)
    first = np.maximum(0, last - hours)
    return holds[last] - holds[first] > 0.0, knows[last] - knows[first] >= LEAST_KNOWN * hours


def _count(days: NDArray[np.int64], all_days: int) -> Floats:
    return np.bincount(days, minlength=all_days).astype(np.float64)


def _sum(shares: list[Shares]) -> Shares:
    whole = shares[0]
    for one in shares[1:]:
        whole = whole.plus(one)
    return whole


def _difference(study: Study, shares: Shares) -> Interval:
    return difference(
        (shares.onsets_with, shares.onsets),
        (shares.windows_with, shares.windows),
        study.draws,
        study.evidence.level,
    )


def _event_days(shares: Shares) -> int:
    return int((shares.onsets > 0).sum())


def _facts(study: Study, shares: Shares) -> dict[str, object]:
    gap = _difference(study, shares)
    return {
        "onsets": shares.before,
        "windows": shares.anyway,
        "cases": shares.cases,
        "event_days": _event_days(shares),
        "above": [gap.value, gap.low, gap.high],
    }


def _told(study: Study, shares: Shares, gap: Interval) -> str:
    days = _event_days(shares)
    if days < study.evidence.least_event_days:
        return f"not established ({days} event-days)"
    mark = " *" if gap.excludes(0.0) else ""
    low, high = number(100 * gap.low, 0), number(100 * gap.high, 0)
    return f"{number(100 * gap.value, 0)} [{low}, {high}]{mark}"


def _cell(shares: Shares, first: tuple[int, int] | None) -> str:
    if not shares.cases:
        return "no data"
    ours = f"{number(100 * shares.before, 0)} / {number(100 * shares.anyway, 0)}"
    if first is not None:
        return f"{ours} (*{first[0]} / {first[1]}*)"
    return f"{ours} of {shares.cases}"


TEXT = """Percent of onsets in whose 24 h before the condition stood at some close | percent of all 24 h windows in which it did; in
brackets the first run's. Days that do not know the condition are left out; the first run took those without open interest for days
without `oe` and protip, which makes both of its figures smaller.

"""
AFTER = """
\\* the interval excludes 0. {share:.1%} of the {cases} sell-offs begin after a day without even a fall of one sigma, dear funding or crowding: no
alert made of these alone finds more than the rest.
"""

CHAPTER = Chapter(20, "before", "What stood there before", write)
