"""The demo itself: what happens on the stage is told as it happens, and a chat answers out of the store meanwhile."""

import asyncio
from dataclasses import dataclass
from typing import TextIO

from bot.demo.script import Script
from bot.demo.stage import ASSET, Stage, open_stage
from bot.demo.story import Story
from bot.pace import Pace
from bot.platforms.terminal.chat import Chat
from bot.platforms.terminal.completion import Candidate, candidates
from bot.platforms.terminal.ears import Ears, typed_lines
from bot.platforms.terminal.screen import Screen
from commands.protocol.phrases import phrases_in
from market.observations import DAY_MS, MINUTE_MS
from market.rules import Rules
from scheduler.simulator.market import PAST_DAYS, PLAYED_DAYS

MARKET_MINUTES_PER_S = 20.0


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: a seed, a scenario, and market minutes a second (None: 20 at a terminal, else no waiting).

    `is_plain`: told in words alone, and nothing that was written is drawn anew.
    """

    seed: int
    scenario: str
    minutes_per_s: float | None
    is_plain: bool = False


async def show(play: Play, stdin: TextIO | None, stdout: TextIO) -> int:
    """Play the demo: as a chat where both ends are a terminal, else with a scripted conversation. Gives 0."""
    Screen(stdout, is_plain=play.is_plain).say(
        f"Reading {PAST_DAYS} days of past from five exchanges, simulated on this machine ..."
    )
    async with open_stage(play.seed, play.scenario) as stage:
        await stage.read_past()
        if stdin is not None and stdin.isatty() and stdout.isatty():
            await _converse(stage, _pace(play, MARKET_MINUTES_PER_S), stdin, stdout, is_plain=play.is_plain)
        else:
            await _recite(stage, _pace(play, None), Screen(stdout, is_plain=play.is_plain))
    return 0


def _pace(play: Play, otherwise: float | None) -> Pace:
    minutes = otherwise if play.minutes_per_s is None else play.minutes_per_s
    return Pace(None if minutes is None else minutes * MINUTE_MS)


def _opening(pace: Pace) -> tuple[str, str]:
    speed = pace.market_ms_per_s
    time = "without waiting"
    if speed is not None:
        minutes = round(PLAYED_DAYS * DAY_MS / speed / 60)
        time = f"in {minutes} min (1 s = {speed / MINUTE_MS:g} min)"
    return (
        f"{PLAYED_DAYS} simulated days {time}.",
        "Try: /regime   /size BTC 5x   /why   |  pause  faster  quit",
    )


async def _recite(stage: Stage, pace: Pace, screen: Screen) -> None:
    """Play all of it with the scripted conversation."""
    story, script = Story(stage.market.start_ms, Rules()), Script()
    chat = Chat(screen, stage.ask, pace, lambda: f"SIMULATED {story.clock(stage.looked_ms)}", echoes=True)
    screen.say(*_opening(pace))

    async def type_in(lines: tuple[str, ...]) -> None:
        for line in lines:
            await chat.hear(line)

    async for snapshot, alerts in stage.rounds(pace):
        screen.say(*story.tell(snapshot, await stage.wanted(alerts), await stage.news_of_plans()))
        await type_in(script.due(snapshot))
    await type_in(script.rest())
    screen.say(story.end())


async def _converse(stage: Stage, pace: Pace, stdin: TextIO, stdout: TextIO, *, is_plain: bool) -> None:
    """Play at the reader's pace until the reader says goodbye. What is typed is forgotten, as all of a demo is."""
    story = Story(stage.market.start_ms, Rules())

    def offer(line: str) -> tuple[Candidate, ...]:
        return candidates(line, (ASSET,), phrases_in(chat.language), chat.steering)

    lines = typed_lines(
        stdin,
        stdout,
        Ears(pace.typing, offer),
        is_plain=is_plain or Screen(stdout).is_dumb,
    )
    screen = Screen(stdout, lines, is_plain=is_plain)
    chat = Chat(screen, stage.ask, pace, lambda: f"SIMULATED {story.clock(stage.looked_ms)}")
    async with lines, asyncio.TaskGroup() as tasks:
        screen.say(*_opening(pace))
        playing = tasks.create_task(_narrate(stage, pace, story, screen))
        async for line in lines:
            if not await chat.hear(line):
                break
        playing.cancel()


async def _narrate(stage: Stage, pace: Pace, story: Story, screen: Screen) -> None:
    async for snapshot, alerts in stage.rounds(pace):
        story.speak_in(await stage.language())
        if lines := story.tell(snapshot, await stage.wanted(alerts), await stage.news_of_plans()):
            screen.say(*lines)
    screen.say(story.end(), "The market stands still now; commands still answer. quit leaves.")
