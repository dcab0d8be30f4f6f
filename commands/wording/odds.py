"""What followed alerts and hours like this in recorded history, in words: how often, of how many, and how often after any hour.

Counts of the past, never a prediction. Every rounding goes against the count: shares down, what they are held against up.
"""

from collections.abc import Iterable
from math import ceil, floor

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from market.alerts import Alert, Kind, Reason, Severity
from market.observations import Asset
from market.odds import (
    NO_SKILL,
    SKILL,
    TOGETHER,
    Odds,
    Share,
    Table,
    alert_name,
    hours_of,
    is_established,
    recorded_odds,
    told_of,
)
from market.regime import Regime

TENTHS = 1_000.0
"""Of a percent."""


def alert_odds(alert: Alert, phrases: Phrases, table: Table) -> tuple[str, ...]:
    """What followed alerts of this kind and severity; nothing for one that is over, milder or out of sight."""
    name = told_of(alert)
    return () if name is None else row_lines(name, alert.asset, phrases, table)


def regime_odds(asset: Asset, regime: Regime, phrases: Phrases, table: Table) -> tuple[str, ...]:
    """What followed hours in such a regime; nothing where there is no state."""
    name = hours_of(regime)
    return () if name is None else row_lines(name, asset, phrases, table)


def quoted(name: str, asset: Asset, phrases: Phrases) -> tuple[str, ...]:
    """The lines of a row of the shipped table."""
    return row_lines(name, asset, phrases, recorded_odds())


def row_lines(name: str, asset: Asset, phrases: Phrases, table: Table) -> tuple[str, ...]:
    """The lines of a row of `market.odds`, or that it is not established, for an asset that was not recorded or of too few days.

    Of alerts whose further falls alone are established those are said.
    """
    if asset not in table.assets:
        return (phrases.say("odds.none", asset=asset),)
    odds = table.row(name, asset)
    if odds is None:
        return (phrases.say("odds.seldom", asset=asset, years=_years(table.first_year, table.last_year)),)
    if odds.begun is not None and odds.further_fall.is_established and not odds.sell_off.is_established:
        return _begun_before(odds, table, phrases)
    if not is_established(odds):
        days = min(odds.sell_off.days, odds.further_fall.days)
        known = {"count": odds.episodes, "years": _years(odds.first_year, odds.last_year)}
        return (phrases.say("odds.few", **known, days=days, needed=table.least_days),)
    return _lines(odds, table, phrases)


def tail_risk(alert: Alert, phrases: Phrases, table: Table) -> str:
    """That a fall warned of is a risk and no direction, with what price came to on average a day after such warnings."""
    name = told_of(alert)
    odds = None if name is None else table.row(name, alert.asset)
    if odds is None or odds.mean_24h is None or not is_established(odds):
        return phrases.say("alert.tail")
    mean, low, high = (numbers.percent(value) for value in odds.mean_24h)
    return phrases.say("odds.tail", mean=mean, low=low, high=high)


def subscribed_odds(phrases: Phrases, table: Table) -> str:
    """How often a sell-off followed each of the two lesser cascades, all recorded assets together; "" where it is not established."""
    watch, warning = (
        table.row(alert_name(Kind.CASCADE, severity, Reason.PRICE_SHOCK), TOGETHER)
        for severity in (Severity.WATCH, Severity.WARNING)
    )
    if watch is None or warning is None or not (is_established(watch) and is_established(warning)):
        return ""
    return phrases.say(
        "subscribe.odds",
        watch=_share(watch.sell_off, phrases),
        warning=_share(warning.sell_off, phrases),
        base=_up(max(watch.sell_off.base or 0.0, warning.sell_off.base or 0.0)),
        years=_years(warning.first_year, warning.last_year),
        assets=", ".join(warning.assets),
    )


def skill_lines(flags: Iterable[str], phrases: Phrases, table: Table) -> tuple[str, ...]:
    """Which conditions were tried on recorded history and showed no skill, and which could not be: they stay readings."""
    named = tuple(flags)
    years = _years(table.first_year, table.last_year)
    without = [flag for flag in named if table.verdicts.get(flag) == NO_SKILL]
    untried = [flag for flag in named if table.verdicts.get(flag) not in (NO_SKILL, SKILL)]
    said = []
    if without:
        said.append(phrases.say("odds.no_skill", years=years, flags=_named(without, phrases)))
    if untried:
        said.append(phrases.say("odds.untried", flags=_named(untried, phrases)))
    return tuple(said)


def _named(flags: Iterable[str], phrases: Phrases) -> str:
    return ", ".join(phrases.word("flag", flag) for flag in flags)


def _lines(odds: Odds, table: Table, phrases: Phrases) -> tuple[str, ...]:
    known = {
        "years": _years(odds.first_year, odds.last_year),
        "assets": ", ".join(odds.assets),
        "count": odds.episodes,
        "fall": numbers.share(table.fall),
        "sigmas": numbers.general(table.sigmas),
        "share": _share(odds.sell_off, phrases),
        "beside": _beside(odds.sell_off, phrases),
    }
    first = phrases.say("odds.hours" if odds.begun is None else "odds.alert", **known)
    if odds.begun:
        first += " " + phrases.say("odds.begun", begun=odds.begun)
    return first, _further(odds, table, phrases)


def _begun_before(odds: Odds, table: Table, phrases: Phrases) -> tuple[str, ...]:
    """Of alerts that mostly come when a sell-off has begun: that of the others too little is known, and how far it fell further."""
    first = phrases.say(
        "odds.few_others",
        years=_years(odds.first_year, odds.last_year),
        assets=", ".join(odds.assets),
        count=odds.episodes,
        begun=odds.begun,
        days=odds.sell_off.days,
        needed=table.least_days,
    )
    return first, _further(odds, table, phrases)


def _further(odds: Odds, table: Table, phrases: Phrases) -> str:
    return phrases.say(
        "odds.further",
        fall=numbers.share(table.further_fall),
        share=_share(odds.further_fall, phrases),
        beside=_beside(odds.further_fall, phrases),
    )


def _years(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last % 100:02d}"


def _share(one: Share, phrases: Phrases) -> str:
    low, high = _down(one.low).removesuffix("%"), _up(one.high).removesuffix("%")
    return phrases.say("odds.share", share=_down(one.share), low=low, high=high)


def _beside(one: Share, phrases: Phrases) -> str:
    return phrases.say("odds.differs" if one.differs else "odds.alike", base=_up(one.base))


def _down(fraction: float | None) -> str:
    tenths = None if fraction is None else floor(fraction * TENTHS + numbers.ROUNDING)
    return numbers.percent(None if tenths is None else tenths / TENTHS, signed=False)


def _up(fraction: float | None) -> str:
    tenths = None if fraction is None else ceil(fraction * TENTHS - numbers.ROUNDING)
    return numbers.percent(None if tenths is None else tenths / TENTHS, signed=False)
