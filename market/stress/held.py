"""Positions as they are stressed: each with its own margin, or together on the cross wallet of their venue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from market.margin import Tier, Tiers, sign_of
from market.observations import Asset, Side, Venue
from market.plans import Plan
from market.sizing import MarginMode

LEAST_PRICE = 0.001
"""What a fall beyond all of a price leaves of it, a fraction: a beta above one may ask for that."""


@dataclass(frozen=True, slots=True)
class Held:
    """A position under stress, by `id` (its plan's; "" for one stated in the question).

    `liquidation_usd` is where an isolated one is closed, None nowhere; a cross one needs `tiers` instead, or at least the
    `maintenance_rate` its plan was made with. `since_ms` tells which wallet was stated last (UTC ms).
    """

    id: str
    asset: Asset
    side: Side
    mode: MarginMode
    venue: Venue
    is_inverse: bool
    coins: float
    entry_usd: float
    margin_usd: float
    liquidation_usd: float | None
    maintenance_rate: float | None
    tiers: Tiers | None
    since_ms: int = 0

    @property
    def stands_alone(self) -> bool:
        """Whether no other position stands or falls with it."""
        return self.mode is MarginMode.ISOLATED

    @property
    def settled_in(self) -> Asset | None:
        """The coin its wallet holds, None for US dollars."""
        return self.asset if self.is_inverse else None

    def notional_usd(self, price_usd: float) -> float:
        """What it is worth at a price, USD; inverse contracts are US dollars whatever the price."""
        return self.coins * (self.entry_usd if self.is_inverse else price_usd)

    def profit_usd(self, price_usd: float) -> float:
        """What it has won (or lost, negative) at a price, USD of that moment."""
        return sign_of(self.side) * self.coins * (price_usd - self.entry_usd)

    def margin_worth_usd(self, price_usd: float) -> float:
        """Its margin alone, USD; coins as a margin are worth what the price says."""
        return self.margin_usd * (price_usd / self.entry_usd if self.is_inverse else 1.0)

    def equity_usd(self, price_usd: float) -> float:
        """Its margin with its profit at a price, USD."""
        return self.margin_worth_usd(price_usd) + self.profit_usd(price_usd)


@dataclass(frozen=True, slots=True)
class Wallet:
    """What is held with cross margin at one venue in one money: the wallet is the margin stated last, by `said_by`."""

    venue: Venue
    said_by: Held
    held: tuple[Held, ...]

    def worth_usd(self, market: "Market", move: float) -> float:
        """What the wallet itself holds after a move, USD, without what its positions have won."""
        return self.said_by.margin_worth_usd(market.price_after(self.said_by.asset, move))


@dataclass(frozen=True, slots=True)
class Market:
    """The prices now, and how far each asset moves when the market moves by one (1 where it is not said)."""

    prices_usd: Mapping[Asset, float]
    betas: Mapping[Asset, float]
    fee_rate: float

    def beta(self, asset: Asset) -> float:
        """How far it moves for a move of the market by one."""
        return self.betas.get(asset, 1.0)

    def price_after(self, asset: Asset, move: float) -> float:
        """The price of an asset once the market has moved by a fraction."""
        return self.prices_usd[asset] * max(LEAST_PRICE, 1.0 + self.beta(asset) * move)


def held_of(plan: Plan, tiers: Tiers | None) -> Held:
    """A plan's position as it is stressed, with its venue's brackets of now."""
    return Held(
        id=plan.id,
        asset=plan.asset,
        side=plan.side,
        mode=plan.mode,
        venue=plan.venue,
        is_inverse=plan.is_inverse,
        coins=plan.coins,
        entry_usd=plan.entry_usd,
        margin_usd=plan.margin_usd,
        liquidation_usd=plan.liquidation_usd,
        maintenance_rate=plan.maintenance_rate,
        tiers=tiers,
        since_ms=plan.made_ms,
    )


def wallets_of(held: Iterable[Held]) -> tuple[Wallet, ...]:
    """The cross wallets, by venue and by the money they are in: each as the position made last says it."""
    sharing: dict[tuple[Venue, Asset | None], list[Held]] = {}
    for one in held:
        if not one.stands_alone:
            sharing.setdefault((one.venue, one.settled_in), []).append(one)
    return tuple(
        Wallet(venue, max(together, key=lambda one: one.since_ms), tuple(together))
        for (venue, _), together in sharing.items()
    )


def brackets(one: Held) -> tuple[Tier, ...] | None:
    """The brackets a cross position goes through as its price moves; None where none are known.

    An inverse position, and one whose brackets are counted in contracts, stays in the one it was bought in.
    """
    if one.tiers is None:
        rate = one.maintenance_rate
        return None if rate is None else (Tier(0.0, float("inf"), 1.0, rate, 0.0),)
    if one.is_inverse or one.tiers.priced_at_usd is not None:
        return one.tiers.alone(one.tiers.at_price(one.entry_usd).containing(one.coins * one.entry_usd)).steps
    return one.tiers.steps
