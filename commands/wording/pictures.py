"""Pictures of the closed hours: panels of the last week, the ribbon of states, weekly totals, and what they show in words.

A command makes its panels here and puts them into `picture`; whoever cannot see it reads `alt`, from the same numbers.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import isnan
from zlib import crc32

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Band, Ink, Known, Mark, Panel, Picture, Rule, Series
from commands.protocol.style import Style
from commands.wording import numbers
from market.hourly import Hourly, known
from market.observations import DAY_MS, HOUR_MS, Asset
from market.snapshot import Snapshot
from market.table import CODED, SEVERITY, State

DAY_HOURS = 24
WEEK_HOURS = 7 * DAY_HOURS
WEEK_MS = 7 * DAY_MS
LEAST_OF_WEEK = 151
"""A week's total is told where nine tenths of its 168 hours are known: else it would look small and be none."""
RIBBON_DAYS = 180
LARGE_USD = 1e6
LONGEST_ALT = 1_000
MOST_KEPT = 256

_Stamp = tuple[int, int, int, tuple[Hashable, ...]]
_kept: dict[tuple[str, str, Asset, str, Style], tuple[_Stamp, Picture]] = {}
"""The last picture of each kind, market and language: it is made when an hour closes or is mended, and shown many times between."""

_INKS: Mapping[State, Ink] = {
    State.HEALTHY: Ink.CALM,
    State.STABILISING: Ink.CALM,
    State.DIGESTING: Ink.SECOND,
    State.MIXED: Ink.FAINT,
    State.SQUEEZE_RISK: Ink.MAIN,
    State.CROWDING: Ink.CAUTION,
    State.CAPITULATION: Ink.STRESS,
    State.UNWINDING: Ink.STRESS,
}
"""One ink for states of one meaning; without data there is no state, so that cell stays empty."""


def series(
    name: str, column: Sequence[float], mark: Mark = Mark.LINE, ink: Ink = Ink.MAIN, last: int = WEEK_HOURS
) -> Series:
    """The last hours of a column of `Hourly` (a week's), what is unknown as a gap."""
    return Series(name, known(column[-last:]), mark, ink)


def hours_panel(
    title: str,
    unit: str,
    hours: Hourly,
    lines: tuple[Series, ...],
    rules: tuple[Rule, ...] = (),
    height: float = 1.0,
) -> Panel:
    """A panel over time that ends with the last closed hour; every series is as long as the first. See Panel for units."""
    first_ms = hours.last_close_ms - (len(lines[0].values) - 1) * HOUR_MS
    return Panel(
        title,
        unit,
        lines,
        rules=rules,
        first_ms=first_ms,
        step_ms=HOUR_MS,
        says=last_words(unit, lines),
        height=height,
    )


