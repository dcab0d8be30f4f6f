"""Bulk answers of REST read by our readers, and by json and pandas as a usual bot does: the same rows, the same numbers.

pandas gets what our reader does and no more: the columns that are used as floats, and the rows that are ours. It is spared
what our reader does beside: it bounds every number, and makes an observation of each row.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isclose
from random import Random
from time import process_time

import pandas as pd

from market.observations import HOUR_MS, MINUTE_MS, Candle, Funding, Mark, OpenInterest, Venue
from scheduler.exchange import Asked, Instrument, Report, Told
from scheduler.exchanges.binance.answers import read_candles, read_premium
from scheduler.exchanges.bybit.answers import read_tickers
from scheduler.exchanges.okx.answers import read_open_interest

BEGIN_MS = 1_791_504_000_000
NOW_MS = BEGIN_MS + 10_000 * HOUR_MS
STEP_MS = 5 * MINUTE_MS
BARS, SYMBOLS, DATED = 1_500, 600, 20
RELATIVE = 1e-12

Values = Mapping[tuple[str, str], float]
"""By row (symbol, or when a bar opened) and name."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """One answer, and its two readers: `frame` gives a DataFrame with a column for each of `names`, by row."""

    name: str
    payload: bytes
    ours: Callable[[], tuple[Report, ...]]
    frame: Callable[[], pd.DataFrame]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of each round."""

    ours: list[float]
    pandas: list[float]


def bulks() -> tuple[Bulk, ...]:
    """A page of bars, and three answers that hold all symbols of a venue."""
    dice = Random(11)
    return (_klines(dice), _premiums(dice), _tickers(dice), _open_interest(dice))


def differences(bulk: Bulk) -> tuple[int, list[str]]:
    """How many numbers were compared, and which of them are not the same on both sides."""
    ours, frame = values_of(bulk.ours()), bulk.frame()
    theirs = {
        (str(row), name): float(value)
        for name in bulk.names
        for row, value in zip(frame.index, frame[name], strict=True)
    }
    wrong = [f"{bulk.name}: {key}" for key in ours.keys() ^ theirs.keys()]
    both = ours.keys() & theirs.keys()
    wrong += [f"{bulk.name}: {key}" for key in both if not isclose(ours[key], theirs[key], rel_tol=RELATIVE)]
    return len(both), wrong


def measure(bulk: Bulk, rounds: int) -> Cost:
    """Both readers in turn, so that what else the machine does meets both."""
    cost = Cost([], [])
    for _ in range(rounds):
        for read, spent in ((bulk.ours, cost.ours), (bulk.frame, cost.pandas)):
            began_s = process_time()
            read()
            spent.append(process_time() - began_s)
    return cost


def values_of(reports: tuple[Report, ...]) -> Values:
    """What was reported, by row and name."""
    found: dict[tuple[str, str], float] = {}
    for one in reports:
        match one:
            case Mark():
                found |= {(one.asset, "mark"): one.mark_usd}
                found |= {} if one.index_usd is None else {(one.asset, "index"): one.index_usd}
            case Told(said=Funding() as said):
                found[one.asset, "rate"] = said.rate
            case Told(said=OpenInterest() as said):
                found[one.asset, "coins"] = said.coins
            case Told(said=Candle() as bar):
                prices = (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)
                sums = (bar.volume_coins or 0.0, bar.volume_usd or 0.0)
                found |= {
                    (str(bar.open_at_ms), name): value
                    for name, value in zip(_BAR, (*prices, *sums), strict=True)
                }
    return found


_BAR = ("open", "high", "low", "close", "volume", "turnover")
_KLINE = ("open_at", *_BAR[:5], "close_at", "turnover", "trades", "taker_coins", "taker_usd", "unused")


def _klines(dice: Random) -> Bulk:
    """The largest page of Binance, as a cold start asks for it."""
    rows = []
    for number in range(BARS):
        low, first, last, high = sorted(60_000.0 * (1.0 + dice.gauss(0.0, 0.001)) for _ in range(4))
        opened_ms = BEGIN_MS + number * STEP_MS
        coins, trades = dice.uniform(10.0, 900.0), dice.randrange(9_999)
        prices = [f"{price:.2f}" for price in (first, high, low, last)]
        sums = [f"{coins:.3f}", opened_ms + STEP_MS - 1, f"{coins * last:.5f}", trades]
        rows.append([opened_ms, *prices, *sums, f"{coins / 2:.3f}", f"{coins * last / 2:.5f}", "0"])
    payload = _written(rows)
    known = {"BTCUSDT": Instrument(Venue.BINANCE, "BTCUSDT", "BTC", 1.0)}
    asked = Asked(NOW_MS, known, "BTCUSDT", STEP_MS)

    def frame() -> pd.DataFrame:
        table = pd.DataFrame(json.loads(payload), columns=_KLINE)
        table = table[table["close_at"] < NOW_MS]
        return _numeric(table.set_index("open_at"), _BAR)

    return Bulk(f"Binance klines, {BARS} bars", payload, lambda: read_candles(payload, asked), frame, _BAR)


