"""cryptofeed as a reader of the loopback venue; run by an interpreter that has it (benchmarks/peers.txt).

`python peer_cryptofeed.py binance PORT LAST_MS [record]` prints the same JSON as `ours.py`. The feed, its connection, its
handler and its uvloop are its own; only addresses are given. Its connection takes none but `wss://`, so that one is
changed to `ws://` before it connects.
"""

import json
import os
import sys
from time import process_time
from typing import Any, ClassVar

from cryptofeed import FeedHandler
from cryptofeed.connection import RestEndpoint, Routes, WebsocketEndpoint
from cryptofeed.defines import BUY, FUNDING, INDEX, LIQUIDATIONS, OPEN_INTEREST
from cryptofeed.exchanges import BinanceFutures, Bybit

VENUE, PORT, LAST_MS = sys.argv[1], sys.argv[2], int(sys.argv[3])
RECORDS = "record" in sys.argv
SYMBOLS = ["BTC-USDT-PERP", "ETH-USDT-PERP", "SOL-USDT-PERP"]
HERE = f"127.0.0.1:{PORT}"

rows = []
began_s = None


class Plain:
    """Connections without TLS."""

    def connect(self) -> list[Any]:
        """What the feed connects to, by ws:// in the place of wss://."""
        made = super().connect()
        for connection, *_ in made:
            connection.address = connection.address.replace("wss://", "ws://")
        return made


class LoopbackBinance(Plain, BinanceFutures):
    """Its feed of Binance's futures, of the loopback venue."""

    websocket_endpoints: ClassVar = [WebsocketEndpoint(f"wss://{HERE}/ws", options={"compression": None})]
    rest_endpoints: ClassVar = [RestEndpoint(f"http://{HERE}/rest", routes=Routes("/fapi/v1/exchangeInfo"))]


class LoopbackBybit(Plain, Bybit):
    """Its feed of Bybit's linear contracts, of the loopback venue."""

    websocket_endpoints: ClassVar = [
        WebsocketEndpoint(f"wss://{HERE}/ws/v5/public/linear", options={"compression": None})
    ]
    rest_endpoints: ClassVar = [
        RestEndpoint(f"http://{HERE}/rest", routes=Routes(["/v5/market/instruments-info"] * 2)),
    ]


async def funding(said: Any, receipt: float) -> None:
    """Take a mark price with its funding rate; Binance's feed tells seconds, Bybit's milliseconds."""
    at_ms = _ms(said.timestamp)
    _begin()
    if RECORDS:
        rows.append((_coin(said), "mark", at_ms, float(said.mark_price)))
        if VENUE == "bybit":
            rows.append((_coin(said), "funding", at_ms, float(said.rate)))
    if at_ms == LAST_MS and VENUE == "binance":
        _end()


async def opened(said: Any, receipt: float) -> None:
    """Take open interest."""
    _begin()
    if RECORDS:
        rows.append((_coin(said), "open_interest", _ms(said.timestamp), float(said.open_interest)))


async def index(said: Any, receipt: float) -> None:
    """Take an index price: of Bybit's frame the last thing told."""
    _begin()
    if RECORDS:
        rows.append((_coin(said), "index", _ms(said.timestamp), float(said.price)))
    if said.timestamp == LAST_MS:
        _end()


async def liquidation(said: Any, receipt: float) -> None:
    """Take a liquidation: of Binance it tells the side of the order."""
    _begin()
    if RECORDS:
        side = "short" if said.side == BUY else "long"
        rows.append(
            (_coin(said), "liquidation", _ms(said.timestamp), (side, float(said.quantity), float(said.price)))
        )


def _ms(timestamp: float) -> int:
    return round(timestamp * 1000) if timestamp < 1e11 else int(timestamp)


def _coin(said: Any) -> str:
    return said.symbol.partition("-")[0]


def _begin() -> None:
    global began_s  # noqa: PLW0603
    if began_s is None:
        began_s = process_time()


def _end() -> None:
    sys.stdout.write(json.dumps({"cpu_s": process_time() - began_s, "rows": rows}))
    sys.stdout.flush()
    os._exit(0)


def main() -> None:
    """Read until the last frame."""
    handler = FeedHandler(config={"log": {"disabled": True}})
    if VENUE == "binance":
        callbacks = {FUNDING: funding, LIQUIDATIONS: liquidation}
        feed = LoopbackBinance(symbols=SYMBOLS, channels=list(callbacks), callbacks=callbacks)
    else:
        callbacks = {FUNDING: funding, OPEN_INTEREST: opened, INDEX: index}
        feed = LoopbackBybit(symbols=SYMBOLS, channels=list(callbacks), callbacks=callbacks)
    handler.add_feed(feed)
    handler.run()


main()