def weekly_panel(title: str, name: str, hours: Hourly, column: Sequence[float]) -> Panel:
    """Totals of whole weeks back from the last closed hour, in US dollars; None where a week is not known well enough."""
    weeks = range(len(column) // WEEK_HOURS, 0, -1)
    totals = tuple([_total(column[len(column) - week * WEEK_HOURS :][:WEEK_HOURS]) for week in weeks])
    bars = (Series(name, totals, Mark.BARS, Ink.STRESS),)
    first_ms = hours.last_close_ms - max(0, len(totals) - 1) * WEEK_MS
    return Panel(title, "usd", bars, first_ms=first_ms, step_ms=WEEK_MS, says=last_words("usd", bars))


def states_panel(title: str, hours: Hourly, phrases: Phrases) -> Panel:
    """The ribbon of states, a cell a UTC day: the one in which most of its hours were said to be, of equals the severer."""
    days = _days(hours)[-RIBBON_DAYS:]
    used = [
        ink
        for ink in dict.fromkeys(_INKS.values())
        if any(day is not None and _INKS[day] is ink for day in days)
    ]
    cells = tuple([None if day is None else used.index(_INKS[day]) for day in days])
    keys = tuple([(_words_of(ink, phrases), ink) for ink in used])
    last_day_ms = (hours.last_close_ms - 1) // DAY_MS * DAY_MS
    return Panel(
        title,
        "number",
        band=Band(cells, keys),
        first_ms=last_day_ms - max(0, len(cells) - 1) * DAY_MS,
        step_ms=DAY_MS,
        says=keys[cells[-1]][0] if cells and cells[-1] is not None else phrases.say("pictured.unknown"),
        height=0.3,
    )


def once(
    kind: str,
    snapshot: Snapshot,
    hours: Hourly,
    phrases: Phrases,
    make: Callable[[], Picture],
    *also: Hashable,
) -> Picture:
    """The picture that `make` gives, made anew only where the hours, or what else it is made of (`also`), have changed."""
    of = (kind, snapshot.source, snapshot.asset, phrases.language, phrases.style)
    # two markets of one name never show each other's
    week = b"".join([column[-WEEK_HOURS:].tobytes() for column in hours.columns()])
    stamp = (hours.last_close_ms, hours.changes, crc32(week), also)
    found = _kept.get(of)
    if found is None or found[0] != stamp:
        while len(_kept) >= MOST_KEPT:
            del _kept[next(iter(_kept))]
        found = _kept[of] = (stamp, make())
    return found[1]


def picture(
    kind: str, title: str, snapshot: Snapshot, hours: Hourly, panels: tuple[Panel, ...], phrases: Phrases
) -> Picture:
    """The picture of these panels; its key is that of the bar and of all that is in it, so that equals are drawn once."""
    drawn = crc32(repr((title, panels, phrases.language, phrases.style)).encode())
    key = f"{kind}:{snapshot.source}:{snapshot.asset}:{hours.last_close_ms}:{drawn:08x}"
    return framed(key, title, panels, snapshot, phrases)


def framed(key: str, title: str, panels: tuple[Panel, ...], snapshot: Snapshot, phrases: Phrases) -> Picture:
    """Panels with all that stands around them: the words for who cannot see them, and the mark of a market that is not live."""
    mark = phrases.word("pictured_source", snapshot.source)
    return Picture(key, title, panels, alt(title, panels, phrases), snapshot.source, mark, phrases.style)


def alt(title: str, panels: Sequence[Panel], phrases: Phrases) -> str:
    """What a picture shows, in words: of each series the last, the lowest and the highest, and how much is not known.

    Of a panel over prices, where nothing is last: its two ends and the worst between them.
    """
    told = [f"{title}.", *(_panel_words(panel, phrases) for panel in panels)]
    whole = " ".join(told)
    return whole if len(whole) <= LONGEST_ALT else whole[: LONGEST_ALT - 1] + "…"


def value_words(unit: str, value: Known) -> str:
    """A number of a picture with its unit: "64,210", "4.12M", ".031%", "+6.1"."""
    return numbers.UNKNOWN if value is None else _UNITS.get(unit, numbers.short)(value)


def last_words(unit: str, lines: Sequence[Series]) -> str:
    """The newest number of each series in words, "?" where it is not known; with its name where there are several."""
    last = [value_words(unit, one.values[-1] if one.values else None) for one in lines]
    if len(lines) == 1:
        return last[0]
    return ", ".join(f"{one.name} {said}" for one, said in zip(lines, last, strict=True))


def _panel_words(panel: Panel, phrases: Phrases) -> str:
    parts = [_series_words(panel, one, phrases) for one in panel.series]
    parts += [
        f"{rule.label} {value_words(panel.unit, rule.at)}" for rule in panel.rules if not rule.is_upright
    ]
    if panel.band is not None:
        parts.append(_band_words(panel.band, phrases))
    return f"{panel.title}{_axis_words(panel, phrases)}: {'; '.join(parts)}."


def _axis_words(panel: Panel, phrases: Phrases) -> str:
    """From which price to which a panel over prices reaches; nothing of one over time, which ends with the last bar."""
    if panel.step_ms or not panel.step_x:
        return ""
    last_x = panel.first_x + panel.step_x * (len(panel.series[0].values) - 1)
    ends = {"first": numbers.price(panel.first_x), "last": numbers.price(last_x)}
    return f", {phrases.say('pictured.between', **ends)}"


def _series_words(panel: Panel, one: Series, phrases: Phrases) -> str:
    name = one.name if len(panel.series) > 1 else ""
    seen = [value for value in one.values if value is not None]
    if not seen:
        return f"{name} {phrases.say('pictured.none')}".strip()
    said = phrases.say(
        "pictured.series" if panel.step_ms else "pictured.over",
        first=value_words(panel.unit, one.values[0]),
        last=value_words(panel.unit, one.values[-1]),
        low=value_words(panel.unit, min(seen)),
        high=value_words(panel.unit, max(seen)),
    )
    missing = len(one.values) - len(seen)
    gaps = phrases.say("pictured.gaps", count=missing, of=len(one.values)) if missing else ""
    return " ".join(part for part in (name, said + gaps) if part)


def _band_words(band: Band, phrases: Phrases) -> str:
    counts = Counter(band.cells)
    told = [f"{band.keys[index][0]} {count}" for index, count in sorted(_known_counts(counts))]
    unknown = counts.get(None, 0)
    return ", ".join((*told, phrases.say("pictured.unknown_cells", count=unknown)) if unknown else told)


def _known_counts(counts: Mapping[int | None, int]) -> list[tuple[int, int]]:
    return [(index, count) for index, count in counts.items() if index is not None]


def _words_of(ink: Ink, phrases: Phrases) -> str:
    return "/".join(phrases.word("state", state.value) for state, drawn in _INKS.items() if drawn is ink)


def _days(hours: Hourly) -> list[State | None]:
    """The state of each UTC day, oldest first; an hour belongs to the day in which it began."""
    codes, begun_ms = hours.state_code, hours.first_close_ms - HOUR_MS
    # so many hours of the first day were before the oldest row
    before = begun_ms % DAY_MS // HOUR_MS
    return [_longest(codes[max(0, row) : row + DAY_HOURS]) for row in range(-before, len(codes), DAY_HOURS)]


def _longest(codes: Sequence[float]) -> State | None:
    counts = {
        CODED[int(code)]: count
        for code, count in Counter(codes).items()
        if not isnan(code) and CODED[int(code)] in _INKS
    }
    return max(counts, key=lambda state: (counts[state], SEVERITY[state]), default=None)


def _total(column: Sequence[float]) -> Known:
    seen = [value for value in column if not isnan(value)]
    return sum(seen) if len(seen) >= LEAST_OF_WEEK else None


def _usd(value: float) -> str:
    return numbers.short(value) if abs(value) >= LARGE_USD else numbers.price(value)


def _fraction(value: float) -> str:
    """A fraction in percent, a small one as funding rates are told."""
    small = abs(value) < 10.0 * numbers.FINE_RATE
    return numbers.rate(value).removesuffix("/8h") if small else numbers.percent(value, digits=2)


_UNITS: Mapping[str, Callable[[float], str]] = {
    "usd": _usd,
    "coins": numbers.short,
    "percent": _fraction,
    "points": numbers.points,
    "bps": numbers.bps,
    "number": numbers.short,
}
