"""Hyperliquid: what is asked, what is heard, and how it is read."""

import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.margin import Tier
from market.observations import DAY_MS, HOUR_MS, Candle, DepthBand, Funding, Mark, OpenInterest, Venue
from scheduler.exchange import LIVE_STEP_MS, Ask, Asked, Instrument, Kind, Misread, Told, Verdict
from scheduler.exchanges.hyperliquid import EXCHANGE
from scheduler.exchanges.hyperliquid.answers import (
    COARSE_FIGURES,
    FINE_FIGURES,
    read_candles,
    read_contexts,
    read_depth,
    read_instruments,
    read_predicted_fundings,
    read_settled_funding,
    read_tiers,
)
from scheduler.exchanges.hyperliquid.frames import read_frame
from tests.scheduler.exchanges.mutations import mutated
from tests.scheduler.exchanges.snapshots import expected, payload, spoken

NOW_MS = 1_791_565_010_000  # 17 minutes after an hour of UTC


def perpetual(symbol: str, asset: str, coins: float = 1.0) -> Instrument:
    return Instrument(Venue.HYPERLIQUID, symbol, asset, coins, funding_interval_hours=1.0, quoted_coins=coins)


OURS = {
    one.symbol: one
    for one in (perpetual("BTC", "BTC"), perpetual("kPEPE", "1000PEPE"), perpetual("MATIC", "MATIC"))
}
ASKED = Asked(NOW_MS, OURS)
OF_BTC, OF_PEPE = Asked(NOW_MS, OURS, "BTC"), Asked(NOW_MS, OURS, "kPEPE", LIVE_STEP_MS)
OURS_READ: dict[str, tuple[Callable[[bytes, Asked], Any], Asked]] = {
    "instruments": (read_instruments, ASKED),
    "tiers": (read_tiers, ASKED),
    "contexts": (read_contexts, ASKED),
    "predicted_fundings": (read_predicted_fundings, ASKED),
    "settled_funding": (read_settled_funding, OF_BTC),
    "candles": (read_candles, OF_PEPE),
    "depth": (partial(read_depth, COARSE_FIGURES), OF_BTC),
    "frame_mark": (read_frame, ASKED),
    "frame_acknowledged": (read_frame, ASKED),
    "frame_pong": (read_frame, ASKED),
}
FILES = {"instruments": "meta", "tiers": "meta"}


def ours(kind: str) -> bytes:
    return payload("hyperliquid", FILES.get(kind, kind))


def said_of(kind: str) -> Any:
    read, asked = OURS_READ[kind]
    return read(ours(kind), asked)


def fundings(kind: str) -> list[tuple[Told, Funding]]:
    told = [one for one in said_of(kind) if isinstance(one, Told)]
    return [(one, one.said) for one in told if isinstance(one.said, Funding)]


@pytest.mark.parametrize("kind", OURS_READ)
def test_our_own_payload_is_understood_as_committed_beside_it(kind: str) -> None:
    assert spoken(said_of(kind)) == expected("hyperliquid", kind)


# ---------------------------------------------------------------------------------- the twelve traps


def test_trap_7_hyperliquid_rates_are_per_hour() -> None:
    (_, rate) = fundings("contexts")[0]
    assert rate.interval_hours == 1.0
    assert rate.rate_8h == pytest.approx(0.0001)


def test_trap_7_each_venue_has_its_own_interval_in_predicted_fundings() -> None:
    assert [(rate.venue, rate.interval_hours) for _, rate in fundings("predicted_fundings")] == [
        (Venue.HYPERLIQUID, 1.0),
        (Venue.BINANCE, 8.0),
        (Venue.BYBIT, 4.0),
    ]


def test_trap_8_the_rate_of_a_context_is_the_prediction_for_the_hour_that_runs() -> None:
    (_, rate) = fundings("contexts")[0]
    assert not rate.settled
    assert rate.next_at_ms == 1_791_565_200_000
    assert all(settled.settled for _, settled in fundings("settled_funding"))


