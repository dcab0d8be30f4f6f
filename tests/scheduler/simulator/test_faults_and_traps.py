"""What simulated venues send as it is on the wire, and what they do wrong when they are told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from market.observations import HOUR_MS, Mark, Venue
from scheduler.clock import Clock
from scheduler.exchange import Asked
from scheduler.exchanges import exchanges
from scheduler.fetch import Failure, Fetcher, SourceFailed
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import STANDINGS, Fault, SimulatedExchanges, Trouble, faster_clock, serve
from scheduler.streams import Heard, Listener, open_wires
from tests.doubles.waiting import until
from tests.scheduler.simulator.desk import BY_VENUE, Desk, desk, instruments, sell_off

NOW_MS = START_MS + 30 * HOUR_MS
PREMIUMS = "/fapi/v1/premiumIndex"


async def raw(at: Desk, venue: Venue, path: str, body: str | None = None) -> Any:
    url = at.venues.rest_urls[venue] + path
    async with (
        aiohttp.ClientSession() as session,
        session.request("POST" if body else "GET", url, data=body) as response,
    ):
        return await response.json(content_type=None)


async def test_bybit_counts_both_sides_of_open_interest_and_says_the_single_one_beside() -> None:
    async with desk(NOW_MS) as at:
        rows = (await raw(at, Venue.BYBIT, "/v5/market/tickers?category=linear"))["result"]["list"]
        btc = next(row for row in rows if row["symbol"] == "BTCUSDT")
        one_side = at.venues.tape.open_interest("BTC", NOW_MS) * STANDINGS[Venue.BYBIT].share
        assert float(btc["openInterest"]) == pytest.approx(2 * one_side, rel=1e-6)
        assert float(btc["singleOpenInterest"]) == pytest.approx(one_side, rel=1e-6)


async def test_binance_mixes_coin_margined_rows_in_and_writes_numbers_as_strings() -> None:
    async with desk(NOW_MS) as at:
        rows = await raw(at, Venue.BINANCE, "/fapi/v1/premiumIndex")
        assert {"BTCUSD_PERP", "BTCUSDT"} <= {row["symbol"] for row in rows}
        assert all(isinstance(row["lastFundingRate"], str) for row in rows)


async def test_okx_counts_contracts() -> None:
    async with desk(NOW_MS) as at:
        rows = (await raw(at, Venue.OKX, "/api/v5/public/open-interest?instType=SWAP"))["data"]
        btc = next(row for row in rows if row["instId"] == "BTC-USDT-SWAP")
        assert float(btc["oi"]) == pytest.approx(100 * float(btc["oiCcy"]), rel=1e-6)


async def test_deribit_counts_dollars_and_writes_volatility_in_percent() -> None:
    async with desk(NOW_MS) as at:
        ticker = (await raw(at, Venue.DERIBIT, "/api/v2/public/ticker?instrument_name=BTC-PERPETUAL"))[
            "result"
        ]
        coins = at.venues.tape.open_interest("BTC", NOW_MS) * STANDINGS[Venue.DERIBIT].share
        assert ticker["open_interest"] == pytest.approx(coins * ticker["mark_price"], rel=1e-6)
        path = "/api/v2/public/get_book_summary_by_currency?currency=BTC&kind=option"
        assert all(option["mark_iv"] > 5.0 for option in (await raw(at, Venue.DERIBIT, path))["result"])


async def test_hyperliquid_states_funding_by_the_hour() -> None:
    async with desk(NOW_MS) as at:
        universe, contexts = await raw(at, Venue.HYPERLIQUID, "/info", '{"type":"metaAndAssetCtxs"}')
        place = [coin["name"] for coin in universe["universe"]].index("BTC")
        rate_8h = at.venues.tape.rate_8h("BTC", NOW_MS)
        assert 8 * float(contexts[place]["funding"]) == pytest.approx(rate_8h, abs=1e-8)


async def test_an_endpoint_that_is_none_is_refused() -> None:
    async with desk(NOW_MS) as at:
        for venue in BY_VENUE:
            async with (
                aiohttp.ClientSession() as session,
                session.get(at.venues.rest_urls[venue] + "/nothing/here") as response,
            ):
                assert 400 <= response.status < 500, venue


@pytest.mark.parametrize("venue", tuple(BY_VENUE))
@pytest.mark.parametrize(
    ("trouble", "failure"),
    [
        (Trouble(Fault.STATUS, 451), Failure.GEO_BLOCKED),
        (Trouble(Fault.STATUS, 503), Failure.TROUBLED),
        (Trouble(Fault.DROP), Failure.CUT_OFF),
        (Trouble(Fault.GARBLE), Failure.MISREAD),
    ],
    ids=lambda case: case.fault.value if isinstance(case, Trouble) else "",
)
async def test_a_venue_in_trouble_fails_as_a_real_one_and_works_again_after(
    venue: Venue, trouble: Trouble, failure: Failure
) -> None:
    async with desk(NOW_MS) as at:
        ask = BY_VENUE[venue].instruments()[0]
        at.venues.faults.set(venue, trouble)
        with pytest.raises(SourceFailed) as failed:
            await at.fetcher.get(ask, at.asked())
        assert failed.value.failure is failure
        at.venues.faults.clear(venue)
        async with Fetcher(exchanges(), at.venues.rest_urls) as fetcher:
            assert await fetcher.get(ask, at.asked())


async def test_a_stalled_venue_keeps_the_question_until_the_stall_ends() -> None:
    async with desk(NOW_MS) as at:
        at.venues.faults.set(Venue.BINANCE, Trouble(Fault.STALL))
        question = asyncio.create_task(raw(at, Venue.BINANCE, "/fapi/v1/fundingInfo"))
        rows = (await raw(at, Venue.BYBIT, "/v5/market/tickers?category=linear"))["result"]["list"]
        assert rows
        assert not question.done()
        at.venues.faults.clear(Venue.BINANCE)
        assert await question == []


@asynccontextmanager
async def listening(venue: Venue, speed: float) -> AsyncIterator[tuple[list[Heard], SimulatedExchanges]]:
    """A production listener to a venue of a market that runs this much faster."""
    clock = faster_clock(NOW_MS, speed)
    heard: list[Heard] = []

    async def hear(words: tuple[Heard, ...]) -> None:
        heard.extend(words)

    async with (
        serve(sell_off(), clock) as venues,
        Fetcher(exchanges(), venues.rest_urls) as fetcher,
        open_wires(clock=clock, ws_urls=venues.ws_urls) as wires,
    ):
        known = list((await instruments(fetcher, venue, NOW_MS)).values())
        (stream,) = BY_VENUE[venue].streams(known)
        listener = Listener(stream, BY_VENUE[venue], hear, {one.symbol: one for one in known}, wires)
        task = asyncio.create_task(listener.run())
        try:
            yield heard, venues
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.mark.parametrize("venue", tuple(BY_VENUE))
async def test_the_production_listener_hears_every_coin_in_accelerated_time(venue: Venue) -> None:
    async with listening(venue, 20.0) as (heard, _):
        await until(lambda: {one.asset for one in heard if isinstance(one, Mark)} == {"BTC", "ETH", "SOL"})


@pytest.mark.parametrize("fault", [Fault.STATUS, Fault.DROP])
async def test_the_production_listener_comes_back_to_a_venue_that_hung_up(fault: Fault) -> None:
    async with listening(Venue.BINANCE, 20.0) as (heard, venues):
        await until(lambda: any(isinstance(one, Mark) for one in heard))
        venues.faults.set(Venue.BINANCE, Trouble(fault))
        await until(lambda: not venues.open_lines)
        venues.faults.clear(Venue.BINANCE)
        heard.clear()
        await until(lambda: any(isinstance(one, Mark) for one in heard))


async def test_a_clock_cannot_run_backward() -> None:
    with pytest.raises(ValueError, match="times as fast"):
        faster_clock(NOW_MS, 0.0)


async def test_a_frozen_venue_repeats_its_numbers_under_times_that_go_on_while_others_move() -> None:
    async with desk(NOW_MS) as at:
        at.venues.markets[Venue.BYBIT].freeze(NOW_MS)
        path = "/v5/market/tickers?category=linear"
        before, other = await raw(at, Venue.BYBIT, path), await raw(at, Venue.BINANCE, PREMIUMS)
        at.hand.put(NOW_MS + HOUR_MS)
        after, later = await raw(at, Venue.BYBIT, path), await raw(at, Venue.BINANCE, PREMIUMS)
        assert after["time"] == before["time"] + HOUR_MS
        for now, then in zip(after["result"]["list"], before["result"]["list"], strict=True):
            assert (now["markPrice"], now["openInterest"]) == (then["markPrice"], then["openInterest"])
        assert later[-1]["markPrice"] != other[-1]["markPrice"]
        at.venues.markets[Venue.BYBIT].thaw()
        thawed = (await raw(at, Venue.BYBIT, path))["result"]["list"]
        assert thawed[0]["markPrice"] != before["result"]["list"][0]["markPrice"]


async def test_with_latency_each_venue_takes_its_own_time_of_the_clock_to_answer() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    clock = Clock(lambda: NOW_MS, lambda: 0.0, sleep)
    async with (
        serve(sell_off(), clock, latency=1.0) as venues,
        Fetcher(exchanges(), venues.rest_urls) as fetcher,
    ):
        for venue, exchange in BY_VENUE.items():
            slept.clear()
            await fetcher.get(exchange.instruments()[0], Asked(NOW_MS))
            assert slept == [STANDINGS[venue].latency_s]


async def test_the_same_seed_says_the_same_bytes() -> None:
    said = []
    for _ in range(2):
        market = SimulatedMarket(11, "sell_off", ("BTC",), past_days=5)
        async with desk(NOW_MS, market) as at:
            path = "/api/v5/public/liquidation-orders?instFamily=BTC-USDT&instType=SWAP&state=filled"
            said.append(await raw(at, Venue.OKX, path))
    assert said[0]["data"]
    assert said[0] == said[1]
