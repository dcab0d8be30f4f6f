"""Binance USD-M as the simulated market says it: numbers are strings, COIN-M rows are mixed in, forced orders are a sample.

The predicted rate is called `lastFundingRate`; BTC and ETH are paid every eight hours and not listed in fundingInfo.
"""

from collections.abc import Iterator

import msgspec

from market.observations import HOUR_MS, MINUTE_MS, Asset, Side
from scheduler.simulator.server.speech import FOREVER_MS, Answer, Params, Refused, decimal, whole
from scheduler.simulator.server.venue import Bar, Forced, VenueMarket

QUOTE, COIN_MARGINED_SUFFIX = "USDT", "USD_PERP"
USUAL_HOURS = 8
JITTER_MS = 7
"""Settlements are stamped some milliseconds after the full hour."""
STEPS = {"1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "1h": HOUR_MS}
LEVELS = 1000
ONE_COIN_MARGINED = 100.0
"""Contracts of a COIN-M row: a reader that takes them for coins is far off."""


class Binance:
    """The venue's endpoints and streams over its part of the market."""

    ws_path = "/market/ws"

    def __init__(self, market: VenueMarket) -> None:
        self._market = market
        self._assets: dict[str, Asset] = {asset + QUOTE: asset for asset in market.assets}
        self._answers: dict[str, Answer] = {
            "/fapi/v1/exchangeInfo": self._contracts,
            "/fapi/v1/fundingInfo": self._adjusted_intervals,
            "/fapi/v1/premiumIndex": self._premiums,
            "/fapi/v1/klines": self._klines,
            "/fapi/v1/openInterest": self._open_interest,
            "/futures/data/openInterestHist": self._past_open_interest,
            "/fapi/v1/fundingRate": self._paid,
            "/fapi/v1/depth": self._depth,
        }

    def answer(self, path: str, params: Params, body: bytes, now_ms: int) -> object:
        """The answer to a question. Raises Refused."""
        found = self._answers.get(path)
        if found is None:
            raise Refused(404, {"code": -5000, "msg": f"Path {path}, Method GET is invalid"})
        return found(params, now_ms)

    def hear(self, said: str, topics: set[str]) -> list[object]:
        """Subscriptions, acknowledged by their id; a wrong name is silent, as at the venue."""
        wish = msgspec.json.decode(said)
        topics |= set(wish["params"])
        return [{"result": None, "id": wish["id"]}]

    def frames(self, topics: set[str], after_ms: int, now_ms: int) -> Iterator[object]:
        """Marks, then forced orders: the largest of each second and symbol, and COIN-M's beside them."""
        for symbol, asset in self._assets.items():
            if f"{symbol.lower()}@markPrice@1s" in topics:
                yield self._mark_frame(symbol, asset, now_ms)
            if "!forceOrder@arr" in topics:
                for order in self._market.sampled(asset, after_ms, now_ms):
                    yield _forced_frame(symbol, order)
                    yield _forced_frame(asset + COIN_MARGINED_SUFFIX, order, market=2)

    def _asset(self, params: Params) -> tuple[str, Asset]:
        symbol = params.get("symbol", "")
        if symbol not in self._assets:
            raise Refused(400, {"code": -1121, "msg": "Invalid symbol."})
        return symbol, self._assets[symbol]

    def _contracts(self, params: Params, now_ms: int) -> object:
        ours = [_contract(symbol, asset, QUOTE, QUOTE) for symbol, asset in self._assets.items()]
        coined = [
            _contract(asset + COIN_MARGINED_SUFFIX, asset, "USD", asset) for asset in self._assets.values()
        ]
        dated = [
            _contract(f"{symbol}_260327", asset, QUOTE, QUOTE) | {"contractType": "CURRENT_QUARTER"}
            for symbol, asset in self._assets.items()
        ]
        return {"timezone": "UTC", "serverTime": now_ms, "symbols": [*coined, *ours, *dated]}

    def _adjusted_intervals(self, params: Params, now_ms: int) -> object:
        """Symbols with the usual eight hours are not listed."""
        hours = self._market.hours
        if hours == USUAL_HOURS:
            return []
        cap = self._market.funding_cap
        bounds = {"adjustedFundingRateCap": decimal(cap), "adjustedFundingRateFloor": decimal(-cap)}
        return [{"symbol": symbol, "fundingIntervalHours": hours, **bounds} for symbol in self._assets]

    def _premiums(self, params: Params, now_ms: int) -> object:
        rows = [self._premium(symbol, asset, now_ms) for symbol, asset in self._assets.items()]
        coined = [
            row | {"symbol": asset + COIN_MARGINED_SUFFIX}
            for row, asset in zip(rows, self._assets.values(), strict=True)
        ]
        return [*coined, *rows]

    def _premium(self, symbol: str, asset: Asset, now_ms: int) -> dict[str, object]:
        market = self._market
        return {
            "symbol": symbol,
            "markPrice": decimal(market.mark(asset, now_ms)),
            "indexPrice": decimal(market.index(asset, now_ms)),
            "lastFundingRate": decimal(self._rate(asset, now_ms)),
            "interestRate": "0.00010000",
            "nextFundingTime": self._next_ms(now_ms),
            "time": now_ms,
        }

    def _klines(self, params: Params, now_ms: int) -> object:
        _, asset = self._asset(params)
        step_ms, limit = STEPS[params["interval"]], whole(params, "limit", 500)
        last_ms = whole(params, "endTime", now_ms)
        first_ms = whole(params, "startTime", now_ms - now_ms % step_ms - (limit - 1) * step_ms)
        bars = self._market.bars(asset, step_ms, first_ms, last_ms, now_ms)[:limit]
        return [_kline(bar, step_ms) for bar in bars]

    def _open_interest(self, params: Params, now_ms: int) -> object:
        symbol, asset = self._asset(params)
        coins = self._market.open_interest(asset, now_ms)
        return {"symbol": symbol, "openInterest": decimal(coins, 3), "time": now_ms}

    def _past_open_interest(self, params: Params, now_ms: int) -> object:
        symbol, asset = self._asset(params)
        step_ms, limit = STEPS[params["period"]], whole(params, "limit", 30)
        last_ms = whole(params, "endTime", now_ms)
        first_ms = whole(params, "startTime", last_ms - limit * step_ms)
        times = self._market.opens(step_ms, first_ms, last_ms, now_ms)[:limit]
        return [self._opened(symbol, asset, at_ms) for at_ms in times]

    def _opened(self, symbol: str, asset: Asset, at_ms: int) -> dict[str, object]:
        coins = self._market.open_interest(asset, at_ms)
        usd = coins * self._market.mark(asset, at_ms)
        return {
            "symbol": symbol,
            "sumOpenInterest": decimal(coins),
            "sumOpenInterestValue": decimal(usd),
            "timestamp": at_ms,
        }

    def _paid(self, params: Params, now_ms: int) -> object:
        symbol, asset = self._asset(params)
        limit = whole(params, "limit", 100)
        last_ms = whole(params, "endTime", now_ms)
        newest = None if "startTime" in params else limit
        first_ms = whole(params, "startTime", 0)
        rows = self._market.paid(asset, self._market.hours, first_ms, last_ms, now_ms, newest)
        return [
            {
                "symbol": symbol,
                "fundingTime": at_ms + at_ms // HOUR_MS % JITTER_MS,
                "fundingRate": decimal(rate),
                "markPrice": decimal(self._market.mark(asset, at_ms)),
            }
            for at_ms, rate in rows[:limit]
        ]

    def _depth(self, params: Params, now_ms: int) -> object:
        _, asset = self._asset(params)
        bids, asks = (
            [[decimal(price), decimal(coins)] for price, coins in self._market.levels(asset, now_ms, sign)]
            for sign in (-1, 1)
        )
        return {"lastUpdateId": now_ms, "E": now_ms, "T": now_ms, "bids": bids, "asks": asks}

    def _mark_frame(self, symbol: str, asset: Asset, now_ms: int) -> object:
        return {
            "e": "markPriceUpdate",
            "E": now_ms,
            "s": symbol,
            "p": decimal(self._market.mark(asset, now_ms)),
            "i": decimal(self._market.index(asset, now_ms)),
            "r": decimal(self._rate(asset, now_ms)),
            "T": self._next_ms(now_ms),
            "st": 1,
        }

    def _rate(self, asset: Asset, now_ms: int) -> float:
        return self._market.tape.rate_8h(asset, now_ms) * self._market.hours / USUAL_HOURS

    def _next_ms(self, now_ms: int) -> int:
        step_ms = self._market.hours * HOUR_MS
        return min(FOREVER_MS, (now_ms // step_ms + 1) * step_ms)


def _contract(symbol: str, asset: Asset, quote: str, margin: str) -> dict[str, object]:
    return {
        "symbol": symbol,
        "pair": asset + quote,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": asset,
        "quoteAsset": quote,
        "marginAsset": margin,
        "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.10"}],
    }


def _kline(bar: Bar, step_ms: int) -> list[object]:
    prices = (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)
    close_ms = bar.open_ms + step_ms - 1
    said = [decimal(price) for price in prices]
    return [bar.open_ms, *said, decimal(bar.coins), close_ms, decimal(bar.usd), 1, "0", "0", "0"]


def _forced_frame(symbol: str, order: Forced, market: int = 1) -> object:
    """The order that closed the position: a sale closes a long."""
    coins = decimal(order.coins if market == 1 else order.coins * ONE_COIN_MARGINED)
    price = decimal(order.price_usd)
    said = {"s": symbol, "S": "SELL" if order.side is Side.LONG else "BUY", "o": "LIMIT", "f": "IOC"}
    numbers = {"q": coins, "p": price, "ap": price, "X": "FILLED", "l": coins, "z": coins, "T": order.at_ms}
    return {"e": "forceOrder", "E": order.at_ms, "st": market, "o": {**said, **numbers, "st": market}}