def _premiums(dice: Random) -> Bulk:
    """All of Binance's premiumIndex, all of it ours, and some dated futures."""
    names = {"markPrice": "mark", "indexPrice": "index", "lastFundingRate": "rate"}
    rows = [
        {
            "symbol": f"C{number:03}USDT",
            "markPrice": f"{dice.uniform(0.1, 90_000.0):.8f}",
            "indexPrice": f"{dice.uniform(0.1, 90_000.0):.8f}",
            "estimatedSettlePrice": f"{dice.uniform(0.1, 90_000.0):.8f}",
            "lastFundingRate": f"{dice.gauss(0.0, 0.0002):.8f}",
            "interestRate": "0.00010000",
            "nextFundingTime": NOW_MS + HOUR_MS,
            "time": NOW_MS,
        }
        for number in range(SYMBOLS)
    ]
    dated = {"lastFundingRate": "", "interestRate": "", "nextFundingTime": 0}
    rows += [row | dated | {"symbol": f"{row['symbol']}_261225"} for row in rows[:DATED]]
    payload = _written(rows)
    asked = Asked(NOW_MS, _instruments(Venue.BINANCE, "USDT"))

    def frame() -> pd.DataFrame:
        table = _of_ours(pd.DataFrame(json.loads(payload)), "symbol", asked)
        return _numeric(table.rename(columns=names), tuple(names.values()))

    name = f"Binance premiumIndex, {len(rows)} rows"
    return Bulk(name, payload, lambda: read_premium(payload, asked), frame, tuple(names.values()))


def _tickers(dice: Random) -> Bulk:
    """All of Bybit's tickers, all of it ours, and some dated futures."""
    names = {"markPrice": "mark", "indexPrice": "index", "singleOpenInterest": "coins", "fundingRate": "rate"}
    other = (
        "lastPrice",
        "prevPrice24h",
        "highPrice24h",
        "lowPrice24h",
        "prevPrice1h",
        "bid1Price",
        "ask1Price",
    )
    sizes = ("openInterestValue", "turnover24h", "volume24h", "bid1Size", "ask1Size", "openInterest")
    rows = [
        {
            "symbol": f"C{number:03}USDT",
            **{name: f"{dice.uniform(0.1, 90_000.0):.4f}" for name in other},
            **{name: f"{dice.uniform(1.0, 1e8):.4f}" for name in sizes},
            "price24hPcnt": "0.017103",
            "markPrice": f"{dice.uniform(0.1, 90_000.0):.4f}",
            "indexPrice": f"{dice.uniform(0.1, 90_000.0):.4f}",
            "singleOpenInterest": f"{dice.uniform(1.0, 1e6):.3f}",
            "fundingRate": f"{dice.gauss(0.0, 0.0002):.8f}",
            "nextFundingTime": str(NOW_MS + HOUR_MS),
            "fundingIntervalHour": "8",
            "deliveryTime": "0",
            "basis": "",
        }
        for number in range(SYMBOLS)
    ]
    dated = {"fundingRate": "", "nextFundingTime": "", "fundingIntervalHour": ""}
    rows += [row | dated | {"symbol": f"{row['symbol']}-25DEC26"} for row in rows[:DATED]]
    payload = _written(
        {"retCode": 0, "retMsg": "OK", "result": {"category": "linear", "list": rows}, "time": NOW_MS}
    )
    asked = Asked(NOW_MS, _instruments(Venue.BYBIT, "USDT"))

    def frame() -> pd.DataFrame:
        table = _of_ours(pd.DataFrame(json.loads(payload)["result"]["list"]), "symbol", asked)
        return _numeric(table.rename(columns=names), tuple(names.values()))

    name = f"Bybit tickers, {len(rows)} rows"
    return Bulk(name, payload, lambda: read_tickers(payload, asked), frame, tuple(names.values()))


def _open_interest(dice: Random) -> Bulk:
    """OKX's open interest of all swaps, all of it ours."""
    rows = [
        {
            "instId": f"C{number:03}-USDT-SWAP",
            "instType": "SWAP",
            "oi": f"{dice.uniform(1.0, 1e8):.2f}",
            "oiCcy": f"{dice.uniform(1.0, 1e6):.4f}",
            "oiUsd": f"{dice.uniform(1.0, 1e9):.4f}",
            "ts": str(NOW_MS),
        }
        for number in range(SYMBOLS)
    ]
    payload = _written({"code": "0", "msg": "", "data": rows})
    asked = Asked(NOW_MS, _instruments(Venue.OKX, "-USDT-SWAP"))

    def frame() -> pd.DataFrame:
        table = _of_ours(pd.DataFrame(json.loads(payload)["data"]), "instId", asked)
        return _numeric(table.rename(columns={"oiCcy": "coins"}), ("coins",))

    name = f"OKX open interest, {SYMBOLS} rows"
    return Bulk(name, payload, lambda: read_open_interest(payload, asked), frame, ("coins",))


def _instruments(venue: Venue, ending: str) -> dict[str, Instrument]:
    listed = [
        Instrument(venue, f"C{number:03}{ending}", f"C{number:03}", 1.0, funding_interval_hours=8.0)
        for number in range(SYMBOLS)
    ]
    return {one.symbol: one for one in listed}


def _of_ours(table: pd.DataFrame, column: str, asked: Asked) -> pd.DataFrame:
    """The rows of our symbols, by asset."""
    table = table[table[column].isin(asked.instruments)]
    return table.set_index(table[column].str.slice(0, 4))


def _numeric(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The columns named, as floats."""
    numbers: pd.DataFrame = table[list(names)].apply(pd.to_numeric)
    return numbers


def _written(said: object) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()
