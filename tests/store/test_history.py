"""A restart is exact: checkpoint and steps, whatever is repeated, lost or cut in between."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from market.observations import HOUR_MS, Observation, OpenInterest, Venue
from store import history, keys
from store.codec import Kind, encode
from store.connection import Connection
from store.history import History, OutOfStep, Remembered, Step, decode_step, encode_step
from tests.store.samples import NOW_MS, STEP


@dataclass(slots=True)
class Sum:
    """A state whose every bit depends on the order of what it saw."""

    total: float = 0.0
    seen: list[float] = field(default_factory=list)

    def take(self, step: Step) -> None:
        for said in step.observations:
            assert isinstance(said, OpenInterest)
            self.total = self.total * 1.1 + said.coins
            self.seen.append(self.total)


SUM = Kind("sum", 1, Sum)


def kept(connection: Connection, scope: str = "live") -> History[Sum]:
    return History(connection, SUM, scope)


def coins(*values: float) -> tuple[Observation, ...]:
    return tuple(OpenInterest(Venue.BINANCE, NOW_MS, value, HOUR_MS) for value in values)


def restarted(remembered: Remembered[Sum]) -> Sum:
    state = remembered.state or Sum()
    for step in remembered.steps:
        state.take(step)
    return state


async def test_nothing_is_remembered_at_first(valkey: Connection) -> None:
    assert await kept(valkey).load("BTC") == Remembered(0, None, (), 0)


async def test_steps_come_back_in_order_and_to_the_bit(valkey: Connection) -> None:
    memory = kept(valkey)
    assert await memory.append("BTC", 1, NOW_MS, STEP.observations) == 1
    assert await memory.append("BTC", 2, NOW_MS + 1, ()) == 2
    remembered = await memory.load("BTC")
    assert remembered == Remembered(0, None, (STEP, Step(NOW_MS + 1, ())), 2)
    assert [encode_step(step) for step in remembered.steps] == [
        encode_step(STEP),
        encode_step(Step(NOW_MS + 1, ())),
    ]


async def test_the_same_step_twice_is_one(valkey: Connection) -> None:
    memory = kept(valkey)
    for _ in range(3):
        assert await memory.append("BTC", 1, NOW_MS, coins(1.0)) == 1
    assert len((await memory.load("BTC")).steps) == 1


async def test_a_gap_is_refused_and_nothing_is_changed(valkey: Connection) -> None:
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, coins(1.0))
    with pytest.raises(OutOfStep, match="Step 3 of BTC does not follow step 1"):
        await memory.append("BTC", 3, NOW_MS, coins(3.0))
    assert (await memory.load("BTC")).last_seq == 1


async def test_another_program_that_writes_the_same_step_is_noticed(valkey: Connection) -> None:
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, coins(1.0))
    with pytest.raises(OutOfStep, match="kept before with other content"):
        await memory.append("BTC", 1, NOW_MS, coins(2.0))


async def test_a_checkpoint_takes_the_place_of_its_steps(valkey: Connection) -> None:
    memory = kept(valkey)
    for seq in range(1, 6):
        await memory.append("BTC", seq, NOW_MS + seq, coins(float(seq)))
    assert await memory.save_checkpoint("BTC", 3, Sum(6.0, [6.0])) == 2
    remembered = await memory.load("BTC")
    assert (remembered.checkpoint_seq, remembered.state, remembered.last_seq) == (3, Sum(6.0, [6.0]), 5)
    assert [step.now_ms - NOW_MS for step in remembered.steps] == [4, 5]
    assert await memory.append("BTC", 6, NOW_MS, ()) == 3


async def test_a_checkpoint_twice_or_an_older_one_changes_nothing(valkey: Connection) -> None:
    memory = kept(valkey)
    for seq in range(1, 5):
        await memory.append("BTC", seq, NOW_MS, coins(float(seq)))
    await memory.save_checkpoint("BTC", 3, Sum(3.0))
    before = await memory.load("BTC")
    assert await memory.save_checkpoint("BTC", 3, Sum(3.0)) == 1
    assert await memory.save_checkpoint("BTC", 2, Sum(2.0)) == 1
    assert await memory.load("BTC") == before


async def test_a_step_under_a_checkpoint_is_not_added_again(valkey: Connection) -> None:
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, coins(1.0))
    await memory.save_checkpoint("BTC", 1, Sum(1.0))
    assert await memory.append("BTC", 1, NOW_MS, coins(1.0)) == 0
    assert (await memory.load("BTC")).steps == ()


async def test_after_a_flush_by_mistake_a_checkpoint_mends_the_history(valkey: Connection) -> None:
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, coins(1.0))
    async with valkey.writing() as redis:
        await redis.flushall()
    with pytest.raises(OutOfStep):
        await memory.append("BTC", 2, NOW_MS, coins(2.0))
    assert await memory.save_checkpoint("BTC", 2, Sum(2.0)) == 0
    assert await memory.append("BTC", 3, NOW_MS, coins(3.0)) == 1
    assert (await memory.load("BTC")).checkpoint_seq == 2


async def test_growth_is_bounded_even_without_checkpoints(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LONGEST_TAIL", 2)
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, ())
    await memory.append("BTC", 2, NOW_MS, ())
    with pytest.raises(OutOfStep, match="no checkpoint"):
        await memory.append("BTC", 3, NOW_MS, ())
    await memory.save_checkpoint("BTC", 2, Sum())
    assert await memory.append("BTC", 3, NOW_MS, ()) == 1


async def test_assets_and_markets_are_kept_apart(valkey: Connection) -> None:
    live, simulated = kept(valkey), kept(valkey, "simulated")
    await live.append("BTC", 1, NOW_MS, coins(1.0))
    await live.append("ETH", 1, NOW_MS, coins(2.0))
    assert (await simulated.load("BTC")).last_seq == 0
    await live.forget("BTC")
    assert (await live.load("BTC")).last_seq == 0
    assert (await live.load("ETH")).last_seq == 1


async def test_the_steps_of_a_cycle_go_in_one_round_trip_and_one_refusal_does_not_stop_the_others(
    valkey: Connection,
) -> None:
    memory = kept(valkey)
    step = Step(NOW_MS, coins(1.0))
    assert await memory.append_all({"BTC": (1, step), "ETH": (1, step)}) == (1, 1)
    with pytest.raises(OutOfStep, match="Step 9 of BTC"):
        await memory.append_all({"BTC": (9, step), "ETH": (2, step)})
    assert (await memory.load("ETH")).last_seq == 2
    assert await memory.append_all({}) == ()


async def test_scripts_come_back_after_the_server_forgot_them(valkey: Connection) -> None:
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, ())
    async with valkey.writing() as redis:
        await redis.script_flush()
    assert await memory.append("BTC", 2, NOW_MS, ()) == 2
    async with valkey.writing() as redis:
        await redis.script_flush()
    assert await memory.save_checkpoint("BTC", 1, Sum()) == 1


Damage = Callable[[Redis], Awaitable[Any]]
STEPS, HEAD = keys.steps("live", "BTC"), keys.history("live", "BTC")
SET_FIRST = "return redis.call('LSET', KEYS[1], 0, ARGV[1])"
DAMAGES: dict[str, Damage] = {
    "a step of schema 99": lambda redis: redis.eval(SET_FIRST, 1, STEPS, b"\x92\x63\x90"),
    "an unknown observation": lambda redis: redis.eval(
        SET_FIRST, 1, STEPS, b"\x92\x01\x92\x00\x91\x92\xa3New\x80"
    ),
    "a step too many": lambda redis: redis.rpush(STEPS, encode_step(STEP)),
    "a step too few": lambda redis: redis.lpop(STEPS),
    "a checkpoint of schema 99": lambda redis: redis.hset(HEAD, "state", b"\x92\x63\x80"),
    "no checkpoint": lambda redis: redis.hdel(HEAD, "state"),
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
async def test_half_a_history_is_said_to_be_lost_instead_of_giving_a_wrong_state(
    damage: str, valkey: Connection
) -> None:
    memory = kept(valkey)
    for seq in range(1, 4):
        await memory.append("BTC", seq, NOW_MS, coins(float(seq)))
    await memory.save_checkpoint("BTC", 1, Sum(1.0))
    async with valkey.writing() as redis:
        await DAMAGES[damage](redis)
    remembered = await memory.load("BTC")
    assert remembered.lost
    assert remembered.state is None
    assert remembered.last_seq == 3
    await memory.save_checkpoint("BTC", remembered.last_seq, Sum())
    assert await memory.load("BTC") == Remembered(3, Sum(), (), 3)


@pytest.mark.parametrize("bad", [b"", b"\x92\x01\x05", encode(SUM, Sum())])
def test_bytes_that_are_no_step_are_a_named_error(bad: bytes) -> None:
    with pytest.raises(Exception, match="cannot be read"):
        decode_step(bad)


actions = st.lists(
    st.sampled_from(["step", "step", "step", "repeat", "checkpoint", "old checkpoint", "restart"]),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=actions, values=st.lists(st.floats(-1e300, 1e300), min_size=30, max_size=30))
async def test_whatever_happens_a_restart_gives_the_state_that_never_stopped(
    actions: Sequence[str], values: Sequence[float], valkey: Connection
) -> None:
    memory = kept(valkey)
    await memory.forget("BTC")
    whole, state, seq = Sum(), Sum(), 0
    for action, value in zip(actions, values, strict=False):
        if action == "step":
            seq += 1
            await memory.append("BTC", seq, NOW_MS + seq, coins(value))
            whole.take(Step(NOW_MS + seq, coins(value)))
            state.take(Step(NOW_MS + seq, coins(value)))
        elif action == "repeat" and seq:
            last = (await memory.load("BTC")).steps[-1:]
            for step in last:
                await memory.append("BTC", seq, step.now_ms, step.observations)
        elif action == "checkpoint":
            await memory.save_checkpoint("BTC", seq, state)
        elif action == "old checkpoint":
            await memory.save_checkpoint("BTC", 0, Sum())
        elif action == "restart":
            state = restarted(await memory.load("BTC"))
    remembered = await memory.load("BTC")
    assert remembered.last_seq == seq
    assert encode(SUM, restarted(remembered)) == encode(SUM, whole)


async def test_what_the_maker_of_the_steps_remembers_is_kept_with_them_and_never_beside_a_refused_one(
    valkey: Connection,
) -> None:
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, coins(1.0), b"after one")
    assert (await memory.load("BTC")).beside == b"after one"
    with pytest.raises(OutOfStep):
        await memory.append("BTC", 3, NOW_MS, coins(3.0), b"after three")
    with pytest.raises(OutOfStep):
        await memory.append("BTC", 1, NOW_MS, coins(2.0), b"another one")
    assert (await memory.load("BTC")).beside == b"after one"


async def test_a_step_without_it_and_a_checkpoint_without_it_leave_it_as_it_was(valkey: Connection) -> None:
    memory = kept(valkey)
    await memory.append("BTC", 1, NOW_MS, coins(1.0), b"after one")
    await memory.append("BTC", 2, NOW_MS, coins(2.0))
    await memory.save_checkpoint("BTC", 2, Sum())
    assert (await memory.load("BTC")).beside == b"after one"
    await memory.save_checkpoint("BTC", 900, Sum(), b"after the past")
    assert (await memory.load("BTC")).beside == b"after the past"
    await memory.forget("BTC")
    assert (await memory.load("BTC")).beside is None
