"""The simulated market laid out in time: what can be asked of it at any moment, not at its own steps only.

Within a step price goes from open over both extremes to close in straight lines, open interest in one; so bars of any
length agree with each other and with the step they are of.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from market.observations import (
    Asset,
    Candle,
    Depth,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
)
from scheduler.simulator.market import SimulatedMarket, Step

FIRST_EXTREME, SECOND_EXTREME = 0.25, 0.75
"""When in a step price is at its extremes."""


Knot = tuple[float, float]
"""A moment (UTC ms) and the price then, US dollars."""


@dataclass(frozen=True, slots=True)
class Span:
    """One step of the market of one coin, (`begin_ms`, `end_ms`]; all of it is of the whole market, not of a venue.

    `rate_8h` is the funding predicted at its end, the settled one where an interval ends there; `knots` the path of price,
    `bid_coins` and `ask_coins` what rests within 1 % of it at the end.
    """

    candle: Candle
    open_interest_coins: float
    long_coins: float
    short_coins: float
    rate_8h: float
    bid_coins: float
    ask_coins: float
    knots: tuple[Knot, ...]
    skew: Skew | None = None
    implied: float | None = None

    @property
    def begin_ms(self) -> int:
        """When the step began."""
        return self.candle.open_at_ms

    @property
    def end_ms(self) -> int:
        """When the step ended."""
        return self.candle.known_at_ms

    def price(self, at_ms: float) -> float:
        """The price at a moment of the step."""
        for (left_ms, left), (right_ms, right) in pairwise(self.knots):
            if at_ms <= right_ms:
                return left + (right - left) * (at_ms - left_ms) / (right_ms - left_ms)
        return self.knots[-1][1]


class Tape:
    """All a market said, past and days to play, by coin. Moments before its begin or after its end are its ends."""

    def __init__(self, market: SimulatedMarket) -> None:
        self.seed = market.seed
        self._spans: dict[Asset, list[Span]] = {}
        self._priced: dict[Asset, tuple[float | None, float]] = {}
        for steps in (market.past(), market.days()):
            self._lay(steps)
        self._ends = {asset: [span.end_ms for span in spans] for asset, spans in self._spans.items()}

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The coins there are."""
        return tuple(self._spans)

    @property
    def begin_ms(self) -> int:
        """When the past begins."""
        return next(iter(self._spans.values()))[0].begin_ms

    def price(self, asset: Asset, at_ms: float) -> float:
        """US dollars a coin."""
        asked_ms, price = self._priced.get(asset, (None, 0.0))
        if asked_ms != at_ms:  # all venues are asked for the same moment
            span = self._at(asset, at_ms)
            price = span.price(max(at_ms, span.begin_ms))
            self._priced[asset] = (at_ms, price)
        return price

    def open_interest(self, asset: Asset, at_ms: float) -> float:
        """Coins, one side, of the whole market."""
        before, span, share = self._around(asset, at_ms)
        return before.open_interest_coins + share * (span.open_interest_coins - before.open_interest_coins)

    def resting_coins(self, asset: Asset, at_ms: float, sign: int) -> float:
        """Coins that rest within 1 % of the price in the books of the whole market: bids (sign -1) or asks (1)."""
        before, span, share = self._around(asset, at_ms)
        was, then = (one.bid_coins if sign < 0 else one.ask_coins for one in (before, span))
        return was + share * (then - was)

    def rate_8h(self, asset: Asset, at_ms: float) -> float:
        """Funding as predicted by the last finished step, a fraction per eight hours; at a settlement what was paid."""
        return self._finished(asset, at_ms).rate_8h

    def implied(self, asset: Asset, at_ms: float) -> float:
        """The 30-day implied volatility, a fraction a year."""
        return self._finished(asset, at_ms).implied or 0.5

    def skew(self, asset: Asset, at_ms: float) -> tuple[float, float]:
        """25-delta skew at 30 and 7 days, fractions."""
        said = self._finished(asset, at_ms).skew
        return (0.0, 0.0) if said is None else (said.skew_25d_30d, said.skew_25d_7d or 0.0)

    def bar(self, asset: Asset, begin_ms: int, end_ms: int) -> tuple[float, float, float, float, float]:
        """Open, high, low, close in US dollars, and coins traded, from begin to end."""
        step = self._at(asset, end_ms)
        if (step.begin_ms, step.end_ms) == (begin_ms, end_ms):
            bar = step.candle
            return bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd, bar.volume_coins or 0.0
        prices: list[float] = []
        coins = 0.0
        for span in self.spans(asset, begin_ms, end_ms):
            left, right = max(begin_ms, span.begin_ms), min(end_ms, span.end_ms)
            inside = [price for at_ms, price in span.knots if left < at_ms < right]
            prices += [span.price(left), *inside, span.price(right)]
            coins += (span.candle.volume_coins or 0.0) * (right - left) / span.candle.step_ms
        return prices[0], max(prices), min(prices), prices[-1], coins

    def forced_coins(self, asset: Asset, begin_ms: int, end_ms: int) -> float:
        """Coins of both sides closed by force from begin to end."""
        return sum(
            (span.long_coins + span.short_coins)
            * (min(end_ms, span.end_ms) - max(begin_ms, span.begin_ms))
            / span.candle.step_ms
            for span in self.spans(asset, begin_ms, end_ms)
        )

    def spans(self, asset: Asset, begin_ms: float, end_ms: float) -> Iterator[Span]:
        """The steps that overlap a time."""
        spans = self._spans[asset]
        for place in range(self._place(asset, begin_ms + 1), len(spans)):
            if spans[place].begin_ms >= end_ms:
                return
            yield spans[place]

    def _around(self, asset: Asset, at_ms: float) -> tuple[Span, Span, float]:
        """The step before and the one at a moment, and how much of it is over."""
        place = self._place(asset, at_ms)
        span, before = self._spans[asset][place], self._spans[asset][max(0, place - 1)]
        return before, span, min(1.0, max(0.0, (at_ms - span.begin_ms) / span.candle.step_ms))

    def _place(self, asset: Asset, at_ms: float) -> int:
        return min(bisect_left(self._ends[asset], at_ms), len(self._ends[asset]) - 1)

    def _at(self, asset: Asset, at_ms: float) -> Span:
        return self._spans[asset][self._place(asset, at_ms)]

    def _finished(self, asset: Asset, at_ms: float) -> Span:
        place = self._place(asset, at_ms)
        span = self._spans[asset][place]
        return span if span.end_ms <= at_ms else self._spans[asset][max(0, place - 1)]

    def _lay(self, steps: Iterable[Step]) -> None:
        for _, asset, said in steps:
            spans = self._spans.setdefault(asset, [])
            span = _span(said)
            if span.skew is None and spans:
                span = replace(span, skew=spans[-1].skew, implied=spans[-1].implied)
            spans.append(span)


