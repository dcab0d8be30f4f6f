"""OKX: what is asked, what is heard, and how it is read."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.observations import (
    DAY_MS,
    HOUR_MS,
    DepthBand,
    Funding,
    Liquidation,
    Mark,
    OpenInterest,
    Side,
    Venue,
)
from scheduler.exchange import LIVE_STEP_MS, Asked, Instrument, Kind, Misread, Told, Verdict
from scheduler.exchanges.okx import EXCHANGE
from scheduler.exchanges.okx.answers import (
    earlier_liquidations,
    earlier_settled,
    read_candles,
    read_depth,
    read_funding,
    read_liquidations,
    read_marks,
    read_open_interest,
    read_open_interest_history,
    read_settled,
)
from scheduler.exchanges.okx.frames import IndexInMemory, read_frame
from scheduler.exchanges.okx.listing import read_instruments, read_tiers
from scheduler.exchanges.okx.spot import read_spot, read_spot_listing
from tests.scheduler.exchanges.mutations import mutated
from tests.scheduler.exchanges.snapshots import expected, payload, spoken

NOW_MS = 1_791_565_010_000
BTC = Instrument(Venue.OKX, "BTC-USDT-SWAP", "BTC", 0.01)
PEPE = Instrument(Venue.OKX, "PEPE-USDT-SWAP", "1000PEPE", 10_000.0, quoted_coins=0.001)
INVERSE = Instrument(Venue.OKX, "BTC-USD-SWAP", "BTC", None, usd_per_contract=100.0)
OURS = {one.symbol: one for one in (BTC, PEPE)}
ASKED = Asked(NOW_MS, OURS, "BTC-USDT-SWAP", price_usd=80_000.0)
ASKED_INVERSE = Asked(NOW_MS, {INVERSE.symbol: INVERSE}, INVERSE.symbol)
OF_ALL = Asked(NOW_MS, OURS)
SPOT = {one.symbol: one for one in (replace(BTC, spot_symbol="BTC-USDT"), PEPE)}
READ: dict[str, tuple[Callable[[bytes, Asked], Any], Asked]] = {
    "marks": (read_marks, OF_ALL),
    "open_interest": (read_open_interest, OF_ALL),
    "funding": (read_funding, OF_ALL),
    "candles": (read_candles, Asked(NOW_MS, OURS, BTC.symbol, LIVE_STEP_MS)),
    "past_open_interest": (read_open_interest_history, Asked(NOW_MS, OURS, BTC.symbol, HOUR_MS)),
    "settled_funding": (read_settled, ASKED),
    "depth": (read_depth, ASKED),
    "instruments": (read_instruments, Asked(NOW_MS)),
    "spot_listing": (read_spot_listing, Asked(NOW_MS, OURS)),
    "spot": (read_spot, Asked(NOW_MS, SPOT, BTC.symbol, HOUR_MS)),
    "tiers": (read_tiers, ASKED),
    "liquidations": (read_liquidations, ASKED),
    "frame_mark": (read_frame, OF_ALL),
    "frame_open_interest": (read_frame, OF_ALL),
    "frame_funding": (read_frame, OF_ALL),
    "frame_liquidation": (read_frame, OF_ALL),
    "frame_acknowledged": (read_frame, OF_ALL),
}


def said_of(kind: str) -> Any:
    read, asked = READ[kind]
    return read(payload("okx", kind), asked)


def changed(kind: str, change: Callable[[Any], None]) -> bytes:
    value = json.loads(payload("okx", kind))
    change(value)
    return json.dumps(value).encode()


def only(of: type, reports: Any) -> list[Any]:
    inside = [one.said if isinstance(one, Told) else one for one in reports]
    return [one for one in inside if isinstance(one, of)]


def closed(asked: Asked = OF_ALL, symbol: str = BTC.symbol, **fields: str) -> list[Any]:
    def change(value: Any) -> None:
        row = value["data"][0]
        row["instId"] = symbol
        row["details"][0].update(fields)

    return only(Liquidation, read_frame(changed("frame_liquidation", change), asked))


def index(ts: int, price: str, family: str = "BTC-USDT") -> bytes:
    arg = {"channel": "index-tickers", "instId": family}
    return json.dumps({"arg": arg, "data": [{"instId": family, "idxPx": price, "ts": str(ts)}]}).encode()


@pytest.mark.parametrize("kind", READ)
def test_our_own_payload_is_understood_as_committed_beside_it(kind: str) -> None:
    assert spoken(said_of(kind)) == expected("okx", kind)


# ---------------------------------------------------------------------------------- the twelve traps


def test_trap_4_liquidation_orders_are_a_sample_on_stream_and_rest() -> None:
    assert all(one.is_sample for one in (*said_of("frame_liquidation"), *said_of("liquidations")))


@pytest.mark.parametrize(
    ("position", "order", "side"),
    [
        ("long", "sell", Side.LONG),
        ("short", "buy", Side.SHORT),
        ("long", "buy", Side.LONG),
        ("net", "sell", Side.LONG),
        ("net", "buy", Side.SHORT),
    ],
)
def test_trap_5_pos_side_is_the_position_and_net_is_told_by_the_order(
    position: str, order: str, side: Side
) -> None:
    (said,) = closed(posSide=position, side=order)
    assert said.side is side


@pytest.mark.parametrize(("position", "order"), [("both", "sell"), ("net", ""), ("", "buy")])
def test_trap_5_a_side_nobody_documents_is_refused(position: str, order: str) -> None:
    with pytest.raises(Misread, match="ide"):
        closed(posSide=position, side=order)


def test_trap_6_liquidation_sizes_are_contracts() -> None:
    (said,) = said_of("frame_liquidation")
    assert said.coins == pytest.approx(8.55 * 0.01)
    assert said.coins * said.price_usd == pytest.approx(7_067, abs=1)


def test_trap_6_an_inverse_contract_is_worth_dollars_and_never_multiplied_by_the_price() -> None:
    (said,) = closed(ASKED_INVERSE, INVERSE.symbol, sz="20", bkPx="50000")
    assert said.coins * said.price_usd == pytest.approx(2_000.0)
    near, _ = only(DepthBand, read_depth(payload("okx", "depth"), ASKED_INVERSE))
    assert near.bid_usd == pytest.approx((200 + 300) * 100)


def test_trap_6_a_book_is_in_contracts() -> None:
    near, far = said_of("depth")
    assert (near.bid_usd, near.ask_usd, near.reaches) == (999 * 2 + 991 * 3, 1001 + 1009 * 2, True)
    assert (far.bid_usd, far.reaches) == (999 * 2 + 991 * 3 + 985 * 10, False)


def test_trap_6_open_interest_is_told_in_coins_of_oi_ccy_or_of_contracts_times_their_size() -> None:
    btc, _ = only(OpenInterest, said_of("open_interest"))
    without = changed("open_interest", lambda value: value["data"][0].update(oiCcy=""))
    counted, _ = only(OpenInterest, read_open_interest(without, OF_ALL))
    assert (btc.coins, counted.coins) == (28_000.0, 28_000.0)


def test_trap_6_brackets_are_in_contracts() -> None:
    (tiers,) = said_of("tiers").values()
    assert [(step.floor_usd, step.cap_usd) for step in tiers.steps] == [
        (0.0, 800_000.0),
        (800_000.0, 4_000_000.0),
    ]


def test_the_rate_of_a_bracket_is_of_the_whole_position() -> None:
    (tiers,) = said_of("tiers").values()
    assert tiers.is_whole_rate
    assert tiers.priced_at_usd == ASKED.price_usd
    assert [(step.maintenance_rate, step.maintenance_amount_usd) for step in tiers.steps] == [
        (0.004, 0.0),
        (0.005, 0.0),
    ]


def test_trap_7_the_interval_is_the_distance_of_two_settlements() -> None:
    assert [(one.interval_hours, one.rate_8h) for one in only(Funding, said_of("funding"))] == [
        (8.0, 0.0001),
        (4.0, -0.0004),
    ]


def test_trap_7_a_settled_rate_whose_interval_cannot_be_told_is_not_told() -> None:
    alone = changed("settled_funding", lambda value: value["data"].__delitem__(slice(1, None)))
    assert read_settled(alone, ASKED) == ()
    assert [one.interval_hours for one in only(Funding, said_of("settled_funding"))] == [8.0, 8.0, 4.0]


def test_trap_8_funding_rate_is_the_prediction_for_the_upcoming_settlement() -> None:
    btc, _ = only(Funding, said_of("funding"))
    assert (btc.settled, btc.rate, btc.next_at_ms) == (False, 0.0001, 1_791_590_400_000)


def test_trap_8_what_was_paid_is_the_realized_rate() -> None:
    paid = only(Funding, said_of("settled_funding"))
    assert [one.rate for one in paid] == [0.0001, 0.0002, -0.00005]
    assert all(one.settled for one in paid)


def test_trap_12_an_empty_string_is_absent_and_not_zero() -> None:
    quiet = changed("funding", lambda value: value["data"][0].update(fundingRate=""))
    assert [one.rate for one in only(Funding, read_funding(quiet, OF_ALL))] == [-0.0002]
    gone = Asked(NOW_MS, {"GONE-USDT-SWAP": Instrument(Venue.OKX, "GONE-USDT-SWAP", "GONE", 1.0)})
    assert read_marks(payload("okx", "marks"), gone) == ()
    with pytest.raises(Misread, match="markPx is absent"):
        read_marks(changed("marks", lambda value: value["data"][3].pop("markPx")), gone)


# ---------------------------------------------------------------------------------- invariants


def test_a_coin_quoted_singly_is_told_by_the_thousand_as_on_binance() -> None:
    _, mark = only(Mark, said_of("marks"))
    _, interest = only(OpenInterest, said_of("open_interest"))
    assert (mark.asset, mark.mark_usd, interest.coins) == ("1000PEPE", 0.01, 5e9)
    assert interest.coins * mark.mark_usd == pytest.approx(50_000_000)


def test_only_live_linear_swaps_in_usdt_are_ours() -> None:
    listed = {one.asset: (one.symbol, one.coins_per_contract) for one in said_of("instruments")}
    assert listed == {"BTC": ("BTC-USDT-SWAP", 0.01), "1000PEPE": ("PEPE-USDT-SWAP", 10_000.0)}


def test_an_unconfirmed_bar_is_left_out_and_one_of_another_length_refused() -> None:
    assert [one.said.close_usd for one in said_of("candles")] == [82_500.0, 82_600.0]
    with pytest.raises(Misread, match="not of 3600000 ms"):
        read_candles(payload("okx", "candles"), Asked(NOW_MS, OURS, BTC.symbol, HOUR_MS))


def test_a_mark_has_the_index_of_the_same_minute() -> None:
    reader = IndexInMemory()
    assert reader(index(NOW_MS - 500, "82590.5"), OF_ALL) == ()
    (mark,) = reader(payload("okx", "frame_mark"), OF_ALL)
    assert mark == Mark(Venue.OKX, "BTC", NOW_MS, 82_600.5, 82_590.5)
    reader(index(NOW_MS - 120_000, "82000"), OF_ALL)
    assert reader(payload("okx", "frame_mark"), OF_ALL) == (Mark(Venue.OKX, "BTC", NOW_MS, 82_600.5),)


def test_brackets_without_a_price_are_refused_and_not_guessed() -> None:
    with pytest.raises(Misread, match="no price"):
        read_tiers(payload("okx", "tiers"), Asked(NOW_MS, OURS, BTC.symbol))


def test_an_error_inside_of_http_200_is_refused_by_its_code() -> None:
    with pytest.raises(Misread, match="code 51001"):
        read_marks(b'{"code":"51001","data":[],"msg":"no such instrument"}', OF_ALL)


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (b'{"event":"error","code":"60018","msg":"Wrong URL or channel"}', "60018"),
        (b'{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"data":[]}', "arg.channel"),
        (b'{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"}}', "data"),
        (b"Pong", "malformed"),
        (b"", "truncated"),
    ],
)
def test_a_frame_that_is_not_understood_is_refused_and_named(frame: bytes, named: str) -> None:
    with pytest.raises(Misread, match=named):
        read_frame(frame, OF_ALL)


def test_a_refused_subscription_is_of_no_kind_so_that_no_silence_is_taken_for_calm() -> None:
    with pytest.raises(Misread) as raised:
        read_frame(b'{"event":"error","code":"60018","msg":"Wrong URL or channel"}', OF_ALL)
    assert raised.value.kind == "frame"


def test_a_liquidation_that_is_not_understood_is_of_that_kind() -> None:
    with pytest.raises(Misread) as raised:
        read_frame(changed("frame_liquidation", lambda value: value.update(data=5)), OF_ALL)
    assert raised.value.kind == Kind.LIQUIDATIONS


# ---------------------------------------------------------------------------------- asking


def test_every_question_of_a_cycle_and_of_a_cold_start_has_a_budget() -> None:
    coins = [Instrument(Venue.OKX, f"C{n}-USDT-SWAP", f"C{n}", 1.0) for n in range(40)]
    asks = [*EXCHANGE.asks(coins), *EXCHANGE.history_asks(BTC, NOW_MS - 90 * DAY_MS, NOW_MS)]
    endpoints = {ask.budget for ask in asks} | {"instruments", "position-tiers"}
    assert endpoints == set(EXCHANGE.budgets)
    for name, budget in EXCHANGE.budgets.items():
        cycle = sum(ask.weight for ask in EXCHANGE.asks(coins) if ask.budget == name)
        assert cycle <= budget.weight * 60.0 / budget.window_s


def test_a_cold_start_covers_the_time_without_gap_or_overlap() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 30 * DAY_MS, NOW_MS)
    bars = [
        (int(ask.params["before"]) + 1, int(ask.params["after"])) for ask in asks if ask.kind is Kind.CANDLES
    ]
    opened = [
        (int(ask.params["begin"]), int(ask.params["end"]) + 1)
        for ask in asks
        if ask.kind is Kind.OPEN_INTEREST_HISTORY
    ]
    for spans in (bars, opened):
        assert spans[0][0] <= NOW_MS - 30 * DAY_MS
        assert all(end == start for (_, end), (start, _) in pairwise(spans))
        assert spans[-1][1] == NOW_MS - NOW_MS % LIVE_STEP_MS


def test_what_the_venue_no_longer_keeps_is_not_asked_for() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 90 * DAY_MS, NOW_MS)
    opened = [int(ask.params["begin"]) for ask in asks if ask.kind is Kind.OPEN_INTEREST_HISTORY]
    assert min(opened) > NOW_MS - 60 * DAY_MS - HOUR_MS
    (liquidations,) = [ask for ask in asks if ask.kind is Kind.LIQUIDATIONS]
    assert int(liquidations.params["before"]) == NOW_MS - DAY_MS - 1


def test_pages_follow_each_other_back_in_time_until_one_is_empty() -> None:
    assert earlier_settled(payload("okx", "settled_funding"), ASKED) == {"after": "1791532800000"}
    assert earlier_liquidations(payload("okx", "liquidations"), ASKED) == {"after": "1791565001000"}
    assert earlier_settled(b'{"code":"0","data":[]}', ASKED) is None
    assert earlier_liquidations(b'{"code":"0","data":[]}', ASKED) is None


def test_the_heartbeat_is_the_bare_word_ping_and_its_answer_the_bare_word_pong() -> None:
    (stream,) = EXCHANGE.streams([BTC])
    assert (stream.ping, stream.ping_every_s) == ("ping", 20.0)
    assert read_frame(b"pong", OF_ALL) == ()


def test_liquidations_of_all_swaps_are_one_subscription_that_marks_prove_alive() -> None:
    (stream,) = EXCHANGE.streams([BTC])
    args = json.loads(stream.subscribe[0])["args"]
    assert {"channel": "liquidation-orders", "instType": "SWAP"} in args
    assert {"channel": "index-tickers", "instId": "BTC-USDT"} in args
    silent = [channel for channel in stream.channels if channel.expected_every_s is None]
    assert [(channel.kind, channel.symbol) for channel in silent] == [(Kind.LIQUIDATIONS, None)]
    assert EXCHANGE.streams([]) == ()


# ---------------------------------------------------------------------------------- troubles


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (429, b'{"msg":"Too Many Requests","code":"50011"}', Verdict.SLOW_DOWN),
        (200, b'{"code":"50011","msg":"Too Many Requests"}', Verdict.SLOW_DOWN),
        (503, b'{"code":"50001","msg":"Service temporarily unavailable"}', Verdict.RETRY),
        (200, b'{"code":"50013","msg":"Systems are busy"}', Verdict.RETRY),
        (200, b'{"code":"51001","data":[],"msg":"no such instrument"}', Verdict.REFUSED),
        (200, b"<html>", Verdict.RETRY),
    ],
)
def test_a_failed_answer_has_a_verdict(status: int, body: bytes, verdict: Verdict) -> None:
    trouble = EXCHANGE.trouble(status, {}, body)
    assert trouble is not None
    assert trouble.verdict is verdict


def test_a_good_answer_is_no_trouble_and_a_bare_status_is_left_to_everybodys_meaning() -> None:
    assert EXCHANGE.trouble(200, {}, payload("okx", "marks")) is None
    assert EXCHANGE.trouble(200, {}, b'{"msg":"","data":[],"code":"0"}') is None
    assert EXCHANGE.trouble(404, {}, b"") is None


# ---------------------------------------------------------------------------------- recorded and mutated

RECORDED = {
    "rest_mark_price_doc": "marks",
    "http_get_mark_price_": "marks",
    "rest_open_interest_doc": "open_interest",
    "rest_funding_rate_doc": "funding",
    "rest_funding_rate_history_": "settled_funding",
    "http_get_funding_rate_history_": "settled_funding",
    "rest_market_candlesticks_": "candles",
    "http_get_candlesticks_": "candles",
    "rest_contract_open_interest_history_": "past_open_interest",
    "rest_instruments_": "instruments",
    "rest_public_instruments_": "instruments",
    "http_get_instruments_": "instruments",
    "err_": "marks",
    "ws_": "frame_mark",
}


def recorded(recordings: Path) -> Iterator[tuple[str, str, bytes]]:
    for path in sorted((recordings / "payloads" / "okx").glob("*.json")):
        value = json.loads(path.read_bytes())
        for kind in (kind for start, kind in RECORDED.items() if path.name.startswith(start)):
            for one in value if isinstance(value, list) else [value]:
                yield path.name, kind, json.dumps(one).encode()


def refusal(kind: str, one: bytes) -> str | None:
    """Why a payload is refused, None where it is read."""
    read, asked = READ[kind]
    try:
        read(one, asked)
    except Misread as misread:
        return misread.field
    return None


def test_every_recorded_payload_is_read_or_refused_with_a_named_reason(recordings: Path) -> None:
    refused: dict[str, str] = {}
    read_files: set[str] = set()
    for name, kind, one in recorded(recordings):
        field = refusal(kind, one)
        if field is None:
            read_files.add(name)
        else:
            refused[name] = field
    assert all(refused.values())
    assert len(read_files) >= 25
    asked = {name: why for name, why in refused.items() if name.startswith(("rest_", "http_"))}
    assert set(asked.values()) == {"a bar that is not of 300000 ms"}
    assert {name for name in refused if name.startswith("err_")} == {"err_50011.json", "err_51001.json"}


def test_the_recorded_open_interest_is_contracts_times_their_size(recordings: Path) -> None:
    (frame,) = json.loads(
        (recordings / "payloads" / "okx" / "ws_open-interest_live_2025-03-27.json").read_bytes()
    )
    (said,) = only(OpenInterest, read_frame(json.dumps(frame).encode(), OF_ALL))
    row = frame["data"][0]
    assert said.coins == pytest.approx(float(row["oi"]) * 0.01, rel=1e-9)
    assert float(row["oiUsd"]) / said.coins == pytest.approx(87_507, abs=1)


def test_the_recorded_swaps_are_one_a_coin(recordings: Path) -> None:
    path = recordings / "payloads" / "okx" / "rest_public_instruments_instType_SWAP_cryptofeed.json"
    listed = read_instruments(path.read_bytes(), Asked(NOW_MS))
    assert len({one.asset for one in listed}) == len(listed) == 126
    shib = next(one for one in listed if one.asset == "1000SHIB")
    assert (shib.symbol, shib.coins_per_contract, shib.quoted_coins) == ("SHIB-USDT-SWAP", 1_000.0, 0.001)


@pytest.mark.parametrize("kind", READ)
def test_a_payload_gone_wrong_raises_misread_or_nothing(kind: str) -> None:
    read, asked = READ[kind]

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(mutated(payload("okx", kind)))
    def holds(wrong: bytes) -> None:
        try:
            said = read(wrong, asked)
        except Misread:
            return
        if kind != "tiers":
            assert all(one.coins >= 0.0 and isfinite(one.coins) for one in only(OpenInterest, said))
            assert all(one.mark_usd > 0.0 and isfinite(one.mark_usd) for one in only(Mark, said))
            assert all(abs(one.rate) < 1.0 for one in only(Funding, said))

    holds()


@settings(max_examples=100, deadline=None, database=None)
@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_gone_wrong_has_a_verdict_or_is_left_to_its_status(status: int, body: bytes) -> None:
    trouble = EXCHANGE.trouble(status, {}, body)
    assert trouble is not None or status != 200
