"""Maintenance at every edge of every venue's brackets, by the venue's own formula, to the cent."""

import csv
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from market.margin import Tier, Tiers, bundled_tiers, liquidation, tiers_of
from market.observations import Side
from tests.market.venue_tables import (
    BYBIT,
    HYPERLIQUID,
    MARK_USD,
    OKX,
    bybit_tiers,
    hyperliquid_tiers,
    okx_tiers,
)

CENT = 0.005
LONG, SHORT = Side.LONG, Side.SHORT


def around(edge: float) -> tuple[float, ...]:
    """Notionals at an edge, a cent beside it, and well within the brackets it divides."""
    return (0.6 * edge, edge - 0.01, edge, edge + 0.01, 1.3 * edge)


@pytest.mark.parametrize("tiers", bundled_tiers().values(), ids=lambda tiers: tiers.asset)
def test_binance_keeps_the_rate_less_the_amount_of_the_bracket(tiers: Tiers) -> None:
    for tier in tiers.steps:
        edge = tier.cap_usd
        due = edge * tier.maintenance_rate - tier.maintenance_amount_usd
        assert tiers.maintenance_usd(edge) == pytest.approx(due, abs=CENT)
        inside = 0.5 * (tier.floor_usd + tier.cap_usd)
        due = inside * tier.maintenance_rate - tier.maintenance_amount_usd
        assert tiers.maintenance_usd(inside) == pytest.approx(due, abs=CENT)


