"""The five readings as five lines: mark, value, rank against the past, age; what is missing says so."""

from collections.abc import Callable, Mapping
from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.style import style
from commands.wording import numbers
from commands.wording.aging import Line, aged
from commands.wording.columns import fit
from market.once import once
from market.reading import Because, Level, Presence, Reading
from market.snapshot import Snapshot

FIVE = ("price", "liquidations", "open_interest", "funding", "skew")
OPTIONS_MARKETS = frozenset({"BTC", "ETH"})
"""The assets with an options market of their own at Deribit."""

MARKS: Mapping[Level | None, str] = {Level.CALM: "·", Level.CAUTION: "!", Level.STRESS: "!!", None: "?"}
_VALUE_COLUMNS, _RANK_COLUMNS = 17, 4


def panel(snapshot: Snapshot, phrases: Phrases, at_ms: int) -> tuple[str, ...]:
    """The readings of the five inputs, one line each, under a head; ages are counted from `at_ms`."""
    return (_head(snapshot, phrases), *readings_lines(snapshot, FIVE, phrases, at_ms))


def readings_lines(
    snapshot: Snapshot, names: tuple[str, ...], phrases: Phrases, at_ms: int
) -> tuple[str, ...]:
    """These readings, each in 37 columns, such as "Fund !!.031%/8h 34%pa  p94  1min"."""
    return aged(_readings(snapshot, names, phrases), at_ms)


@once()
def _head(snapshot: Snapshot, phrases: Phrases) -> str:
    now, rank, age = (phrases.say(f"column.{column}") for column in ("now", "rank", "age"))
    return _with_age(_row("", "", now, rank), age)


@once(style)
def _readings(snapshot: Snapshot, names: tuple[str, ...], phrases: Phrases) -> tuple[Line, ...]:
    return tuple(_reading(snapshot, name, phrases) for name in names)


def _reading(snapshot: Snapshot, name: str, phrases: Phrases) -> Line:
    reading = snapshot.reading(name)
    head = f"{phrases.word('reading', name):<5}"
    if reading is None or reading.presence is Presence.ABSENT:
        return fit(f"{head} ?{phrases.say('regime.not_seen')}")
    ranked = (
        phrases.say("regime.old") if reading.presence is Presence.STALE else numbers.rank(reading.percentile)
    )
    mark = MARKS[snapshot.regime.levels.get(name, reading.level)]
    return partial(_aged, _row(head, mark, value_of(snapshot, reading), ranked), reading)


def _row(name: str, mark: str, value: str, rank: str) -> str:
    room = max(_VALUE_COLUMNS, len(value) + 1)
    return f"{name:<5}{mark:>2}{value:<{room}}{rank:<{_VALUE_COLUMNS + _RANK_COLUMNS - room}}"


def _aged(row: str, reading: Reading, at_ms: int) -> str:
    return _with_age(row, age_of(reading, at_ms))


def _with_age(row: str, age: str) -> str:
    return fit(f"{row}{age:>9}")


def value_of(snapshot: Snapshot, reading: Reading) -> str:
    """A reading's value with its unit, as short as it can be said."""
    told = _VALUES.get(reading.name)
    return numbers.UNKNOWN if told is None else told(snapshot, reading)


def age_of(reading: Reading, at_ms: int) -> str:
    """How old a reading is; a series of one value a day says so."""
    if reading.asof_ms is None:
        return numbers.age(None)
    return numbers.age(at_ms - reading.asof_ms, daily=reading.because is Because.DAILY_SERIES)


def told_age(snapshot: Snapshot, name: str, phrases: Phrases, at_ms: int) -> str:
    """How old an input is, in a sentence: "4s", "2min (old)" of one that is used and not judged by, "not seen"."""
    reading = snapshot.reading(name)
    if reading is None or reading.asof_ms is None:
        return phrases.say("presence.absent")
    told = age_of(reading, at_ms)
    return phrases.say("regime.old_age", age=told) if reading.presence is Presence.STALE else told


def unseen(
    snapshot: Snapshot, phrases: Phrases, at_ms: int, names: tuple[str, ...] = FIVE
) -> tuple[str, ...]:
    """Every input that cannot be voted with, and why: "open interest not seen", "price too old (34min)"."""
    told = []
    for name in names:
        reading = snapshot.reading(name)
        presence = Presence.ABSENT if reading is None else reading.presence
        if presence is Presence.SEEN:
            continue
        said = phrases.word("presence", presence.value)
        if reading is not None and presence is Presence.STALE:
            said += f" ({age_of(reading, at_ms)})"
        told.append(phrases.say("regime.unseen", input=phrases.word("input", name), presence=said))
    return tuple(told)


def change_24h(snapshot: Snapshot) -> float | None:
    """The change of price over a day as a fraction (the reading holds a log return)."""
    log_return = snapshot.fact("price", "r_24h")
    return None if log_return is None else numbers.from_log(log_return)


def _price(snapshot: Snapshot, reading: Reading) -> str:
    change = change_24h(snapshot)
    price = numbers.price(reading.value)
    return price if change is None else f"{price}  {numbers.percent(change)}d"


def _liquidations(snapshot: Snapshot, reading: Reading) -> str:
    return f"{numbers.bps(reading.value)} bps/h"


def _open_interest(snapshot: Snapshot, reading: Reading) -> str:
    return f"{numbers.short(reading.value)} {snapshot.asset}"


def _funding(snapshot: Snapshot, reading: Reading) -> str:
    per_year = numbers.per_year(reading.facts.get("apr"))
    told = [f"{write(reading.value)} {per_year}" for write in (numbers.rate, numbers.rate_short)]
    return told[0] if len(told[0]) <= _VALUE_COLUMNS else told[1]


def _skew(snapshot: Snapshot, reading: Reading) -> str:
    return f"{numbers.points(reading.facts.get('skew_30d_points'))} pts 30d"


def _volatility(snapshot: Snapshot, reading: Reading) -> str:
    return numbers.per_year(reading.value)


def _depth(snapshot: Snapshot, reading: Reading) -> str:
    return f"{numbers.short(reading.value)} USD"


_VALUES: Mapping[str, Callable[[Snapshot, Reading], str]] = {
    "price": _price,
    "liquidations": _liquidations,
    "open_interest": _open_interest,
    "funding": _funding,
    "skew": _skew,
    "volatility": _volatility,
    "depth": _depth,
}
