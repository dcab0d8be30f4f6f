"""What each venue says by itself: its own interest, rate, premium and liquidations, each with its time, or that it says none."""

from msgspec.structs import replace

from market.across import AtVenue
from market.observations import Funding, Side, Venue
from scheduler.condense import Condenser
from scheduler.exchange import Told
from store.codec import Kind, decode, encode
from tests.scheduler.condense.venues import A, B, C, alive, at, beat, forced, interest, mark, rate, take


def of(condenser: Condenser, venue: Venue, minutes: float) -> AtVenue:
    return next(one for one in condenser.across(at(minutes)) if one.venue is venue)


def predicted(venue: Venue, minutes: float, fraction: float, hours: float, next_minutes: float) -> Told:
    said = Funding(venue, at(minutes), fraction, hours, settled=False, next_at_ms=at(next_minutes))
    return Told("BTC", said)


def settled(venue: Venue, minutes: float, fraction: float, hours: float) -> Told:
    return Told("BTC", Funding(venue, at(minutes), fraction, hours))


def test_each_venue_says_its_own_coins_and_premium_with_their_times() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, interest(A, 1, 50.0), replace(mark(A, 1, 101.0), index_usd=100.0))
    take(condenser, 2, interest(B, 2, 30.0), mark(B, 2, 100.5))
    one, other = of(condenser, A, 2), of(condenser, B, 2)
    assert (one.coins, one.coins_at_ms, one.mark_at_ms) == (50.0, at(1), at(1))
    assert one.premium is not None
    assert abs(one.premium - 0.01) < 1e-12
    assert (other.coins, other.index_usd, other.premium) == (30.0, None, None)


def test_venues_come_in_the_order_in_which_prices_are_believed_and_who_said_nothing_is_left_out() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, beat(Venue.DERIBIT, 0), interest(B, 0, 1.0), interest(C, 0, 1.0), interest(A, 0, 1.0))
    assert [one.venue for one in condenser.across(at(0))] == [A, C, B]
    assert Condenser("BTC").across(at(0)) == ()


def test_a_rate_is_told_for_its_own_interval_and_with_the_settlement_it_is_for() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, settled(A, 0, 0.0002, 4.0))
    take(condenser, 1, predicted(A, 1, 0.0001, 4.0, 240))
    said = of(condenser, A, 1)
    assert (said.rate, said.interval_hours, said.is_predicted) == (0.0001, 4.0, True)
    assert (said.settled_rate, said.next_at_ms, said.rate_at_ms) == (0.0002, at(240), at(1))
    assert said.rate_8h == 0.0002


def test_what_was_paid_for_another_interval_is_not_shown_beside_a_rate() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, settled(A, 0, 0.0002, 8.0))
    take(condenser, 1, predicted(A, 1, 0.0001, 4.0, 240))
    assert of(condenser, A, 1).settled_rate is None


def test_without_a_prediction_the_last_paid_rate_is_told_as_such() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, settled(A, 0, 0.0002, 8.0))
    said = of(condenser, A, 30)
    assert (said.rate, said.is_predicted, said.settled_rate) == (0.0002, False, 0.0002)
    assert (said.rate_at_ms, said.next_at_ms) == (at(0), None)


def test_a_venue_that_is_silent_is_told_as_another_relays_it_and_then_as_it_was_said_last() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, rate(A, 0, 0.0001))
    take(condenser, 9, Told("BTC", rate(A, 9, 0.0003).said, relayed_by=B))
    assert of(condenser, A, 9).rate == 0.0001
    assert of(condenser, A, 15).rate == 0.0003
    late = of(condenser, A, 60)
    assert (late.rate, late.rate_at_ms) == (0.0003, at(9))


def test_the_last_hour_of_liquidations_is_a_venues_own_in_dollars_by_side() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A, B), 0, 1)
    take(condenser, 1, forced(A, 0.5, 2.0), forced(A, 0.6, 1.0, Side.SHORT), forced(B, 0.5, 4.0))
    condenser.step(at(1))
    one, other = of(condenser, A, 1), of(condenser, B, 1)
    assert (one.long_usd_1h, one.short_usd_1h, one.heard_minutes) == (200.0, 100.0, 1)
    assert (other.long_usd_1h, other.short_usd_1h) == (400.0, 0.0)
    assert (
        of(condenser, A, 62).long_usd_1h == 200.0
    )  # the hour that ends with the newest minute that could be told
    assert condenser.across(at(63)) == ()


