"""Years: what any earlier version stored is read, and a change of what is stored cannot go unnoticed."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from market.observations import HOUR_MS, Candle, Venue
from market.rules import Rules
from scheduler.cycle import ENGINE_STATE
from scheduler.engine import Engine
from scheduler.live.memory import CONDENSER_STATE
from store.codec import Kind, OtherSchema, Unreadable, as_it_was, decode, encode, pressed, read, schema_of
from store.history import decode_step
from tests.store.samples import GOLDEN, SAMPLES, golden_file
from tests.store.shapes import is_wider, kinds, shape_of, title

FILES = {kind.name: name for name, (kind, _) in SAMPLES.items()} | {
    "engine state": "engine_state",
    "condenser state": "condenser_state",
    "step": "step",
}


@pytest.mark.parametrize("kind", kinds(), ids=title)
def test_every_kind_is_read_from_the_golden_file_of_each_of_its_numbers(kind: Kind[Any]) -> None:
    assert kind.name in FILES, f"write a sample of {kind.name} into tests/store/samples.py"
    for number in range(1, kind.schema + 1):
        stored = golden_file(FILES[kind.name], number).read_bytes()
        assert schema_of(stored) == number
        if kind.name == "step":
            decode_step(stored)
        elif all(step in kind.upgrades for step in range(number, kind.schema)):
            assert read(kind, stored) is not None
        else:
            assert kind.rebuildable, f"no way leads from {kind.name} {number} to today's"
            assert decode(kind, stored) is None


@pytest.mark.parametrize("kind", kinds(), ids=title)
def test_the_shape_of_a_kind_does_not_change_without_its_number(kind: Kind[Any]) -> None:
    recorded = json.loads((GOLDEN / "shapes.json").read_text())
    assert shape_of(kind) == recorded.get(title(kind)), (
        f"{title(kind)} is stored in another shape than before. Where only fields with a default that is true of an old "
        "value were added: `python -m tests.store.samples`. Else raise its number, say in `upgrades` how an old value "
        "becomes a new one, and run it then."
    )


def test_a_field_that_goes_or_changes_or_comes_without_a_default_is_no_wider_shape() -> None:
    old = {"Chat": {"address": "str", "cap": "int | None = None"}}
    assert is_wider(old, {"Chat": {**old["Chat"], "spoken": "str = ''"}, "Change": {"at_ms": "int"}})
    assert not is_wider(old, {"Chat": {"address": "str"}})
    assert not is_wider(old, {"Chat": {**old["Chat"], "cap": "int | None = 3"}})
    assert not is_wider(old, {"Chat": {**old["Chat"], "spoken": "str"}})
    assert not is_wider(old, {})


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_an_engine_of_every_earlier_number_goes_on_with_what_it_learned(number: int) -> None:
    state = read(ENGINE_STATE, golden_file("engine_state", number).read_bytes())
    learned, now_ms = len(state.market.volatility.squares_7d), state.market.now_ms
    assert learned > 20
    snapshot, _ = Engine("BTC", Rules(), "live", state).step(now_ms + HOUR_MS, [_bar(now_ms)])
    assert snapshot.fact("price", "price_usd") == 98.0
    assert len(state.market.volatility.squares_7d) == learned + 1
    assert state.market.hours.last_close_ms == now_ms + HOUR_MS


def _bar(open_ms: int) -> Candle:
    return Candle(Venue.BINANCE, open_ms, HOUR_MS, 97.5, 98.5, 97.0, 98.0, 98.0, 1_000.0, 98_000.0)


def test_an_engine_of_the_first_number_is_begun_anew_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert decode(ENGINE_STATE, golden_file("engine_state", 1).read_bytes()) is None
    assert "The stored engine state has schema 1, written by an older version than this." in caplog.text


def test_a_condenser_of_the_first_number_knows_no_books_yet() -> None:
    state = read(CONDENSER_STATE, golden_file("condenser_state", 1).read_bytes())
    assert Venue.BINANCE in state.venues
    assert state.depths == {}


def test_an_upgraded_value_is_written_under_the_number_of_today() -> None:
    state = read(ENGINE_STATE, golden_file("engine_state", 2).read_bytes())
    stored = encode(ENGINE_STATE, state)
    assert schema_of(stored) == ENGINE_STATE.schema
    assert encode(ENGINE_STATE, read(ENGINE_STATE, stored)) == stored


def test_windows_of_an_engine_that_is_read_back_are_in_order() -> None:
    window = read(ENGINE_STATE, golden_file("engine_state", 3).read_bytes()).market.liquidations.totals
    assert len(window.values) > 20
    assert list(window.ordered) == sorted(window.values)


def test_a_pressed_value_is_read_as_it_was() -> None:
    stored = golden_file("engine_state", ENGINE_STATE.schema).read_bytes()
    small = pressed(stored)
    assert len(small) < len(stored) / 2
    assert encode(ENGINE_STATE, read(ENGINE_STATE, small)) == stored
    assert schema_of(small) == ENGINE_STATE.schema


@pytest.mark.parametrize(
    "stored", [b"\x78", b"\x78\x01", pressed(b"\x92\x02\xc0")[:-3], pressed(b"nothing that is stored")]
)
def test_damaged_pressed_bytes_are_unreadable_and_nothing_else(stored: bytes) -> None:
    with pytest.raises(Unreadable):
        read(NUMBERED, stored)


NUMBERED: Kind[dict[str, int]] = Kind(
    "purse",
    3,
    dict[str, int],
    upgrades={
        1: lambda cents: {"cents": cents},
        2: lambda purse: {"cents": purse["cents"], "coins": 0},
    },
)


def test_a_value_goes_from_number_to_number() -> None:
    first: Kind[Any] = Kind("purse", 1, int)
    assert read(NUMBERED, encode(first, 250)) == {"cents": 250, "coins": 0}


def test_a_number_from_which_no_way_leads_is_named() -> None:
    stored = encode(replace(NUMBERED, schema=1), {"cents": 1})
    with pytest.raises(OtherSchema, match="schema 1, written by an older version"):
        read(replace(NUMBERED, upgrades={2: as_it_was}), stored)


def test_a_damaged_old_value_is_unreadable_and_nothing_else() -> None:
    stored = msgspec.msgpack.encode([2, {"pence": 1}])
    with pytest.raises(Unreadable, match="purse of schema 2 is damaged"):
        read(NUMBERED, stored)


def test_bytes_without_a_number_are_said_to_be_unreadable() -> None:
    with pytest.raises(Unreadable):
        schema_of(b"\xc1")
