"""Bybit: what is asked, what is heard, and how it is read."""

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
    Funding,
    Heartbeat,
    Liquidation,
    Mark,
    OpenInterest,
    Side,
    Venue,
)
from scheduler.exchange import LIVE_STEP_MS, Asked, Instrument, Kind, Misread, Told, Verdict
from scheduler.exchanges.bybit import EXCHANGE
from scheduler.exchanges.bybit.answers import (
    earlier_settled,
    read_candles,
    read_depth,
    read_open_interest_history,
    read_settled,
    read_tickers,
)
from scheduler.exchanges.bybit.frames import TickersInMemory, read_frame
from scheduler.exchanges.bybit.listing import next_instruments, read_instruments, read_tiers
from scheduler.exchanges.bybit.spot import read_spot, read_spot_listing
from tests.scheduler.exchanges.mutations import mutated
from tests.scheduler.exchanges.snapshots import expected, payload, spoken

NOW_MS = 1_791_565_010_000


def perpetual(symbol: str, asset: str, hours: float | None = 8.0, quoted: float = 1.0) -> Instrument:
    return Instrument(Venue.BYBIT, symbol, asset, quoted, funding_interval_hours=hours, quoted_coins=quoted)


BTC, SOL = perpetual("BTCUSDT", "BTC"), perpetual("SOLUSDT", "SOL", 4.0)
SATS = perpetual("10000SATSUSDT", "1000SATS", 1.0, 10.0)
OURS = {one.symbol: one for one in (BTC, SOL, SATS)}
ASKED = Asked(NOW_MS, OURS, "BTCUSDT")
SPOT = {one.symbol: one for one in (replace(BTC, spot_symbol="BTCUSDT"), SOL)}
READ: dict[str, tuple[Callable[[bytes, Asked], Any], Asked]] = {
    "tickers": (read_tickers, Asked(NOW_MS, OURS)),
    "candles": (read_candles, Asked(NOW_MS, OURS, "BTCUSDT", LIVE_STEP_MS)),
    "past_open_interest": (read_open_interest_history, Asked(NOW_MS, OURS, "BTCUSDT", HOUR_MS)),
    "settled_funding": (read_settled, ASKED),
    "depth": (read_depth, ASKED),
    "instruments": (read_instruments, Asked(NOW_MS)),
    "spot_listing": (read_spot_listing, Asked(NOW_MS, OURS)),
    "spot": (read_spot, Asked(NOW_MS, SPOT, "BTCUSDT", HOUR_MS)),
    "tiers": (read_tiers, ASKED),
    "frame_ticker": (read_frame, ASKED),
    "frame_liquidation": (read_frame, ASKED),
    "frame_acknowledged": (read_frame, ASKED),
}


def said_of(kind: str) -> Any:
    read, asked = READ[kind]
    return read(payload("bybit", kind), asked)


def changed(kind: str, change: Callable[[Any], None]) -> bytes:
    value = json.loads(payload("bybit", kind))
    change(value)
    return json.dumps(value).encode()


def only(of: type, reports: Any) -> list[Any]:
    inside = [one.said if isinstance(one, Told) else one for one in reports]
    return [one for one in inside if isinstance(one, of)]


def delta(ts: int, **fields: str) -> bytes:
    data = {"symbol": "BTCUSDT", **fields}
    return json.dumps({"topic": "tickers.BTCUSDT", "type": "delta", "data": data, "ts": ts}).encode()


@pytest.mark.parametrize("kind", READ)
def test_our_own_payload_is_understood_as_committed_beside_it(kind: str) -> None:
    assert spoken(said_of(kind)) == expected("bybit", kind)


# ---------------------------------------------------------------------------------- the twelve traps


def test_trap_1_open_interest_is_both_sides_and_the_single_one_is_used() -> None:
    btc, *_ = only(OpenInterest, said_of("tickers"))
    assert btc.coins == 30_000.25
    (streamed,) = only(OpenInterest, said_of("frame_ticker"))
    assert streamed.coins == 30_000.25


def test_trap_1_without_the_single_figure_both_sides_are_halved() -> None:
    _, sol, _ = only(OpenInterest, said_of("tickers"))
    assert sol.coins == 2_500_000.0
    assert [one.coins for one in only(OpenInterest, said_of("past_open_interest"))] == [
        29_000,
        29_500,
        30_000,
    ]


