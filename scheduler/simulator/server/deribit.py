"""Deribit as the simulated market says it: inverse amounts are US dollars, volatilities percent, funding goes on hour by hour.

BTC and ETH have inverse perpetuals and a DVOL; another coin has a linear one against USDC, in coins.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Asset, Side
from scheduler.simulator.server.option_chain import Listed, chain
from scheduler.simulator.server.speech import Answer, Params, Refused, whole
from scheduler.simulator.server.venue import Forced, VenueMarket

INVERSE = ("BTC", "ETH")
PUBLIC = "/api/v2/public/"
STEPS = {"1": MINUTE_MS, "5": 5 * MINUTE_MS, "60": HOUR_MS}
HOURS_AN_ANSWER, DAYS_AN_ANSWER = 744, 1000
TEST_EVERY_MS = 10_000


class Deribit:
    """The venue's methods and streams over its part of the market."""

    ws_path = "/ws/api/v2"

    def __init__(self, market: VenueMarket) -> None:
        self._market = market
        self._assets: dict[str, Asset] = {
            f"{asset}-PERPETUAL" if asset in INVERSE else f"{asset}_USDC-PERPETUAL": asset
            for asset in market.assets
        }
        self._answers: dict[str, Answer] = {
            "get_instruments": self._contracts,
            "ticker": lambda params, now_ms: self._ticker(*self._asset(params), now_ms),
            "get_order_book": self._depth,
            "get_index_price": self._index_price,
            "get_book_summary_by_currency": self._chain,
            "get_tradingview_chart_data": self._chart,
            "get_funding_rate_history": self._paid,
            "get_volatility_index_data": self._volatilities,
            "get_last_trades_by_instrument_and_time": self._trades,
        }

    def answer(self, path: str, params: Params, body: bytes, now_ms: int) -> object:
        """The answer to a question in its envelope. Raises Refused."""
        found = self._answers.get(path.removeprefix(PUBLIC))
        if found is None or not path.startswith(PUBLIC):
            raise Refused(400, _error(-32601, "Method not found"))
        return _envelope(found(params, now_ms), now_ms)

    def hear(self, said: str, topics: set[str]) -> list[object]:
        """Heartbeats, tests and subscriptions, which are confirmed by name; a wrong name is left out."""
        wish = msgspec.json.decode(said)
        result: Any = "ok"
        if wish["method"] == "public/subscribe":
            result = [name for name in wish["params"]["channels"] if self._is_channel(name)]
            topics |= set(result)
        if wish["method"] == "public/set_heartbeat":
            topics.add("heartbeat")
        if wish["method"] == "public/test":
            result = {"version": "1.2.26"}
        return [{"jsonrpc": "2.0", "id": wish["id"], "result": result, "testnet": False}]

    def frames(self, topics: set[str], after_ms: int, now_ms: int) -> Iterator[object]:
        """Tickers, forced trades and DVOL, and now and then the question whether we are still there."""
        if "heartbeat" in topics and after_ms // TEST_EVERY_MS < now_ms // TEST_EVERY_MS:
            yield {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}
        for symbol, asset in self._assets.items():
            if (topic := f"ticker.{symbol}.100ms") in topics:
                yield _said(topic, self._ticker(symbol, asset, now_ms))
            orders = self._market.forced(asset, after_ms, now_ms)
            if (topic := f"trades.{symbol}.100ms") in topics and orders:
                yield _said(topic, [trade for order in orders for trade in self._fills(symbol, asset, order)])
            if (topic := f"deribit_volatility_index.{asset.lower()}_usd") in topics:
                percent = 100.0 * self._market.tape.implied(asset, now_ms)
                index = f"{asset.lower()}_usd"
                yield _said(topic, {"timestamp": now_ms, "volatility": percent, "index_name": index})

    def _is_channel(self, name: str) -> bool:
        symbols = [f"{what}.{symbol}.100ms" for symbol in self._assets for what in ("ticker", "trades")]
        return name in symbols or name in {f"deribit_volatility_index.{coin.lower()}_usd" for coin in INVERSE}

    def _asset(self, params: Params) -> tuple[str, Asset]:
        symbol = params.get("instrument_name", "")
        if symbol not in self._assets:
            raise Refused(400, _error(-32602, "Invalid params"))
        return symbol, self._assets[symbol]

    def _amount(self, asset: Asset, coins: float, price_usd: float) -> float:
        """US dollars of an inverse contract, coins of a linear one."""
        return round(coins * price_usd, 2) if asset in INVERSE else round(coins, 4)

    def _ticker(self, symbol: str, asset: Asset, now_ms: int) -> dict[str, object]:
        market = self._market
        mark = market.mark(asset, now_ms)
        rate = market.tape.rate_8h(asset, now_ms)
        return {
            "timestamp": now_ms,
            "instrument_name": symbol,
            "state": "open",
            "mark_price": mark,
            "index_price": market.index(asset, now_ms),
            "open_interest": self._amount(asset, market.open_interest(asset, now_ms), mark),
            "funding_8h": rate,
            "current_funding": rate / 8.0,
        }

    def _contracts(self, params: Params, now_ms: int) -> object:
        rows = []
        for symbol, asset in self._assets.items():
            currency = asset if asset in INVERSE else "USDC"
            if currency == params["currency"]:
                row = _contract(symbol, asset)
                rows += [row, row | {"instrument_name": f"{currency}-27MAR26", "settlement_period": "month"}]
        return rows

    def _depth(self, params: Params, now_ms: int) -> object:
        symbol, asset = self._asset(params)
        bids, asks = (
            [
                [price, self._amount(asset, coins, price)]
                for price, coins in self._market.levels(asset, now_ms, sign)
            ]
            for sign in (-1, 1)
        )
        return {"instrument_name": symbol, "timestamp": now_ms, "bids": bids, "asks": asks}

    def _index_price(self, params: Params, now_ms: int) -> object:
        asset = params["index_name"].removesuffix("dvol_usdc").upper()
        if asset not in self._assets.values():
            raise Refused(400, _error(-32602, "Invalid params"))
        return {"index_price": 100.0 * self._market.tape.implied(asset, now_ms)}

    def _chain(self, params: Params, now_ms: int) -> object:
        asset = params["currency"]
        if asset not in self._assets.values() or asset not in INVERSE:
            return []
        return [_summary(one, now_ms) for one in chain(self._market, asset, now_ms)]

    def _chart(self, params: Params, now_ms: int) -> object:
        _, asset = self._asset(params)
        step_ms, first_ms = STEPS[params["resolution"]], whole(params, "start_timestamp", 0)
        bars = self._market.bars(asset, step_ms, first_ms, whole(params, "end_timestamp", now_ms), now_ms)
        return {
            "status": "ok" if bars else "no_data",
            "ticks": [bar.open_ms for bar in bars],
            "open": [bar.open_usd for bar in bars],
            "high": [bar.high_usd for bar in bars],
            "low": [bar.low_usd for bar in bars],
            "close": [bar.close_usd for bar in bars],
            "volume": [bar.coins for bar in bars],
            "cost": [bar.usd for bar in bars],
        }

    def _paid(self, params: Params, now_ms: int) -> object:
        _, asset = self._asset(params)
        first_ms, last_ms = whole(params, "start_timestamp", 0), whole(params, "end_timestamp", now_ms)
        rows = self._market.paid(asset, 1, first_ms, last_ms, now_ms)
        return [
            {"timestamp": at_ms, "interest_1h": rate, "interest_8h": 8.0 * rate}
            for at_ms, rate in rows[-HOURS_AN_ANSWER:]
        ]

    def _volatilities(self, params: Params, now_ms: int) -> object:
        """Daily bars in percent; the one of today is open."""
        first_ms = max(whole(params, "start_timestamp", 0), self._market.tape.begin_ms)
        last_ms = min(now_ms, whole(params, "end_timestamp", now_ms))
        opens = range(-(-first_ms // DAY_MS) * DAY_MS, last_ms + 1, DAY_MS)
        data = []
        for open_ms in opens:
            begin, end = (
                100.0 * self._market.tape.implied(params["currency"], min(at_ms, now_ms))
                for at_ms in (open_ms, open_ms + DAY_MS)
            )
            data.append([open_ms, begin, max(begin, end), min(begin, end), end])
        return {"data": data[-DAYS_AN_ANSWER:], "continuation": None}

    def _trades(self, params: Params, now_ms: int) -> object:
        """The forced ones, oldest first; those by choice would only have to be skipped."""
        symbol, asset = self._asset(params)
        first_ms, last_ms = whole(params, "start_timestamp", 0), whole(params, "end_timestamp", now_ms)
        orders = self._market.forced(asset, first_ms - 1, min(last_ms, now_ms))
        fills = [fill for order in orders for fill in self._fills(symbol, asset, order)]
        count = whole(params, "count", 10)
        return {"trades": fills[:count], "has_more": len(fills) > count}

    def _fills(self, symbol: str, asset: Asset, order: Forced) -> list[dict[str, object]]:
        """The taker was liquidated: a sale closes a long. Beside it a trade by choice, which carries no flag."""
        amount = self._amount(asset, order.coins, order.price_usd)
        direction = "sell" if order.side is Side.LONG else "buy"
        forced = {
            "instrument_name": symbol,
            "timestamp": order.at_ms,
            "trade_id": f"{order.at_ms}{order.side[0]}{order.number}",
            "direction": direction,
            "amount": amount,
            "price": order.price_usd,
            "liquidation": "T",
        }
        chosen = {name: said for name, said in forced.items() if name != "liquidation"}
        return [forced, chosen | {"trade_id": f"{forced['trade_id']}c"}]


def _contract(symbol: str, asset: Asset) -> dict[str, object]:
    is_inverse = asset in INVERSE
    return {
        "instrument_name": symbol,
        "kind": "future",
        "settlement_period": "perpetual",
        "base_currency": asset,
        "quote_currency": "USD" if is_inverse else "USDC",
        "instrument_type": "reversed" if is_inverse else "linear",
        "is_active": True,
        "state": "open",
        "contract_size": 10.0 if is_inverse else 0.1,
        "tick_size": 0.5 if is_inverse else 0.01,
        "max_leverage": 50,
    }


def _summary(option: Listed, now_ms: int) -> dict[str, object]:
    return {
        "instrument_name": option.name,
        "creation_timestamp": now_ms,
        "underlying_price": option.forward_usd,
        "mark_iv": 100.0 * option.iv,
        "mark_price": option.price_coins,
        "bid_price": option.bid_coins,
        "ask_price": option.ask_coins,
        "open_interest": option.held_coins,
        "volume": 10.0,
    }


def _envelope(result: object, now_ms: int) -> object:
    return {
        "jsonrpc": "2.0",
        "result": result,
        "usIn": now_ms * 1000,
        "usOut": now_ms * 1000,
        "testnet": False,
    }


def _error(code: int, message: str) -> object:
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message}, "testnet": False}


def _said(channel: str, data: object) -> object:
    return {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}
