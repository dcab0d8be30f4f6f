"""Price: one venue's candles at a time, and what is not believed of a price or of a clock."""

import pytest

from market.findings import Found
from market.observations import MINUTE_MS, Candle, Venue
from scheduler.condense import Condenser
from scheduler.exchange import Told
from tests.scheduler.condense.venues import (
    A,
    B,
    C,
    at,
    candle,
    candles_of,
    found,
    mark,
    take,
)


def test_candles_are_those_of_binance_while_it_is_fresh_with_the_mark_of_their_last_minute() -> None:
    condenser = Condenser("BTC")
    take(condenser, 4.9, mark(A, 4.9, 101.0))
    take(condenser, 5.1, mark(A, 5.1, 102.0), candle(A, 5, 100.0), candle(C, 5, 100.5))
    told, findings = condenser.step(at(5.1))
    (bar,) = candles_of(told)
    assert (bar.venue, bar.close_usd, bar.mark_close_usd, bar.known_at_ms) == (A, 100.0, 101.0, at(5))
    assert found(findings, Found.PRICE_VENUE, A) == [None]


def test_a_mark_of_another_minute_is_no_close() -> None:
    condenser = Condenser("BTC")
    take(condenser, 3.9, mark(A, 3.9, 101.0))
    take(condenser, 5.1, candle(A, 5, 100.0))
    assert candles_of(condenser.step(at(5.1))[0])[0].mark_close_usd is None


def test_a_candle_is_told_once() -> None:
    condenser = Condenser("BTC")
    for minute in (5.1, 6.1):
        take(condenser, minute, candle(A, 5, 100.0))
    assert len(candles_of(condenser.step(at(6.1))[0])) == 1
    take(condenser, 7.1, candle(A, 5, 100.0))
    assert candles_of(condenser.step(at(7.1))[0]) == []


def test_when_binance_is_late_okx_takes_over_without_a_gap_and_the_switch_is_named() -> None:
    condenser = Condenser("BTC")
    take(condenser, 5.1, candle(A, 5, 100.0), candle(C, 5, 100.5))
    condenser.step(at(5.1))
    take(condenser, 10.1, candle(C, 10, 101.0))
    assert candles_of(condenser.step(at(10.1))[0]) == []
    told, findings = condenser.step(at(12))
    (bar,) = candles_of(told)
    assert (bar.venue, bar.open_at_ms) == (C, at(5))
    (switch,) = [one for one in findings if one.found is Found.PRICE_SWITCHED]
    assert (switch.venue, switch.of) == (C, "binance")


def test_without_a_fresh_venue_there_is_no_price_and_that_is_named() -> None:
    condenser = Condenser("BTC")
    take(condenser, 5.1, candle(A, 5, 100.0))
    condenser.step(at(5.1))
    told, findings = condenser.step(at(30))
    assert told == ()
    assert found(findings, Found.NO_PRICE) == [None]


def test_a6_a_price_far_from_the_median_of_the_others_is_no_price_however_often_it_is_said() -> None:
    condenser = Condenser("BTC")
    for minute in range(1, 5):
        take(condenser, minute, mark(B, minute, 100.0), mark(C, minute, 100.4))
        take(condenser, minute, mark(A, minute, 120.0 + minute))
    take(condenser, 5.1, candle(A, 5, 120.0), candle(C, 5, 100.0))
    told, findings = condenser.step(at(12) - 5 * MINUTE_MS)
    assert [bar.venue for bar in candles_of(told)] == [C]
    assert found(findings, Found.OUTLIER, A) == [pytest.approx(124.0 / 100.2), pytest.approx(120.0 / 100.2)]


def test_a6_alone_a_price_that_jumps_by_a_third_waits_for_a_second() -> None:
    condenser = Condenser("BTC")
    for minute, usd in ((5, 100.0), (10, 140.0), (15, 141.0)):
        take(condenser, minute + 0.1, candle(A, minute, usd))
        told, findings = condenser.step(at(minute + 0.1))
        assert [bar.close_usd for bar in candles_of(told)] == ([] if usd == 140.0 else [usd])
        confirmed = [pytest.approx(1.41)] if usd == 141.0 else []
        assert found(findings, Found.CONFIRMED, A) == confirmed


@pytest.mark.parametrize("usd", [float("nan"), float("inf"), 0.0, -1.0])
def test_a6_what_cannot_be_a_price_is_refused_and_named(usd: float) -> None:
    condenser = Condenser("BTC")
    take(condenser, 5.1, candle(A, 5, usd), mark(B, 5.1, usd))
    told, findings = condenser.step(at(5.1))
    assert told == ()
    assert found(findings, Found.IMPLAUSIBLE) == [None, None]


def test_a8_a_stamp_more_than_a_minute_ahead_is_refused_and_named() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, mark(A, 61, 100.0))
    _, findings = condenser.step(at(1))
    assert condenser.state.venues[A].mark.value is None
    assert found(findings, Found.CLOCK_AHEAD, A) == [60.0 * MINUTE_MS]


