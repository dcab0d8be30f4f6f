"""What makes a restart exact: for each asset a checkpoint of its state and every step taken since.

The engine is deterministic, so state = fold(step, checkpoint, steps). Steps carry a sequence number from 1 on without
a gap; adding the same step twice changes nothing, and a checkpoint takes the place of its steps in one instant.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_args

import msgspec

from market.observations import Asset, Observation
from store import keys
from store.codec import Kind, Unreadable, decode, encode, pressed, read
from store.connection import Connection

S = TypeVar("S")

LONGEST_TAIL = 10_000
"""Steps kept since a checkpoint at most: growth is bounded even if nobody ever saves one."""
LOAD_WITHIN_S = 10.0
NOTHING: Mapping[Asset, bytes] = MappingProxyType({})

_APPEND = """
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
local base = tonumber(redis.call('HGET', KEYS[1], 'base') or '0')
local seq = tonumber(ARGV[1])
if seq > last + 1 then return {'gap', last} end
if seq <= base then return {'kept', last - base} end
if seq <= last then
  local same = redis.call('LINDEX', KEYS[2], seq - base - 1) == ARGV[2]
  return {same and 'kept' or 'other', same and last - base or last}
end
if last - base >= tonumber(ARGV[3]) then return {'full', last} end
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], 'last', seq)
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'beside', ARGV[4]) end
return {'kept', seq - base}
"""

_CHECKPOINT = """
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
local base = tonumber(redis.call('HGET', KEYS[1], 'base') or '0')
local seq = tonumber(ARGV[1])
if seq < base then return last - base end
if seq >= last then
  last = seq
  redis.call('DEL', KEYS[2])
else
  redis.call('LTRIM', KEYS[2], seq - base, -1)
