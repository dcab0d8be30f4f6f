"""What bars of five minutes tell: shocks, fast swings, jumps, finer volatility; and that longer bars tell none of it."""

from collections.abc import Sequence
from math import exp, log, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.formulas.volatility import jump_share, jump_z
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, STEP_MS, Candle, ImpliedVolatility, Venue
from market.reading import Facts
from market.state import MarketState
from market.state.closes import A_DAY, DayOfReturns
from scheduler.cycle import ENGINE_STATE
from scheduler.engine import Engine
from store.codec import decode, encode
from tests.market.feeds import RULES, START_MS, claims, closes, fed, hour, read

LEAST = RULES.volatility.jump_least_returns


def bar(number: int, price: float, step_ms: int = STEP_MS, range_of: float = 0.001) -> Candle:
    """The bar that closes `number` steps after the start; it opens where it closes and swings by `range_of`."""
    high, low = price * (1.0 + range_of), price * (1.0 - range_of)
    opened_ms = START_MS + (number - 1) * step_ms
    return Candle(Venue.BINANCE, opened_ms, step_ms, price, high, low, price, price)


def fed_bars(
    prices: Sequence[float], step_ms: int = STEP_MS, state: MarketState | None = None
) -> MarketState:
    """The state after one bar a step, from the first on."""
    state = MarketState("BTC") if state is None else state
    for number, price in enumerate(prices, start=1):
        candle = bar(number, price, step_ms)
        state.observe([candle], candle.known_at_ms, RULES)
    return state


def facts_of(state: MarketState, reading: str = "price") -> Facts:
    return read(state, reading).facts


def zigzag(count: int, move: float = 0.001) -> list[float]:
    return [100.0 * (1.0 + move * (number % 2)) for number in range(count)]


# ------------------------------------------------------------------------------------------ shocks


def test_a_shock_of_five_minutes_is_measured_by_what_was_known_before_them() -> None:
    calm = zigzag(12 * 30)
    prior = fed_bars(calm).volatility.hourly_variance(RULES.volatility)
    assert prior is not None
    facts = facts_of(fed_bars([*calm, calm[-1] * 0.99]))
    assert facts["r_5m"] == pytest.approx(log(0.99))
    assert facts["sigma_5m"] == pytest.approx(sqrt(prior / 12))
    assert facts["shock_5m"] == pytest.approx(log(0.99) / sqrt(prior / 12))


def test_the_hour_that_holds_the_move_does_not_measure_it() -> None:
    calm = zigzag(12 * 30 - 1)
    before = fed_bars(calm).volatility.hourly_variance(RULES.volatility)
    fallen = fed_bars([*calm, 90.0])
    assert fallen.now_ms % HOUR_MS == 0
    after = fallen.volatility.hourly_variance(RULES.volatility)
    assert before is not None
    assert after is not None
    assert facts_of(fallen)["sigma_5m"] == pytest.approx(sqrt(before / 12))


def test_a_spike_of_five_minutes_is_flagged_for_a_day_and_is_noise() -> None:
    days = zigzag(12 * 24 * 8)
    state = fed_bars([*days, days[-1] * 0.985])
    facts = facts_of(state)
    assert (facts["shock_5m"] or 0.0) <= RULES.price.shock_5m
    assert (facts["flagged_5m_24h"], facts["horizon"]) == (1.0, 1.0)
    assert facts_of(fed_bars([*days, days[-1] * 0.985, *zigzag(A_DAY - 1)]))["flagged_5m_24h"] == 1.0
    later = facts_of(fed_bars([*days, days[-1] * 0.985, *zigzag(A_DAY)]))
    assert (later["flagged_5m_24h"], later["flagged_days_7"]) == (0.0, 0.0)


def test_a_minute_within_five_changes_nothing_of_them() -> None:
    minutes = [price for price in zigzag(12 * 30) for _ in range(5)]
    whole, parts = fed_bars(zigzag(12 * 30)), fed_bars(minutes, MINUTE_MS)
    assert parts.closes == whole.closes
    assert fed_bars([*minutes, 70.0, 70.0, 70.0, 70.0], MINUTE_MS).closes == whole.closes
    assert facts_of(parts)["shock_5m"] == facts_of(whole)["shock_5m"]