def test_a8_a_clock_an_hour_behind_is_noticed_and_its_values_age_by_receipt() -> None:
    condenser = Condenser("BTC")
    for minute in (1, 2, 3):
        take(condenser, minute, mark(A, minute - 60, 100.0))
    _, findings = condenser.step(at(3))
    assert found(findings, Found.CLOCK_BEHIND, A) == [60.0 * MINUTE_MS]
    assert condenser.state.venues[A].mark.as_of_ms == at(3)


def test_a8_a_clock_that_is_set_back_during_the_run_is_followed_after_five_answers() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, mark(A, 1, 100.0))
    for minute in range(2, 6):
        take(condenser, minute, mark(A, minute - 60, 101.0))
        assert condenser.state.venues[A].mark.value == 100.0
    take(condenser, 6, mark(A, -54, 101.0))
    assert condenser.state.venues[A].mark.value == 101.0
    assert found(condenser.step(at(6))[1], Found.CLOCK_JUMPED, A) == [-55.0 * MINUTE_MS]


def test_a7_replayed_rows_of_an_hour_ago_do_not_move_the_mark() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, mark(A, 1, 100.0))
    take(condenser, 2, *[mark(A, minute - 60, 90.0) for minute in range(20)])
    assert condenser.state.venues[A].mark.value == 100.0
    assert found(condenser.step(at(2))[1], Found.OUT_OF_ORDER, A) == [42.0 * MINUTE_MS]


def frozen(condenser: Condenser, others: float) -> None:
    for minute in range(6):
        for venue in (B, C):
            take(condenser, minute, mark(venue, minute, 100.0 + others * minute))
        take(condenser, minute, mark(A, minute, 100.0))


def test_a14_a_venue_that_repeats_one_price_while_the_others_move_is_frozen_and_left_out() -> None:
    condenser = Condenser("BTC")
    frozen(condenser, others=0.2)
    take(condenser, 5.1, candle(A, 5, 100.0), candle(C, 5, 101.0))
    told, findings = condenser.step(at(5.1))
    assert [bar.venue for bar in candles_of(told)] == [C]
    assert found(findings, Found.FROZEN, A) == [pytest.approx(0.01)]


def test_a14_a_quiet_market_freezes_nobody() -> None:
    condenser = Condenser("BTC")
    frozen(condenser, others=0.0)
    assert found(condenser.step(at(5))[1], Found.FROZEN) == []


def test_a14_a_venue_that_moves_again_is_heard_again() -> None:
    condenser = Condenser("BTC")
    frozen(condenser, others=0.2)
    take(condenser, 6, mark(A, 6, 101.1))
    assert found(condenser.step(at(6))[1], Found.FROZEN) == []


def test_other_assets_are_not_for_this_condenser() -> None:
    condenser = Condenser("ETH")
    take(condenser, 5.1, candle(A, 5, 100.0))
    assert candles_of(condenser.step(at(5.1))[0]) == []
    assert Venue.BINANCE not in condenser.state.venues
    assert isinstance(candle(A, 5, 1.0).said, Candle)


def test_a_mark_that_a_poll_gives_at_the_beginning_of_a_minute_is_not_the_price_at_its_end() -> None:
    """A venue that is only asked tells its mark two seconds past each minute: it belongs to the bar that just ended."""
    condenser = Condenser("BTC")
    closes: list[float | None] = []
    for minute, usd in ((5, 100.0), (10, 90.0)):
        take(condenser, minute - 1 + 2 / 60, mark(A, minute - 1 + 2 / 60, usd + 3.0))
        take(condenser, minute + 2 / 60, mark(A, minute + 2 / 60, usd), candle(A, minute, usd))
        closes += [one.mark_close_usd for one in candles_of(condenser.step(at(minute + 0.2))[0])]
    assert closes == [100.0, 90.0]


def test_of_a_bar_that_began_before_the_last_one_ended_the_rest_is_told() -> None:
    """After an absence bars of five minutes follow those of one: without the rest that hour would be incomplete."""
    condenser = Condenser("BTC")
    take(condenser, 3, Told("BTC", Candle(A, at(2), MINUTE_MS, 100.0, 100.0, 100.0, 100.0)))
    condenser.step(at(3))
    bar = Candle(A, at(0), 5 * MINUTE_MS, 100.0, 101.0, 99.0, 100.0, volume_usd=50.0)
    take(condenser, 40, Told("BTC", bar), candle(A, 10, 100.0))
    take(condenser, 40, *[candle(A, minute, 100.0) for minute in (15, 20, 25, 30, 35, 40)])
    told = candles_of(condenser.step(at(40))[0])
    assert (told[0].open_at_ms, told[0].step_ms, told[0].volume_usd) == (at(3), 2 * MINUTE_MS, 20.0)
    assert (told[0].high_usd, told[0].low_usd) == (101.0, 99.0)
    assert [one.open_at_ms for one in told[1:]] == [one.known_at_ms for one in told[:-1]]
