"""Reading pasts into the store while the service is stopped: the operator's own history, and the exchanges' beside it."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TextIO

from bot.addresses import insist_outside
from bot.answers import time_text
from bot.evaluating import SCHEDULER
from bot.leading import Leading, Led, Work
from bot.live import configure_log, open_store
from bot.processes import this_process
from bot.progress import PastProgress
from bot.recorded import read_files
from bot.running import ANSWERED, FAILED, Refusal
from bot.settings import Settings
from market.observations import Asset
from market.rules import Rules
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.collect.own import own_past
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.history_files import HistoryFile, merge
from scheduler.live import LiveMemory, live_memory, want
from scheduler.live.rebuilding import Rebuilt, rebuild
from scheduler.live.watching import choose
from scheduler.streams import open_wires
from store.health import LIVE
from store.lease import TTL_MS, Lease, Tenure
from store.services import PastReport


async def backfill(
    settings: Settings,
    paths: Sequence[Path],
    stdout: TextIO,
    stderr: TextIO | None = None,
    clock: Clock | None = None,
) -> int:
    """Read the files' assets (without files: the watched ones) into the store; a line each says what came of it.

    Gives 0, or 1 where of some asset nothing could be read. Raises WrongRequest for a file that cannot be read, Refusal
    while a service evaluates on that store, StoreUnavailable and ValkeyFailed.
    """
    configure_log(settings)
    insist_outside(settings.guarded_hosts())
    time = clock if clock is not None else Clock()
    files = read_files(paths)
    async with open_store(settings) as connection, _collector(settings, time) as collector:
        lease, is_read = Lease(connection, SCHEDULER, this_process()), True

        async def read(tenure: Tenure) -> None:
            nonlocal is_read
            memory = live_memory(connection.fenced(lease.key, tenure.value), LIVE)
            await collector.learn()
            named = tuple(dict.fromkeys(file.asset for file in files))
            assets = named or await _watched(settings, memory, collector)
            progress = PastProgress(stderr if stderr is not None else sys.stderr)
            try:
                for asset in assets:
                    rebuilt = await _backfill(asset, files, time.now_ms(), collector, memory, progress)
                    stdout.write(in_words(rebuilt) + "\n")
                    stdout.flush()
                    is_read = is_read and rebuilt.is_read
            finally:
                progress.end()

        await _alone(lease, read)
    return ANSWERED if is_read else FAILED


def in_words(rebuilt: Rebuilt) -> str:
    """One line on what was read of an asset, and what is missing."""
    missing = "; missing: " + "; ".join(rebuilt.missing) if rebuilt.missing else ""
    if not rebuilt.is_read:
        return f"{rebuilt.asset}: no price could be read{missing}"
    read = f"{rebuilt.asset}: read {time_text(rebuilt.since_ms)} to {time_text(rebuilt.until_ms)}"
    if rebuilt.kept_for:
        more = ", ".join(
            f"{name.replace('_', ' ')} {_days(had)} against {_days(has)}"
            for name, (had, has) in rebuilt.kept_for.items()
        )
        return f"{read}, but what is remembered has learned more and stays ({more}){missing}"
    learned = ", ".join(
        f"{name.replace('_', ' ')} {_days(days)}" for name, days in rebuilt.learned_days.items()
    )
    return f"{read}; learned: {learned}{missing}"


def _days(days: float) -> str:
    return f"{days:.0f} d" if isfinite(days) else "all"


async def _alone(lease: Lease, work: Work) -> None:
    """Do what a service's scheduler must not do at the same time; one that is started meanwhile stands by."""
    try:
        await Leading(lease).once(work)
    except Led as led:
        raise Refusal(
            f"The service evaluates on this store ({led.tenure.holder}): two at once would write over each other. "
            "Stop it, run `seawall backfill` again, then start it: it goes on from what was read. One that was killed "
            f"on another machine is given up {TTL_MS // 1_000} s after its end."
        ) from None


@asynccontextmanager
async def _collector(settings: Settings, clock: Clock) -> AsyncIterator[Collector]:
    """All exchanges, to be asked only."""
    async with (
        Fetcher(exchanges(), settings.rest_urls(), clock=clock) as fetcher,
        open_wires(clock=clock, ws_urls=settings.ws_urls()) as wires,
    ):
        yield Collector(exchanges(), fetcher, wires, clock)


async def _watched(settings: Settings, memory: LiveMemory, collector: Collector) -> tuple[Asset, ...]:
    await want(settings.assets, memory)
    await choose(collector, memory)
    return await memory.watchlist.watched()


async def _backfill(
    asset: Asset,
    files: Sequence[HistoryFile],
    now_ms: int,
    collector: Collector,
    memory: LiveMemory,
    progress: PastProgress,
) -> Rebuilt:
    own = own_past(merge([file for file in files if file.asset == asset], now_ms), asset)
    tell = partial(_tell, progress, asset)
    rebuilt = await rebuild(asset, own, now_ms, collector, memory.cycle, Rules(), LIVE, tell)
    past = PastReport(asset, 1.0 if rebuilt.is_read else 0.0, rebuilt.missing)
    progress.say(past)
    await memory.sources.save_past(past)
    return rebuilt


def _tell(progress: PastProgress, asset: Asset, share: float) -> None:
    progress.say(PastReport(asset, min(0.99, share)))
