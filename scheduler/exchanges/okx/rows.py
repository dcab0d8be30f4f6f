"""What a row of OKX says of a contract: mark, one-sided open interest, predicted funding, liquidations."""

from collections.abc import Iterator

from market.observations import (
    HOUR_MS,
    MINUTE_MS,
    Funding,
    Liquidation,
    Mark,
    OpenInterest,
    Side,
    Venue,
)
from scheduler.exchange import Instrument, Kind, Misread, Told, funding_cap
from scheduler.exchanges.okx.shapes import Detail, Said, there

# bound once: before Python 3.12 a member looked up on its class is slow
_VENUE, _OF_MARK, _OF_INTEREST, _OF_LIQUIDATIONS = (
    Venue.OKX,
    Kind.MARK,
    Kind.OPEN_INTEREST,
    Kind.LIQUIDATIONS,
)
_POSITIONS = {"long": Side.LONG, "short": Side.SHORT}
_ORDERS = {"sell": Side.LONG, "buy": Side.SHORT}  # an order closes the opposite position: trap 5


def mark_of(row: Said, contract: Instrument, index: tuple[int, float] | None = None) -> tuple[Mark, ...]:
    """The mark price, () where it is "", with its index (when and how much) if that is of the same minute. Raises Misread."""
    if row.mark_px == "":
        return ()
    mark: float = there(_OF_MARK, "markPx", row.mark_px)
    at_ms: int = there(_OF_MARK, "ts", row.ts)
    quoted, index_usd = contract.quoted_coins, None
    if index is not None and abs(at_ms - index[0]) <= MINUTE_MS:
        index_usd = index[1] / quoted
    return (Mark(_VENUE, contract.asset, at_ms, mark / quoted, index_usd),)


def open_interest_of(row: Said, contract: Instrument) -> tuple[Told, ...]:
    """Open interest in coins: `oiCcy`, else the contracts of `oi` times their size; () where both are "". Raises Misread."""
    coins = row.oi_ccy
    if row.oi == coins == "":
        return ()
    at_ms: int = row.ts or there(_OF_INTEREST, "ts", row.ts)
    if isinstance(coins, float):
        coins *= contract.quoted_coins
    elif contract.coins_per_contract is not None:
        coins = float(there(_OF_INTEREST, "oi", row.oi)) * contract.coins_per_contract
    else:
        raise Misread(_VENUE, _OF_INTEREST, "oiCcy is absent")
    return (Told(contract.asset, OpenInterest(_VENUE, at_ms, coins, MINUTE_MS)),)


def funding_of(row: Said, contract: Instrument, received_at_ms: int) -> tuple[Told, ...]:
    """The predicted rate of the interval that ends at `fundingTime`; () where rate or interval are not said.

    The interval is the distance to the settlement after it, which changes at run time. Raises Misread.
    """
    rate, ends_ms, then_ms = row.funding_rate, row.funding_time, row.next_funding_time
    if not isinstance(rate, float) or not isinstance(ends_ms, int):
        return ()
    hours = (then_ms - ends_ms) / HOUR_MS if isinstance(then_ms, int) else contract.funding_interval_hours
    if hours is None:
        return ()
    if not 0.0 < hours <= 24.0:
        raise Misread(_VENUE, Kind.FUNDING, "nextFundingTime is not the settlement after fundingTime")
    known_at_ms = row.ts if isinstance(row.ts, int) else received_at_ms
    cap = funding_cap(rate, _known(row.max_funding_rate), _known(row.min_funding_rate))
    predicted = Funding(_VENUE, known_at_ms, rate, hours, settled=False, next_at_ms=ends_ms, cap=cap)
    return (Told(contract.asset, predicted),)


def _known(said: object) -> float | None:
    return said if isinstance(said, float) else None


def liquidations_of(row: Said, contract: Instrument) -> Iterator[Liquidation]:
    """The liquidations of a row: at most one a second and contract, so their sums are floors. Raises Misread."""
    if row.details is None:
        raise Misread(_VENUE, _OF_LIQUIDATIONS, "details")
    for detail in row.details:
        price = there(_OF_LIQUIDATIONS, "bkPx", detail.bk_px) / contract.quoted_coins
        contracts = there(_OF_LIQUIDATIONS, "sz", detail.sz)
        yield Liquidation(
            _VENUE,
            contract.asset,
            moment_of(detail),
            _position(detail),
            contract.coins(contracts, price),
            price,
            is_sample=True,
        )


def moment_of(detail: Detail) -> int:
    """When a liquidation was, by `ts` or, in some answers, `time`. Raises Misread."""
    at_ms: int = there(_OF_LIQUIDATIONS, "ts", detail.ts or detail.time)
    return at_ms


def _position(detail: Detail) -> Side:
    said = detail.pos_side
    side = _ORDERS.get(detail.side) if said == "net" else _POSITIONS.get(said)
    if side is None:
        raise Misread(Venue.OKX, Kind.LIQUIDATIONS, "side" if said == "net" else "posSide")
    return side
