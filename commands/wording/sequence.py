"""The sequence of a sell-off in words: which step was first seen when, what came out of order, and the early warning."""

from collections.abc import Mapping
from functools import partial

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.aging import Line
from commands.wording.columns import sides
from commands.wording.paragraphs import recent
from market.regime import Regime
from market.report import iso
from market.sequence import STEPS, Misplaced, StepSeen, early_warning, misplaced, steps_seen

HOLDS, HELD_LAST, WAS, NOT_SEEN = "+", "?", ".", "-"
WARNED_BY = STEPS[:3]
"""The steps that an early warning is made of: what warns, and what has not come."""


def step_lines(regime: Regime, phrases: Phrases) -> tuple[Line, ...]:
    """The five steps with the time each was first seen within a week, and its age.

    + holds now, ? held when its input was last seen, . did hold, - was not seen.
    """
    seen = steps_seen(regime.step_onsets_ms, regime.active_steps, regime.steps)
    steps = (_step(number, one, regime, phrases) for number, one in enumerate(seen, start=1))
    return (phrases.say("sequence.heading"), *steps)


def out_of_order_words(regime: Regime, phrases: Phrases) -> str:
    """What came out of order, and how: "skew came first, open interest before liquidations"."""
    told = [
        _placed(one, phrases) for one in misplaced(regime.step_onsets_ms, regime.steps, regime.out_of_order)
    ]
    return ", ".join(told)


def early_words(regime: Regime, phrases: Phrases) -> tuple[str, ...]:
    """That price and funding warn ahead of liquidations, while all three are seen and they do; since when is marked."""
    early = early_warning(regime.step_onsets_ms, regime.active_steps)
    are_seen = all(regime.levels.get(name) is not None for name in WARNED_BY)
    if early is None or not early.stands or not are_seen:
        return ()
    return (phrases.say("regime.early", at=recent(early.since_ms)),)


def lead_words(regime: Regime, phrases: Phrases) -> tuple[str, ...]:
    """How long before the liquidations price and funding had warned, where they had."""
    early = early_warning(regime.step_onsets_ms, regime.active_steps)
    if early is None or early.liquidations_ms is None:
        return ()
    lead = numbers.duration(early.liquidations_ms - early.since_ms)
    return (phrases.say("sequence.early_held", lead=lead),)


def sequence_numbers(regime: Regime) -> dict[str, object]:
    """The same for `--json`: times ISO 8601, null where a step was not seen."""
    early = early_warning(regime.step_onsets_ms, regime.active_steps)
    return {
        "first_seen": _first_seen(regime),
        "out_of_order": list(regime.out_of_order),
        "early_warning": None if early is None else iso(early.since_ms),
    }


def _first_seen(regime: Regime) -> Mapping[str, str | None]:
    seen = steps_seen(regime.step_onsets_ms, regime.active_steps, regime.steps)
    return {one.step: None if one.first_ms is None else iso(one.first_ms) for one in seen}


def _step(number: int, seen: StepSeen, regime: Regime, phrases: Phrases) -> Line:
    name = f"{number} {phrases.word('step', seen.step)}"
    if seen.first_ms is None:
        return sides(f" {NOT_SEEN} {name}", phrases.say("sequence.not_seen"))
    began = numbers.day_and_minute(seen.first_ms)
    return partial(_begun, f" {_mark(seen, regime)} {name}", began, seen.first_ms)


def _begun(name: str, began: str, first_ms: int, at_ms: int) -> str:
    return sides(name, f"{began} {numbers.age(at_ms - first_ms):>5}")


def _mark(seen: StepSeen, regime: Regime) -> str:
    if not seen.holds:
        return WAS
    return HELD_LAST if regime.levels.get(seen.step) is None else HOLDS


def _placed(one: Misplaced, phrases: Phrases) -> str:
    step = phrases.word("step", one.step)
    if one.is_first:
        return phrases.say("sequence.came_first", step=step)
    if one.before is not None:
        return phrases.say("sequence.came_before", step=step, other=phrases.word("step", one.before))
    if one.after is not None:
        return phrases.say("sequence.came_after", step=step, other=phrases.word("step", one.after))
    return step
