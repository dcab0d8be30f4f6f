"""What leverage is told by survives a restart at any minute, bit for bit."""

from random import Random

from market.observations import (
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Liquidations,
    Observation,
    OpenInterest,
    SpotVolume,
    Venue,
)
from scheduler.cycle import ENGINE_STATE
from scheduler.engine import Engine
from store.codec import decode, encode
from store.history import Step, decode_step, encode_step
from tests.market.feeds import RULES, START_MS

BINANCE = Venue.BINANCE


def said_at(minute: int, dice: Random) -> list[Observation]:
    """A minute of a market, with now and then a hole; spot is told at full hours."""
    at_ms, price = START_MS + minute * MINUTE_MS, 100.0 + dice.gauss(0.0, 0.2)
    told: list[Observation] = [
        Candle(BINANCE, at_ms - MINUTE_MS, MINUTE_MS, price, price, price, price, price, 1.0, 100.0),
        OpenInterest(BINANCE, at_ms, 100_000.0 + dice.gauss(0.0, 50.0), MINUTE_MS),
    ]
    if dice.random() < 0.97:
        coins = dice.choice((0.0, 0.0, 0.5, 3.0))
        told.append(Liquidations(BINANCE, at_ms, MINUTE_MS, coins, 0.1, dice.random() < 0.99))
    if minute % 60 == 0:
        told += [SpotVolume(venue, at_ms, HOUR_MS, 1_000.0) for venue in (Venue.BYBIT, Venue.OKX)]
    return told


def test_a_restart_at_any_minute_changes_no_bit_of_what_leverage_is_told_by() -> None:
    dice = Random(5)
    steady, restarted = (Engine("BTC", RULES, "live") for _ in range(2))
    for minute in range(1, 60 * 27):
        told = tuple(said_at(minute, dice))
        step = decode_step(encode_step(Step(START_MS + minute * MINUTE_MS, told)))
        assert step.observations == told
        for engine in (steady, restarted):
            engine.step(step.now_ms, step.observations)
        if minute % 83 == 0:
            kept = decode(ENGINE_STATE, encode(ENGINE_STATE, restarted.state))
            restarted = Engine("BTC", RULES, "live", kept)
    assert encode(ENGINE_STATE, restarted.state) == encode(ENGINE_STATE, steady.state)
    assert steady.state.market.told_of_liquidations["long_bps_of_volume_24h"] is not None
    assert steady.state.market.told_of_interest["spot_usd_24h"] == 24_000.0
    assert len(steady.state.market.open_interest.series[BINANCE].pairs.returns) == 26
