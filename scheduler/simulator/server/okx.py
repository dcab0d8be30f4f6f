"""OKX v5 as the simulated market says it: sizes are contracts, open interest in three units, forced orders a sample.

Every number is a string. Marks and indices are pushed apart.
"""

from collections.abc import Iterator
from functools import partial

import msgspec

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Asset, Side
from scheduler.simulator.server.speech import FOREVER_MS, Answer, Params, Refused, decimal, whole
from scheduler.simulator.server.venue import Bar, Forced, VenueMarket

QUOTE, SWAP = "-USDT", "-USDT-SWAP"
INVERSE = "-USD-SWAP"
CONTRACT_COINS = {"BTC": 0.01, "ETH": 0.1}
OTHER_COINS = 1.0
"""How many coins a contract of any other is."""
STEPS = {"1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "1H": HOUR_MS}
LIQUIDATIONS_KEPT_MS = DAY_MS
SETTLED_A_PAGE, LIQUIDATIONS_A_PAGE = 400, 100
BRACKETS = ((25_000, "0.004", "100"), (100_000, "0.01", "50"))
PUBLIC, MARKET = "/api/v5/public/", "/api/v5/market/"
OF_PAIRS = frozenset({MARKET + "candles", MARKET + "history-candles"})


class Okx:
    """The venue's endpoints and streams over its part of the market."""

    ws_path = "/ws/v5/public"

    def __init__(self, market: VenueMarket) -> None:
        self._market = market
        self._assets: dict[str, Asset] = {asset + SWAP: asset for asset in market.assets}
        self._pairs: dict[str, Asset] = {asset + QUOTE: asset for asset in market.assets}
        self._answers: dict[str, Answer] = {
            PUBLIC + "instruments": self._contracts,
            PUBLIC + "mark-price": partial(self._rows, "mark-price"),
            PUBLIC + "open-interest": partial(self._rows, "open-interest"),
            PUBLIC + "funding-rate": partial(self._rows, "funding-rate"),
            PUBLIC + "funding-rate-history": self._paid,
            PUBLIC + "liquidation-orders": self._liquidations,
            PUBLIC + "position-tiers": self._brackets,
            MARKET + "candles": self._candles,
            MARKET + "history-candles": self._closed_candles,
            MARKET + "books-full": self._depth,
            "/api/v5/rubik/stat/contracts/open-interest-history": self._past_open_interest,
        }

    def answer(self, path: str, params: Params, body: bytes, now_ms: int) -> object:
        """The answer to a question, an error within HTTP 200 as the venue does. Raises Refused for a wrong path."""
        found = self._answers.get(path)
        if found is None:
            raise Refused(404, {"code": "404", "msg": "Not Found", "data": []})
        pairs = self._pairs if path in OF_PAIRS else {}
        if params.get("instId", "ANY") not in {"ANY", *self._assets, *pairs}:
            return {"code": "51001", "msg": "Instrument ID doesn't exist", "data": []}
        return {"code": "0", "msg": "", "data": found(params, now_ms)}

    def hear(self, said: str, topics: set[str]) -> list[object]:
        """Pings and subscriptions, each acknowledged by itself."""
        if said == "ping":
            return ["pong"]
        wish = msgspec.json.decode(said)
        replies: list[object] = []
        for arg in wish["args"]:
            topics.add(f"{arg['channel']}:{arg.get('instId', arg.get('instType'))}")
            replies.append({"event": "subscribe", "arg": arg, "connId": "a1"})
        return replies

    def frames(self, topics: set[str], after_ms: int, now_ms: int) -> Iterator[object]:
        """Indices, marks, open interest and funding, then forced orders of every swap."""
        for symbol, asset in self._assets.items():
            if f"index-tickers:{asset + QUOTE}" in topics:
                yield _frame("index-tickers", asset + QUOTE, [self._index(asset, now_ms)])
            for channel in ("mark-price", "open-interest", "funding-rate"):
                if f"{channel}:{symbol}" in topics:
                    yield _frame(channel, symbol, [self._row(channel, symbol, asset, now_ms)])
            if "liquidation-orders:SWAP" in topics:
                for order in self._market.sampled(asset, after_ms, now_ms):
                    arg = {"channel": "liquidation-orders", "instType": "SWAP"}
                    yield {"arg": arg, "data": [self._liquidation(symbol, asset, [order])]}

    def _rows(self, channel: str, params: Params, now_ms: int) -> object:
        """Every swap, inverse ones among them, which count in US dollars."""
        ours = [self._row(channel, symbol, asset, now_ms) for symbol, asset in self._assets.items()]
        inverse = [
            row | {"instId": asset + INVERSE} for row, asset in zip(ours, self._assets.values(), strict=True)
        ]
        return [*inverse, *ours]

    def _row(self, channel: str, symbol: str, asset: Asset, now_ms: int) -> dict[str, str]:
        said = {"instId": symbol, "instType": "SWAP", "ts": str(now_ms)}
        if channel == "mark-price":
            return said | {"markPx": decimal(self._market.mark(asset, now_ms))}
        if channel == "open-interest":
            return said | self._opened(asset, now_ms)
        step_ms = self._market.hours * HOUR_MS
        ends_ms = (now_ms // step_ms + 1) * step_ms
        return said | {
            "fundingRate": decimal(self._market.tape.rate_8h(asset, now_ms) * self._market.hours / 8.0),
            "fundingTime": str(ends_ms),
            "nextFundingTime": str(ends_ms + step_ms),
            "nextFundingRate": "",
            "maxFundingRate": decimal(self._market.funding_cap),
            "minFundingRate": decimal(-self._market.funding_cap),
        }

    def _index(self, asset: Asset, now_ms: int) -> dict[str, str]:
        price = decimal(self._market.index(asset, now_ms))
        return {"instId": asset + QUOTE, "idxPx": price, "ts": str(now_ms)}

    def _opened(self, asset: Asset, at_ms: int) -> dict[str, str]:
        coins = self._market.open_interest(asset, at_ms)
        return {
            "oi": self._contracts_of(asset, coins),
            "oiCcy": decimal(coins, 4),
            "oiUsd": decimal(coins * self._market.mark(asset, at_ms), 2),
        }

    def _contracts_of(self, asset: Asset, coins: float) -> str:
        return decimal(coins / CONTRACT_COINS.get(asset, OTHER_COINS), 4)

    def _contracts(self, params: Params, now_ms: int) -> object:
        if params["instType"] == "SPOT":
            return [_paired(symbol, asset) for symbol, asset in self._pairs.items()]
        ours = [_listed(symbol, asset, "linear", "USDT") for symbol, asset in self._assets.items()]
        inverse = [_listed(asset + INVERSE, asset, "inverse", asset) for asset in self._assets.values()]
        return [*inverse, *ours]

    def _bars(self, params: Params, now_ms: int) -> list[Bar]:
        """Newest first, older than `after` and newer than `before`, neither with the moment itself."""
        step_ms, limit = STEPS[params["bar"]], whole(params, "limit", 100)
        last_ms = min(now_ms, whole(params, "after", FOREVER_MS) - 1)
        first_ms = whole(params, "before", last_ms - last_ms % step_ms - limit * step_ms) + 1
        symbol = params["instId"]
        if symbol in self._pairs:
            bars = self._market.spot_bars(self._pairs[symbol], step_ms, first_ms, last_ms, now_ms)
        else:
            bars = self._market.bars(self._assets[symbol], step_ms, first_ms, last_ms, now_ms)
        return bars[::-1][:limit]

    def _candles(self, params: Params, now_ms: int) -> object:
        return [self._candle(bar, params["instId"]) for bar in self._bars(params, now_ms)]

    def _closed_candles(self, params: Params, now_ms: int) -> object:
        return [self._candle(bar, params["instId"]) for bar in self._bars(params, now_ms) if bar.is_closed]

    def _candle(self, bar: Bar, symbol: str) -> list[str]:
        """Of a swap contracts, coins and dollars; of a pair coins, and dollars twice."""
        prices = [decimal(price) for price in (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)]
        coins, usd = decimal(bar.coins), decimal(bar.usd)
        if symbol in self._pairs:
            volumes = [coins, usd, usd]
        else:
            volumes = [self._contracts_of(self._assets[symbol], bar.coins), coins, usd]
        return [str(bar.open_ms), *prices, *volumes, "1" if bar.is_closed else "0"]

    def _past_open_interest(self, params: Params, now_ms: int) -> object:
        asset, step_ms = self._assets[params["instId"]], STEPS[params["period"]]
        first_ms, last_ms = whole(params, "begin", 0), whole(params, "end", now_ms)
        times = self._market.opens(step_ms, first_ms, last_ms, now_ms)[::-1]
        newest_first = times[: whole(params, "limit", 100)]
        return [[str(at_ms), *self._opened(asset, at_ms).values()] for at_ms in newest_first]

    def _paid(self, params: Params, now_ms: int) -> object:
        """What was paid, and beside it what had been predicted, which is another number."""
        symbol = params["instId"]
        first_ms, last_ms = whole(params, "before", 0) + 1, whole(params, "after", FOREVER_MS) - 1
        asset, limit = self._assets[symbol], whole(params, "limit", SETTLED_A_PAGE)
        rows = self._market.paid(asset, self._market.hours, first_ms, last_ms, now_ms, newest=limit)
        return [
            {
                "instId": symbol,
                "instType": "SWAP",
                "fundingTime": str(at_ms),
                "fundingRate": decimal(rate * 0.9),
                "realizedRate": decimal(rate),
            }
            for at_ms, rate in reversed(rows)
        ]

    def _liquidations(self, params: Params, now_ms: int) -> object:
        symbol = params["instFamily"] + "-SWAP"
        asset = self._assets[symbol]
        first_ms = max(whole(params, "before", 0), now_ms - LIQUIDATIONS_KEPT_MS)
        last_ms = min(now_ms, whole(params, "after", FOREVER_MS) - 1)
        told = self._market.sampled(asset, first_ms, now_ms)
        orders = [order for order in told if first_ms < order.at_ms <= last_ms][-LIQUIDATIONS_A_PAGE:]
        return [self._liquidation(symbol, asset, orders)] if orders else []

    def _liquidation(self, symbol: str, asset: Asset, orders: list[Forced]) -> dict[str, object]:
        """An order closes the opposite position; sizes are contracts."""
        details = [
            {
                "side": "sell" if order.side is Side.LONG else "buy",
                "posSide": order.side.value,
                "bkPx": decimal(order.price_usd),
                "sz": self._contracts_of(asset, order.coins),
                "ts": str(order.at_ms),
            }
            for order in orders
        ]
        family = symbol.removesuffix("-SWAP")
        return {"instId": symbol, "instType": "SWAP", "instFamily": family, "details": details}

    def _depth(self, params: Params, now_ms: int) -> object:
        asset = self._assets[params["instId"]]
        bids, asks = (
            [
                [decimal(price), self._contracts_of(asset, coins), "1"]
                for price, coins in self._market.levels(asset, now_ms, sign)
            ]
            for sign in (-1, 1)
        )
        return [{"asks": asks, "bids": bids, "ts": str(now_ms)}]

    def _brackets(self, params: Params, now_ms: int) -> object:
        return [
            {"instFamily": params["instFamily"], "maxSz": str(most), "mmr": rate, "maxLever": leverage}
            for most, rate, leverage in BRACKETS
        ]


def _listed(symbol: str, asset: Asset, kind: str, settled_in: str) -> dict[str, str]:
    is_linear = kind == "linear"
    return {
        "instId": symbol,
        "instType": "SWAP",
        "state": "live",
        "ctType": kind,
        "settleCcy": settled_in,
        "ctVal": decimal(CONTRACT_COINS.get(asset, OTHER_COINS)) if is_linear else "100",
        "ctMult": "1",
        "ctValCcy": asset if is_linear else "USD",
        "ruleType": "normal",
        "tickSz": "0.1",
        "lever": "100",
    }


def _paired(symbol: str, asset: Asset) -> dict[str, str]:
    """A spot market as listed."""
    return {
        "instId": symbol,
        "instType": "SPOT",
        "state": "live",
        "baseCcy": asset,
        "quoteCcy": QUOTE.removeprefix("-"),
        "tickSz": "0.1",
        "lever": "10",
    }


def _frame(channel: str, symbol: str, rows: list[dict[str, str]]) -> object:
    return {"arg": {"channel": channel, "instId": symbol}, "data": rows}
