"""What is told of liquidations beside their hour: five minutes, a day, volume, spot, range, and whether they fade."""

from dataclasses import replace

import pytest

from market.observations import (
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Liquidations,
    Observation,
    OpenInterest,
    SpotVolume,
    Venue,
)
from market.reading import Facts, Level
from market.regime import judge
from market.state import MarketState
from tests.market.feeds import RULES, candle, claims, closes, fed, hour, interest, liquidated, read

WEEK, MONTH = 8 * 24, 30 * 24


def spot(number: int, usd: float, venue: Venue = Venue.BYBIT) -> SpotVolume:
    """What spot traded in the hour that closes at hour `number`."""
    return SpotVolume(venue, hour(number), HOUR_MS, usd)


def market(
    longs: list[float], spots: list[float] | None = None, prices: list[float] | None = None
) -> MarketState:
    """Hours of 10 million dollars of open interest, 10 thousand of volume, and these liquidations (coins) and spot (USD)."""
    traded = (
        [[] for _ in longs] if spots is None else [[spot(n, usd)] for n, usd in enumerate(spots, start=1)]
    )
    steps = closes(prices or [100.0] * len(longs))
    return fed(
        [*step, interest(number, 100_000.0), liquidated(number, value, 1.0), *told]
        for number, (step, value, told) in enumerate(zip(steps, longs, traded, strict=True), start=1)
    )


def facts_of(state: MarketState, name: str = "liquidations") -> Facts:
    return read(state, name).facts


def minute(at_ms: int, long_coins: float, *, is_whole: bool = True) -> Liquidations:
    """A minute's liquidations; as many coins of shorts as 1."""
    return Liquidations(Venue.BINANCE, at_ms, MINUTE_MS, long_coins, 1.0, is_whole)


def minutes(state: MarketState, begin_ms: int, longs: list[float]) -> None:
    """One step a minute from there on, a candle of 200 dollars of volume in each."""
    for number, coins in enumerate(longs, start=1):
        at_ms = begin_ms + number * MINUTE_MS
        bar = Candle(Venue.BINANCE, at_ms - MINUTE_MS, MINUTE_MS, 100, 100, 100, 100, 100, 2.0, 200.0)
        state.observe([bar, minute(at_ms, coins)], at_ms, RULES)


def test_a_day_is_told_in_bps_of_the_open_interest_a_day_ago_and_of_volume() -> None:
    facts = facts_of(market([2.0] * 60))
    assert facts["long_bps_24h"] == pytest.approx(24 * 2.0 * 100.0 / 10_000_000.0 * 1e4)
    assert facts["short_bps_24h"] == pytest.approx(24 * 1.0 * 100.0 / 10_000_000.0 * 1e4)
    assert facts["long_bps_of_volume_1h"] == pytest.approx(200.0 / 10_000.0 * 1e4)
    assert facts["short_bps_of_volume_24h"] == pytest.approx(100.0 / 10_000.0 * 1e4)


def test_a_day_is_ranked_among_the_days_of_a_month() -> None:
    usual = [1.0 + number % 7 for number in range(WEEK + 24)]
    assert facts_of(market([*usual, *[20.0] * 24]))["long_percentile_24h"] == 1.0
    assert facts_of(market([1.0] * 100))["long_percentile_24h"] is None


def test_hourly_buckets_say_nothing_of_five_minutes() -> None:
    facts = facts_of(market([2.0] * 60))
    for name in ("long_usd_5m", "long_bps_5m", "long_percentile_5m", "long_bps_of_volume_5m"):
        assert facts[name] is None
    assert facts["printing_buckets_12"] is None


def test_five_minutes_are_told_in_bps_of_the_open_interest_at_their_start() -> None:
    state = market([2.0] * 30)
    begin_ms = state.now_ms
    minutes(state, begin_ms, [0.0, 1.0, 2.0, 0.0, 3.0])
    facts = facts_of(state)
    assert (facts["long_usd_5m"], facts["short_usd_5m"]) == (600.0, 500.0)
    assert facts["long_bps_5m"] == pytest.approx(600.0 / 10_000_000.0 * 1e4)
    assert facts["long_bps_of_volume_5m"] == pytest.approx(600.0 / 1_000.0 * 1e4)
    minutes(state, begin_ms + 5 * MINUTE_MS, [9.0] * 4)
    assert facts_of(state)["long_usd_5m"] == 600.0


