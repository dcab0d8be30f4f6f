"""A1 and A2: a venue that says "slow down" or bans is obeyed to the second; the others go on.

The clock of these tests moves only when told to, so that "to the second" can be looked at from both sides.
"""

import asyncio
import logging

import pytest

from market.observations import Venue
from scheduler.exchange import Budget, Trouble, Verdict
from scheduler.fetch import Failure, Fetcher, SourceFailed, State
from tests.doubles.exchange_server import ExchangeServer, after, answer, refusal, stall
from tests.doubles.waiting import until
from tests.scheduler.fetch.venues import ASKED, NOW_MS, Time, asking, exchange, price_of

BTC = price_of(Venue.BINANCE)
NOW_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
IN_90_S = "Tue, 14 Nov 2023 22:14:50 GMT"


async def failure_of(fetcher: Fetcher) -> SourceFailed:
    with pytest.raises(SourceFailed) as failed:
        await fetcher.get(BTC, ASKED)
    return failed.value


WAITS = [
    pytest.param({"Retry-After": "7"}, 7.0, id="seconds"),
    pytest.param({"Retry-After": "3600"}, 3600.0, id="an hour"),
    pytest.param({"Retry-After": IN_90_S, "Date": NOW_DATE}, 90.0, id="date"),
    pytest.param(
        {"Retry-After": "Tue, 14 Nov 2023 23:14:50 GMT", "Date": "Tue, 14 Nov 2023 23:13:20 GMT"},
        90.0,
        id="date of a venue an hour ahead",
    ),
    pytest.param({}, 60.0, id="absent"),
    pytest.param({"Retry-After": "soon"}, 60.0, id="no time"),
    pytest.param({"Retry-After": "-5"}, 60.0, id="negative"),
    pytest.param({"Retry-After": "1e400"}, 60.0, id="infinite"),
    pytest.param({"Retry-After": "٣٦٠٠"}, 60.0, id="foreign digits"),
    pytest.param({"Retry-After": "0"}, 1.0, id="nought"),
    pytest.param({"Retry-After": NOW_DATE, "Date": IN_90_S}, 1.0, id="a date that is over"),
    pytest.param({"Retry-After": "9" * 35}, 3 * 24 * 3600.0, id="longer than the longest ban"),
]


@pytest.mark.parametrize(("headers", "wait_s"), WAITS)
async def test_a1_a_429_is_obeyed_to_the_second(
    server: ExchangeServer, time: Time, headers: dict[str, str], wait_s: float
) -> None:
    server.then(refusal(429, headers))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        first = await failure_of(fetcher)
        assert first.failure is Failure.SLOW_DOWN
        for step in (0.0, wait_s / 2, wait_s / 2 - 0.001):
            time.passes(step)
            assert (await failure_of(fetcher)).failure is Failure.PAUSED
        assert len(server.seen) == 1
        time.passes(0.002)
        assert await fetcher.get(BTC, ASKED)
    assert len(server.seen) == 2


async def test_a1_a_pause_says_for_how_long(server: ExchangeServer, time: Time) -> None:
    server.then(refusal(429, {"Retry-After": "3600"}))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        await failure_of(fetcher)
        time.passes(600)
        paused = await failure_of(fetcher)
        (status,) = fetcher.status()
    assert paused.wait_s == pytest.approx(3000.0)
    assert "3000 s" in paused.why
    assert (status.state, status.until_ms) == (State.BACKING_OFF, NOW_MS + 3_600_000)


async def test_a1_an_untold_wait_doubles_while_nothing_becomes_better(
    server: ExchangeServer, time: Time
) -> None:
    server.otherwise = refusal(429)
    waits = []
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        for _ in range(6):
            await failure_of(fetcher)
            waits.append((await failure_of(fetcher)).wait_s)
            time.passes(waits[-1] or 0.0)
    assert waits == [pytest.approx(wait_s) for wait_s in (60, 120, 240, 480, 900, 900)]