def test_a_return_is_not_made_of_more_than_five_minutes() -> None:
    state = fed_bars(zigzag(400))
    late = bar(402, 99.0)
    state.observe([late], late.known_at_ms, RULES)
    facts = facts_of(state)
    assert (facts["r_5m"], facts["shock_5m"]) == (None, None)
    after = bar(403, 98.0)
    state.observe([after], after.known_at_ms, RULES)
    assert facts_of(state)["r_5m"] == pytest.approx(log(98.0 / 99.0))


def test_bars_of_an_hour_tell_nothing_of_five_minutes_and_leave_the_or() -> None:
    facts = facts_of(fed(closes([100.0 + 0.4 * (number % 2) for number in range(24 * 9)])))
    fine = [name for name in facts if "5m" in name or name.startswith("fast_")]
    assert sorted(fine) == [
        *("fast_high_usd", "fast_higher_low", "fast_low_usd", "fast_lower_low", "fast_lower_low_in_progress"),
        *("fast_swing_at_ms", "flagged_5m_24h", "r_5m", "shock_5m", "sigma_5m"),
    ]
    assert {facts[name] for name in (*fine, "trend_fast")} == {None}
    assert facts["step_ms"] == HOUR_MS
    assert facts["horizon"] == 0.0


def test_a_source_that_becomes_coarser_no_longer_tells_the_old_five_minutes() -> None:
    state = fed_bars(zigzag(12 * 30))
    assert facts_of(state)["shock_5m"] is not None
    coarse = Candle(Venue.BINANCE, state.now_ms, HOUR_MS, 100.0, 101.0, 99.0, 100.0, 100.0)
    state.observe([coarse], coarse.known_at_ms, RULES)
    assert facts_of(state)["shock_5m"] is None
    assert facts_of(state, "volatility")["jump_share"] is None


# ------------------------------------------------------------------------------------------ hours and days


def test_each_hour_and_each_day_is_flagged_by_its_own_shock() -> None:
    flat = [100.0 + 0.4 * (number % 2) for number in range(24 * 9)]
    facts = facts_of(fed(closes(flat)))
    assert (facts["flagged_hours_24"], facts["flagged_days_7"]) == (0.0, 0.0)
    steps = [100.0, 95.0, 95.0, 90.0, 90.0, 85.0]
    fallen = facts_of(fed(closes([*flat, *steps])))
    assert (fallen["flagged_hours_24"], fallen["flagged_days_7"], fallen["horizon"]) == (3.0, 0.0, 2.0)
    # the fall is a day's as well once 00 UTC has closed it
    whole = facts_of(fed(closes([*flat, *steps, *([85.0] * 18)])))
    assert (whole["flagged_days_7"], whole["horizon"]) == (1.0, 2.0)


def test_three_days_that_fall_are_a_regime() -> None:
    flat = [100.0 + 0.4 * (number % 2) for number in range(24 * 9)]
    falling = [100.0 * 0.99**day for day in (8, 24, 48) for _ in range(24)]
    facts = facts_of(fed(closes([*flat, *falling])))
    assert (facts["flagged_days_7"], facts["horizon"]) == (3.0, 3.0)


def test_before_a_week_was_seen_it_is_not_known_that_there_is_no_regime() -> None:
    flat = [100.0 + 0.4 * (number % 2) for number in range(24 * 3)]
    assert facts_of(fed(closes(flat)))["horizon"] is None


# ------------------------------------------------------------------------------------------ both scales


def test_the_fast_scale_turns_where_the_slow_one_does_not() -> None:
    calm = zigzag(12 * 30, 0.0005)
    wave = [100.0, 99.0, 100.0, 98.6, 99.8, 98.2, 99.4]
    steps = [price for price in wave for _ in range(3)]
    facts = facts_of(fed_bars([*calm, *steps]))
    assert facts["trend_fast"] == -1.0
    assert (facts["fast_low_usd"], facts["fast_lower_low"]) == (98.2, 1.0)
    assert facts["trend_slow"] is None
    rising = [price for price in reversed(wave) for _ in range(3)]
    assert facts_of(fed_bars([*calm, *steps, *rising]))["trend_fast"] == 1.0


