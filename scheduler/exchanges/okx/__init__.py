"""OKX: linear swaps settled in USDT (exchanges.md section 3). Sizes are contracts; liquidations are a sample."""

from market.observations import Venue
from scheduler.exchange import Budget, Exchange
from scheduler.exchanges.okx.answers import asks, history_asks
from scheduler.exchanges.okx.frames import streams
from scheduler.exchanges.okx.listing import instruments, tiers
from scheduler.exchanges.okx.troubles import trouble

_LIMITS = {
    "candles": 40,
    "history-candles": 20,
    "books-full": 10,
    "instruments": 20,
    "mark-price": 10,
    "open-interest": 20,
    "open-interest-history": 10,
    "funding-rate": 10,
    "funding-rate-history": 10,
    "position-tiers": 10,
    "liquidation-orders": 4,  # not documented; bursts are refused
}
"""Questions in two seconds, an endpoint each: the venue has no common budget."""

EXCHANGE = Exchange(
    name="okx",
    venue=Venue.OKX,
    rest_url="https://www.okx.com",
    ws_url="wss://ws.okx.com:8443",
    budgets={endpoint: Budget(limit * 4 // 5, 2.0) for endpoint, limit in _LIMITS.items()},
    instruments=instruments,
    asks=asks,
    history_asks=history_asks,
    streams=streams,
    trouble=trouble,
    tiers=tiers,
)
