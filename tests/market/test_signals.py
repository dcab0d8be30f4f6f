"""The signals on small markets whose numbers can be checked by hand."""

from itertools import pairwise
from math import log, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Venue,
)
from market.reading import Because, Presence
from market.signals import read_signals, signals
from market.state import MarketState
from scheduler.engine import Engine
from tests.market.feeds import (
    RULES,
    START_MS,
    candle,
    claims,
    closes,
    fed,
    hour,
    interest,
    liquidated,
    read,
    settled,
    skewed,
)

FLAT = [100.0 + 0.4 * (number % 2) for number in range(200)]


def test_there_are_seven_signals_in_the_order_of_the_answer() -> None:
    names = [signal.name for signal in signals()]
    assert names == ["price", "liquidations", "open_interest", "funding", "skew", "volatility", "depth"]
    assert sum(signal.weight for signal in signals()) == pytest.approx(1.0)


def test_nothing_seen_is_absent_and_claims_nothing() -> None:
    for reading in read_signals(MarketState("BTC"), START_MS, RULES):
        assert reading.presence is Presence.ABSENT
        assert reading.because is Because.NEVER_SEEN
        assert (reading.value, reading.level, reading.conditions) == (None, None, ())


def test_shock_is_measured_in_the_volatility_before_the_move() -> None:
    calm = fed(closes(FLAT))
    prior = calm.volatility.variance.mean
    assert prior is not None
    fallen = fed(closes([*FLAT, 97.0]))
    change = log(97.0 / FLAT[-1])
    assert read(fallen, "price").facts["shock_1h"] == pytest.approx(change / sqrt(prior))


def test_a_fall_through_the_last_low_in_a_shock_is_a_fast_break_until_regained() -> None:
    wave = [*FLAT, 104.0, 100.0, 104.0]
    broken = closes([*wave, 95.0])
    assert claims(read(fed(broken), "price"))["brk"] is True
    assert claims(read(fed(closes([*wave, 95.0, 100.5, 101.0])), "price"))["brk"] is True
    assert claims(read(fed(closes([*wave, 95.0, 100.5, 101.0, 101.0])), "price"))["brk"] is False


def test_price_weakness_needs_a_reason() -> None:
    assert claims(read(fed(closes(FLAT)), "price"))["pd"] is False
    assert claims(read(fed(closes([*FLAT, 97.0])), "price"))["pd"] is True


def slope(begin: float, end: float, hours: int) -> list[float]:
    return [begin + (end - begin) * (number + 1) / hours for number in range(hours)]


STAIRS = [
    *(110.0 + 0.5 * (number % 2) for number in range(200)),
    *slope(110.0, 104.0, 30),
    *slope(104.0, 107.5, 20),
    *slope(107.5, 102.0, 30),
    *slope(102.0, 105.5, 40),
]


def test_a_lower_low_that_price_has_left_is_a_downtrend_and_not_weak() -> None:
    left = read(fed(closes([*STAIRS, *(105.5 + 0.3 * (number % 2) for number in range(10))])), "price")
    assert (left.facts["lower_low"], left.facts["lower_low_in_progress"]) == (1.0, 0.0)
    assert (claims(left)["pd"], claims(left)["downtrend"]) == (False, True)


def test_price_is_weak_while_it_makes_a_lower_low_in_a_week_that_fell() -> None:
    making = read(fed(closes([*STAIRS, *slope(105.5, 101.9, 100)])), "price")
    assert making.facts["lower_low_in_progress"] == 1.0
    assert (making.facts["shock_24h"] or 0.0) > RULES.price.weak_shock_24h
    assert claims(making)["pd"] is True


def test_a_market_without_a_new_low_for_a_day_that_is_compressed_has_stabilised() -> None:
    wild = [100.0 + 4.0 * (number % 3) for number in range(400)]
    still = [100.0 + 0.2 * (number % 2) for number in range(30)]
    reading = read(fed(closes([*wild, *still])), "price")
    assert reading.facts["range_ratio"] is not None
    assert claims(reading)["stab"] is True


def test_a_gap_of_more_than_two_bars_makes_the_swings_unknown() -> None:
    steps = closes([*FLAT, 104.0, 100.0, 104.0])
    state = fed(steps)
    assert read(state, "price").facts["lower_low_in_progress"] is not None
    state.observe([candle(len(steps) + 5, 104.0)], hour(len(steps) + 5), RULES)
    assert read(state, "price").facts["lower_low_in_progress"] is None


