"""Who is closed by force on the way of a move, and in which order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from market.margin import Tier, sign_of
from market.observations import Venue
from market.stress.held import LEAST_PRICE, Held, Market, Wallet, brackets

FARTHEST_FALL, FARTHEST_RISE = 0.95, 2.0
"""How far (fractions) a forced close is looked for."""

_TOUCH = 1e-12  # of a price: what rounding makes of none


@dataclass(frozen=True, slots=True)
class Closing:
    """Positions closed by force together: the market's move until then (fraction; 0: by now), and their assets' prices.

    `venue` is that of a cross wallet, None of a position alone.
    """

    move: float
    held: tuple[Held, ...]
    prices_usd: tuple[float, ...]
    venue: Venue | None = None

    def is_reached_by(self, move: float) -> bool:
        """Whether a move of the market of that size goes as far."""
        return abs(self.move) <= abs(move) + _TOUCH


def closings_of(
    alone: Iterable[Held], wallets: Iterable[Wallet], market: Market, sign: int
) -> tuple[Closing, ...]:
    """Who is closed by a fall (`sign` -1) or a rise (+1) of the market, the first first; who is closed by now is in both."""
    found = [_closing_alone(one, market, sign) for one in alone]
    found += [_closing_together(wallet, market, sign) for wallet in wallets]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: abs(one.move)))


def _closing_alone(one: Held, market: Market, sign: int) -> Closing | None:
    """Where a move in this direction closes a position that has its own margin; what is behind the price is closed by now."""
    closed_usd = one.liquidation_usd
    if closed_usd is None:
        return None
    move = (closed_usd / market.prices_usd[one.asset] - 1.0) / market.beta(one.asset)
    if sign_of(one.side) * move >= 0.0:
        return Closing(0.0, (one,), (closed_usd,))
    if sign_of(one.side) == sign:
        return None
    farthest = FARTHEST_FALL if sign < 0 else FARTHEST_RISE
    return Closing(move, (one,), (closed_usd,)) if abs(move) <= farthest else None


def _closing_together(wallet: Wallet, market: Market, sign: int) -> Closing | None:
    """The first move in this direction at which a wallet no longer covers maintenance and fees; None where it always does.

    Between two edges of brackets what is left is a straight line, so the crossing is exact.
    """
    if any(brackets(one) is None for one in wallet.held):
        return None
    for begin, end in pairwise(_edges(wallet, market, sign)):
        middle = _tiers_at(wallet, market, 0.5 * (begin + end))
        at_begin, at_end = (_spare(wallet, market, move, middle) for move in (begin, end))
        if at_begin <= 0.0 or at_end <= 0.0:
            part = 0.0 if at_begin <= 0.0 else at_begin / (at_begin - at_end)
            move = begin + part * (end - begin)
            prices = tuple(market.price_after(one.asset, move) for one in wallet.held)
            return Closing(move, wallet.held, prices, wallet.venue)
    return None


def _edges(wallet: Wallet, market: Market, sign: int) -> list[float]:
    """The moves at which a position of the wallet enters another bracket, from none to the farthest."""
    farthest = sign * (FARTHEST_FALL if sign < 0 else FARTHEST_RISE)
    edges = {0.0, farthest}
    for one in wallet.held:
        beta = market.beta(one.asset)
        notional_usd = one.notional_usd(market.prices_usd[one.asset])
        edges.add((LEAST_PRICE - 1.0) / beta)
        edges |= {(tier.cap_usd / notional_usd - 1.0) / beta for tier in (brackets(one) or ())}
    return sorted((edge for edge in edges if 0.0 <= sign * edge <= abs(farthest)), key=abs)


def _tiers_at(wallet: Wallet, market: Market, move: float) -> tuple[Tier, ...]:
    return tuple(_bracket_at(one, market.price_after(one.asset, move)) for one in wallet.held)


def _bracket_at(one: Held, price_usd: float) -> Tier:
    steps = brackets(one) or ()
    return next((tier for tier in steps if one.notional_usd(price_usd) <= tier.cap_usd), steps[-1])


def _spare(wallet: Wallet, market: Market, move: float, tiers: Sequence[Tier]) -> float:
    """What the wallet holds beyond maintenance and the fees of closing, USD, with each position in a given bracket."""
    return wallet.worth_usd(market, move) + sum(
        _left_of(one, market, move, tier) for one, tier in zip(wallet.held, tiers, strict=True)
    )


def _left_of(one: Held, market: Market, move: float, tier: Tier) -> float:
    price_usd = market.price_after(one.asset, move)
    due = (
        one.notional_usd(price_usd) * (tier.maintenance_rate + market.fee_rate) - tier.maintenance_amount_usd
    )
    return one.profit_usd(price_usd) - due
