"""The picture of /regime: a week of the five readings, half a year of states, and what long liquidations came to each week."""

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Ink, Mark, Panel, Picture, Rule
from commands.wording import numbers
from commands.wording.pictures import (
    WEEK_HOURS,
    hours_panel,
    once,
    picture,
    series,
    states_panel,
    weekly_panel,
)
from market.hourly import Hourly
from market.observations import HOUR_MS
from market.rules import FundingRules, Rules
from market.snapshot import Snapshot

LEAST_HOURS = 2
"""One hour is a point, not a picture."""


def regime_picture(
    snapshot: Snapshot, hours: Hourly | None, phrases: Phrases, rules: Rules
) -> tuple[Picture, ...]:
    """The picture as a block, none where hardly an hour has closed. Its key changes with the bar, so one is drawn for all."""
    if hours is None or len(hours) < LEAST_HOURS:
        return ()
    low = snapshot.fact("price", "last_low_usd")
    return (
        once("regime", snapshot, hours, phrases, lambda: _made(snapshot, hours, phrases, rules), low, rules),
    )


def _made(snapshot: Snapshot, hours: Hourly, phrases: Phrases, rules: Rules) -> Picture:
    week = numbers.duration(min(len(hours), WEEK_HOURS) * HOUR_MS)
    ribbon = states_panel(phrases.say("regime_picture.states"), hours, phrases)
    days = 0 if ribbon.band is None else len(ribbon.band.cells)
    title = phrases.say("regime_picture.title", asset=snapshot.asset, week=week, days=days)
    panels = (
        _price(snapshot, hours, phrases),
        _liquidations(hours, phrases),
        _open_interest(hours, phrases),
        _funding(hours, phrases, rules.funding),
        _skew(hours, phrases, rules),
        ribbon,
        weekly_panel(
            phrases.say("regime_picture.weeks"),
            phrases.say("regime_picture.long"),
            hours,
            hours.long_liquidated_usd,
        ),
    )
    return picture("regime", title, snapshot, hours, panels, phrases)


def _price(snapshot: Snapshot, hours: Hourly, phrases: Phrases) -> Panel:
    """Price with the last low that a turn has confirmed: what a fast break breaks."""
    low = snapshot.fact("price", "last_low_usd")
    rules = () if low is None else (Rule(low, phrases.say("regime_picture.low")),)
    title = phrases.say("regime_picture.price")
    return hours_panel(title, "usd", hours, (series(title, hours.close_usd),), rules, height=1.6)


def _liquidations(hours: Hourly, phrases: Phrases) -> Panel:
    longs = series(
        phrases.say("regime_picture.long"), hours.long_liquidated_usd, mark=Mark.BARS, ink=Ink.STRESS
    )
    shorts = series(
        phrases.say("regime_picture.short"), hours.short_liquidated_usd, mark=Mark.BARS, ink=Ink.SECOND
    )
    return hours_panel(phrases.say("regime_picture.liquidations"), "usd", hours, (longs, shorts))


def _open_interest(hours: Hourly, phrases: Phrases) -> Panel:
    title = phrases.say("regime_picture.open_interest")
    return hours_panel(title, "coins", hours, (series(title, hours.interest_of_one_source()),))


def _funding(hours: Hourly, phrases: Phrases, rules: FundingRules) -> Panel:
    """The day's mean with the lines under which it is reset and from which it is elevated."""
    title = phrases.say("regime_picture.funding")
    lines = (
        Rule(rules.reset, phrases.say("regime_picture.reset"), Ink.CALM),
        Rule(rules.elevated, phrases.say("regime_picture.elevated"), Ink.STRESS),
    )
    drawn = series(title, hours.funding_8h, mark=Mark.STEPS)
    return hours_panel(title, "percent", hours, (drawn,), lines)


def _skew(hours: Hourly, phrases: Phrases, rules: Rules) -> Panel:
    title = phrases.say("regime_picture.skew")
    steep = Rule(rules.skew.steep_points, phrases.say("regime_picture.steep"), Ink.STRESS)
    return hours_panel(title, "points", hours, (series(title, hours.skew_points),), (steep,))
