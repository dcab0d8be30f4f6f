"""Values to bytes and back, for what is stored today and for any dataclass that comes."""

import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from math import copysign, inf, isnan, nan
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.codec import Kind, OtherSchema, Unreadable, decode, encode
from store.history import decode_step
from store.snapshots import SNAPSHOT
from tests.store.samples import BTC, SAMPLES, STEP, golden_file


class Size(IntEnum):
    SMALL = 0
    LARGE = 1


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    colour: Colour
    value: float | None = None


@dataclass(slots=True)
class Window:
    values: deque[float] = field(default_factory=deque)
    inners: deque[Inner] = field(default_factory=deque)
    sizes: Mapping[str, Size | None] = field(default_factory=dict)
    by_colour: dict[Colour, Inner] = field(default_factory=dict)
    by_day: dict[int, list[float]] = field(default_factory=dict)
    pair: tuple[int, float] = (0, 0.0)
    rest: tuple[Inner, ...] = ()
    known: bool | None = None
    total: float = field(default=0.0, init=False)


WINDOW = Kind("window", 1, Window)
NUMBER = Kind("number", 1, float)
PLEDGE = Kind("pledge", 2, Inner, rebuildable=False)


def bits(value: float) -> bytes:
    return struct.pack(">d", value)


def test_a_value_of_every_shape_comes_back_equal() -> None:
    window = Window(
        values=deque([1.5, -0.0], maxlen=7),
        inners=deque([Inner(Colour.RED, 2.0), Inner(Colour.RED)]),
        sizes={"a": Size.LARGE, "b": None},
        by_colour={Colour.RED: Inner(Colour.RED)},
        by_day={19_000: [1.0, 2.0]},
        pair=(3, 4.0),
        rest=(Inner(Colour.RED),),
        known=False,
    )
    window.total = 9.75
    again = decode(WINDOW, encode(WINDOW, window))
    assert again == window
    assert again is not None
    assert again.values.maxlen == 7
    assert again.inners.maxlen is None
    assert type(again.sizes["a"]) is Size
    assert type(next(iter(again.by_colour))) is Colour


@given(st.floats(allow_nan=False, allow_infinity=True, allow_subnormal=True))
def test_a_float_comes_back_bit_for_bit(value: float) -> None:
    again = decode(NUMBER, encode(NUMBER, value))
    assert again is not None
    assert bits(again) == bits(value)


def test_nan_infinities_and_the_sign_of_zero_come_back() -> None:
    for value in (nan, copysign(nan, -1.0), inf, -inf, 0.0, -0.0, 5e-324, 1.7976931348623157e308):
        again = decode(NUMBER, encode(NUMBER, value))
        assert again is not None
        assert bits(again) == bits(value)


def test_numbers_of_numpy_are_stored_as_the_numbers_they_are() -> None:
    window = Window(values=deque([np.float64(0.1)]))
    assert decode(WINDOW, encode(WINDOW, window)) == Window(values=deque([0.1]))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_what_is_stored_today_comes_back_equal(name: str) -> None:
    kind, value = SAMPLES[name]
    assert decode(kind, encode(kind, value)) == value


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_what_an_earlier_version_stored_is_read(name: str) -> None:
    kind, value = SAMPLES[name]
    assert decode(kind, golden_file(name, kind.schema).read_bytes()) == value


def test_a_step_that_an_earlier_version_stored_is_read() -> None:
    assert decode_step(golden_file("step", 1).read_bytes()) == STEP


def test_a_snapshot_that_comes_back_answers_as_before() -> None:
    again = decode(SNAPSHOT, encode(SNAPSHOT, BTC))
    assert again is not None
    assert again.fact("funding", "f24") == 0.0003
    assert again.regime.flag("fe") is True
    assert again.regime.flag("brk") is None


def test_nothing_stored_is_none() -> None:
    assert decode(WINDOW, None) is None
    assert decode(PLEDGE, None) is None


def test_a_newer_schema_is_missing_where_the_value_can_be_rebuilt(caplog: pytest.LogCaptureFixture) -> None:
    newer = encode(Kind("window", 2, Window), Window())
    assert decode(WINDOW, newer) is None
    assert "The stored window has schema 2, written by a newer version than this." in caplog.text


@pytest.mark.parametrize(("schema", "age"), [(1, "an older"), (3, "a newer")])
def test_another_schema_is_an_error_where_it_cannot(schema: int, age: str) -> None:
    stored = encode(Kind("pledge", schema, Inner), Inner(Colour.RED))
    with pytest.raises(OtherSchema, match=f"schema {schema}, written by {age} version"):
        decode(PLEDGE, stored)


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\xc1",
        b"not msgpack at all",
        encode(WINDOW, Window())[:-3],
        msgspec.msgpack.encode([1, {"values": [None, "text"]}]),
        msgspec.msgpack.encode([1, {"values": 5}]),
        msgspec.msgpack.encode([1, {"values": [None]}]),
        msgspec.msgpack.encode([1, {"by_colour": {"green": {"colour": "red"}}}]),
        msgspec.msgpack.encode([1]),
    ],
)
def test_damaged_bytes_are_missing_or_a_named_error_and_nothing_else(
    stored: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert decode(WINDOW, stored) is None
    assert "The stored window cannot be read" in caplog.text
    with pytest.raises(Unreadable):
        decode(Kind("window", 1, Window, rebuildable=False), stored)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_unreadable(stored: bytes) -> None:
    try:
        decode(PLEDGE, stored)
    except Unreadable:
        return


def test_a_field_added_later_takes_its_default_and_one_taken_away_is_dropped() -> None:
    stored = msgspec.msgpack.encode([2, {"colour": "red", "weight_kg": 3}])
    assert decode(PLEDGE, stored) == Inner(Colour.RED, None)


def test_a_type_that_cannot_be_stored_is_named() -> None:
    kind: Kind[Any] = Kind("thing", 1, object)
    with pytest.raises(NotImplementedError, match="complex cannot be stored"):
        encode(kind, 1j)


def test_nan_in_a_window_stays_nan() -> None:
    again = decode(WINDOW, encode(WINDOW, Window(values=deque([nan]))))
    assert again is not None
    assert isnan(again.values[0])
