"""The wallet behind a cross position: the asker's other plans at that venue, and what they keep of it now."""

from math import isfinite

from commands.desk.brackets import known_brackets
from commands.protocol.request import Context
from market.margin import Tiers
from market.observations import Asset, Venue
from market.plans import Plan
from market.reading import Presence
from market.sizing import MarginMode, Position
from market.sizing.wallet import Others, others_of
from market.snapshot import Snapshot
from store.persons import Person


async def others(context: Context, person: Person, position: Position, venue: Venue) -> Others | None:
    """What the plans in the same cross wallet add to a position or take; None for isolated margin or without an equity.

    A wallet is what is held with cross margin at one venue and settled in the same money. Nothing is kept of what a venue
    really holds: these are the positions that were stated by hand.
    """
    if position.mode is MarginMode.ISOLATED or position.equity_usd is None:
        return None
    held = [
        plan
        for plan in person.plans
        if plan.mode is MarginMode.CROSS and plan.venue is venue and not plan.is_closed_by_force
    ]
    prices, tiers = await prices_of(context, held), await brackets_of(context, held, venue)
    return others_of(held, prices, tiers, settled_in=position.asset if position.is_inverse else None)


async def prices_of(context: Context, plans: list[Plan]) -> dict[Asset, float]:
    """The present price of each asset that has one that can be used, USD."""
    prices = {}
    for asset in {plan.asset: None for plan in plans}:
        snapshot = await context.look(asset)
        price = None if snapshot is None else usable_price(snapshot)
        if price is not None:
            prices[asset] = price
    return prices


def usable_price(snapshot: Snapshot) -> float | None:
    """The price as long as its quality is above zero (three times its TTL), USD; the one a size is checked at."""
    reading = snapshot.reading("price")
    if reading is None or reading.presence is Presence.ABSENT or reading.quality <= 0.0:
        return None
    price = reading.facts.get("price_usd")
    return price if price is not None and isfinite(price) else None


async def brackets_of(context: Context, plans: list[Plan], venue: Venue) -> dict[Asset, Tiers]:
    """The brackets of each asset at a venue, as far as they are known."""
    found = {plan.asset: await known_brackets(context, plan.asset, venue) for plan in plans}
    return {asset: tiers for asset, tiers in found.items() if tiers is not None}
