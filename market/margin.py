"""Where a venue closes a position by force: maintenance brackets, and the price at which the margin no longer covers them.

Formulas, documented examples and their sources: quant.md section 8. The venue's own number may differ by its mark price
and its partial liquidations, so a liquidation price is an estimate and is always shown with the date of its brackets.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from market.observations import Asset, Side, Venue
from market.once import once

BUNDLED_ON = "2026-09-29"
"""The day Binance's brackets of USD-M perpetuals were as bundled in `market/tiers` (that endpoint needs a key)."""

_RESIDUE = 1e-12  # of the entry: a price below it is what rounding leaves of zero


class Impossible(StrEnum):
    """Why a position cannot be checked at all."""

    NOT_A_NUMBER = "not_a_number"
    LEVERAGE_BELOW_ONE = "leverage_below_one"
    LEVERAGE_ABOVE_TIER = "leverage_above_tier"
    LARGER_THAN_LAST_TIER = "larger_than_last_tier"
    EQUITY_NOT_POSITIVE = "equity_not_positive"
    ENTRY_NOT_POSITIVE = "entry_not_positive"
    ENTRY_FAR = "entry_far"
    HOLD_OUT_OF_RANGE = "hold_out_of_range"
    BASE_BELOW_ONE = "base_below_one"
    BUDGET_OUT_OF_RANGE = "budget_out_of_range"
    MARGIN_BELOW_MAINTENANCE = "margin_below_maintenance"
    CLOSED_ALREADY = "closed_already"
    NO_TIERS = "no_tiers"
    NO_PRICE = "no_price"


class ImpossiblePosition(Exception):
    """A position nobody can hold or nobody can check: `why`, and the numbers that show it, by name."""

    def __init__(self, why: Impossible, **numbers: float) -> None:
        super().__init__(f"{why}: {numbers}" if numbers else str(why))
        self.why = why
        self.numbers: Mapping[str, float] = MappingProxyType(numbers)


@dataclass(frozen=True, slots=True)
class Tier:
    """One bracket: of a notional in (`floor_usd`, `cap_usd`] the venue keeps notional x rate - amount as maintenance."""

    floor_usd: float
    cap_usd: float
    max_leverage: float
    maintenance_rate: float
    maintenance_amount_usd: float


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Tiers:
    """The brackets of one asset at one venue, smallest first, and the day they were published (ISO date).

    The amounts make maintenance continuous and rates grow from bracket to bracket, so maintenance is the largest of all
    brackets' lines: the bracket that contains a notional is the one that asks for most. `is_whole_rate`: the venue (OKX)
    takes the bracket's rate of the whole notional instead, and maintenance jumps where a bracket begins.
    `priced_at_usd`: the venue (OKX) counts its brackets in contracts, and they were turned into US dollars at this price: a
    position stays in its bracket wherever the price goes. None: the venue counts US dollars at the price of the moment.
    """

    asset: Asset
    venue: Venue
    published_on: str
    steps: tuple[Tier, ...]
    is_whole_rate: bool = False
    priced_at_usd: float | None = None

    @property
    def largest_usd(self) -> float:
        """The largest notional the venue lets anybody hold, USD."""
        return self.steps[-1].cap_usd

    def containing(self, notional_usd: float) -> Tier:
        """The bracket of a notional; beyond the last one the last still holds."""
        for tier in self.steps:
            if notional_usd <= tier.cap_usd:
                return tier
        return self.steps[-1]

    def maintenance_usd(self, notional_usd: float) -> float:
        """The margin below which a position of this notional is closed by force, USD."""
        if self.is_whole_rate:
            return notional_usd * self.containing(notional_usd).maintenance_rate
        return max(notional_usd * tier.maintenance_rate - tier.maintenance_amount_usd for tier in self.steps)

    def highest_leverage(self, equity_usd: float) -> float:
        """The highest leverage the brackets allow on this equity: the notional it makes decides the bracket."""
        return max(min(tier.max_leverage, tier.cap_usd / equity_usd) for tier in self.steps)

    @once()
    def first_alone(self) -> "Tiers":
        """The first bracket for every notional: what is assumed, and said, where no equity is stated."""
        return self.alone(self.steps[0])

    def alone(self, tier: Tier) -> "Tiers":
        """One bracket for every notional."""
        return replace(self, steps=(replace(tier, floor_usd=0.0, cap_usd=math.inf),))

    def at_price(self, price_usd: float) -> "Tiers":
        """The same brackets in US dollars at another price: other ones only where the venue counts contracts."""
        if self.priced_at_usd is None or self.priced_at_usd == price_usd:
            return self
        by = price_usd / self.priced_at_usd
        return replace(self, steps=tuple(_scaled(tier, by) for tier in self.steps), priced_at_usd=price_usd)


