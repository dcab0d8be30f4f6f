"""Deribit: what is asked, what is heard, and how it is read."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    DepthBand,
    Funding,
    Heartbeat,
    ImpliedVolatility,
    Liquidation,
    Mark,
    OpenInterest,
    OptionQuote,
    Side,
    Venue,
)
from scheduler.exchange import BAR_MS, Asked, Instrument, Kind, Misread, Told, Verdict
from scheduler.exchanges.deribit import EXCHANGE
from scheduler.exchanges.deribit.answers import (
    next_liquidations_page,
    next_volatility_page,
    read_candles,
    read_depth,
    read_instruments,
    read_liquidations,
    read_paid_funding,
    read_ticker,
    read_volatility_history,
    read_volatility_index,
)
from scheduler.exchanges.deribit.frames import answer, read_frame
from scheduler.exchanges.deribit.option_chain import read_options
from tests.scheduler.exchanges.mutations import mutated
from tests.scheduler.exchanges.snapshots import expected, payload, spoken

NOW_MS = 1_790_000_000_000
BTC = Instrument(Venue.DERIBIT, "BTC-PERPETUAL", "BTC", None, 10.0, 8.0, 0.5, 50.0)
SOL = Instrument(Venue.DERIBIT, "SOL_USDC-PERPETUAL", "SOL", 0.1, None, 8.0, 0.01, 50.0)
OURS = {one.symbol: one for one in (BTC, SOL)}
Read = Callable[[bytes, Asked], Any]


def asked(symbol: str | None = BTC.symbol, step_ms: int | None = None, now_ms: int = NOW_MS) -> Asked:
    return Asked(now_ms, OURS, symbol, step_ms)


OWN: dict[str, tuple[Read, Asked]] = {
    "instruments_btc": (read_instruments, Asked(NOW_MS)),
    "instruments_usdc": (read_instruments, Asked(NOW_MS, {BTC.symbol: BTC})),
    "ticker_inverse": (read_ticker, asked()),
    "ticker_linear": (read_ticker, asked(SOL.symbol)),
    "candles": (read_candles, asked(step_ms=HOUR_MS)),
    "candles_none": (read_candles, asked(step_ms=HOUR_MS)),
    "funding_history": (read_paid_funding, asked()),
    "volatility_history": (read_volatility_history, asked(step_ms=DAY_MS)),
    "volatility_index": (read_volatility_index, asked()),
    "depth_inverse": (read_depth, asked()),
    "depth_linear": (read_depth, asked(SOL.symbol)),
    "trades": (read_liquidations, asked()),
    "trades_page": (read_liquidations, asked()),
    "options_btc": (read_options, asked(None)),
    "options_usdc": (read_options, asked(None)),
    "frame_ticker": (read_frame, asked(None)),
    "frame_trades": (read_frame, asked(None)),
    "frame_trades_calm": (read_frame, asked(None)),
    "frame_volatility": (read_frame, asked(None)),
    "frame_subscribed": (read_frame, asked(None)),
    "frame_heartbeat_set": (read_frame, asked(None)),
    "frame_still_here": (read_frame, asked(None)),
    "frame_test_request": (read_frame, asked(None)),
    "frame_heartbeat": (read_frame, asked(None)),
}


def read(kind: str) -> Any:
    reader, question = OWN[kind]
    return reader(payload("deribit", kind), question)


def changed(kind: str, **fields: Any) -> bytes:
    """One of our payloads whose result has other fields."""
    said = json.loads(payload("deribit", kind))
    said["result"].update(fields)
    return json.dumps(said).encode()


def told(reports: Any, kind: type) -> Any:
    (found,) = (
        report.said for report in reports if isinstance(report, Told) and isinstance(report.said, kind)
    )
    return found


@pytest.mark.parametrize("kind", OWN)
def test_our_own_payloads_are_read_as_committed(kind: str) -> None:
    assert spoken(read(kind)) == expected("deribit", kind)


# ------------------------------------------------------------------------------------------------ the traps


def test_trap_5_side_semantics_differ_t_means_the_taker_was_liquidated_m_the_maker() -> None:
    sides = [(one.side, one.coins) for one in read("trades") if one.asset == "BTC"]
    assert sides == [
        (Side.LONG, 0.75),  # T, sell: the taker's long is sold
        (Side.LONG, 0.1),  # M, buy: the maker sells his long
        (Side.SHORT, 0.2),  # M, sell: the maker buys his short back
        (Side.SHORT, 0.3),  # T, buy
        (Side.LONG, 0.05),  # MT, sell: both
        (Side.SHORT, 0.05),
    ]


def test_trap_5_of_2020_03_12_taker_sell_and_maker_buy_are_longs() -> None:
    page = json.loads(payload("deribit", "trades"))
    for flag, direction in (("T", "sell"), ("M", "buy")):
        page["result"]["trades"] = [
            {**page["result"]["trades"][0], "liquidation": flag, "direction": direction}
        ]
        (one,) = read_liquidations(json.dumps(page).encode(), asked())
        assert isinstance(one, Liquidation)
        assert one.side is Side.LONG


def test_trap_6_sizes_of_an_inverse_contract_are_dollars_and_never_times_the_price() -> None:
    first = read("trades")[0]
    assert first.coins * first.price_usd == pytest.approx(60_000.0)
    interest = told(read("ticker_inverse"), OpenInterest)
    assert interest.coins == 10_000.0  # 800 000 000 USD at 80 000


def test_trap_6_sizes_of_a_linear_contract_are_coins_not_contracts() -> None:
    assert told(read("ticker_linear"), OpenInterest).coins == 12_000.5
    (linear,) = (one for one in read("trades") if one.asset == "SOL")
    assert (linear.coins, linear.price_usd) == (100.0, 150.0)


def test_trap_7_funding_units_funding_8h_is_per_eight_hours_and_interest_1h_per_hour() -> None:
    predicted = told(read("ticker_inverse"), Funding)
    assert (predicted.rate, predicted.rate_8h, predicted.settled) == (0.00012, 0.00012, False)
    first = read("funding_history")[0].said
    assert (first.rate, first.interval_hours, first.settled) == (0.00001, 1.0, True)
    assert first.rate_8h == pytest.approx(0.00008)


def test_trap_11_iv_units_percent_points_become_fractions() -> None:
    assert read("options_btc")[0].mark_iv == 0.65
    assert told(read("volatility_index"), ImpliedVolatility).dvol == pytest.approx(0.573)
    assert [one.said.dvol for one in read("volatility_history")] == pytest.approx([0.573, 0.565])
    assert told(read("frame_volatility"), ImpliedVolatility).dvol == pytest.approx(0.573)


def test_trap_11_a_volatility_index_that_is_a_fraction_already_is_refused_not_divided_again() -> None:
    with pytest.raises(Misread, match="index_price"):
        read_volatility_index(changed("volatility_index", index_price=0.573), asked())


def test_trap_12_null_is_absent_and_not_zero() -> None:
    call = read("options_btc")[1]
    assert (call.bid_price, call.ask_price) == (None, 0.024)
    without = json.loads(payload("deribit", "ticker_inverse"))
    del without["result"]["funding_8h"]
    said = read_ticker(json.dumps(without).encode(), asked())
    assert [type(one.said) for one in said if isinstance(one, Told)] == [OpenInterest]


# ------------------------------------------------------------------------------------------------ answers


def test_one_perpetual_a_coin_the_inverse_before_the_linear() -> None:
    assert [one.symbol for one in read("instruments_btc")] == ["BTC-PERPETUAL"]
    assert [one.symbol for one in read("instruments_usdc")] == ["SOL_USDC-PERPETUAL", "SHIB_USDC-PERPETUAL"]


def test_a_contract_is_ten_dollars_or_a_tenth_of_a_coin_as_the_venue_says() -> None:
    (btc,), (sol, shib) = read("instruments_btc"), read("instruments_usdc")
    assert (btc.usd_per_contract, btc.coins_per_contract) == (10.0, None)
    assert (sol.usd_per_contract, sol.coins_per_contract) == (None, 0.1)
    assert (shib.asset, shib.quoted_coins, shib.coins_per_contract) == ("1000SHIB", 0.001, pytest.approx(0.1))
    assert shib.tick_usd == pytest.approx(0.00001)


def test_a_coin_quoted_singly_is_told_in_thousands() -> None:
    shib = Instrument(Venue.DERIBIT, "SHIB_USDC-PERPETUAL", "1000SHIB", 0.1, quoted_coins=0.001)
    ticker = changed(
        "ticker_linear",
        instrument_name=shib.symbol,
        mark_price=0.00001,
        index_price=0.00001,
        open_interest=5e6,
    )
    said = read_ticker(ticker, Asked(NOW_MS, {shib.symbol: shib}, shib.symbol))
    assert isinstance(said[0], Mark)
    assert said[0].mark_usd == pytest.approx(0.01)
    assert told(said, OpenInterest).coins == pytest.approx(5_000.0)


def test_a_bar_that_is_still_open_is_left_out() -> None:
    assert [one.said.open_at_ms for one in read("candles")] == [NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS]
    last = read("candles")[-1].said
    assert (last.volume_coins, last.volume_usd, last.close_usd) == (12.5, 1_002_000.0, 80_200.0)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"open": [80_000]}, "lengths"),
        ({"high": [79_000, 80_300, 80_250]}, "contradict"),
        ({"low": [80_050, 80_000, 80_150]}, "contradict"),
        ({"status": "maintenance"}, "status"),
        ({"close": [0, 1, 1]}, "close"),
    ],
)
def test_bars_that_contradict_themselves_are_refused(fields: Mapping[str, Any], why: str) -> None:
    with pytest.raises(Misread, match=why):
        read_candles(changed("candles", **fields), asked(step_ms=HOUR_MS))


def test_the_book_is_summed_in_dollars_on_both_kinds_of_contract() -> None:
    near, far = read("depth_inverse")
    assert (near.bid_usd, near.ask_usd, near.reaches) == (
        pytest.approx(150_000.0),
        pytest.approx(120_000.0),
        True,
    )
    assert (far.bid_usd, far.ask_usd, far.reaches) == (
        pytest.approx(150_000.0),
        pytest.approx(130_000.0),
        False,
    )
    linear = read("depth_linear")[0]
    assert isinstance(linear, DepthBand)
    assert linear.bid_usd == pytest.approx(149.9 * 10 + 149.0 * 20)
    assert linear.ask_usd == pytest.approx(150.1 * 30 + 151.0 * 40)
    assert not linear.reaches


def test_a_crossed_book_is_refused() -> None:
    with pytest.raises(Misread, match="cross"):
        read_depth(changed("depth_inverse", bids=[[80_001, 10]]), asked())


def test_an_answer_about_another_instrument_is_refused() -> None:
    for reader, kind in ((read_ticker, "ticker_linear"), (read_depth, "depth_linear")):
        with pytest.raises(Misread, match="not the one asked for"):
            reader(payload("deribit", kind), asked())


def test_a_halted_market_tells_no_price() -> None:
    with pytest.raises(Misread, match="state: halted"):
        read_ticker(changed("ticker_inverse", state="halted"), asked())
    assert read_ticker(changed("ticker_inverse", state="settlement"), asked())


def test_the_test_network_is_refused() -> None:
    said = json.loads(payload("deribit", "ticker_inverse")) | {"testnet": True}
    with pytest.raises(Misread, match="testnet"):
        read_ticker(json.dumps(said).encode(), asked())


def test_fills_of_one_forced_order_are_one_liquidation_and_a_trade_told_twice_counts_once() -> None:
    page = json.loads(payload("deribit", "trades"))
    page["result"]["trades"] *= 2
    assert read_liquidations(json.dumps(page).encode(), asked()) == read("trades")
    assert read("trades")[0] == Liquidation(
        Venue.DERIBIT, "BTC", NOW_MS, Side.LONG, 0.75, 80_000.0, is_sample=False
    )


def test_the_last_moment_of_a_page_is_left_to_the_next_page() -> None:
    assert [one.known_at_ms - NOW_MS for one in read("trades_page")] == [0, 1]
    more = next_liquidations_page(payload("deribit", "trades_page"), asked())
    assert more == {"start_timestamp": str(NOW_MS + 2)}
    assert next_liquidations_page(payload("deribit", "trades"), asked()) is None


def test_a_page_of_one_moment_goes_on_after_it() -> None:
    page = json.loads(payload("deribit", "trades_page"))
    page["result"]["trades"] = page["result"]["trades"][:2]
    said = json.dumps(page).encode()
    assert next_liquidations_page(said, asked()) == {"start_timestamp": str(NOW_MS + 1)}
    assert len(read_liquidations(said, asked())) == 1


def test_the_volatility_index_pages_backward() -> None:
    more = next_volatility_page(payload("deribit", "volatility_history"), asked())
    assert more == {"end_timestamp": str(NOW_MS - 3 * DAY_MS)}
    assert next_volatility_page(changed("volatility_history", continuation=None), asked()) is None
    assert next_volatility_page(changed("volatility_history", data=[]), asked()) is None


def test_an_option_is_its_name_its_expiry_is_eight_in_the_morning_utc() -> None:
    put, call, at_money = read("options_btc")
    assert put == OptionQuote(
        Venue.DERIBIT,
        "BTC",
        NOW_MS,
        1_792_569_600_000,  # 2026-10-21 08:00 UTC
        90_000.0,
        is_call=False,
        forward_usd=100_000.0,
        is_inverse=True,
        mark_iv=0.65,
        mark_price=0.0315,
        bid_price=0.031,
        ask_price=0.032,
        open_interest_coins=120.5,
        volume_coins=3.0,
    )
    assert call.is_call
    assert at_money.bid_price is None


def test_dollar_options_are_read_only_of_coins_without_coin_options() -> None:
    (ripple,) = read("options_usdc")
    assert (ripple.asset, ripple.strike_usd, ripple.is_inverse) == ("XRP", 2.5, False)


@pytest.mark.parametrize("name", ["BTC-31FEB26-90000-P", "BTC-21ABC26-90000-P", "BTC-21OCT26-0-P"])
def test_an_option_that_cannot_be_is_refused(name: str) -> None:
    chain = json.loads(payload("deribit", "options_btc"))
    chain["result"][0]["instrument_name"] = name
    with pytest.raises(Misread, match="instrument_name"):
        read_options(json.dumps(chain).encode(), asked())


def test_a_row_that_is_no_option_is_left_out_but_nothing_else_than_such_rows_is_refused() -> None:
    chain = json.loads(payload("deribit", "options_btc"))
    chain["result"][0]["instrument_name"] = "BTC-CS-21OCT26-90000_95000"
    assert len(read_options(json.dumps(chain).encode(), asked())) == 2
    chain["result"] = chain["result"][:1]
    with pytest.raises(Misread, match="no option"):
        read_options(json.dumps(chain).encode(), asked())


# ------------------------------------------------------------------------------------------------ the stream


def test_the_stream_sets_a_heartbeat_and_listens_to_what_needs_no_key() -> None:
    (stream,) = EXCHANGE.streams([BTC, SOL])
    beat, subscribe = (json.loads(said) for said in stream.subscribe)
    assert (beat["method"], beat["params"]) == ("public/set_heartbeat", {"interval": 30})
    assert subscribe["params"]["channels"] == [
        "ticker.BTC-PERPETUAL.100ms",
        "trades.BTC-PERPETUAL.100ms",
        "ticker.SOL_USDC-PERPETUAL.100ms",
        "trades.SOL_USDC-PERPETUAL.100ms",
        "deribit_volatility_index.btc_usd",
    ]
    assert {channel.symbol for channel in stream.channels if channel.kind is Kind.LIQUIDATIONS} == set(OURS)
    assert all(
        channel.expected_every_s for channel in stream.channels if channel.kind is not Kind.LIQUIDATIONS
    )


def test_a_test_request_is_answered_and_nothing_else_is() -> None:
    said = answer(payload("deribit", "frame_test_request"))
    assert said is not None
    assert json.loads(said)["method"] == "public/test"
    for kind in OWN:
        if kind != "frame_test_request":
            assert answer(payload("deribit", kind)) is None


def test_a_channel_the_venue_does_not_confirm_is_named() -> None:
    (stream,) = EXCHANGE.streams([BTC])
    with pytest.raises(Misread, match=r"not confirmed deribit_volatility_index\.btc_usd"):
        stream.read(payload("deribit", "frame_subscribed"), asked())
    (without,) = EXCHANGE.streams([Instrument(Venue.DERIBIT, "BTC-PERPETUAL", "XRP", None, 10.0)])
    assert without.read(payload("deribit", "frame_subscribed"), asked()) == ()


def test_a_trade_that_forced_nobody_proves_that_the_silence_of_liquidations_is_calm() -> None:
    assert read("frame_trades_calm") == (Heartbeat(Venue.DERIBIT, "BTC", "liquidations", NOW_MS + 5),)


def test_trades_that_cannot_be_read_are_a_doubt_about_liquidations() -> None:
    cut = payload("deribit", "frame_trades").replace(b'"T"', b'"X"')
    with pytest.raises(Misread) as refused:
        read_frame(cut, asked())
    assert refused.value.kind == Kind.LIQUIDATIONS


@pytest.mark.parametrize("channel", ["book.BTC-PERPETUAL.100ms", "trades", "", "quote.BTC-PERPETUAL"])
def test_a_channel_we_do_not_know_is_refused(channel: str) -> None:
    said = json.loads(payload("deribit", "frame_ticker"))
    said["params"]["channel"] = channel
    with pytest.raises(Misread, match="channel"):
        read_frame(json.dumps(said).encode(), asked())


def test_a_ticker_of_a_symbol_we_do_not_watch_says_nothing() -> None:
    said = payload("deribit", "frame_ticker").replace(b"BTC-PERPETUAL", b"ETH-PERPETUAL")
    assert read_frame(said, asked()) == ()


def test_rest_and_stream_say_the_same_of_one_moment() -> None:
    assert read("frame_ticker") == read("ticker_inverse")


# ------------------------------------------------------------------------------------------------ what is asked


def test_a_cycle_asks_for_what_a_reading_needs_and_stays_within_the_credits() -> None:
    asks = EXCHANGE.asks([BTC, SOL])
    assert [(ask.kind, ask.symbol) for ask in asks] == [
        (Kind.MARK, BTC.symbol),
        (Kind.DEPTH, BTC.symbol),
        (Kind.VOLATILITY_INDEX, BTC.symbol),
        (Kind.MARK, SOL.symbol),
        (Kind.DEPTH, SOL.symbol),
        (Kind.OPTIONS, None),
        (Kind.OPTIONS, None),
    ]
    assert [ask.params["currency"] for ask in asks if ask.kind is Kind.OPTIONS] == ["BTC", "USDC"]
    assert asks[2].params == {"index_name": "btcdvol_usdc"}
    assert {ask.weight for ask in asks} == {500}
    assert EXCHANGE.budgets["default"].weight / EXCHANGE.budgets["default"].window_s <= 10_000


def test_a_cycle_asks_with_times_for_the_last_bars_and_the_last_hours_of_funding() -> None:
    assert EXCHANGE.timed_asks is not None
    bars, paid = EXCHANGE.timed_asks([BTC], NOW_MS)
    assert (bars.kind, bars.step_ms, bars.params["resolution"]) == (Kind.CANDLES, BAR_MS, "1")
    start, end = int(bars.params["start_timestamp"]), int(bars.params["end_timestamp"])
    assert start % BAR_MS == 0
    assert end + 1 - start == 31 * BAR_MS
    assert NOW_MS - end <= BAR_MS
    assert (paid.kind, paid.every_s) == (Kind.FUNDING_HISTORY, 300.0)
    assert int(paid.params["end_timestamp"]) >= NOW_MS


def test_a_cold_start_asks_for_a_month_of_bars_a_quarter_of_funding_and_a_year_of_volatility() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 30 * DAY_MS, NOW_MS)
    covered = {
        kind: sum(
            int(ask.params["end_timestamp"]) - int(ask.params["start_timestamp"]) + 1
            for ask in asks
            if ask.kind is kind
        )
        for kind in (Kind.CANDLES, Kind.FUNDING_HISTORY, Kind.VOLATILITY_INDEX)
    }
    assert covered[Kind.CANDLES] == pytest.approx(30 * DAY_MS, abs=HOUR_MS)
    assert covered[Kind.FUNDING_HISTORY] == pytest.approx(90 * DAY_MS, abs=2 * HOUR_MS)
    assert covered[Kind.VOLATILITY_INDEX] == pytest.approx(365 * DAY_MS, abs=2)
    assert Kind.LIQUIDATIONS not in {ask.kind for ask in asks}
    assert Kind.VOLATILITY_INDEX not in {
        ask.kind for ask in EXCHANGE.history_asks(SOL, NOW_MS - 30 * DAY_MS, NOW_MS)
    }


def test_a_gap_is_filled_with_its_forced_orders_and_without_a_year_of_volatility() -> None:
    asks = EXCHANGE.history_asks(BTC, NOW_MS - 10 * MINUTE_MS, NOW_MS)
    assert [ask.kind for ask in asks] == [Kind.CANDLES, Kind.FUNDING_HISTORY, Kind.LIQUIDATIONS]
    assert asks[-1].params["start_timestamp"] == str(NOW_MS - 10 * MINUTE_MS)
    assert asks[-1].next_page is next_liquidations_page


def test_instruments_with_inverse_contracts_are_asked_for_first() -> None:
    assert [ask.params["currency"] for ask in EXCHANGE.instruments()] == ["BTC", "ETH", "USDC"]


# ------------------------------------------------------------------------------------------------ troubles


def test_used_up_credits_end_the_session_so_nothing_is_asked_before_they_are_back() -> None:
    for status in (200, 400, 429):
        trouble = EXCHANGE.trouble(status, {}, payload("deribit", "error_too_many"))
        assert trouble is not None
        assert (trouble.verdict, trouble.wait_s) == (Verdict.SLOW_DOWN, 5.0)
        assert "10028" in trouble.why


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(-32602, Verdict.REFUSED), (13020, Verdict.REFUSED), (11094, Verdict.RETRY), (11051, Verdict.RETRY)],
)
def test_an_error_of_the_venue_is_understood_by_its_number(code: int, verdict: Verdict) -> None:
    body = json.dumps({"error": {"code": code, "message": "words\u0007of theirs"}}).encode()
    trouble = EXCHANGE.trouble(400, {}, body)
    assert trouble is not None
    assert trouble.verdict is verdict
    assert trouble.why.isprintable()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error"', b'{"error":null,"result":1}', b'{"error":[]}'])
def test_a_body_without_an_error_leaves_the_verdict_to_the_status(body: bytes) -> None:
    assert EXCHANGE.trouble(500, {}, body) is None
    assert EXCHANGE.trouble(451, {}, payload("deribit", "error_params")) is None


def test_data_is_no_trouble() -> None:
    for kind in OWN:
        assert EXCHANGE.trouble(200, {}, payload("deribit", kind)) is None


def test_an_error_that_reached_a_reader_is_refused_in_its_own_words() -> None:
    with pytest.raises(Misread, match="error 10028: too_many_requests"):
        read_ticker(payload("deribit", "error_too_many"), asked())
    with pytest.raises(Misread, match="error 10028: too_many_requests"):
        read_frame(payload("deribit", "error_too_many"), asked())


# ------------------------------------------------------------------------------------------------ recordings

RECORDED: dict[str, tuple[Read, Asked, str | None]] = {
    "http_get_instruments_nautilus": (read_instruments, Asked(NOW_MS), "testnet"),
    "rest_get_instruments_currency_BTC_expired_false_cryptofeed": (read_instruments, Asked(NOW_MS), None),
    "rest_get_instruments_doc1": (read_instruments, Asked(NOW_MS), None),
    "rest_get_book_summary_by_currency_doc1": (read_options, asked(None), None),
    "rest_get_funding_rate_history_doc1": (read_paid_funding, asked(), None),
    "rest_get_volatility_index_data_doc1": (
        read_volatility_history,
        asked(step_ms=MINUTE_MS),
        "float.*> 1.0",
    ),
    "rest_get_tradingview_chart_data_doc1": (read_candles, asked(step_ms=30 * MINUTE_MS), None),
    "http_get_tradingview_chart_data_nautilus": (read_candles, asked(step_ms=MINUTE_MS), None),
    "rest_ticker_doc1": (read_ticker, asked(), None),
    "http_get_last_trades_nautilus": (read_liquidations, asked(), None),
    "rest_get_last_trades_by_instrument_and_time_doc1": (read_liquidations, asked(), None),
    "rest_get_last_trades_by_currency_doc1": (read_liquidations, asked(), None),
    "rest_get_last_trades_by_instrument_doc1": (read_liquidations, asked(), None),
    "err_invalid_params": (read_ticker, asked(), "error -32602"),
    "err_too_many_requests_http": (read_ticker, asked(), "error 10028"),
    "http_test_nautilus": (read_frame, asked(), None),
    "ws_chart_nautilus": (read_frame, asked(), "channel: chart"),
    "ws_error_nautilus": (read_frame, asked(), "error 10028"),
    "ws_subscribe_response_nautilus": (read_frame, asked(), "testnet"),
    "ws_test_request_nautilus": (read_frame, asked(), None),
    "ws_ticker_nautilus": (read_frame, asked(), None),
    "ws_volatility_index_nautilus": (read_frame, asked(), None),
}
NOT_ASKED = {
    "http_get_expirations_any_nautilus",
    "http_get_expirations_btc_option_nautilus",
    "http_get_instrument_nautilus",
    "http_get_instrument_option_nautilus",
    "http_get_time_nautilus",
    "rest_book_summary_by_instrument_perp_ccxt_row",
    "rest_get_expirations_doc1",
    "rest_get_funding_rate_value_doc1",
    "rest_get_historical_volatility_doc1",
    "rest_get_instrument_doc1",
    "rest_get_last_settlements_by_currency_doc1",
    "rest_get_last_settlements_by_instrument_doc1",
    "rest_get_mark_price_history_doc1",
}
MANY_FRAMES = {"ws_reply_cryptofeed", "ws_ticker_cryptofeed", "ws_ticker_option_tardis"}


def recorded(recordings: Path, name: str) -> bytes:
    return (recordings / "payloads" / "deribit" / f"{name}.json").read_bytes()


def test_every_recorded_payload_is_spoken_for(recordings: Path) -> None:
    found = {path.stem for path in (recordings / "payloads" / "deribit").glob("*.json")}
    assert found == set(RECORDED) | NOT_ASKED | MANY_FRAMES


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_payload_is_read_or_refused_with_its_reason(recordings: Path, name: str) -> None:
    reader, question, refused = RECORDED[name]
    said = recorded(recordings, name)
    if refused is None:
        assert isinstance(reader(said, question), tuple)
    else:
        with pytest.raises(Misread, match=refused):
            reader(said, question)


@pytest.mark.parametrize("name", sorted(MANY_FRAMES))
def test_recorded_frames_are_read_or_refused(recordings: Path, name: str) -> None:
    refused: list[str] = []
    for frame in json.loads(recorded(recordings, name)):
        try:
            assert read_frame(json.dumps(frame).encode(), asked()) == ()
        except Misread as misread:
            refused.append(misread.field)
    assert all("mark_price" in field for field in refused)  # an option on the day it expired is worth nothing
    assert len(refused) <= 1


def test_the_recorded_ticker_is_told_in_coins(recordings: Path) -> None:
    mark, interest, funding = read_frame(recorded(recordings, "ws_ticker_nautilus"), asked())
    assert isinstance(mark, Mark)
    assert isinstance(interest, Told)
    assert isinstance(interest.said, OpenInterest)
    assert interest.said.coins == pytest.approx(1_132_329_370 / 92_281.78)
    assert isinstance(funding, Told)


def test_the_recorded_list_of_2021_has_one_perpetual(recordings: Path) -> None:
    listed = recorded(recordings, "rest_get_instruments_currency_BTC_expired_false_cryptofeed")
    (only,) = read_instruments(listed, Asked(NOW_MS))
    assert (only.symbol, only.usd_per_contract) == ("BTC-PERPETUAL", 10.0)


# ------------------------------------------------------------------------------------------------ fuzz


@pytest.mark.parametrize("kind", OWN)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_spoilt_payload_is_misread_or_read_and_nothing_else(kind: str, data: st.DataObject) -> None:
    reader, question = OWN[kind]
    said = data.draw(mutated(payload("deribit", kind)))
    try:
        reports = reader(said, question)
    except Misread:
        reports = ()
    json.dumps(spoken(reports), allow_nan=False)
    EXCHANGE.trouble(400, {}, said)
    answer(said)
