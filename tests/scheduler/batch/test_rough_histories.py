"""Histories as they are: looked at off the full minute, with late buckets, holes, silent days and several venues."""

from collections.abc import Iterator, Sequence
from random import Random

import pytest
from msgspec.structs import replace

from benchmarks.bars import generated, steps_of
from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Candle,
    Funding,
    Liquidations,
    Observation,
    OpenInterest,
    SpotVolume,
    Venue,
)
from tests.scheduler.batch.compared import Step, compared

LOOKED_AFTER_MS = 10 * SECOND_MS


def rough(seed: int, steps: Sequence[Step], step_ms: int) -> list[Step]:
    """The same market with faults: what is said comes late, in part or not at all, and of more venues."""
    dice, late = Random(seed), list[Observation]()
    told = list[Step]()
    silent_until_ms = 0
    for now_ms, said in steps:
        if dice.random() < step_ms / (3 * DAY_MS):
            silent_until_ms = now_ms + dice.choice((12 * MINUTE_MS, 5 * HOUR_MS, 30 * HOUR_MS))
        if now_ms < silent_until_ms and dice.random() < 0.9:
            continue
        here = [one for one in said if dice.random() > 0.02] if now_ms >= silent_until_ms else []
        here += [other for one in here for other in others(dice, one)]
        delayed = [one for one in here if isinstance(one, Liquidations) and dice.random() < 0.2]
        here = [altered(dice, one) for one in here if one not in delayed]
        told.append((now_ms + LOOKED_AFTER_MS, (*here, *late)))
        late = list(delayed)
    return told


def altered(dice: Random, said: Observation) -> Observation:
    """The same, now and then without a mark or a volume, or of a venue that is not whole."""
    match said:
        case Candle() if dice.random() < 0.05:
            return replace(said, mark_close_usd=None)
        case Candle() if dice.random() < 0.02:
            return replace(said, volume_usd=None)
        case Liquidations() if dice.random() < 0.03:
            return replace(said, is_whole=False)
        case _:
            return said


def others(dice: Random, said: Observation) -> Iterator[Observation]:
    """What other venues say beside it, some of them for a part of the time."""
    match said:
        case OpenInterest() if dice.random() < 0.5:
            yield replace(said, venue=Venue.BYBIT, coins=said.coins * 0.4, cadence_ms=2 * said.cadence_ms)
        case OpenInterest() if said.known_at_ms % DAY_MS == 0:
            yield replace(said, venue=Venue.COINGLASS, coins=said.coins * 3.0, cadence_ms=DAY_MS)
        case Funding() if said.known_at_ms % HOUR_MS == 0:
            yield Funding(Venue.HYPERLIQUID, said.known_at_ms, said.rate / 8.0, 1.0)
        case SpotVolume() if dice.random() < 0.9:
            yield replace(said, venue=Venue.OKX, usd=said.usd * 0.5)
        case _:
            return


@pytest.mark.parametrize(("seed", "minutes", "days"), [(1, 1, 3), (2, 10, 25), (3, 60, 80)])
def test_faults_change_nothing_about_that_both_tell_the_same(seed: int, minutes: int, days: int) -> None:
    step_ms = minutes * MINUTE_MS
    steps = list(steps_of(generated(seed, days * DAY_MS // step_ms, step_ms)))
    assert compared(rough(seed, steps, step_ms)) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10, 16))
def test_more_faults(seed: int) -> None:
    step_ms = (5 if seed % 2 else 15) * MINUTE_MS
    steps = list(steps_of(generated(seed, 60 * DAY_MS // step_ms, step_ms)))
    assert compared(rough(seed, steps, step_ms)) == []
