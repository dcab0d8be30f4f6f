"""One measure of a claim in a line: its value beside what it needs, met, held or neither."""

from collections.abc import Callable, Mapping

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit
from market.reading import Measure

RANKED_OVER_A_TIME = frozenset({"oi_percentile", "long_bps_percentile", "volatility_percentile"})
"""The measures whose name says over how long they are ranked."""


def measure_line(
    measure: Measure, phrases: Phrases, *, is_held: bool = False, is_learning: bool = False
) -> str:
    """One measure beside what it needs: "   24 h shock -0.62 needs below -1.00".

    `is_held`: nothing that raised its flag is met any more, and the flag stands by its exit threshold. `is_learning`: its
    rank is not over the time that its name says.
    """
    so_far = is_learning and measure.name in RANKED_OVER_A_TIME
    label = phrases.word("measure", "rank_so_far" if so_far else measure.name)
    if measure.value is None:
        return fit("   " + phrases.say("why.not_known", measure=label))
    if measure.unit == "claim":
        answer = phrases.say("answer.yes" if measure.value else "answer.no")
        return fit("   " + phrases.say("why.claim", measure=label, answer=answer))
    write = _count if measure.name.startswith("flagged") else _UNITS.get(measure.unit, _plainly)
    value = numbers.from_log(measure.value) if measure.name == "r_7d" else measure.value
    known = {"measure": label, "value": write(value), "needed": write(measure.needed)}
    if measure.met:
        return fit("   " + phrases.say("why.met", **known))
    if is_held:
        return fit("   " + phrases.say("why.held", **known))
    keys = _NEEDS_COUNT if write is _count else _NEEDS_OVER if measure.above else _NEEDS_BELOW
    return first_that_fits(*("   " + phrases.say(key, **known) for key in keys))


def _percent(value: float) -> str:
    return numbers.percent(value)


def _rate(value: float) -> str:
    return numbers.rate(value).removesuffix("/8h")


def _hours(value: float) -> str:
    return f"{value:.0f} h"


def _count(value: float) -> str:
    return f"{value:.0f}"


def _plainly(value: float) -> str:
    return numbers.decimals(value, 2)


_NEEDS_BELOW = ("why.needs_below", "why.needs_below_short")
_NEEDS_OVER = ("why.needs_over", "why.needs_over_short")
_NEEDS_COUNT = ("why.needs_count", "why.needs_count_short")
_UNITS: Mapping[str, Callable[[float], str]] = {
    "fraction": _percent,
    "/8h": _rate,
    "rank": numbers.rank,
    "bps": numbers.bps,
    "pts": numbers.points,
    "z": numbers.points,
    "sigma": _plainly,
    "h": _hours,
    "USD": numbers.price,
}