def test_five_minutes_are_not_told_in_bps_of_an_open_interest_that_is_hours_old() -> None:
    state = market([2.0] * 30)
    minutes(state, state.now_ms, [1.0] * 120)
    assert facts_of(state)["long_bps_5m"] is not None
    minutes(state, state.now_ms, [1.0] * 60)
    facts = facts_of(state)
    assert facts["long_usd_5m"] == 500.0
    assert facts["long_bps_5m"] is None


def test_buckets_that_print_longs_are_counted_over_an_hour() -> None:
    state = market([2.0] * 30)
    minutes(state, state.now_ms, [0.0, 0.0, 0.0, 0.0, 1.0, *[0.0] * 10] * 4)
    facts = facts_of(state)
    assert facts["printing_buckets_12"] == 4.0
    assert state.liquidations.bursts.is_printing(4) is True
    assert state.liquidations.bursts.is_printing(5) is False


def test_a_bucket_that_was_not_told_may_still_have_printed() -> None:
    state = market([2.0] * 30)
    begin_ms = state.now_ms
    minutes(state, begin_ms, [1.0] * 15)
    minutes(state, begin_ms + 30 * MINUTE_MS, [0.0] * 30)
    assert facts_of(state)["printing_buckets_12"] == 3.0
    assert state.liquidations.bursts.is_printing(4) is None
    at_ms = state.now_ms + 5 * MINUTE_MS
    state.observe([minute(at_ms, 0.0, is_whole=False)], at_ms, RULES)
    assert state.liquidations.bursts.whole[-1] is False


def test_five_minutes_are_ranked_among_those_that_end_the_hours_of_a_month() -> None:
    state = market([2.0] * 30)
    for _ in range(170):
        begin_ms = state.now_ms
        for number in range(12):
            at_ms = begin_ms + (number + 1) * 5 * MINUTE_MS
            bar = candle(0, 100.0, step_ms=5 * MINUTE_MS)
            said: list[Observation] = [
                Candle(Venue.BINANCE, at_ms - bar.step_ms, bar.step_ms, 100, 100, 100, 100, 100, 2.0, 200.0),
                OpenInterest(Venue.BINANCE, at_ms, 1_000_000.0, 5 * MINUTE_MS),
                Liquidations(Venue.BINANCE, at_ms, 5 * MINUTE_MS, float(number == 11), 0.0),
            ]
            state.observe(said, at_ms, RULES)
    assert facts_of(state)["long_percentile_5m"] == 0.5
    minutes(state, state.now_ms, [1.0] * 5)
    assert facts_of(state)["long_percentile_5m"] == 1.0
    state.observe([minute(state.now_ms + 5 * MINUTE_MS, 0.0)], state.now_ms + 5 * MINUTE_MS, RULES)
    assert facts_of(state)["long_bps_5m"] == 0.0
    assert facts_of(state)["long_percentile_5m"] is None


def test_an_hour_of_spot_that_is_missing_does_not_make_the_day_a_quiet_one() -> None:
    state = market([1.0] * MONTH, [1_000.0] * MONTH)
    for number in (MONTH + 1, MONTH + 4):
        state.observe([*closes([100.0] * number)[-1], spot(number, 1_000.0)], hour(number), RULES)
    assert len(state.spot.series[Venue.BYBIT].day) == 22
    assert state.spot.day_usd(state.now_ms) == pytest.approx(24_000.0)
    assert state.spot.relative(state.now_ms) == pytest.approx(1.0)


def test_five_times_the_liquidations_on_hardly_more_spot_volume_is_a_matter_of_leverage() -> None:
    state = market([*[1.0] * MONTH, *[5.0] * 24], [*[1_000.0] * MONTH, *[1_100.0] * 24])
    facts = facts_of(state)
    assert facts["ldr"] == pytest.approx(4.5454545)
    assert claims(read(state, "liquidations"))["ldr_high"] is True
    spot_facts = facts_of(state, "open_interest")
    assert spot_facts["spot_usd_24h"] == pytest.approx(26_400.0)
    assert spot_facts["spot_relative"] == pytest.approx(1.1)


