"""How frames of Binance's market streams are read: mark prices, and positions closed by force.

`!forceOrder@arr` carries at most one order a second and symbol, so its sums are floors. Since the merge of June 2026 it
carries COIN-M as well, counted in contracts: those are dropped.
"""

from market.observations import Heartbeat, Liquidation, Mark, Side, Venue
from scheduler.exchange import Asked, Kind, Misread, Report
from scheduler.exchanges.binance.shapes import Combined, Event, ForceOrder
from scheduler.wire import decoder, words

VENUE = Venue.BINANCE
COIN_MARGINED = 2

_frame = decoder(VENUE, "frame", Combined)


def read_frame(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """A mark price, a liquidation, or () for an acknowledgement and for what is of no instrument of ours.

    An order of another symbol is told as a heartbeat: the channel of liquidations is alive.
    """
    frame: Combined = _frame(payload)
    event = frame if frame.data is None else frame.data
    if event.name is not None and not event.event_at:
        raise Misread(VENUE, "frame", "E: an event without its time")
    if event.name == "markPriceUpdate":
        return _mark(event, asked)
    if event.name == "forceOrder" and event.order is not None:
        return _liquidation(event, event.order, asked)
    if event.name is None and event.error is not None:
        raise Misread(VENUE, "frame", words(f"error: {event.error}"))
    if event.name is None and event.code is None and event.id is not None:
        return ()
    raise Misread(VENUE, "frame", words(f"event: {event.name}"))


def _mark(event: Event, asked: Asked) -> tuple[Report, ...]:
    instrument = asked.instruments.get(event.symbol or "")
    if instrument is None or event.market == COIN_MARGINED:
        return ()
    if event.mark is None:
        raise Misread(VENUE, Kind.MARK, "p: no mark price")
    return (Mark(VENUE, instrument.asset, event.event_at, event.mark, event.index),)


def _liquidation(event: Event, order: ForceOrder, asked: Asked) -> tuple[Report, ...]:
    instrument = asked.instruments.get(order.symbol)
    market = order.market if event.market is None else event.market
    if instrument is None or market == COIN_MARGINED or order.status != "FILLED":
        return (Heartbeat(VENUE, None, Kind.LIQUIDATIONS, event.event_at),)
    if order.average_price <= 0.0 or order.filled <= 0.0:
        raise Misread(VENUE, Kind.LIQUIDATIONS, "ap or z: filled at nothing")
    side = Side.LONG if order.order_side == "SELL" else Side.SHORT
    return (
        Liquidation(
            VENUE,
            instrument.asset,
            order.at,
            side,
            order.filled,
            order.average_price,
            is_sample=True,
        ),
    )
