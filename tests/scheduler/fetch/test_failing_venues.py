"""A3 and A4: venues that fail, stall or flood cost nothing but their own answers."""

import asyncio
import logging
import socket
import time as machine
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from market.observations import Venue
from scheduler.exchange import Budget
from scheduler.fetch import Failure, Fetcher, SourceFailed, State
from tests.doubles.exchange_server import (
    ExchangeServer,
    Reply,
    after,
    answer,
    endless,
    packed,
    page,
    promise,
    refusal,
    reset,
    stall,
    trickle,
    unused_port,
)
from tests.scheduler.fetch.venues import ASKED, Time, asking, exchange, price_of

BTC = price_of(Venue.BINANCE)
SHORT_S = 0.3
CAP_BYTES = 5 * 1024 * 1024


async def failure_of(fetcher: Fetcher) -> Failure:
    with pytest.raises(SourceFailed) as failed:
        await fetcher.get(BTC, ASKED)
    return failed.value.failure


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("scheduler")]


# ------------------------------------------------------------------------------------------- A3


@pytest.mark.parametrize(
    "broken", [*map(refusal, (500, 502, 503, 504)), page(), page(kind="application/json"), page(502), reset()]
)
async def test_a3_a_passing_failure_is_tried_again(server: ExchangeServer, time: Time, broken: Reply) -> None:
    server.then(broken, broken)
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert await fetcher.get(BTC, ASKED)
        assert fetcher.status()[0].state is State.OK
    assert len(server.seen) == 3
    assert time.slept == [0.5, 1.0]  # half of 1 s and of 2 s: the dice show 0.5


async def test_a3_tries_are_spread_over_the_whole_wait(server: ExchangeServer, time: Time) -> None:
    server.then(*[refusal(500)] * 2)
    dice: Iterator[float] = iter((0.0, 1.0, 0.25, 0.75))
    async with asking(time, exchange(Venue.BINANCE, server.url), dice=lambda: next(dice)) as fetcher:
        await fetcher.get(BTC, ASKED)
        server.then(*[refusal(500)] * 2)
        await fetcher.get(BTC, ASKED)
    assert time.slept == [0.0, 2.0, 0.25, 1.5]


async def test_a3_the_breaker_opens_after_five_failures_and_lets_one_probe_through(
    server: ExchangeServer, time: Time
) -> None:
    server.otherwise = refusal(502)
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert await failure_of(fetcher) is Failure.TROUBLED  # three tries
        assert await failure_of(fetcher) is Failure.TROUBLED  # two more
        assert len(server.seen) == 5
        assert await failure_of(fetcher) is Failure.PAUSED
        time.passes(16.0)
        outcomes = await asyncio.gather(*(fetcher.get(BTC, ASKED) for _ in range(8)), return_exceptions=True)
    assert len(server.seen) == 6
    assert {outcome.failure for outcome in outcomes if isinstance(outcome, SourceFailed)} == {
        Failure.TROUBLED,
        Failure.PAUSED,
    }


@pytest.mark.parametrize(("dice", "share"), [(0.0, 0.5), (0.5, 1.0), (1.0, 1.5)])
async def test_a3_pauses_double_up_to_a_minute_give_or_take_half(
    server: ExchangeServer, time: Time, dice: float, share: float
) -> None:
    server.otherwise = refusal(500)
    pauses: list[float] = []
    async with asking(time, exchange(Venue.BINANCE, server.url), dice=lambda: dice) as fetcher:
        while len(pauses) < 5:
            await failure_of(fetcher)
            until_ms = fetcher.status()[0].until_ms
            if until_ms is not None:
                pauses.append((until_ms - time.now_ms) / 1000.0)
                time.passes(pauses[-1])
    assert pauses == [pytest.approx(pause_s * share) for pause_s in (16, 32, 60, 60, 60)]


