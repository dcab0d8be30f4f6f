"""The demo itself: a private Valkey, a simulated market through the engine into it, and a chat that reads it back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TextIO

from bot.demo.script import Script
from bot.demo.story import Story
from bot.pace import Pace
from bot.platforms.terminal.chat import PROMPT, Chat, Screen
from bot.platforms.terminal.keyboard import Keyboard
from commands.protocol.dispatch import answer
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from market.alerts import Alert
from market.observations import DAY_MS, MINUTE_MS
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.engine import Engine
from scheduler.simulator.market import SimulatedMarket, Step
from store.connection import connected
from store.server import ephemeral_valkey
from store.services import FeedStatus, Services
from store.snapshots import StoredFeed, StoredSnapshots

ASSET = "BTC"
MARKET_MINUTES_PER_S = 20.0
STEPS_AT_ONCE = 100
JUDGED_MS = 14 * DAY_MS
"""The longest memory of a judgement is the seven days of the sequence; twice that is safe."""


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: a seed, a scenario, and market minutes a second (None: 20 at a terminal, else no waiting)."""

    seed: int
    scenario: str
    minutes_per_s: float | None


class Stage:
    """The market on its way through the engine into the store, and the services that read it back."""

    def __init__(self, market: SimulatedMarket, snapshots: StoredSnapshots, feed: StoredFeed) -> None:
        self.market = market
        self.services = Services(snapshots, feed)
        self.now_ms = market.start_ms
        self._snapshots, self._feed = snapshots, feed
        self._engine = Engine(ASSET, Rules(), "simulated")

    async def load_past(self) -> int:
        """Let the engine live through the past, keep where it ends, and give its length in days.

        The far past is remembered without being judged: no judgement reaches back further than JUDGED_MS.
        """
        first_ms = self.market.start_ms
        judged_from_ms = self.market.start_ms - JUDGED_MS
        await self._snapshots.watch((ASSET,))
        for count, (now_ms, _, observations) in enumerate(self.market.past()):
            first_ms = min(first_ms, now_ms)
            if now_ms < judged_from_ms:
                self._engine.state.market.observe(observations, now_ms, self._engine.rules)
            else:
                self._engine.step(now_ms, observations)
            if count % STEPS_AT_ONCE == 0:
                await asyncio.sleep(0)
        if self._engine.state.snapshot is not None:
            await self._keep(self._engine.state.snapshot)
        return round((self.market.start_ms - first_ms) / DAY_MS)

    async def take(self, step: Step) -> tuple[Snapshot, tuple[Alert, ...]]:
        """Bring the market one step on."""
        now_ms, _, observations = step
        snapshot, alerts = self._engine.step(now_ms, observations)
        await self._keep(snapshot)
        return snapshot, alerts

    async def ask(self, line: str) -> Reply:
        """Answer a line out of the store, at the market's own time."""
        return await answer(line, Context(self.services, self.now_ms, role=Role.OPERATOR))

    async def _keep(self, snapshot: Snapshot) -> None:
        self.now_ms = snapshot.at_ms
        await self._snapshots.save(snapshot)
        await self._feed.save(FeedStatus("simulated", snapshot.at_ms, self.market.step_ms))


async def show(play: Play, stdin: TextIO | None, stdout: TextIO) -> int:
    """Play the demo: as a chat where both ends are a terminal, else with a scripted conversation. Gives 0."""
    async with _stage(play) as stage:
        past_days = await stage.load_past()
        if stdin is not None and stdin.isatty() and stdout.isatty():
            await _converse(stage, _pace(play, MARKET_MINUTES_PER_S), past_days, stdin, stdout)
        else:
            await _recite(stage, _pace(play, None), past_days, stdout)
    return 0


@asynccontextmanager
async def _stage(play: Play) -> AsyncIterator[Stage]:
    market = SimulatedMarket(play.seed, play.scenario, (ASSET,))
    async with ephemeral_valkey() as socket, connected(socket) as connection:
        yield Stage(market, StoredSnapshots(connection), StoredFeed(connection))


def _pace(play: Play, otherwise: float | None) -> Pace:
    minutes = otherwise if play.minutes_per_s is None else play.minutes_per_s
    return Pace(None if minutes is None else minutes * MINUTE_MS)


def _opening(stage: Stage, pace: Pace, past_days: int) -> tuple[str, str]:
    days = round((stage.market.end_ms - stage.market.start_ms) / DAY_MS)
    speed = pace.market_ms_per_s
    time = "without waiting"
    if speed is not None:
        minutes = round(days * DAY_MS / speed / 60)
        time = f"in {minutes} min (1 s = {speed / MINUTE_MS:g} min)"
    return (
        f"{days} simulated days {time}. {past_days} days of past loaded.",
        "Try: /regime   /size BTC 5x   /why   |  pause  faster  quit",
    )


async def _recite(stage: Stage, pace: Pace, past_days: int, stdout: TextIO) -> None:
    """Play all of it with the scripted conversation."""
    screen, story, script = Screen(stdout), Story(stage.market.start_ms, phrases_in("en"), Rules()), Script()
    chat = Chat(screen, stage.ask, pace, lambda: f"SIMULATED {story.clock(stage.now_ms)}")
    screen.say(*_opening(stage, pace, past_days))

    async def type_in(lines: tuple[str, ...]) -> None:
        for line in lines:
            screen.say(PROMPT + line)
            await chat.hear(line)

    async for snapshot, alerts in _days(stage, pace):
        screen.say(*story.tell(snapshot, alerts))
        await type_in(script.due(snapshot))
    await type_in(script.rest())
    screen.say(story.end())


async def _converse(stage: Stage, pace: Pace, past_days: int, stdin: TextIO, stdout: TextIO) -> None:
    """Play at the reader's pace until the reader says goodbye."""
    story = Story(stage.market.start_ms, phrases_in("en"), Rules())
    async with Keyboard(stdin, stdout, pace.typing) as keyboard, asyncio.TaskGroup() as tasks:
        screen = Screen(stdout, lambda: keyboard.typed)
        chat = Chat(screen, stage.ask, pace, lambda: f"SIMULATED {story.clock(stage.now_ms)}")
        screen.say(*_opening(stage, pace, past_days))
        playing = tasks.create_task(_narrate(stage, pace, story, screen))
        async for line in keyboard:
            screen.entered()
            if not await chat.hear(line):
                break
        playing.cancel()
        screen.lift()


async def _narrate(stage: Stage, pace: Pace, story: Story, screen: Screen) -> None:
    async for snapshot, alerts in _days(stage, pace):
        if lines := tuple(story.tell(snapshot, alerts)):
            screen.say(*lines)
    screen.say(story.end(), "The market stands still now; commands still answer. quit leaves.")


async def _days(stage: Stage, pace: Pace) -> AsyncIterator[tuple[Snapshot, tuple[Alert, ...]]]:
    for step in stage.market.days():
        await pace.pass_time(stage.market.step_ms)
        yield await stage.take(step)