def test_after_a_gap_nothing_is_stable_broken_or_shocked_before_it_is_seen() -> None:
    wild = [100.0 + 4.0 * (number % 3) for number in range(400)]
    steps = closes(wild)
    state = fed(steps)
    assert claims(read(state, "price"))["brk"] is False
    for number in range(len(steps) + 31, len(steps) + 41):
        state.observe([candle(number, 101.0)], hour(number), RULES)
    reading = read(state, "price")
    assert (claims(reading)["stab"], claims(reading)["brk"]) == (None, None)
    assert reading.facts["range_ratio"] is None


def test_a_return_of_an_hour_is_not_made_of_three() -> None:
    steps = closes(FLAT)
    state = fed(steps)
    state.observe([candle(len(steps) + 3, 96.0)], hour(len(steps) + 3), RULES)
    facts = read(state, "price").facts
    assert (facts["r_1h"], facts["shock_1h"]) == (None, None)
    assert facts["shock_24h"] is not None


def test_a_few_lost_minutes_leave_the_swings_as_they_are() -> None:
    steps = closes([*FLAT, 104.0, 100.0, 104.0])
    state = fed(steps)
    late = candle(len(steps) + 1, 104.0, step_ms=MINUTE_MS)
    state.observe([late], late.known_at_ms, RULES)
    assert read(state, "price").facts["lower_low_in_progress"] is not None


def test_an_hour_of_shorter_candles_is_the_same_hour() -> None:
    hours = closes(FLAT[:48])
    state = MarketState("BTC")
    for number, (whole,) in enumerate(hours, start=1):
        assert isinstance(whole, Candle)
        for third in range(3):
            open_ms = hour(number - 1) + third * HOUR_MS // 3
            price = whole.open_usd if third < 2 else whole.close_usd
            part = replace(
                whole, open_at_ms=open_ms, step_ms=HOUR_MS // 3, close_usd=price, mark_close_usd=price
            )
            state.observe([part], part.known_at_ms, RULES)
    assert state.volatility.variance.mean == pytest.approx(fed(hours).volatility.variance.mean)


def _interest_market(coins: list[float]) -> MarketState:
    return fed(
        [*step, interest(number, value)]
        for number, (step, value) in enumerate(zip(closes([100.0] * len(coins)), coins, strict=True), start=1)
    )


def test_open_interest_is_ranked_and_grows_in_coins() -> None:
    coins = [1_000.0 + number for number in range(200)]
    reading = read(_interest_market([*coins, 1_300.0]), "open_interest")
    assert reading.percentile == 1.0
    assert reading.facts["change_24h"] == pytest.approx(1_300.0 / 1_176.0 - 1.0)
    assert claims(reading) | {"off_peak": False} == {"oe": True, "ou": True, "oc": False, "off_peak": False}


def test_open_interest_before_a_week_has_no_rank() -> None:
    reading = read(_interest_market([1_000.0] * 100), "open_interest")
    assert (reading.percentile, reading.because) == (None, Because.LEARNING)
    assert claims(reading)["oe"] is None


def test_a_daily_value_sets_no_rate_shorter_than_its_day_and_counts_half() -> None:
    state = MarketState("BTC")
    for number, step in enumerate(closes([100.0] * 24 * 12), start=1):
        day = (number - 1) // 24
        said: list[Observation] = list(step)
        if (number - 1) % 24 == 0:
            said.append(OpenInterest(Venue.CRYPTOQUANT, START_MS + day * DAY_MS, 1_000.0 * 1.06**day, DAY_MS))
        state.observe(said, hour(number), RULES)
    reading = read(state, "open_interest")
    assert reading.facts["change_24h"] == pytest.approx(0.06)
    assert reading.because is Because.DAILY_SERIES
    assert reading.quality == pytest.approx(0.25)
    late = read(state, "open_interest", state.now_ms + 3 * HOUR_MS)
    assert late.presence is Presence.STALE


