"""Plans that somebody states in a talk."""

from commands.protocol.dispatch import outcome
from commands.protocol.reply import Reply
from market.plans import Plan
from tests.commands.talking import Talk

ME = "telegram:4711"
BTC = "/plan BTC 5x long 10k"


async def plans_of(here: Talk) -> tuple[Plan, ...]:
    """What is kept of whoever talks."""
    people = here.context.services.people
    assert people is not None
    person = await people.get(here.context.person)
    return () if person is None else person.plans


async def stated(here: Talk, line: str = BTC) -> Plan:
    """The plan that a line makes."""
    told = await here(line)
    assert outcome(here.reply) == "answered", told
    return (await plans_of(here))[-1]


async def closed(here: Talk, plan: Plan) -> Reply:
    """The answer when a plan is closed."""
    await here(f"/plan close {plan.id}")
    return here.reply
