"""Hyperliquid as the simulated market says it: one POST for all, funding per hour, no liquidations, no past open interest."""

from collections.abc import Callable, Iterator, Mapping
from math import ceil, floor, log10
from typing import Any

import msgspec

from market.observations import HOUR_MS, MINUTE_MS, Asset
from scheduler.simulator.server.speech import Params, Refused, decimal
from scheduler.simulator.server.venue import Bar, VenueMarket

HOURS = 1
JITTER_MS = 83
STEPS = {"1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "1h": HOUR_MS}
BARS_AN_ANSWER, RATES_AN_ANSWER = 5000, 500
LEVELS = 20
TABLE = 50
GONE = "FTT"
"""A coin that was delisted: it stays in the universe, its numbers are null."""

Wish = Mapping[str, Any]


class Hyperliquid:
    """The venue's one endpoint and its stream over its part of the market."""

    ws_path = "/ws"

    def __init__(self, market: VenueMarket) -> None:
        self._market = market
        self._answers: dict[str, Callable[[Wish, int], object]] = {
            "meta": self._meta,
            "metaAndAssetCtxs": self._contexts,
            "predictedFundings": self._predicted,
            "candleSnapshot": self._candles,
            "fundingHistory": self._paid,
            "l2Book": self._book,
        }

    def answer(self, path: str, params: Params, body: bytes, now_ms: int) -> object:
        """The answer to a question, told apart by the body's type. Raises Refused, in plain text as the venue does."""
        try:
            wish = msgspec.json.decode(body)
            found = self._answers[wish["type"]]
            coin = wish.get("coin") or wish.get("req", {}).get("coin")
        except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
            raise Refused(422, "Failed to deserialize the JSON body into the target type") from None
        if path != "/info" or coin not in {None, *self._market.assets}:
            raise Refused(404 if path != "/info" else 500, "null")
        return found(wish, now_ms)

    def hear(self, said: str, topics: set[str]) -> list[object]:
        """Pings and subscriptions."""
        wish = msgspec.json.decode(said)
        if wish["method"] == "ping":
            return [{"channel": "pong"}]
        topics.add(wish["subscription"]["coin"])
        return [{"channel": "subscriptionResponse", "data": wish}]

    def frames(self, topics: set[str], after_ms: int, now_ms: int) -> Iterator[object]:
        """The context of each coin."""
        for asset in self._market.assets:
            if asset in topics:
                context = self._context(asset, now_ms)
                yield {"channel": "activeAssetCtx", "data": {"coin": asset, "ctx": context}}

    def _meta(self, wish: Wish, now_ms: int) -> dict[str, object]:
        ours = [
            {"name": asset, "szDecimals": 5, "maxLeverage": TABLE, "marginTableId": TABLE}
            for asset in self._market.assets
        ]
        gone = {
            "name": GONE,
            "szDecimals": 1,
            "maxLeverage": 3,
            "marginTableId": TABLE,
            "isDelisted": True,
        }
        tiers = [
            {"lowerBound": "0.0", "maxLeverage": TABLE},
            {"lowerBound": "100000000.0", "maxLeverage": TABLE // 2},
        ]
        tables = [[TABLE, {"description": "", "marginTiers": tiers}]]
        return {"universe": [gone, *ours], "marginTables": tables}

    def _contexts(self, wish: Wish, now_ms: int) -> object:
        gone = {"funding": None, "openInterest": None, "markPx": None, "oraclePx": None}
        return [
            self._meta(wish, now_ms),
            [gone, *(self._context(asset, now_ms) for asset in self._market.assets)],
        ]

    def _context(self, asset: Asset, now_ms: int) -> dict[str, object]:
        market = self._market
        return {
            "funding": decimal(market.tape.rate_8h(asset, now_ms) / 8.0, 10),
            "openInterest": decimal(market.open_interest(asset, now_ms), 5),
            "oraclePx": decimal(market.index(asset, now_ms)),
            "markPx": decimal(market.mark(asset, now_ms)),
            "midPx": decimal(market.mark(asset, now_ms)),
            "premium": "0.0",
        }

    def _predicted(self, wish: Wish, now_ms: int) -> object:
        """Its own rate per hour, those of two others per eight; each with the next time."""
        return [
            [
                asset,
                [
                    ["BinPerp", self._prediction(asset, 8, now_ms)],
                    ["HlPerp", self._prediction(asset, 1, now_ms)],
                    ["BybitPerp", self._prediction(asset, 8, now_ms)],
                ],
            ]
            for asset in self._market.assets
        ]

    def _prediction(self, asset: Asset, hours: int, now_ms: int) -> dict[str, object]:
        rate = self._market.tape.rate_8h(asset, now_ms) * hours / 8.0
        next_ms = (now_ms // (hours * HOUR_MS) + 1) * hours * HOUR_MS
        return {
            "fundingRate": decimal(rate, 10),
            "nextFundingTime": next_ms,
            "fundingIntervalHours": hours,
        }

    def _candles(self, wish: Wish, now_ms: int) -> object:
        said = wish["req"]
        step_ms = STEPS[said["interval"]]
        bars = self._market.bars(said["coin"], step_ms, said["startTime"], said["endTime"], now_ms)
        return [_candle(bar, said["coin"], said["interval"], step_ms) for bar in bars[-BARS_AN_ANSWER:]]

    def _paid(self, wish: Wish, now_ms: int) -> object:
        last_ms = wish.get("endTime", now_ms)
        rows = self._market.paid(wish["coin"], HOURS, wish["startTime"], last_ms, now_ms)
        return [
            {
                "coin": wish["coin"],
                "fundingRate": decimal(rate, 10),
                "premium": "0.0",
                "time": at_ms + at_ms // HOUR_MS % JITTER_MS,
            }
            for at_ms, rate in rows[:RATES_AN_ANSWER]
        ]

    def _book(self, wish: Wish, now_ms: int) -> object:
        levels = [self._side(wish["coin"], wish["nSigFigs"], now_ms, sign) for sign in (-1, 1)]
        return {"coin": wish["coin"], "time": now_ms, "levels": levels}

    def _side(self, asset: Asset, figures: int, now_ms: int, sign: int) -> list[dict[str, object]]:
        """Twenty levels in price steps of so many significant figures, away from the middle."""
        step = 10.0 ** (floor(log10(self._market.mark(asset, now_ms))) + 1 - figures)
        away = ceil if sign > 0 else floor
        sums: dict[int, tuple[float, int]] = {}
        for price, coins in self._market.levels(asset, now_ms, sign):
            place = away(price / step)
            total, many = sums.get(place, (0.0, 0))
            sums[place] = (total + coins, many + 1)
        return [
            {"px": decimal(place * step), "sz": decimal(coins), "n": many}
            for place, (coins, many) in list(sums.items())[:LEVELS]
        ]


def _candle(bar: Bar, coin: str, interval: str, step_ms: int) -> dict[str, object]:
    prices = {"o": bar.open_usd, "h": bar.high_usd, "l": bar.low_usd, "c": bar.close_usd, "v": bar.coins}
    said: dict[str, object] = {name: decimal(value) for name, value in prices.items()}
    times = {"t": bar.open_ms, "T": bar.open_ms + step_ms - 1, "s": coin, "i": interval, "n": 1}
    return {**times, **said}
