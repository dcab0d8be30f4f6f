"""What all exchange files share in decoding: bounds, one error, sums over books, intervals and pages."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from market.observations import HOUR_MS, Venue
from scheduler.exchange import Misread
from scheduler.wire import (
    Amount,
    Price,
    Rate,
    TimeMs,
    decoder,
    depth_bands,
    live_from_ms,
    pages,
    spans_hours,
    strictly,
    subscriptions,
    words,
)


class Row(Struct):
    price: Price = 1.0
    coins: Amount = 0.0
    rate: Rate = 0.0
    at_ms: TimeMs = 0


read_row = decoder(Venue.BINANCE, "row", Row)


@pytest.mark.parametrize("name", ["price", "coins", "rate", "at_ms"])
@pytest.mark.parametrize(
    "number", ['"NaN"', '"inf"', '"-inf"', "1e400", '""', "null", "true", "[]", "1e19", "NaN"]
)
def test_no_number_is_read_that_is_not_one(name: str, number: str) -> None:
    with pytest.raises(Misread, match="binance row"):
        read_row(f'{{"{name}":{number}}}'.encode())


@pytest.mark.parametrize(
    "row", [{"price": "0"}, {"price": -1}, {"coins": "-0.1"}, {"rate": "1"}, {"at_ms": -1}]
)
def test_a_price_is_above_zero_an_amount_not_below_and_a_rate_less_than_all(row: dict[str, object]) -> None:
    with pytest.raises(Misread):
        read_row(json.dumps(row).encode())


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"<html>", b"null", b'{"price":"\xff"}', b'{"x":' + b"[" * 100_000]
)
def test_what_is_no_such_json_raises_one_error(payload: bytes) -> None:
    with pytest.raises(Misread):
        read_row(payload)


def test_a_loose_row_becomes_strict_or_is_refused_by_the_name_of_its_field() -> None:
    class LooseRow(Struct):
        price: str = "2.5"

    assert strictly(Venue.BINANCE, "row", LooseRow(), Row).price == 2.5
    with pytest.raises(Misread, match="price"):
        strictly(Venue.BINANCE, "row", LooseRow(""), Row)


def test_a_band_reaches_only_where_both_sides_do() -> None:
    near, far = depth_bands(Venue.BINANCE, "BTC", 1, [(99.0, 1.0), (97.5, 2.0)], [(101.0, 3.0)])
    assert (near.bid_usd, near.ask_usd, near.reaches) == (99.0, 303.0, True)
    assert (far.bid_usd, far.ask_usd, far.reaches) == (99.0, 303.0, False)
    assert depth_bands(Venue.BINANCE, "BTC", 1, [], [(101.0, 3.0)]) == ()


@pytest.mark.parametrize(
    ("hours", "spans"),
    [
        ([], []),
        ([8], [None]),
        ([0, 8, 16, 20], [8, 8, 8, 4]),
        ([0, 1, 4], [1, 1, None]),
        ([0, 5], [None, None]),
    ],
)
def test_a_settlement_is_of_the_hours_since_the_one_before(
    hours: list[int], spans: list[float | None]
) -> None:
    assert spans_hours([hour * HOUR_MS for hour in hours], None) == spans


@given(st.integers(0, 10**13), st.integers(0, 10**9), st.integers(1, 500))
def test_pages_touch_and_cover_all_closed_steps(since_ms: int, length_ms: int, rows: int) -> None:
    step_ms = 300_000
    found = list(pages(since_ms, since_ms + length_ms, step_ms, rows))
    assert all(start + count * step_ms == after for (start, count), (after, _) in pairwise(found))
    if found:
        assert found[0][0] == since_ms - since_ms % step_ms
        assert found[-1][0] + found[-1][1] * step_ms == (since_ms + length_ms) // step_ms * step_ms
        assert all(1 <= count <= rows for _, count in found)


def test_history_of_a_day_and_more_is_hourly_up_to_the_open_hour() -> None:
    now_ms = 100 * HOUR_MS + 1
    assert live_from_ms(now_ms - 24 * HOUR_MS, now_ms) == 100 * HOUR_MS
    assert live_from_ms(now_ms - 23 * HOUR_MS, now_ms) == now_ms - 23 * HOUR_MS


def test_subscriptions_are_split_and_numbered() -> None:
    assert [json.loads(one) for one in subscriptions("SUBSCRIBE", ["a", "b", "c"], 2)] == [
        {"method": "SUBSCRIBE", "params": ["a", "b"], "id": 1},
        {"method": "SUBSCRIBE", "params": ["c"], "id": 2},
    ]


@given(st.binary(max_size=2000))
def test_words_of_a_venue_fit_in_a_line(said: bytes) -> None:
    assert len(words(said)) <= 160
    assert words(said).isprintable()
