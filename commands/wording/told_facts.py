"""What a reading knows beside its conditions, a line each for /why: where price points, how far shocks reach, what jumps."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.aging import Line
from commands.wording.columns import fit
from market.formulas.horizons import Horizon
from market.observations import HOUR_MS, STEP_MS
from market.reading import Reading
from market.snapshot import Snapshot

_TRENDS: Mapping[float, str] = {-1.0: "down", 0.0: "range", 1.0: "up"}
_SCALES = (
    (HOUR_MS, "trend_slow", "lower_low_in_progress", "last_low_usd", "swing_at_ms"),
    (STEP_MS, "trend_fast", "fast_lower_low_in_progress", "fast_low_usd", "fast_swing_at_ms"),
)
POINTS = 100.0


def fact_lines(reading: Reading, phrases: Phrases) -> Iterator[Line]:
    """The lines of a reading that has such facts, what is unknown left out; none for the others."""
    told = _TOLD.get(reading.name)
    if told is not None:
        yield from told(reading.facts, phrases)


def gap_lines(snapshot: Snapshot, phrases: Phrases) -> Iterator[str]:
    """Whether the day leapt without forced closing, or was ground down by it; nothing where either is not known.

    One hour that stood out is no grind: it takes repeated ones.
    """
    jumped, forced = snapshot.fact("volatility", "jumped"), snapshot.regime.flag("flagged")
    if jumped and forced is False:
        yield fit("   " + phrases.say("fact.news_gap"))
    elif jumped is not None and not jumped and snapshot.regime.flag("lc"):
        yield fit("   " + phrases.say("fact.grinding"))


def _price(facts: Mapping[str, float | None], phrases: Phrases) -> Iterator[Line]:
    yield from _swings(facts, phrases)
    step_ms = facts.get("step_ms")
    if step_ms is not None and step_ms > STEP_MS:
        yield fit("   " + phrases.say("fact.coarse", step=numbers.duration(int(step_ms))))
    reach = facts.get("horizon")
    if reach is not None and reach > Horizon.QUIET:
        yield fit("   " + phrases.say("fact.shocks", reach=phrases.word("reach", Horizon(int(reach)).name)))
    fallen, days = facts.get("drawdown_ever"), facts.get("stored_days")
    if fallen is not None and days is not None and days >= 1.0:
        yield fit("   " + phrases.say("fact.fallen", share=numbers.percent(fallen), days=f"{days:.0f}"))


def _volatility(facts: Mapping[str, float | None], phrases: Phrases) -> Iterator[str]:
    spans = [numbers.per_year(facts.get(name)).removesuffix("pa") for name in ("rv_24h", "rv_7d", "rv_30d")]
    if any(span != numbers.UNKNOWN for span in spans):
        day, week, month = spans
        yield fit("   " + phrases.say("fact.realised", day=day, week=week, month=month))
    if facts.get("jumped"):
        share = numbers.percent(facts.get("jump_share"), signed=False, digits=0)
        yield fit("   " + phrases.say("fact.jumps", share=share))
    premium = facts.get("vrp")
    if premium is not None:
        yield fit("   " + phrases.say("fact.vrp", points=numbers.points(premium * POINTS)))


def _swings(facts: Mapping[str, float | None], phrases: Phrases) -> Iterator[Line]:
    """Where the confirmed swings of hours and of five minutes point, that the fall under way has undercut them, and their age."""
    confirmed_ms = []
    for step_ms, name, undercut, low, confirmed in _SCALES:
        trend, at_ms = facts.get(name), facts.get(confirmed)
        if trend is not None:
            confirmed_ms += [] if at_ms is None else [int(at_ms)]
            is_under = facts.get(undercut) or _is_under(facts.get("price_usd"), facts.get(low))
            is_broken = bool(is_under) and _TRENDS[trend] != "down"
            key = "fact.swings_broken" if is_broken else "fact.swings"
            step, word = numbers.duration(step_ms), phrases.word("trend", _TRENDS[trend])
            yield fit("   " + phrases.say(key, step=step, trend=word))
    if confirmed_ms:
        yield partial(_confirmed, phrases, tuple(confirmed_ms))


def _is_under(price_usd: float | None, low_usd: float | None) -> bool:
    """Whether the price is below the last confirmed low before a bar has closed there."""
    return price_usd is not None and low_usd is not None and price_usd < low_usd


def _confirmed(phrases: Phrases, confirmed_ms: tuple[int, ...], at_ms: int) -> str:
    ages = phrases.say("words.and").join(numbers.age(at_ms - one) for one in confirmed_ms)
    return fit("   " + phrases.say("fact.swings_at", ages=ages))


_TOLD: Mapping[str, Callable[[Mapping[str, float | None], Phrases], Iterator[Line]]] = {
    "price": _price,
    "volatility": _volatility,
}