end
redis.call('HSET', KEYS[1], 'base', seq, 'last', last, 'state', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'beside', ARGV[3]) end
return last - seq
"""

_REFUSED = {
    b"gap": "Step {seq} of {asset} does not follow step {last}, the last one kept.",
    b"other": "Step {seq} of {asset} was kept before with other content; another program writes the same history.",
    b"full": "{asset} has {last} steps and no checkpoint for the last " + f"{LONGEST_TAIL:,} of them.",
}


class OutOfStep(Exception):
    """A step was not kept: it leaves a gap, contradicts a kept one, or the tail is full. A checkpoint mends it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instant of the engine: the market time and what became known by then."""

    now_ms: int
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Remembered(Generic[S]):
    """What is kept of an asset: `state` after step `checkpoint_seq`, and the steps after it, oldest first.

    `state` is None before the first checkpoint (then checkpoint_seq is 0), or where it was lost to this version; then
    `lost` says so, the steps are not the whole story, and the next thing to do is a checkpoint of a state begun anew.
    `beside` is what was kept with the last step that brought any.
    """

    checkpoint_seq: int
    state: S | None
    steps: tuple[Step, ...]
    last_seq: int
    lost: str | None = None
    beside: bytes | None = None


class History(Generic[S]):
    """The steps and checkpoints of every asset. `state` says what a checkpoint holds; `scope` keeps markets apart.

    `beside` is what the maker of the steps remembers: kept in the same instant as a step, so that whatever ends the program
    leaves both of one moment. What it says is the maker's own affair.
    Every method raises StoreUnavailable where the server does not answer; repeating the same call is then safe.
    """

    def __init__(self, connection: Connection, state: Kind[S], scope: str = "live") -> None:
        self._connection = connection
        self._state = state
        self._scope = scope

    async def append(
        self,
        asset: Asset,
        seq: int,
        now_ms: int,
        observations: Sequence[Observation],
        beside: bytes | None = None,
    ) -> int:
        """Keep step `seq` and give the number of steps since the checkpoint; OutOfStep where it cannot follow."""
        step = Step(now_ms, tuple(observations))
        (length,) = await self.append_all({asset: (seq, step)}, {} if beside is None else {asset: beside})
        return length

    async def append_all(
        self, steps: dict[Asset, tuple[int, Step]], beside: Mapping[Asset, bytes] = NOTHING
    ) -> tuple[int, ...]:
        """Keep one step of each asset in one round trip and give their tails' lengths; OutOfStep names the first."""
        async with self._connection.writing() as redis, redis.pipeline(transaction=False) as together:
            script = redis.register_script(_APPEND)
            for asset, (seq, step) in steps.items():
                words: list[int | bytes] = [seq, encode_step(step), LONGEST_TAIL, beside.get(asset, b"")]
                await script(self._keys(asset), words, client=together)
            answers = await together.execute()
        return tuple(
            _length(asset, seq, answer)
            for (asset, (seq, _)), answer in zip(steps.items(), answers, strict=True)
        )

    async def save_checkpoint(self, asset: Asset, seq: int, state: S, beside: bytes | None = None) -> int:
        """Let `state` stand for all steps up to `seq` and give the number of steps left after it.

        An older checkpoint than the kept one changes nothing; a later one than the last step is taken as it is.
        """
        packed = await asyncio.to_thread(pressed, encode(self._state, state))
        async with self._connection.writing() as redis:
            script = redis.register_script(_CHECKPOINT)
            return int(await script(self._keys(asset), [seq, packed, beside or b""]))

    async def load(self, asset: Asset) -> Remembered[S]:
        """What is kept of `asset`, read in one instant; empty where there is nothing."""
        head, tail = self._keys(asset)
        async with (
            self._connection.reading(LOAD_WITHIN_S) as redis,
            redis.pipeline(transaction=True) as together,
        ):
            together.hmget(head, ["base", "last", "state", "beside"])
            together.lrange(tail, 0, -1)
            (base, last, blob, beside), stored = await together.execute()
        return replace(self._read(asset, int(base or 0), int(last or 0), blob, stored), beside=beside)

    async def forget(self, asset: Asset) -> None:
        """Drop all that is kept of `asset`, to begin anew with step 1."""
        async with self._connection.writing() as redis:
            await redis.delete(*self._keys(asset))

    def _keys(self, asset: Asset) -> tuple[str, str]:
        return keys.history(self._scope, asset), keys.steps(self._scope, asset)

    def _read(
        self, asset: Asset, base: int, last: int, blob: bytes | None, stored: Sequence[bytes]
    ) -> Remembered[S]:
        """The kept values, or why they are of no use: half of a history would give a wrong state, not an older one."""
        if last - base != len(stored):
            return Remembered(base, None, (), last, lost=f"The history of {asset} lacks steps.")
        try:
            steps = tuple(map(decode_step, stored))
        except Unreadable as failure:
            return Remembered(base, None, (), last, lost=str(failure))
        state = decode(self._state, blob)
        lost = (
            f"The checkpoint of {asset} cannot be read by this version." if base and state is None else None
        )
        return Remembered(base, state, steps, last, lost)


def _length(asset: Asset, seq: int, answer: tuple[bytes, int]) -> int:
    word, number = answer
    if word in _REFUSED:
        raise OutOfStep(_REFUSED[word].format(asset=asset, seq=seq, last=number))
    return number


_TAGS: dict[type, str] = {kind: kind.__name__ for kind in get_args(Observation)}
_TYPES = {tag: kind for kind, tag in _TAGS.items()}
_STEP: Kind[tuple[int, list[tuple[str, msgspec.Raw]]]] = Kind(
    "step", 1, tuple[int, list[tuple[str, msgspec.Raw]]]
)


def encode_step(step: Step) -> bytes:
    """The bytes of a step: its time, and each observation with the name of its type."""
    tagged = [(_TAGS[type(observation)], _raw(observation)) for observation in step.observations]
    return encode(_STEP, (step.now_ms, tagged))


def decode_step(stored: bytes) -> Step:
    """The step in `stored`, floats bit for bit; Unreadable for a type of observation unknown to this version."""
    now_ms, tagged = read(_STEP, stored)
    try:
        return Step(now_ms, tuple(_decoder(_TYPES[tag]).decode(raw) for tag, raw in tagged))
    except (KeyError, msgspec.DecodeError) as failure:
        raise Unreadable(f"A stored step cannot be read: {failure}.") from failure


def _raw(observation: Observation) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(observation))


@cache
def _decoder(kind: type[Any]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