def test_the_slow_scale_tells_its_trend_and_its_levels() -> None:
    flat = [100.0 + 0.4 * (number % 2) for number in range(48)]
    state = fed(closes([*flat, 104.0, 98.0, 101.0, 95.0, 99.0, 92.0, 93.0]))
    facts = facts_of(state)
    assert (facts["trend_slow"], facts["last_low_usd"], facts["last_high_usd"]) == (-1.0, 95.0, 99.0)
    # the high of 99 stood two hours ago and was known with the close of 92
    assert facts["swing_at_ms"] == state.now_ms - HOUR_MS


def test_more_than_two_lost_buckets_make_the_fast_scale_unknown() -> None:
    calm = zigzag(12 * 30, 0.0005)
    wave = [price for price in (100.0, 99.0, 100.0, 98.6, 99.8, 98.2, 99.4) for _ in range(3)]
    for lost, known in ((2, True), (3, False)):
        state = fed_bars([*calm, *wave])
        late = bar(len(calm) + len(wave) + 1 + lost, 99.4)
        state.observe([late], late.known_at_ms, RULES)
        assert (facts_of(state)["trend_fast"] is not None) is known
        assert facts_of(state)["fast_low_usd"] == 98.2


# ------------------------------------------------------------------------------------------ drawdown


def test_the_drawdown_of_all_that_was_seen_says_how_long_that_is() -> None:
    state = fed(closes([100.0, 200.0, *([150.0] * (24 * 100))]))
    facts = facts_of(state)
    assert facts["drawdown_90d"] == 0.0
    assert facts["drawdown_ever"] == pytest.approx(-0.25)
    assert facts["stored_days"] == pytest.approx(100.0 + 1 / 24)


def test_a_checkpoint_without_the_highest_of_all_begins_at_that_of_ninety_days() -> None:
    state = fed(closes([100.0, 200.0, *([150.0] * 48)]))
    state.price.highest_ever_usd, state.price.highest_since_ms = None, 0
    for candle in closes([0.0] * 50 + [150.0])[-1]:
        state.observe([bar(51, 150.0, HOUR_MS)], candle.known_at_ms, RULES)
    facts = facts_of(state)
    assert facts["drawdown_ever"] == pytest.approx(-0.25)
    assert facts["stored_days"] == pytest.approx(50 / 24)


# ------------------------------------------------------------------------------------------ jumps


returns = st.integers(-5_000, 5_000).map(lambda steps: steps * 1e-5)


def rolled(changes: Sequence[float]) -> DayOfReturns:
    day = DayOfReturns()
    for change in changes:
        day.take(change)
    return day


def test_jumps_of_a_day_are_those_of_its_returns_however_many_came_before() -> None:
    dice = Random(7)
    changes = [dice.gauss(0.0, 0.001) * (30.0 if dice.random() < 0.01 else 1.0) for _ in range(3 * A_DAY)]
    for count in (LEAST, A_DAY, A_DAY + 1, 3 * A_DAY):
        share, z = rolled(changes[:count]).jumps(LEAST)
        last = changes[max(0, count - A_DAY) : count]
        assert share == pytest.approx(jump_share(last), rel=1e-12)
        assert z == pytest.approx(jump_z(last), rel=1e-12)


@settings(max_examples=20)
@given(st.lists(returns, min_size=1, max_size=20), st.lists(returns, min_size=A_DAY, max_size=A_DAY))
def test_what_has_left_the_day_leaves_no_trace(before: list[float], day: list[float]) -> None:
    late, fresh = rolled([*before, *day]), rolled(day)
    assert late.returns == fresh.returns
    for one, other in (
        (late.squares, fresh.squares),
        (late.pairs, fresh.pairs),
        (late.triples, fresh.triples),
    ):
        assert one.count == other.count
        assert one.total == pytest.approx(other.total, rel=1e-12, abs=1e-30)