async def test_a1_an_untold_wait_is_a_full_window_of_the_budget(server: ExchangeServer, time: Time) -> None:
    server.then(refusal(429))
    async with asking(time, exchange(Venue.BINANCE, server.url, Budget(20, 2.0))) as fetcher:
        await failure_of(fetcher)
        assert (await failure_of(fetcher)).wait_s == 2.0


async def test_a1_the_others_go_on(server: ExchangeServer, other: ExchangeServer, time: Time) -> None:
    server.then(refusal(429, {"Retry-After": "3600"}))
    venues = (exchange(Venue.BINANCE, server.url), exchange(Venue.OKX, other.url))
    async with asking(time, *venues) as fetcher:
        await failure_of(fetcher)
        for _ in range(20):
            assert await fetcher.get(price_of(Venue.OKX), ASKED)
        assert [status.state for status in fetcher.status()] == [State.BACKING_OFF, State.OK]
    assert len(other.seen) == 20


async def test_a1_questions_waiting_for_their_try_learn_of_the_pause(
    server: ExchangeServer, time: Time
) -> None:
    """Twenty at once: those under way cannot be called back, the others are never sent."""
    server.otherwise = refusal(429, {"Retry-After": "60"})
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        outcomes = await asyncio.gather(*(fetcher.get(BTC, ASKED) for _ in range(20)), return_exceptions=True)
        under_way = len(server.seen)
        await failure_of(fetcher)
    assert under_way <= 6
    assert len(server.seen) == under_way
    assert all(isinstance(outcome, SourceFailed) for outcome in outcomes)


async def test_a1_several_429s_at_once_are_one_and_the_longest_wait_counts(
    server: ExchangeServer, time: Time
) -> None:
    let_go = asyncio.Event()
    late = (after(let_go.wait, refusal(429)), after(let_go.wait, refusal(429, {"Retry-After": "5"})))
    server.then(*late, refusal(429))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        under_way = [asyncio.create_task(fetcher.get(BTC, ASKED)) for _ in late]
        await until(lambda: len(server.seen) == 2)
        await failure_of(fetcher)
        let_go.set()
        await asyncio.gather(*under_way, return_exceptions=True)
        assert (await failure_of(fetcher)).wait_s == 60.0


