"""Seawall as a reader: the Listener of production on a venue's stream, as it runs in the service.

`python -m benchmarks.loopback.ours binance PORT LAST_MS [record]` prints, as JSON, the CPU seconds from the first frame to
the last and, where asked to record, rows of symbol, name, time and value of all that was observed.
"""

import asyncio
import json
import sys
from contextlib import suppress
from time import process_time
from urllib.request import urlopen

from benchmarks.loopback.frames import LISTINGS, SYMBOLS
from market.observations import Funding, Liquidation, Mark, OpenInterest, Venue
from scheduler.exchange import Asked, Exchange, Instruments, Told
from scheduler.exchanges import exchanges
from scheduler.streams import Heard, Listener, open_wires

Row = tuple[str, str, int, float | tuple[str, float, float]]


MOST_OF_ONE = 4
"""A frame tells no more reports than that: mark, open interest, funding, sign of life."""


class Stopwatch:
    """Takes what the Listener hands on, as the inbox does, and ends with the last mark."""

    def __init__(self, last_ms: int, *, records: bool) -> None:
        self._last_ms, self._records = last_ms, records
        self._began_s: float | None = None
        self.cpu_s = 0.0
        self.heard: list[Heard] = []
        self.is_over = asyncio.Event()

    async def hear(self, said: tuple[Heard, ...]) -> None:
        """Take what frames said that came together."""
        if self._began_s is None:
            self._began_s = process_time()
        if self._records:
            self.heard += said
        if any(type(one) is Mark and one.known_at_ms == self._last_ms for one in said[-MOST_OF_ONE:]):
            self.cpu_s = process_time() - self._began_s
            self.is_over.set()


async def read(venue: Venue, port: int, last_ms: int, *, records: bool) -> dict[str, object]:
    """Listen to all frames of the loopback venue."""
    exchange = next(one for one in exchanges() if one.venue is venue)
    known = listed(exchange, port)
    (stream,) = exchange.streams([known[symbol] for symbol in SYMBOLS])
    watch = Stopwatch(last_ms, records=records)
    async with open_wires(ws_urls={venue: f"ws://127.0.0.1:{port}/ws"}) as wires:
        listening = asyncio.create_task(Listener(stream, exchange, watch.hear, known, wires).run())
        await watch.is_over.wait()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    return {"cpu_s": watch.cpu_s, "rows": [row for one in watch.heard for row in _rows(one)]}


def listed(exchange: Exchange, port: int) -> Instruments:
    """The instruments as the venue lists them, read as the service reads them."""
    with urlopen(f"http://127.0.0.1:{port}/rest{LISTINGS[exchange.venue]}") as answer:
        payload = answer.read()
    found = exchange.instruments()[0].read(payload, Asked(0))
    return {instrument.symbol: instrument for instrument in found}


def _rows(one: Heard) -> list[Row]:
    """What was observed, as the peers tell it: open interest of both sides."""
    match one:
        case Mark():
            index = [] if one.index_usd is None else [(one.asset, "index", one.known_at_ms, one.index_usd)]
            return [(one.asset, "mark", one.known_at_ms, one.mark_usd), *index]
        case Liquidation():
            order = (one.side.value, one.coins, one.price_usd)
            return [(one.asset, "liquidation", one.known_at_ms, order)]
        case Told(said=OpenInterest() as said):
            return [(one.asset, "open_interest", said.known_at_ms, 2.0 * said.coins)]
        case Told(said=Funding() as said):
            return [(one.asset, "funding", said.known_at_ms, said.rate)]
    return []


if __name__ == "__main__":
    told = asyncio.run(
        read(Venue(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), records="record" in sys.argv)
    )
    sys.stdout.write(json.dumps(told))
