"""Bybit v5 as the simulated market says it: open interest counts both sides, beside it the one; every liquidation.

Of category linear, and of spot what is asked of it.

Tickers are a snapshot and then only what changed.
"""

from collections.abc import Iterator

import msgspec

from market.observations import HOUR_MS, MINUTE_MS, Asset, Side
from scheduler.simulator.server.speech import Answer, Params, Refused, decimal, whole
from scheduler.simulator.server.venue import Bar, Forced, VenueMarket

QUOTE, SPOT = "USDT", "spot"
STEPS = {"1": MINUTE_MS, "5": 5 * MINUTE_MS, "60": HOUR_MS, "5min": 5 * MINUTE_MS, "1h": HOUR_MS}
BRACKETS = ((2_000_000, 100, "0.005", "0"), (10_000_000, 50, "0.01", "10000"))


class Bybit:
    """The venue's endpoints and streams over its part of the market."""

    ws_path = "/v5/public/linear"

    def __init__(self, market: VenueMarket) -> None:
        self._market = market
        self._assets: dict[str, Asset] = {asset + QUOTE: asset for asset in market.assets}
        self._answers: dict[str, Answer] = {
            "/v5/market/instruments-info": self._contracts,
            "/v5/market/tickers": self._tickers,
            "/v5/market/kline": self._klines,
            "/v5/market/open-interest": self._past_open_interest,
            "/v5/market/funding/history": self._paid,
            "/v5/market/orderbook": self._depth,
            "/v5/market/risk-limit": self._brackets,
        }

    def answer(self, path: str, params: Params, body: bytes, now_ms: int) -> object:
        """The answer to a question, an error within HTTP 200 as the venue does. Raises Refused for a wrong path."""
        found = self._answers.get(path)
        if found is None:
            raise Refused(404, {})
        if params.get("symbol", "") not in {"", *self._assets}:
            return _envelope(10001, "params error: symbol invalid", {}, now_ms)
        return _envelope(0, "OK", found(params, now_ms), now_ms)

    def hear(self, said: str, topics: set[str]) -> list[object]:
        """Pings and subscriptions; a topic that is none fails the whole batch."""
        wish = msgspec.json.decode(said)
        if wish["op"] == "ping":
            return [{"success": True, "ret_msg": "pong", "conn_id": "1", "req_id": "", "op": "ping"}]
        names = set(wish["args"])
        wrong = sorted(name for name in names if name.rpartition(".")[2] not in self._assets)
        if not wrong:
            topics |= names
        why = f"error:handler not found,topic:{wrong[0]}" if wrong else ""
        return [{"success": not wrong, "ret_msg": why, "op": "subscribe", "req_id": wish.get("req_id", "")}]

    def frames(self, topics: set[str], after_ms: int, now_ms: int) -> Iterator[object]:
        """Tickers and every liquidation, several rows a push."""
        for symbol, asset in self._assets.items():
            topic = f"tickers.{symbol}"
            if topic in topics:
                kind = "snapshot" if after_ms == now_ms else "delta"
                yield _frame(topic, kind, now_ms, self._moving(symbol, asset, after_ms, now_ms))
            orders = self._market.forced(asset, after_ms, now_ms)
            topic = f"allLiquidation.{symbol}"
            if topic in topics and orders:
                yield _frame(topic, "snapshot", now_ms, [_closed(symbol, order) for order in orders])

    def _moving(self, symbol: str, asset: Asset, after_ms: int, now_ms: int) -> dict[str, str]:
        """All of a ticker at first, then what changed: a field that stayed as it was is absent."""
        now = self._ticker(symbol, asset, now_ms)
        before = {} if after_ms == now_ms else self._ticker(symbol, asset, after_ms)
        return {name: said for name, said in now.items() if name == "symbol" or before.get(name) != said}

    def _ticker(self, symbol: str, asset: Asset, now_ms: int) -> dict[str, str]:
        market = self._market
        coins, mark = market.open_interest(asset, now_ms), market.mark(asset, now_ms)
        step_ms = market.hours * HOUR_MS
        return {
            "symbol": symbol,
            "lastPrice": decimal(mark),
            "markPrice": decimal(mark),
            "indexPrice": decimal(market.index(asset, now_ms)),
            "openInterest": decimal(2.0 * coins, 3),
            "singleOpenInterest": decimal(coins, 3),
            "openInterestValue": decimal(2.0 * coins * mark, 2),
            "fundingRate": decimal(market.tape.rate_8h(asset, now_ms) * market.hours / 8.0),
            "nextFundingTime": str((now_ms // step_ms + 1) * step_ms),
            "fundingIntervalHour": str(market.hours),
            "fundingCap": decimal(market.funding_cap),
        }

    def _contracts(self, params: Params, now_ms: int) -> object:
        if params["category"] == SPOT:
            return {"category": SPOT, "list": [self._pair(*pair) for pair in self._assets.items()]}
        ours = [self._contract(symbol, asset, "LinearPerpetual") for symbol, asset in self._assets.items()]
        dated = [
            self._contract(f"{asset}-27MAR26", asset, "LinearFutures") for asset in self._assets.values()
        ]
        return {"category": "linear", "list": [*ours, *dated], "nextPageCursor": ""}

    def _contract(self, symbol: str, asset: Asset, kind: str) -> dict[str, object]:
        return {
            "symbol": symbol,
            "contractType": kind,
            "status": "Trading",
            "baseCoin": asset,
            "quoteCoin": QUOTE,
            "settleCoin": QUOTE,
            "fundingInterval": self._market.hours * HOUR_MS // MINUTE_MS,
            "priceFilter": {"tickSize": "0.10"},
            "leverageFilter": {"maxLeverage": "100.00"},
        }

    def _pair(self, symbol: str, asset: Asset) -> dict[str, object]:
        """A spot market as listed; the coin's is called like its perpetual."""
        return {
            "symbol": symbol,
            "baseCoin": asset,
            "quoteCoin": QUOTE,
            "innovation": "0",
            "status": "Trading",
            "marginTrading": "both",
        }

    def _tickers(self, params: Params, now_ms: int) -> object:
        rows = [self._ticker(symbol, asset, now_ms) for symbol, asset in self._assets.items()]
        dated = [
            row | {"symbol": f"{asset}-27MAR26", "fundingRate": "", "nextFundingTime": "0"}
            for row, asset in zip(rows, self._assets.values(), strict=True)
        ]
        return {"category": "linear", "list": [*rows, *dated]}

    def _klines(self, params: Params, now_ms: int) -> object:
        symbol = params["symbol"]
        step_ms, limit = STEPS[params["interval"]], whole(params, "limit", 200)
        last_ms = whole(params, "end", now_ms)
        first_ms = whole(params, "start", now_ms - now_ms % step_ms - (limit - 1) * step_ms)
        category = params["category"]
        told = self._market.spot_bars if category == SPOT else self._market.bars
        bars = told(self._assets[symbol], step_ms, first_ms, last_ms, now_ms)
        newest_first = [_kline(bar) for bar in reversed(bars)]
        return {"category": category, "symbol": symbol, "list": newest_first[:limit]}

    def _past_open_interest(self, params: Params, now_ms: int) -> object:
        """Both sides, and the one."""
        symbol, step_ms = params["symbol"], STEPS[params["intervalTime"]]
        asset, limit = self._assets[symbol], whole(params, "limit", 50)
        last_ms = whole(params, "endTime", now_ms)
        times = self._market.opens(step_ms, whole(params, "startTime", 0), last_ms, now_ms)[::-1]
        rows = [(at_ms, self._market.open_interest(asset, at_ms)) for at_ms in times[:limit]]
        said = [
            {
                "openInterest": decimal(2.0 * coins, 3),
                "singleOpenInterest": decimal(coins, 3),
                "timestamp": str(at_ms),
            }
            for at_ms, coins in rows
        ]
        return {"category": "linear", "symbol": symbol, "list": said, "nextPageCursor": ""}

    def _paid(self, params: Params, now_ms: int) -> object:
        symbol, limit = params["symbol"], whole(params, "limit", 200)
        first_ms, last_ms = whole(params, "startTime", 0), whole(params, "endTime", now_ms)
        asset = self._assets[symbol]
        rows = self._market.paid(asset, self._market.hours, first_ms, last_ms, now_ms, newest=limit)
        said = [
            {"symbol": symbol, "fundingRate": decimal(rate), "fundingRateTimestamp": str(at_ms)}
            for at_ms, rate in reversed(rows)
        ]
        return {"category": "linear", "list": said}

    def _depth(self, params: Params, now_ms: int) -> object:
        asset = self._assets[params["symbol"]]
        bids, asks = (
            [[decimal(price), decimal(coins)] for price, coins in self._market.levels(asset, now_ms, sign)]
            for sign in (-1, 1)
        )
        return {"s": params["symbol"], "b": bids, "a": asks, "ts": now_ms, "u": 1, "seq": 1}

    def _brackets(self, params: Params, now_ms: int) -> object:
        said = [
            {
                "id": number,
                "symbol": params["symbol"],
                "riskLimitValue": str(cap_usd),
                "maintenanceMargin": rate,
                "initialMargin": decimal(1.0 / leverage),
                "maxLeverage": str(leverage),
                "mmDeduction": amount,
            }
            for number, (cap_usd, leverage, rate, amount) in enumerate(BRACKETS, start=1)
        ]
        return {"category": "linear", "list": said}


def _envelope(code: int, message: str, result: object, now_ms: int) -> object:
    return {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": now_ms}


def _frame(topic: str, kind: str, now_ms: int, data: object) -> object:
    return {"topic": topic, "type": kind, "ts": now_ms, "data": data, "cs": 1}


def _kline(bar: Bar) -> list[str]:
    prices = (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)
    return [str(bar.open_ms), *(decimal(price) for price in prices), decimal(bar.coins), decimal(bar.usd)]


def _closed(symbol: str, order: Forced) -> dict[str, object]:
    """The side is the position's: Buy is a long that was closed."""
    side = "Buy" if order.side is Side.LONG else "Sell"
    price, coins = decimal(order.price_usd), decimal(order.coins)
    return {"T": order.at_ms, "s": symbol, "S": side, "v": coins, "p": price}
