"""Live update of 300 assets with all signals, against the same numbers recomputed by pandas for every poll.

`python -m benchmarks.signals`: first every compared fact must agree to 1e-9 on fresh hours of several markets (exit 1 if
not), then CPU time of one further hour for 300 assets, in rounds interleaved with pandas. Recorded markets are used
where they lie beside the checkout (SEAWALL_RECORDINGS), generated ones always.
"""

import gc
import pickle
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isclose
from statistics import median
from time import process_time

import pandas as pd

from benchmarks.markets import generated_market, recorded_market, steps_of
from benchmarks.reference import Facts, recompute, replayed
from market.observations import Observation
from market.reading import Reading
from market.rules import Rules
from market.signals import read_signals
from market.state import MarketState

HISTORY_HOURS = 10_140
ASSETS = 300
CHECKED_HOURS = 48
ROUNDS = 12
RECORDED = ("BTC", "ETH")
SEEDS = (1, 2)
RELATIVE, ABSOLUTE = 1e-9, 1e-15
TARGET_MS, TARGET_RATIO = 50.0, 300.0
Step = tuple[int, tuple[Observation, ...]]


@dataclass(frozen=True, slots=True)
class Market:
    """A named market: its hours as a frame and as steps of observations."""

    name: str
    frame: pd.DataFrame
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """CPU seconds a round: live for all assets, pandas for one asset."""

    live: tuple[float, ...]
    pandas: tuple[float, ...]


def main() -> int:
    """Check, measure and print; 1 where a fact disagrees."""
    rules, markets = Rules(), load_markets()
    warm = {market.name: warmed(market, rules) for market in markets}
    compared, differences = check(markets, warm, rules)
    say(
        f"correctness: {compared} values of {len(markets)} markets, {len(differences)} differ by more than {RELATIVE:g}"
    )
    for difference in differences[:40]:
        say(f"  {difference}")
    if differences:
        return 1
    report(measure(markets, warm, rules), [market.name for market in markets])
    return 0


def load_markets() -> list[Market]:
    """Recorded markets where there are any, and generated ones that have every input."""
    hours = HISTORY_HOURS + max(CHECKED_HOURS, ROUNDS)
    frames = {asset: recorded_market(asset, hours) for asset in RECORDED}
    frames |= {f"generated {seed}": generated_market(seed, hours) for seed in SEEDS}
    return [
        Market(name, frame, tuple(steps_of(frame))) for name, frame in frames.items() if frame is not None
    ]


def warmed(market: Market, rules: Rules) -> bytes:
    """The state after the history, as bytes from which distinct copies are made."""
    state = MarketState(market.name)
    for now_ms, observations in market.steps[:HISTORY_HOURS]:
        state.observe(observations, now_ms, rules)
    return pickle.dumps(state)


def check(markets: Iterable[Market], warm: Mapping[str, bytes], rules: Rules) -> tuple[int, list[str]]:
    """How many values were compared over the hours after the history, and which of them disagree."""
    compared, differences = 0, list[str]()
    for market in markets:
        state: MarketState = pickle.loads(warm[market.name])  # noqa: S301 (our own bytes)
        for index in range(HISTORY_HOURS, HISTORY_HOURS + CHECKED_HOURS):
            now_ms, observations = market.steps[index]
            state.observe(observations, now_ms, rules)
            live = flat(read_signals(state, now_ms, rules))
            window = window_of(market, index)
            wanted = recompute(window, rules) | replayed(window, rules)
            compared += sum(value is not None for value in wanted.values())
            differences += [f"{market.name} hour {index}: {line}" for line in unequal(live, wanted)]
    return compared, differences


def flat(readings: Iterable[Reading]) -> Facts:
    """Facts, value and percentile of each reading under "reading.name"."""
    found: Facts = {}
    for reading in readings:
        numbers = {**reading.facts, "value": reading.value, "percentile": reading.percentile}
        found |= {f"{reading.name}.{name}": value for name, value in numbers.items()}
    return found


def unequal(live: Facts, wanted: Facts) -> list[str]:
    """What is not equal to the tolerance, or known on one side only."""
    return [
        f"{name}: live {live.get(name)!r}, pandas {value!r}"
        for name, value in wanted.items()
        if not same(live.get(name), value)
    ]


def same(one: float | None, other: float | None) -> bool:
    """Equal to 1e-9, or unknown on both sides."""
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def window_of(market: Market, index: int) -> pd.DataFrame:
    """The history a poll at that hour recomputes from, the hour itself included."""
    return market.frame.iloc[index - HISTORY_HOURS + 1 : index + 1]


def measure(markets: list[Market], warm: Mapping[str, bytes], rules: Rules) -> Times:
    """Interleaved rounds: one hour of all assets live, then the same hour of each market by pandas."""
    owners = [markets[number % len(markets)] for number in range(ASSETS)]
    states: list[MarketState] = [pickle.loads(warm[owner.name]) for owner in owners]  # noqa: S301 (our own bytes)
    gc.freeze()
    live, pandas = list[float](), list[float]()
    for index in range(HISTORY_HOURS, HISTORY_HOURS + ROUNDS):
        hour = [(state, *owner.steps[index]) for state, owner in zip(states, owners, strict=True)]
        started = process_time()
        for state, now_ms, observations in hour:
            state.observe(observations, now_ms, rules)
            read_signals(state, now_ms, rules)
        live.append(process_time() - started)
        started = process_time()
        for market in markets:
            recompute(window_of(market, index), rules)
        pandas.append((process_time() - started) / len(markets))
    return Times(tuple(live), tuple(pandas))


def report(times: Times, names: list[str]) -> None:
    """Print both sides, least and median, and the ratio."""
    live_ms, pandas_ms = (
        [1e3 * value for value in times.live],
        [1e3 * ASSETS * value for value in times.pandas],
    )
    say(
        f"markets: {', '.join(names)}; {HISTORY_HOURS:,} hourly bars of history; CPU of {ROUNDS} interleaved rounds"
    )
    say(
        f"live    {ASSETS} assets, observe and read all signals: min {min(live_ms):8.1f} ms, median {median(live_ms):8.1f} ms"
    )
    say(
        f"pandas  {ASSETS} assets, recomputed from history:      min {min(pandas_ms):8.1f} ms, median {median(pandas_ms):8.1f} ms"
    )
    least, middle = min(pandas_ms) / min(live_ms), median(pandas_ms) / median(live_ms)
    say(f"ratio   x{least:.0f} (best against best), x{middle:.0f} (median against median)")
    reached = min(live_ms) <= TARGET_MS and least >= TARGET_RATIO
    say(
        f"target  at most {TARGET_MS:.0f} ms and at least x{TARGET_RATIO:.0f}: {'reached' if reached else 'MISSED'}"
    )


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
