"""Every trouble a venue can be in, by name: for tests, the soak, and whoever wants to see what becomes of an answer."""

from collections.abc import Mapping
from math import inf, nan
from types import MappingProxyType

from market.observations import Venue
from scheduler.simulator.server.faults import Fault, Of, Trouble
from scheduler.simulator.server.mangling import PAGE

HOUR_S = 3_600.0
HTML = {"content-type": "text/html"}

TROUBLES: Mapping[str, Trouble] = MappingProxyType(
    {
        "refused": Trouble(Fault.REFUSE),
        "http_500": Trouble(Fault.STATUS, 500),
        "http_502_page": Trouble(Fault.STATUS, 502, HTML, PAGE),
        "http_503": Trouble(Fault.STATUS, 503),
        "http_504": Trouble(Fault.STATUS, 504),
        "slow_down_429": Trouble(Fault.STATUS, 429, {"retry-after": "120"}),
        "slow_down_429_untold": Trouble(Fault.STATUS, 429),
        "banned_418": Trouble(Fault.STATUS, 418, {"retry-after": "300"}),
        "law_451": Trouble(Fault.STATUS, 451),
        "law_403": Trouble(Fault.STATUS, 403, HTML, PAGE),
        "page": Trouble(Fault.PAGE),
        "truncated": Trouble(Fault.GARBLE),
        "bomb": Trouble(Fault.BOMB),
        "trickle": Trouble(Fault.TRICKLE),
        "long": Trouble(Fault.LONG),
        "price_nan": Trouble(Fault.VALUES, value=nan),
        "price_infinite": Trouble(Fault.VALUES, value=inf),
        "price_empty": Trouble(Fault.VALUES, value=""),
        "price_null": Trouble(Fault.VALUES),
        "price_zero": Trouble(Fault.VALUES, value=0.0),
        "price_negative": Trouble(Fault.VALUES, factor=-1.0),
        "price_x1000": Trouble(Fault.VALUES, factor=1000.0),
        "interest_nan": Trouble(Fault.VALUES, of=Of.OPEN_INTEREST, value=nan),
        "interest_empty": Trouble(Fault.VALUES, of=Of.OPEN_INTEREST, value=""),
        "interest_null": Trouble(Fault.VALUES, of=Of.OPEN_INTEREST),
        "interest_negative": Trouble(Fault.VALUES, of=Of.OPEN_INTEREST, factor=-1.0),
        "interest_x1000": Trouble(Fault.VALUES, of=Of.OPEN_INTEREST, factor=1000.0),
        "funding_nan": Trouble(Fault.VALUES, of=Of.FUNDING, value=nan),
        "funding_empty": Trouble(Fault.VALUES, of=Of.FUNDING, value=""),
        "funding_x1000": Trouble(Fault.VALUES, of=Of.FUNDING, factor=1000.0),
        "replayed": Trouble(Fault.REPLAY, seconds=HOUR_S),
        "out_of_order": Trouble(Fault.SHUFFLE),
        "duplicated": Trouble(Fault.DOUBLE),
        "lossy": Trouble(Fault.LOSS),
        "clock_ahead": Trouble(Fault.CLOCK, seconds=HOUR_S),
        "clock_behind": Trouble(Fault.CLOCK, seconds=-HOUR_S),
        "dropped": Trouble(Fault.DROP),
        "hangs_up_1011": Trouble(Fault.HANG_UP),
        "hangs_up_1012": Trouble(Fault.HANG_UP, code=1012),
        "stalled": Trouble(Fault.STALL),
        "half_open": Trouble(Fault.HALF_OPEN),
        "mute": Trouble(Fault.MUTE),
        "frozen": Trouble(Fault.FREEZE),
        "redenominated": Trouble(Fault.VALUES, of=Of.OPEN_INTEREST, factor=0.001),
        "interval_4h": Trouble(Fault.INTERVAL, hours=4),
        "interval_1h": Trouble(Fault.INTERVAL, hours=1),
        "delisted_sol": Trouble(Fault.DELIST, asset="SOL"),
    }
)

MARKS: Mapping[Venue, str] = MappingProxyType(
    {
        Venue.BINANCE: '"markPriceUpdate"',
        Venue.BYBIT: '"tickers.',
        Venue.OKX: '"mark-price"',
        Venue.DERIBIT: '"ticker.',
        Venue.HYPERLIQUID: '"activeAssetCtx"',
    }
)
"""A word that stands in what each venue says of its marks and in nothing else."""

FORCED: Mapping[Venue, str] = MappingProxyType(
    {
        Venue.BINANCE: '"forceOrder"',
        Venue.BYBIT: '"allLiquidation.',
        Venue.OKX: '"liquidation-orders"',
        Venue.DERIBIT: '"trades.',
    }
)
"""The same of forced orders; Hyperliquid tells none."""


def silent(words: Mapping[Venue, str], venue: Venue) -> Trouble:
    """The silence of one channel of a venue. Raises KeyError where it has none."""
    return Trouble(Fault.SILENCE, word=words[venue])
