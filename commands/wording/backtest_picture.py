"""The picture of /backtest: price over the hours that were looked back at, and the days of warnings and of sell-offs."""

from collections.abc import Iterable, Mapping

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Band, Ink, Panel, Picture
from commands.wording.pictures import last_words, picture, series
from market.alerts import CLASSES, Kind, Severity
from market.evaluation.backtest import Backtest
from market.hourly import Hourly
from market.observations import DAY_MS, HOUR_MS
from market.snapshot import Snapshot

EVERY_HOURS = 6
"""So many hours a point: half a year is wider than any screen."""
_NOTHING = -1
"""The cell of a day that was looked at and had nothing: below every severity."""
LEAST_POINTS = 8
INKS: Mapping[Severity, Ink] = {
    Severity.WATCH: Ink.MAIN,
    Severity.WARNING: Ink.CAUTION,
    Severity.CRITICAL: Ink.STRESS,
}


def backtest_picture(
    record: Backtest, kind: Kind, snapshot: Snapshot, hours: Hourly, phrases: Phrases
) -> tuple[Picture, ...]:
    """The picture as a block, none where the hours hardly reach."""
    closes = list(hours.close_usd)[::-EVERY_HOURS][::-1]
    if len(closes) < LEAST_POINTS:
        return ()
    title = phrases.say("backtest_picture.price")
    line = series(title, closes, last=len(closes))
    price = Panel(
        title,
        "usd",
        (line,),
        first_ms=hours.last_close_ms - (len(closes) - 1) * EVERY_HOURS * HOUR_MS,
        step_ms=EVERY_HOURS * HOUR_MS,
        says=last_words("usd", (line,)),
        height=1.6,
    )
    word = phrases.word("alert_kind", kind.value)
    seen, nothing = _seen(record), phrases.say("backtest_picture.nothing")
    panels = (
        price,
        _warnings(record, kind, hours, phrases),
        _ribbon(
            phrases.say("backtest_picture.sell_offs"),
            {onset_ms // DAY_MS: 0 for onset_ms in record.onsets_ms},
            ((phrases.say("backtest_picture.began"), Ink.STRESS),),
            hours,
            str(len(record.onsets_ms)),
            range(seen.start, seen.stop - 1),
            nothing,
        ),
    )
    heading = phrases.say("backtest_picture.title", asset=record.asset, kind=word)
    return (picture(f"backtest-{kind.value}", heading, snapshot, hours, panels, phrases),)


def _warnings(record: Backtest, kind: Kind, hours: Hourly, phrases: Phrases) -> Panel:
    """A cell a day: the loudest that began or grew worse on it."""
    days: dict[int, int] = {}
    told = [one for one in record.firings if one.kind is kind]
    for one in told:
        day = one.at_ms // DAY_MS
        days[day] = max(days.get(day, 0), CLASSES.index(one.severity))
    keys = tuple((phrases.word("severity", severity.value), INKS[severity]) for severity in CLASSES)
    title = phrases.say("backtest_picture.warnings")
    says = str(len(_episodes(one.opened_ms for one in told)))
    nothing = phrases.say("backtest_picture.nothing")
    return _ribbon(title, days, keys, hours, says, _seen(record), nothing)


def _seen(record: Backtest) -> range:
    """The days that were looked back at; whether a sell-off began is known a day later."""
    return range(record.scored_ms // DAY_MS, record.until_ms // DAY_MS + 1)


def _episodes(opened_ms: Iterable[int]) -> set[int]:
    return set(opened_ms)


def _ribbon(
    title: str,
    days: Mapping[int, int],
    keys: tuple[tuple[str, Ink], ...],
    hours: Hourly,
    says: str,
    seen: range,
    nothing: str,
) -> Panel:
    """A ribbon over the same days as the price above it: a day of `seen` without anything says so, any other is not known."""
    first, last = hours.first_close_ms // DAY_MS, hours.last_close_ms // DAY_MS
    placed = [days.get(day, _NOTHING if day in seen else None) for day in range(first, last + 1)]
    used = sorted({place for place in placed if place is not None})
    named = {_NOTHING: (nothing, Ink.FAINT), **dict(enumerate(keys))}
    return Panel(
        title,
        "number",
        band=Band(
            tuple(None if place is None else used.index(place) for place in placed),
            tuple(named[place] for place in used),
            events=True,
        ),
        first_ms=first * DAY_MS,
        step_ms=DAY_MS,
        says=says,
        height=0.3,
    )
