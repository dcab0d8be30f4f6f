"""What is kept of a person: their own limits and the positions they stated. Private: nothing of it is ever logged."""

from dataclasses import dataclass

from market.plans import Plan


@dataclass(frozen=True, slots=True)
class Person:
    """One person, by `name` ("telegram:123"): their own limits, None where the rules' own hold, and their plans.

    `reach` is the address at which they are told in private ("telegram:123", "discord:@456"), None where nobody can be (a
    terminal). `base_leverage` is a multiple, `drawdown_budget` a fraction of the equity, `funding_8h` the rate per eight hours
    (fraction) from which paying it is too dear for them. `spoken` is the language they were answered in when something of this
    was kept last, "" where nobody said.
    """

    name: str
    reach: str | None = None
    base_leverage: float | None = None
    drawdown_budget: float | None = None
    funding_8h: float | None = None
    plans: tuple[Plan, ...] = ()
    made_ms: int = 0
    spoken: str = ""

    def plan(self, plan_id: str) -> Plan | None:
        """The plan of that id, None where there is none."""
        return next((plan for plan in self.plans if plan.id == plan_id), None)