def test_leverage_against_spot_alone_is_caution() -> None:
    state = market([*[1.0] * MONTH, *[5.0] * 24], [*[1_000.0] * MONTH, *[1_100.0] * 24])
    reading = read(state, "liquidations")
    assert {flag for flag, holds in claims(reading).items() if holds} <= {"ldr_high", "rri_high", "flagged"}
    quiet = tuple(one for one in reading.conditions if one.flag not in {"rri_high", "flagged"})
    alone = replace(reading, conditions=quiet)
    assert judge((alone,), None, RULES, state.now_ms).levels["liquidations"] is Level.CAUTION
    without = replace(reading, conditions=tuple(one for one in quiet if one.flag != "ldr_high"))
    assert judge((without,), None, RULES, state.now_ms).levels["liquidations"] is Level.CALM


def test_without_spot_volume_leverage_against_it_is_unknown_and_leaves_the_or() -> None:
    state = market([*[1.0] * WEEK, *[5.0] * 24])
    facts = facts_of(state)
    assert (facts["ldr"], facts["down_day_modest_spot"]) == (None, None)
    assert claims(read(state, "liquidations"))["ldr_high"] is None
    assert read(state, "liquidations").level is None
    assert judge((read(state, "liquidations"),), None, RULES, state.now_ms).levels["liquidations"] is not None


def test_spot_volume_of_less_than_a_week_has_no_usual() -> None:
    state = market([1.0] * 300, [1_000.0] * 300)
    assert facts_of(state, "open_interest")["spot_relative"] == pytest.approx(1.0)
    short = market([1.0] * 150, [1_000.0] * 150)
    assert facts_of(short, "open_interest")["spot_relative"] is None
    assert facts_of(short, "open_interest")["spot_usd_24h"] == pytest.approx(24_000.0)


def test_spot_volume_that_is_told_no_more_is_unknown_and_not_low() -> None:
    state = market([1.0] * 200, [1_000.0] * 200)
    for number in range(201, 205):
        state.observe([candle(number, 100.0), liquidated(number, 1.0)], hour(number), RULES)
    assert facts_of(state)["ldr"] is None
    assert facts_of(state, "open_interest")["spot_usd_24h"] is None


def test_two_spot_markets_are_never_one_series() -> None:
    state = market([1.0] * 200, [1_000.0] * 200)
    for number in range(201, 231):
        told: list[Observation] = [
            candle(number, 100.0),
            liquidated(number, 1.0),
            spot(number, 50_000.0, Venue.OKX),
        ]
        state.observe(told, hour(number), RULES)
    series = state.spot.primary(state.now_ms)
    assert series is state.spot.series[Venue.OKX]
    assert facts_of(state)["ldr"] is None
    later_ms = state.now_ms + 5 * MINUTE_MS
    state.observe([spot(number, 1_000.0) for number in range(201, 231)], later_ms, RULES)
    assert facts_of(state)["ldr"] == pytest.approx(1.0)


def test_a_bucket_of_spot_volume_counts_once() -> None:
    state = market([1.0] * 40, [1_000.0] * 40)
    state.observe([spot(40, 7_000.0), spot(39, 7_000.0)], state.now_ms + 1, RULES)
    assert facts_of(state, "open_interest")["spot_usd_24h"] == pytest.approx(24_000.0)


FALLING = [100.0 + 0.5 * (number % 2) for number in range(WEEK + 24)]


def test_a_down_day_of_forced_sales_on_modest_spot_volume_is_told() -> None:
    longs = [*[1.0 + number % 3 for number in range(WEEK)], *[9.0] * 24]
    prices = [*FALLING[:WEEK], *[100.0 - 0.3 * number for number in range(24)]]
    modest = facts_of(market(longs, [1_000.0] * len(longs), prices))
    assert modest["down_day_modest_spot"] == 1.0
    busy = [*[1_000.0] * WEEK, *[2_000.0] * 24]
    assert facts_of(market(longs, busy, prices))["down_day_modest_spot"] == 0.0
    rising = [*FALLING[:WEEK], *[100.0 + 0.3 * number for number in range(24)]]
    assert facts_of(market(longs, [1_000.0] * len(longs), rising))["down_day_modest_spot"] == 0.0


