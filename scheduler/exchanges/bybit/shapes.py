"""What Bybit v5 sends, as far as it is read: shapes, decoders and the checks that keep other units out.

Everything is of category "linear": elsewhere the same fields count US dollars instead of coins (exchanges.md section 2).
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from market.observations import Asset, Venue
from scheduler.exchange import Asked, Instrument, Kind, Misread
from scheduler.wire import (
    Amount,
    Loose,
    Price,
    Rate,
    SaidAmount,
    SaidPrice,
    SaidRate,
    SaidTimeMs,
    TimeMs,
    decoder,
    either,
    numbers,
)

Row = TypeVar("Row")
Value = TypeVar("Value")

CATEGORY = "linear"
OK = 0

as_price = numbers(Venue.BYBIT, Price)
as_amount = numbers(Venue.BYBIT, Amount)
as_rate = numbers(Venue.BYBIT, Rate)
as_time_ms = numbers(Venue.BYBIT, TimeMs)


class Page(Struct, Generic[Row], rename="camel", gc=False):
    """The result of most questions: a list, what it is of, and where the next page begins ("" or null: nowhere)."""

    rows: list[Row] | None = field(default=None, name="list")
    category: str = ""
    symbol: str = ""
    next_page_cursor: str | None = None


class Answer(Struct, Generic[Value], rename="camel", gc=False):
    """The envelope of every REST answer; HTTP 200 with a `retCode` other than 0 is an error. `time` is the venue's."""

    ret_code: int
    result: Value
    ret_msg: str = ""
    time: TimeMs | None = None


class Ticker(Struct, rename="camel", gc=False):
    """A contract now, of REST or stream; "" is not said.

    `open_interest` counts both sides, `single_open_interest` one. The funding rate is the predicted one, per interval.
    """

    symbol: str
    mark_price: SaidPrice = None
    index_price: SaidPrice = None
    open_interest: SaidAmount = None
    single_open_interest: SaidAmount = None
    funding_rate: SaidRate = None
    next_funding_time: SaidTimeMs = None
    funding_interval_hour: SaidPrice = None
    funding_cap: SaidRate = None


class AnyTicker(Struct, rename="camel", gc=False):
    """A ticker of an answer that has odd ones: dated futures and other symbols share the list."""

    symbol: str
    mark_price: Loose = None
    index_price: Loose = None
    open_interest: Loose = None
    single_open_interest: Loose = None
    funding_rate: Loose = None
    next_funding_time: str | int | None = None
    funding_interval_hour: Loose = None
    funding_cap: Loose = None

    def read(self) -> Ticker:
        """The ticker itself. Raises Misread by the field's name."""
        return Ticker(
            self.symbol,
            as_price(Kind.MARK, "markPrice", self.mark_price),
            as_price(Kind.MARK, "indexPrice", self.index_price),
            as_amount(Kind.OPEN_INTEREST, "openInterest", self.open_interest),
            as_amount(Kind.OPEN_INTEREST, "singleOpenInterest", self.single_open_interest),
            as_rate(Kind.FUNDING, "fundingRate", self.funding_rate),
            as_time_ms(Kind.FUNDING, "nextFundingTime", self.next_funding_time),
            as_price(Kind.FUNDING, "fundingIntervalHour", self.funding_interval_hour),
            as_rate(Kind.FUNDING, "fundingCap", self.funding_cap),
        )


class Bar(Struct, array_like=True, gc=False):
    """A kline: coins in `volume`, US dollars in `turnover`; newest first, the first is still open."""

    opens_ms: TimeMs
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Amount
    turnover: Amount


class Settled(Struct, rename="camel", gc=False):
    """One paid funding rate, per interval."""

    symbol: str
    funding_rate: Rate
    funding_rate_timestamp: TimeMs


class Opened(Struct, rename="camel", gc=False):
    """Open interest then, in coins: both sides, and one side where the row is new enough to say it."""

    timestamp: TimeMs
    open_interest: SaidAmount
    single_open_interest: SaidAmount = None