def test_trap_4_all_liquidations_are_complete_and_twins_in_one_push_are_two() -> None:
    closed = said_of("frame_liquidation")
    assert [one.coins for one in closed] == [0.5, 0.5, 0.25]
    assert not any(one.is_sample for one in closed)


def test_trap_5_s_is_the_position_side_buy_is_a_long_liquidated() -> None:
    assert [one.side for one in said_of("frame_liquidation")] == [Side.LONG, Side.LONG, Side.SHORT]


def test_trap_7_funding_is_per_interval_of_the_symbol_now() -> None:
    rates = only(Funding, said_of("tickers"))
    assert [(one.interval_hours, one.rate_8h) for one in rates] == [(8, 0.0001), (4, -0.0004), (1, 0.0004)]


def test_trap_7_an_interval_that_changed_at_run_time_is_read_from_the_settlements() -> None:
    assert [one.interval_hours for one in only(Funding, said_of("settled_funding"))] == [8.0, 8.0, 4.0]


def test_trap_7_a_rate_whose_interval_nobody_says_is_not_told() -> None:
    unknown = Asked(NOW_MS, {"BTCUSDT": perpetual("BTCUSDT", "BTC", None)})

    def forget(value: Any) -> None:
        value["result"]["list"][0]["fundingIntervalHour"] = ""

    assert not only(Funding, read_tickers(changed("tickers", forget), unknown))


def test_trap_8_the_tickers_funding_rate_is_the_running_prediction() -> None:
    predicted = only(Funding, said_of("tickers"))[0]
    assert (predicted.settled, predicted.next_at_ms) == (False, 1_791_590_400_000)
    assert all(one.settled for one in only(Funding, said_of("settled_funding")))


def test_trap_12_an_empty_string_is_absent_and_not_zero() -> None:
    _, sol, _ = only(Mark, said_of("tickers"))
    assert (sol.mark_usd, sol.index_usd) == (140.2, None)
    dated = Asked(NOW_MS, {"BTC-25DEC26": perpetual("BTC-25DEC26", "BTC", None)})
    assert not only(Funding, read_tickers(payload("bybit", "tickers"), dated))


# ---------------------------------------------------------------------------------- tickers merged


def test_a_delta_changes_what_it_names_and_leaves_the_rest() -> None:
    reader = TickersInMemory()
    reader(payload("bybit", "frame_ticker"), ASKED)
    assert reader(delta(NOW_MS + 200, markPrice="82700"), ASKED) == (
        Mark(Venue.BYBIT, "BTC", NOW_MS + 200, 82_700.0, 82_590.5),
    )
    (told, heartbeat) = reader(delta(NOW_MS + 300, fundingRate="0.0002"), ASKED)
    assert isinstance(told, Told)
    assert told.said == Funding(
        Venue.BYBIT, NOW_MS + 300, 0.0002, 8.0, settled=False, next_at_ms=1_791_590_400_000
    )
    assert heartbeat == Heartbeat(Venue.BYBIT, "BTC", "mark", NOW_MS + 300)


def test_a_delta_of_both_sides_alone_does_not_undo_the_single_figure() -> None:
    reader = TickersInMemory()
    reader(payload("bybit", "frame_ticker"), ASKED)
    (interest,) = only(OpenInterest, reader(delta(NOW_MS + 200, openInterest="60000.6"), ASKED))
    assert interest.coins == 30_000.25


def test_a_delta_that_says_nothing_of_ours_is_a_sign_of_life() -> None:
    reader = TickersInMemory()
    reader(payload("bybit", "frame_ticker"), ASKED)
    assert reader(delta(NOW_MS + 200, bid1Price="1"), ASKED) == (
        Heartbeat(Venue.BYBIT, "BTC", "mark", NOW_MS + 200),
    )


def test_a_delta_older_than_what_is_known_is_dropped() -> None:
    reader = TickersInMemory()
    reader(payload("bybit", "frame_ticker"), ASKED)
    assert reader(delta(NOW_MS - 60_000, markPrice="1"), ASKED) == ()


