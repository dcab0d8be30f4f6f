"""The five exchange files behind the fetcher: what they declare can be asked, and their own ways of saying no are obeyed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.exchange import Ask, Asked, Exchange
from scheduler.exchanges import exchanges
from scheduler.fetch import Failure, Fetcher, SourceFailed, State
from tests.doubles.exchange_server import ExchangeServer, Reply, answer, page, refusal
from tests.scheduler.fetch.venues import ASKED, NOW_MS, Time, asking

PAYLOADS = Path(__file__).parents[2] / "payloads"
EVERY = pytest.mark.parametrize("venue", exchanges(), ids=lambda venue: venue.name)
BINANCE = next(venue for venue in exchanges() if venue.name == "binance")


def question_of(venue: Exchange) -> Ask[Any]:
    return venue.instruments()[0]


async def failure_of(fetcher: Fetcher, ask: Ask[Any]) -> SourceFailed:
    with pytest.raises(SourceFailed) as failed:
        await fetcher.get(ask, ASKED)
    return failed.value


@EVERY
def test_every_question_about_instruments_fits_its_budget(venue: Exchange) -> None:
    for ask in venue.instruments():
        assert ask.venue is venue.venue
        assert ask.weight <= venue.budgets[ask.budget].weight


@EVERY
@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        pytest.param(refusal(429, {"Retry-After": "77"}), Failure.SLOW_DOWN, id="429"),
        pytest.param(refusal(418, {"Retry-After": "77"}), Failure.BANNED, id="418"),
        pytest.param(refusal(451, {"Retry-After": "77"}), Failure.GEO_BLOCKED, id="451"),
    ],
)
async def test_a_venue_that_says_no_is_left_alone_to_the_second(
    venue: Exchange, server: ExchangeServer, time: Time, reply: Reply, failure: Failure
) -> None:
    ask = question_of(venue)
    server.otherwise = reply
    async with asking(time, replace(venue, rest_url=server.url)) as fetcher:
        assert (await failure_of(fetcher, ask)).failure is failure
        time.passes(76.9)
        assert (await failure_of(fetcher, ask)).failure is Failure.PAUSED
        assert len(server.seen) == 1
        time.passes(0.2)
        assert (await failure_of(fetcher, ask)).failure is failure
    assert len(server.seen) == 2


@EVERY
@pytest.mark.parametrize("reply", [page(), refusal(502), page(503)], ids=["page", "502", "page 503"])
async def test_trouble_of_any_venue_is_tried_again_and_then_opens_the_breaker(
    venue: Exchange, server: ExchangeServer, time: Time, reply: Reply
) -> None:
    server.otherwise = reply
    async with asking(time, replace(venue, rest_url=server.url)) as fetcher:
        failures = [(await failure_of(fetcher, question_of(venue))).failure for _ in range(3)]
        assert fetcher.status()[0].state is State.BACKING_OFF
    assert failures[-1] is Failure.PAUSED
    assert len(server.seen) == 5


@EVERY
@pytest.mark.parametrize("nonsense", [b"null", b"[]", b"{}", b'{"', b"", b"\xff" * 50, b"[" * 100_000])
async def test_nonsense_of_any_venue_is_a_failure_and_nothing_else(
    venue: Exchange, server: ExchangeServer, time: Time, nonsense: bytes
) -> None:
    server.otherwise = answer(nonsense)
    async with asking(time, replace(venue, rest_url=server.url)) as fetcher:
        failed = await failure_of(fetcher, question_of(venue))
    assert failed.failure in {Failure.MISREAD, Failure.TROUBLED, Failure.REFUSED}


TOLD: list[tuple[str, Mapping[str, str], int, bytes, Failure, float]] = [
    (
        "binance",
        {"Date": "Tue, 14 Nov 2023 22:13:20 GMT"},
        418,
        b'{"code":-1003,"msg":"Way too many requests; IP(1.2.3.4) banned until 1700000300000."}',
        Failure.BANNED,
        300.0,
    ),
    ("bybit", {}, 403, b"access too frequent", Failure.BANNED, 600.0),
    ("okx", {}, 200, b'{"code":"50011","data":[],"msg":"Too Many Requests"}', Failure.SLOW_DOWN, 2.0),
    (
        "deribit",
        {},
        429,
        b'{"jsonrpc":"2.0","error":{"code":10028,"message":"too_many_requests"}}',
        Failure.SLOW_DOWN,
        5.0,
    ),
    ("hyperliquid", {}, 429, b"slow", Failure.SLOW_DOWN, 60.0),
]


@pytest.mark.parametrize(
    ("name", "headers", "status", "body", "failure", "wait_s"), TOLD, ids=[told[0] for told in TOLD]
)
async def test_a_venues_own_words_for_slow_down_are_understood(
    server: ExchangeServer,
    time: Time,
    name: str,
    headers: Mapping[str, str],
    status: int,
    body: bytes,
    failure: Failure,
    wait_s: float,
) -> None:
    venue = next(venue for venue in exchanges() if venue.name == name)
    server.otherwise = answer(body, status, headers)
    async with asking(time, replace(venue, rest_url=server.url)) as fetcher:
        assert (await failure_of(fetcher, question_of(venue))).failure is failure
        assert (await failure_of(fetcher, question_of(venue))).wait_s == pytest.approx(wait_s)


async def test_binances_instruments_come_through(server: ExchangeServer, time: Time) -> None:
    server.then(answer((PAYLOADS / "binance" / "instruments.json").read_bytes()))
    async with asking(time, replace(BINANCE, rest_url=server.url)) as fetcher:
        instruments = await fetcher.get(question_of(BINANCE), Asked(0))
        assert fetcher.status()[0].last_success_ms == NOW_MS
    assert "BTC" in {instrument.asset for instrument in instruments}
    assert server.seen[0].path.startswith("/fapi/v1/")


async def test_binances_own_count_of_the_minute_is_respected(server: ExchangeServer, time: Time) -> None:
    good = (PAYLOADS / "binance" / "instruments.json").read_bytes()
    server.then(answer(good, headers={"X-MBX-USED-WEIGHT-1M": "2399"}))
    async with asking(time, replace(BINANCE, rest_url=server.url)) as fetcher:
        await fetcher.get(question_of(BINANCE), ASKED)
        assert (await failure_of(fetcher, question_of(BINANCE))).failure is Failure.NO_TURN
    assert len(server.seen) == 1
