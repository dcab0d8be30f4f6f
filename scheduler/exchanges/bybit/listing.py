"""Which contracts Bybit lists, and their margin brackets."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from market.margin import Tier, Tiers
from market.observations import HOUR_MS, MINUTE_MS, Asset, Venue
from scheduler.coin_names import asset_of
from scheduler.exchange import Ask, Asked, Instrument, Kind, Misread
from scheduler.exchanges.bybit.shapes import (
    CATEGORY,
    Listed,
    Page,
    RiskLimit,
    answers,
    as_amount,
    as_price,
    asked_for,
    lists,
)
from scheduler.exchanges.bybit.spot import spot_listing

SETTLED_IN = "USDT"
"""One contract an asset: what settles in USDC or in coins is another market of the same coin."""

PERCENT = 10.0
"""Leverage times initial margin is 1 where margins are fractions and 100 where they are percents."""

_INSTRUMENTS = "/v5/market/instruments-info"
_TIERS = "/v5/market/risk-limit"
_ROUNDING = 0.1

_listed = lists(Kind.INSTRUMENTS, Listed)
_page = answers(Kind.INSTRUMENTS, Page[Listed])
_brackets = lists(Kind.TIERS, RiskLimit)


def instruments() -> tuple[Ask[tuple[Instrument, ...]], ...]:
    """All listed contracts: the first page, and `next_page` the cursor of the one that follows; then the spot markets."""
    return (
        Ask(
            venue=Venue.BYBIT,
            kind=Kind.INSTRUMENTS,
            path=_INSTRUMENTS,
            read=read_instruments,
            params={"category": CATEGORY, "limit": "1000"},
            next_page=next_instruments,
        ),
        spot_listing(),
    )


def read_instruments(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The trading perpetuals settled in USDT; all else of the category is not for us. Raises Misread."""
    rows, _ = _listed(payload, asked)
    return tuple(_instrument(row) for row in rows if _is_ours(row))


def next_instruments(payload: bytes, asked: Asked) -> Mapping[str, str] | None:
    """The cursor of the next page, None on the last one. Raises Misread."""
    page, _ = _page(payload)
    return {"cursor": page.next_page_cursor} if page.next_page_cursor else None


def tiers(contracts: Sequence[Instrument]) -> tuple[Ask[Mapping[Asset, Tiers]], ...]:
    """The brackets of each contract, one question a symbol (all of them come 15 symbols a page)."""
    return tuple(
        Ask(
            venue=Venue.BYBIT,
            kind=Kind.TIERS,
            path=_TIERS,
            read=read_tiers,
            params={"category": CATEGORY, "symbol": contract.symbol},
            symbol=contract.symbol,
        )
        for contract in contracts
    )


def read_tiers(payload: bytes, asked: Asked) -> Mapping[Asset, Tiers]:
    """The brackets of the contract asked for, smallest first. Raises Misread where they do not grow."""
    _, asset = asked_for(Kind.TIERS, asked)
    rows, time_ms = _brackets(payload, asked)
    ours = sorted(
        (row for row in rows if row.symbol == asked.symbol),
        key=lambda row: row.risk_limit_value,
    )
    if not ours:
        raise Misread(Venue.BYBIT, Kind.TIERS, "result.list is empty")
    published_on = datetime.fromtimestamp(time_ms / 1000, UTC).date().isoformat()
    return {asset: Tiers(asset, Venue.BYBIT, published_on, _steps(ours))}


def _is_ours(row: Listed) -> bool:
    return (
        row.contract_type == "LinearPerpetual"
        and row.status == "Trading"
        and row.settle_coin == row.quote_coin == SETTLED_IN
    )


def _instrument(row: Listed) -> Instrument:
    asset, quoted = asset_of(row.base_coin)
    minutes = as_amount(Kind.INSTRUMENTS, "fundingInterval", row.funding_interval)
    hours = None if minutes is None else minutes * MINUTE_MS / HOUR_MS
    tick = as_price(Kind.INSTRUMENTS, "tickSize", row.price_filter.tick_size)
    return Instrument(
        venue=Venue.BYBIT,
        symbol=row.symbol,
        asset=asset,
        coins_per_contract=quoted,
        funding_interval_hours=hours if hours is not None and hours >= 1.0 else None,
        tick_usd=None if tick is None else tick / quoted,
        highest_leverage=as_price(Kind.INSTRUMENTS, "maxLeverage", row.leverage_filter.max_leverage),
        quoted_coins=quoted,
    )


def _steps(rows: Sequence[RiskLimit]) -> tuple[Tier, ...]:
    steps: list[Tier] = []
    for row in rows:
        floor_usd = steps[-1].cap_usd if steps else 0.0
        rate = row.maintenance_margin * _scale(row)
        amount_usd = as_amount(Kind.TIERS, "mmDeduction", row.mm_deduction)
        if amount_usd is None:
            amount_usd = _continued(steps, rate)
        if row.risk_limit_value <= floor_usd or (steps and rate < steps[-1].maintenance_rate):
            raise Misread(Venue.BYBIT, Kind.TIERS, "riskLimitValue and maintenanceMargin do not grow")
        steps.append(Tier(floor_usd, row.risk_limit_value, row.max_leverage, rate, amount_usd))
    return tuple(steps)


def _scale(row: RiskLimit) -> float:
    """1 where margins are fractions, .01 where they are percents: initial margin is one over leverage. Raises Misread."""
    product = row.initial_margin * row.max_leverage
    scale = 0.01 if product > PERCENT else 1.0
    if abs(product * scale - 1.0) > _ROUNDING or row.maintenance_margin * scale >= 1.0:
        raise Misread(Venue.BYBIT, Kind.TIERS, "initialMargin is not one over maxLeverage")
    return scale


def _continued(steps: Sequence[Tier], rate: float) -> float:
    """The amount that makes maintenance continuous at the floor of a bracket that does not say its own."""
    if not steps:
        return 0.0
    last = steps[-1]
    return last.maintenance_amount_usd + last.cap_usd * (rate - last.maintenance_rate)
