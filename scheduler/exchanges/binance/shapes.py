"""What Binance USD-M sends, as far as it is used: numbers are strings on the wire, unknown keys are skipped."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from scheduler.wire import Amount, Loose, Price, Rate, SaidPrice, SaidRate, SaidTimeMs, TimeMs


class Kline(Struct, array_like=True, gc=False):
    """A bar as a row; turnover in the quote currency."""

    open_at: TimeMs
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Amount
    close_at: TimeMs
    turnover: Amount


class SaidPremium(Struct, rename="camel", gc=False):
    """A row of premiumIndex; a dated future says "" or 0 where a perpetual has a number."""

    symbol: str
    mark_price: SaidPrice = None
    index_price: SaidPrice = None
    last_funding_rate: SaidRate = None
    next_funding_time: SaidTimeMs = None
    time: SaidTimeMs = None

    def is_whole(self) -> bool:
        """Whether everything that a perpetual has is there."""
        return (
            bool(self.mark_price and self.index_price and self.time) and type(self.last_funding_rate) is float
        )


class AnyPremium(Struct, rename="camel", gc=False):
    """A row of premiumIndex of an answer that has odd ones."""

    symbol: str
    mark_price: Loose = None
    index_price: Loose = None
    last_funding_rate: Loose = None
    next_funding_time: Loose = None
    time: Loose = None

    def is_whole(self) -> bool:
        """It is to be read strictly."""
        return False


class Premium(Struct, frozen=True):
    """A row of premiumIndex of ours; `last_funding_rate` is the running prediction for `next_funding_time`."""

    symbol: str
    mark_price: Price
    index_price: Price
    last_funding_rate: Rate
    next_funding_time: TimeMs
    time: TimeMs


class FundingRow(Struct, rename="camel", frozen=True):
    """A settled rate; `funding_time` has a jitter of milliseconds."""

    symbol: str
    funding_rate: Rate
    funding_time: TimeMs
    rate_type: str = "Regular"


class FundingInterval(Struct, rename="camel", frozen=True):
    """A symbol whose interval, cap or floor was adjusted."""

    symbol: str
    funding_interval_hours: Annotated[int, Meta(ge=1, le=24)]
    adjusted_funding_rate_cap: SaidRate = None
    adjusted_funding_rate_floor: SaidRate = None


class OpenInterestNow(Struct, rename="camel", frozen=True):
    """Open interest in coins."""

    symbol: str
    open_interest: Amount
    time: TimeMs


class OpenInterestThen(Struct, rename="camel", frozen=True):
    """Open interest in coins as of `timestamp`."""

    symbol: str
    sum_open_interest: Amount
    timestamp: TimeMs


class Book(Struct, frozen=True):
    """Levels of price and coins, best first."""

    event_at: TimeMs = field(name="E")
    bids: list[tuple[Price, Amount]]
    asks: list[tuple[Price, Amount]]


class Filter(Struct, rename="camel", frozen=True):
    """A rule for orders; only the price step is of use here."""

    filter_type: str = ""
    tick_size: Loose = None


class Symbol(Struct, rename="camel", frozen=True):
    """A contract; after the merge of June 2026 it may be a COIN-M one."""

    symbol: str
    contract_type: str = ""
    status: str = ""
    base_asset: str = ""
    quote_asset: str = ""
    margin_asset: str = ""
    filters: list[Filter] = []


class ExchangeInfo(Struct, frozen=True):
    """Every contract that is or was."""

    symbols: list[Symbol]


class ForceOrder(Struct, frozen=True, gc=False):
    """The order that closed a position by force: SELL closed a long. `market` 2 is COIN-M, counted in contracts."""

    symbol: str = field(name="s")
    order_side: Literal["BUY", "SELL"] = field(name="S")
    status: str = field(name="X")
    filled: Amount = field(name="z")
    average_price: Amount = field(name="ap")
    at: TimeMs = field(name="T")
    market: int | None = field(name="st", default=None)


class Event(Struct, frozen=True, gc=False):
    """One frame's event, or an acknowledgement or an error of a subscription."""

    name: str | None = field(name="e", default=None)
    event_at: TimeMs = field(name="E", default=0)
    symbol: str | None = field(name="s", default=None)
    mark: Price | None = field(name="p", default=None)
    index: Price | None = field(name="i", default=None)
    order: ForceOrder | None = field(name="o", default=None)
    market: int | None = field(name="st", default=None)
    id: int | str | None = None
    error: Any = None
    code: int | None = None


class Combined(Event, frozen=True, gc=False):
    """A frame; on a combined stream the event lies inside `data`."""

    data: Event | None = None


class Complaint(Struct, frozen=True):
    """The body of a failed answer."""

    code: int
    msg: str = ""
