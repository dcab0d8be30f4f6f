"""A5: nonsense and refusals are rejected, counted and told once; the last good answer ages."""

import logging
from dataclasses import replace

import pytest

from market.observations import Venue
from scheduler.exchange import Kind, Trouble, Verdict
from scheduler.fetch import Failure, Fetcher, SourceFailed, State
from tests.doubles.exchange_server import ExchangeServer, answer, refusal
from tests.scheduler.fetch.venues import ASKED, Time, asking, exchange, price_of

BTC = price_of(Venue.BINANCE)
NONSENSE = [
    b'{"price":"64',
    b"null",
    b"[]",
    b"{}",
    b"",
    b'{"price":"NaN"}',
    b'{"price":1}',
    b'{"price":"1e400"}',
    b"\xff\xfe",
]


async def failure_of(fetcher: Fetcher) -> Failure:
    with pytest.raises(SourceFailed) as failed:
        await fetcher.get(BTC, ASKED)
    return failed.value.failure


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("scheduler")]


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_a5_an_answer_that_cannot_be_read_is_rejected_and_counted(
    server: ExchangeServer, time: Time, nonsense: bytes
) -> None:
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        await fetcher.get(BTC, ASKED)
        before = fetcher.status()[0]
        server.then(answer(nonsense))
        time.passes(60)
        assert await failure_of(fetcher) is Failure.MISREAD
        after = fetcher.status()[0]
    assert (before.rejected, after.rejected) == (0, 1)
    assert after.last_success_ms == before.last_success_ms  # the last good answer ages
    assert after.complaints == ("mark: misread: price",)
    assert len(server.seen) == 2  # asking again at once would bring the same


async def test_a5_a_question_that_cannot_be_used_does_not_shut_the_venue_and_is_told_once(
    server: ExchangeServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler.fetch")
    candles = price_of(Venue.BINANCE, kind=Kind.CANDLES)
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        for _ in range(12):
            server.then(answer(b"[]"), answer())
            assert await failure_of(fetcher) is Failure.MISREAD
            assert await fetcher.get(candles, ASKED)
        assert fetcher.status()[0].state is State.OK
        assert await fetcher.get(BTC, ASKED)
        assert fetcher.status()[0].complaints == ()
    assert told(caplog) == [
        "binance mark has no usable answer: misread: price",
        "binance mark is answered again",
    ]


async def test_a5_a_refused_question_is_not_repeated(server: ExchangeServer, time: Time) -> None:
    server.otherwise = refusal(400, body=b'{"code":-1121,"msg":"Invalid symbol."}')
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        for _ in range(10):
            assert await failure_of(fetcher) is Failure.REFUSED
        assert fetcher.status()[0].state is State.OK
    assert len(server.seen) == 10


async def test_a_foreign_text_is_told_as_one_short_plain_line(server: ExchangeServer, time: Time) -> None:
    hostile = "line one\r\nWARNING line two \u202e\x1b[31m" + "x" * 5000
    venue = exchange(
        Venue.BINANCE,
        server.url,
        trouble=lambda status, *_: Trouble(Verdict.REFUSED, hostile) if status == 400 else None,
    )
    server.then(refusal(400))
    async with asking(time, venue) as fetcher:
        await failure_of(fetcher)
        why = fetcher.status()[0].last_failure_why or ""
    assert why.startswith("HTTP 400, line one WARNING line two [31mxxx")
    assert why.isprintable()
    assert len(why) <= 220


async def test_a9_nothing_is_complained_of_a_contract_that_is_not_asked_about_any_more(
    server: ExchangeServer, time: Time
) -> None:
    server.otherwise = refusal(400, body=b'{"code":-1121,"msg":"Invalid symbol."}')
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        for symbol in ("BTCUSDT", "FTTUSDT"):
            with pytest.raises(SourceFailed):
                await fetcher.get(replace(BTC, symbol=symbol), ASKED)
        assert len(fetcher.status()[0].complaints) == 2
        fetcher.forget(Venue.BINANCE, "FTTUSDT")
        (left,) = fetcher.status()[0].complaints
    assert "BTCUSDT" in left
