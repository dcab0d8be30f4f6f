"""Funding of several venues: one mean per eight hours, weighted by open interest."""

import pytest

from market.findings import Found
from market.observations import HOUR_MS, Funding, Venue
from market.reading import Presence
from market.rules import Rules
from scheduler.condense import Condenser
from scheduler.engine import Engine
from scheduler.exchange import Told
from tests.scheduler.condense.venues import T0, A, B, C, at, found, rate, rates_of, settle, take

BP = 0.0001


def three(condenser: Condenser) -> None:
    """The vector of section 5: 6, 3 and 1 of open interest at .01, .03 and -.02 % make .013 %."""
    settle(condenser, {A: 6.0, B: 3.0, C: 1.0})
    take(condenser, 1, rate(A, 1, BP), rate(B, 1, 3 * BP), rate(C, 1, -2 * BP))


def test_the_mean_is_weighted_by_open_interest_and_the_dispersion_told() -> None:
    condenser = Condenser("BTC")
    three(condenser)
    told, findings = condenser.step(at(1))
    assert rates_of(told) == [pytest.approx(1.3 * BP)]
    assert found(findings, Found.FUNDING_DISPERSION) == [pytest.approx(5 * BP)]
    assert found(findings, Found.FUNDING_SHARE) == [1.0]


@pytest.mark.parametrize(("hours", "expected"), [(8.0, 1.0), (4.0, 2.0), (1.0, 8.0)])
def test_a10_a_rate_is_of_the_interval_that_came_with_it(hours: float, expected: float) -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, rate(A, 1, BP, hours))
    assert rates_of(condenser.step(at(1))[0]) == [pytest.approx(expected * BP)]


def test_a10_an_interval_that_shrinks_during_the_run_changes_the_rate_per_eight_hours() -> None:
    condenser = Condenser("BTC")
    rates: list[float] = []
    for minute, hours in enumerate((8.0, 4.0, 1.0), start=1):
        take(condenser, minute, rate(A, minute, BP, hours))
        rates += rates_of(condenser.step(at(minute))[0])
    assert rates == [pytest.approx(BP), pytest.approx(2 * BP), pytest.approx(8 * BP)]


def test_a_venue_that_falls_silent_does_not_lower_the_mean_and_the_rest_moves_it() -> None:
    """Without B the others' mean is 4/7 bp; the last mean of all, 1.3 bp, stays until they move, then by as much."""
    condenser = Condenser("BTC")
    three(condenser)
    condenser.step(at(1))
    take(condenser, 12, rate(A, 12, BP), rate(C, 12, -2 * BP))
    told, findings = condenser.step(at(12))
    assert rates_of(told) == [pytest.approx(1.3 * BP)]
    assert found(findings, Found.FUNDING_SPLICED) == [pytest.approx(4 / 7 * BP)]
    assert found(findings, Found.FUNDING_SHARE) == [pytest.approx(0.7)]
    take(condenser, 13, rate(A, 13, 2 * BP), rate(C, 13, -BP))
    assert rates_of(condenser.step(at(13))[0]) == [pytest.approx(2.3 * BP)]


def test_what_was_settled_before_does_not_stand_in_for_a_prediction_that_fell_silent() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, Told("BTC", Funding(A, T0, 0.0, 8.0)))
    take(condenser, 1, rate(A, 1, 5 * BP))
    before = rates_of(condenser.step(at(1))[0])
    take(condenser, 30, rate(B, 30, 3 * BP))
    assert rates_of(condenser.step(at(30))[0]) == before


def test_in_a_past_without_predictions_what_was_paid_is_as_of_now_until_its_interval_is_over() -> None:
    """Read in steps of five minutes it would be out of date for most of each hour, and the state with it."""
    condenser = Condenser("BTC")
    take(condenser, 1, Told("BTC", Funding(A, T0, 3 * BP, 1.0)))
    told = [one for minute in (5, 30, 66) for one in condenser.step(at(minute))[0]]
    rates = [one for one in told if isinstance(one, Funding) and not one.settled]
    assert [one.known_at_ms for one in rates] == [at(5), at(30), at(66)]
    assert [one.rate_8h for one in rates] == [pytest.approx(24 * BP)] * 3
    assert rates_of(condenser.step(at(67))[0]) == []


