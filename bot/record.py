"""`seawall record`: raw payloads of the watched assets kept for later replay. It needs exchanges and a disk, and no store."""

import asyncio
import re
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TextIO

from bot.addresses import insist_outside
from bot.live import configure_log
from bot.running import ANSWERED, Refusal, WrongRequest
from bot.settings import Settings
from market.observations import DAY_MS, Asset, Venue
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.collect.past import COLD_DAYS
from scheduler.exchange import Exchange
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.live.watching import NEXT
from scheduler.recording import FREE_FLOOR_BYTES, Recording, RecordingFailed, Tally
from scheduler.streams import open_wires
from scheduler.timetable import timetable
from store.watchlist import FIRST_ASSETS

POLL_S, POLL_AFTER_S, LET_GO_AFTER_S = 60.0, 2.0, 10.0
LEARN_S = 3_600.0
TOLD_EVERY_S, LOGGED_EVERY_S = 1.0, 60.0
"""How often progress is told at a terminal, where a line is written over, and elsewhere."""

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to record: where, of which assets (none: the default) and venues, for how long (None: until told to stop).

    `with_past`: what a cold start asks comes first, so that the recording can be played without any memory.
    """

    directory: Path
    assets: tuple[Asset, ...]
    exchanges: tuple[Exchange, ...]
    for_s: float | None
    floor_bytes: int = FREE_FLOOR_BYTES
    with_past: bool = False


def plan(
    directory: Path, settings: Settings, venues: str, lasts: str, keep_free_gb: float, *, with_past: bool
) -> Plan:
    """A plan of words from the command line. Raises WrongRequest for one that is not understood."""
    if not 0.0 <= keep_free_gb < 1e9:
        raise WrongRequest("--keep-free is a number of gigabytes, such as 1.")
    return Plan(
        directory, settings.assets, _named(venues), _seconds(lasts), round(keep_free_gb * 1e9), with_past
    )


async def record(plan: Plan, settings: Settings, stdout: TextIO) -> int:
    """Record until told to stop or the time is over; says how much. Raises Refusal where nothing (more) can be kept."""
    configure_log(settings)
    insist_outside(settings.guarded_hosts())
    clock = Clock()
    try:
        recording = Recording(plan.directory, floor_bytes=plan.floor_bytes)
        async with (
            Fetcher(plan.exchanges, settings.rest_urls(), keep=recording.answer, clock=clock) as fetcher,
            open_wires(clock=clock, ws_urls=settings.ws_urls(), keep=recording.frame) as wires,
        ):
            stdout.write("Asking the exchanges what they list.\n")
            stdout.flush()
            collector = Collector(plan.exchanges, fetcher, wires, clock)
            assets = await _begin(collector, plan.assets)
            stdout.write(_opening_words(plan, assets, recording) + "\n")
            stdout.flush()
            await _keep(collector, assets, recording, plan, stdout, clock)
    except RecordingFailed as failure:
        raise Refusal(str(failure)) from None
    return ANSWERED


async def _begin(collector: Collector, wanted: Sequence[Asset]) -> tuple[Asset, ...]:
    """Learn what is listed and watch what is wanted; the assets that some venue lists. Raises Refusal."""
    await collector.learn()
    listed = set(collector.listings.assets())
    if not listed:
        raise Refusal("No exchange tells what it lists. `seawall doctor` tries each of them.")
    if not wanted:
        largest = await collector.largest(len(FIRST_ASSETS) + NEXT)
        wanted = tuple(dict.fromkeys((*FIRST_ASSETS, *largest)))[: len(FIRST_ASSETS) + NEXT]
    found = tuple(asset for asset in wanted if asset in listed)
    if not found:
        raise Refusal(f"No exchange that answers lists {', '.join(wanted)}. Look at SEAWALL_ASSETS.")
    for asset in found:
        collector.begin(asset)
    return found


async def _keep(
    collector: Collector,
    assets: Sequence[Asset],
    recording: Recording,
    plan: Plan,
    stdout: TextIO,
    clock: Clock,
) -> None:
    """Record for as long as it shall last; whatever ends it, all that came is written and the sum is told."""
    began_s = time.monotonic()
    progress = _tell_progress(recording, stdout, began_s)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(plan.for_s):
                await _first_of(recording.run(), _bring(collector, assets, plan, clock), progress)
    finally:
        try:
            await recording.close()
        finally:
            stdout.write(_closing_words(recording.tally, plan.directory, time.monotonic() - began_s) + "\n")
            stdout.flush()


async def _bring(collector: Collector, assets: Sequence[Asset], plan: Plan, clock: Clock) -> None:
    """Ask and listen as the service does; what is condensed of it is let go, so that it does not pile up."""

    async def learn(due_ms: int) -> None:
        await collector.learn()

    async def poll(venue: Venue, due_ms: int) -> None:
        await collector.poll(venue)

    async def let_go(due_ms: int) -> None:
        for asset in assets:
            collector.step(asset, clock.now_ms())
            await asyncio.sleep(0)

    async with timetable(clock) as times:
        for venue in collector.venues:
            times.every(POLL_S, partial(poll, venue), f"poll {venue}", after_s=POLL_AFTER_S)
        times.every(POLL_S, let_go, "let go", after_s=LET_GO_AFTER_S)
        times.every(LEARN_S, learn, "learn", after_s=LEARN_S / 2)
        listening = asyncio.ensure_future(collector.listen())
        try:
            for asset in assets if plan.with_past else ():
                await collector.past(asset, clock.now_ms() - COLD_DAYS * DAY_MS)
            await listening
        finally:
            listening.cancel()
            await asyncio.wait({listening})


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do all at once until the first one ends or fails; nothing of the others is left then."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _tell_progress(recording: Recording, stdout: TextIO, began_s: float) -> NoReturn:
    """Tell how much has been kept: on one line of a terminal each second, elsewhere on a line of its own each minute."""
    is_terminal = stdout.isatty()
    while True:
        await asyncio.sleep(TOLD_EVERY_S if is_terminal else LOGGED_EVERY_S)
        passed_s = time.monotonic() - began_s
        said = f"{_lasted(passed_s)}  {_kept(recording.tally)}  {_pace(recording, passed_s)}"
        stdout.write(f"\r{said}\x1b[K" if is_terminal else said + "\n")
        stdout.flush()


def _opening_words(plan: Plan, assets: Sequence[Asset], recording: Recording) -> str:
    venues = ", ".join(exchange.name for exchange in plan.exchanges)
    until = "until Ctrl-C" if plan.for_s is None else f"for {_lasted(plan.for_s)}"
    room = f"{recording.free_bytes / 1e9:.1f} GB free, {plan.floor_bytes / 1e9:g} GB of it left alone"
    return f"Recording {', '.join(assets)} from {venues} into {plan.directory} {until} ({room})."


def _closing_words(tally: Tally, directory: Path, lasted_s: float) -> str:
    lost = (
        f" {tally.left_out} payloads found no room in memory: the disk is too slow." if tally.left_out else ""
    )
    return f"\nRecorded {_lasted(lasted_s)} into {directory}: {_kept(tally)}.{lost}"


def _kept(tally: Tally) -> str:
    return (
        f"{tally.answers:,} answers, {tally.frames:,} frames ({tally.payload_bytes / 1e6:,.1f} MB), "
        f"{tally.written_bytes / 1e6:,.1f} MB written"
    )


def _pace(recording: Recording, passed_s: float) -> str:
    a_day = recording.tally.written_bytes / max(passed_s, 1.0) * DAY_MS / 1_000
    return f"({a_day / 1e9:.1f} GB a day; {recording.free_bytes / 1e9:.1f} GB free)"


def _lasted(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _named(venues: str) -> tuple[Exchange, ...]:
    """The exchanges of these names, all where none is named. Raises WrongRequest."""
    known = {exchange.name: exchange for exchange in exchanges()}
    names = [name.strip().lower() for name in venues.split(",") if name.strip()]
    strangers = [name for name in names if name not in known]
    if strangers:
        raise WrongRequest(f"--venues {strangers[0][:24]!r} is none of {', '.join(known)}.")
    return tuple(known[name] for name in dict.fromkeys(names)) or tuple(known.values())


def _seconds(lasts: str) -> float | None:
    if not lasts:
        return None
    found = _DURATION.fullmatch(lasts.strip().lower())
    if found is None or int(found[1]) == 0:
        raise WrongRequest(f"--for {lasts[:24]!r} is no duration such as 30s, 10m, 2h or 1d.")
    return float(int(found[1]) * _UNITS_S[found[2]])
