"""ccxt.pro as a reader of the loopback venue; run by an interpreter that has it (benchmarks/peers.txt).

`python peer_ccxt.py binance PORT LAST_MS [record]` prints the same JSON as `ours.py`. Everything is its own: the exchange,
its watch methods awaited in loops as its manual shows, its caches. Only `urls` and options of its configuration are given:
where the venue is, that its linear contracts are listed, and that all streams share one connection.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from time import process_time
from typing import Any

import ccxt.pro

VENUE, PORT, LAST_MS = sys.argv[1], sys.argv[2], int(sys.argv[3])
RECORDS = "record" in sys.argv
SYMBOLS = ["BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"]
HTTP, SOCKET = f"http://127.0.0.1:{PORT}/rest", f"ws://127.0.0.1:{PORT}/ws"
OPTIONS = {"defaultType": "swap", "fetchMarkets": {"types": ["linear"]}, "streamLimits": {"linear": 1}}
CONFIGS = {
    "binance": {
        "urls": {"api": {"fapiPublic": f"{HTTP}/fapi/v1", "ws": {"linear": f"{SOCKET}/ws"}}},
        "options": OPTIONS,
    },
    "bybit": {
        "urls": {"api": {"public": HTTP, "ws": {"public": {"linear": f"{SOCKET}/v5/public/linear"}}}},
        "options": OPTIONS,
    },
}

rows = []


class Binance(ccxt.pro.binance):
    """Its exchange; what it understood of each message is kept, since whoever watches sees the last ones only."""

    def handle_mark_prices(self, client: Any, message: Any) -> None:
        """Keep a mark price."""
        super().handle_mark_prices(client, message)
        _keep_ticker(self, message["s"])

    def handle_liquidation(self, client: Any, message: Any) -> None:
        """Keep a forced order: of Binance it tells the side of the order."""
        super().handle_liquidation(client, message)
        _keep_liquidation(self.liquidations[-1], {"sell": "long", "buy": "short"})


class Bybit(ccxt.pro.bybit):
    """The same of Bybit."""

    def handle_ticker(self, client: Any, message: Any) -> None:
        """Keep a ticker."""
        super().handle_ticker(client, message)
        _keep_ticker(self, message["data"]["symbol"])

    def handle_liquidation(self, client: Any, message: Any) -> None:
        """Keep liquidations: Bybit tells the side of the position."""
        super().handle_liquidation(client, message)
        for one in list(self.liquidations)[-len(message["data"]) :]:
            _keep_liquidation(one, {"buy": "long", "sell": "short"})


def _keep_ticker(exchange: Any, symbol: str) -> None:
    coin = symbol.removesuffix("USDT")
    ticker = exchange.tickers[f"{coin}/USDT:USDT"]
    names = {"mark": ticker["markPrice"], "index": ticker["indexPrice"]}
    if VENUE == "bybit":
        info = ticker["info"]
        names |= {"open_interest": float(info["openInterest"]), "funding": float(info["fundingRate"])}
    rows.extend((coin, name, ticker["timestamp"], value) for name, value in names.items())


def _keep_liquidation(said: Any, sides: Mapping[str, str]) -> None:
    coin = said["symbol"].partition("/")[0]
    order = (sides[said["side"]], said["contracts"], said["price"])
    rows.append((coin, "liquidation", said["timestamp"], order))


class Stopwatch:
    """CPU seconds from the first message seen to the last one understood."""

    def __init__(self, exchange: Any) -> None:
        """Of this exchange's tickers."""
        self.exchange, self.began_s, self.cpu_s = exchange, None, None
        self.is_over = asyncio.Event()

    async def watch(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Await it again and again, as its manual shows."""
        while not self.is_over.is_set():
            await ask()
            if self.began_s is None:
                self.began_s = process_time()
            if any(ticker["timestamp"] == LAST_MS for ticker in self.exchange.tickers.values()):
                self.cpu_s = process_time() - self.began_s
                self.is_over.set()


async def main() -> None:
    """Watch marks or tickers and liquidations until the last frame."""
    of = (
        {"binance": Binance, "bybit": Bybit}
        if RECORDS
        else {"binance": ccxt.pro.binance, "bybit": ccxt.pro.bybit}
    )
    exchange = of[VENUE](CONFIGS[VENUE])
    await exchange.load_markets()
    watch = Stopwatch(exchange)
    if VENUE == "binance":
        asks = [
            lambda: exchange.watch_mark_prices(SYMBOLS),
            lambda: exchange.watch_liquidations_for_symbols(SYMBOLS),
        ]
    else:
        asks = [lambda: exchange.watch_tickers(SYMBOLS)]
        asks += [lambda symbol=symbol: exchange.watch_liquidations(symbol) for symbol in SYMBOLS]
    watching = [asyncio.ensure_future(watch.watch(ask)) for ask in asks]
    await asyncio.wait(
        [asyncio.ensure_future(watch.is_over.wait()), *watching], return_when=asyncio.FIRST_COMPLETED
    )
    for task in watching:
        if task.done():
            task.result()
        task.cancel()
    sys.stdout.write(json.dumps({"cpu_s": watch.cpu_s, "rows": rows}))
    sys.stdout.flush()
    await exchange.close()


asyncio.run(main())
