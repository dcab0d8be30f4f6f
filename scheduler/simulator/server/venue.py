"""One exchange of the simulated market: its share of everything, its own price, and its own forced orders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from types import MappingProxyType

from market.observations import HOUR_MS, Asset, Side, Venue
from scheduler.simulator.market import DEPTH_WITHIN
from scheduler.simulator.sentiment import FUNDING_CAP_8H
from scheduler.simulator.server.tape import Span, Tape

COINS_DIGITS = 3
"""Forced orders are whole thousandths of a coin."""
USD_AN_ORDER = 250_000.0
MOST_ORDERS = 60
BURST_MS = 8_000.0
"""How far the forced orders of one step lie apart: a cascade is over in seconds."""
SPOT_OF_PERPETUAL = 0.3
"""How much of the perpetual's turnover is traded on spot, whatever is closed by force there."""
SPREAD, LEVEL_STEP, LEVELS_A_SIDE = 0.00005, 0.0001, 300


@dataclass(frozen=True, slots=True)
class Standing:
    """Of the whole market, the share of open interest, volume and forced orders; its price against the market's.

    `latency_s` is how long it usually takes to answer a question.
    """

    share: float
    price_offset: float
    latency_s: float


STANDINGS: Mapping[Venue, Standing] = MappingProxyType(
    {
        Venue.BINANCE: Standing(0.40, 0.0, 0.04),
        Venue.BYBIT: Standing(0.22, 0.0001, 0.06),
        Venue.OKX: Standing(0.16, -0.0001, 0.09),
        Venue.HYPERLIQUID: Standing(0.14, -0.0002, 0.15),
        Venue.DERIBIT: Standing(0.08, 0.0002, 0.11),
    }
)

HOURS: Mapping[Venue, int] = MappingProxyType(
    {Venue.BINANCE: 8, Venue.BYBIT: 8, Venue.OKX: 8, Venue.HYPERLIQUID: 1, Venue.DERIBIT: 1}
)
"""How often funding is paid, unless a venue changes it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of this venue; `is_closed` tells whether its time is over."""

    open_ms: int
    open_usd: float
    high_usd: float
    low_usd: float
    close_usd: float
    coins: float
    is_closed: bool

    @property
    def usd(self) -> float:
        """US dollars traded."""
        return self.coins * (self.open_usd + self.close_usd) / 2.0


@dataclass(frozen=True, slots=True)
class Forced:
    """A position, or a part of one, closed by force; `side` is the position's."""

    at_ms: int
    side: Side
    coins: float
    price_usd: float
    number: int