def test_trap_10_a_next_funding_time_in_the_past_is_the_last_boundary() -> None:
    (_, rate) = fundings("predicted_fundings")[0]
    assert rate.next_at_ms == 1_791_565_200_000
    on_time = read_predicted_fundings(ours("predicted_fundings"), Asked(1_791_561_600_000, OURS))[0].said
    assert isinstance(on_time, Funding)
    assert on_time.next_at_ms == 1_791_561_600_000 + HOUR_MS


def test_trap_10_a_venue_value_may_be_null() -> None:
    assert {(one.asset, rate.venue) for one, rate in fundings("predicted_fundings")} == {
        ("BTC", Venue.HYPERLIQUID),
        ("BTC", Venue.BINANCE),
        ("1000PEPE", Venue.BYBIT),
    }


def test_trap_12_numbers_are_strings_and_an_empty_one_is_absent_not_zero() -> None:
    empty = ours("contexts").replace(b'"82650.0","midPx"', b'"","midPx"')
    assert empty != ours("contexts")
    with pytest.raises(Misread, match="mark_px"):
        read_contexts(empty, ASKED)


# ---------------------------------------------------------------------------------- reading


def test_what_another_venue_said_is_told_as_relayed() -> None:
    assert [(rate.venue, one.relayed_by) for one, rate in fundings("predicted_fundings")] == [
        (Venue.HYPERLIQUID, None),
        (Venue.BINANCE, Venue.HYPERLIQUID),
        (Venue.BYBIT, Venue.HYPERLIQUID),
    ]


def test_names_and_numbers_meet_by_position_so_their_counts_must_agree() -> None:
    universe, contexts = json.loads(ours("contexts"))
    short = json.dumps([universe, contexts[:-1]]).encode()
    with pytest.raises(Misread, match="2 contexts of 3 coins"):
        read_contexts(short, ASKED)


def test_a_delisted_coin_and_those_of_builders_are_not_for_us() -> None:
    assert [one.symbol for one in said_of("instruments")] == ["BTC", "kPEPE"]
    assert {one.asset for one in said_of("contexts")} == {"BTC", "1000PEPE"}
    assert set(said_of("tiers")) == {"BTC", "1000PEPE"}


def test_a_universe_without_any_perpetual_is_refused_and_not_taken_for_a_mass_delisting() -> None:
    with pytest.raises(Misread, match="no perpetual"):
        read_instruments(b'{"universe":[]}', ASKED)


def test_kpepe_is_a_thousand_pepe() -> None:
    (_, pepe) = said_of("instruments")
    assert (pepe.asset, pepe.coins_per_contract, pepe.quoted_coins) == ("1000PEPE", 1.0, 1.0)


def test_a_coin_quoted_singly_is_counted_in_thousands() -> None:
    (single,) = read_instruments(b'{"universe":[{"name":"PEPE","maxLeverage":10}]}', ASKED)
    assert (single.asset, single.quoted_coins) == ("1000PEPE", 0.001)
    alone = json.dumps(
        [
            {"universe": [{"name": "PEPE", "maxLeverage": 10}]},
            [{"markPx": "0.000008", "oraclePx": "0.000008", "funding": "0", "openInterest": "5000"}],
        ]
    )
    reports = read_contexts(alone.encode(), Asked(NOW_MS, {"PEPE": single}))
    assert isinstance(reports[0], Mark)
    assert reports[0].mark_usd == pytest.approx(0.008)
    assert isinstance(reports[2], Told)
    assert isinstance(reports[2].said, OpenInterest)
    assert reports[2].said.coins == pytest.approx(5.0)


def test_a_bar_that_is_still_open_is_left_out() -> None:
    bars = [one.said for one in said_of("candles")]
    assert [bar.open_at_ms for bar in bars if isinstance(bar, Candle)] == [1791564300000, 1791564600000]


def test_an_answer_of_another_coin_than_asked_is_refused() -> None:
    with pytest.raises(Misread, match="another"):
        read_candles(ours("candles"), OF_BTC)
    with pytest.raises(Misread, match="another"):
        read_settled_funding(ours("settled_funding"), OF_PEPE)
    with pytest.raises(Misread, match="another"):
        read_depth(COARSE_FIGURES, ours("depth"), OF_PEPE)


