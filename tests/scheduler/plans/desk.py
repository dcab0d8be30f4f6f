"""People with plans on a real store, and what they were told of them."""

from dataclasses import dataclass, replace

from market.margin import tiers_of
from market.observations import Side
from market.plans import Plan, PlanNews, make_plan
from market.rules import Rules
from market.sizing import Position, check_size, conditions_of
from market.snapshot import Snapshot
from scheduler.plans import PlanWatch
from store.connection import Connection
from store.outbox import Outbox
from store.people import StoredPeople
from store.persons import Person
from store.plan_news import StoredPlanNews

RULES = Rules()
ANNA, BEN, CLEO = "telegram:1", "discord:@2", "terminal:3"


@dataclass(slots=True)
class Desk:
    """Everything that the watch reads and writes, on one store."""

    store: Connection

    @property
    def people(self) -> StoredPeople:
        """Those who stated positions."""
        return StoredPeople(self.store)

    @property
    def watch(self) -> PlanWatch:
        """A watch that knows nothing but the store, as after a restart."""
        return PlanWatch(self.store, RULES)

    async def state(self, name: str, *plans: Plan, reach: str | None = None) -> None:
        """Let somebody have exactly these plans."""
        await self.people.change(name, lambda person: replace(person, reach=reach, plans=plans))

    async def plan(self, name: str, plan_id: str = "p7f2") -> Plan:
        """A plan as it is kept."""
        person = await self.people.get(name)
        plan = None if person is None else person.plan(plan_id)
        assert plan is not None
        return plan

    async def told(self) -> list[tuple[str, PlanNews]]:
        """Everything that is on its way, by address and then in the order of time."""
        found = []
        for platform in ("telegram", "discord"):
            box = Outbox(self.store, platform)
            await box.open()
            for claimed in (*await box.mine("reader"), *await box.claim("reader", 500)):
                news = await StoredPlanNews(self.store).news(claimed.row.batch)
                found += [(claimed.row.address, news[number]) for number in claimed.row.facts]
        return sorted(found, key=lambda pair: (pair[0], pair[1].at_ms))


def stated(snapshot: Snapshot, side: Side = Side.LONG, leverage: float = 5.0, plan_id: str = "p7f2") -> Plan:
    """A plan of 10,000 USDT margin at the present price, made at this look."""
    position = Position(snapshot.asset, side, leverage, equity_usd=10_000.0)
    check = check_size(position, conditions_of(snapshot, RULES), tiers_of(snapshot.asset), RULES.sizing)
    return make_plan(check, plan_id, snapshot.at_ms, RULES.sizing)


def happened(told: list[tuple[str, PlanNews]], address: str) -> list[str]:
    """What one address was told, in order."""
    return [one.value for where, news in told if where == address for one in news.happened]


__all__ = ["ANNA", "BEN", "CLEO", "RULES", "Desk", "Person", "happened", "stated"]
