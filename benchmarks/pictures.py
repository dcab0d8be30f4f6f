"""The picture of `/regime`: drawn by us and by pyplot as bots usually write it, in one run; and what the event loop feels of it.

`python -m benchmarks.pictures`: first what the process that draws gives must be what is drawn here, byte for byte, and both
sides must draw every number (exit 1 if not). Then the CPU time of interleaved rounds, and the longest that the loop was kept
waiting while the process was started and while it drew. A target that is missed is printed as such.
"""

import asyncio
import io
import math
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from bot.pictures.drawing import draw
from bot.pictures.painter import Painter
from commands.protocol.picture import Band, Ink, Mark, Panel, Picture, Rule, Series
from market.observations import DAY_MS, HOUR_MS, SECOND_MS

ROUNDS = 7
WEEK, DAYS, WEEKS = 168, 180, 26
FIRST_MS = 1_763_596_800_000
TARGET_MS, TARGET_RATIO, TARGET_LAG_MS = 250.0, 5.0, 20.0
ABOUT_AS_LONG_S = 0.3
INK = {
    Ink.MAIN: "tab:blue",
    Ink.SECOND: "tab:orange",
    Ink.CALM: "tab:green",
    Ink.CAUTION: "gold",
    Ink.STRESS: "tab:red",
}


