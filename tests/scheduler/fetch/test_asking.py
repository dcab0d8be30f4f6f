"""What is asked, and what comes of a good answer."""

import logging
import sys
from dataclasses import replace

import pytest

from market.observations import Venue
from scheduler.exchange import Ask, Asked, Kind, Misread
from scheduler.fetch import BODY_CAP_BYTES, DEADLINE_S, Failure, Fetcher, SourceFailed, State
from tests import canary
from tests.doubles.exchange_server import ExchangeServer, answer, packed, refusal
from tests.scheduler.fetch.venues import ASKED, NOW_MS, Time, asking, exchange, price_of, read_price

BTC = price_of(Venue.BINANCE)


async def test_an_answer_is_read_with_the_time_it_came(server: ExchangeServer, time: Time) -> None:
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert await fetcher.get(BTC, ASKED) == (64000.5, NOW_MS)
        (status,) = fetcher.status()
    assert server.seen[0].method == "GET"
    assert server.seen[0].path == "/price"
    assert server.seen[0].query == {"symbol": "BTC"}
    assert (status.state, status.last_success_ms, status.last_failure_why) == (State.OK, NOW_MS, None)


async def test_a_question_with_a_body_is_posted_as_json(server: ExchangeServer, time: Time) -> None:
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        await fetcher.get(replace(BTC, body=b'{"type":"meta"}', params={}), ASKED)
    assert (server.seen[0].method, server.seen[0].body) == ("POST", b'{"type":"meta"}')
    assert server.seen[0].headers["Content-Type"] == "application/json"


async def test_a_reader_knows_what_was_asked(server: ExchangeServer, time: Time) -> None:
    knew: list[Asked] = []

    def look(_: bytes, asked: Asked) -> None:
        knew.append(asked)

    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        ask = Ask(Venue.BINANCE, Kind.CANDLES, "/k", look, symbol="BTCUSDT", step_ms=60_000)
        await fetcher.get(ask, ASKED)
    assert knew == [Asked(received_at_ms=NOW_MS, symbol="BTCUSDT", step_ms=60_000)]


async def test_an_address_of_the_settings_goes_before_the_venues_own(
    server: ExchangeServer, time: Time
) -> None:
    venue = exchange(Venue.BINANCE, "http://127.0.0.1:1")
    elsewhere = {Venue.BINANCE: f"{server.url}/mirror/"}
    async with Fetcher([venue], elsewhere, clock=time.clock()) as fetcher:
        await fetcher.get(BTC, ASKED)
    assert server.seen[0].path == "/mirror/price"


@pytest.mark.parametrize("url", ["ftp://host", "host", "", "http://", "http://user:pw@", "http://a:port"])
async def test_an_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"^the REST address of binance is not http\(s\)://host$"):
        Fetcher([exchange(Venue.BINANCE, "http://127.0.0.1:1")], {Venue.BINANCE: url})


async def test_a_packed_answer_is_unpacked(server: ExchangeServer, time: Time) -> None:
    server.then(packed(b'{"price":"1"}'))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert (await fetcher.get(BTC, ASKED))[0] == 1.0
    assert server.seen[0].headers["Accept-Encoding"] == "gzip"


async def test_every_payload_is_kept_with_what_was_asked(server: ExchangeServer, time: Time) -> None:
    kept: list[tuple[str, bytes, int]] = []
    venue = exchange(Venue.BINANCE, server.url)
    server.then(refusal(400))
    async with Fetcher(
        [venue], clock=time.clock(), keep=lambda *said: kept.append((said[0].path, *said[1:]))
    ) as fetcher:
        with pytest.raises(SourceFailed):
            await fetcher.get(BTC, ASKED)
        await fetcher.get(BTC, ASKED)
    assert kept == [("/price", b'{"price":"64000.5"}', NOW_MS)]


async def test_pages_are_followed_to_the_last(server: ExchangeServer, time: Time) -> None:
    server.then(*(answer(b'{"price":"%d"}' % number) for number in (1, 2, 3)))

    def follow(payload: bytes, asked: Asked) -> dict[str, str] | None:
        price = read_price(payload, asked)[0]
        return {"cursor": str(price)} if price < 3 else None

    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        read = [page[0] async for page in fetcher.pages(replace(BTC, next_page=follow), ASKED)]
    assert read == [1.0, 2.0, 3.0]
    cursors = [seen.query.get("cursor") for seen in server.seen]
    assert cursors == [None, "1.0", "2.0"]
    assert all(seen.query["symbol"] == "BTC" for seen in server.seen)


async def test_pages_that_lead_in_a_circle_or_nowhere_come_to_an_end(
    server: ExchangeServer, time: Time
) -> None:
    circle = replace(BTC, next_page=lambda *_: {"cursor": "same"})
    count = iter(range(100))
    nowhere = replace(BTC, next_page=lambda *_: {"cursor": str(next(count))})
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert len([page async for page in fetcher.pages(circle, ASKED)]) == 2
        assert len([page async for page in fetcher.pages(nowhere, ASKED, most=7)]) == 7


async def test_a_page_whose_successor_cannot_be_read_is_misread(server: ExchangeServer, time: Time) -> None:
    def follow(payload: bytes, asked: Asked) -> None:
        raise Misread(Venue.BINANCE, "mark", "cursor")

    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        with pytest.raises(SourceFailed, match="cursor") as failure:
            await fetcher.get(replace(BTC, next_page=follow), ASKED)
    assert failure.value.failure is Failure.MISREAD


async def test_a_redirect_is_not_followed(server: ExchangeServer, other: ExchangeServer, time: Time) -> None:
    server.then(refusal(302, {"location": other.url}))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        with pytest.raises(SourceFailed) as failure:
            await fetcher.get(BTC, ASKED)
    assert failure.value.failure is Failure.REFUSED
    assert not other.seen


async def test_proxies_of_the_environment_are_not_asked(
    server: ExchangeServer, other: ExchangeServer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.url)
    monkeypatch.setenv("NO_PROXY", "")
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        await fetcher.get(BTC, ASKED)
    assert not other.seen


async def test_no_secret_of_an_address_is_told(
    server: ExchangeServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler")
    secret = canary.TELEGRAM_TOKEN.partition(":")[2]
    url = f"http://me:{secret}@127.0.0.1:{server.port}"
    server.otherwise = refusal(500)
    async with asking(time, exchange(Venue.BINANCE, url)) as fetcher:
        with pytest.raises(SourceFailed) as failure:
            await fetcher.get(BTC, ASKED)
        told = (
            str(failure.value),
            repr(failure.value),
            str(fetcher.status()),
            repr(failure.value.__context__),
        )
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("scheduler")]
    assert ours
    assert not [text for text in (*told, *ours) if secret in text]


def test_the_promised_bounds_are_the_default_ones() -> None:
    assert (DEADLINE_S, BODY_CAP_BYTES) == (10.0, 5 * 1024 * 1024)


def test_no_question_searches_the_disk_for_a_module_that_is_not_there() -> None:
    assert "sniffio" in sys.modules
