"""Bybit: linear perpetuals settled in USDT (exchanges.md section 2). Liquidations are complete; open interest is halved."""

from market.observations import Venue
from scheduler.exchange import Budget, Exchange
from scheduler.exchanges.bybit.answers import asks, history_asks
from scheduler.exchanges.bybit.frames import streams
from scheduler.exchanges.bybit.listing import instruments, tiers
from scheduler.exchanges.bybit.troubles import trouble

EXCHANGE = Exchange(
    name="bybit",
    venue=Venue.BYBIT,
    rest_url="https://api.bybit.com",
    ws_url="wss://stream.bybit.com",
    budgets={"default": Budget(480, 5.0)},  # of 600 in 5 s an address
    instruments=instruments,
    asks=asks,
    history_asks=history_asks,
    streams=streams,
    trouble=trouble,
    tiers=tiers,
)
