"""Small generated feeds for tests of signals: hours of candles and what stands beside them, every number stated."""

from collections.abc import Iterable, Sequence

from market.observations import (
    HOUR_MS,
    Candle,
    Funding,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    Venue,
)
from market.reading import Reading
from market.rules import Rules
from market.signals import read_signals
from market.state import MarketState

RULES = Rules()
START_MS = 1_704_067_200_000
"""2024-01-01 00:00 UTC, a whole day."""


def hour(number: int) -> int:
    """The time at which hour `number` closes."""
    return START_MS + number * HOUR_MS


def candle(number: int, close_usd: float, open_usd: float | None = None, step_ms: int = HOUR_MS) -> Candle:
    """The candle that closes at hour `number`, its range a tenth of a percent beyond open and close."""
    opened = close_usd if open_usd is None else open_usd
    high, low = max(opened, close_usd) * 1.001, min(opened, close_usd) * 0.999
    return Candle(
        Venue.BINANCE,
        hour(number) - step_ms,
        step_ms,
        opened,
        high,
        low,
        close_usd,
        close_usd,
        100.0,
        100.0 * close_usd,
    )


def interest(number: int, coins: float) -> OpenInterest:
    """Open interest known at hour `number`."""
    return OpenInterest(Venue.BINANCE, hour(number), coins, HOUR_MS)


def liquidated(number: int, long_coins: float, short_coins: float = 0.0) -> Liquidations:
    """Liquidations of the hour that closes at hour `number`."""
    return Liquidations(Venue.BINANCE, hour(number), HOUR_MS, long_coins, short_coins)


def settled(number: int, rate: float) -> Funding:
    """Funding settled at hour `number`, per eight hours."""
    return Funding(Venue.BINANCE, hour(number), rate, 8.0)


def skewed(number: int, points: float) -> Skew:
    """The 30-day 25-delta skew in vol points, known at hour `number`."""
    return Skew(Venue.DERIBIT, hour(number), HOUR_MS, points / 100.0)


def fed(steps: Iterable[Sequence[Observation]], asset: str = "BTC") -> MarketState:
    """The state after one step an hour, from hour 1 on."""
    state = MarketState(asset)
    for number, observations in enumerate(steps, start=1):
        state.observe(observations, hour(number), RULES)
    return state


def closes(prices: Sequence[float]) -> list[list[Observation]]:
    """One candle an hour closing at these prices, each opening where the last closed."""
    return [
        [candle(number, price, prices[max(0, number - 2)])] for number, price in enumerate(prices, start=1)
    ]


def read(state: MarketState, name: str, now_ms: int | None = None) -> Reading:
    """One reading of the state, as of its last step unless told otherwise."""
    readings = read_signals(state, state.now_ms if now_ms is None else now_ms, RULES)
    return next(reading for reading in readings if reading.name == name)


def claims(reading: Reading) -> dict[str, bool | None]:
    """What each condition of a reading would raise now."""
    return {condition.flag: condition.enters for condition in reading.conditions}
