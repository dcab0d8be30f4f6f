"""Live update of 300 assets with all signals, against the same numbers recomputed by pandas for every poll.

`python -m benchmarks.signals`: first every compared fact and flag must agree to 1e-9 on fresh hours of several markets
(exit 1 if not), then CPU time of one hour for 300 assets as it is lived, in sixty cycles of a minute, interleaved with
pandas. Recorded markets are used where they lie beside the checkout (SEAWALL_RECORDINGS), generated ones always.
"""

import gc
import pickle
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isclose, nan
from statistics import fmean, median
from time import process_time

import pandas as pd

from benchmarks.fives import bars_of, generated_fives, recompute_fives
from benchmarks.markets import generated_market, minutes_of, recorded_market, steps_of
from benchmarks.reference import Facts, Ranks, recompute
from market.observations import ImpliedVolatility, Observation, Skew
from market.reading import Reading
from market.rules import Rules
from market.signals import read_signals
from market.state import MarketState

HISTORY_HOURS = 10_140
ASSETS = 300
WITH_OPTIONS = 3
"""BTC, ETH and SOL: more assets have no options market worth a skew. All are checked with their options."""
CHECKED_HOURS = 48
FIVES_DAYS, CHECKED_FIVES = 9, 48
CYCLES = 60
LIVE_HOURS = 48
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
    """CPU seconds a cycle: live for all assets, pandas for one asset in either way."""

    live: list[float]
    columns: list[float]
    last_row: list[float]


def main() -> int:
    """Check, measure and print; 1 where a fact disagrees."""
    rules, markets = Rules(), load_markets()
    warm = {market.name: warmed(market, rules) for market in markets}
    compared, differences = check(markets, warm, rules)
    for seed in SEEDS:
        more, others = check_fives(seed, rules)
        compared, differences = compared + more, differences + others
    count = len(markets) + len(SEEDS)
    say(
        f"correctness: {compared} values of {count} markets, {len(differences)} differ by more than {RELATIVE:g}"
    )
    for difference in differences[:40]:
        say(f"  {difference}")
    if differences:
        return 1
    report(measure(markets, rules), [market.name for market in markets])
    return 0


def load_markets() -> list[Market]:
    """Recorded markets where there are any, and generated ones that have every input."""
    hours = HISTORY_HOURS + CHECKED_HOURS
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


def check(
    markets: Iterable[Market], warm: Mapping[str, bytes], rules: Rules, hours: int = CHECKED_HOURS
) -> tuple[int, list[str]]:
    """How many values were compared over the hours after the history, and which of them disagree."""
    compared, differences = 0, list[str]()
    for market in markets:
        state: MarketState = pickle.loads(warm[market.name])  # noqa: S301 (our own bytes)
        for index in range(HISTORY_HOURS, HISTORY_HOURS + hours):
            now_ms, observations = market.steps[index]
            state.observe(observations, now_ms, rules)
            live = flat(read_signals(state, now_ms, rules))
            window = window_of(market, index)
            wanted = recompute(window, rules)
            compared += sum(value is not None for value in wanted.values())
            differences += [f"{market.name} hour {index}: {line}" for line in unequal(live, wanted)]
    return compared, differences


def check_fives(seed: int, rules: Rules, bars: int = CHECKED_FIVES) -> tuple[int, list[str]]:
    """The same over the last bars of a generated market whose bars are five minutes: what only they tell."""
    frame, state = generated_fives(seed, FIVES_DAYS), MarketState(f"fives {seed}")
    compared, differences = 0, list[str]()
    for row, (now_ms, observations) in enumerate(bars_of(frame), start=1):
        state.observe(observations, now_ms, rules)
        if row > len(frame) - bars:
            wanted = recompute_fives(frame.iloc[:row], rules)
            compared += sum(value is not None for value in wanted.values())
            live = flat(read_signals(state, now_ms, rules))
            differences += [f"{state.asset} row {row}: {line}" for line in unequal(live, wanted)]
    return compared, differences