def test_two_vendors_are_never_chained() -> None:
    state = MarketState("BTC")
    for number, step in enumerate(closes([100.0] * 24 * 20), start=1):
        day = (number - 1) // 24
        venue = Venue.CRYPTOQUANT if day < 10 else Venue.COINGLASS
        coins = 1_000.0 if day < 10 else 5_000.0
        said: list[Observation] = list(step)
        if (number - 1) % 24 == 0:
            said.append(OpenInterest(venue, START_MS + day * DAY_MS, coins, DAY_MS))
        state.observe(said, hour(number), RULES)
        change = read(state, "open_interest").facts.get("change_24h")
        assert change is None or change == pytest.approx(0.0)


def test_funding_is_the_time_weighted_mean_of_a_day() -> None:
    state = fed(closes([100.0] * 7))
    for number, rate in ((0, 0.0001), (8, 0.0002), (16, 0.0003), (24, 0.0006)):
        state.observe([settled(number, rate)], hour(max(number, 7)), RULES)
    assert read(state, "funding", hour(24)).value == pytest.approx(0.0002)
    assert read(state, "funding", hour(28)).value == pytest.approx(
        (4 * 1 + 8 * 2 + 8 * 3 + 4 * 6) / 24 * 1e-4
    )


def test_an_hourly_rate_is_told_per_eight_hours() -> None:
    state = fed(closes([100.0]))
    state.observe([Funding(Venue.HYPERLIQUID, hour(1), 0.0000125, 1.0)], hour(1), RULES)
    assert read(state, "funding", hour(2)).value == pytest.approx(0.0001)


def test_a_predicted_rate_is_blended_with_the_last_settled_by_elapsed_time() -> None:
    state = fed(closes([100.0]))
    state.observe([settled(0, 0.0001)], hour(1), RULES)
    predicted = Funding(Venue.BINANCE, hour(2), 0.0005, 8.0, settled=False, next_at_ms=hour(8))
    state.observe([predicted], hour(2), RULES)
    assert read(state, "funding").facts["rate_8h"] == pytest.approx(0.0002)


@pytest.mark.parametrize(
    ("rate", "flags"),
    [
        (0.0004, {"fe": True, "fn": True, "fr": False, "fd": False, "material": True}),
        (0.0002, {"fe": False, "fn": True, "fr": False, "fd": False, "material": True}),
        (0.0001, {"fe": False, "fn": True, "fr": False, "fd": False, "material": False}),
        (0.00006, {"fe": False, "fn": False, "fr": False, "fd": False, "material": False}),
        (0.00005, {"fe": False, "fn": False, "fr": True, "fd": False, "material": False}),
        (-0.0002, {"fe": False, "fn": False, "fr": True, "fd": True, "material": False}),
    ],
)
def test_funding_flags_by_level(rate: float, flags: dict[str, bool]) -> None:
    state = fed(closes([100.0] * 2))
    state.observe([settled(0, rate)], hour(2), RULES)
    assert claims(read(state, "funding")) == flags


def test_a_rate_that_is_rare_here_is_shown_beside_the_line_that_it_crossed() -> None:
    hours = range(1, 40 * 24 + 1)
    state = fed(
        [candle(number, 100.0), *([settled(number, 0.0001)] if number % 8 == 0 else [])] for number in hours
    )
    for number in (hours[-1], hours[-1] + 8, hours[-1] + 16, hours[-1] + 24):
        state.observe([candle(number, 100.0), settled(number, 0.0002)], hour(number), RULES)
    elevated = next(one for one in read(state, "funding").conditions if one.flag == "fe")
    (shown,) = elevated.measures
    assert (elevated.enters, shown.met, shown.needed) == (True, True, RULES.funding.material)


def _liquidation_market(longs: list[float], shorts: float = 1.0) -> MarketState:
    steps = closes([100.0] * len(longs))
    return fed(
        [*step, interest(number, 100_000.0), liquidated(number, value, shorts)]
        for number, (step, value) in enumerate(zip(steps, longs, strict=True), start=1)
    )


QUIET_LIQUIDATIONS = [1.0 + (number % 5) * 0.1 for number in range(240)]


def test_liquidations_are_told_in_bps_of_the_open_interest_an_hour_ago() -> None:
    reading = read(_liquidation_market([*QUIET_LIQUIDATIONS, 120.0]), "liquidations")
    assert reading.value == pytest.approx(120.0 / 100_000.0 * 1e4)
    assert reading.percentile == 1.0


