"""Moments of single liquidations: of feeds that tell them all, each once, for six hours and no more than are needed."""

from scheduler.condense import Condenser
from scheduler.condense.events import MOST_KEPT, most_told
from tests.scheduler.condense.venues import A, B, at, forced, take


def told(condenser: Condenser, minutes: float) -> tuple[str, int] | None:
    found = most_told(condenser.state, at(minutes))
    return None if found is None else (found[0].value, len(found[1]))


def test_the_venue_that_tells_most_is_asked_and_a_feed_that_samples_never() -> None:
    condenser = Condenser("BTC")
    for minute in range(3):
        take(condenser, minute + 0.5, forced(A, minute + 0.4, 1.0, is_sample=True))
    assert told(condenser, 3) is None

    take(condenser, 3.5, forced(B, 3.4, 1.0), forced(B, 3.45, 2.0))
    assert told(condenser, 4) == (B.value, 2)


def test_an_event_told_again_is_counted_once_and_twins_of_one_frame_twice() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, forced(B, 0.9, 1.0), forced(B, 0.9, 1.0))
    take(condenser, 1.1, forced(B, 0.9, 1.0))
    assert told(condenser, 2) == (B.value, 2)


def test_what_is_six_hours_old_is_forgotten() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, forced(B, 0.9, 1.0))
    take(condenser, 300, forced(B, 299.9, 1.0))
    condenser.step(at(359))
    assert told(condenser, 359) == (B.value, 2)
    condenser.step(at(362))
    assert told(condenser, 362) == (B.value, 1)


def test_in_a_wave_only_the_newest_are_kept() -> None:
    condenser = Condenser("BTC")
    take(condenser, 1, *(forced(B, 0.5 + index / 200_000, 1.0 + index) for index in range(MOST_KEPT + 10)))
    condenser.step(at(2))
    assert told(condenser, 2) == (B.value, MOST_KEPT)