def test_the_bundled_brackets_are_those_that_were_published(recordings: Path) -> None:
    """Every row of the published table, at its own edges, against what is bundled."""
    rows = defaultdict(list)
    with (recordings / "tiers" / "binance_usdm_2026-09-29.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            rows[row["symbol"].removesuffix("USDT")].append(row)
    assert set(rows) == set(bundled_tiers())
    for asset, brackets in rows.items():
        for row in brackets:
            edge = float(row["notional_cap_usdt"])
            due = edge * float(row["maintenance_margin_rate"]) - float(row["maintenance_amount_usdt"])
            assert tiers_of(asset).maintenance_usd(edge) == pytest.approx(due, abs=CENT)


@pytest.mark.parametrize("says_deductions", [True, False])
def test_bybit_keeps_the_rate_less_the_deduction_said_or_not(says_deductions: bool) -> None:
    told = [(*limit[:3], limit[3] if says_deductions else "") for limit in BYBIT]
    tiers = bybit_tiers(told)
    floors = [0.0, *(limit[0] for limit in BYBIT)]
    for (cap, rate, _, deduction), floor in zip(BYBIT, floors, strict=False):
        for notional in around(cap):
            if floor < notional <= cap:
                due = notional * rate - float(deduction)
                assert tiers.maintenance_usd(notional) == pytest.approx(due, abs=CENT)
    for below, above in pairwise(BYBIT):
        edge = below[0]
        assert edge * below[1] - float(below[3]) == pytest.approx(edge * above[1] - float(above[3]))


def test_hyperliquid_keeps_half_the_margin_at_the_highest_leverage_less_its_deduction() -> None:
    tiers = hyperliquid_tiers()
    deduction, before = 0.0, 0.0
    for floor, most in HYPERLIQUID:
        rate = 1.0 / (2 * most)
        deduction += floor * (rate - before)
        before = rate
        for notional in (floor, floor + 0.01, floor + 50e6):
            assert tiers.maintenance_usd(notional) == pytest.approx(notional * rate - deduction, abs=CENT)
    assert tiers.maintenance_usd(200e6) == pytest.approx(3_125_000.0)


def test_okx_keeps_the_rate_of_the_whole_position_and_jumps_where_a_bracket_begins() -> None:
    tiers = okx_tiers()
    for most, rate, _ in OKX:
        edge = most * 0.01 * MARK_USD
        assert tiers.maintenance_usd(edge) == pytest.approx(edge * rate, abs=CENT)
    for (most, below, _), (_, above, _) in pairwise(OKX):
        edge = most * 0.01 * MARK_USD
        jump = tiers.maintenance_usd(edge + 0.01) - tiers.maintenance_usd(edge)
        assert jump == pytest.approx(edge * (above - below), abs=CENT)


COUNTED = okx_tiers()
"""OKX counts contracts: 1,000 of .01 BTC are 10 BTC, at any price."""
IN_DOLLARS = replace(COUNTED, priced_at_usd=None)


def test_what_is_counted_in_contracts_has_the_same_bracket_at_every_price() -> None:
    for price in (20_000.0, 80_000.0, 160_000.0):
        here = COUNTED.at_price(price)
        assert here.containing(10.0 * price).maintenance_rate == 0.004
        assert here.containing(10.01 * price).maintenance_rate == 0.005
        assert here.at_price(MARK_USD).steps[0].cap_usd == pytest.approx(800_000.0)
    assert IN_DOLLARS.at_price(20_000.0) is IN_DOLLARS


def test_a_position_counted_in_contracts_keeps_its_bracket_down_to_liquidation() -> None:
    # 11 BTC at 80,000 are 880,000 (the second bracket), at 72,000 and less 792,000 (the first one, in dollars)
    counted = liquidation(LONG, 11.0, 80_000.0, 110_000.0, COUNTED, 0.0)
    dollars = liquidation(LONG, 11.0, 80_000.0, 110_000.0, IN_DOLLARS, 0.0)
    assert counted is not None
    assert dollars is not None
    assert counted.tier.maintenance_rate == 0.005
    assert counted.price_usd == pytest.approx((880_000.0 - 110_000.0) / (11.0 * 0.995))
    assert dollars.tier.maintenance_rate == 0.004
    assert dollars.price_usd == pytest.approx((880_000.0 - 110_000.0) / (11.0 * 0.996))


JUMP = Tiers(
    "BTC",
    IN_DOLLARS.venue,
    "2026-11-22",
    (Tier(0.0, 100_000.0, 50.0, 0.01, 0.0), Tier(100_000.0, 1e6, 10.0, 0.05, 0.0)),
    is_whole_rate=True,
)


def test_a_short_is_closed_by_the_jump_where_a_bracket_begins() -> None:
    # 1 coin sold at 98,000 on 5,000: at 100,000 it has 3,000 left, which is enough of 1 % and not of 5 %
    closed = liquidation(SHORT, 1.0, 98_000.0, 5_000.0, JUMP, 0.0)
    assert closed is not None
    assert (closed.price_usd, closed.tier.maintenance_rate) == (100_000.0, 0.05)
    richer = liquidation(SHORT, 1.0, 98_000.0, 9_000.0, JUMP, 0.0)
    assert richer is not None
    assert richer.price_usd == pytest.approx(107_000.0 / 1.05)


def test_a_long_in_dollars_is_closed_before_it_may_leave_a_dear_bracket() -> None:
    # 1 coin bought at 110,000 on 12,000: in the second bracket it is closed at 98,000 / .95 = 103,158
    closed = liquidation(LONG, 1.0, 110_000.0, 12_000.0, JUMP, 0.0)
    assert closed is not None
    assert closed.price_usd == pytest.approx(98_000.0 / 0.95)
    # with 16,000 it gets down to 100,000 with 6,000 left, and the first bracket asks for 1,000 only
    further = liquidation(LONG, 1.0, 110_000.0, 16_000.0, JUMP, 0.0)
    assert further is not None
    assert further.price_usd == pytest.approx(94_000.0 / 0.99)
    assert further.tier.maintenance_rate == 0.01


def test_beyond_the_last_bracket_the_last_one_holds() -> None:
    closed = liquidation(SHORT, 1.0, 950_000.0, 500_000.0, JUMP, 0.0)
    assert closed is not None
    assert closed.price_usd == pytest.approx(1_450_000.0 / 1.05)
    assert liquidation(LONG, 0.1, 50_000.0, 5_000.0, JUMP, 0.0) is None
