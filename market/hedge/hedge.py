"""A position hedged: put, put spread or half of it sold, what each costs and leaves open, and which rule chose (section 6)."""

from dataclasses import dataclass, replace
from enum import StrEnum

from market.hedge.legs import Kind, Way, put_of, spread_between
from market.hedge.listed import Expiry, HedgeRefused, NoHedge, nearest_expiry, strikes
from market.hedge_rules import HedgeRules
from market.observations import DAY_MS, Asset, Venue
from market.options import Chain
from market.rules import Rules

PERIODS_A_DAY = 3.0
"""Funding rates are told per eight hours."""


class Choice(StrEnum):
    """What the rule says."""

    PUT = "put"
    SPREAD = "spread"
    REDUCE = "reduce"


class Because(StrEnum):
    """What of the rule decided, and what of it could not be asked."""

    CHEAP = "cheap"
    DEAR_BY_Z = "dear_by_z"
    DEAR_OVER_ATM = "dear_over_atm"
    UNRANKED = "unranked"
    NO_SPREAD = "no_spread"
    HALVING_IS_CHEAPER = "halving_is_cheaper"
    NO_FUNDING = "no_funding"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be hedged, in which market.

    `notional_usd` of a long at `price_usd`, for `days`. `funding_8h` (fraction, paid by longs when positive) is what
    holding is counted to cost (decision 0045); it, `z` and `skew_over_atm` are of the present market, None where not known.
    """

    asset: Asset
    notional_usd: float
    days: float
    price_usd: float
    funding_8h: float | None
    z: float | None
    skew_over_atm: float | None


@dataclass(frozen=True, slots=True)
class Halving:
    """Half of the position sold now and bought back at the end: `fees_usd` of both, and what the whole pays to hold until then.

    `funding_usd` is of the whole position (0 where longs are paid, None where the rate is not known).
    """

    share: float
    fees_usd: float
    funding_usd: float | None

    @property
    def cost_usd(self) -> float | None:
        """What hedging is held against: funding and fees; None where funding is not known."""
        return None if self.funding_usd is None else self.funding_usd + self.fees_usd


@dataclass(frozen=True, slots=True)
class After:
    """One price at expiry, and what the position has won there by then (US dollars, below 0 lost): alone and each way."""

    move: float
    price_usd: float
    alone_usd: float
    put_usd: float
    spread_usd: float | None
    halved_usd: float


@dataclass(frozen=True, slots=True)
class Hedge:
    """The ways to hedge a position.

    `coins` are those of the position, `covered_coins` what contracts of `step_coins` come nearest to (None: the step is not
    known, and all is counted as covered). `spread` is None where no lower put can be sold. `because` names what decided.
    """

    asked: Asked
    venue: Venue
    as_of_ms: int
    expiry: Expiry
    days_left: float
    coins: float
    covered_coins: float
    step_coins: float | None
    put: Way
    spread: Way | None
    halving: Halving
    choice: Choice
    because: tuple[Because, ...]
    after: tuple[After, ...]

    @property
    def is_inverse(self) -> bool:
        """Whether premiums are in coins."""
        return self.put.is_inverse

    @property
    def chosen(self) -> Way:
        """The way that is dearer or cheaper than halving: the spread where skew is dear, else the put."""
        dear = {Because.DEAR_BY_Z, Because.DEAR_OVER_ATM} & set(self.because)
        return self.spread if dear and self.spread is not None else self.put

    @property
    def cheaper_by(self) -> float | None:
        """How much less the spread costs than the put, as a share of the put."""
        return None if self.spread is None else 1.0 - self.spread.cost_usd / self.put.cost_usd

    def after_move(self, move: float) -> After:
        """Where position and hedges stand at expiry after a move of the price (fraction)."""
        return _after(self, move)


def hedge_of(asked: Asked, chain: Chain, now_ms: int, rules: Rules) -> Hedge:
    """What it costs to hedge a long by a chain that is fresh.

    Raises HedgeRefused where the chain is old, lists nothing that can be traded, or trades nothing so small.
    """
    age_ms = now_ms - chain.as_of_ms
    if age_ms > rules.freshness.options_ttl_ms:
        raise HedgeRefused(NoHedge.STALE, age_ms=float(age_ms))
    expiry = nearest_expiry(chain, asked.price_usd, asked.days, now_ms, rules.options)
    upper, lower = strikes(expiry, asked.price_usd, rules.hedge)
    put = put_of(upper, asked.price_usd, rules.hedge)
    spread = None if lower is None else spread_between(upper, lower, asked.price_usd, rules.hedge)
    step = rules.hedge.step_coins(asked.asset, is_inverse=put.is_inverse)
    days_left = (expiry.at_ms - now_ms) / DAY_MS
    halving = _halving(asked, days_left, rules)
    choice, because = _choose(asked, put, spread, halving, rules.hedge)
    hedge = Hedge(
        asked=asked,
        venue=chain.venue,
        as_of_ms=chain.as_of_ms,
        expiry=expiry,
        days_left=days_left,
        coins=asked.notional_usd / asked.price_usd,
        covered_coins=_covered(asked, step),
        step_coins=step,
        put=put,
        spread=spread,
        halving=halving,
        choice=choice,
        because=because,
        after=(),
    )
    return replace(hedge, after=tuple(hedge.after_move(-fall) for fall in rules.hedge.falls))


def _covered(asked: Asked, step: float | None) -> float:
    """The amount of whole steps nearest to the position. Raises HedgeRefused where that is nothing."""
    coins = asked.notional_usd / asked.price_usd
    if step is None:
        return coins
    covered = round(coins / step) * step
    if covered <= 0.0:
        raise HedgeRefused(NoHedge.TOO_SMALL, step_coins=step, step_usd=step * asked.price_usd)
    return covered


def _halving(asked: Asked, days_left: float, rules: Rules) -> Halving:
    share = rules.hedge.halved
    fees_usd = 2.0 * share * rules.sizing.fee_rate * asked.notional_usd
    if asked.funding_8h is None:
        return Halving(share, fees_usd, None)
    paid = max(0.0, asked.funding_8h) * PERIODS_A_DAY * days_left
    return Halving(share, fees_usd, paid * asked.notional_usd)


def _choose(
    asked: Asked, put: Way, spread: Way | None, halving: Halving, rules: HedgeRules
) -> tuple[Choice, tuple[Because, ...]]:
    """The rule: a put where skew is cheap, a spread where it is dear, and neither where halving costs much less."""
    because = [*_skew_says(asked, rules)]
    is_dear = Because.DEAR_BY_Z in because or Because.DEAR_OVER_ATM in because
    if is_dear and spread is None:
        because.append(Because.NO_SPREAD)
    way = spread if is_dear and spread is not None else put
    cost_usd, halving_usd = way.cost_share * asked.notional_usd, halving.cost_usd
    if halving_usd is None:
        because.append(Because.NO_FUNDING)
    elif cost_usd > rules.too_dear * halving_usd:
        return Choice.REDUCE, (*because, Because.HALVING_IS_CHEAPER)
    return (Choice.SPREAD if way.kind is Kind.SPREAD else Choice.PUT), tuple(because)


def _skew_says(asked: Asked, rules: HedgeRules) -> list[Because]:
    """Why protection is dear; or that it is not, and whether its rank is known."""
    said = []
    if asked.z is not None and asked.z >= rules.dear_z:
        said.append(Because.DEAR_BY_Z)
    if asked.skew_over_atm is not None and asked.skew_over_atm >= rules.dear_over_atm:
        said.append(Because.DEAR_OVER_ATM)
    if said:
        return said
    return [Because.UNRANKED] if asked.z is None else [Because.CHEAP]


def _after(hedge: Hedge, move: float) -> After:
    asked, covered = hedge.asked, hedge.covered_coins
    price_usd = asked.price_usd * (1.0 + move)
    alone_usd = asked.notional_usd * move
    spread = hedge.spread

    def hedged(way: Way) -> float:
        return alone_usd + covered * (way.pays_usd(price_usd) - way.cost_usd)

    return After(
        move,
        price_usd,
        alone_usd,
        hedged(hedge.put),
        None if spread is None else hedged(spread),
        alone_usd * (1.0 - hedge.halving.share) - hedge.halving.fees_usd,
    )