async def test_a1_an_answer_that_was_under_way_does_not_end_the_pause(
    server: ExchangeServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler.fetch")
    let_go = asyncio.Event()
    server.then(after(let_go.wait, answer()), refusal(429, {"Retry-After": "60"}))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        under_way = asyncio.create_task(fetcher.get(BTC, ASKED))
        await until(lambda: len(server.seen) == 1)
        await failure_of(fetcher)
        let_go.set()
        assert await under_way
        assert (await failure_of(fetcher)).failure is Failure.PAUSED
    assert len(server.seen) == 2
    assert len([record for record in caplog.records if record.name.startswith("scheduler")]) == 1


async def test_a1_after_the_pause_one_question_goes_first(server: ExchangeServer, time: Time) -> None:
    server.then(refusal(429, {"Retry-After": "5"}), stall())
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        await failure_of(fetcher)
        time.passes(5)
        first = asyncio.create_task(fetcher.get(BTC, ASKED))
        await until(lambda: len(server.seen) == 2)
        second = asyncio.create_task(fetcher.get(BTC, ASKED))
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(server.seen) == 2
        first.cancel()
        assert await second
    assert len(server.seen) == 3


async def test_a2_a_ban_disables_the_venue_until_the_given_time_and_is_told_once(
    server: ExchangeServer, other: ExchangeServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler.fetch")
    server.then(refusal(418, {"Retry-After": "7200"}))
    venues = (exchange(Venue.BINANCE, server.url), exchange(Venue.OKX, other.url))
    async with asking(time, *venues) as fetcher:
        assert (await failure_of(fetcher)).failure is Failure.BANNED
        for _ in range(7199):
            time.passes(1)
            assert (await failure_of(fetcher)).failure is Failure.PAUSED
        banned = fetcher.status()[0]
        assert len(server.seen) == 1
        assert await fetcher.get(price_of(Venue.OKX), ASKED)
        time.passes(1)
        assert await fetcher.get(BTC, ASKED)
        well = fetcher.status()[0]
    assert (banned.state, banned.until_ms) == (State.DISABLED, NOW_MS + 7_200_000)
    assert (well.state, well.until_ms) == (State.OK, None)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("scheduler")] == [
        "binance fails, banned: HTTP 418, banned; not asked for 7200 s",
        "binance answers again after 7200 s",
    ]


async def test_a2_a_ban_told_as_a_time_of_the_venue_is_obeyed(server: ExchangeServer, time: Time) -> None:
    server.then(refusal(418, {"Date": NOW_DATE}))
    ban = Trouble(Verdict.BANNED, "IP banned", until_ms=NOW_MS + 300_000)
    venue = exchange(Venue.BINANCE, server.url, trouble=lambda status, *_: ban if status == 418 else None)
    async with asking(time, venue) as fetcher:
        await failure_of(fetcher)
        time.passes(299.9)
        assert (await failure_of(fetcher)).failure is Failure.PAUSED
        time.passes(0.2)
        assert await fetcher.get(BTC, ASKED)


async def test_a2_a_429_that_turns_into_a_ban_is_told_once_more(
    server: ExchangeServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler.fetch")
    server.then(refusal(429), refusal(429), refusal(418), refusal(429), refusal(500))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        for _ in range(5):
            await failure_of(fetcher)
            time.passes(1000.0)
    told = [record.getMessage() for record in caplog.records if record.name.startswith("scheduler")]
    assert [line.split(":")[0] for line in told] == ["binance fails, slow down", "binance fails, banned"]


@pytest.mark.parametrize("status", [403, 451])
async def test_a_geo_block_disables_the_venue_for_hours_and_is_told_once(
    server: ExchangeServer, other: ExchangeServer, time: Time, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.INFO, logger="scheduler.fetch")
    server.otherwise = refusal(status)
    venues = (exchange(Venue.BINANCE, server.url), exchange(Venue.OKX, other.url))
    async with asking(time, *venues) as fetcher:
        assert (await failure_of(fetcher)).failure is Failure.GEO_BLOCKED
        assert fetcher.status()[0].state is State.GEO_BLOCKED
        for _ in range(24 * 60):
            time.passes(60)
            await failure_of(fetcher)
        assert await fetcher.get(price_of(Venue.OKX), ASKED)
    assert len(server.seen) == 1 + 4  # one look every six hours
    told = [record for record in caplog.records if record.name.startswith("scheduler")]
    assert len(told) == 1


async def test_a_venue_knows_better_what_its_403_means(server: ExchangeServer, time: Time) -> None:
    server.then(refusal(403))
    too_often = Trouble(Verdict.SLOW_DOWN, "access too frequent", wait_s=600.0)
    venue = exchange(
        Venue.BINANCE, server.url, trouble=lambda status, *_: too_often if status == 403 else None
    )
    async with asking(time, venue) as fetcher:
        assert (await failure_of(fetcher)).failure is Failure.SLOW_DOWN
        assert (await failure_of(fetcher)).wait_s == 600.0


async def test_trouble_in_an_answer_with_status_200_is_trouble(server: ExchangeServer, time: Time) -> None:
    server.then(answer(b'{"code":"50011"}'))
    venue = exchange(
        Venue.BINANCE,
        server.url,
        trouble=lambda _, __, body: Trouble(Verdict.SLOW_DOWN, "50011", 2.0) if b"50011" in body else None,
    )
    async with asking(time, venue) as fetcher:
        assert (await failure_of(fetcher)).failure is Failure.SLOW_DOWN
        time.passes(2)
        assert await fetcher.get(BTC, ASKED)


async def test_a_503_that_says_when_to_come_back_is_obeyed(server: ExchangeServer, time: Time) -> None:
    server.then(refusal(503, {"Retry-After": "30"}))
    async with asking(time, exchange(Venue.BINANCE, server.url)) as fetcher:
        assert (await failure_of(fetcher)).failure is Failure.TROUBLED
        assert (await failure_of(fetcher)).wait_s == 30.0
    assert len(server.seen) == 1
