"""Condenser and engine together: data that is missing resolves nothing, and a checkpoint goes on exactly."""

from collections.abc import Iterable
from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from market.observations import HOUR_MS, Candle, Funding, Observation, OpenInterest, Venue
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import SEVERITY, State
from scheduler.condense import Condenser, CondenserState
from scheduler.engine import Engine
from scheduler.exchange import Told
from store.codec import Kind, decode, encode
from tests.scheduler.condense.test_options import chain
from tests.scheduler.condense.venues import T0, A, B, C, alive, at, forced, mark, rate, settle, take

VENUES = (A, B, C)
RATES = {A: 0.0010, B: 0.0004, C: -0.0001}
WEIGHTS = {A: 50.0, B: 30.0, C: 20.0}
LEARNED_HOURS = 10 * 24


def hear(condenser: Condenser, hour: int, venues: Iterable[Venue]) -> None:
    """An hour in which price slips while open interest builds up by 6 % a day and longs pay for it."""
    at_ms = T0 + hour * HOUR_MS
    price, grown = 100.0 * 0.999**hour, 1.0025**hour
    for venue in venues:
        bar = Candle(venue, at_ms - HOUR_MS, HOUR_MS, price * 1.001, price * 1.002, price * 0.999, price)
        reports = (
            Told("BTC", bar),
            Told("BTC", OpenInterest(venue, at_ms, WEIGHTS[venue] * grown, HOUR_MS)),
            Told("BTC", Funding(venue, at_ms, RATES[venue], 8.0, settled=False)),
        )
        condenser.take(reports, at_ms)


def live(condenser: Condenser, engine: Engine, hour: int, venues: Iterable[Venue]) -> Snapshot:
    hear(condenser, hour, venues)
    now_ms = T0 + hour * HOUR_MS
    return engine.step(now_ms, condenser.step(now_ms)[0])[0]


def learned() -> tuple[Condenser, Engine, Snapshot]:
    condenser, engine = Condenser("BTC", VENUES), Engine("BTC", Rules(), "live")
    for hour in range(LEARNED_HOURS - 1):
        live(condenser, engine, hour, VENUES)
    return condenser, engine, live(condenser, engine, LEARNED_HOURS - 1, VENUES)


CONDENSER, ENGINE, ALARMED = learned()


def again() -> tuple[Condenser, Engine]:
    """The same market once more, from checkpoints."""
    condenser = Condenser("BTC", VENUES, deepcopy(CONDENSER.state))
    return condenser, Engine("BTC", Rules(), "live", deepcopy(ENGINE.state))


def test_the_market_of_these_tests_is_alarmed() -> None:
    assert SEVERITY[ALARMED.regime.state] >= SEVERITY[State.CROWDING]


def test_a16_when_all_venues_are_gone_nothing_is_told_and_the_state_is_insufficient_data() -> None:
    condenser, engine = again()
    state = ALARMED.regime.state
    for hour in range(LEARNED_HOURS, LEARNED_HOURS + 48):
        hear(condenser, hour, ())
        now_ms = T0 + hour * HOUR_MS
        told, _ = condenser.step(now_ms)
        assert told == ()
        state = engine.step(now_ms, told)[0].regime.state
        assert state is State.INSUFFICIENT_DATA or SEVERITY[state] >= SEVERITY[ALARMED.regime.state]
    assert state is State.INSUFFICIENT_DATA


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(st.sampled_from(VENUES)), min_size=30, max_size=30))
def test_a_missing_venue_never_resolves_an_alarm(heard: list[set[Venue]]) -> None:
    """The alarm goes on all the while; whoever is heard of it in which hour, it is never called lower."""
    condenser, engine = again()
    for number, venues in enumerate(heard):
        state = live(condenser, engine, LEARNED_HOURS + number, sorted(venues)).regime.state
        assert state is State.INSUFFICIENT_DATA or SEVERITY[state] >= SEVERITY[ALARMED.regime.state]


STORED = Kind("condenser", 1, CondenserState)


def everything(condenser: Condenser, begin: int) -> tuple[Observation, ...]:
    for venue in VENUES:
        take(condenser, begin + 0.5, mark(venue, begin + 0.5, 100.0), rate(venue, begin + 0.5, 0.0001))
    alive(condenser, VENUES, begin, begin + 1)
    take(
        condenser, begin + 1.2, forced(A, begin + 1.2, 1.0, is_sample=True), *chain(Venue.DERIBIT, begin + 1)
    )
    return condenser.step(at(begin + 1.2))[0]


def test_a_checkpoint_goes_on_exactly() -> None:
    first = Condenser("BTC")
    settle(first, WEIGHTS)
    everything(first, 1)
    restored = decode(STORED, encode(STORED, first.state))
    assert restored == first.state
    second = Condenser("BTC", first.venues, restored)
    assert everything(second, 2) == everything(first, 2)
    assert second.state == first.state
