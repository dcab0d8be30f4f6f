"""What a signal is and what it answers: a value with its level, quality, age and reason, never a bare number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from functools import cache
from typing import TYPE_CHECKING

from market.rules import Rules

if TYPE_CHECKING:
    from dataclasses import dataclass as value

    from market.state import MarketState  # windows that a process which only chats never fills
else:

    def value(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """A dataclass that the type checker freezes; at run time it is not, which triples the cost of making one.

        Sixty of them are made for every asset at every step (benchmarks/signals.py).
        """
        return dataclass(slots=slots, unsafe_hash=frozen)


Facts = Mapping[str, float | None]

DAY_HOURS, MONTH_HOURS, QUARTER_HOURS, YEAR_HOURS = 24, 30 * 24, 90 * 24, 365 * 24
LEARNED_MONTH, LEARNED_QUARTER, LEARNED_YEAR = (
    full - DAY_HOURS for full in (MONTH_HOURS, QUARTER_HOURS, YEAR_HOURS)
)
"""So many hours and a window has learned what it can: within a day of its span."""


class Level(IntEnum):
    """How much stress a reading shows (quant.md section 7, the article's table)."""

    CALM = 0
    CAUTION = 1
    STRESS = 2


class Presence(StrEnum):
    """Whether an input can be voted with (quant.md 7a.2)."""

    SEEN = "seen"
    STALE = "stale"
    ABSENT = "absent"


class Because(StrEnum):
    """Why a reading says what it says."""

    NEVER_SEEN = "never_seen"
    TOO_OLD = "too_old"
    LEARNING = "learning"
    NO_VARIANCE = "no_variance"
    LAST_TRADE = "last_trade"
    MEASURED = "measured"
    DAILY_SERIES = "daily_series"


@value(frozen=True, slots=True)
class Measure:
    """One thing a condition looks at: its value beside what is needed, for `/why`.

    `above` tells on which side of `needed` the test is met; `met` is None when the value is unknown.
    """

    name: str
    value: float | None
    needed: float
    unit: str
    met: bool | None
    above: bool = True


@value(frozen=True, slots=True)
class Condition:
    """One flag as a signal sees it this instant, before hysteresis.

    `enters`: it would be raised now; `stays`: it would be kept if already raised. A raise needs `enters` to hold for
    `enter_after_ms`, a drop needs `stays` to be false for `exit_after_ms` (market time).
    """

    flag: str
    enters: bool | None
    stays: bool | None
    enter_after_ms: int = 0
    exit_after_ms: int = 0
    measures: tuple[Measure, ...] = ()


@value(frozen=True, slots=True)
class Learning:
    """How far a reading has learned what is usual, in days: of `needed_days` before it is ranked, of `full_days` at last.

    Below `needed_days` it is "day 2 of 7", above "rank over 30 of 90 days"; a reading that has `full_days` has no Learning.
    """

    have_days: float
    needed_days: float
    full_days: float


@value(frozen=True, slots=True)
class Reading:
    """One input read: `level` None is unknown. `quality` 0..1 falls with age; `asof_ms` is when the value was known.

    `percentile` is the mid-rank (0..1) against the input's own history, `facts` the numbers behind the value by name
    (each signal documents its own), `conditions` the flags it answers for, `learning` what it has yet to learn.
    """

    name: str
    unit: str
    presence: Presence
    because: Because
    value: float | None = None
    percentile: float | None = None
    level: Level | None = None
    quality: float = 0.0
    asof_ms: int | None = None
    ttl_ms: int | None = None
    facts: Facts = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    learning: Learning | None = None


# bound once: before Python 3.12 a member looked up on its class costs as much as all else here
_SEEN, _STALE, _ABSENT = Presence.SEEN, Presence.STALE, Presence.ABSENT
_LEARNING, _MEASURED = Because.LEARNING, Because.MEASURED


def presence_of(asof_ms: int, now_ms: int, ttl_ms: int, absent_after_ms: int) -> Presence:
    """Seen within its time to live, stale after it, absent once a series has not spoken for `absent_after_ms`."""
    age_ms = now_ms - asof_ms
    if age_ms > absent_after_ms:
        return _ABSENT
    return _STALE if age_ms > ttl_ms or age_ms < 0 else _SEEN


def because_of(rank: float | None) -> Because:
    """Why a value that was measured says what it says: without a rank its past is still being learned."""
    return _LEARNING if rank is None else _MEASURED


@cache
def learning(have: int, needed: int, full: int, a_day: float = DAY_HOURS) -> Learning:
    """What a window that holds `have` of `full` values, so many of them a day, has yet to learn.

    Gaps count as not learned: a month in which twenty days were heard ranks over twenty. Made once for all assets that
    have learned as much, as there are hundreds at every step.
    """
    return Learning(have / a_day, needed / a_day, full / a_day)


def settle(reading: Reading) -> Reading:
    """The reading as it may be used: one past its time to live claims nothing, one long gone is absent."""
    if reading.presence is _SEEN:
        return reading
    if reading.presence is _ABSENT:
        gone = absent(reading.name, reading.unit)
        return gone if reading.asof_ms is None else replace(gone, asof_ms=reading.asof_ms)
    conditions = tuple([unknown(condition) for condition in reading.conditions])
    return replace(reading, because=Because.TOO_OLD, conditions=conditions)


def unknown(condition: Condition) -> Condition:
    """The condition with everything about it unknown, the values it looked at kept for `/why`."""
    measures = tuple([replace(measure, met=None) for measure in condition.measures])
    return replace(condition, enters=None, stays=None, measures=measures)


@cache
def absent(name: str, unit: str) -> Reading:
    """The reading of an input that was never there; one for all, since most assets lack the same inputs at every look."""
    return Reading(name, unit, Presence.ABSENT, Because.NEVER_SEEN)


@cache
def claim(flag: str, holds: bool | None) -> Condition:
    """A condition that enters and leaves at the same point, at once, and looks at nothing else."""
    return Condition(flag, holds, holds)


def measure(name: str, value: float | None, needed: float, unit: str, *, above: bool = True) -> Measure:
    """A value against what is needed, with whether it is met."""
    if value is None:
        return Measure(name, None, needed, unit, None, above)
    return Measure(name, value, needed, unit, value >= needed if above else value <= needed, above)


@dataclass(frozen=True, slots=True)
class Signal:
    """An entry of market/signals: a name, what it is called in answers, its weight in the score, and how it is read."""

    name: str
    order: int
    weight: float
    read: "Callable[[MarketState, int, Rules], Reading]"