class VenueMarket:
    """What one venue knows at a moment: coins and US dollars; the writers of its formats make its own units of them.

    `gone` are coins it has delisted, `hours` how often it pays funding.
    """

    def __init__(self, tape: Tape, venue: Venue) -> None:
        self.tape, self.venue = tape, venue
        self.standing = STANDINGS[venue]
        self.gone: set[Asset] = set()
        self.hours = HOURS[venue]
        self._forced: dict[tuple[Asset, int], tuple[Forced, ...]] = {}
        self._frozen_at_ms = float("inf")

    @property
    def funding_cap(self) -> float:
        """The largest rate of one of its intervals, either way."""
        return FUNDING_CAP_8H * self.hours / 8.0

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The coins it lists."""
        return tuple(asset for asset in self.tape.assets if asset not in self.gone)

    def freeze(self, at_ms: float) -> None:
        """From then on price and open interest stay as they are, under times that go on: an exchange that hangs inside."""
        self._frozen_at_ms = at_ms

    def thaw(self) -> None:
        """End it."""
        self._frozen_at_ms = float("inf")

    def mark(self, asset: Asset, at_ms: float) -> float:
        """The price of its perpetual, US dollars."""
        return self.index(asset, at_ms) * (1.0 + self.standing.price_offset)

    def index(self, asset: Asset, at_ms: float) -> float:
        """The price of its index, US dollars: the same at all venues."""
        return self.tape.price(asset, min(at_ms, self._frozen_at_ms))

    def open_interest(self, asset: Asset, at_ms: float) -> float:
        """Its open interest of one side, coins."""
        return self.tape.open_interest(asset, min(at_ms, self._frozen_at_ms)) * self.standing.share

    def bars(self, asset: Asset, step_ms: int, first_ms: int, last_ms: int, now_ms: int) -> list[Bar]:
        """The bars that opened between first and last (both included), oldest first; the last may be open still."""
        return [
            self._bar(asset, open_ms, step_ms, now_ms)
            for open_ms in self.opens(step_ms, first_ms, last_ms, now_ms)
        ]

    def spot_bars(self, asset: Asset, step_ms: int, first_ms: int, last_ms: int, now_ms: int) -> list[Bar]:
        """The bars of its spot market, at the price of the index: what leverage sells by force is not traded there."""
        return [
            self._spot_bar(asset, open_ms, step_ms, now_ms)
            for open_ms in self.opens(step_ms, first_ms, last_ms, now_ms)
        ]

    def opens(self, step_ms: int, first_ms: int, last_ms: int, now_ms: int) -> range:
        """When those bars opened."""
        begin_ms = max(first_ms, self.tape.begin_ms)
        return range(-(-begin_ms // step_ms) * step_ms, min(last_ms, now_ms - 1) + 1, step_ms)

    def paid(
        self, asset: Asset, hours: int, first_ms: int, last_ms: int, now_ms: int, newest: int | None = None
    ) -> list[tuple[int, float]]:
        """When funding was paid every so many hours, and the rate for that time, oldest first; or so many of the newest."""
        step_ms = hours * HOUR_MS
        begin_ms = max(first_ms, self.tape.begin_ms + step_ms)
        times = range(-(-begin_ms // step_ms) * step_ms, min(last_ms, now_ms) + 1, step_ms)
        chosen = times if newest is None else times[max(0, len(times) - newest) :]
        return [(at_ms, self.tape.rate_8h(asset, at_ms) * hours / 8.0) for at_ms in chosen]

    def forced(self, asset: Asset, after_ms: int, until_ms: int) -> list[Forced]:
        """Every position closed by force in (after, until], oldest first."""
        return [
            order
            for span in self.tape.spans(asset, after_ms, until_ms)
            for order in self._orders(asset, span)
            if after_ms < order.at_ms <= until_ms
        ]

    def sampled(self, asset: Asset, after_ms: int, until_ms: int) -> list[Forced]:
        """The same as feeds tell them that say at most one a second: the largest of each second that is over."""
        seconds: dict[int, Forced] = {}
        for order in self.forced(asset, after_ms // 1000 * 1000 - 1, until_ms // 1000 * 1000 - 1):
            kept = seconds.setdefault(order.at_ms // 1000, order)
            if order.coins > kept.coins:
                seconds[order.at_ms // 1000] = order
        return list(seconds.values())

    def levels(self, asset: Asset, at_ms: int, sign: int) -> Iterator[tuple[float, float]]:
        """Bids (sign -1) or asks (1), best first: US dollars and coins."""
        middle = self.mark(asset, at_ms)
        resting = self.tape.resting_coins(asset, min(at_ms, self._frozen_at_ms), sign) * self.standing.share
        coins = resting * LEVEL_STEP / DEPTH_WITHIN
        for place in range(LEVELS_A_SIDE):
            yield middle * (1.0 + sign * (SPREAD + place * LEVEL_STEP)), coins

    def _bar(self, asset: Asset, open_ms: int, step_ms: int, now_ms: int) -> Bar:
        end_ms = min(open_ms + step_ms, now_ms)
        *prices, coins = self.tape.bar(asset, open_ms, end_ms)
        factor = 1.0 + self.standing.price_offset
        first, high, low, last = (price * factor for price in prices)
        return Bar(open_ms, first, high, low, last, coins * self.standing.share, open_ms + step_ms <= now_ms)

    def _spot_bar(self, asset: Asset, open_ms: int, step_ms: int, now_ms: int) -> Bar:
        end_ms = min(open_ms + step_ms, now_ms)
        *prices, coins = self.tape.bar(asset, open_ms, end_ms)
        chosen = max(0.0, coins - self.tape.forced_coins(asset, open_ms, end_ms))
        traded = SPOT_OF_PERPETUAL * chosen * self.standing.share
        first, high, low, last = prices
        return Bar(open_ms, first, high, low, last, traded, open_ms + step_ms <= now_ms)

    def _orders(self, asset: Asset, span: Span) -> tuple[Forced, ...]:
        key = (asset, span.end_ms)
        if key not in self._forced:
            both = (
                *self._closed(asset, span, Side.LONG, span.long_coins),
                *self._closed(asset, span, Side.SHORT, span.short_coins),
            )
            self._forced[key] = tuple(sorted(both, key=lambda order: order.at_ms))
        return self._forced[key]

    def _closed(self, asset: Asset, span: Span, side: Side, market_coins: float) -> Iterator[Forced]:
        """The venue's share of a step's forced closing, cut into orders within seconds of each other.

        Sizes are differences of rounded sums, so that rounding does not add up.
        """
        dice = Random(f"{self.tape.seed}:{self.venue}:{asset}:{span.end_ms}:{side}")
        coins = market_coins * self.standing.share
        many = min(MOST_ORDERS, 1 + int(coins * span.candle.close_usd / USD_AN_ORDER))
        middle_ms = span.begin_ms + span.candle.step_ms * dice.uniform(0.1, 0.9)
        cuts = [0.0, *sorted(dice.random() for _ in range(many - 1)), 1.0]
        sums = [round(coins * cut, COINS_DIGITS) for cut in cuts]
        for number, (less, more) in enumerate(pairwise(sums)):
            at_ms = round(middle_ms + dice.gauss(0.0, BURST_MS))
            at_ms = min(span.end_ms, max(span.begin_ms + 1, at_ms))
            if more > less:
                size = round(more - less, COINS_DIGITS)
                yield Forced(at_ms, side, size, self.mark(asset, at_ms), number)
