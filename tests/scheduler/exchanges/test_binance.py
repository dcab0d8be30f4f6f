"""Binance USD-M: what is asked, what is heard, and how it is read."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.observations import DAY_MS, HOUR_MS, Funding, Heartbeat, Liquidation, Mark, Side, Venue
from scheduler.exchange import (
    LIVE_STEP_MS,
    Ask,
    Asked,
    Instrument,
    Kind,
    Misread,
    Told,
    Verdict,
)
from scheduler.exchanges.binance import EXCHANGE
from scheduler.exchanges.binance.answers import (
    next_funding_page,
    read_candles,
    read_depth,
    read_funding_intervals,
    read_instruments,
    read_open_interest,
    read_past_open_interest,
    read_premium,
    read_settled_funding,
)
from scheduler.exchanges.binance.frames import read_frame
from tests.scheduler.exchanges.mutations import mutated
from tests.scheduler.exchanges.snapshots import expected, payload, spoken

NOW_MS = 1_791_565_010_000


def perpetual(symbol: str, asset: str, hours: float | None = 8.0) -> Instrument:
    return Instrument(Venue.BINANCE, symbol, asset, 1.0, funding_interval_hours=hours)


BTC, SOL = perpetual("BTCUSDT", "BTC"), perpetual("SOLUSDT", "SOL", 4.0)
OURS = {one.symbol: one for one in (BTC, SOL)}
ASKED = Asked(NOW_MS, OURS, "BTCUSDT")
OF_BTC: dict[str, tuple[Callable[[bytes, Asked], Any], Asked]] = {
    "candles": (read_candles, Asked(NOW_MS, OURS, "BTCUSDT", LIVE_STEP_MS)),
    "premium": (read_premium, Asked(NOW_MS, OURS)),
    "settled_funding": (read_settled_funding, ASKED),
    "funding_intervals": (read_funding_intervals, ASKED),
    "open_interest": (read_open_interest, ASKED),
    "past_open_interest": (read_past_open_interest, Asked(NOW_MS, OURS, "BTCUSDT", HOUR_MS)),
    "depth": (read_depth, ASKED),
    "instruments": (read_instruments, Asked(NOW_MS)),
    "frame_mark": (read_frame, ASKED),
    "frame_liquidation": (read_frame, ASKED),
    "frame_coin_margined": (read_frame, ASKED),
    "frame_acknowledged": (read_frame, ASKED),
}


def said_of(kind: str) -> Any:
    read, asked = OF_BTC[kind]
    return read(payload("binance", kind), asked)


def predicted() -> list[Funding]:
    told = [one.said for one in said_of("premium") if isinstance(one, Told)]
    return [one for one in told if isinstance(one, Funding)]


def order(**changed: object) -> bytes:
    event = json.loads(payload("binance", "frame_liquidation"))
    event["o"].update(changed)
    return json.dumps(event).encode()


@pytest.mark.parametrize("kind", OF_BTC)
def test_our_own_payload_is_understood_as_committed_beside_it(kind: str) -> None:
    assert spoken(said_of(kind)) == expected("binance", kind)


# ---------------------------------------------------------------------------------- the twelve traps


def test_trap_2_market_data_is_on_the_route_market_in_lower_case() -> None:
    (stream,) = EXCHANGE.streams([BTC, SOL])
    assert stream.path == "/market/ws"
    assert json.loads(stream.subscribe[0]) == {
        "method": "SUBSCRIBE",
        "params": ["!forceOrder@arr", "btcusdt@markPrice@1s", "solusdt@markPrice@1s"],
        "id": 1,
    }


@pytest.mark.parametrize("place", ["inside the order", "beside the order"])
def test_trap_3_coin_margined_orders_are_dropped_wherever_st_stands(place: str) -> None:
    event = json.loads(order())
    event["o"].pop("st")
    (event["o"] if place == "inside the order" else event)["st"] = 2
    (said,) = read_frame(json.dumps(event).encode(), ASKED)
    assert isinstance(said, Heartbeat)


def test_trap_3_coin_margined_contracts_and_marks_are_not_ours() -> None:
    assert "BTCUSD_PERP" not in {one.symbol for one in said_of("instruments")}
    event = json.loads(payload("binance", "frame_mark")) | {"st": 2}
    assert read_frame(json.dumps(event).encode(), ASKED) == ()


def test_trap_4_a_force_order_is_a_sample() -> None:
    (said,) = said_of("frame_liquidation")
    assert said.is_sample


@pytest.mark.parametrize(("order_side", "closed"), [("SELL", Side.LONG), ("BUY", Side.SHORT)])
def test_trap_5_the_order_side_is_the_opposite_of_the_position_side(order_side: str, closed: Side) -> None:
    (said,) = read_frame(order(S=order_side), ASKED)
    assert isinstance(said, Liquidation)
    assert said.side is closed


def test_trap_7_funding_rates_are_per_the_symbols_own_interval() -> None:
    (_, rate) = predicted()
    assert (rate.interval_hours, rate.rate_8h) == (4.0, -0.0004)


def test_trap_7_a_rate_whose_interval_is_not_known_yet_is_not_told() -> None:
    unknown = {"BTCUSDT": perpetual("BTCUSDT", "BTC", None)}
    said = read_premium(payload("binance", "premium"), Asked(NOW_MS, unknown))
    assert [type(one) for one in said] == [Mark]


def test_trap_7_an_interval_that_changed_at_run_time_is_read_from_the_settlements() -> None:
    assert [(one.said.rate, one.said.interval_hours) for one in said_of("settled_funding")] == [
        (0.0001, 8.0),
        (0.0002, 8.0),
        (-0.00005, 4.0),
    ]


def test_trap_8_last_funding_rate_is_the_running_prediction() -> None:
    (rate, _) = predicted()
    assert not rate.settled
    assert rate.next_at_ms == 1_791_590_400_000
    assert all(one.said.settled for one in said_of("settled_funding"))


def test_trap_9_symbols_missing_from_funding_info_settle_every_eight_hours() -> None:
    hours = {one.symbol: one.funding_interval_hours for one in said_of("funding_intervals")}
    assert hours == {"BTCUSDT": 8.0, "SOLUSDT": 4.0}


def test_trap_9_funding_times_have_a_jitter_and_are_rounded_before_twins_are_dropped() -> None:
    assert [one.said.known_at_ms for one in said_of("settled_funding")] == [
        1_791_532_800_000,
        1_791_561_600_000,
        1_791_576_000_000,
    ]


def test_trap_12_numbers_are_strings_and_an_empty_one_is_absent_not_zero() -> None:
    dogecoin = Asked(NOW_MS, {**OURS, "DOGEUSDT": perpetual("DOGEUSDT", "DOGE")})
    with pytest.raises(Misread, match="mark_price"):
        read_premium(payload("binance", "premium"), dogecoin)
    assert read_premium(payload("binance", "premium"), Asked(NOW_MS, OURS))


def test_trap_12_no_next_funding_time_is_a_dated_future_and_skipped() -> None:
    dated = {"BTCUSDT_261225": perpetual("BTCUSDT_261225", "BTC")}
    assert read_premium(payload("binance", "premium"), Asked(NOW_MS, dated)) == ()


# ---------------------------------------------------------------------------------- invariants


def test_a_long_of_0_190_coins_closed_at_82651_9_is_15704_dollars() -> None:
    (said,) = said_of("frame_liquidation")
    assert said.coins * said.price_usd == pytest.approx(15_703.861)


def test_a_bar_that_is_still_open_is_left_out() -> None:
    bars = [one.said for one in said_of("candles")]
    assert [bar.close_usd for bar in bars] == [82550.0, 82650.0]
    read, asked = OF_BTC["candles"]
    later = Asked(1_791_565_200_000, asked.instruments, asked.symbol, asked.step_ms)
    assert len(read(payload("binance", "candles"), later)) == 3


def test_a_bar_of_another_length_than_asked_is_refused() -> None:
    with pytest.raises(Misread, match="a bar of 300000 ms"):
        read_candles(payload("binance", "candles"), Asked(NOW_MS, OURS, "BTCUSDT", HOUR_MS))


def test_the_1_percent_band_reaches_and_the_2_percent_band_is_a_floor() -> None:
    near, far = said_of("depth")
    assert (near.bid_usd, near.ask_usd, near.reaches) == (999 * 2 + 991 * 3, 1001 + 1009 * 2, True)
    assert (far.bid_usd, far.ask_usd, far.reaches) == (
        999 * 2 + 991 * 3 + 985 * 10,
        1001 + 1009 * 2 + 1020 * 5,
        False,
    )


@pytest.mark.parametrize("status", ["NEW", "PARTIALLY_FILLED", "EXPIRED"])
def test_an_order_that_is_not_filled_proves_the_channel_alive_and_nothing_else(status: str) -> None:
    assert read_frame(order(X=status), ASKED) == (
        Heartbeat(Venue.BINANCE, None, "liquidations", 1_791_565_002_100),
    )


def test_an_order_of_another_symbol_proves_the_channel_alive() -> None:
    (said,) = read_frame(order(s="DOGEUSDT"), ASKED)
    assert isinstance(said, Heartbeat)


def test_a_frame_of_a_combined_stream_is_read_by_its_data() -> None:
    inside = payload("binance", "frame_mark").decode()
    wrapped = f'{{"stream":"btcusdt@markPrice@1s","data":{inside}}}'.encode()
    assert read_frame(wrapped, ASKED) == said_of("frame_mark")


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (b'{"error":{"code":2,"msg":"Invalid request"},"id":1}', "Invalid request"),
        (b'{"e":"kline","E":1791565000000}', "event: kline"),
        (b'{"e":"forceOrder","E":1791565000000}', "event: forceOrder"),
        (order(ap="0"), "filled at nothing"),
        (order(S="HOLD"), "HOLD"),
        (b'{"e":"markPriceUpdate","s":"BTCUSDT","p":"1"}', "without its time"),
        (b"{}", "event: None"),
        (b"", "truncated"),
    ],
)
def test_a_frame_that_is_not_understood_is_refused_and_named(frame: bytes, named: str) -> None:
    with pytest.raises(Misread, match=named):
        read_frame(frame, ASKED)


def test_an_answer_of_another_symbol_than_asked_is_refused() -> None:
    with pytest.raises(Misread, match="another"):
        read_open_interest(payload("binance", "open_interest"), Asked(NOW_MS, OURS, "SOLUSDT"))


def test_a_universe_without_any_perpetual_is_refused_and_not_taken_for_a_mass_delisting() -> None:
    with pytest.raises(Misread, match="no perpetual"):
        read_instruments(b'{"symbols":[]}', Asked(NOW_MS))


def test_a_coin_has_one_perpetual_and_it_is_the_one_in_usdt() -> None:
    assert {one.asset: one.symbol for one in said_of("instruments")} == {
        "BTC": "BTCUSDT",
        "1000PEPE": "1000PEPEUSDT",
        "ONLY": "ONLYUSDC",
    }


# ---------------------------------------------------------------------------------- asking


def test_every_question_of_a_cycle_stays_in_its_budget_with_forty_coins() -> None:
    asks = EXCHANGE.asks([perpetual(f"C{n}USDT", f"C{n}") for n in range(40)])
    spent: dict[str, float] = {}
    for ask in asks:
        window_s = EXCHANGE.budgets[ask.budget].window_s
        times = window_s / max(60.0, ask.every_s or 60.0)
        spent[ask.budget] = spent.get(ask.budget, 0.0) + ask.weight * times
    assert spent == {"default": 250.0, "funding": 40.0}
    assert all(weight <= EXCHANGE.budgets[name].weight for name, weight in spent.items())


def test_a_cold_start_asks_for_thirty_days_of_bars_and_open_interest_and_ninety_of_funding() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 90 * DAY_MS, NOW_MS)
    hourly = [ask for ask in asks if ask.kind is Kind.CANDLES and ask.step_ms == HOUR_MS]
    assert sum(int(ask.params["limit"]) for ask in hourly) == 90 * 24
    past = [ask for ask in asks if ask.kind is Kind.OPEN_INTEREST_HISTORY and ask.step_ms == HOUR_MS]
    assert [int(ask.params["limit"]) for ask in past] == [500, 219]
    assert min(int(ask.params["startTime"]) for ask in past) > NOW_MS - 30 * DAY_MS
    (funding,) = [ask for ask in asks if ask.kind is Kind.FUNDING_HISTORY]
    assert int(funding.params["startTime"]) == NOW_MS - 90 * DAY_MS


def test_pages_of_bars_touch_and_end_with_the_last_closed_live_bar() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 90 * DAY_MS, NOW_MS)
    windows = [
        (int(ask.params["startTime"]), int(ask.params["endTime"])) for ask in asks if ask.kind is Kind.CANDLES
    ]
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(windows))
    assert windows[-1][1] + 1 == NOW_MS - NOW_MS % LIVE_STEP_MS


def test_a_gap_of_hours_is_filled_in_steps_of_five_minutes() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 3 * HOUR_MS, NOW_MS)
    steps = {(ask.kind, ask.step_ms) for ask in asks}
    assert steps == {
        (Kind.CANDLES, LIVE_STEP_MS),
        (Kind.OPEN_INTEREST_HISTORY, LIVE_STEP_MS),
        (Kind.FUNDING_HISTORY, None),
    }


@pytest.mark.parametrize(("rows", "weight"), [(99, 1), (100, 2), (500, 5), (1000, 5), (1001, 10)])
def test_bars_cost_what_the_venue_says(rows: int, weight: int) -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - NOW_MS % HOUR_MS - rows * HOUR_MS, NOW_MS)
    hourly: list[Ask[Any]] = [ask for ask in asks if ask.kind is Kind.CANDLES and ask.step_ms == HOUR_MS]
    assert hourly[0].weight == weight


def test_a_full_page_of_funding_has_a_page_after_it() -> None:
    row = '{"symbol":"BTCUSDT","fundingRate":"0.0001","fundingTime":%d}'
    full = "[" + ",".join(row % (n * HOUR_MS) for n in range(1000)) + "]"
    assert next_funding_page(full.encode(), ASKED) == {"startTime": str(999 * HOUR_MS + 1)}
    assert next_funding_page(payload("binance", "settled_funding"), ASKED) is None


def test_marks_each_second_prove_the_silent_liquidations_alive() -> None:
    (stream,) = EXCHANGE.streams([BTC])
    every = {(channel.kind, channel.symbol): channel.expected_every_s for channel in stream.channels}
    assert every == {(Kind.LIQUIDATIONS, None): None, (Kind.MARK, "BTCUSDT"): 1.0}
    assert stream.lives_s == 86_400.0
    assert EXCHANGE.streams([]) == ()


# ---------------------------------------------------------------------------------- troubles


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', Verdict.REFUSED),
        (400, b'{"code":-1007,"msg":"Timeout"}', Verdict.RETRY),
        (403, b"<html>", Verdict.SLOW_DOWN),
        (408, b"", Verdict.RETRY),
        (418, b'{"code":-1003,"msg":"banned"}', Verdict.BANNED),
        (429, b'{"code":-1003,"msg":"Too many requests"}', Verdict.SLOW_DOWN),
        (451, b'{"code":0,"msg":"Service unavailable from a restricted location"}', Verdict.GEO_BLOCKED),
        (503, b"", Verdict.RETRY),
        (200, b'{"code":-1003,"msg":"Way too many requests"}', Verdict.SLOW_DOWN),
    ],
)
def test_a_failed_answer_has_a_verdict(status: int, body: bytes, verdict: Verdict) -> None:
    trouble = EXCHANGE.trouble(status, {}, body)
    assert trouble is not None
    assert trouble.verdict is verdict


def test_a_ban_ends_when_its_words_say_so() -> None:
    body = b'{"code":-1003,"msg":"Way too many requests; IP banned until 1791568610000."}'
    trouble = EXCHANGE.trouble(418, {}, body)
    assert trouble is not None
    assert (trouble.verdict, trouble.until_ms, trouble.wait_s) == (Verdict.BANNED, 1_791_568_610_000, None)


def test_a_good_answer_is_no_trouble() -> None:
    assert EXCHANGE.trouble(200, {}, payload("binance", "open_interest")) is None
    assert EXCHANGE.trouble(200, {}, payload("binance", "premium")) is None


def test_the_words_of_a_failure_are_short_and_on_one_line() -> None:
    trouble = EXCHANGE.trouble(400, {}, json.dumps({"code": -1, "msg": "a\n\x1b[31m" * 100}).encode())
    assert trouble is not None
    assert len(trouble.why) <= 160
    assert trouble.why.isprintable()


@pytest.mark.parametrize(("header", "used"), [("341", {"default": 341}), ("", {}), ("x", {}), ("9" * 30, {})])
def test_the_venues_own_count_of_the_minute_is_read(header: str, used: dict[str, int]) -> None:
    assert EXCHANGE.used is not None
    assert EXCHANGE.used({"x-mbx-used-weight-1m": header}) == used


# ---------------------------------------------------------------------------------- recorded and mutated

RECORDED: dict[str, str] = {
    "rest_klines_": "candles",
    "rest_kline_": "candles",
    "rest_premium_index_docexample": "premium",
    "rest_mark_price_sdk": "premium",
    "rest_funding_rate_": "settled_funding",
    "rest_get_funding_rate_history": "settled_funding",
    "rest_get_funding_rate_info": "funding_intervals",
    "rest_open_interest_docexample": "open_interest",
    "rest_open_interest_sdk": "open_interest",
    "rest_open_interest_historical": "past_open_interest",
    "rest_open_interest_statistics": "past_open_interest",
    "rest_depth_": "depth",
    "rest_exchange_info": "instruments",
    "liquidation_stream": "frame_liquidation",
    "mark_price_stream": "frame_mark",
    "ws_": "frame_mark",
}


def recorded(recordings: Path) -> list[tuple[str, str, list[bytes]]]:
    found = []
    for path in sorted((recordings / "payloads" / "binance").glob("*.json")):
        kind = next((kind for start, kind in RECORDED.items() if path.name.startswith(start)), None)
        if kind is not None:
            value = json.loads(path.read_bytes())
            frames = value if kind.startswith("frame") and isinstance(value, list) else [value]
            found.append((path.name, kind, [json.dumps(frame).encode() for frame in frames]))
    return found


def test_every_recorded_payload_is_read_or_refused_with_a_named_reason(recordings: Path) -> None:
    read_files, refused = set(), {}
    for name, kind, payloads in recorded(recordings):
        read, asked = OF_BTC[kind]
        anything = Asked(2_000_000_000_000, asked.instruments, asked.symbol)
        for one in payloads:
            try:
                read(one, anything)
                read_files.add(name)
            except Misread as misread:
                refused[name] = misread.field
    assert all(refused.values())
    assert len(read_files) >= 20
    of_used = {name: field for name, field in refused.items() if not name.startswith("ws_")}
    assert list(of_used) == ["rest_kline_candlestick_data_sdk2026.json"]
    assert all(
        field.startswith("event: ") or "Expected" in field or "length" in field for field in refused.values()
    )


def test_the_recorded_short_liquidation_and_the_coin_margined_one_are_told_apart(recordings: Path) -> None:
    folder = recordings / "payloads" / "binance"
    coti = Asked(NOW_MS, {"COTIUSDT": perpetual("COTIUSDT", "COTI")})
    live = json.loads((folder / "ws_forceOrder_live_2026-09-18.json").read_bytes())[0]
    (said,) = read_frame(json.dumps(live).encode(), coti)
    assert isinstance(said, Liquidation)
    assert (said.side, said.coins, said.price_usd) == (Side.SHORT, 288_183.0, 0.021912)
    mixed = json.loads((folder / "ws_mixed_UM_CM_forceOrder_SYNTHETIC.json").read_bytes())[0]
    for_all = Asked(NOW_MS, {"BTCUSD_PERP": perpetual("BTCUSD_PERP", "BTC")})
    (said,) = read_frame(json.dumps(mixed).encode(), for_all)
    assert isinstance(said, Heartbeat)


@pytest.mark.parametrize("kind", OF_BTC)
def test_a_payload_gone_wrong_raises_misread_or_nothing(kind: str) -> None:
    read, asked = OF_BTC[kind]

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(mutated(payload("binance", kind)))
    def holds(wrong: bytes) -> None:
        try:
            said = read(wrong, asked)
        except Misread:
            return
        for one in said:
            if isinstance(one, Told) and isinstance(one.said, Funding):
                assert abs(one.said.rate) < 1.0

    holds()


@settings(max_examples=100, deadline=None, database=None)
@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_failed_answer_has_some_verdict(status: int, body: bytes) -> None:
    trouble = EXCHANGE.trouble(status, {}, body)
    assert trouble is not None or status == 200