def test_settlements_have_a_jitter_and_a_missing_hour_makes_no_two_hour_rate() -> None:
    assert [(rate.known_at_ms, rate.interval_hours) for _, rate in fundings("settled_funding")] == [
        (1_791_554_400_000, 1.0),
        (1_791_558_000_000, 1.0),
        (1_791_565_200_000, 1.0),
    ]


def test_settlements_eight_hours_apart_were_of_eight_hours() -> None:
    rows = [
        {"coin": "BTC", "fundingRate": "-0.0006", "time": 1683849600048},
        {"coin": "BTC", "fundingRate": "-0.0007", "time": 1683878400388},
    ]
    said = read_settled_funding(json.dumps(rows).encode(), OF_BTC)
    assert [one.said.interval_hours for one in said if isinstance(one.said, Funding)] == [8.0, 8.0]


def book(middle: float, step: float) -> bytes:
    bids = [{"px": str(middle - step / 2 - n * step), "sz": "1"} for n in range(20)]
    asks = [{"px": str(middle + step / 2 + n * step), "sz": "1"} for n in range(20)]
    return json.dumps({"coin": "BTC", "time": NOW_MS, "levels": [bids, asks]}).encode()


@pytest.mark.parametrize(
    ("middle", "fine_tells", "coarse_tells"),
    [
        (105_000.0, [0.01], [(0.02, False)]),  # steps of 1000 USD: a floor
        (45_000.0, [], [(0.01, True), (0.02, True)]),  # steps of 100 USD
        (25_000.0, [], [(0.01, False), (0.02, True)]),
        (82_000.0, [], [(0.01, True), (0.02, True)]),
    ],
)
def test_each_band_is_told_by_the_book_that_spans_it(
    middle: float, fine_tells: list[float], coarse_tells: list[tuple[float, bool]]
) -> None:
    digits = len(str(int(middle)))
    fine = read_depth(FINE_FIGURES, book(middle, 10.0 ** (digits - 4)), OF_BTC)
    coarse = read_depth(COARSE_FIGURES, book(middle, 10.0 ** (digits - 3)), OF_BTC)
    assert [band.within for band in fine if band.reaches] == fine_tells == [band.within for band in fine]
    assert [(band.within, band.reaches) for band in coarse] == coarse_tells


def test_what_rests_within_one_and_two_percent_is_summed_a_side() -> None:
    near, far = said_of("depth")
    assert isinstance(near, DepthBand)
    assert (near.bid_usd, near.ask_usd) == (80_000 + 2 * 79_900, 1.5 * 80_100 + 2.5 * 80_200)
    assert (far.bid_usd, far.ask_usd) == (near.bid_usd + 4 * 79_000, near.ask_usd + 3 * 81_600)
    assert (near.reaches, far.reaches) == (True, True)


def test_a_book_with_an_empty_side_tells_nothing() -> None:
    assert read_depth(COARSE_FIGURES, b'{"coin":"BTC","time":1,"levels":[[],[]]}', OF_BTC) == ()


def test_maintenance_is_half_the_initial_margin_and_does_not_jump_at_a_bracket() -> None:
    tiers = said_of("tiers")["BTC"]
    first, second = tiers.steps
    assert first == Tier(0.0, 150e6, 40.0, 1 / 80, 0.0)
    assert second == Tier(150e6, float("inf"), 20.0, 1 / 40, 150e6 * (1 / 40 - 1 / 80))
    assert tiers.published_on == "2026-10-09"
    assert tiers.maintenance_usd(150e6) == pytest.approx(150e6 / 80)
    assert tiers.maintenance_usd(200e6) == pytest.approx(150e6 / 80 + 50e6 / 40)


def test_a_coin_without_a_table_has_one_bracket_of_its_own_leverage() -> None:
    assert said_of("tiers")["1000PEPE"].steps == (Tier(0.0, float("inf"), 10.0, 0.05, 0.0),)