async def test_a3_after_a_good_probe_everybody_may_ask_again(server: ExchangeServer, time: Time) -> None:
    server.then(*[refusal(500)] * 5)
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        await failure_of(fetcher)
        await failure_of(fetcher)
        time.passes(16.0)
        assert fetcher.status()[0].state is State.BACKING_OFF  # not well before it has answered
        answers = await asyncio.gather(*(fetcher.get(BTC, ASKED) for _ in range(8)))
        assert fetcher.status()[0].state is State.OK
    assert len(answers) == 8


async def test_a3_an_outage_is_told_once_and_so_is_its_end(
    server: ExchangeServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler.fetch")
    server.otherwise = refusal(502)
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        for _ in range(60):
            await failure_of(fetcher)
            time.passes(10)
        server.otherwise = answer()
        time.passes(100)
        for _ in range(3):
            assert await fetcher.get(BTC, ASKED)
    assert len(told(caplog)) == 2
    assert told(caplog)[0] == "binance fails, troubled: HTTP 502, Bad Gateway"
    assert told(caplog)[1].startswith("binance answers again after 7")


async def test_a3_failures_that_were_under_way_do_not_lengthen_the_pause(
    server: ExchangeServer, time: Time
) -> None:
    server.otherwise = refusal(500)
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        await asyncio.gather(*(fetcher.get(BTC, ASKED) for _ in range(20)), return_exceptions=True)
        (status,) = fetcher.status()
    assert status.failures_in_a_row == 5


async def test_a3_a_try_that_finds_the_venue_shut_meanwhile_tells_its_own_failure(
    server: ExchangeServer, time: Time
) -> None:
    """While one waits for its second try, another question brings a ban."""
    server.then(refusal(500), refusal(418))

    async def meanwhile(seconds: float) -> None:
        with pytest.raises(SourceFailed, match="418"):
            await fetcher.get(BTC, ASKED)
        time.passes(seconds)

    clock = replace(time.clock(), sleep=meanwhile)
    async with Fetcher([exchange(Venue.BINANCE, server.url)], clock=clock, dice=lambda: 0.5) as fetcher:
        assert await failure_of(fetcher) is Failure.TROUBLED
    assert len(server.seen) == 2


async def test_a3_nobody_listening_is_a_passing_failure(time: Time) -> None:
    async with asking(time, exchange(Venue.BINANCE, f"http://127.0.0.1:{unused_port()}")) as fetcher:
        assert await failure_of(fetcher) is Failure.UNREACHABLE
    assert len(time.slept) == 2


async def test_a3_other_tries_pay_from_the_budget_too(server: ExchangeServer, time: Time) -> None:
    server.otherwise = refusal(500)
    async with asking(time, exchange(Venue.BINANCE, server.url, Budget(2, 600.0))) as fetcher:
        assert await failure_of(fetcher) is Failure.TROUBLED
    assert len(server.seen) == 2


# ------------------------------------------------------------------------------------------- A4


@pytest.mark.parametrize("slow", [stall(), trickle(every_s=0.02)], ids=["stall", "slow loris"])
async def test_a4_the_deadline_is_for_the_whole_question_and_not_for_each_read(
    server: ExchangeServer, time: Time, slow: Reply
) -> None:
    server.otherwise = slow
    async with asking(time, exchange(Venue.BINANCE, server.url), deadline_s=SHORT_S) as fetcher:
        began = machine.monotonic()
        assert await failure_of(fetcher) is Failure.TOO_SLOW
        took_s = machine.monotonic() - began
    assert SHORT_S <= took_s < 30.0  # a deadline for each read would never come
    assert len(server.seen) == 1


async def test_a4_tries_share_one_deadline(server: ExchangeServer, time: Time) -> None:
    server.then(after(lambda: asyncio.sleep(1.5), refusal(502)))
    server.otherwise = stall()
    async with asking(
        time, exchange(Venue.BINANCE, server.url), deadline_s=2.5, dice=lambda: 0.01
    ) as fetcher:
        began = machine.monotonic()
        assert await failure_of(fetcher) is Failure.TOO_SLOW
        took_s = machine.monotonic() - began
    assert len(server.seen) == 2
    assert 2.5 <= took_s < 4.0  # with 2.5 s for each try it would be 4.0


async def test_a4_a_try_that_would_begin_after_the_deadline_is_not_made(
    server: ExchangeServer, time: Time
) -> None:
    server.otherwise = refusal(502)
    async with asking(time, exchange(Venue.BINANCE, server.url), deadline_s=0.4) as fetcher:
        assert await failure_of(fetcher) is Failure.TROUBLED
    assert len(server.seen) == 1
    assert time.slept == []


async def test_a4_a_server_that_does_not_take_connections_runs_into_the_deadline(time: Time) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        async with asking(time, exchange(Venue.BINANCE, url), deadline_s=SHORT_S) as fetcher:
            outcomes = [await failure_of(fetcher) for _ in range(4)]
    assert set(outcomes) == {Failure.TOO_SLOW}


FLOODS: list[tuple[str, Callable[[ExchangeServer], Reply]]] = [
    ("endless", endless),
    ("200 MB", lambda server: endless(server, 200_000_000)),
    ("what follows a packed body", lambda server: endless(server, packed_first=b"{}")),
    ("a promise of 200 MB", lambda _: promise(200_000_000)),
    ("a promise without measure", lambda _: promise(10**13)),
    ("gzip bomb", lambda _: packed(bytes(200_000_000))),
]


@pytest.mark.parametrize("flood", [flood for _, flood in FLOODS], ids=[name for name, _ in FLOODS])
async def test_a4_no_more_than_the_cap_is_taken_in(
    server: ExchangeServer, time: Time, flood: Callable[[ExchangeServer], Reply]
) -> None:
    server.then(flood(server))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        tracemalloc.start()
        try:
            assert await failure_of(fetcher) is Failure.TOO_LARGE
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert await fetcher.get(BTC, ASKED)
    assert peak_bytes < 4 * CAP_BYTES
    assert server.sent_bytes < 4 * CAP_BYTES


@pytest.mark.parametrize("zipped", [False, True])
async def test_a4_the_cap_is_exact(server: ExchangeServer, time: Time, zipped: bool) -> None:
    good = b'{"price":"1"}'
    full, over = good + b" " * (CAP_BYTES - len(good)), good + b" " * (CAP_BYTES + 1 - len(good))
    server.then(*(packed(body) if zipped else answer(body) for body in (full, over)))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert await fetcher.get(BTC, ASKED)
        assert await failure_of(fetcher) is Failure.TOO_LARGE


@pytest.mark.parametrize(
    "broken", [packed(b"{}", cut_bytes=4), packed(b"{}", "br"), answer(headers={"content-encoding": "gzip"})]
)
async def test_a4_what_cannot_be_unpacked_is_no_data(
    server: ExchangeServer, time: Time, broken: Reply
) -> None:
    server.otherwise = broken
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert await failure_of(fetcher) is Failure.NOT_DATA


async def test_a4_a_stalled_venue_does_not_delay_the_others(
    server: ExchangeServer, other: ExchangeServer, time: Time
) -> None:
    server.otherwise = stall()
    venues = (exchange(Venue.BINANCE, server.url), exchange(Venue.OKX, other.url))
    async with asking(time, *venues, deadline_s=2.0) as fetcher:
        stalled = [asyncio.create_task(fetcher.get(BTC, ASKED)) for _ in range(200)]
        took_s = []
        for _ in range(100):
            began = machine.monotonic()
            assert await fetcher.get(price_of(Venue.OKX), ASKED)
            took_s.append(machine.monotonic() - began)
        assert sorted(took_s)[98] < 1.0
        outcomes = await asyncio.gather(*stalled, return_exceptions=True)
    assert all(isinstance(outcome, SourceFailed) for outcome in outcomes)
    assert (
        len(server.seen) <= 6 + 4
    )  # six at once, and those let in before the fifth failure; the rest learned of it
