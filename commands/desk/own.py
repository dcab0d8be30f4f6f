"""Who asks about a position, and the limits they have set for themselves: theirs alone, for private answers."""

from dataclasses import replace

from commands.protocol.request import Context
from market.observations import Side
from market.once import once
from market.sizing import Conditions, Headwind, Others, Position
from store.persons import Person


async def own(context: Context) -> Person:
    """What is kept of the asker: nobody in particular where nothing is, nobody is kept, or a group itself speaks."""
    people = context.services.people
    kept = None if people is None or not context.person else await people.get(context.person)
    return kept or Person(context.person)


def as_theirs(stated: Position, person: Person, wallet: Others | None) -> Position:
    """The position with the asker's own limits where none were said, and with the rest of their cross wallet."""
    if wallet is None and person.base_leverage is None and person.drawdown_budget is None:
        return stated
    return replace(
        stated,
        base_leverage=stated.base_leverage or person.base_leverage,
        drawdown_budget=stated.drawdown_budget or person.drawdown_budget,
        others_usd=0.0 if wallet is None else wallet.known_usd,
    )


def pays_beyond(funding_8h: float | None, side: Side, limit_8h: float | None) -> bool | None:
    """Whether a side pays more per eight hours than a person's own limit; None where either is not known."""
    if funding_8h is None or limit_8h is None:
        return None
    return (funding_8h if side is Side.LONG else -funding_8h) >= limit_8h


def as_they_see_it(conditions: Conditions, side: Side, person: Person) -> Conditions:
    """The market with the person's own limit on funding: paying beyond it is dear, and pulls the rungs in (section 8.9).

    What the market itself says is never made milder by it.
    """
    if not pays_beyond(conditions.funding_8h, side, person.funding_8h):
        return conditions
    return _dear_for(conditions, side)


@once()
def _dear_for(conditions: Conditions, side: Side) -> Conditions:
    """The market to anybody of that side to whom its funding is dear: nothing of who that is."""
    if side is Side.LONG:
        return replace(conditions, long=_dear(conditions.long))
    return replace(conditions, short=_dear(conditions.short))


def _dear(against: Headwind) -> Headwind:
    return replace(against, funding_dear=True, beyond_own=True)