@pytest.mark.parametrize("floors", [["1", "2"], ["0", "0"], ["0", "5", "3"]])
def test_margin_tiers_that_do_not_go_upwards_from_zero_are_refused(floors: list[str]) -> None:
    said = json.loads(ours("tiers"))
    said["marginTables"][0][1]["marginTiers"] = [
        {"lowerBound": floor_usd, "maxLeverage": 40 - n} for n, floor_usd in enumerate(floors)
    ]
    with pytest.raises(Misread, match="marginTiers"):
        read_tiers(json.dumps(said).encode(), ASKED)


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (b'{"channel":"error","data":"Invalid subscription"}', "Invalid subscription"),
        (b'{"channel":"trades","data":[]}', "trades"),
        (b'{"data":[]}', "channel"),
        (b"[]", "object"),
    ],
)
def test_a_frame_that_is_not_understood_is_refused_and_named(frame: bytes, named: str) -> None:
    with pytest.raises(Misread, match=named):
        read_frame(frame, ASKED)


# ---------------------------------------------------------------------------------- asking


def body_of(ask: Ask[Any]) -> dict[str, Any]:
    assert ask.body is not None
    said: dict[str, Any] = json.loads(ask.body)
    return said


def test_there_is_no_liquidation_and_no_past_of_open_interest_to_ask_for() -> None:
    btc = OURS["BTC"]
    asks = [*EXCHANGE.asks([btc]), *EXCHANGE.history_asks(btc, NOW_MS - 90 * DAY_MS, NOW_MS)]
    (stream,) = EXCHANGE.streams([btc])
    kinds = {ask.kind for ask in asks} | {channel.kind for channel in stream.channels}
    assert not kinds & {Kind.LIQUIDATIONS, Kind.OPEN_INTEREST_HISTORY}


def test_every_question_of_a_cycle_stays_in_its_budget_with_forty_coins() -> None:
    assert EXCHANGE.timed_asks is not None
    coins = [perpetual(f"C{n}", f"C{n}") for n in range(40)]
    asks = (*EXCHANGE.asks(coins), *EXCHANGE.timed_asks(coins, NOW_MS))
    a_minute = sum(ask.weight * 60.0 / max(60.0, ask.every_s or 60.0) for ask in asks)
    assert a_minute == pytest.approx(20 + 4 + 40 * (2 + 2 + 21 + 21) / 5)
    assert a_minute <= EXCHANGE.budgets["default"].weight


def test_the_last_bars_and_rates_are_asked_from_a_stated_time_on() -> None:
    assert EXCHANGE.timed_asks is not None
    bars, rates = EXCHANGE.timed_asks([OURS["BTC"]], NOW_MS)
    assert body_of(bars)["req"] == {
        "coin": "BTC",
        "interval": "5m",
        "startTime": NOW_MS - 30 * 60_000,
        "endTime": NOW_MS - 1,
    }
    assert (bars.step_ms, body_of(rates)["startTime"]) == (LIVE_STEP_MS, NOW_MS - 3 * HOUR_MS)


def test_a_cold_start_asks_for_hourly_bars_and_pages_of_rates_that_touch() -> None:
    asks = EXCHANGE.history_asks(OURS["BTC"], NOW_MS - 90 * DAY_MS, NOW_MS)
    hourly, live = [body_of(ask)["req"] for ask in asks if ask.kind is Kind.CANDLES]
    assert (hourly["endTime"] - hourly["startTime"] + 1) // HOUR_MS == 90 * 24
    assert live["startTime"] == hourly["endTime"] + 1
    rates = [body_of(ask) for ask in asks if ask.kind is Kind.FUNDING_HISTORY]
    assert len(rates) == 5
    assert all(after["startTime"] == before["endTime"] + 1 for before, after in pairwise(rates))


def test_the_venue_hears_from_us_before_its_minute_of_silence_is_over() -> None:
    (stream,) = EXCHANGE.streams([OURS["BTC"]])
    assert stream.ping is not None
    assert json.loads(stream.ping) == {"method": "ping"}
    assert stream.ping_every_s is not None
    assert stream.ping_every_s < 60.0
    assert json.loads(stream.subscribe[0])["subscription"] == {"type": "activeAssetCtx", "coin": "BTC"}
    assert any(channel.expected_every_s for channel in stream.channels)
    assert EXCHANGE.streams([]) == ()


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (403, Verdict.GEO_BLOCKED),
        (408, Verdict.RETRY),
        (422, Verdict.REFUSED),
        (429, Verdict.SLOW_DOWN),
        (451, Verdict.GEO_BLOCKED),
        (500, Verdict.RETRY),
    ],
)
def test_a_failed_answer_has_a_verdict(status: int, verdict: Verdict) -> None:
    trouble = EXCHANGE.trouble(status, {}, b"Failed to deserialize the JSON body into the target type")
    assert trouble is not None
    assert trouble.verdict is verdict


