"""Frames of Binance and Bybit: what the simulated exchanges say in a sell-off, in the shape of documented frames.

A simulated frame leaves out what Seawall does not read, which would favour a reader that skips it cheaply. So where the
documented payloads lie beside the checkout (SEAWALL_RECORDINGS) each frame gets their other fields and their order, and
every second frame of Bybit's tickers is a documented one that only moves the best bid and ask.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.markets import recordings
from market.observations import HOUR_MS, SECOND_MS, Venue
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server.binance import Binance
from scheduler.simulator.server.bybit import Bybit
from scheduler.simulator.server.tape import Tape
from scheduler.simulator.server.venue import VenueMarket

ASSETS = ("BTC", "ETH", "SOL")
SYMBOLS = tuple(f"{asset}USDT" for asset in ASSETS)
BEGIN_MS = START_MS + 24 * HOUR_MS
"""When the simulated sell-off is on, and with it the forced orders."""
TICK_MS = 4 * SECOND_MS
SEED, PAST_DAYS = 7, 2
COIN_MARGINED = 2
TOLD_WHEN_CHANGED = frozenset({"openInterest", "fundingRate", "nextFundingTime"})
"""A documented delta's own values of these are not the simulated market's."""
VENUES = (Venue.BINANCE, Venue.BYBIT)
LISTINGS = {Venue.BINANCE: "/fapi/v1/exchangeInfo", Venue.BYBIT: "/v5/market/instruments-info"}
ASKED_WITH: Mapping[Venue, dict[str, str]] = {Venue.BINANCE: {}, Venue.BYBIT: {"category": "linear"}}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frames:
    """What a venue lists and says: `said` are topics with their frames, in order; `last_ms` is the time of the last one."""

    venue: Venue
    listing: bytes
    said: tuple[tuple[str, bytes], ...]
    last_ms: int
    is_documented: bool


def frames_of(venue: Venue, many: int) -> Frames:
    """About so many frames; the last is of the kind that comes most and is the only one of its time."""
    market = VenueMarket(Tape(SimulatedMarket(SEED, "sell_off", ASSETS, past_days=PAST_DAYS)), venue)
    shapes = _shapes(venue)
    speech = Binance(market) if venue is Venue.BINANCE else Bybit(market)
    listing = _ours(speech.answer(LISTINGS[venue], ASKED_WITH[venue], b"", BEGIN_MS))
    said = _binance(market, shapes, many) if venue is Venue.BINANCE else _bybit(market, shapes, many)
    kept = tuple((topic, json.dumps(frame, separators=(",", ":")).encode()) for topic, frame in said)
    last = json.loads(kept[-1][1])
    return Frames(venue, json.dumps(listing).encode(), kept, last.get("E") or last["ts"], bool(shapes))


def _ours(listing: Any) -> Json:
    """Our symbols only: of the simulated dated futures nothing tells a peer that they are some."""
    for within, name in ((listing, "symbols"), (listing.get("result", {}), "list")):
        if name in within:
            within[name] = [row for row in within[name] if row["symbol"] in SYMBOLS]
    return dict(listing)


def _binance(market: VenueMarket, shapes: Mapping[str, Json], many: int) -> list[tuple[str, Json]]:
    """A mark price of each symbol each tick, and the forced orders between."""
    topics = {"!forceOrder@arr", *(f"{symbol.lower()}@markPrice@1s" for symbol in SYMBOLS)}
    said: list[tuple[str, Json]] = []
    for now_ms in _ticks():
        for frame in _spoken(Binance(market), topics, now_ms):
            if frame["st"] == COIN_MARGINED:
                continue  # counted in contracts: cryptofeed and ccxt would take them for coins, or stop
            if frame["e"] == "forceOrder":
                whole = {**shapes.get("forceOrder", {}), **frame}
                whole["o"] = {**shapes.get("forceOrder", {}).get("o", {}), **frame["o"]}
                said.append(("!forceOrder@arr", whole))
            else:
                name = f"{frame['s'].lower()}@markPrice@1s"
                said.append((name, {**shapes.get("markPrice", {}), **frame}))
        if len(said) >= many:
            break
    return _ended(said, "@markPrice")


def _bybit(market: VenueMarket, shapes: Mapping[str, Json], many: int) -> list[tuple[str, Json]]:
    """A ticker of each symbol each tick, all of it at first, and every liquidation."""
    topics = {f"{kind}.{symbol}" for symbol in SYMBOLS for kind in ("tickers", "allLiquidation")}
    said: list[tuple[str, Json]] = []
    for now_ms in _ticks():
        is_first = not said
        for frame in _spoken(Bybit(market), topics, now_ms, whole=is_first):
            shape = shapes.get(frame["type"] if frame["topic"].startswith("tickers") else "", {})
            said.append((frame["topic"], _like(shape, frame)))
            if shape and not is_first:
                said.append((frame["topic"], _only_best(shape, frame)))
        if len(said) >= many:
            break
    return _ended(said, "tickers.")


def _ticks() -> Iterator[int]:
    now_ms = BEGIN_MS
    while True:
        now_ms += TICK_MS
        yield now_ms


def _spoken(speech: Binance | Bybit, topics: set[str], now_ms: int, *, whole: bool = False) -> Iterator[Json]:
    for frame in speech.frames(topics, now_ms if whole else now_ms - TICK_MS, now_ms):
        assert isinstance(frame, dict)  # noqa: S101 (they speak JSON objects)
        yield frame


def _like(shape: Json, frame: Json) -> Json:
    """The frame with the fields of the documented one that it lacks, in its order."""
    if not shape:
        return frame
    others = {name: said for name, said in shape["data"].items() if name not in TOLD_WHEN_CHANGED}
    return {**shape, **frame, "data": {**others, **frame["data"]}}


def _only_best(shape: Json, frame: Json) -> Json:
    """A delta a moment later, of what a ticker changes most often: nothing that is an observation here."""
    symbol = frame["data"]["symbol"]
    best = {name: said for name, said in shape["data"].items() if name.startswith(("bid1", "ask1"))}
    return {
        **shape,
        "type": "delta",
        "topic": frame["topic"],
        "ts": frame["ts"] + 1,
        "data": {"symbol": symbol, **best},
    }


def _ended(said: list[tuple[str, Json]], kind: str) -> list[tuple[str, Json]]:
    """The frames up to the last mark of this kind of topic, whose time is moved on so that it is nobody else's."""
    while kind not in said[-1][0] or not _tells_mark(said[-1][1]):
        said.pop()
    topic, frame = said[-1]
    name = "E" if "E" in frame else "ts"
    said[-1] = (topic, {**frame, name: frame[name] + SECOND_MS})
    return said


def _tells_mark(frame: Json) -> bool:
    return "p" in frame or "markPrice" in frame.get("data", ())


def _shapes(venue: Venue) -> dict[str, Json]:
    """The documented frames by what they are of; {} where they are absent."""
    folder = recordings().parents[1] / "payloads" / venue.value
    names = {
        Venue.BINANCE: {
            "markPrice": "ws_mark_price_stream_subscription_sdk2026.json",
            "forceOrder": "ws_forceOrder_live_2026-09-18.json",
        },
        Venue.BYBIT: {
            "snapshot": "ws_ticker_linear_nautilus.json",
            "delta": "ws_v5_tickers_delta_tardis.json",
        },
    }[venue]
    if not all((folder / name).is_file() for name in names.values()):
        return {}
    return {kind: _first(folder / name) for kind, name in names.items()}


def _first(path: Path) -> Json:
    read = json.loads(path.read_text())
    first: Json = read[0] if isinstance(read, list) else read
    return first