def test_a_relayed_prediction_counts_only_while_its_venue_is_silent() -> None:
    condenser = Condenser("BTC")
    relayed = Told("BTC", Funding(A, at(1), 9 * BP, 8.0, settled=False), relayed_by=Venue.HYPERLIQUID)
    take(condenser, 1, rate(A, 1, BP), relayed)
    told, findings = condenser.step(at(1))
    assert rates_of(told) == [pytest.approx(BP)]
    assert found(findings, Found.RELAYED) == []
    late = Told("BTC", Funding(A, at(12), 2 * BP, 8.0, settled=False), relayed_by=Venue.HYPERLIQUID)
    take(condenser, 12, late)
    told, findings = condenser.step(at(12))
    assert rates_of(told) == [pytest.approx(2 * BP)]
    assert found(findings, Found.RELAYED, A) == [pytest.approx(2 * BP)]


def test_predicted_and_settled_are_blended_by_elapsed_time() -> None:
    """Predicted .05 %, two hours of eight, last settled .01 %: .02 %."""
    condenser = Condenser("BTC")
    take(condenser, 1, Told("BTC", Funding(A, T0, BP, 8.0)))
    said = Funding(A, T0 + 2 * HOUR_MS, 5 * BP, 8.0, settled=False, next_at_ms=T0 + 8 * HOUR_MS)
    take(condenser, 120, Told("BTC", said))
    assert rates_of(condenser.step(at(120))[0]) == [pytest.approx(2 * BP)]


def test_venues_that_say_the_same_rate_now_do_not_disagree_though_they_paid_others_before() -> None:
    condenser = Condenser("BTC")
    for venue, paid in ((A, BP), (B, 4 * BP)):
        take(condenser, 0, Told("BTC", Funding(venue, T0, paid, 8.0)))
        said = Funding(venue, at(60), BP, 8.0, settled=False, next_at_ms=at(480))
        take(condenser, 60, Told("BTC", said))
    _, findings = condenser.step(at(60))
    assert found(findings, Found.FUNDING_DISPERSION) == [0.0]


def test_eight_hours_of_hourly_and_of_eight_hourly_venues_settle_once_into_one_mean() -> None:
    """Eight hours at .5 bp an hour are 4 bp; with 2 bp of the other at equal weight 3 bp."""
    condenser = Condenser("BTC")
    settle(condenser, {A: 5.0, B: 5.0})
    paid = [Told("BTC", Funding(A, T0 + hour * HOUR_MS + 1, 0.5 * BP, 1.0)) for hour in range(1, 9)]
    take(condenser, 481, *paid, Told("BTC", Funding(B, T0 + 8 * HOUR_MS, 2 * BP, 8.0)))
    settled = [one for one in condenser.step(at(481))[0] if isinstance(one, Funding) and one.settled]
    assert [(one.known_at_ms, one.venue) for one in settled] == [(at(480), Venue.AGGREGATE)]
    assert settled[0].rate_8h == pytest.approx(3 * BP)
    assert not [one for one in condenser.step(at(482))[0] if isinstance(one, Funding) and one.settled]


def test_the_last_prediction_of_an_interval_is_what_was_settled_when_the_next_one_begins() -> None:
    condenser = Condenser("BTC")
    for minute, ends in ((479, 480), (481, 960)):
        said = Funding(A, at(minute), minute * 1e-6, 8.0, settled=False, next_at_ms=at(ends))
        take(condenser, minute, Told("BTC", said))
    settled = [one for one in condenser.step(at(481))[0] if isinstance(one, Funding) and one.settled]
    assert [one.rate for one in settled] == [pytest.approx(479e-6)]


@pytest.mark.parametrize("fraction", [float("nan"), float("inf"), 5.0])
def test_a6_what_cannot_be_a_rate_is_refused_and_named(fraction: float) -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, rate(A, 1, fraction))
    told, findings = condenser.step(at(1))
    assert told == ()
    assert found(findings, Found.IMPLAUSIBLE, A) == [None]