class Book(Struct, gc=False):
    """Resting orders: price and coins a level."""

    s: str
    b: list[tuple[Price, Amount]]
    a: list[tuple[Price, Amount]]
    ts: TimeMs


class _PriceFilter(Struct, rename="camel", gc=False):
    tick_size: Loose = None


class _LeverageFilter(Struct, rename="camel", gc=False):
    max_leverage: Loose = None


class Listed(Struct, rename="camel", gc=False):
    """One contract as listed; `funding_interval` is in minutes."""

    symbol: str
    contract_type: str
    status: str
    base_coin: str = ""
    quote_coin: str = ""
    settle_coin: str = ""
    funding_interval: Loose = None
    price_filter: _PriceFilter = field(default_factory=_PriceFilter)
    leverage_filter: _LeverageFilter = field(default_factory=_LeverageFilter)


class Paired(Struct, rename="camel", gc=False):
    """One spot market as listed."""

    symbol: str = ""
    base_coin: str = ""
    quote_coin: str = ""
    status: str = ""


class RiskLimit(Struct, rename="camel", gc=False):
    """One bracket: the largest notional it holds for, USD, and its margins; "" in `mm_deduction` is not said."""

    symbol: str
    risk_limit_value: Amount
    maintenance_margin: Amount
    initial_margin: Amount
    max_leverage: Price
    mm_deduction: Loose = None


class Closed(Struct, gc=False):
    """One liquidation; `side` is the position's, `price` that of bankruptcy."""

    at_ms: TimeMs = field(name="T")
    symbol: str = field(name="s")
    side: str = field(name="S")
    coins: Amount = field(name="v")
    price: Price = field(name="p")


class Frame(Struct, Generic[Value], gc=False):
    """A frame of the stream: data of a topic, or an acknowledgement with `success`."""

    topic: str = ""
    type: str = ""
    ts: TimeMs | None = None
    data: Value | None = None
    success: bool | None = None
    ret_msg: str = ""
    op: str = ""


def answers(kind: Kind, result: Any, otherwise: Any = None) -> Callable[[bytes], tuple[Any, int | None]]:
    """A function that decodes an answer into (result, the venue's time). Raises Misread, also for an error in HTTP 200.

    An answer that is no `result` is read as `otherwise`, if that is told.
    """
    if otherwise is None:
        decode = decoder(Venue.BYBIT, kind, Answer[result])
    else:
        decode = either(Venue.BYBIT, kind, Answer[result], Answer[otherwise])

    def decoded(payload: bytes) -> tuple[Any, int | None]:
        answer = decode(payload)
        if answer.ret_code != OK:
            raise Misread(Venue.BYBIT, kind, f"retCode {answer.ret_code}")
        return answer.result, answer.time

    return decoded


def lists(kind: Kind, row: Any, otherwise: Any = None) -> Callable[[bytes, Asked], tuple[list[Any], int]]:
    """A function that decodes a listing into (rows, the venue's time), of category linear and of the symbol asked for.

    A listing with a row that is no `row` is one of `otherwise`, if that is told.
    """
    decode = answers(kind, Page[row], None if otherwise is None else Page[otherwise])

    def decoded(payload: bytes, asked: Asked) -> tuple[list[Any], int]:
        page, time_ms = decode(payload)
        if page.rows is None:
            raise Misread(Venue.BYBIT, kind, "result.list")
        if page.category not in (CATEGORY, ""):
            raise Misread(Venue.BYBIT, kind, "result.category")
        if page.symbol and asked.symbol and page.symbol != asked.symbol:
            raise Misread(Venue.BYBIT, kind, "result.symbol")
        return page.rows, asked.received_at_ms if time_ms is None else time_ms

    return decoded


def asked_for(kind: Kind, asked: Asked) -> tuple[Instrument, Asset]:
    """The instrument a question was about. Raises Misread where it is not listed."""
    found = asked.instruments.get(asked.symbol or "")
    if found is None:
        raise Misread(Venue.BYBIT, kind, f"{asked.symbol} is not listed")
    return found, found.asset