def flat(readings: Iterable[Reading]) -> Facts:
    """Facts, value, percentile and raised flags of each reading under "reading.name"."""
    found: Facts = {}
    for reading in readings:
        flags = {one.flag: None if one.enters is None else float(one.enters) for one in reading.conditions}
        numbers = {**flags, **reading.facts, "value": reading.value, "percentile": reading.percentile}
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


def measure(markets: list[Market], rules: Rules) -> Times:
    """One hour in sixty live cycles of all assets, each followed by pandas for one asset, both ways."""
    perpetuals = [without_options(market) for market in markets]
    kinds = [*markets, *perpetuals]
    warm = [live_state(market, rules) for market in kinds]
    hours = [list(minutes_of(market.steps[HISTORY_HOURS][1])) for market in kinds]
    owners = [len(markets) - 1] * WITH_OPTIONS
    owners += [len(markets) + number % len(perpetuals) for number in range(ASSETS - WITH_OPTIONS)]
    states: list[MarketState] = [pickle.loads(warm[owner]) for owner in owners]  # noqa: S301 (our own bytes)
    gc.freeze()
    times = Times([], [], [])
    for cycle in range(CYCLES):
        said = [hours[owner][cycle] for owner in owners]
        started = process_time()
        for state, (now_ms, observations) in zip(states, said, strict=True):
            state.observe(observations, now_ms, rules)
            read_signals(state, now_ms, rules)
        times.live.append(process_time() - started)
        window = window_of(perpetuals[cycle % len(perpetuals)], HISTORY_HOURS)
        for ranks, spent in ((Ranks.COLUMN, times.columns), (Ranks.LAST_ROW, times.last_row)):
            started = process_time()
            recompute(window, rules, ranks)
            spent.append(process_time() - started)
    return times


def without_options(market: Market) -> Market:
    """The market of an asset that has no options: no skew and no implied volatility."""
    steps = tuple(
        (now_ms, tuple(one for one in said if not isinstance(one, (Skew, ImpliedVolatility))))
        for now_ms, said in market.steps
    )
    return Market(f"{market.name} without options", market.frame.assign(skew_30d=nan, dvol=nan), steps)


def live_state(market: Market, rules: Rules) -> bytes:
    """The state of a market whose last two days of history were heard minute by minute, as bytes."""
    state = MarketState(market.name)
    for now_ms, observations in market.steps[: HISTORY_HOURS - LIVE_HOURS]:
        state.observe(observations, now_ms, rules)
    for _, observations in market.steps[HISTORY_HOURS - LIVE_HOURS : HISTORY_HOURS]:
        for now_ms, said in minutes_of(observations):
            state.observe(said, now_ms, rules)
    return pickle.dumps(state)


def report(times: Times, names: list[str]) -> None:
    """Print live beside both ways of pandas, least and median, and the ratios."""
    live = [1e3 * spent for spent in times.live]
    columns, last_row = ([1e3 * ASSETS * spent for spent in side] for side in (times.columns, times.last_row))
    say(
        f"markets: {', '.join(names)}; {ASSETS} assets, {WITH_OPTIONS} of them with options; "
        f"{HISTORY_HOURS:,} hourly bars of history"
    )
    say(f"CPU in ms of one update of {ASSETS} assets, {CYCLES} cycles of a minute interleaved with pandas:")
    say(f"  live, observe and read all signals     min {min(live):9.1f}  median {median(live):9.1f}")
    say(f"  live, the cycle that closes the hour        {live[-1]:9.1f}  mean   {fmean(live):9.1f}")
    say(f"  pandas, full columns (the usual bot)   min {min(columns):9.1f}  median {median(columns):9.1f}")
    say(f"  pandas, last row only where it can     min {min(last_row):9.1f}  median {median(last_row):9.1f}")
    ratio = median(columns) / median(live)
    say(
        f"ratio of medians: x{ratio:.0f} to full columns, x{median(last_row) / median(live):.0f} to the last row only"
    )
    reached = min(live) <= TARGET_MS and ratio >= TARGET_RATIO
    say(
        f"target: at most {TARGET_MS:.0f} ms (the least of the cycles: the machine is shared) and at least "
        f"x{TARGET_RATIO:.0f} (medians): {'reached' if reached else 'MISSED'}"
    )


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
