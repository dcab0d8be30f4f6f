"""What a warning can come to: how loud each kind becomes at most, and which of those that were told still stand."""

from collections.abc import Iterable, Mapping

from market.alerts.alert import CLASSES, Alert, Edge, Kind, Severity

HIGHEST: Mapping[Kind, Severity] = {
    Kind.CASCADE: Severity.CRITICAL,
    Kind.REGIME: Severity.WATCH,
    Kind.STAGE: Severity.WATCH,
    Kind.FUNDING: Severity.WATCH,
    Kind.OPEN_INTEREST: Severity.WATCH,
    Kind.LIQUIDATIONS: Severity.WATCH,
    Kind.SKEW: Severity.WATCH,
}
"""Who asks for a kind louder than this would never be told anything: what has no skill is never loud (decision 0043)."""

STANDING = frozenset({Edge.FIRED, Edge.ESCALATED, Edge.UNKNOWN})


def reaches(kind: Kind, severity: Severity) -> bool:
    """Whether warnings of a kind are ever this severe."""
    return CLASSES.index(HIGHEST[kind]) >= CLASSES.index(severity)


def still_standing(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """The last word on each warning whose last word is not that it is over; the most severe first, then by asset."""
    newest: dict[tuple[str, Kind], Alert] = {}
    for alert in alerts:
        known = newest.get((alert.asset, alert.kind))
        if known is None or _moment(alert) > _moment(known):
            newest[alert.asset, alert.kind] = alert
    standing = [alert for alert in newest.values() if alert.edge in STANDING]
    return tuple(
        sorted(standing, key=lambda alert: (-CLASSES.index(alert.severity), alert.asset, alert.kind))
    )


def _moment(alert: Alert) -> tuple[int, int]:
    return alert.at_ms, CLASSES.index(alert.severity)