def test_one_large_hour_is_a_burst_and_no_cluster() -> None:
    flags = claims(read(_liquidation_market([*QUIET_LIQUIDATIONS, 120.0]), "liquidations"))
    assert (flags["lb"], flags["lc"], flags["flagged"]) == (True, False, True)


def test_three_large_hours_in_a_day_are_a_cluster() -> None:
    hours = [*QUIET_LIQUIDATIONS, 120.0, 1.0, 120.0, 1.0, 120.0]
    assert claims(read(_liquidation_market(hours), "liquidations"))["lc"] is True
    assert claims(read(_liquidation_market([*hours, *[1.0] * 24]), "liquidations"))["lc"] is False


def test_liquidations_of_both_sides_alike_are_no_long_cluster() -> None:
    hours = [*QUIET_LIQUIDATIONS, 120.0, 120.0, 120.0]
    assert claims(read(_liquidation_market(hours, shorts=120.0), "liquidations"))["lc"] is False


def test_a_missing_hour_may_be_the_third_of_a_cluster() -> None:
    state = _liquidation_market([*QUIET_LIQUIDATIONS, 120.0, 120.0])
    number = len(QUIET_LIQUIDATIONS) + 3
    state.observe([candle(number, 100.0), interest(number, 100_000.0)], hour(number), RULES)
    state.observe(
        [candle(number + 1, 100.0), interest(number + 1, 1e5), liquidated(number + 1, 1.0)],
        hour(number + 1),
        RULES,
    )
    assert claims(read(state, "liquidations"))["lc"] is None


def test_without_open_interest_intensity_is_unknown() -> None:
    steps = [[*step, liquidated(number, 50.0)] for number, step in enumerate(closes([100.0] * 200), start=1)]
    reading = read(fed(steps), "liquidations")
    assert reading.value is None
    assert claims(reading)["lb"] is None


def _quiet_minutes(state: MarketState, number: int, minutes: range) -> None:
    """Minute buckets without liquidations in the hour before hour `number`, one step each."""
    for minute in minutes:
        at_ms = hour(number - 1) + (minute + 1) * MINUTE_MS
        state.observe([Liquidations(Venue.BINANCE, at_ms, MINUTE_MS, 0.0, 0.0)], at_ms, RULES)


def test_a_flagged_hour_leaves_the_day_though_nobody_looked_meanwhile() -> None:
    state = _liquidation_market([*QUIET_LIQUIDATIONS, 120.0, 120.0, 120.0])
    assert claims(read(state, "liquidations"))["lc"] is True
    number = len(QUIET_LIQUIDATIONS) + 3 + 40
    state.observe(
        [candle(number, 100.0), interest(number, 1e5), liquidated(number, 1.0)], hour(number), RULES
    )
    assert read(state, "liquidations").facts["flagged_hours_24"] == 0.0
    assert claims(read(state, "liquidations"))["lc"] is None


def test_a_part_of_an_hour_is_no_quiet_hour() -> None:
    state = _liquidation_market(QUIET_LIQUIDATIONS)
    number = len(QUIET_LIQUIDATIONS) + 1
    _quiet_minutes(state, number, range(50, 60))
    reading = read(state, "liquidations")
    assert (claims(reading)["lb"], reading.percentile) == (None, None)
    assert state.liquidations.longs.hours[-1] is None
    _quiet_minutes(state, number + 1, range(60))
    assert claims(read(state, "liquidations"))["lb"] is False
    assert state.liquidations.longs.hours[-1] is False


def test_a_missing_hour_leaves_a_day_of_hours_as_good_as_whole() -> None:
    state = _liquidation_market(QUIET_LIQUIDATIONS)
    number = len(QUIET_LIQUIDATIONS) + 2
    state.observe(
        [candle(number, 100.0), interest(number, 1e5), liquidated(number, 1.0)], hour(number), RULES
    )
    assert state.liquidations.is_hour_whole
    assert state.liquidations.is_day_whole
    state.observe([liquidated(number + 4, 1.0)], hour(number + 4), RULES)
    assert not state.liquidations.is_day_whole


