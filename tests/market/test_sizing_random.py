"""What every size promises, over seeded random positions of all kinds: 5,000 here, 100,000 in the slow set."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import pytest

from market.margin import Impossible, ImpossiblePosition, Tier, Tiers, tiers_of
from market.observations import Side, Venue
from market.sizing import Conditions, MarginMode, Position
from tests.market.markets import conditions
from tests.market.promises import broken_promises
from tests.market.venue_tables import MARK_USD, bybit_tiers, hyperliquid_tiers, okx_tiers

STEEP = Tiers(
    "BTC",
    Venue.OKX,
    "2026-11-22",
    (
        Tier(0.0, 100_000.0, 50.0, 0.01, 0.0),
        Tier(100_000.0, 300_000.0, 10.0, 0.08, 0.0),
        Tier(300_000.0, 1_000_000.0, 3.0, 0.25, 0.0),
    ),
    is_whole_rate=True,
)
"""Jumps so large that they, and not the end of a move, decide what survives it."""
OKX = okx_tiers()
TABLES = (
    *(tiers_of(asset) for asset in ("BTC", "ETH", "SOL", "1000PEPE", "FARTCOIN")),
    bybit_tiers(),
    hyperliquid_tiers(),
    OKX,
    STEEP,
    replace(STEEP, priced_at_usd=MARK_USD),
    replace(OKX, priced_at_usd=None),
)
REFUSED = {Impossible.MARGIN_BELOW_MAINTENANCE, Impossible.CLOSED_ALREADY}


@dataclass(frozen=True, slots=True)
class Drawn:
    position: Position
    market: Conditions
    tiers: Tiers
    wilder: float
    richer: float


def drawn(dice: Random) -> Drawn:
    tiers = dice.choice(TABLES)
    now = dice.uniform(0.3, 3.0) * MARK_USD if tiers.priced_at_usd else 10 ** dice.uniform(-3, 5.3)
    entry = now * dice.uniform(0.8, 1.25) if dice.random() < 0.2 else None
    here = tiers.at_price(entry or now)
    equity = 10 ** dice.uniform(0, math.log10(min(0.9 * here.largest_usd, 1e9)))
    highest = here.highest_leverage(equity) * (1 - 1e-9)
    leverage = max(1.0, highest ** dice.choice((1.0, dice.random(), dice.random())))
    mode = dice.choice((MarginMode.ISOLATED, MarginMode.CROSS))
    position = Position(
        tiers.asset,
        dice.choice(tuple(Side)),
        leverage,
        equity if dice.random() < 0.95 else None,
        hold_hours=dice.choice((None, 10 ** dice.uniform(0, 3))),
        entry_usd=entry,
        mode=mode,
        base_leverage=dice.choice((None, dice.uniform(1.0, 50.0))),
        others_usd=dice.uniform(-0.6, 0.6) * equity if dice.random() < 0.7 else 0.0,
        is_inverse=dice.random() < 0.3,
    )
    if position.equity_usd is None:
        position = replace(position, leverage=min(leverage, here.steps[0].max_leverage), others_usd=0.0)
    return Drawn(position, weather(dice, now), tiers, dice.uniform(1.0, 4.0), dice.uniform(1.0, 3.0))


def weather(dice: Random, price_usd: float) -> Conditions:
    return conditions(
        sigma=None if dice.random() < 0.05 else dice.uniform(0.05, 3.0),
        sigma_ref=dice.uniform(0.2, 1.2),
        funding=None if dice.random() < 0.05 else dice.uniform(-0.003, 0.003),
        price_usd=price_usd,
        vol_hi=dice.choice((True, False, None)),
        liq_hi=dice.choice((True, False, None)),
        fe=dice.choice((True, False, None)),
        invalidated=dice.choice((True, False, None)),
        met=dice.randrange(5),
    )


def trial(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How many were answered and refused, by reason; and what did not hold of them."""
    dice, went, broken = Random(seed), Counter[str](), list[str]()
    for number in range(count):
        one = drawn(dice)
        try:
            said = list(promises_of(one))
        except ImpossiblePosition as impossible:
            went[impossible.why.value] += 1
            if impossible.why not in REFUSED:
                broken.append(f"{number}: {impossible} of {one}")
            continue
        went["answered"] += 1
        broken += [f"{number}: {promise} of {one}" for promise in said]
    return went, broken


def promises_of(one: Drawn) -> Iterator[str]:
    return broken_promises(one.position, one.market, one.tiers, one.wilder, one.richer)


def test_three_thousand_random_positions_keep_every_promise() -> None:
    went, broken = trial(3_000, seed=7)
    assert broken[:3] == []
    assert went["answered"] > 2_000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_random_positions_keep_every_promise() -> None:
    went, broken = trial(100_000, seed=2_026)
    print(dict(went))
    assert broken[:3] == []
    assert went["answered"] > 70_000
