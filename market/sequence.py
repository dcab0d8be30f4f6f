"""The sequence of a sell-off: price weakness, dear funding, long liquidations, open interest rolling over, skew."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from market.flags import FlagMemory
from market.rules import RegimeRules

STEPS = ("price", "funding", "liquidations", "open_interest", "skew")
"""The steps in the article's order."""

Onsets = Mapping[str, tuple[int, ...]]


def track_steps(
    flags: Mapping[str, FlagMemory], before: Onsets, active: tuple[str, ...], now_ms: int, rules: RegimeRules
) -> tuple[Onsets, tuple[str, ...]]:
    """When each step began within the window, and which hold now."""
    holding = tuple([step for step in STEPS if _holds(step, flags, before, now_ms, rules)])
    oldest = now_ms - rules.sequence_window_ms
    onsets: dict[str, tuple[int, ...]] = {}
    for step in STEPS:
        past = before.get(step, ())
        kept = tuple([at for at in past[:-1] if at >= oldest])
        # a step that still holds stays in sight however long ago it began
        if past and (past[-1] >= oldest or step in active):
            kept = (*kept, past[-1])
        if step in holding and step not in active:
            kept = (*kept, now_ms)
        if kept:
            onsets[step] = kept
    return onsets, holding


def in_order(onsets: Onsets) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The longest run of steps in the article's order that starts with price, and the steps seen out of order."""
    seen = [step for step in STEPS if step in onsets]
    if "price" not in onsets:
        return (), tuple(seen)
    later = [step for step in seen if step != "price"]
    for count in range(len(later), -1, -1):
        for chosen in combinations(later, count):
            if _is_ordered(("price", *chosen), onsets):
                run = ("price", *chosen)
                return run, tuple([step for step in seen if step not in run])
    return ("price",), tuple(later)


def _is_ordered(steps: tuple[str, ...], onsets: Onsets) -> bool:
    """Whether each step was first true no earlier than the one before it."""
    firsts = [onsets[step][0] for step in steps]
    return all(earlier <= later for earlier, later in pairwise(firsts))


def _holds(
    step: str, flags: Mapping[str, FlagMemory], before: Onsets, now_ms: int, rules: RegimeRules
) -> bool:
    def on(name: str) -> bool:
        memory = flags.get(name)
        return memory is not None and memory.value is True

    if step == "price":
        return on("pd")
    if step == "funding":
        weak = before.get("price", ())
        long_weak = len(weak) > 0 and now_ms - weak[0] >= rules.sequence_paying_after_ms
        return on("fe") or (on("fn") and long_weak)
    if step == "liquidations":
        return on("lc")
    if step == "open_interest":
        return on("rolling_over")
    return on("ks") or on("kst")


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One of the five steps: when it was first true within the window (UTC ms, None not at all), and whether it is now."""

    step: str
    first_ms: int | None
    holds: bool
    in_order: bool


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A step out of order: it came `before` another (the first of all where `is_first`), or `after` a later one.

    Both are None where there is no order to compare with: price was not weak.
    """

    step: str
    before: str | None = None
    after: str | None = None
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """Price weak and funding dear before any repeated liquidations: since when, and when those came (None: not yet).

    `stands` while both still hold and no liquidations have come.
    """

    since_ms: int
    liquidations_ms: int | None
    stands: bool


def steps_seen(onsets: Onsets, active: tuple[str, ...], run: tuple[str, ...]) -> tuple[StepSeen, ...]:
    """The five steps in the article's order; `run` are those in order (see `in_order`)."""
    return tuple([StepSeen(step, _first(onsets, step), step in active, step in run) for step in STEPS])


def misplaced(onsets: Onsets, run: tuple[str, ...], out_of_order: tuple[str, ...]) -> tuple[Misplaced, ...]:
    """How each step out of order lies to those in order; a step that was never seen is left out."""
    return tuple([_placed(step, onsets, run) for step in out_of_order if step in onsets])


def early_warning(onsets: Onsets, active: tuple[str, ...]) -> EarlyWarning | None:
    """The early warning (section 7: price and funding before liquidations), None where there was none."""
    price, funding, forced = (_first(onsets, step) for step in STEPS[:3])
    if price is None or funding is None:
        return None
    since_ms = max(price, funding)
    if forced is not None:
        return EarlyWarning(since_ms, forced, stands=False) if since_ms < forced else None
    return EarlyWarning(since_ms, None, stands={"price", "funding"} <= {*active})


def _placed(step: str, onsets: Onsets, run: tuple[str, ...]) -> Misplaced:
    first, place = onsets[step][0], STEPS.index(step)
    if not run:
        return Misplaced(step)
    earlier = [one for one in run if STEPS.index(one) < place and onsets[one][0] > first]
    if earlier:
        return Misplaced(step, before=earlier[0], is_first=all(first <= one[0] for one in onsets.values()))
    later = [one for one in run if STEPS.index(one) > place and onsets[one][0] < first]
    return Misplaced(step, after=later[-1] if later else None)


def _first(onsets: Onsets, step: str) -> int | None:
    return onsets[step][0] if step in onsets else None