def test_a6_a_rate_that_jumps_by_more_than_a_per_cent_waits_for_a_second() -> None:
    condenser = Condenser("BTC")
    for minute, fraction, expected in ((1, BP, BP), (2, 0.05, BP), (3, 0.05, 0.05)):
        take(condenser, minute, rate(A, minute, fraction))
        condenser.step(at(minute))
        assert condenser.state.funding_8h == pytest.approx(expected)


def test_what_changed_while_no_venue_was_heard_is_in_the_mean_of_those_that_are_back() -> None:
    """Both at 1 bp, then nobody for forty minutes; A alone comes back at -5 bp: the mean has moved by its -6 bp."""
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0, B: 50.0})
    take(condenser, 1, rate(A, 1, BP), rate(B, 1, BP))
    condenser.step(at(1))
    for minute in range(2, 41):
        assert rates_of(condenser.step(at(minute))[0]) == []
    take(condenser, 41, rate(A, 41, -5 * BP))
    assert rates_of(condenser.step(at(41))[0]) == [pytest.approx(-5 * BP)]


def test_what_was_settled_is_not_told_while_nobody_is_heard_as_it_would_be_fresh_for_hours() -> None:
    """All are gone two minutes before eight o'clock; C has settled each hour until seven."""
    condenser, engine = Condenser("BTC"), Engine("BTC", Rules(), "live")
    settle(condenser, {A: 50.0, C: 50.0})
    paid = [Told("BTC", Funding(C, T0 + hour * HOUR_MS, BP / 8, 1.0)) for hour in range(1, 8)]
    take(condenser, 478, *paid, rate(A, 478, 5 * BP), rate(C, 478, BP / 8, 1.0))
    for minute in range(478, 600):
        engine.step(at(minute), condenser.step(at(minute))[0])
    snapshot = engine.state.snapshot
    assert snapshot is not None
    reading = snapshot.reading("funding")
    assert reading is not None
    assert (reading.presence, reading.asof_ms) == (Presence.STALE, at(478))
    take(condenser, 600, rate(A, 600, 5 * BP), rate(C, 600, BP / 8, 1.0))
    settled = [one for one in condenser.step(at(600))[0] if isinstance(one, Funding) and one.settled]
    assert [one.known_at_ms for one in settled] == [at(480)]


@pytest.mark.parametrize(("held", "capped"), [(6.0, True), (4.9, False)])
def test_the_mean_is_censored_where_most_of_the_open_interest_stands_at_its_venues_cap(
    held: float, capped: bool
) -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: held, B: 10.0 - held})
    at_cap = Funding(A, at(1), -0.02, 4.0, settled=False, next_at_ms=at(240), cap=0.02)
    take(condenser, 1, Told("BTC", at_cap), rate(B, 1, -BP))
    (mean,) = (one for one in condenser.step(at(1))[0] if isinstance(one, Funding))
    assert (mean.cap is not None) is capped
    assert mean.cap in (None, -mean.rate)


def test_one_of_three_venues_at_its_cap_censors_no_mean_where_no_open_interest_is_known() -> None:
    condenser = Condenser("BTC")
    at_cap = Funding(A, at(1), -0.02, 8.0, settled=False, next_at_ms=at(240), cap=0.02)
    take(condenser, 1, Told("BTC", at_cap), rate(B, 1, -BP), rate(C, 1, -BP))
    (mean,) = (one for one in condenser.step(at(1))[0] if isinstance(one, Funding))
    assert mean.cap is None


def test_a_mean_within_every_cap_and_one_of_venues_that_tell_none_is_not_censored() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 1.0})
    within = Funding(A, at(1), 0.0199, 8.0, settled=False, next_at_ms=at(240), cap=0.02)
    take(condenser, 1, Told("BTC", within))
    (mean,) = (one for one in condenser.step(at(1))[0] if isinstance(one, Funding))
    assert mean.cap is None