def test_a_wrong_delta_is_refused_and_not_remembered() -> None:
    reader = TickersInMemory()
    reader(payload("bybit", "frame_ticker"), ASKED)
    with pytest.raises(Misread, match="markPrice"):
        reader(delta(NOW_MS + 100, markPrice="-5"), ASKED)
    (mark,) = only(Mark, reader(delta(NOW_MS + 200, indexPrice="82000"), ASKED))
    assert (mark.mark_usd, mark.index_usd) == (82_600.5, 82_000.0)


def test_a_snapshot_begins_anew() -> None:
    reader = TickersInMemory()
    reader(payload("bybit", "frame_ticker"), ASKED)

    def without_index(value: Any) -> None:
        del value["data"]["indexPrice"]

    (mark,) = only(Mark, reader(changed("frame_ticker", without_index), ASKED))
    assert mark.index_usd is None


# ---------------------------------------------------------------------------------- invariants


def test_prices_and_coins_of_ten_thousand_are_turned_to_those_of_a_thousand() -> None:
    mark, interest = only(Mark, said_of("tickers"))[2], only(OpenInterest, said_of("tickers"))[2]
    assert (mark.asset, mark.mark_usd, interest.coins) == ("1000SATS", 0.0002, 4_000.0)


def test_a_coin_is_called_as_on_binance_and_has_one_perpetual() -> None:
    listed = {one.asset: (one.symbol, one.quoted_coins) for one in said_of("instruments")}
    assert listed == {
        "BTC": ("BTCUSDT", 1.0),
        "SOL": ("SOLUSDT", 1.0),
        "1000SHIB": ("SHIB1000USDT", 1.0),
        "1000SATS": ("10000SATSUSDT", 10.0),
    }


def test_a_bar_that_is_open_by_the_venues_clock_is_left_out() -> None:
    assert [one.said.close_usd for one in said_of("candles")] == [82_500.0, 82_600.0]
    later = changed("candles", lambda value: value.update(time=1_791_565_200_000))
    assert len(read_candles(later, READ["candles"][1])) == 3


def test_a_bar_of_another_length_than_asked_is_refused() -> None:
    with pytest.raises(Misread, match="not of 3600000 ms"):
        read_candles(payload("bybit", "candles"), Asked(NOW_MS, OURS, "BTCUSDT", HOUR_MS))


def test_the_1_percent_band_reaches_and_the_2_percent_band_is_a_floor() -> None:
    near, far = said_of("depth")
    assert (near.bid_usd, near.ask_usd, near.reaches) == (999 * 2 + 991 * 3, 1001 + 1009 * 2, True)
    assert (far.bid_usd, far.reaches) == (999 * 2 + 991 * 3 + 985 * 10, False)


def test_margins_in_percents_and_in_fractions_give_the_same_brackets() -> None:
    def percents(value: Any) -> None:
        for row in value["result"]["list"]:
            row["maintenanceMargin"] = str(float(row["maintenanceMargin"]) * 100)
            row["initialMargin"] = str(float(row["initialMargin"]) * 100)

    (plain,), (scaled,) = said_of("tiers").values(), read_tiers(changed("tiers", percents), ASKED).values()
    assert [step.maintenance_rate for step in plain.steps] == [0.005, 0.01, 0.02]
    assert [step.maintenance_rate for step in scaled.steps] == pytest.approx([0.005, 0.01, 0.02])


def test_maintenance_is_continuous_from_bracket_to_bracket_where_no_deduction_is_said() -> None:
    (tiers,) = said_of("tiers").values()
    assert [step.maintenance_amount_usd for step in tiers.steps] == [0.0, 10_000.0, 110_000.0]
    assert tiers.maintenance_usd(10_000_000.0) == 90_000.0
    assert tiers.published_on == "2026-10-09"


@pytest.mark.parametrize("margin", ["0.5", "0.0001", "3"])
def test_a_margin_that_is_neither_percent_nor_fraction_is_refused(margin: str) -> None:
    def wrong(value: Any) -> None:
        value["result"]["list"][1]["initialMargin"] = margin

    with pytest.raises(Misread, match="one over maxLeverage"):
        read_tiers(changed("tiers", wrong), ASKED)