def _scaled(tier: Tier, by: float) -> Tier:
    amount_usd = tier.maintenance_amount_usd * by
    return replace(
        tier, floor_usd=tier.floor_usd * by, cap_usd=tier.cap_usd * by, maintenance_amount_usd=amount_usd
    )


def tiers_of(asset: Asset) -> Tiers:
    """The bundled brackets of an asset, Binance USD-M as of `BUNDLED_ON`.

    Raises ImpossiblePosition(NO_TIERS) for an asset without brackets: a liquidation price is never made of guessed ones.
    """
    try:
        return bundled_tiers()[asset]
    except KeyError:
        raise ImpossiblePosition(Impossible.NO_TIERS) from None


@cache
def bundled_tiers() -> Mapping[Asset, Tiers]:
    """All bundled brackets by asset, in the order of the table (40 perpetuals)."""
    table = files("market") / "tiers" / f"binance_usdm_{BUNDLED_ON}.csv"
    steps: dict[Asset, list[Tier]] = {}
    for asset, *numbers in list(csv.reader(table.read_text("utf-8").splitlines()))[1:]:
        steps.setdefault(asset, []).append(Tier(*map(float, numbers)))
    return MappingProxyType(
        {asset: Tiers(asset, Venue.BINANCE, BUNDLED_ON, tuple(tiers)) for asset, tiers in steps.items()}
    )


@dataclass(frozen=True, slots=True)
class Liquidation:
    """The price of forced closing, USD, and the bracket that holds there (not the one at entry)."""

    price_usd: float
    tier: Tier


def liquidation(
    side: Side,
    coins: float,
    entry_usd: float,
    backing_usd: float,
    tiers: Tiers,
    fee_rate: float,
    *,
    is_inverse: bool = False,
) -> Liquidation | None:
    """Where a position is closed by force, None where no price above zero does that.

    `backing_usd` is the position's own margin (isolated), or the wallet less the other positions' maintenance plus their
    unrealised profit (cross). An inverse position is `coins` x entry US dollars of contracts, and its margin is the coins that
    `backing_usd` is worth at entry. The bracket contains the notional at the liquidation price.
    Raises ImpossiblePosition(MARGIN_BELOW_MAINTENANCE) where the position would be closed at entry.
    """
    if is_inverse:
        return _inverse(side, coins * entry_usd, entry_usd, backing_usd, tiers, fee_rate)
    if tiers.priced_at_usd is not None:
        tiers = tiers.alone(tiers.at_price(entry_usd).containing(coins * entry_usd))
    close = _whole_rate if tiers.is_whole_rate else _continuous
    return close(side, coins, entry_usd, backing_usd, tiers, fee_rate)