def test_minutes_that_were_heard_are_counted_and_a_silent_venue_says_nothing() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, interest(C, 0, 10.0))
    alive(condenser, (A,), 0, 3)
    for minute in range(1, 8):
        if minute > 5:
            alive(condenser, (A,), minute - 1, minute)
        condenser.step(at(minute) + 5_000)
    said = of(condenser, A, 7)
    assert (said.long_usd_1h, said.heard_minutes) == (0.0, 5)
    silent = of(condenser, C, 7)
    assert (silent.long_usd_1h, silent.short_usd_1h, silent.heard_minutes) == (None, None, 0)


def test_after_an_hour_only_the_last_sixty_minutes_count() -> None:
    condenser = Condenser("BTC")
    for minute in range(1, 71):
        alive(condenser, (A,), minute - 1, minute)
        take(condenser, minute, forced(A, minute - 0.5, 1.0, is_sample=True))
        condenser.step(at(minute))
    said = of(condenser, A, 70)
    assert (said.long_usd_1h, said.heard_minutes, said.is_sample) == (6_000.0, 60, True)
    assert len(condenser.state.venues[A].forced.hour) == 60


def test_what_it_says_survives_being_kept_to_the_last_bit() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A,), 0, 1)
    take(condenser, 1, forced(A, 0.5, 0.1), replace(mark(A, 1, 100.1), index_usd=100.0), interest(A, 1, 3.3))
    condenser.step(at(1))
    kind = Kind("condenser state", 2, type(condenser.state))
    kept = decode(kind, encode(kind, condenser.state))
    assert kept is not None
    assert Condenser("BTC", state=kept).across(at(1)) == condenser.across(at(1))


def sampled(condenser: Condenser, minute: int, seconds: int) -> None:
    """A minute of a feed of one a second that told a coin in so many of its seconds."""
    take(condenser, minute - 1, beat(A, minute - 1))
    for second in range(1, seconds + 1):
        at_minute = minute + second / 60 - 1
        take(condenser, at_minute, forced(A, at_minute, 1.0, is_sample=True))
    alive(condenser, (A,), minute - 1, minute)
    condenser.step(at(minute))


def test_what_a_throttled_feed_left_out_is_told_by_how_full_its_seconds_were() -> None:
    """30 of 60 seconds are p = .5: 1.176 times is there if the largest of a second is told (quant.md section 3)."""
    condenser = Condenser("BTC")
    sampled(condenser, 1, 30)
    factor = of(condenser, A, 1).missing_factor
    assert factor is not None
    assert abs(factor - 1.176) < 0.0005
    sampled(condenser, 2, 6)  # p = .1 is 1.026, and six coins weigh less than thirty
    factor = of(condenser, A, 2).missing_factor
    assert factor is not None
    assert abs(factor - (30 * 1.1759 + 6 * 1.0262) / 36) < 0.0005


def test_a_minute_that_was_too_full_leaves_no_telling_for_an_hour() -> None:
    condenser = Condenser("BTC")
    sampled(condenser, 1, 57)
    assert of(condenser, A, 1).missing_factor is None
    for minute in range(2, 62):
        sampled(condenser, minute, 1)
    factor = of(condenser, A, 61).missing_factor
    assert factor is not None
    assert 1.0 < factor < 1.01


def test_a_feed_that_tells_all_left_nothing_out() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (B,), 0, 1)
    take(condenser, 1, forced(B, 0.5, 1.0))
    condenser.step(at(1))
    assert of(condenser, B, 1).missing_factor == 1.0


def test_the_largest_rate_a_venue_allows_is_told_with_its_rate() -> None:
    condenser = Condenser("BTC")
    said = Funding(A, at(1), 0.02, 4.0, settled=False, next_at_ms=at(240), cap=0.02)
    take(condenser, 1, Told("BTC", said), rate(B, 1, 0.0001))
    assert [of(condenser, venue, 1).cap for venue in (A, B)] == [0.02, None]
