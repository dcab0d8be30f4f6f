"""A checkpoint of an older version: what it did not know is found in what it knew, or is unknown, and never calm."""

from collections.abc import Iterator
from typing import Any

import msgspec

from market.observations import HOUR_MS, Funding, Liquidations, Observation, Skew, Venue
from scheduler.cycle import ENGINE_STATE
from scheduler.engine import Engine, EngineState
from store.codec import encode
from store.codec import read as read_back
from tests.market.feeds import RULES, closes, hour, interest

ADDED = {
    "price": ("highest_ever_usd", "highest_since_ms", "trend", "hours", "days", "told"),
    "liquidations": ("bursts", "long_peak_7d"),
    "skew": ("peaks",),
}
"""What market state did not keep at first, by its part (63db7bc)."""


def said() -> Iterator[list[Observation]]:
    """Nine days whose fear, and whose forced closing, have passed their heights; shorts were paid throughout."""
    for number, step in enumerate(closes([100.0 + 0.1 * (number % 2) for number in range(9 * 24)]), start=1):
        at_ms, is_wild = hour(number), number < 6 * 24
        longs = (40.0 if is_wild else 2.0) + number % 5
        skew = 0.10 if is_wild else 0.04 - number * 1e-5
        told: list[Observation] = [
            *step,
            interest(number, 1e6),
            Liquidations(Venue.BINANCE, at_ms, HOUR_MS, longs, 1.0),
        ]
        told.append(Skew(Venue.DERIBIT, at_ms, HOUR_MS, skew, skew, 0.5))
        if number % 8 == 0:
            told.append(Funding(Venue.BINANCE, at_ms, -1e-5, 8.0))
        yield told


def as_an_older_version_kept_it(state: EngineState) -> EngineState:
    """The state read back from a checkpoint without what was added since."""
    schema, plain = msgspec.msgpack.decode(encode(ENGINE_STATE, state))
    market: dict[str, Any] = plain["market"]
    for part, names in ADDED.items():
        for name in names:
            del market[part][name]
    for rates in market["funding"]["series"].values():
        for name in ("negative_settlements", "signed_settlements"):
            rates.pop(name, None)
    return read_back(ENGINE_STATE, msgspec.msgpack.encode((schema, plain)))


def test_what_an_older_checkpoint_does_not_know_is_no_calm() -> None:
    steady, steps = Engine("BTC", RULES, "live"), list(said())
    for number, told in enumerate(steps[:-1], start=1):
        steady.step(hour(number), told)
    upgraded = Engine("BTC", RULES, "live", as_an_older_version_kept_it(steady.state))
    last_ms = hour(len(steps))
    now, then = (engine.step(last_ms, steps[-1])[0] for engine in (steady, upgraded))
    for reading, name in (("skew", "normalising"), ("skew", "peak_7d_points"), ("liquidations", "fading")):
        assert now.fact(reading, name) is not None
        assert then.fact(reading, name) == now.fact(reading, name), name
    assert (now.fact("skew", "normalising"), now.fact("liquidations", "fading")) == (1.0, 1.0)
    assert (now.fact("funding", "flipped"), then.fact("funding", "flipped")) == (1.0, None)
    assert (now.fact("price", "horizon"), then.fact("price", "horizon")) == (0.0, None)
