"""Deribit's answers as they come: JSON numbers and nulls in an envelope of JSON-RPC (exchanges.md section 4).

What some of the venue's rows do without is None here; readers ask for what they need. Of rows that may not be for us
the numbers are loose until a row is known to be.
"""

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from market.observations import Venue
from scheduler.exchange import Misread
from scheduler.wire import Amount, Loose, Price, Rate, TimeMs, words

VENUE = Venue.DERIBIT
T = TypeVar("T")

Percent = Annotated[float, Meta(ge=0.0, lt=10_000.0)]
"""A volatility in percent: 57.3 is 0.573 a year."""
IndexPercent = Annotated[float, Meta(gt=1.0, lt=10_000.0)]
"""DVOL in percent. It has never been near 1: a smaller number is a fraction, as in the documentation's example of 2020."""
MicroTime = Annotated[int, Meta(ge=0, lt=10**17)]


class Fault(Struct, gc=False):
    """What the venue did not like, by its own number."""

    code: int = 0
    message: str = ""


class Answer(Struct, Generic[T], rename={"sent_us": "usOut"}):
    """The envelope of an answer; `sent_us` is the venue's clock in microseconds."""

    result: T | None = None
    error: Fault | None = None
    testnet: bool = False
    sent_us: MicroTime | None = None

    def taken(self, kind: str) -> T:
        """The result. Raises Misread for an error, for no result, and for the test network, whose prices are nobody's."""
        refuse(kind, self.error, is_testnet=self.testnet)
        if self.result is None:
            raise Misread(VENUE, kind, "result: absent")
        return self.result


def refuse(kind: str, error: Fault | None, *, is_testnet: bool) -> None:
    """Raises Misread for an error in an envelope and for the test network."""
    if error is not None:
        raise Misread(VENUE, kind, words(f"error {error.code}: {error.message}"))
    if is_testnet:
        raise Misread(VENUE, kind, "testnet: true")


class Listed(Struct):
    """One instrument of get_instruments: options and dated futures too."""

    instrument_name: str
    kind: str = ""
    settlement_period: str | None = None
    base_currency: str = ""
    quote_currency: str = ""
    instrument_type: str | None = None
    future_type: str | None = None
    is_active: bool = True
    state: str = "open"
    contract_size: Loose = None
    tick_size: Loose = None
    max_leverage: Loose = None


class Perpetual(Struct, gc=False):
    """What a listed perpetual must tell."""

    contract_size: Price
    tick_size: Price
    max_leverage: Price | None = None


class Spoken(Struct, gc=False):
    """What a channel (or get_ticker) says: a ticker, or the volatility index."""

    timestamp: TimeMs | None = None
    instrument_name: str | None = None
    state: str = "open"
    mark_price: Price | None = None
    index_price: Price | None = None
    open_interest: Amount | None = None
    funding_8h: Rate | None = None
    volatility: IndexPercent | None = None
    index_name: str | None = None


class Fill(Struct, gc=False):
    """One trade. `direction` is the taker's; `liquidation` says who was forced: taker, maker or both."""

    instrument_name: str
    timestamp: TimeMs
    trade_id: str
    direction: Literal["buy", "sell"]
    amount: Amount
    price: Price
    liquidation: Literal["T", "M", "MT", "none"] | None = None


class Fills(Struct):
    """A page of trades, oldest first as we ask for them."""

    trades: list[Fill]
    has_more: bool = False


class Chart(Struct):
    """Bars in columns; `volume` is in coins, `cost` in US dollars."""

    status: Literal["ok", "no_data"]
    ticks: list[TimeMs] = []
    open: list[Price] = []
    high: list[Price] = []
    low: list[Price] = []
    close: list[Price] = []
    volume: list[Amount] = []
    cost: list[Amount] = []


class Bar(Struct, gc=False):
    """One bar of a chart, by the time it opened."""

    tick: TimeMs
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Amount
    cost: Amount


class PaidFunding(Struct, gc=False):
    """The funding of one hour that ended at `timestamp`, as a fraction per hour."""

    timestamp: TimeMs
    interest_1h: Rate


class Volatilities(Struct):
    """Bars of DVOL, newest page first: `continuation` is the end of the page before."""

    data: list[tuple[TimeMs, IndexPercent, IndexPercent, IndexPercent, IndexPercent]]
    continuation: TimeMs | None = None


class Level(Struct, gc=False):
    """The present value of an index."""

    index_price: IndexPercent


class Book(Struct):
    """What rests: [price, amount], amount in US dollars of inverse contracts, in coins of linear ones."""

    instrument_name: str
    timestamp: TimeMs
    bids: list[tuple[Price, Amount]]
    asks: list[tuple[Price, Amount]]


class Summary(Struct, gc=False):
    """One option of a book summary; IV in percent, prices in coins (inverse) or US dollars, None where there is none."""

    instrument_name: str
    creation_timestamp: TimeMs
    underlying_price: Price
    mark_iv: Percent | None = None
    mark_price: Amount | None = None
    bid_price: Amount | None = None
    ask_price: Amount | None = None
    open_interest: Amount | None = None
    volume: Amount | None = None


class Params(Struct):
    """Of a notification: the channel with what it says, or what kind of heartbeat it is."""

    channel: str = ""
    data: Spoken | list[Fill] | None = None
    type: str = ""


class Frame(Struct):
    """A frame of the websocket: a notification (`method`), or the answer to what we said (`id`)."""

    method: str | None = None
    params: Params | None = None
    id: int | None = None
    result: Any = None
    error: Fault | None = None
    testnet: bool = False