def test_a_good_answer_is_no_trouble() -> None:
    assert EXCHANGE.trouble(200, {}, ours("contexts")) is None


@settings(max_examples=60, deadline=None, database=None)
@given(st.integers(100, 599), st.binary(max_size=600))
def test_any_failed_answer_has_some_verdict(status: int, body: bytes) -> None:
    trouble = EXCHANGE.trouble(status, {}, body)
    assert trouble is None if status == 200 else trouble is not None and trouble.why.isprintable()


# ---------------------------------------------------------------------------------- recorded and mutated

RECORDED: dict[str, str] = {
    "http_funding_history": "settled_funding",
    "http_l2_book": "depth",
    "http_meta_perp": "instruments",
    "rest_candleSnapshot": "candles",
    "rest_fundingHistory": "settled_funding",
    "rest_l2Book": "depth",
    "rest_meta_": "instruments",
    "rest_predictedFundings": "predicted_fundings",
    "ws_": "frame_mark",
}


def content(path: Path, kind: str) -> list[Any]:
    """The answers or frames of a recorded file: the wrapping of its recorder taken off."""
    said = json.loads(path.read_bytes())
    if isinstance(said, dict) and "request" in said:
        return [said["body"]]
    if kind == "frame_mark":
        return said if isinstance(said, list) else [said]
    return [[said]] if kind == "predicted_fundings" else [said]


def coin_in(said: Any) -> str:
    row = said[0] if isinstance(said, list) and said else said
    return str(row.get("coin") or row.get("s")) if isinstance(row, dict) else ""


def test_every_recorded_payload_is_read_or_refused_with_a_named_reason(recordings: Path) -> None:
    told: dict[str, int] = {}
    refused: dict[str, str] = {}
    for path in sorted((recordings / "payloads" / "hyperliquid").glob("*.json")):
        kind = next((kind for start, kind in RECORDED.items() if path.name.startswith(start)), None)
        for said in content(path, kind) if kind is not None else ():
            coin = coin_in(said)
            asked = Asked(2_000_000_000_000, {**OURS, coin: perpetual(coin, coin)}, coin)
            try:
                told[path.name] = len(OURS_READ[kind or ""][0](json.dumps(said).encode(), asked))
            except Misread as misread:
                refused[path.name] = misread.field
    assert set(refused) == {"ws_activeSpotAssetCtx_tardis.json", "ws_allmids_nautilus.json", "ws_bbo_tardis.json", "ws_l2Book_tardis.json"}  # fmt: skip
    assert all("channel" in field for field in refused.values())
    assert told["rest_candleSnapshot_test_get_candles_snapshot_1_cassette.json"] == 24
    assert told["http_meta_perp_sample_nautilus.json"] == 3
    assert told["rest_predictedFundings_null_venue_2026.json"] == 1


def test_the_recorded_eight_hour_era_ends_in_hourly_rates(recordings: Path) -> None:
    path = (
        recordings / "payloads/hyperliquid/rest_fundingHistory_test_get_funding_history_None__1_cassette.json"
    )
    said = read_settled_funding(json.dumps(json.loads(path.read_bytes())["body"]).encode(), OF_BTC)
    intervals = [one.said.interval_hours for one in said if isinstance(one.said, Funding)]
    assert intervals[0] == 8.0
    assert intervals[-1] == 1.0
    assert intervals == sorted(intervals, reverse=True)


@pytest.mark.parametrize("kind", OURS_READ)
def test_a_payload_gone_wrong_raises_misread_or_nothing(kind: str) -> None:
    read, asked = OURS_READ[kind]

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(mutated(ours(kind)))
    def holds(wrong: bytes) -> None:
        try:
            said = read(wrong, asked)
        except Misread:
            return
        for one in said:
            if isinstance(one, Told) and isinstance(one.said, Funding):
                assert abs(one.said.rate) < 1.0

    holds()
