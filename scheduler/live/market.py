"""The live market: all watched assets, taken up one after another and looked at once a minute, each by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from market.alerts import Alert
from market.observations import HOUR_MS, Asset, Venue
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.collect.past import Heard
from scheduler.live.brackets import Brackets
from scheduler.live.chains import Chains
from scheduler.live.look import CYCLE_MS, Look
from scheduler.live.memory import LiveMemory
from scheduler.live.watching import choose
from scheduler.looking_back import LooksBack
from store.connection import NotLeader, StoreUnavailable
from store.services import FeedStatus, PastReport

if TYPE_CHECKING:
    from scheduler.timetable import Job, Timetable  # the demo has no timetable, and need not load its library

CYCLE_S = CYCLE_MS / 1_000
LEARN_EVERY_S = 3_600.0
WATCHLIST_EVERY_S = 20.0
POLL_AFTER_S, LOOK_AFTER_S, TELL_AFTER_S, BRACKETS_AFTER_S, BACK_AFTER_S = 2.0, 10.0, 12.0, 40.0, 30.0
"""When in a minute venues are asked, assets looked at, it is told how the venues stand, brackets are asked for, and kept hours
are looked back at."""

SAY_EVERY_S = 1.0
"""Between two words about how far a past has been read, seconds of this machine."""

_log = logging.getLogger(__name__)


class LiveMarket:
    """Takes up what is watched, looks at it, and remembers it, so that an end at any moment loses nothing.

    `source` is "live", or "simulated" where the venues are. `on_past` is told how far each past has been read.
    """

    def __init__(
        self,
        collector: Collector,
        memory: LiveMemory,
        rules: Rules,
        clock: Clock,
        *,
        source: str = "live",
        on_past: Callable[[PastReport], None] | None = None,
    ) -> None:
        self.collector, self.clock = collector, clock
        self._memory, self._rules, self._source = memory, rules, source
        self._on_past = on_past
        self._brackets = Brackets(collector, memory.tiers, memory.cycle.snapshots)
        self._chains = Chains(collector, memory.chains)
        self._back = LooksBack(memory.cycle.hours.once, memory.backtests, rules)
        self._looks: dict[Asset, Look] = {}
        self._listed: tuple[Asset, ...] = ()
        self._has_learned = asyncio.Event()
        self._scheduled: set[Asset] = set()
        self._told: dict[Asset, str] = {}
        self._is_store_away = False

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets under watch."""
        return tuple(self._looks)

    def is_live(self, asset: Asset) -> bool:
        """Whether an asset has been taken up: its past is read, and venues are asked and heard for it."""
        return asset in self._looks and self._looks[asset].is_live

    async def begin(self) -> None:
        """Go on with every watched asset where the store remembers it; no network. Raises StoreUnavailable."""
        last_ms = 0
        for asset in await self._memory.watchlist.watched():
            last_ms = max(last_ms, await self._watch(asset))
        status = FeedStatus(self._source, last_ms or None, CYCLE_MS)
        await self._memory.cycle.feed.save(status)

    async def take_up(self, asset: Asset, own: Iterable[Heard] = ()) -> bool:
        """Read an asset's past, or what happened since it was last seen; from then on it is asked and listened for.

        False where no price of it could be had: it is looked at blind until it is taken up again. `own` is a past known
        from elsewhere. Raises StoreUnavailable.
        """
        if asset not in self._looks:
            await self._watch(asset)
        look, past = self._looks[asset], PastReport(asset, 0.0)

        def progress(share: float) -> None:
            nonlocal past
            past = PastReport(asset, min(0.99, share))
            self._say(past)

        reading = asyncio.ensure_future(look.take_up(own, progress))
        try:
            while not reading.done():
                await asyncio.wait({reading}, timeout=SAY_EVERY_S)
                if not reading.done():
                    await self._memory.sources.save_past(past)
            missing = await reading
        finally:
            reading.cancel()
        past = PastReport(asset, 1.0 if look.is_live else 0.0, missing)
        self._say(past)
        self._log_once(asset, _how(look) + ("; missing: " + "; ".join(missing) if missing else ""))
        await self._memory.sources.save_past(past)
        return look.is_live

    async def drop(self, asset: Asset) -> None:
        """Watch an asset no more; what is remembered of it stays, should it be watched again. Raises StoreUnavailable."""
        look = self._looks.pop(asset, None)
        if look is not None:
            await look.end()
        self._told.pop(asset, None)
        self.collector.drop(asset)
        await self._memory.sources.forget_past(asset)

    async def learn(self) -> None:
        """Ask the venues what they list, and keep it for /watch. Raises StoreUnavailable."""
        try:
            await self.collector.learn()
        finally:
            self._has_learned.set()
        await self._keep_listed()

    async def poll(self, venue: Venue) -> None:
        """Ask a venue all that is due for the assets under watch. Raises nothing but cancellation."""
        await self.collector.poll(venue)

    async def look(self, asset: Asset, due_ms: int) -> tuple[Snapshot, tuple[Alert, ...]]:
        """Look at an asset once; `due_ms` is when that was due. KeyError of one not watched, StoreUnavailable."""
        looked = await self._looks[asset].once(due_ms)
        if self.is_live(asset):
            await self._chains.keep(asset, self.clock.now_ms())
        return looked

    async def tell(self) -> None:
        """Keep how the venues stand. Raises StoreUnavailable."""
        await self._memory.sources.save_reports(self.collector.reports())

    async def ask_brackets(self, venue: Venue) -> None:
        """Ask a venue for the maintenance brackets of one asset under watch, where any are due. Raises StoreUnavailable."""
        await self._brackets.ask_next(venue, self.assets, self.clock.now_ms())

    async def look_back(self) -> Asset | None:
        """Look back at the kept hours of one asset where that is due; gives which. Raises StoreUnavailable."""
        live = [asset for asset in self._looks if self.is_live(asset)]
        return await self._back.next(live, self.clock.now_ms())

    async def mind_watchlist(self, on_taken_up: Callable[[Asset], None] | None = None) -> None:
        """Drop what is no longer watched and take up what is new, or could not be taken up before. StoreUnavailable.

        `on_taken_up` is told of each asset that was tried, whatever came of it.
        """
        await choose(self.collector, self._memory)
        await self._keep_listed()
        tried: set[Asset] = set()
        while (asset := await self._next(tried)) is not None:
            tried.add(asset)
            try:
                await self.take_up(asset)
            except StoreUnavailable:
                raise
            except Exception:  # noqa: BLE001, a slip of ours over one asset must not keep the others waiting
                _log.exception("a slip of ours in taking up %s", asset)
            if on_taken_up is not None and asset in self._looks:
                on_taken_up(asset)

    async def run(self, times: "Timetable") -> NoReturn:
        """Serve until cancelled: learn, poll, take up, look and tell, each at its time, and listen all the while."""
        times.every(LEARN_EVERY_S, self._job(lambda _: self.learn()), "learn")
        for venue in self.collector.venues:
            times.every(CYCLE_S, partial(self._poll, venue), f"poll {venue}", after_s=POLL_AFTER_S)
            brackets = partial(self._ask_brackets, venue)
            times.every(CYCLE_S, brackets, f"brackets {venue}", after_s=BRACKETS_AFTER_S)
        times.every(WATCHLIST_EVERY_S, self._job(lambda _: self._mind(times)), "watch list")
        times.every(CYCLE_S, self._job(lambda _: self.tell()), "tell", after_s=TELL_AFTER_S)
        times.every(CYCLE_S, self._job(lambda _: self.look_back()), "look back", after_s=BACK_AFTER_S)
        await self.collector.listen()

    async def _mind(self, times: "Timetable") -> None:
        await self._has_learned.wait()
        try:
            await self.mind_watchlist(partial(self._schedule, times))
        finally:
            for asset in self._scheduled - self._looks.keys():
                self._scheduled.discard(asset)
                times.drop(f"look {asset}")

    def _schedule(self, times: "Timetable", asset: Asset) -> None:
        if asset not in self._scheduled:
            self._scheduled.add(asset)
            job = self._job(partial(self._look, asset))
            times.every(CYCLE_S, job, f"look {asset}", after_s=LOOK_AFTER_S)

    async def _look(self, asset: Asset, due_ms: int) -> None:
        if asset in self._looks:
            await self.look(asset, due_ms)

    async def _poll(self, venue: Venue, _due_ms: int) -> None:
        await self.poll(venue)

    async def _ask_brackets(self, venue: Venue, _due_ms: int) -> None:
        """A job that seldom needs the store, and so knows nothing of whether it is back: the others say so."""
        with suppress(StoreUnavailable):
            await self.ask_brackets(venue)

    def _job(self, work: Callable[[int], Awaitable[object]]) -> "Job":
        """A job that says once that the store is away, and once that it is back."""

        async def job(due_ms: int) -> None:
            try:
                await work(due_ms)
            except NotLeader:
                return  # the store is there, and another process leads: whoever runs this one ends it
            except StoreUnavailable as failure:
                if not self._is_store_away:
                    _log.warning("%s The market is kept in mind until it is back.", failure)
                self._is_store_away = True
            else:
                if self._is_store_away:
                    _log.warning("the store is back")
                self._is_store_away = False

        return job

    async def _watch(self, asset: Asset) -> int:
        """Begin to watch; when it was looked at last (UTC ms), 0 for never. Then INSUFFICIENT DATA is said at once."""
        look = Look(asset, self.collector, self._memory.cycle, self._rules, self.clock, self._source)
        latest = await self._memory.cycle.snapshots.latest(asset)
        if latest is not None and latest.source == self._source:
            self._looks[asset] = look  # its memory, which takes longer to read, is read when it is taken up
            return latest.at_ms
        last_ms = await look.resume()
        self._looks[asset] = look
        if not last_ms:
            await look.once(self.clock.now_ms())
            await self._memory.sources.save_past(PastReport(asset, 0.0))
        return last_ms

    async def _next(self, tried: set[Asset]) -> Asset | None:
        """The next asset to take up, of those watched now; those that are not watched any more are dropped."""
        watched = await self._memory.watchlist.watched()
        for asset in [asset for asset in self._looks if asset not in watched]:
            await self.drop(asset)
        for asset in [asset for asset in watched if asset not in self._looks]:
            await self._watch(asset)
        return next((one for one in watched if one not in tried and not self.is_live(one)), None)

    async def _keep_listed(self) -> None:
        """Keep what venues list, where that has changed."""
        listed = self.collector.listings.assets()
        if listed and listed != self._listed:
            await self._memory.watchlist.save_listed(listed)
            self._listed = listed

    def _log_once(self, asset: Asset, said: str) -> None:
        """One line; an asset that is tried in vain again and again has nothing new to tell."""
        if self._told.get(asset) != said:
            self._told[asset] = said
            _log.info("%s: %s", asset, said)

    def _say(self, past: PastReport) -> None:
        if self._on_past is not None:
            self._on_past(past)


def _how(look: Look) -> str:
    if not look.is_live:
        return "no price can be had yet"
    if not look.read_ms:
        return "watched on"
    hours = look.read_ms / HOUR_MS
    return (
        f"watched, {hours / 24.0:.0f} days of its past are read"
        if hours >= 48.0
        else f"watched on, {hours:.1f} h are made up for"
    )