@pytest.mark.parametrize("category", ["inverse", "spot", "option"])
def test_another_category_counts_otherwise_and_is_refused(category: str) -> None:
    wrong = changed("tickers", lambda value: value["result"].update(category=category))
    with pytest.raises(Misread, match="category"):
        read_tickers(wrong, ASKED)


def test_an_error_inside_of_http_200_is_refused_by_its_code() -> None:
    with pytest.raises(Misread, match="retCode 10001"):
        read_tickers(b'{"retCode":10001,"retMsg":"params error","result":{},"time":1}', ASKED)


# ---------------------------------------------------------------------------------- asking


def test_every_question_of_a_cycle_stays_in_its_budget_with_forty_coins() -> None:
    asks = EXCHANGE.asks([perpetual(f"C{n}USDT", f"C{n}") for n in range(40)])
    assert len(asks) == 121
    assert sum(ask.weight for ask in asks) <= EXCHANGE.budgets["default"].weight


def test_a_cold_start_covers_the_time_without_gap_or_overlap() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 30 * DAY_MS, NOW_MS)
    for kind, first, last in (
        (Kind.CANDLES, "start", "end"),
        (Kind.OPEN_INTEREST_HISTORY, "startTime", "endTime"),
    ):
        spans = [(int(ask.params[first]), int(ask.params[last])) for ask in asks if ask.kind is kind]
        assert spans[0][0] <= NOW_MS - 30 * DAY_MS
        assert all(end + 1 == start for (_, end), (start, _) in pairwise(spans))
        assert spans[-1][1] + 1 == NOW_MS - NOW_MS % LIVE_STEP_MS
    assert (
        len([ask for ask in asks if ask.kind is Kind.OPEN_INTEREST_HISTORY and ask.step_ms == HOUR_MS]) == 4
    )


def test_settled_funding_is_asked_with_both_ends_and_paged_backwards() -> None:
    (ask,) = [a for a in EXCHANGE.history_asks(BTC, 5, NOW_MS) if a.kind is Kind.FUNDING_HISTORY]
    assert (ask.params["startTime"], ask.params["endTime"]) == ("5", str(NOW_MS))
    row = '{"symbol":"BTCUSDT","fundingRate":"0.0001","fundingRateTimestamp":"%d"}'
    rows = ",".join(row % (n * HOUR_MS) for n in range(1, 201))
    full = f'{{"retCode":0,"result":{{"category":"linear","list":[{rows}]}},"time":1}}'.encode()
    assert earlier_settled(full, ASKED) == {"endTime": str(HOUR_MS - 1)}
    assert earlier_settled(payload("bybit", "settled_funding"), ASKED) is None


def test_the_next_page_of_instruments_is_its_cursor() -> None:
    assert next_instruments(payload("bybit", "instruments"), ASKED) == {"cursor": "first%3DA%26last%3DN"}
    last = changed("instruments", lambda value: value["result"].update(nextPageCursor=""))
    assert next_instruments(last, ASKED) is None


def test_each_symbol_is_subscribed_by_itself_and_marks_prove_silent_liquidations_alive() -> None:
    (stream,) = EXCHANGE.streams([BTC, SOL])
    assert [json.loads(text)["args"] for text in stream.subscribe] == [
        ["tickers.BTCUSDT", "allLiquidation.BTCUSDT"],
        ["tickers.SOLUSDT", "allLiquidation.SOLUSDT"],
    ]
    assert {(channel.kind, channel.expected_every_s is None) for channel in stream.channels} == {
        (Kind.MARK, False),
        (Kind.LIQUIDATIONS, True),
    }
    assert json.loads(stream.ping or "") == {"op": "ping"}
    assert EXCHANGE.streams([]) == ()


# ---------------------------------------------------------------------------------- troubles


