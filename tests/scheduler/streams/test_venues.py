"""The production files of the five exchanges over a real socket, with a frame of each typed by hand."""

from dataclasses import dataclass

import pytest

from market.observations import Heartbeat, Liquidation, Mark, Side, Venue
from scheduler.exchange import Exchange, Instrument, Stream
from scheduler.exchanges.binance import EXCHANGE as BINANCE
from scheduler.exchanges.bybit import EXCHANGE as BYBIT
from scheduler.exchanges.deribit import EXCHANGE as DERIBIT
from scheduler.exchanges.hyperliquid import EXCHANGE as HYPERLIQUID
from scheduler.exchanges.okx import EXCHANGE as OKX
from tests.doubles.waiting import until
from tests.scheduler.streams.venue import desk

AT_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Case:
    """An exchange, one perpetual of it, and a frame that says 60 000 USD."""

    exchange: Exchange
    instrument: Instrument
    frame: str

    @property
    def stream(self) -> Stream:
        (stream,) = self.exchange.streams([self.instrument])
        return stream


CASES = (
    Case(
        BINANCE,
        Instrument(Venue.BINANCE, "BTCUSDT", "BTC", 1.0),
        f'{{"e":"markPriceUpdate","E":{AT_MS},"s":"BTCUSDT","p":"60000.0","i":"60010.0","r":"0.0001","T":{AT_MS}}}',
    ),
    Case(
        BYBIT,
        Instrument(Venue.BYBIT, "BTCUSDT", "BTC", 1.0, funding_interval_hours=8.0),
        f'{{"topic":"tickers.BTCUSDT","type":"snapshot","ts":{AT_MS},'
        '"data":{"symbol":"BTCUSDT","markPrice":"60000.0","indexPrice":"60010.0"}}',
    ),
    Case(
        OKX,
        Instrument(Venue.OKX, "BTC-USDT-SWAP", "BTC", 0.01),
        '{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"},'
        f'"data":[{{"instId":"BTC-USDT-SWAP","instType":"SWAP","markPx":"60000.0","ts":"{AT_MS}"}}]}}',
    ),
    Case(
        DERIBIT,
        Instrument(Venue.DERIBIT, "BTC-PERPETUAL", "BTC", None, 10.0),
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-PERPETUAL.100ms","data":'
        f'{{"timestamp":{AT_MS},"instrument_name":"BTC-PERPETUAL","state":"open","mark_price":60000.0,'
        '"index_price":60010.0,"open_interest":1000000,"funding_8h":0.0001}}}',
    ),
    Case(
        HYPERLIQUID,
        Instrument(Venue.HYPERLIQUID, "BTC", "BTC", 1.0),
        '{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"funding":"0.0000125","openInterest":"100.0",'
        '"prevDayPx":"1.0","dayNtlVlm":"1.0","premium":"0.0","oraclePx":"60010.0","markPx":"60000.0","midPx":"60000.0"}}}',
    ),
)
NAMES = [case.exchange.name for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
async def test_each_venue_is_subscribed_to_read_lost_and_subscribed_to_again(case: Case) -> None:
    instruments = {case.instrument.symbol: case.instrument}
    async with desk(case.stream, case.exchange, instruments=instruments) as at:
        for number in range(2):
            line = await at.line(number)
            await at.time.advance(1.0)
            await until(lambda line=line: line.texts == list(case.stream.subscribe))
            assert line.request.path == case.stream.path
            await at.tell(line, case.frame)
            assert at.marks[-1].asset == "BTC"
            assert at.marks[-1].mark_usd == 60_000.0
            line.reset()
            await until(lambda: at.listener.status().connected_since_ms is None)
            await at.time.advance(2.0)
        assert at.listener.status().misreads == 0
        assert {gap.venue for gap in at.gaps} == {case.exchange.venue}


async def test_binance_says_liquidations_and_that_their_channel_lives() -> None:
    case = CASES[0]
    async with desk(case.stream, case.exchange, instruments={"BTCUSDT": case.instrument}) as at:
        line = await at.line(0)
        order = f'"S":"SELL","X":"FILLED","z":"0.5","ap":"59000.0","T":{AT_MS}'
        await at.tell(
            line,
            f'{{"e":"forceOrder","E":{AT_MS},"o":{{"s":"BTCUSDT",{order}}}}}',
            f'{{"e":"forceOrder","E":{AT_MS},"o":{{"s":"XYZUSDT",{order}}}}}',
        )
        assert at.liquidations == [
            Liquidation(Venue.BINANCE, "BTC", AT_MS, Side.LONG, 0.5, 59_000.0, is_sample=True)
        ]
        assert at.heartbeats == [Heartbeat(Venue.BINANCE, None, "liquidations", AT_MS)]


async def test_bybits_memory_of_a_ticker_does_not_outlive_its_connection() -> None:
    case = CASES[1]
    delta = (
        f'{{"topic":"tickers.BTCUSDT","type":"delta","ts":{AT_MS + 1},'
        '"data":{"symbol":"BTCUSDT","indexPrice":"60020.0"}}'
    )
    async with desk(case.stream, case.exchange, instruments={"BTCUSDT": case.instrument}) as at:
        line = await at.line(0)
        await at.tell(line, case.frame, delta)
        assert at.marks[-1] == Mark(Venue.BYBIT, "BTC", AT_MS + 1, 60_000.0, 60_020.0)
        line.reset()
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        await at.tell(await at.line(1), delta)
        assert len(at.marks) == 2, "a mark of before is not told as one of now"


async def test_okx_answers_a_ping_with_plain_text() -> None:
    case = CASES[2]
    async with desk(case.stream, case.exchange, instruments={"BTC-USDT-SWAP": case.instrument}) as at:
        line = await at.line(0)
        await at.live(line, 21, case.frame)
        assert line.texts[1:] == ["ping"]
        assert at.listener.status().misreads == 0


async def test_deribit_is_told_that_we_are_still_there() -> None:
    case = CASES[3]
    async with desk(case.stream, case.exchange, instruments={"BTC-PERPETUAL": case.instrument}) as at:
        line = await at.line(0)
        await line.say('{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}')
        await until(lambda: "public/test" in line.texts[-1])


async def test_a_subscription_okx_refuses_proves_no_silence_of_liquidations() -> None:
    case = CASES[2]
    refusal = '{"event":"error","code":"60018","msg":"Wrong URL or channel:liquidation-orders,instType:SWAP doesn\'t exist."}'
    async with desk(case.stream, case.exchange, instruments={"BTC-USDT-SWAP": case.instrument}) as at:
        line = await at.line(0)
        await line.say(refusal)
        await until(lambda: at.listener.status().misreads == 1)
        await at.live(line, 10, case.frame)
        assert not at.heartbeats
