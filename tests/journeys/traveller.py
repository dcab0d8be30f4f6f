"""Somebody who lives through a market and asks: the demo's own stage, a real Valkey, the terminal's own chat."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.demo.show import ASSET, Stage
from bot.demo.story import Story
from bot.pace import Pace
from bot.platforms.terminal.chat import Chat, Screen
from commands.protocol.phrases import phrases_in
from market.alerts import Alert
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import State
from scheduler.simulator.market import SimulatedMarket
from store.connection import connected
from store.server import ephemeral_valkey
from store.snapshots import StoredFeed, StoredSnapshots


class Traveller:
    """Moves through the days of a simulated market and talks with the chat on the way."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.alerts: list[Alert] = []
        self.seen: list[Snapshot] = []
        self._steps = stage.market.days()
        self._paper = io.StringIO()
        story = Story(stage.market.start_ms, phrases_in("en"), Rules())
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
