"""Venues that say what a test wants, a minute at a time. Every moment is minutes after `T0`, a full hour."""

from collections.abc import Iterable, Mapping

from market.findings import Finding, Found
from market.observations import (
    DAY_MS,
    MINUTE_MS,
    Candle,
    Funding,
    Heartbeat,
    Liquidation,
    Liquidations,
    Mark,
    Observation,
    OpenInterest,
    Side,
    Venue,
)
from scheduler.condense import Condenser
from scheduler.exchange import Report, Told

T0 = 20_000 * DAY_MS
A, B, C = Venue.BINANCE, Venue.BYBIT, Venue.OKX
STEP_MS = 5 * MINUTE_MS


def at(minutes: float) -> int:
    return T0 + round(minutes * MINUTE_MS)


def interest(venue: Venue, minutes: float, coins: float) -> Told:
    return Told("BTC", OpenInterest(venue, at(minutes), coins, MINUTE_MS))


def mark(venue: Venue, minutes: float, usd: float) -> Mark:
    return Mark(venue, "BTC", at(minutes), usd)


def candle(venue: Venue, minutes: float, usd: float) -> Told:
    """A bar of five minutes that closes at `minutes`."""
    return Told("BTC", Candle(venue, at(minutes) - STEP_MS, STEP_MS, usd, usd, usd, usd))


def rate(venue: Venue, minutes: float, fraction: float, hours: float = 8.0) -> Told:
    return Told("BTC", Funding(venue, at(minutes), fraction, hours, settled=False))


def beat(venue: Venue, minutes: float) -> Heartbeat:
    return Heartbeat(venue, "BTC", "liquidations", at(minutes))


def forced(
    venue: Venue, minutes: float, coins: float, side: Side = Side.LONG, *, is_sample: bool = False
) -> Liquidation:
    return Liquidation(venue, "BTC", at(minutes), side, coins, 100.0, is_sample)


def alive(condenser: Condenser, venues: Iterable[Venue], begin: float, end: float) -> None:
    """A heartbeat each fifteen seconds, both ends included."""
    for quarter in range(round(begin * 4), round(end * 4) + 1):
        for venue in venues:
            take(condenser, quarter / 4, beat(venue, quarter / 4))


def take(condenser: Condenser, minutes: float, *reports: Report) -> None:
    condenser.take(reports, at(minutes))


def settle(
    condenser: Condenser, coins: Mapping[Venue, float], minutes: float = 0.0
) -> tuple[Observation, ...]:
    """Open interest of these venues as the first sum."""
    condenser.venues = tuple(coins)
    take(condenser, minutes, *[interest(venue, minutes, of) for venue, of in coins.items()])
    return condenser.step(at(minutes))[0]


def coins_of(observations: Iterable[Observation]) -> list[float]:
    return [one.coins for one in observations if isinstance(one, OpenInterest)]


def rates_of(observations: Iterable[Observation]) -> list[float]:
    return [one.rate_8h for one in observations if isinstance(one, Funding) and not one.settled]


def forced_of(observations: Iterable[Observation]) -> list[Liquidations]:
    return [one for one in observations if isinstance(one, Liquidations)]


def candles_of(observations: Iterable[Observation]) -> list[Candle]:
    return [one for one in observations if isinstance(one, Candle)]


def found(findings: Iterable[Finding], name: Found, venue: Venue | None = None) -> list[float | None]:
    return [one.value for one in findings if one.found is name and venue in (None, one.venue)]
