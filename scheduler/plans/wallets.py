"""The rest of a cross wallet at one look: what its other positions are worth now, as far as that is known."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from market.margin import Tiers
from market.observations import Asset, Venue
from market.plans import Plan, Sight, in_wallet, see, sharing
from market.rules import Rules
from market.sizing import MarginMode
from store.connection import Connection
from store.persons import Person
from store.snapshots import StoredSnapshots
from store.tiers import StoredTiers


@dataclass(slots=True)
class Known:
    """What was looked up for one look at `asset`, each once: None where it is not known."""

    asset: Asset
    at_ms: int
    prices: dict[Asset, float | None] = field(default_factory=dict)
    tiers: dict[tuple[Asset, Venue], Tiers | None] = field(default_factory=dict)


class Wallets:
    """Moves the forced close of each plan in a cross wallet to where the wallet has it now."""

    def __init__(self, connection: Connection, rules: Rules) -> None:
        self._snapshots, self._tiers = StoredSnapshots(connection), StoredTiers(connection)
        self._rules = rules

    def begin(self, asset: Asset, at_ms: int, sight: Sight) -> Known:
        """What is known at the beginning of a look: the price of its own asset."""
        return Known(asset, at_ms, {asset: sight.price_usd})

    async def settle(self, person: Person, known: Known) -> Person:
        """The person with every cross plan in the look's asset as its wallet is now. Raises StoreUnavailable."""
        plans = [
            await self._settled(plan, person.plans, known) if _is_meant(plan, known.asset) else plan
            for plan in person.plans
        ]
        return replace(person, plans=tuple(plans))

    async def _settled(self, plan: Plan, plans: tuple[Plan, ...], known: Known) -> Plan:
        others = sharing(plan, plans)
        assets = {one.asset for one in (plan, *others)}
        await self._look_up(assets, plan.venue, known)
        prices = {asset: price for asset in assets if (price := known.prices[asset]) is not None}
        tiers = {asset: found for asset in assets if (found := known.tiers[asset, plan.venue]) is not None}
        return in_wallet(plan, others, prices, tiers, self._rules.sizing.fee_rate)

    async def _look_up(self, assets: Iterable[Asset], venue: Venue, known: Known) -> None:
        for asset in assets:
            if asset not in known.prices:
                known.prices[asset] = await self._price(asset, known.at_ms)
            if (asset, venue) not in known.tiers:
                known.tiers[asset, venue] = await self._tiers.of(asset, venue)

    async def _price(self, asset: Asset, now_ms: int) -> float | None:
        """The price of another asset, None where its last look is as old as a gap or had no fresh one."""
        snapshot = await self._snapshots.latest(asset)
        sight = None if snapshot is None else see(snapshot, self._rules)
        if snapshot is None or sight is None:
            return None
        rules = self._rules.plans
        is_fresh = now_ms - snapshot.at_ms <= max(rules.gap_after_ms, rules.gap_steps * sight.step_ms)
        return sight.price_usd if is_fresh else None


def _is_meant(plan: Plan, asset: Asset) -> bool:
    return plan.asset == asset and plan.mode is MarginMode.CROSS and not plan.is_closed_by_force