def test_the_worked_window_has_its_share_and_z() -> None:
    share, z = rolled([0.001, -0.002, 0.0015, -0.03, 0.002, -0.001]).jumps(6)
    assert share == pytest.approx(0.76858, abs=5e-6)
    assert z == pytest.approx(2.412, abs=5e-4)


def test_below_ninety_six_returns_nothing_is_said_of_jumps() -> None:
    assert rolled([0.001] * (LEAST - 1)).jumps(LEAST) == (None, None)
    assert rolled([0.001] * LEAST).jumps(LEAST)[0] == 0.0


def test_a_lost_bucket_is_no_return_of_zero_and_joins_no_neighbours() -> None:
    day = rolled([0.001, 0.002, float("inf"), 0.003, 0.001])
    assert (day.squares.count, day.pairs.count, day.triples.count) == (4, 2, 0)
    assert day.pairs.total == pytest.approx(0.001 * 0.002 + 0.003 * 0.001)


def test_after_a_day_that_nobody_saw_the_day_begins_anew() -> None:
    state = fed_bars(zigzag(400))
    for number in (400 + A_DAY + 5, 400 + A_DAY + 6):
        late = bar(number, 101.0)
        state.observe([late], late.known_at_ms, RULES)
    assert list(state.closes.day.returns) == [float("inf"), 0.0]
    assert facts_of(state)["r_5m"] == 0.0


def test_a_price_never_seen_is_below_no_top() -> None:
    assert MarketState("BTC").price.drawdown_ever() is None


def test_what_is_quiet_for_an_asset_is_its_own_year_once_that_is_known() -> None:
    windows, rules = MarketState("BTC").volatility, RULES.volatility
    assert windows.reference("BTC", rules) == (0.50, True)
    for number in range(rules.reference_least_hours + 1):
        windows.weekly.offer(hour(number), 0.3)
    assert windows.reference("BTC", rules) == (0.3, False)


def test_a_halt_has_no_jump_share() -> None:
    assert rolled([0.0] * A_DAY).jumps(LEAST) == (None, None)


def test_one_leap_in_a_day_is_a_jump_and_steady_steps_are_none() -> None:
    dice = Random(3)
    steps = [100.0 * exp(sum_) for sum_ in _walk([dice.gauss(0.0, 0.0008) for _ in range(12 * 30)])]
    assert facts_of(fed_bars(steps), "volatility")["jumped"] == 0.0
    leapt = [*steps, *[price * 0.96 for price in zigzag(3, 0.0005)]]
    facts = facts_of(fed_bars(leapt), "volatility")
    assert facts["jumped"] == 1.0
    assert (facts["jump_share"] or 0.0) > 0.5


def _walk(changes: Sequence[float]) -> list[float]:
    found, at = [], 0.0
    for change in changes:
        at += change
        found.append(at)
    return found


# ------------------------------------------------------------------------------------------ realised volatility


def test_twelve_returns_of_five_minutes_are_the_variance_of_their_hour() -> None:
    facts = facts_of(fed_bars(zigzag(12 * 24 * 2 + 1)[1:]), "volatility")
    swing = log(1.001)
    assert facts["rv_24h"] == pytest.approx(sqrt(12 * swing**2 * 8_760))
    assert facts["rv_24h_fine"] == 1.0
    # hourly closes alone would see a market that stands still
    assert facts_of(fed_bars([100.1] * 48, HOUR_MS), "volatility")["rv_24h"] == 0.0


def test_the_first_minutes_make_no_hour() -> None:
    state = fed_bars(zigzag(5))
    assert state.closes.hour_variance(state.now_ms) is None
    assert state.closes.hour_variance(state.now_ms + STEP_MS) is None


