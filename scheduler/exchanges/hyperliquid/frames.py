"""How frames of Hyperliquid are read: the mark prices of coins. It publishes no liquidations."""

from market.observations import Mark, Venue
from scheduler.exchange import Asked, Misread, Report
from scheduler.exchanges.hyperliquid.shapes import (
    Acknowledged,
    Active,
    ActiveFrame,
    Pong,
    Refusal,
)
from scheduler.wire import decoder, words

VENUE = Venue.HYPERLIQUID

_frame = decoder(VENUE, "frame", ActiveFrame | Acknowledged | Pong | Refusal)


def read_frame(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """A mark price, or () for an acknowledgement, a pong and a coin that is not ours."""
    match _frame(payload):
        case ActiveFrame(data=active):
            return _mark(active, asked)
        case Refusal(data=said):
            raise Misread(VENUE, "frame", words(f"error: {said}"))
    return ()


def _mark(active: Active, asked: Asked) -> tuple[Report, ...]:
    instrument = asked.instruments.get(active.coin)
    if instrument is None:
        return ()
    coins = instrument.quoted_coins
    mark_usd, index_usd = active.ctx.mark_px / coins, active.ctx.oracle_px / coins
    return (Mark(VENUE, instrument.asset, asked.received_at_ms, mark_usd, index_usd),)