@pytest.mark.parametrize(
    ("status", "body", "verdict", "wait_s"),
    [
        (403, b"403, access too frequent. Please try it again later.", Verdict.BANNED, 600.0),
        (403, b"configured to block access from your country", Verdict.GEO_BLOCKED, None),
        (200, b'{"retCode":10006,"retMsg":"Too many visits."}', Verdict.SLOW_DOWN, None),
        (200, b'{"retCode":10009,"retMsg":"restricted region"}', Verdict.GEO_BLOCKED, None),
        (200, b'{"retCode":10016,"retMsg":"server error"}', Verdict.RETRY, None),
        (200, b'{"retCode":10001,"retMsg":"params error"}', Verdict.REFUSED, None),
        (200, b"<html>", Verdict.RETRY, None),
        (200, b"", Verdict.RETRY, None),
    ],
)
def test_a_failed_answer_has_a_verdict(
    status: int, body: bytes, verdict: Verdict, wait_s: float | None
) -> None:
    trouble = EXCHANGE.trouble(status, {}, body)
    assert trouble is not None
    assert (trouble.verdict, trouble.wait_s) == (verdict, wait_s)


def test_the_reset_of_the_limit_is_told_by_the_venues_clock() -> None:
    headers = {"x-bapi-limit-reset-timestamp": "1791565015000"}
    trouble = EXCHANGE.trouble(200, headers, b'{"retCode":10006,"retMsg":"Too many visits."}')
    assert trouble is not None
    assert trouble.until_ms == 1_791_565_015_000


def test_a_good_answer_is_no_trouble() -> None:
    assert EXCHANGE.trouble(200, {}, payload("bybit", "tickers")) is None
    assert EXCHANGE.trouble(200, {}, b' {"retMsg":"OK","retCode":0}') is None


# ---------------------------------------------------------------------------------- recorded and mutated

RECORDED = {
    "rest_tickers_": "tickers",
    "rest_kline_": "candles",
    "rest_mark_kline_": "candles",
    "http_get_klines_": "candles",
    "rest_open_interest_": "past_open_interest",
    "rest_history_fund_rate_": "settled_funding",
    "http_get_funding_history_": "settled_funding",
    "rest_orderbook_": "depth",
    "http_get_orderbook_": "depth",
    "rest_instrument_": "instruments",
    "http_get_instruments_": "instruments",
    "rest_risk_limit_": "tiers",
    "err_": "tickers",
    "ws_": "frame_ticker",
}


def recorded(recordings: Path) -> Iterator[tuple[str, str, bytes]]:
    for path in sorted((recordings / "payloads" / "bybit").glob("*.json")):
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
    assert len(read_files) >= 18
    asked = {name: why for name, why in refused.items() if name.startswith(("rest_", "http_"))}
    of_linear = {
        name for name, why in asked.items() if why != "result.category" and "contractType" not in why
    }
    assert of_linear == {"http_get_klines_linear_nautilus.json", "rest_mark_kline_doc1.json"}
    assert "a bar that is not of" in asked["http_get_klines_linear_nautilus.json"]
    assert {name for name, why in asked.items() if why == "result.category"} == {
        "http_get_instruments_inverse_symbol_type_nautilus.json",
        "rest_kline_doc1.json",
        "rest_open_interest_doc1.json",
        "rest_risk_limit_doc1.json",
        "rest_tickers_doc1.json",
        "rest_tickers_doc2.json",
        "rest_tickers_doc3.json",
    }


def test_the_recorded_liquidations_are_a_long_and_a_short(recordings: Path) -> None:
    folder = recordings / "payloads" / "bybit"
    ours = Asked(NOW_MS, {s: perpetual(s, s[:-4]) for s in ("ICPUSDT", "MARSCOINUSDT")})
    frames = json.loads((folder / "ws_allLiquidation_live_2026-09-18.json").read_bytes())
    said = [one for frame in frames for one in read_frame(json.dumps(frame).encode(), ours)]
    assert [(one.side, one.coins) for one in only(Liquidation, said)] == [
        (Side.LONG, 19.7),
        (Side.SHORT, 2_380.0),
    ]


def test_the_recorded_ticker_of_before_the_single_figure_is_halved(recordings: Path) -> None:
    frame = (recordings / "payloads" / "bybit" / "ws_ticker_linear_nautilus.json").read_bytes()
    (interest,) = only(OpenInterest, read_frame(frame, ASKED))
    assert interest.coins == 68_744.761 / 2


@pytest.mark.parametrize("kind", READ)
def test_a_payload_gone_wrong_raises_misread_or_nothing(kind: str) -> None:
    read, asked = READ[kind]

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(mutated(payload("bybit", kind)))
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
    assert trouble is not None or status not in (200, 403)
