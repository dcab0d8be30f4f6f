"""Which questions are asked in a poll where not all of them can be: what is asked each cycle, then whoever waited longest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.exchange import Ask, Budget, Report

MOST_OF_A_MINUTE = 0.75
"""Of what a budget gives in a minute, the share that seldom questions may take: the others are not to wait for them."""

MINUTE_S = 60.0

Reports = tuple[Report, ...]
Question = Ask[Reports]
Name = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A question, and by what it is known again at the next poll."""

    ask: Question
    name: Name


def named(ask: Question) -> Due:
    """A question that is the same at each poll."""
    return Due(
        ask, (ask.venue, ask.kind, ask.path, ask.symbol, ask.body or tuple(sorted(ask.params.items())))
    )


def timed(ask: Question) -> Due:
    """A question that states another time at each poll: one of each kind, symbol and step."""
    return Due(ask, (ask.venue, ask.kind, ask.path, ask.symbol, ask.step_ms))


def within_means(
    due: Iterable[Due], budgets: Mapping[str, Budget], asked_in: Mapping[Name, int]
) -> list[Due]:
    """The questions that are asked now: of the seldom ones, who waited longest first, what fits into their budgets.

    `asked_in` is when the period began in which a question was last asked. The rest stays due.
    """
    left = {name: MOST_OF_A_MINUTE * MINUTE_S / one.window_s * one.weight for name, one in budgets.items()}
    chosen: list[Due] = []
    for one in sorted(due, key=lambda one: (one.ask.symbol is not None, asked_in.get(one.name, 0))):
        ask = one.ask
        if ask.every_s is not None and ask.budget in left:
            if ask.weight > left[ask.budget]:
                continue
            left[ask.budget] -= ask.weight
        chosen.append(one)
    return chosen
