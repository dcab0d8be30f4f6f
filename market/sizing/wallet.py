"""A cross wallet: what the positions it holds already add to a new one, or take (section 8: TMM and UPNL of the others)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from market.margin import Tiers, sign_of
from market.observations import Asset, Side


class Held(Protocol):
    """A position as it is held: a plan is one. An inverse one is `coins` x entry US dollars of contracts."""

    @property
    def asset(self) -> Asset:
        """The coin."""

    @property
    def side(self) -> Side:
        """Its side."""

    @property
    def coins(self) -> float:
        """How many coins were bought or sold."""

    @property
    def entry_usd(self) -> float:
        """At which price, USD."""

    @property
    def is_inverse(self) -> bool:
        """Whether it is margined in coins."""


@dataclass(frozen=True, slots=True)
class Others:
    """What other positions do to a wallet now, USD: the margin they keep, and what they have won (or lost, below 0).

    `unknown` names the assets without a price or brackets: the amounts are then of the rest only.
    """

    maintenance_usd: float = 0.0
    unrealised_usd: float = 0.0
    count: int = 0
    unknown: tuple[Asset, ...] = ()

    @property
    def total_usd(self) -> float | None:
        """What they add to what stands behind a new position; None where one of them is unknown."""
        return None if self.unknown else self.known_usd

    @property
    def known_usd(self) -> float:
        """The same of those that are known: to be said so where others are not."""
        return self.unrealised_usd - self.maintenance_usd


def others_of(
    positions: Iterable[Held],
    prices: Mapping[Asset, float],
    tiers: Mapping[Asset, Tiers],
    *,
    settled_in: Asset | None = None,
) -> Others:
    """What the positions of one cross wallet do to it at these prices (USD), under the brackets of its venue.

    `settled_in`: the coin of a wallet of inverse positions, None for one in US dollars. A position that is settled in another
    money shares nothing with it and is left out. Amounts of a coin's wallet are its coins at the present price.
    """
    sharing = [held for held in positions if (held.asset if held.is_inverse else None) == settled_in]
    known = [held for held in sharing if prices.get(held.asset, 0.0) > 0.0 and held.asset in tiers]
    unknown = {held.asset: None for held in sharing if held not in known}
    return Others(
        maintenance_usd=sum(maintenance_usd(held, prices[held.asset], tiers[held.asset]) for held in known),
        unrealised_usd=sum(unrealised_usd(held, prices[held.asset]) for held in known),
        count=len(known),
        unknown=tuple(unknown),
    )


def maintenance_usd(held: Held, price_usd: float, tiers: Tiers) -> float:
    """The margin a position has to keep at a price, USD; the size of an inverse one is the same at every price."""
    counted_at_usd = held.entry_usd if held.is_inverse else price_usd
    return tiers.at_price(counted_at_usd).maintenance_usd(held.coins * counted_at_usd)


def unrealised_usd(held: Held, price_usd: float) -> float:
    """What a position has won at a price, USD (below 0: lost); of an inverse one its coins at that price."""
    worth_usd = held.coins * price_usd
    return sign_of(held.side) * (worth_usd - held.coins * held.entry_usd)