def test_hours_of_long_bars_count_with_their_own_return_and_are_told_apart() -> None:
    prices = [100.0 * (1.0 + 0.01 * (number % 2)) for number in range(24 * 7 + 1)]
    state = fed(closes(prices))
    square = log(1.01) ** 2
    facts = facts_of(state, "volatility")
    assert facts["rv_7d"] == pytest.approx(sqrt(square * 8_760))
    assert (facts["rv_24h_fine"], facts["rv_7d_fine"]) == (0.0, 0.0)
    for number in range(1, 13 * 12 + 1):
        five = bar(12 * len(prices) + number, prices[-1])
        state.observe([five], five.known_at_ms, RULES)
    facts = facts_of(state, "volatility")
    # the first hour lacks the return from the hourly close to its first five minutes
    assert facts["rv_24h_fine"] == pytest.approx(12 / 24)
    assert facts["rv_24h"] == pytest.approx(sqrt(square * 11 / 24 * 8_760))


def test_a_realised_volatility_waits_for_nine_tenths_of_its_window() -> None:
    prices = [100.0 * (1.0 + 0.01 * (number % 2)) for number in range(200)]
    known = {hours: facts_of(fed(closes(prices[: hours + 1])), "volatility") for hours in (24, 151, 152, 180)}
    assert known[24]["rv_24h"] is not None
    assert known[151]["rv_7d"] is None
    assert known[152]["rv_7d"] == pytest.approx(known[152]["rv_30d"])


def test_what_options_ask_above_what_was_realised() -> None:
    prices = [100.0 * (1.0 + 0.01 * (number % 2)) for number in range(200)]
    state = fed(closes(prices))
    assert facts_of(state, "volatility")["vrp"] is None
    state.observe([ImpliedVolatility(Venue.DERIBIT, hour(200), DAY_MS, 0.95)], hour(200), RULES)
    facts = facts_of(state, "volatility")
    assert facts["vrp"] == pytest.approx(0.95 - (facts["rv_30d"] or 0.0))


def joined(bars: Sequence[Candle]) -> Candle:
    """The hour that these bars make up."""
    first, last = bars[0], bars[-1]
    high, low = max(one.high_usd for one in bars), min(one.low_usd for one in bars)
    mark = last.mark_close_usd
    return Candle(first.venue, first.open_at_ms, HOUR_MS, first.open_usd, high, low, last.close_usd, mark)


def test_what_five_minutes_say_changes_neither_sizing_nor_any_flag() -> None:
    dice, fine, coarse = Random(5), MarketState("BTC"), MarketState("BTC")
    prices = [100.0 * exp(value) for value in _walk([dice.gauss(0.0, 0.003) for _ in range(12 * 24 * 9)])]
    for number in range(0, len(prices), 12):
        bars = [bar(number + place + 1, prices[number + place]) for place in range(12)]
        for part in bars:
            fine.observe([part], part.known_at_ms, RULES)
        coarse.observe([joined(bars)], bars[-1].known_at_ms, RULES)
    one, other = read(fine, "volatility"), read(coarse, "volatility")
    assert one.facts["rv_7d"] != other.facts["rv_7d"]
    assert [one.facts[name] for name in ("sigma", "ewma_3d", "sigma_ref", "ratio")] == [
        other.facts[name] for name in ("sigma", "ewma_3d", "sigma_ref", "ratio")
    ]
    assert claims(one) == claims(other)
    assert claims(read(fine, "price")) == claims(read(coarse, "price"))


# ------------------------------------------------------------------------------------------ a restart


def test_a_restart_at_any_minute_changes_no_bit() -> None:
    dice = Random(11)
    prices = [100.0 * exp(value) for value in _walk([dice.gauss(0.0, 0.002) for _ in range(60 * 26)])]
    steady, restarted = (Engine("BTC", RULES, "live") for _ in range(2))
    for number, price in enumerate(prices, start=1):
        candle = bar(number, price, MINUTE_MS)
        for engine in (steady, restarted):
            engine.step(candle.known_at_ms, [candle])
        if number % 97 == 0:
            kept = decode(ENGINE_STATE, encode(ENGINE_STATE, restarted.state))
            restarted = Engine("BTC", RULES, "live", kept)
    assert encode(ENGINE_STATE, restarted.state) == encode(ENGINE_STATE, steady.state)
