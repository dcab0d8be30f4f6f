"""What OKX v5 sends, as far as it is read: shapes, decoders and checks. Every number is a string, "" is absent.

Sizes are contracts unless their name ends in `ccy` (coins) or `usd` (exchanges.md section 0, trap 6).
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from market.observations import Venue
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
    strictly,
)

Row = TypeVar("Row")

OK = "0"
SWAP = "-SWAP"

as_price = numbers(Venue.OKX, Price)
as_amount = numbers(Venue.OKX, Amount)
as_rate = numbers(Venue.OKX, Rate)
as_time_ms = numbers(Venue.OKX, TimeMs)


class Answer(Struct, Generic[Row], gc=False):
    """The envelope of every REST answer; `code` is a string, "0" where all went well."""

    code: str
    data: list[Row] | None = None


class Swap(Struct, rename="camel", gc=False):
    """One contract as listed: it is worth `ct_val` times `ct_mult` of `ct_val_ccy`."""

    inst_id: str
    inst_type: str
    state: str
    ct_type: str = ""
    settle_ccy: str = ""
    ct_val_ccy: str = ""
    rule_type: str = "normal"
    ct_val: Loose = None
    ct_mult: Loose = None
    tick_sz: Loose = None
    lever: Loose = None


class Paired(Struct, rename="camel", gc=False):
    """One spot market as listed."""

    inst_id: str = ""
    base_ccy: str = ""
    quote_ccy: str = ""
    state: str = ""


class Detail(Struct, rename="camel", gc=False):
    """One liquidation: `side` is the order's, `pos_side` the position's ("net": told by the order's), `sz` contracts."""

    side: str = ""
    pos_side: str = ""
    bk_px: SaidPrice = None
    sz: SaidAmount = None
    ts: SaidTimeMs = None
    time: SaidTimeMs = None


class Said(Struct, rename="camel", gc=False):
    """A row of mark price, index, open interest, funding or liquidations, of REST or stream; "" is not said."""

    inst_id: str
    mark_px: SaidPrice = None
    idx_px: SaidPrice = None
    oi: SaidAmount = None
    oi_ccy: SaidAmount = None
    funding_rate: SaidRate = None
    funding_time: SaidTimeMs = None
    next_funding_time: SaidTimeMs = None
    max_funding_rate: SaidRate = None
    min_funding_rate: SaidRate = None
    details: list[Detail] | None = None
    ts: SaidTimeMs = None


class AnyDetail(Struct, rename="camel", gc=False):
    """A liquidation of a row of `AnySaid`."""

    side: str = ""
    pos_side: str = ""
    bk_px: Loose = None
    sz: Loose = None
    ts: Loose = None
    time: Loose = None


class AnySaid(Struct, rename="camel", gc=False):
    """A row of an answer that has odd ones: rows of other contracts share it."""

    inst_id: str
    mark_px: Loose = None
    idx_px: Loose = None
    oi: Loose = None
    oi_ccy: Loose = None
    funding_rate: Loose = None
    funding_time: Loose = None
    next_funding_time: Loose = None
    max_funding_rate: Loose = None
    min_funding_rate: Loose = None
    details: list[AnyDetail] | None = None
    ts: Loose = None


def read_row(kind: Kind, row: Said | AnySaid) -> Said:
    """A row that is known to be ours. Raises Misread."""
    if isinstance(row, Said):
        return row
    said: Said = strictly(Venue.OKX, kind, row, Said)
    return said


class Bar(Struct, array_like=True, gc=False):
    """A candle, newest first, `volume` in coins and `turnover` in US dollars; `confirm` is "1" where it is closed."""

    opens_ms: TimeMs
    open: Price
    high: Price
    low: Price
    close: Price
    contracts: Amount
    volume: Amount
    turnover: Amount
    confirm: str


class Opened(Struct, array_like=True, gc=False):
    """Open interest then, one side."""

    at_ms: TimeMs
    contracts: Amount
    coins: Amount
    usd: Amount


class Settled(Struct, rename="camel", gc=False):
    """One paid funding rate; `funding_rate` is what had been predicted."""

    inst_id: str
    funding_time: TimeMs
    realized_rate: Rate


class Level(Struct, array_like=True, gc=False):
    """Resting orders at a price, in contracts."""

    price: Price
    contracts: Amount


class Book(Struct, gc=False):
    """A book, best prices first."""

    asks: list[Level]
    bids: list[Level]
    ts: TimeMs


class Bracket(Struct, rename="camel", gc=False):
    """One margin bracket, its sizes in contracts."""

    inst_family: str
    max_sz: Amount
    mmr: Rate
    max_lever: Price


class Topic(Struct, rename="camel", gc=False):
    """What a frame is of."""

    channel: str = ""
    inst_id: str = ""


class Frame(Struct, gc=False):
    """A frame of the stream: rows of a channel, or an event."""

    arg: Topic = field(default_factory=Topic)
    data: list[Said] | None = None
    event: str = ""
    code: str = ""
    msg: str = ""


class AnyFrame(Frame, gc=False):
    """A frame with odd rows."""

    data: list[AnySaid] | None = None  # type: ignore[assignment]


def lists(kind: Kind, row: Any, otherwise: Any = None) -> Callable[[bytes], list[Any]]:
    """A function that decodes the rows of an answer. Raises Misread, also for an error in HTTP 200.

    An answer with a row that is no `row` is one of `otherwise`, if that is told.
    """
    if otherwise is None:
        decode = decoder(Venue.OKX, kind, Answer[row])
    else:
        decode = either(Venue.OKX, kind, Answer[row], Answer[otherwise])

    def decoded(payload: bytes) -> list[Any]:
        answer = decode(payload)
        if answer.code != OK:
            raise Misread(Venue.OKX, kind, f"code {answer.code[:10]}")
        if answer.data is None:
            raise Misread(Venue.OKX, kind, "data")
        rows: list[Any] = answer.data
        return rows

    return decoded


def needed(read: Callable[[str, str, Loose], Any], kind: Kind, name: str, said: Loose) -> Any:
    """A loose number that must be there. Raises Misread by the field's name."""
    return there(kind, name, read(kind, name, said))


def there(kind: Kind, name: str, said: Any) -> Any:
    """A number that must be there. Raises Misread by the field's name."""
    if said is None or said == "":
        raise Misread(Venue.OKX, kind, f"{name} is absent")
    return said


def asked_for(kind: Kind, asked: Asked) -> Instrument:
    """The instrument a question was about. Raises Misread where it is not listed."""
    found = asked.instruments.get(asked.symbol or "")
    if found is None:
        raise Misread(Venue.OKX, kind, f"{asked.symbol} is not listed")
    return found
