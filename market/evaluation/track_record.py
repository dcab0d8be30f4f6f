"""How single warnings turned out: what price did afterwards, and whether a sell-off began, as far as that is known."""

from array import array
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from math import expm1, isnan

from market.alerts import Alert, Kind, Severity
from market.evaluation.backtest import Backtest, Firing, Outcome, firing_of, firings_of, outcome_of
from market.evaluation.matching import match
from market.evaluation.recorded import Bars
from market.hourly import Hourly
from market.observations import DAY_MS, HOUR_MS, Asset


class Unseen(StrEnum):
    """Why a return is not there."""

    NOT_YET = "not_yet"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What became of a warning: a sell-off began within a day, none did, one was under way, or that is not known (yet)."""

    RIGHT = "right"
    FALSE = "false"
    INSIDE = "inside"
    OPEN = "open"
    UNKNOWN = "unknown"


def moved_since(
    hours: Hourly | None, at_ms: int, price_usd: float | None, ahead_hours: int
) -> float | Unseen:
    """The return from a price at a moment to the first close so many hours later; why there is none.

    Without a price the close of the hour before is taken. Hours are kept for half a year.
    """
    if hours is None or not len(hours):
        return Unseen.UNKNOWN
    row = -(-(at_ms + ahead_hours * HOUR_MS - hours.first_close_ms) // HOUR_MS)
    if row >= len(hours):
        return Unseen.NOT_YET
    began = (at_ms - hours.first_close_ms) // HOUR_MS
    base_usd = price_usd if price_usd is not None else _close(hours, began)
    close_usd = _close(hours, row) if began >= 0 else None
    if base_usd is None or close_usd is None:
        return Unseen.UNKNOWN
    return close_usd / base_usd - 1.0


def bars_of(asset: Asset, hours: Hourly) -> Bars:
    """The kept hours as bars without volatility: enough to say what price did, not what counts as a sell-off."""
    return Bars(asset, hours.first_close_ms, hours.high_usd, hours.low_usd, hours.close_usd, array("d"))


def told_firings(alerts: Iterable[Alert], bars: Bars) -> tuple[Firing, ...]:
    """Warnings of one asset that were told, with what price did afterwards."""
    return tuple([firing_of(alert, bars, _lost(alert)) for alert in alerts])


def record_of(
    alerts: Iterable[Alert], hours: Hourly, record: Backtest, kind: Kind, least: Severity
) -> Outcome:
    """What the told warnings of one asset came to, counted as in a look back; those before it counted are left out."""
    told = [alert for alert in alerts if alert.at_ms >= record.scored_ms]
    firings = told_firings(told, bars_of(record.asset, hours))
    return outcome_of(replace(record, firings=firings), kind, least)


def verdict_of(firing: Firing, record: Backtest | None) -> Verdict:
    """What became of one warning, by the sell-offs that a look back knows of."""
    if record is None or firing.at_ms < record.scored_ms:
        return Verdict.UNKNOWN
    matched = match((firing.at_ms,), record.onsets_ms, 0.0, refractory_hours=0.0, bar_ms=HOUR_MS)
    if matched.right_ms:
        return Verdict.RIGHT
    if matched.inside_ms:
        return Verdict.INSIDE
    if firing.at_ms > record.until_ms - DAY_MS:
        return Verdict.OPEN
    return Verdict.UNKNOWN if firing.lowest_24h is None else Verdict.FALSE


def latest(record: Backtest, kind: Kind, count: int) -> tuple[tuple[Firing, Verdict], ...]:
    """The last episodes of a kind, newest first, each when it was told first, and what became of it."""
    firings = firings_of(record, kind, Severity.WATCH)
    return tuple((one, verdict_of(one, record)) for one in reversed(firings[-count:]))


def _lost(alert: Alert) -> float | None:
    r_24h = alert.facts.get("r_24h")
    return None if r_24h is None else expm1(r_24h)


def _close(hours: Hourly, row: int) -> float | None:
    if not 0 <= row < len(hours):
        return None
    close_usd = hours.close_usd[row]
    return None if isnan(close_usd) else close_usd
