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
        """Whether no other position stands or falls with it: isolated, or margined in its own coin."""
        return self.is_inverse or self.mode is MarginMode.ISOLATED

    def profit_usd(self, price_usd: float) -> float:
        """What it has won (or lost, negative) at a price, USD of that moment."""
        return sign_of(self.side) * self.coins * (price_usd - self.entry_usd)

    def equity_usd(self, price_usd: float) -> float:
        """Its own margin with that profit; coins as a margin are worth what the price says."""
        worth = price_usd / self.entry_usd if self.is_inverse else 1.0
        return self.margin_usd * worth + self.profit_usd(price_usd)


@dataclass(frozen=True, slots=True)
class Wallet:
    """The cross account of one venue: the wallet stated last (by `said_by`), in USD, and what stands on it."""

    venue: Venue
    usd: float
    said_by: str
    held: tuple[Held, ...]


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
    """The cross wallets, by venue: each as the position made last says it."""
    by_venue: dict[Venue, list[Held]] = {}
    for one in held:
        if not one.stands_alone:
            by_venue.setdefault(one.venue, []).append(one)
    wallets = []
    for venue, together in by_venue.items():
        last = max(together, key=lambda one: one.since_ms)
        wallets.append(Wallet(venue, last.margin_usd, last.id, tuple(together)))
    return tuple(wallets)


def brackets(one: Held) -> tuple[Tier, ...] | None:
    """The brackets a cross position goes through as its price moves; None where none are known."""
    if one.tiers is None:
        rate = one.maintenance_rate
        return None if rate is None else (Tier(0.0, float("inf"), 1.0, rate, 0.0),)
    if one.tiers.priced_at_usd is None:
        return one.tiers.steps
    # counted in contracts: it stays in its bracket wherever the price goes
    return one.tiers.alone(one.tiers.at_price(one.entry_usd).containing(one.coins * one.entry_usd)).steps
