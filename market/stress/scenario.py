"""What is left of positions and wallets after each of some moves of the market."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from market.stress.closing import Closing, closings_of
from market.stress.held import Held, Market, Wallet, brackets, wallets_of

FALLS = (-0.05, -0.10, -0.20)
RISES = (0.05, 0.10, 0.20)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One position after a move: its price, its profit (of an isolated one at most its margin is lost), its margin left.

    `left_usd` is None for a position of a cross wallet, whose own is told with the wallet; 0 where `is_closed`.
    """

    held: Held
    price_usd: float
    profit_usd: float
    left_usd: float | None
    is_closed: bool


@dataclass(frozen=True, slots=True)
class WalletLeft:
    """What is left of a cross wallet, USD; 0 where it `is_closed`."""

    wallet: Wallet
    left_usd: float
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything after one move of the market (fraction)."""

    move: float
    outcomes: tuple[Outcome, ...]
    wallets: tuple[WalletLeft, ...]

    @property
    def left_usd(self) -> float:
        """All margin and wallets that are left, USD."""
        alone = sum(outcome.left_usd or 0.0 for outcome in self.outcomes)
        return alone + sum(wallet.left_usd for wallet in self.wallets)


@dataclass(frozen=True, slots=True)
class Stress:
    """Positions under stress: the scenarios, and who is closed by a fall and by a rise, in that order.

    `unpriced` are left out for want of a price, `unbracketed` stand on a cross wallet whose brackets are not known.
    """

    falls: tuple[Scenario, ...]
    rises: tuple[Scenario, ...]
    closed_by_fall: tuple[Closing, ...]
    closed_by_rise: tuple[Closing, ...]
    unpriced: tuple[Held, ...]
    unbracketed: tuple[Held, ...]


def stress(held: Sequence[Held], market: Market, moves: Sequence[float]) -> Stress:
    """Put positions through moves of the market (signed fractions; any order, each once)."""
    priced = [one for one in held if one.asset in market.prices_usd]
    alone = [one for one in priced if one.stands_alone]
    wallets = wallets_of(priced)
    by_fall, by_rise = (closings_of(alone, wallets, market, sign) for sign in (-1, 1))
    falls = sorted({move for move in moves if move < 0.0}, reverse=True)
    rises = sorted({move for move in moves if move > 0.0})
    return Stress(
        falls=tuple(_after(move, alone, wallets, market, by_fall) for move in falls),
        rises=tuple(_after(move, alone, wallets, market, by_rise) for move in rises),
        closed_by_fall=by_fall,
        closed_by_rise=by_rise,
        unpriced=tuple(one for one in held if one.asset not in market.prices_usd),
        unbracketed=tuple(one for wallet in wallets for one in wallet.held if brackets(one) is None),
    )


def _after(
    move: float, alone: Sequence[Held], wallets: Sequence[Wallet], market: Market, closings: Sequence[Closing]
) -> Scenario:
    closed = [one for closing in closings if closing.is_reached_by(move) for one in closing.held]
    outcomes = [*(_alone_after(one, move, market, one in closed) for one in alone)]
    left = []
    for wallet in wallets:
        is_closed = wallet.held[0] in closed
        outcomes += _together_after(wallet, move, market, is_closed)
        profit = sum(one.profit_usd(market.price_after(one.asset, move)) for one in wallet.held)
        left.append(
            WalletLeft(wallet, 0.0 if is_closed else wallet.worth_usd(market, move) + profit, is_closed)
        )
    return Scenario(move, tuple(outcomes), tuple(left))


def _alone_after(one: Held, move: float, market: Market, is_closed: bool) -> Outcome:
    price_usd = market.price_after(one.asset, move)
    if is_closed:
        return Outcome(one, price_usd, -one.margin_usd, 0.0, is_closed=True)
    return Outcome(one, price_usd, one.profit_usd(price_usd), one.equity_usd(price_usd), is_closed=False)


def _together_after(wallet: Wallet, move: float, market: Market, is_closed: bool) -> Iterator[Outcome]:
    for one in wallet.held:
        price_usd = market.price_after(one.asset, move)
        yield Outcome(one, price_usd, one.profit_usd(price_usd), None, is_closed)
