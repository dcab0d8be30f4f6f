"""Which contracts OKX lists, and their margin brackets."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from market.margin import Tier, Tiers
from market.observations import Asset, Venue
from scheduler.coin_names import asset_of
from scheduler.exchange import Ask, Asked, Instrument, Kind, Misread
from scheduler.exchanges.okx.shapes import SWAP, Bracket, Swap, as_amount, as_price, asked_for, lists, needed
from scheduler.exchanges.okx.spot import spot_listing

SETTLED_IN = "USDT"
"""One contract an asset: what settles in USDC or in coins is another market of the same coin."""

_INSTRUMENTS = "/api/v5/public/instruments"
_TIERS = "/api/v5/public/position-tiers"

_swaps = lists(Kind.INSTRUMENTS, Swap)
_brackets = lists(Kind.TIERS, Bracket)


def instruments() -> tuple[Ask[tuple[Instrument, ...]], ...]:
    """All swaps, in one page; then all spot markets."""
    return (
        Ask(
            venue=Venue.OKX,
            kind=Kind.INSTRUMENTS,
            path=_INSTRUMENTS,
            read=read_instruments,
            params={"instType": "SWAP"},
            budget="instruments",
        ),
        spot_listing(),
    )


def read_instruments(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The live linear swaps settled in USDT; all other contracts are not for us. Raises Misread."""
    return tuple(_instrument(row) for row in _swaps(payload) if _is_ours(row))


def tiers(contracts: Sequence[Instrument]) -> tuple[Ask[Mapping[Asset, Tiers]], ...]:
    """The brackets of each contract; to be read in US dollars they need the mark in `Asked.price_usd`."""
    return tuple(
        Ask(
            venue=Venue.OKX,
            kind=Kind.TIERS,
            path=_TIERS,
            read=read_tiers,
            params={"instType": "SWAP", "tdMode": "cross", "instFamily": _family(contract)},
            budget="position-tiers",
            symbol=contract.symbol,
        )
        for contract in contracts
    )


def read_tiers(payload: bytes, asked: Asked) -> Mapping[Asset, Tiers]:
    """The brackets of the contract asked for, smallest first, contracts turned to US dollars at the mark, which is kept.

    OKX asks the rate of the containing bracket on the whole position: no amount is taken off it, and maintenance jumps
    where a bracket begins. A bracket is so many contracts, whatever they are worth later.
    Raises Misread where brackets do not grow or no price is known.
    """
    contract = asked_for(Kind.TIERS, asked)
    if asked.price_usd is None:
        raise Misread(Venue.OKX, Kind.TIERS, "no price to turn contracts into US dollars")
    rows = [row for row in _brackets(payload) if row.inst_family == _family(contract)]
    if not rows:
        raise Misread(Venue.OKX, Kind.TIERS, "data is empty")
    caps_usd = [contract.usd(row.max_sz, asked.price_usd) for row in rows]
    published_on = datetime.fromtimestamp(asked.received_at_ms / 1000, UTC).date().isoformat()
    steps = _steps(rows, caps_usd)
    return {
        contract.asset: Tiers(
            contract.asset,
            Venue.OKX,
            published_on,
            steps,
            is_whole_rate=True,
            priced_at_usd=asked.price_usd,
        )
    }


def _is_ours(row: Swap) -> bool:
    return (
        row.inst_type == "SWAP"
        and row.state == "live"
        and row.ct_type == "linear"
        and row.settle_ccy == SETTLED_IN
        and row.rule_type == "normal"
        and row.inst_id.endswith(f"-{SETTLED_IN}{SWAP}")
    )


def _instrument(row: Swap) -> Instrument:
    asset, quoted = asset_of(row.ct_val_ccy or row.inst_id.split("-")[0])
    size = needed(as_price, Kind.INSTRUMENTS, "ctVal", row.ct_val)
    many = as_price(Kind.INSTRUMENTS, "ctMult", row.ct_mult)
    tick = as_price(Kind.INSTRUMENTS, "tickSz", row.tick_sz)
    return Instrument(
        venue=Venue.OKX,
        symbol=row.inst_id,
        asset=asset,
        coins_per_contract=size * (1.0 if many is None else many) * quoted,
        tick_usd=None if tick is None else tick / quoted,
        highest_leverage=as_amount(Kind.INSTRUMENTS, "lever", row.lever),
        quoted_coins=quoted,
    )


def _family(contract: Instrument) -> str:
    return contract.symbol.removesuffix(SWAP)


def _steps(rows: Sequence[Bracket], caps_usd: Sequence[float]) -> tuple[Tier, ...]:
    steps: list[Tier] = []
    floor_usd = rate = 0.0
    for cap_usd, row in sorted(zip(caps_usd, rows, strict=True), key=lambda pair: pair[0]):
        if cap_usd <= floor_usd or row.mmr < rate:
            raise Misread(Venue.OKX, Kind.TIERS, "maxSz and mmr do not grow")
        steps.append(Tier(floor_usd, cap_usd, row.max_lever, row.mmr, 0.0))
        floor_usd, rate = cap_usd, row.mmr
    return tuple(steps)