def test_a_bucket_that_ends_off_the_full_hour_is_judged_all_the_same() -> None:
    state = _liquidation_market(QUIET_LIQUIDATIONS)
    begin_ms = hour(len(QUIET_LIQUIDATIONS))
    for minute in range(1, 62):
        at_ms = begin_ms + minute * MINUTE_MS - 20 * 1_000
        state.observe([Liquidations(Venue.BINANCE, at_ms, MINUTE_MS, 0.0, 0.0)], at_ms, RULES)
    assert state.liquidations.longs.hours[-1] is False


def test_liquidations_are_measured_in_the_open_interest_of_their_own_venue() -> None:
    steps = [
        [
            *step,
            interest(number, 100_000.0),
            OpenInterest(Venue.COINGLASS, hour(number), 900_000.0, HOUR_MS // 4),
            liquidated(number, 10.0),
        ]
        for number, step in enumerate(closes([100.0] * 30), start=1)
    ]
    state = fed(steps)
    assert read(state, "open_interest").value == 900_000.0
    assert read(state, "liquidations").value == pytest.approx(1.0)


def test_open_interest_of_two_venues_is_not_mixed_in_one_intensity() -> None:
    state = fed(
        [*step, OpenInterest(Venue.COINGLASS, hour(number), 9e5, HOUR_MS)]
        for number, step in enumerate(closes([100.0] * 30), start=1)
    )
    values = []
    for number in (31, 32):
        state.observe(
            [candle(number, 100.0), interest(number, 1e5), liquidated(number, 10.0)], hour(number), RULES
        )
        values.append(read(state, "liquidations").value)
    assert values == [None, pytest.approx(1.0)]


def test_funding_is_ranked_though_it_is_told_off_the_full_hour() -> None:
    state = MarketState("BTC")
    for minute in range(180):
        at_ms = START_MS + minute * MINUTE_MS + 20 * 1_000
        said = Funding(Venue.BINANCE, at_ms, 1e-4, 8.0, settled=False, next_at_ms=START_MS + 8 * HOUR_MS)
        state.observe([said], at_ms, RULES)
    assert len(state.funding.series[Venue.BINANCE].means) == 2


def _skew_market(points: list[float]) -> MarketState:
    steps = closes([100.0] * len(points))
    return fed(
        [*step, skewed(number, value)]
        for number, (step, value) in enumerate(zip(steps, points, strict=True), start=1)
    )


def test_a_surface_that_contradicts_itself_is_half_as_good() -> None:
    market = _skew_market([2.0 + 0.1 * (number % 3) for number in range(400)])
    whole = read(market, "skew").quality
    assert market.skew.last is not None
    market.skew.last = replace(market.skew.last, quality=0.5)
    assert read(market, "skew").quality == pytest.approx(whole / 2.0)
    assert whole > 0.0


def test_skew_is_steep_by_points_or_by_score_and_steepening_by_both() -> None:
    quiet = [3.0 + 0.1 * (number * 7 % 11) for number in range(240)]
    calm = claims(read(_skew_market(quiet), "skew"))
    assert (calm["ks"], calm["kst"]) == (False, False)
    jump = claims(read(_skew_market([*quiet, 6.0]), "skew"))
    assert (jump["ks"], jump["kst"]) == (True, True)
    dear = claims(read(_skew_market([8.5] * 20), "skew"))
    assert (dear["ks"], dear["kst"]) == (True, None)


def test_volatility_for_sizing_is_the_largest_of_three() -> None:
    state = fed(closes(FLAT))
    facts = read(state, "volatility").facts
    assert facts["sigma"] == pytest.approx(max(facts["ewma_3d"] or 0, 0.8 * (facts["rv_30d"] or 0)))
    state.observe([ImpliedVolatility(Venue.DERIBIT, hour(200), HOUR_MS, 2.0)], hour(200), RULES)
    assert read(state, "volatility").value == pytest.approx(1.6)
    assert read(state, "volatility").facts["dvol"] == 2.0


def test_an_old_implied_volatility_leaves_the_maximum() -> None:
    state = fed(closes(FLAT))
    state.observe([ImpliedVolatility(Venue.DERIBIT, hour(200), HOUR_MS, 2.0)], hour(200), RULES)
    assert read(state, "volatility", hour(202)).facts["dvol"] is None


def test_cold_references_are_named_as_such() -> None:
    for asset, reference in (("BTC", 0.50), ("ETH", 0.65), ("SOL", 0.90)):
        facts = read(fed(closes(FLAT), asset), "volatility").facts
        assert (facts["sigma_ref"], facts["sigma_ref_cold"]) == (reference, 1.0)


@pytest.mark.parametrize(
    "bad",
    [
        candle(3, -5.0),
        candle(3, float("nan")),
        candle(3, float("inf")),
        interest(3, -1.0),
        interest(3, float("nan")),
        settled(3, float("inf")),
        liquidated(3, -1.0),
        skewed(3, float("nan")),
        candle(9, 100.0),
    ],
)
def test_what_cannot_be_true_or_is_not_yet_known_changes_nothing(bad: Observation) -> None:
    state, clean = fed(closes([100.0, 101.0])), fed(closes([100.0, 101.0]))
    for one, said in ((state, [bad]), (clean, [])):
        one.observe(said, hour(3), RULES)
    assert sum(state.refused.values()) == 1
    state.refused.clear()
    assert state == clean


def test_a_repeated_observation_counts_once() -> None:
    once, twice = _liquidation_market([5.0] * 10), _liquidation_market([5.0] * 10)
    twice.observe([liquidated(10, 5.0), interest(10, 1e5), candle(10, 100.0)], hour(10), RULES)
    assert read_signals(once, hour(10), RULES) == read_signals(twice, hour(10), RULES)


Drawn = tuple[float, float | None, float | None, float | None, float | None, int]

hours_of_everything = st.lists(
    st.tuples(
        st.floats(-0.03, 0.03),
        st.none() | st.floats(900.0, 1_100.0),
        st.none() | st.floats(-0.0005, 0.0005),
        st.none() | st.floats(0.0, 5.0),
        st.none() | st.floats(-3.0, 12.0),
        st.sampled_from((1, 1, 1, 1, 2, 5, 40, 200)),
    ),
    min_size=5,
    max_size=60,
)


def _steps(
    hours: list[Drawn],
) -> list[tuple[int, list[Observation]]]:
    steps: list[tuple[int, list[Observation]]] = []
    price, number = 100.0, 0
    for change, coins, rate, longs, points, ahead in hours:
        number += ahead
        price *= 1.0 + change
        said: list[Observation] = [candle(number, price)]
        if coins is not None:
            said.append(interest(number, coins))
        if rate is not None:
            said.append(settled(number, rate))
        if longs is not None:
            said.append(liquidated(number, longs))
        if points is not None:
            said.append(skewed(number, points))
        steps.append((number, said))
    return steps


@settings(max_examples=60, deadline=None)
@given(hours_of_everything, st.randoms(use_true_random=False))
def test_the_order_of_observations_within_a_step_does_not_matter(
    hours: list[Drawn], shuffler: Random
) -> None:
    straight, shuffled = Engine("BTC", RULES, "history"), Engine("BTC", RULES, "history")
    for number, said in _steps(hours):
        mixed = list(said)
        shuffler.shuffle(mixed)
        assert repr(straight.step(hour(number), said)) == repr(shuffled.step(hour(number), mixed))


@settings(max_examples=120, deadline=None)
@given(hours_of_everything, st.integers(0, 400))
def test_no_value_older_than_its_time_to_live_counts_in_a_vote(hours: list[Drawn], later_h: int) -> None:
    engine = Engine("BTC", RULES, "history")
    looks = [(hour(number), said) for number, said in _steps(hours)]
    looks.append((looks[-1][0] + later_h * HOUR_MS, []))
    for now_ms, said in looks:
        snapshot, _ = engine.step(now_ms, said)
        flags_of = {
            reading.name: [condition.flag for condition in reading.conditions]
            for reading in snapshot.readings
        }
        for reading in snapshot.readings:
            if (
                reading.asof_ms is None
                or reading.ttl_ms is None
                or now_ms - reading.asof_ms <= reading.ttl_ms
            ):
                continue
            assert reading.presence is not Presence.SEEN
            assert snapshot.regime.levels[reading.name] is None
            assert all(
                snapshot.regime.flag(flag) is None
                for flag in flags_of[reading.name]
                if flag not in ("pd", "fr", "oc")
            )
        assert all(later >= earlier for earlier, later in pairwise([now_ms, snapshot.at_ms]))
