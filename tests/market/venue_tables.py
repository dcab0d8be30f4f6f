"""Brackets as each venue tells them: small tables in its documented shape, read by its own reader."""

import json
from collections.abc import Sequence

from market.margin import Tiers
from market.observations import Venue
from scheduler.exchange import Asked, Instrument
from scheduler.exchanges.bybit.listing import read_tiers as read_bybit
from scheduler.exchanges.hyperliquid.answers import read_tiers as read_hyperliquid
from scheduler.exchanges.okx.listing import read_tiers as read_okx

NOW_MS = 1_791_565_010_000
MARK_USD = 80_000.0
Limit = tuple[float, float, float, str]
"""A bracket at Bybit: cap in USDT, maintenance and highest leverage, and the deduction in the venue's words."""
BYBIT: Sequence[Limit] = (
    (2_000_000.0, 0.005, 100.0, "0"),
    (10_000_000.0, 0.01, 50.0, "10000"),
    (20_000_000.0, 0.02, 25.0, "110000"),
    (50_000_000.0, 0.05, 10.0, "710000"),
)
OKX: Sequence[tuple[float, float, float]] = (
    (1_000.0, 0.004, 100.0),
    (5_000.0, 0.005, 66.66),
    (20_000.0, 0.0125, 33.33),
    (80_000.0, 0.04, 12.5),
)
"""Brackets at OKX: the most contracts (of .01 BTC), maintenance, highest leverage."""
HYPERLIQUID: Sequence[tuple[float, int]] = ((0.0, 40), (150_000_000.0, 20), (600_000_000.0, 10))
"""Brackets at Hyperliquid: the lower bound in USDC and the highest leverage there; maintenance is half of one over it."""


def bybit_tiers(limits: Sequence[Limit] = BYBIT) -> Tiers:
    """As /v5/market/risk-limit tells them."""
    rows = [
        {
            "id": number,
            "symbol": "BTCUSDT",
            "riskLimitValue": f"{cap:.0f}",
            "maintenanceMargin": f"{rate}",
            "initialMargin": f"{1.0 / leverage}",
            "isLowestRisk": int(number == 1),
            "maxLeverage": f"{leverage:.2f}",
            "mmDeduction": deduction,
        }
        for number, (cap, rate, leverage, deduction) in enumerate(limits, 1)
    ]
    result = {"category": "linear", "list": rows, "nextPageCursor": ""}
    answer = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": NOW_MS}
    contract = Instrument(Venue.BYBIT, "BTCUSDT", "BTC", 1.0)
    asked = Asked(NOW_MS, {contract.symbol: contract}, contract.symbol)
    return read_bybit(json.dumps(answer).encode(), asked)["BTC"]


def okx_tiers(mark_usd: float = MARK_USD) -> Tiers:
    """As /api/v5/public/position-tiers tells them, in contracts, at a mark."""
    floors = [0.0, *(most + 0.01 for most, _, _ in OKX)]
    rows = [
        {
            "instFamily": "BTC-USDT",
            "instId": "",
            "tier": f"{number}",
            "minSz": f"{floors[number - 1]:g}",
            "maxSz": f"{most:.0f}",
            "mmr": f"{rate}",
            "imr": f"{1.0 / leverage}",
            "maxLever": f"{leverage}",
        }
        for number, (most, rate, leverage) in enumerate(OKX, 1)
    ]
    contract = Instrument(Venue.OKX, "BTC-USDT-SWAP", "BTC", 0.01)
    asked = Asked(NOW_MS, {contract.symbol: contract}, contract.symbol, price_usd=mark_usd)
    return read_okx(json.dumps({"code": "0", "msg": "", "data": rows}).encode(), asked)["BTC"]


def hyperliquid_tiers() -> Tiers:
    """As the marginTables of meta tell them."""
    tiers = [{"lowerBound": f"{floor}", "maxLeverage": most} for floor, most in HYPERLIQUID]
    answer = {
        "universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40, "marginTableId": 56}],
        "marginTables": [[56, {"description": "tiered 40x", "marginTiers": tiers}]],
        "collateralToken": 0,
    }
    return read_hyperliquid(json.dumps(answer).encode(), Asked(NOW_MS))["BTC"]