def _knots(bar: Candle) -> tuple[Knot, ...]:
    first, second = (
        (bar.low_usd, bar.high_usd) if bar.close_usd >= bar.open_usd else (bar.high_usd, bar.low_usd)
    )
    begin_ms, step_ms = bar.open_at_ms, bar.step_ms
    return (
        (begin_ms, bar.open_usd),
        (begin_ms + FIRST_EXTREME * step_ms, first),
        (begin_ms + SECOND_EXTREME * step_ms, second),
        (begin_ms + step_ms, bar.close_usd),
    )


def _span(said: Iterable[Observation]) -> Span:
    found: dict[type, Observation] = {type(one): one for one in said}
    candle, opened, closed, paid, rests = (
        found[one] for one in (Candle, OpenInterest, Liquidations, Funding, Depth)
    )
    skew, implied = found.get(Skew), found.get(ImpliedVolatility)
    if not (
        isinstance(candle, Candle)
        and isinstance(opened, OpenInterest)
        and isinstance(closed, Liquidations)
        and isinstance(paid, Funding)
        and isinstance(rests, Depth)
    ):
        raise TypeError("a step without candle, open interest, liquidations, funding or depth")
    return Span(
        candle,
        opened.coins,
        closed.long_coins,
        closed.short_coins,
        paid.rate_8h,
        rests.bid_usd / candle.close_usd,
        rests.ask_usd / candle.close_usd,
        _knots(candle),
        skew if isinstance(skew, Skew) else None,
        implied.dvol if isinstance(implied, ImpliedVolatility) else None,
    )
