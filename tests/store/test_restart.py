"""The whole engine, stopped at any bar and started again from the store: the later states are the same to the bit."""

from collections.abc import Sequence
from functools import cache
from math import sin

import pytest

from market.observations import HOUR_MS, Candle, Funding, Liquidations, Observation, OpenInterest, Skew, Venue
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.engine import Engine, EngineState
from store.codec import Kind, encode
from store.connection import Connection
from store.history import History, Step

ENGINE = Kind("engine state", 1, EngineState)
RULES = Rules()
BEGUN_MS = 1_700_006_400_000
HOURS = 400


def hour(number: int) -> Step:
    """A market of waves, with a fall and forced selling from hour 300 on."""
    now_ms = BEGUN_MS + (number + 1) * HOUR_MS
    price = 100.0 * (1.0 + 0.02 * sin(number / 7.3)) * 0.99 ** max(0, number - 300)
    said: list[Observation] = [
        Candle(
            Venue.BINANCE, now_ms - HOUR_MS, HOUR_MS, price, price * 1.01, price * 0.99, price, price, 10.0
        ),
        OpenInterest(Venue.BINANCE, now_ms, 1_000.0 + 50.0 * sin(number / 11.0), HOUR_MS),
        Liquidations(
            Venue.COINGLASS, now_ms, HOUR_MS, 0.1 if number < 300 else 9.0, 0.1 + 0.05 * sin(number)
        ),
        Skew(Venue.DERIBIT, now_ms, HOUR_MS, 0.03 + 0.01 * sin(number / 5.0)),
    ]
    if number % 8 == 7:
        said.append(Funding(Venue.BINANCE, now_ms, 0.0001 + 0.00005 * sin(number / 13.0), 8.0))
    return Step(now_ms, tuple(said))


STEPS = [hour(number) for number in range(HOURS)]


def take(engine: Engine, steps: Sequence[Step]) -> list[Snapshot]:
    """Fold the steps and give the snapshots on the way."""
    return [engine.step(step.now_ms, step.observations)[0] for step in steps]


@cache
def never_stopped() -> tuple[list[Snapshot], bytes]:
    """Every snapshot of the engine that ran through, and the bytes of its last state."""
    engine = Engine("BTC", RULES, "history")
    return take(engine, STEPS), encode(ENGINE, engine.state)


@pytest.mark.parametrize(
    ("stopped_at", "checkpoint_every"), [(1, 1), (170, 37), (299, HOURS), (301, 1), (301, 37), (350, 350)]
)
async def test_a_restart_at_any_bar_gives_byte_identical_later_states(
    stopped_at: int, checkpoint_every: int, valkey: Connection
) -> None:
    memory = History(valkey, ENGINE)
    running = Engine("BTC", RULES, "history")
    for seq, step in enumerate(STEPS[:stopped_at], start=1):
        await memory.append("BTC", seq, step.now_ms, step.observations)
        take(running, [step])
        if seq % checkpoint_every == 0:
            await memory.save_checkpoint("BTC", seq, running.state)
    remembered = await memory.load("BTC")
    assert remembered.last_seq == stopped_at
    again = Engine("BTC", RULES, "history", remembered.state)
    take(again, remembered.steps)
    snapshots, last_state = never_stopped()
    assert take(again, STEPS[stopped_at:]) == snapshots[stopped_at:]
    assert encode(ENGINE, again.state) == last_state
