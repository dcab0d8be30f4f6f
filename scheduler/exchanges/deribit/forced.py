"""Forced orders among Deribit's trades: fills that carry `liquidation`, summed order by order.

T: the taker was liquidated, so a sell closes a long; M: the maker was, who stands on the other side; MT: both were.
All forced trades are flagged, so sums of them are totals.
"""

from collections.abc import Iterable

from market.observations import Liquidation, Side
from scheduler.exchange import Asked, Instrument, Kind, Misread
from scheduler.exchanges.deribit.shapes import VENUE, Fill

Order = tuple[str, int, Side]
"""Instrument, moment and side of the position: the fills of one forced order share them."""

_TAKER = {"sell": Side.LONG, "buy": Side.SHORT}
_MAKER = {"sell": Side.SHORT, "buy": Side.LONG}


def forced_orders(fills: Iterable[Fill], asked: Asked) -> tuple[Liquidation, ...]:
    """The forced orders on instruments we know, by time; a trade told twice counts once. Raises Misread."""
    orders: dict[Order, list[float]] = {}
    seen: set[str] = set()
    for fill in fills:
        if fill.liquidation in {None, "none"} or fill.trade_id in seen:
            continue
        instrument = asked.instruments.get(fill.instrument_name)
        if instrument is None:
            continue
        seen.add(fill.trade_id)
        for side in _sides(fill):
            total = orders.setdefault((fill.instrument_name, fill.timestamp, side), [0.0, 0.0])
            for place, part in enumerate(_coins_and_usd(fill, instrument)):
                total[place] += part
    return tuple(
        _liquidation(order, coins, usd, asked.instruments[order[0]])
        for order, (coins, usd) in sorted(orders.items(), key=lambda item: item[0][1])
    )


def _sides(fill: Fill) -> list[Side]:
    """Whose positions were closed."""
    flag = fill.liquidation or ""
    return [
        *([_TAKER[fill.direction]] if "T" in flag else []),
        *([_MAKER[fill.direction]] if "M" in flag else []),
    ]


def _coins_and_usd(fill: Fill, instrument: Instrument) -> tuple[float, float]:
    """An inverse amount is US dollars already: it is never multiplied by the price."""
    if instrument.usd_per_contract is not None:
        return fill.amount / fill.price, fill.amount
    return fill.amount * instrument.quoted_coins, fill.amount * fill.price


def _liquidation(order: Order, coins: float, usd: float, instrument: Instrument) -> Liquidation:
    if not 0.0 < coins < 1e18 or not 0.0 < usd < 1e18:
        raise Misread(VENUE, Kind.LIQUIDATIONS, "amount: no size of a trade")
    _, at_ms, side = order
    return Liquidation(VENUE, instrument.asset, at_ms, side, coins, usd / coins, is_sample=False)
