"""Spot volume, hour by hour: each market by itself, each hour once, nothing of the future."""

from copy import deepcopy

from market.findings import Found
from market.observations import HOUR_MS, SpotVolume, Venue
from scheduler.condense import Condenser
from scheduler.exchange import Told
from tests.scheduler.condense.venues import B, C, at

HOUR = 60


def hour(number: int, usd: float = 1_000.0, venue: Venue = B) -> Told:
    """What spot turned over in the hour that ended at hour `number`."""
    return Told("BTC", SpotVolume(venue, at(number * HOUR), HOUR_MS, usd))


def told_by(condenser: Condenser, now_ms: int) -> list[SpotVolume]:
    told, _ = condenser.step(now_ms)
    return [one for one in told if isinstance(one, SpotVolume)]


def test_an_hour_that_is_told_again_by_every_poll_is_handed_on_once() -> None:
    condenser = Condenser("BTC")
    condenser.take([hour(1, 1.0), hour(2, 2.0)], at(2 * HOUR + 1))
    assert [one.usd for one in told_by(condenser, at(2 * HOUR + 1))] == [1.0, 2.0]
    condenser.take([hour(1, 1.0), hour(2, 2.0), hour(3, 3.0)], at(3 * HOUR + 1))
    condenser.take([hour(2, 2.0), hour(3, 3.0)], at(3 * HOUR + 1))
    assert [one.usd for one in told_by(condenser, at(3 * HOUR + 1))] == [3.0]
    assert told_by(condenser, at(3 * HOUR + 2)) == []


def test_two_markets_are_told_side_by_side_and_never_added_up() -> None:
    condenser = Condenser("BTC")
    condenser.take([hour(2, 5.0), hour(2, 7.0, C), hour(1, 9.0, C)], at(2 * HOUR))
    said = told_by(condenser, at(2 * HOUR))
    assert [(one.venue, one.usd) for one in said] == [(C, 9.0), (B, 5.0), (C, 7.0)]


def test_an_hour_that_another_asset_or_no_market_can_have_is_refused() -> None:
    condenser = Condenser("BTC")
    condenser.take([hour(1, -1.0), hour(1, float("inf")), Told("ETH", hour(1).said)], at(HOUR))
    told, findings = condenser.step(at(HOUR))
    assert told == ()
    assert (Found.IMPLAUSIBLE, "spot") in {(one.found, one.of) for one in findings}


def test_an_hour_that_has_not_ended_by_our_clock_is_refused_or_waits() -> None:
    condenser = Condenser("BTC")
    condenser.take([hour(3)], at(HOUR))
    _, findings = condenser.step(at(HOUR))
    assert (Found.CLOCK_AHEAD, "spot") in {(one.found, one.of) for one in findings}
    condenser.take([hour(2)], at(2 * HOUR - 0.5))
    assert told_by(condenser, at(2 * HOUR - 0.5)) == []
    assert len(told_by(condenser, at(2 * HOUR))) == 1


def test_after_a_restart_no_hour_is_handed_on_twice() -> None:
    condenser = Condenser("BTC")
    condenser.take([hour(1), hour(2)], at(2 * HOUR))
    condenser.step(at(2 * HOUR))
    again = Condenser("BTC", state=deepcopy(condenser.state))
    again.take([hour(1), hour(2), hour(3)], at(3 * HOUR))
    assert [one.known_at_ms for one in told_by(again, at(3 * HOUR))] == [at(3 * HOUR)]