def regime(seed: int = 3) -> Picture:
    """Five panels of a week, a ribbon of half a year and its weeks, in numbers of a generated market."""
    dice = Random(seed)

    def walk(start: float, step: float) -> tuple[float, ...]:
        at = [start]
        for _ in range(WEEK - 1):
            at.append(at[-1] * math.exp(dice.gauss(0.0, step)))
        return tuple(at)

    def spikes(scale: float, count: int) -> tuple[float, ...]:
        return tuple(max(0.0, dice.gauss(0.0, 1.0)) ** 3 * scale for _ in range(count))

    def hourly(title: str, unit: str, *series: Series, rules: tuple[Rule, ...] = ()) -> Panel:
        return Panel(title, unit, series, rules=rules, first_ms=FIRST_MS, step_ms=HOUR_MS, says="64,210")

    price = walk(64_000.0, 0.006)
    keys = ("HEALTHY", Ink.CALM), ("CROWDING", Ink.CAUTION), ("UNWINDING", Ink.STRESS)
    band = Band(tuple(place // 20 % 3 for place in range(DAYS)), keys)
    longs = Series("longs", spikes(1e6, WEEK), Mark.BARS, Ink.STRESS)
    shorts = Series("shorts", spikes(5e5, WEEK), Mark.BARS, Ink.SECOND)
    funding = Series("funding", tuple(dice.gauss(1e-4, 1e-4) for _ in range(WEEK)), Mark.STEPS)
    levels = Rule(0.0003, "high", Ink.STRESS), Rule(0.00008, "not reset", Ink.CAUTION)
    days = Panel("180 days", "number", band=band, first_ms=FIRST_MS, step_ms=DAY_MS, height=0.3)
    totals = Series("week", spikes(1e9, WEEKS), Mark.BARS, Ink.STRESS)
    weeks = Panel("Weeks", "usd", (totals,), first_ms=FIRST_MS, step_ms=7 * DAY_MS)
    panels = (
        hourly("Price", "usd", Series("price", price), rules=(Rule(min(price), "last low"),)),
        hourly("Liquidations", "usd", longs, shorts),
        hourly("Open interest", "coins", Series("coins", walk(214_000.0, 0.003))),
        hourly("Funding", "percent", funding, rules=levels),
        hourly("Skew", "points", Series("30 d", walk(6.0, 0.03))),
        days,
        weeks,
    )
    return Picture(f"regime:{seed}", "BTC", panels, "")


def by_pyplot(picture: Picture) -> tuple[bytes, int]:
    """The same picture with pyplot, and how many numbers its lines and bars hold."""
    figure, axes = plt.subplots(len(picture.panels), 1, figsize=(9, 17))
    for axis, panel in zip(axes, picture.panels, strict=True):
        count = max([len(one.values) for one in panel.series] or [DAYS])
        begin, step = (
            datetime.fromtimestamp(panel.first_ms / SECOND_MS, UTC),
            timedelta(milliseconds=panel.step_ms),
        )
        times: list[Any] = [begin + place * step for place in range(count)]
        for one in panel.series:
            _put(axis, times, one, panel.step_ms)
        if panel.band is not None:
            for place, cell in enumerate(panel.band.cells):
                axis.axvspan(times[place], times[place] + step, color=INK[panel.band.keys[cell or 0][1]])
        for rule in panel.rules:
            axis.axhline(rule.at, linestyle="--", label=rule.label)
        axis.set_title(panel.title)
        axis.grid(True)
        if panel.series:
            axis.legend(loc="upper left")
    figure.autofmt_xdate()
    plt.tight_layout()
    file = io.BytesIO()
    plt.savefig(file, dpi=100)
    told = sum(
        len(line.get_xdata())
        for axis in axes
        for line in axis.lines
        if line.get_label() not in _rules(picture)
    )
    told += sum(len(bars) for axis in axes for bars in axis.containers)
    plt.close(figure)
    return file.getvalue(), told


def _put(axis: Any, times: list[Any], one: Series, step_ms: int) -> None:
    if one.mark is Mark.BARS:
        axis.bar(
            times, one.values, width=timedelta(milliseconds=step_ms * 0.8), color=INK[one.ink], label=one.name
        )
    elif one.mark is Mark.STEPS:
        axis.step(times, one.values, where="mid", color=INK[one.ink], label=one.name)
    else:
        axis.plot(times, one.values, color=INK[one.ink], label=one.name)


def _rules(picture: Picture) -> set[str]:
    return {rule.label for panel in picture.panels for rule in panel.rules}


def cpu_ms(work: Callable[[], object]) -> float:
    """What a piece of work costs this process."""
    before = process_time()
    work()
    return (process_time() - before) * 1_000.0


async def lag_ms(work: Coroutine[Any, Any, Any]) -> float:
    """The longest the loop was kept while something was done."""
    longest, task = 0.0, asyncio.create_task(work)
    while not task.done():
        before = perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, perf_counter() - before)
    return longest * 1_000.0


@dataclass(frozen=True, slots=True)
class Lags:
    """The longest that the loop was kept, milliseconds: with nothing to do, at the start, while drawing, and if it drew itself."""

    idle: float
    starting: float
    drawing: float
    here: float


async def lags(picture: Picture) -> tuple[Lags, bool]:
    """How long the loop was kept (medians, so that other work on the machine counts little), and whether both drew the same."""
    with tempfile.TemporaryDirectory() as folder:
        painter = Painter(Path(folder))
        is_same = await painter.png(picture) == draw(picture)
        starting, drawing, idle = list[float](), list[float](), list[float]()
        for _ in range(ROUNDS):
            await painter.close()
            starting.append(await lag_ms(painter.png(picture)))
            drawing.append(await lag_ms(painter.png(picture)))
            idle.append(await lag_ms(asyncio.sleep(ABOUT_AS_LONG_S)))
        await painter.close()

    async def here() -> bytes:
        return draw(picture)

    return Lags(median(idle), median(starting), median(drawing), await lag_ms(here())), is_same


def main() -> int:
    """Check, measure, print."""
    picture = regime()
    numbers = sum(len(one.values) for panel in picture.panels for one in panel.series)
    _, told = by_pyplot(picture)
    kept, is_same = asyncio.run(lags(picture))
    say(
        f"correctness: {numbers:,} numbers in {len(picture.panels)} panels, pyplot drew {told:,}; the process draws the same: {is_same}"
    )
    if not is_same or told != numbers:
        return 1
    ours, theirs = list[float](), list[float]()
    for _ in range(ROUNDS):
        ours.append(cpu_ms(lambda: draw(picture)))
        theirs.append(cpu_ms(lambda: by_pyplot(picture)))
    ratio = min(theirs) / min(ours)
    say(
        f"CPU, ms: ours least {min(ours):.0f} median {median(ours):.0f}   pyplot least {min(theirs):.0f} median {median(theirs):.0f}   x{ratio:.1f}"
    )
    say(
        f"target: {TARGET_MS:g} ms and x{TARGET_RATIO:g}: {_met(min(ours) <= TARGET_MS and ratio >= TARGET_RATIO)}"
    )
    say(
        f"the loop was kept at most, ms: {kept.starting:.1f} while the process started, {kept.drawing:.1f} while it drew;"
        f" {kept.idle:.1f} with nothing to do, {kept.here:.0f} if it drew itself"
    )
    say(
        f"target: {TARGET_LAG_MS:g} ms beyond the machine's own: {_met(max(kept.starting, kept.drawing) <= TARGET_LAG_MS + kept.idle)}"
    )
    say(f"a picture is {len(draw(picture)) / 1e3:.0f} kB")
    return 0


def _met(is_met: bool) -> str:
    return "reached" if is_met else "MISSED"


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
