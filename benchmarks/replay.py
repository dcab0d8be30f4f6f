"""A generated year of minute bars with every input through all signals at once, beside pandas over the same year.

`python -m benchmarks.replay [--symbols 50] [--rounds 3] [--fast]`: first every column that pandas has must agree with the
batch to 1e-9 after three months (exit 1 if not), then CPU time of both, rounds interleaved, and of so many years one after
another. `--fast` takes numba (the extra `fast`); what it compiles is compiled before the clock starts, and told apart.
"""

import argparse
import ctypes
import gc
import sys
from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np

from benchmarks.bars import A_YEAR, generated
from benchmarks.pandas_batch import Frames, recompute
from market.observations import DAY_MS, HOUR_MS
from market.rules import Rules
from scheduler.batch import Columns, Told, read_columns
from scheduler.batch.fast import compiled
from scheduler.batch.ranking import NUMPY, Kernels

RELATIVE, ABSOLUTE = 1e-9, 1e-12
LEARNED_MS = 91 * DAY_MS
MALLOC_OPTIONS = ((-3, 1 << 30), (-1, (1 << 31) - 1))
"""M_MMAP_THRESHOLD and M_TRIM_THRESHOLD."""
TARGETS_S = {False: (3.0, 150.0), True: (1.0, 60.0)}


def main() -> int:
    """Check, measure and print; 1 where a column disagrees."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--symbols", type=int, default=0, help="so many years more, one after another")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--fast", action="store_true", help="with numba")
    options = asked.parse_args()
    keep_memory()
    rules, told = Rules(), generated(1, A_YEAR)
    kernels = _kernels(fast=options.fast)
    started = process_time()
    readings = read_columns(told, rules, kernels)
    first = process_time() - started
    values, columns, differing = compare(told, readings, recompute(told, rules))
    say(f"correctness: {values:,} values of {columns} columns beside pandas, {len(differing)} columns differ")
    for line in differing:
        say(f"  {line}")
    if differing:
        return 1
    report(told, rules, kernels, first, options)
    return 0


def keep_memory() -> None:
    """Ask glibc not to hand freed memory back to the system, which a year's columns would get anew page by page."""
    if sys.platform == "linux":
        allocator = ctypes.CDLL(None)
        for option, value in MALLOC_OPTIONS:
            allocator.mallopt(option, value)


def _kernels(*, fast: bool) -> Kernels:
    if not fast:
        return NUMPY
    started = process_time()
    kernels = compiled()
    read_columns(generated(2, 3_000), Rules(), kernels)
    say(f"numba: compiled in {process_time() - started:.1f} s")
    return kernels


def compare(told: Told, readings: dict[str, Columns], frames: Frames) -> tuple[int, int, list[str]]:
    """How many values were compared once windows have learned, of how many columns, and which of these disagree."""
    values, differing = 0, list[str]()
    minutes = told.now_ms >= told.now_ms[0] + LEARNED_MS
    wanted = [(one, minutes) for one in frames.minutes.items()]
    wanted += [(one, minutes & (told.now_ms % HOUR_MS == 0)) for one in frames.hours.items()]
    for (name, series), rows in wanted:
        mine, other = column_of(readings, name)[rows], series.reindex(told.now_ms[rows]).to_numpy()
        values += len(mine)
        close = np.isclose(mine, other, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
        if not close.all():
            row = int(np.flatnonzero(~close)[0])
            differing.append(
                f"{name}: {int((~close).sum())} differ, first {mine[row]!r}, pandas {other[row]!r}"
            )
    return values, len(wanted), differing


def column_of(readings: dict[str, Columns], name: str) -> np.ndarray:
    """The column of "reading.fact"."""
    reading, fact = name.split(".")
    found = readings[reading]
    return found.percentile if fact == "percentile" else found.facts[fact]


def report(told: Told, rules: Rules, kernels: Kernels, first: float, options: argparse.Namespace) -> None:
    """Measure in rounds and print."""
    batch, pandas = list[float](), list[float]()
    readings = read_columns(told, rules, kernels)
    columns = sum(len(one.facts) + 3 + len(one.enters) + len(one.stays) for one in readings.values())
    frames = recompute(told, rules)
    readings.clear()
    gc.collect()
    for _ in range(options.rounds):
        batch.append(_spent(lambda: read_columns(told, rules, kernels)))
        pandas.append(_spent(lambda: recompute(told, rules)))
    one_s, many_s = TARGETS_S[options.fast]
    say(f"one symbol-year, {len(told.now_ms):,} minute bars, CPU s of {options.rounds} rounds:")
    say(
        f"  batch, {columns} columns of minutes, {'numba' if options.fast else 'numpy'}: "
        f"min {min(batch):5.2f}  median {median(batch):5.2f}  (the first of a new process {first:.2f})"
    )
    say(
        f"  pandas, {len(frames.minutes)} columns of minutes and {len(frames.hours)} of hours: "
        f"min {min(pandas):5.2f}  median {median(pandas):5.2f}"
    )
    widths = columns, len(frames.minutes) + len(frames.hours) / 60
    say(
        "  ms a column of minutes: batch {:.1f}, pandas {:.1f}".format(
            *(1e3 * min(spent) / width for spent, width in zip((batch, pandas), widths, strict=True))
        )
    )
    say(f"  target {one_s:.0f} s: {'reached' if min(batch) <= one_s else 'MISSED'}")
    if options.symbols:
        spent = sum(_year(seed, rules, kernels) for seed in range(options.symbols))
        say(
            f"{options.symbols} symbol-years: {spent:.0f} s CPU; target for 50 {many_s:.0f} s: "
            f"{'reached' if spent / options.symbols * 50 <= many_s else 'MISSED'}"
        )


def _year(seed: int, rules: Rules, kernels: Kernels) -> float:
    """CPU seconds of one more year; what makes it is not counted."""
    told = generated(100 + seed, A_YEAR)
    return _spent(lambda: read_columns(told, rules, kernels))


def _spent(work: Callable[[], object]) -> float:
    gc.collect()
    started = process_time()
    work()
    return process_time() - started


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
