"""Liquidation prices: the venues' own examples to the cent, brackets, and what must always hold."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from market.margin import (
    BUNDLED_ON,
    Impossible,
    ImpossiblePosition,
    Tier,
    Tiers,
    bundled_tiers,
    inverse_liquidation_price,
    liquidation,
    sign_of,
    tiers_of,
)
from market.observations import Side, Venue

LONG, SHORT = Side.LONG, Side.SHORT
THREE = Tiers(
    "BTC",
    Venue.BINANCE,
    "2026-09-29",
    (
        Tier(0.0, 50_000.0, 125.0, 0.004, 0.0),
        Tier(50_000.0, 250_000.0, 100.0, 0.005, 50.0),
        Tier(250_000.0, 1_000_000.0, 50.0, 0.01, 1_300.0),
    ),
)
HYPERLIQUID_BTC = Tiers(
    "BTC",
    Venue.HYPERLIQUID,
    "2026-09-29",
    (Tier(0.0, 150e6, 40.0, 1 / 80, 0.0), Tier(150e6, 1e12, 20.0, 1 / 40, 1.875e6)),
)


def under_one_bracket(
    side: Side,
    coins: float,
    entry_usd: float,
    backing_usd: float,
    maintenance_rate: float,
    *,
    amount_usd: float = 0.0,
    fee_rate: float = 0.0,
) -> float | None:
    """The liquidation price, USD, where one bracket holds for every notional."""
    alone = Tier(0.0, inf, 125.0, maintenance_rate, amount_usd)
    tiers = Tiers("BTC", Venue.BINANCE, "2026-09-29", (alone,))
    closed = liquidation(side, coins, entry_usd, backing_usd, tiers, fee_rate)
    return None if closed is None else closed.price_usd


@pytest.mark.parametrize(
    ("coins", "entry", "backing", "rate", "amount", "documented"),
    [
        pytest.param(3_683.979, 1_456.84, 1_535_443.01, 0.10, 135_365.0, 1_114.78, id="ETH isolated"),
        pytest.param(
            3_683.979,
            1_456.84,
            1_535_443.01 - 71_200.81144 - 56_354.57,
            0.10,
            135_365.0,
            1_153.26,
            id="ETH cross",
        ),
        pytest.param(
            109.488,
            32_481.98,
            1_535_443.01 - 356_512.508 - 448_192.89,
            0.025,
            16_300.0,
            26_316.89,
            id="BTC cross",
        ),
    ],
)
def test_binances_documented_examples_agree_to_the_cent(
    coins: float, entry: float, backing: float, rate: float, amount: float, documented: float
) -> None:
    price = under_one_bracket(LONG, coins, entry, backing, rate, amount_usd=amount)
    assert price == pytest.approx(documented, abs=0.005)


def test_the_isolated_example_agrees_beyond_the_cent() -> None:
    price = under_one_bracket(LONG, 3_683.979, 1_456.84, 1_535_443.01, 0.10, amount_usd=135_365.0)
    assert price == pytest.approx(1_114.78496, abs=5e-6)


@pytest.mark.parametrize(("amount", "documented"), [(11.605, 33_599.40), (11.81, 33_578.86)])
def test_binances_coin_margined_example_moves_with_the_age_of_its_table(
    amount: float, documented: float
) -> None:
    price = inverse_liquidation_price(LONG, 10e6, 45_000.0, 101.0, 0.125, amount_coins=amount)
    assert price == pytest.approx(documented, abs=0.025)


def test_the_coin_margined_example_is_computed_to_the_printed_digit() -> None:
    price = inverse_liquidation_price(LONG, 10e6, 45_000.0, 101.0, 0.125, amount_coins=11.605)
    assert price == pytest.approx(33_599.4186, abs=5e-5)


@pytest.mark.parametrize(
    ("side", "printed", "old"), [(LONG, 45_681.82, 45_662.10), (SHORT, 55_277.78, 55_248.62)]
)
def test_bybits_inverse_page_is_the_generic_inverse_and_not_its_old_formula(
    side: Side, printed: float, old: float
) -> None:
    usd, entry, leverage, rate = 60_000.0, 50_000.0, 10.0, 0.005
    sign = sign_of(side)
    page = usd * (1 + sign * rate) / (usd / entry + sign * usd / entry / leverage)
    before = entry * leverage / (leverage + sign - sign * rate * leverage)
    price = inverse_liquidation_price(side, usd, entry, usd / entry / leverage, rate)
    assert page == pytest.approx(printed, abs=0.005)
    assert price == pytest.approx(page, rel=1e-12)
    assert before == pytest.approx(old, abs=0.005)


@pytest.mark.parametrize(("side", "exact"), [(LONG, 8.085708510208207), (SHORT, 11.87413417771621)])
def test_okx_counts_the_takers_fee_in_maintenance(side: Side, exact: float) -> None:
    price = under_one_bracket(side, 1.0, 10.0, 2.0, 0.01, fee_rate=0.0006)
    assert price == pytest.approx(exact, rel=1e-15)


def test_okx_coin_margined_is_the_generic_inverse() -> None:
    face, contracts, entry, margin, rate, fee = 100.0, 50.0, 40_000.0, 0.0125, 0.01, 0.0005
    documented = face * contracts * (1 + rate + fee) / (margin + face * contracts / entry)
    price = inverse_liquidation_price(LONG, face * contracts, entry, margin, rate, fee_rate=fee)
    assert price == pytest.approx(documented, rel=1e-15)


def test_hyperliquids_own_formula_is_the_generic_linear() -> None:
    entry, coins, margin, most = 66_930.0, 0.0015, 20.043862, 50.0
    rate = 1 / (2 * most)
    available = margin - coins * entry * rate
    documented = entry - available / coins / (1 - rate)
    price = under_one_bracket(LONG, coins, entry, margin, rate)
    assert documented == pytest.approx(54_108.51043771, abs=1e-6)
    assert price == pytest.approx(documented, rel=1e-12)


def test_hyperliquids_second_bracket_takes_its_deduction_off() -> None:
    assert HYPERLIQUID_BTC.maintenance_usd(200e6) == pytest.approx(3.125e6)
    assert HYPERLIQUID_BTC.maintenance_usd(150e6) == pytest.approx(150e6 / 80)


def test_freqtrades_check_against_the_gate_app() -> None:
    documented = (1_680.05 - 182.81 / 0.5423) / (1 - 0.0050075)
    price = under_one_bracket(LONG, 0.5423, 1_680.05, 182.81, 0.005, fee_rate=0.0000075)
    assert price == pytest.approx(1_349.71, abs=0.01)
    assert price == pytest.approx(documented, rel=1e-9)


@pytest.mark.parametrize(
    ("coins", "margin", "price", "rate"),
    [(3.0, 60_000.0, 80_385.26, 0.005), (12.0, 240_000.0, 80_698.65, 0.01)],
)
def test_the_bracket_is_the_one_that_holds_at_liquidation(
    coins: float, margin: float, price: float, rate: float
) -> None:
    closed = liquidation(LONG, coins, 100_000.0, margin, THREE, 0.0)
    assert closed is not None
    assert closed.price_usd == pytest.approx(price, abs=0.005)
    assert closed.tier.maintenance_rate == rate


def test_at_entry_three_coins_stand_one_bracket_higher_than_at_liquidation() -> None:
    assert THREE.containing(300_000.0).maintenance_rate == 0.01


def test_the_amounts_keep_maintenance_continuous() -> None:
    below, above = THREE.steps[1:]
    assert 250_000.0 * below.maintenance_rate - below.maintenance_amount_usd == pytest.approx(1_200.0)
    assert 250_000.0 * above.maintenance_rate - above.maintenance_amount_usd == pytest.approx(1_200.0)


def test_a_long_without_leverage_has_no_liquidation_price() -> None:
    assert under_one_bracket(LONG, 0.1, 100_000.0, 10_000.0, 0.005) is None
    assert liquidation(LONG, 0.07, 64_210.0, 0.07 * 64_210.0, tiers_of("BTC"), 0.0) is None


def test_an_inverse_short_covered_by_its_own_coins_has_no_liquidation_price() -> None:
    assert inverse_liquidation_price(SHORT, 60_000.0, 50_000.0, 1.2, 0.005) is None


def test_a_margin_below_maintenance_is_refused_and_not_printed() -> None:
    with pytest.raises(ImpossiblePosition) as refused:
        under_one_bracket(LONG, 1_000_000.0, 0.00001, 2.0, 0.25)  # freqtrade #7294: mmr 25 % on a meme coin
    assert refused.value.why is Impossible.MARGIN_BELOW_MAINTENANCE
    assert refused.value.numbers == {"backing": 2.0, "maintenance": pytest.approx(2.5)}
    with pytest.raises(ImpossiblePosition):
        inverse_liquidation_price(SHORT, 60_000.0, 50_000.0, 0.006, 0.005)


def test_forty_perpetuals_are_bundled_and_their_day_is_known() -> None:
    tables = bundled_tiers()
    assert len(tables) == 40
    assert {(table.venue, table.published_on) for table in tables.values()} == {(Venue.BINANCE, BUNDLED_ON)}
    assert tiers_of("BTC").steps[1] == Tier(300_000.0, 800_000.0, 100.0, 0.005, 300.0)


def test_an_asset_without_brackets_is_refused() -> None:
    with pytest.raises(ImpossiblePosition) as refused:
        tiers_of("NOSUCH")
    assert refused.value.why is Impossible.NO_TIERS
    assert str(refused.value) == "no_tiers"


@pytest.mark.parametrize("tiers", bundled_tiers().values(), ids=lambda tiers: tiers.asset)
def test_every_bundled_bracket_joins_the_next_to_the_cent(tiers: Tiers) -> None:
    assert tiers.steps[0].floor_usd == 0.0
    for below, above in pairwise(tiers.steps):
        edge = below.cap_usd
        assert above.floor_usd == edge
        assert above.max_leverage < below.max_leverage
        assert above.maintenance_rate > below.maintenance_rate
        due = edge * below.maintenance_rate - below.maintenance_amount_usd
        assert edge * above.maintenance_rate - above.maintenance_amount_usd == pytest.approx(due, abs=0.01)
        assert tiers.maintenance_usd(edge) == pytest.approx(due, abs=0.01)


def test_the_highest_leverage_falls_as_the_margin_grows() -> None:
    tiers = tiers_of("BTC")
    assert tiers.highest_leverage(1_000.0) == 150.0
    assert tiers.highest_leverage(4_000.0) == 100.0  # 75x fills the first bracket, 100x stands in the second
    assert tiers.highest_leverage(10e6) == 10.0
    assert tiers.containing(2e9) is tiers.steps[-1]


sides = st.sampled_from(Side)
leverages = st.floats(1.0, 60.0)
margins = st.floats(1.0, 1e7)
entries = st.floats(1e-4, 1e6)
tables = st.sampled_from([THREE, HYPERLIQUID_BTC, tiers_of("BTC"), tiers_of("SOL"), tiers_of("1000PEPE")])


@settings(deadline=None)
@given(sides, leverages, margins, entries, tables, st.floats(0.0, 0.001))
def test_nobody_is_closed_before_the_price(
    side: Side, leverage: float, margin: float, entry: float, tiers: Tiers, fee: float
) -> None:
    coins = leverage * margin / entry
    due = tiers.maintenance_usd(coins * entry) + fee * coins * entry
    assume(abs(margin - due) > 1e-9 * margin)
    if margin < due:
        with pytest.raises(ImpossiblePosition):
            liquidation(side, coins, entry, margin, tiers, fee)
        return
    closed = liquidation(side, coins, entry, margin, tiers, fee)
    if closed is None:
        assert side is LONG
    else:
        assert sign_of(side) * (entry - closed.price_usd) > 0.0


@settings(deadline=None)
@given(sides, leverages, margins, entries, tables)
def test_at_liquidation_the_margin_left_is_the_maintenance_of_the_bracket_that_holds(
    side: Side, leverage: float, margin: float, entry: float, tiers: Tiers
) -> None:
    coins = leverage * margin / entry
    try:
        closed = liquidation(side, coins, entry, margin, tiers, 0.0005)
    except ImpossiblePosition:
        assume(False)
    assume(closed is not None)
    assert closed is not None
    notional = coins * closed.price_usd
    left = margin + sign_of(side) * (notional - coins * entry)
    assert left == pytest.approx(
        tiers.maintenance_usd(notional) + 0.0005 * notional, abs=1e-6 * coins * entry
    )
    floor, cap = closed.tier.floor_usd, closed.tier.cap_usd
    assert floor * (1 - 1e-6) <= notional
    assert notional <= cap * (1 + 1e-6) or closed.tier is tiers.steps[-1]


@settings(deadline=None)
@given(sides, leverages, margins, st.floats(1.0, 2.0), tables)
def test_more_margin_never_brings_liquidation_nearer(
    side: Side, leverage: float, margin: float, more: float, tiers: Tiers
) -> None:
    coins = leverage * margin / 100.0
    try:
        before = liquidation(side, coins, 100.0, margin, tiers, 0.0005)
    except ImpossiblePosition:
        assume(False)
    after = liquidation(side, coins, 100.0, margin * more, tiers, 0.0005)
    if before is None:
        assert after is None
    elif after is not None:
        assert sign_of(side) * (before.price_usd - after.price_usd) >= -1e-9
