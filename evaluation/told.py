"""The alerts that the engine told, as rows of their markets: when each severity was told, and for how long it stood."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.grounds import Field
from evaluation.study import Floats, Study
from market.alerts import Alert, Edge, Kind
from market.evaluation.budget import Rows
from market.evaluation.recorded import Recorded

SAID = (Edge.FIRED, Edge.ESCALATED)
OVER = (Edge.RESOLVED, Edge.FALSE_ALARM)
NEEDS: dict[Kind, str] = {
    Kind.OPEN_INTEREST: "open_interest.percentile",
    Kind.LIQUIDATIONS: "liquidations.percentile",
    Kind.SKEW: "skew.z",
}
"""What has to be known for a kind to be told at all; the others need price, which always is."""


@dataclass(frozen=True)
class Pick:
    """Which alerts are meant: of a kind, told as one of these severities, and for what else holds of them."""

    kind: Kind
    name: str
    wanted: Callable[[Alert], bool]


def rows_told(one: Recorded, wanted: Callable[[Alert], bool]) -> Rows:
    """The rows at whose close such an alert was fired or escalated."""
    rows = {one.bars.row_at(alert.at_ms) for alert in one.alerts if alert.edge in SAID and wanted(alert)}
    return np.array(sorted(row for row in rows if 0 <= row < len(one.bars)), np.int64)


def lost_at(one: Recorded, kind: Kind, otherwise: Floats) -> Floats:
    """By row what was lost when an alert was told: since the episode's reference where it says so, else over 24 h."""
    lost = otherwise.copy()
    for alert in one.alerts:
        row = one.bars.row_at(alert.at_ms)
        if alert.kind is kind and alert.lost_so_far is not None and 0 <= row < len(lost):
            lost[row] = alert.lost_so_far
    return lost


def standing(
    one: Recorded, alerts: Iterable[Alert], wanted: Callable[[Alert], bool]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The rows at which an alert that is meant stands: from when it is told to its end or to another severity."""
    stands = np.zeros(len(one.bars), np.bool_)
    since: dict[str, int | None] = {}
    for alert in alerts:
        row = one.bars.row_at(alert.at_ms)
        began = since.get(alert.id)
        if began is not None:
            stands[began:row] = True
        since[alert.id] = row if alert.edge not in OVER and wanted(alert) else None
    for began in since.values():
        if began is not None:
            stands[began:] = True
    return stands


def share_standing(where: Field, pick: Pick) -> float:
    """In which share of the scored hours such an alert stands."""
    hours = stood = 0
    for one, ground in zip(where.markets, where.grounds, strict=True):
        mine = [alert for alert in one.alerts if alert.kind is pick.kind]
        stood += int((standing(one, mine, pick.wanted) & ground.scored).sum())
        hours += int(ground.scored.sum())
    return stood / hours if hours else float("nan")


def where_told(where: Field, kind: Kind) -> Field:
    """The markets and hours in which a kind can be told."""
    if kind not in NEEDS:
        return where
    return where.known({one.asset: where.study.column(one, NEEDS[kind]) for one in where.markets})


def kinds(study: Study) -> Sequence[Kind]:
    """The kinds of which any market told one, in the order of the design."""
    told = {alert.kind for one in study.recorded for alert in one.alerts}
    return [kind for kind in Kind if kind in told]
