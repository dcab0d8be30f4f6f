"""What an undisturbed market would have shown: the same tape told by five venues that never fail, to the same engine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from market.alerts import Alert
from market.observations import (
    MINUTE_MS,
    SECOND_MS,
    Asset,
    Candle,
    Funding,
    Heartbeat,
    ImpliedVolatility,
    Liquidation,
    Mark,
    OpenInterest,
    Skew,
    Venue,
)
from market.rules import Rules
from market.table import State
from scheduler.condense import Condenser, CondenserState
from scheduler.engine import Engine, EngineState
from scheduler.exchange import LIVE_STEP_MS, Report, Told
from scheduler.simulator.server import STANDINGS
from scheduler.simulator.server.tape import Tape
from scheduler.simulator.server.venue import VenueMarket

LOOK_AFTER_MS = 10 * SECOND_MS
BEAT_MS = 15 * SECOND_MS
SKEW_MS = 15 * MINUTE_MS
SAMPLING = frozenset({Venue.BINANCE, Venue.OKX})
SILENT = frozenset({Venue.HYPERLIQUID})


@dataclass(slots=True)
class Truth:
    """One asset: its alerts, and at each look the state and whether a cascade warning stands."""

    alerts: list[Alert] = field(default_factory=list)
    states: list[tuple[int, State, bool]] = field(default_factory=list)


def truth_of(
    tape: Tape, begun: Mapping[Asset, tuple[CondenserState, EngineState]], until_ms: int
) -> dict[Asset, Truth]:
    """From what was known of each asset at first, what would have become known by `until_ms`."""
    markets = [VenueMarket(tape, venue) for venue in STANDINGS]
    return {
        asset: _follow(
            markets,
            Condenser(asset, state=condenser),
            Engine(asset, Rules(), "simulated", engine),
            until_ms,
        )
        for asset, (condenser, engine) in begun.items()
    }


def _follow(markets: list[VenueMarket], condenser: Condenser, engine: Engine, until_ms: int) -> Truth:
    told, from_ms = Truth(), engine.state.market.now_ms
    for minute_ms in range((from_ms // MINUTE_MS + 1) * MINUTE_MS, until_ms, MINUTE_MS):
        for market in markets:
            for at_ms, said in _minute(market, engine.asset, minute_ms):
                condenser.take(said, at_ms)
        now_ms = minute_ms + LOOK_AFTER_MS
        observations, findings = condenser.step(now_ms)
        snapshot, alerts = engine.step(now_ms, observations, findings)
        told.alerts += alerts
        told.states.append((now_ms, snapshot.regime.state, engine.state.alerts.episode is not None))
    return told


def _minute(market: VenueMarket, asset: Asset, end_ms: int) -> Iterator[tuple[int, tuple[Report, ...]]]:
    """What one venue tells in the minute that ends then, as it would: each moment by itself."""
    venue = market.venue
    for at_ms in range(end_ms - MINUTE_MS + BEAT_MS, end_ms + 1, BEAT_MS):
        mark = Mark(venue, asset, at_ms, market.mark(asset, at_ms), market.index(asset, at_ms))
        yield at_ms, (mark, *_forced(market, asset, at_ms - BEAT_MS, at_ms))
        if venue not in SILENT:
            yield at_ms, (Heartbeat(venue, asset, "liquidations", at_ms),)
    yield end_ms, tuple(_settled(market, asset, end_ms))
    yield end_ms, tuple(_levels(market, asset, end_ms))
    if venue is Venue.DERIBIT and end_ms % SKEW_MS == 0:
        yield end_ms, tuple(_options(market, asset, end_ms))


def _forced(market: VenueMarket, asset: Asset, after_ms: int, until_ms: int) -> list[Liquidation]:
    venue, is_sample = market.venue, market.venue in SAMPLING
    if venue in SILENT:
        return []
    orders = (market.sampled if is_sample else market.forced)(asset, after_ms, until_ms)
    return [
        Liquidation(venue, asset, one.at_ms, one.side, one.coins, one.price_usd, is_sample) for one in orders
    ]


def _settled(market: VenueMarket, asset: Asset, end_ms: int) -> Iterator[Report]:
    for at_ms, rate in market.paid(asset, market.hours, end_ms - MINUTE_MS + 1, end_ms, end_ms):
        yield Told(asset, Funding(market.venue, at_ms, rate, float(market.hours)))


def _levels(market: VenueMarket, asset: Asset, end_ms: int) -> Iterator[Report]:
    venue = market.venue
    for bar in market.bars(asset, LIVE_STEP_MS, end_ms - 3 * LIVE_STEP_MS, end_ms, end_ms):
        if bar.is_closed:
            prices = (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)
            yield Told(asset, Candle(venue, bar.open_ms, LIVE_STEP_MS, *prices))
    yield Told(asset, OpenInterest(venue, end_ms, market.open_interest(asset, end_ms), MINUTE_MS))
    hours = 8 if venue is Venue.DERIBIT else market.hours
    rate = market.tape.rate_8h(asset, end_ms) * hours / 8.0
    yield Told(asset, Funding(venue, end_ms, rate, float(hours), settled=False))


def _options(market: VenueMarket, asset: Asset, end_ms: int) -> Iterator[Report]:
    skew_30d, skew_7d = market.tape.skew(asset, end_ms)
    implied = market.tape.implied(asset, end_ms)
    yield Told(asset, Skew(market.venue, end_ms, SKEW_MS, skew_30d, skew_7d, implied))
    yield Told(asset, ImpliedVolatility(market.venue, end_ms, SKEW_MS, implied))
