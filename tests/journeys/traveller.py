"""Somebody who lives through a market and asks: the engine on a simulated market, a real Valkey, the terminal's own chat.

The exchanges are left out here for speed; tests/bot/test_demo.py has the same days through all five of them.
"""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.demo.story import Story
from bot.pace import Pace
from bot.platforms.terminal.chat import Chat
from bot.platforms.terminal.screen import Screen
from commands.protocol.dispatch import answer
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from market.alerts import Alert
from market.observations import DAY_MS
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import State
from scheduler.engine import Engine
from scheduler.simulator.market import SimulatedMarket, Step
from store.connection import connected
from store.server import ephemeral_valkey
from store.services import FeedStatus, Services
from store.snapshots import StoredFeed, StoredSnapshots

ASSET = "BTC"
JUDGED_MS = 14 * DAY_MS


class Stage:
    """The market on its way through the engine into the store, and the answers out of it."""

    def __init__(self, market: SimulatedMarket, snapshots: StoredSnapshots, feed: StoredFeed) -> None:
        self.market = market
        self.now_ms = market.start_ms
        self._snapshots, self._feed = snapshots, feed
        self._engine = Engine(ASSET, Rules(), "simulated")

    async def load_past(self) -> None:
        """Live through the past; what is further away than any judgement reaches is remembered only."""
        await self._snapshots.watch((ASSET,))
        for now_ms, _, observations in self.market.past():
            if now_ms < self.market.start_ms - JUDGED_MS:
                self._engine.state.market.observe(observations, now_ms, self._engine.rules)
            else:
                self._engine.step(now_ms, observations)
        if self._engine.state.snapshot is not None:
            await self._keep(self._engine.state.snapshot)

    async def take(self, step: Step) -> tuple[Snapshot, tuple[Alert, ...]]:
        """Bring the market one step on."""
        now_ms, _, observations = step
        snapshot, alerts = self._engine.step(now_ms, observations)
        await self._keep(snapshot)
        return snapshot, alerts

    async def ask(self, line: str) -> Reply:
        """Answer a line out of the store, at the market's own time."""
        return await answer(line, Context(Services(self._snapshots, self._feed), self.now_ms))

    async def _keep(self, snapshot: Snapshot) -> None:
        self.now_ms = snapshot.at_ms
        await self._snapshots.save(snapshot)
        await self._feed.save(FeedStatus("simulated", snapshot.at_ms, self.market.step_ms))


class Traveller:
    """Moves through the days of a simulated market and talks with the chat on the way."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.alerts: list[Alert] = []
        self.seen: list[Snapshot] = []
        self._steps = stage.market.days()
        self._paper = io.StringIO()
        story = Story(stage.market.start_ms, Rules())
        self._chat = Chat(
            Screen(self._paper),
            stage.ask,
            Pace(None),
            lambda: f"SIMULATED {story.clock(stage.now_ms)}",
        )

    @property
    def states(self) -> list[State]:
        """The states passed so far, without repetition."""
        passed = [snapshot.regime.state for snapshot in self.seen]
        return [state for place, state in enumerate(passed) if place == 0 or passed[place - 1] is not state]

    async def until(self, is_so: Callable[[Snapshot], bool]) -> Snapshot:
        """Live on until it is so, and give that moment. Fails where the days end before."""
        for step in self._steps:
            snapshot, alerts = await self.stage.take(step)
            self.seen.append(snapshot)
            self.alerts.extend(alerts)
            if is_so(snapshot):
                return snapshot
        raise AssertionError("the days are over and it never was so")

    async def until_state(self, *states: State) -> Snapshot:
        """Live on until the market is in one of these states."""
        return await self.until(lambda snapshot: snapshot.regime.state in states)

    async def to_the_end(self) -> None:
        """Live through what is left of the days."""
        await self.until(lambda snapshot: snapshot.at_ms >= self.stage.market.end_ms)

    async def talk(self, line: str) -> str:
        """What the chat prints when `line` is typed."""
        self._paper.seek(0)
        self._paper.truncate()
        await self._chat.hear(line)
        return self._paper.getvalue()


@asynccontextmanager
async def travelling(seed: int = 7, scenario: str = "sell_off") -> AsyncIterator[Traveller]:
    """A traveller at the beginning of day one, the past already lived through."""
    market = SimulatedMarket(seed, scenario, (ASSET,))
    async with ephemeral_valkey() as socket, connected(socket) as connection:
        stage = Stage(market, StoredSnapshots(connection), StoredFeed(connection))
        await stage.load_past()
        yield Traveller(stage)
