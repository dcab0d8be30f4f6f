"""What Hyperliquid sends, as far as it is used: decimals are strings on the wire, unknown keys are skipped."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from scheduler.wire import Amount, Loose, Price, Rate, TimeMs

Leverage = Annotated[int, Meta(ge=1, le=1000)]


class Perpetual(Struct, rename="camel", frozen=True):
    """A coin of the universe; `is_delisted` may be null."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    max_leverage: Leverage
    margin_table_id: int | None = None
    is_delisted: bool | None = None


class MarginTier(Struct, rename="camel", frozen=True):
    """From this notional on, US dollars, no more than this leverage."""

    lower_bound: Amount
    max_leverage: Leverage


class MarginTable(Struct, rename="camel", frozen=True):
    """Tiers, smallest first."""

    margin_tiers: Annotated[list[MarginTier], Meta(min_length=1)]


class Universe(Struct, rename="camel", frozen=True):
    """Every coin that is or was, and the margin tables they point to."""

    universe: list[Perpetual]
    margin_tables: list[tuple[int, MarginTable]] = []


class AnyContext(Struct, rename="camel", frozen=True):
    """The numbers of a coin before it is known to be one we look at; a delisted one has nulls."""

    mark_px: Loose = None
    oracle_px: Loose = None
    funding: Loose = None
    open_interest: Loose = None


class Context(Struct, frozen=True):
    """The numbers of a coin of ours: the rate is per hour and predicted, open interest is in coins."""

    mark_px: Price
    oracle_px: Price
    funding: Rate
    open_interest: Amount


class Prediction(Struct, rename="camel", frozen=True):
    """A rate per that venue's own interval; the time may be the boundary that has just passed."""

    funding_rate: Rate
    next_funding_time: TimeMs
    funding_interval_hours: Annotated[int, Meta(ge=1, le=24)] | None = None


class Settled(Struct, rename="camel", frozen=True):
    """A rate that was paid; the time has a jitter of milliseconds."""

    coin: str
    funding_rate: Rate
    time: TimeMs


class Bar(Struct, frozen=True):
    """A bar; volume in coins."""

    open_at: TimeMs = field(name="t")
    close_at: TimeMs = field(name="T")
    coin: str = field(name="s")
    open: Price = field(name="o")
    high: Price = field(name="h")
    low: Price = field(name="l")
    close: Price = field(name="c")
    volume: Amount = field(name="v")


class Level(Struct, frozen=True):
    """A price and the coins that rest there."""

    px: Price
    sz: Amount


class Book(Struct, frozen=True):
    """Bids and asks, best first, twenty of each at most."""

    coin: str
    time: TimeMs
    levels: tuple[list[Level], list[Level]]


class Prices(Struct, rename="camel", frozen=True):
    """The prices of a context."""

    mark_px: Price
    oracle_px: Price


class Active(Struct, frozen=True):
    """The prices of one coin as pushed."""

    coin: str
    ctx: Prices


class ActiveFrame(Struct, tag_field="channel", tag="activeAssetCtx", frozen=True):
    """A push."""

    data: Active


class Acknowledged(Struct, tag_field="channel", tag="subscriptionResponse", frozen=True):
    """The venue has understood a subscription."""


class Pong(Struct, tag_field="channel", tag="pong", frozen=True):
    """The answer to our ping."""


class Refusal(Struct, tag_field="channel", tag="error", frozen=True):
    """The venue has not understood us."""

    data: Any = None
