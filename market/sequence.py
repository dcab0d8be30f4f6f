"""The sequence of a sell-off: price weakness, dear funding, long liquidations, open interest rolling over, skew."""

from collections.abc import Mapping
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