def test_less_than_half_of_the_weeks_worst_day_is_fading() -> None:
    storm = [*[1.0 + number % 3 for number in range(WEEK)], *[50.0] * 24, *[1.0] * 24]
    assert facts_of(market(storm))["fading"] == 1.0
    assert facts_of(market(storm[:-24]))["fading"] == 0.0
    assert facts_of(market([*[50.0] * 30, *[1.0] * 50]))["fading"] is None


def test_much_closed_for_the_way_in_a_shock_again_and_again_is_an_unwind() -> None:
    state = _unwinding(printing=4)
    facts = facts_of(state)
    assert facts["rri"] is not None
    assert facts["rri"] >= RULES.liquidations.range_relative
    assert facts["leverage_unwind"] == 1.0
    assert facts_of(_unwinding(printing=3))["leverage_unwind"] == 0.0
    assert facts_of(_unwinding(printing=4, fall=0.0))["leverage_unwind"] == 0.0


def _unwinding(printing: int, fall: float = 1.5) -> MarketState:
    """A quiet fortnight of 2 % ranges, then an hour in steps of five minutes of which so many close longs."""
    prices = [100.0 + (number % 12) * 0.18 for number in range(2 * WEEK)]
    state = market([1.0 + number % 3 for number in range(2 * WEEK)], None, prices)
    begin_ms, price = state.now_ms, prices[-1]
    for number in range(12):
        at_ms = begin_ms + (number + 1) * 5 * MINUTE_MS
        was, price = price, price - fall / 12
        bar = Candle(
            Venue.BINANCE, at_ms - 5 * MINUTE_MS, 5 * MINUTE_MS, was, was, price, price, price, 2.0, 200.0
        )
        coins = 500.0 if number >= 12 - printing else 0.0
        state.observe([bar, Liquidations(Venue.BINANCE, at_ms, 5 * MINUTE_MS, coins, 0.0)], at_ms, RULES)
    return state


def test_hourly_buckets_leave_the_unwind_unknown_unless_the_rest_rules_it_out() -> None:
    quiet = facts_of(market([1.0 + number % 3 for number in range(WEEK)]))
    assert quiet["leverage_unwind"] == 0.0
    falls = [*FALLING[:WEEK], *[100.0 - 0.5 * number for number in range(24)]]
    loud = facts_of(market([*[1.0 + number % 3 for number in range(WEEK)], *[900.0] * 24], None, falls))
    assert loud["leverage_unwind"] is None


def test_volume_that_is_not_told_gives_no_share_of_it() -> None:
    state = market([2.0] * 30)
    number = 31
    bare = candle(number, 100.0)
    untold = Candle(Venue.BINANCE, bare.open_at_ms, HOUR_MS, 100, 100, 100, 100, 100)
    state.observe([untold, liquidated(number, 1.0)], hour(number), RULES)
    state.observe([candle(32, 100.0), liquidated(32, 1.0)], hour(32), RULES)
    facts = facts_of(state)
    assert facts["long_bps_of_volume_1h"] == pytest.approx(100.0 / 10_000.0 * 1e4)
    assert facts["long_bps_of_volume_24h"] is not None


def told(state: MarketState) -> dict[str, float | None]:
    """What is told of liquidations at the last step, as a reading asks for it."""
    state.tell_leverage(state.now_ms, RULES)
    return state.told_of_liquidations


def test_what_is_beside_the_hour_is_worked_out_every_five_minutes() -> None:
    state = market([2.0] * 30)
    before = told(state)
    minutes(state, state.now_ms, [1.0] * 4)
    assert told(state) is before
    minutes(state, state.now_ms, [1.0])
    assert told(state)["long_usd_5m"] == 500.0


def test_a_minute_that_comes_late_still_closes_its_five_minutes() -> None:
    state = market([2.0] * 30)
    begin_ms = state.now_ms
    minutes(state, begin_ms, [1.0] * 4)
    at_ms = begin_ms + 5 * MINUTE_MS
    state.observe([], at_ms, RULES)
    assert told(state)["long_usd_5m"] is None
    state.observe([minute(at_ms, 3.0)], at_ms + MINUTE_MS, RULES)
    assert told(state)["long_usd_5m"] == 700.0
