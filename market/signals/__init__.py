"""The signals: one file each, found by a scan; together they read the state of an asset."""

from functools import cache

from market.entries import entries
from market.reading import Reading, Signal, settle
from market.rules import Rules
from market.state import MarketState


@cache
def signals() -> tuple[Signal, ...]:
    """Every signal of this folder, in the order answers show them."""
    return tuple(
        sorted(
            entries(__name__, "SIGNAL", Signal, lambda signal: signal.name), key=lambda signal: signal.order
        )
    )


def read_signals(state: MarketState, now_ms: int, rules: Rules) -> tuple[Reading, ...]:
    """Read every signal as of `now_ms`; a signal that lacks its input says so in its reading."""
    state.tell_leverage(now_ms, rules)
    return tuple([settle(signal.read(state, now_ms, rules)) for signal in signals()])