def _continuous(
    side: Side, coins: float, entry_usd: float, backing_usd: float, tiers: Tiers, fee_rate: float
) -> Liquidation | None:
    """LP = (backing + amount - s Q EP) / (Q (mmr + fee - s)) of the bracket whose price an adverse move reaches first.

    That is the one that holds there, as maintenance is the largest of the brackets' lines.
    """
    sign, notional_usd, steps = sign_of(side), coins * entry_usd, tiers.steps
    moved_usd = sign * notional_usd
    dues = [notional_usd * (tier.maintenance_rate + fee_rate) - tier.maintenance_amount_usd for tier in steps]
    _refuse_if_due(backing_usd, max(dues))
    prices = [
        (backing_usd + tier.maintenance_amount_usd - moved_usd)
        / (coins * (tier.maintenance_rate + fee_rate - sign))
        for tier in steps
    ]
    first = (max if side is Side.LONG else min)(prices)
    return Liquidation(first, steps[prices.index(first)]) if first > _RESIDUE * entry_usd else None


def _whole_rate(
    side: Side, coins: float, entry_usd: float, backing_usd: float, tiers: Tiers, fee_rate: float
) -> Liquidation | None:
    """Bracket by bracket on the way of an adverse move; a short may be closed by the jump where a bracket begins."""
    sign, notional_usd = sign_of(side), coins * entry_usd
    here = tiers.steps.index(tiers.containing(notional_usd))
    _refuse_if_due(backing_usd, notional_usd * (tiers.steps[here].maintenance_rate + fee_rate))
    for tier in reversed(tiers.steps[: here + 1]) if side is Side.LONG else tiers.steps[here:]:
        closed_usd = (backing_usd - sign * notional_usd) / (tier.maintenance_rate + fee_rate - sign)
        if side is Side.LONG and closed_usd > max(tier.floor_usd, _RESIDUE * notional_usd):
            return Liquidation(closed_usd / coins, tier)
        if side is Side.SHORT and (closed_usd <= tier.cap_usd or tier is tiers.steps[-1]):
            return Liquidation(max(closed_usd, tier.floor_usd) / coins, tier)
    return None


def _inverse(
    side: Side, contracts_usd: float, entry_usd: float, backing_usd: float, tiers: Tiers, fee_rate: float
) -> Liquidation | None:
    """In US dollars an inverse contract never changes its size, so its bracket and its rate stay what they are at entry."""
    tier = tiers.at_price(entry_usd).containing(contracts_usd)
    rate = tier.maintenance_rate - (
        0.0 if tiers.is_whole_rate else tier.maintenance_amount_usd / contracts_usd
    )
    price = inverse_liquidation_price(
        side, contracts_usd, entry_usd, backing_usd / entry_usd, rate, fee_rate=fee_rate
    )
    return None if price is None else Liquidation(price, tier)


def inverse_liquidation_price(
    side: Side,
    contracts_usd: float,
    entry_usd: float,
    backing_coins: float,
    maintenance_rate: float,
    *,
    amount_coins: float = 0.0,
    fee_rate: float = 0.0,
) -> float | None:
    """The liquidation price in USD of contracts worth `contracts_usd` and margined in coins; None where there is none.

    LP = USD (mmr + fee + s) / (backing + amount + s USD / EP). Raises ImpossiblePosition as `liquidation` does.
    """
    sign = sign_of(side)
    coins = contracts_usd / entry_usd
    _refuse_if_due(backing_coins, coins * (maintenance_rate + fee_rate) - amount_coins)
    cover = sign * (backing_coins + amount_coins) + coins
    if cover <= 0.0:
        return None  # a short covered by as many coins as it sold owes none of them at any price
    return contracts_usd * (1.0 + sign * (maintenance_rate + fee_rate)) / cover


def sign_of(side: Side) -> int:
    """+1 for a long, -1 for a short: the direction in which a rising price moves its profit."""
    return 1 if side is Side.LONG else -1


def _refuse_if_due(backing: float, due: float) -> None:
    """A margin at or below maintenance puts the price on the wrong side of entry: refuse it, never print it."""
    if backing <= due:
        raise ImpossiblePosition(Impossible.MARGIN_BELOW_MAINTENANCE, backing=backing, maintenance=due)
