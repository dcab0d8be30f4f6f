"""The stage of the demo: five simulated exchanges on loopback, and the production market that asks and listens to them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from random import Random

from bot import logs
from bot.pace import Pace
from commands.protocol.dispatch import answer
from commands.protocol.home import has_chosen
from commands.protocol.phrases import ORIGINAL
from commands.protocol.reply import Reply
from commands.protocol.request import HERE, TERMINAL, Context, Role
from market.alerts import Alert
from market.observations import SECOND_MS
from market.plans import PlanNews
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.backtesting import BacktestsOnDemand
from scheduler.collect import Collector
from scheduler.collect.own import own_past
from scheduler.condense.liquidations import KEPT_MS, LONGEST_SILENCE_MS
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.live import LiveMarket, live_memory, want
from scheduler.simulator.leaps import LeapingClock
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges, recorded, serve
from scheduler.streams import open_wires
from store.alerts_log import AlertsLog
from store.chats import StoredChats
from store.connection import Connection, connected
from store.forgetting import Forgetting
from store.memos import StoredMemos
from store.outbox import Outbox
from store.people import StoredPeople
from store.plan_news import StoredPlanNews
from store.post import StoredPost
from store.server import ephemeral_valkey
from store.services import FeedStatus, Services
from store.snapshots import StoredFeed, StoredSnapshots
from store.sources import StoredSources
from store.wishes import wants

ASSET = "BTC"
SOURCE = "simulated"
LEAP_MS = LONGEST_SILENCE_MS
"""Streams that speak less often would not prove that nothing was closed by force meanwhile."""
ROUND_MS = KEPT_MS
"""How often venues are asked and the market is looked at, where live it is each minute: as seldom as loses nothing."""
LOOKED_AFTER_MS = 10 * SECOND_MS
"""How long after the venues were asked: streams have proven by then that they were alive all the while."""
BACK_PATIENCE_S = 1.5
"""So long somebody waits for a look back: it is two seconds of work, and there when it is asked for again."""
CONNECT_LEAP_MS = 250
CONNECTED_WITHIN_S = 10.0
_STANDARD = Rules()
_GAP_MS = round(_STANDARD.plans.gap_steps * ROUND_MS)
RULES = replace(_STANDARD, plans=replace(_STANDARD.plans, gap_after_ms=_GAP_MS))
"""Looks lie that far apart here: the time between two of them is no gap in the watch over plans."""
READER = f"{TERMINAL}:{HERE}"
"""Where news of plans go: to whoever sits at this terminal."""
MOST_NEWS = 50


@dataclass(slots=True)
class Stage:
    """Everything that plays: the market of causes, its time, the venues, and what is made of them.

    `outbox` holds what the watch over plans has to tell the reader, `plan_news` what there is to say of it.
    `looked_ms` is when the market was last looked at (UTC milliseconds): answers are of that moment.
    """

    market: SimulatedMarket
    time: LeapingClock
    venues: SimulatedExchanges
    live: LiveMarket
    feed: StoredFeed
    services: Services
    outbox: Outbox
    plan_news: StoredPlanNews
    looked_ms: int
    connection: Connection

    async def read_past(self) -> None:
        """Learn what the venues list, and read the past they remember beside the one that was recorded."""
        await self.live.learn()
        await self.live.take_up(ASSET, own_past(recorded(self.market), ASSET))
        await self._ask_brackets()

    async def rounds(self, pace: Pace) -> AsyncIterator[tuple[Snapshot, tuple[Alert, ...]]]:
        """Look at the market again and again until its last day is over, at the reader's pace."""
        await self._connected()
        for due_ms in range(self.market.start_ms + ROUND_MS, self.market.end_ms, ROUND_MS):
            await self._pass_until(due_ms, pace)
            await asyncio.gather(*(self.live.poll(venue) for venue in self.live.collector.venues))
            await self._pass_until(due_ms + LOOKED_AFTER_MS, pace)
            await self.live.tell()
            await self._ask_brackets()
            snapshot, alerts = await self.live.look(ASSET, due_ms + LOOKED_AFTER_MS)
            self.looked_ms = snapshot.at_ms
            await self.feed.save(FeedStatus(SOURCE, snapshot.at_ms, ROUND_MS, 0))
            yield snapshot, alerts

    async def ask(self, line: str) -> Reply:
        """Answer a line out of the store, at the time the market was last looked at."""
        return await answer(line, Context(self.services, self.looked_ms, role=Role.OWNER, reach=READER))

    async def language(self) -> str:
        """What the reader has chosen to be spoken to in."""
        chats = self.services.chats
        chat = None if chats is None else await chats.get(READER)
        return (chat and chat.language) or ORIGINAL

    async def wanted(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """Those of the warnings that the reader wants to see: all of them, until something is subscribed to or muted."""
        chats = self.services.chats
        chat = None if chats is None else await chats.get(READER)
        if chat is None:
            return tuple(alerts)
        heard = [alert for alert in alerts if not has_chosen(chat) or wants(chat, alert)]
        muted_ms, now_ms = chat.muted_ms, self.looked_ms
        return tuple(
            alert for alert in heard if max(muted_ms.get("", 0), muted_ms.get(alert.asset, 0)) <= now_ms
        )

    async def news_of_plans(self) -> tuple[PlanNews, ...]:
        """What the watch has told of the reader's plans since this was asked last: told once, as a chat would be."""
        told: list[PlanNews] = []
        for claimed in await self.outbox.claim(READER, MOST_NEWS):
            told.extend((await self.plan_news.news(claimed.row.batch)).values())
            await self.outbox.commit(claimed)
        return tuple(told)

    async def _ask_brackets(self) -> None:
        for venue in self.live.collector.venues:
            await self.live.ask_brackets(venue)

    async def _pass_until(self, at_ms: int, pace: Pace) -> None:
        while (now_ms := self.time.now_ms()) < at_ms:
            next_ms = min(at_ms, now_ms - now_ms % LEAP_MS + LEAP_MS)
            await pace.pass_time(next_ms - now_ms)
            self.time.leap_to(next_ms)
            with suppress(TimeoutError):  # what is not read in time is read late, as it would be live
                await self.venues.tell()
            await self._connected()

    async def _connected(self) -> None:
        """Let time pass in small leaps while a stream is not connected, as at first and when a venue renews it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                while self.venues.open_lines < len(self.live.collector.venues):
                    self.time.leap_to(self.time.now_ms() + CONNECT_LEAP_MS)
                    await asyncio.sleep(0.001)


@asynccontextmanager
async def open_stage(seed: int, scenario: str) -> AsyncIterator[Stage]:
    """The stage for the length of the block; nothing of it is left behind. ValkeyFailed, ValueError of an unknown scenario."""
    logs.configure(level="WARNING")
    market = SimulatedMarket(seed, scenario, (ASSET,))
    time, dice = LeapingClock(market.start_ms), Random(seed)
    async with (
        ephemeral_valkey() as socket,
        connected(socket) as connection,
        serve(market, time.clock) as venues,
        Fetcher(exchanges(), venues.rest_urls, clock=time.unhurried, dice=dice.random) as fetcher,
        open_wires(clock=time.clock, dice=dice.random, ws_urls=venues.ws_urls) as wires,
    ):
        collector = Collector(exchanges(), fetcher, wires, time.clock)
        memory = live_memory(connection, SOURCE, RULES)
        live = LiveMarket(collector, memory, Rules(), time.clock, source=SOURCE)
        await want((ASSET,), memory)
        await live.begin()
        listening = asyncio.create_task(collector.listen())
        try:
            feed = StoredFeed(connection)
            services = Services(
                StoredSnapshots(connection),
                feed,
                StoredSources(connection),
                chats=StoredChats(connection),
                post=StoredPost(connection),
                people=StoredPeople(connection),
                hours=memory.cycle.hours,
                tiers=memory.tiers,
                chains=memory.chains,
                memos=StoredMemos(connection),
                privacy=Forgetting(connection),
                backtests=BacktestsOnDemand(memory.cycle.hours, Rules(), BACK_PATIENCE_S),
                warned=AlertsLog(connection),
            )
            outbox, news = Outbox(connection, TERMINAL), StoredPlanNews(connection)
            await outbox.open()
            yield Stage(market, time, venues, live, feed, services, outbox, news, market.start_ms, connection)
        finally:
            listening.cancel()
            await asyncio.wait({listening})
