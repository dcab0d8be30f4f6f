"""A chat at a terminal on the running service's store: answers out of it, and warnings as they come."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TextIO

from rich.console import RenderableType
from rich.text import Text as Styled

from bot import logs
from bot.delivery.along import Along, Shown
from bot.delivery.words import Words
from bot.layout import SYMBOL
from bot.live import in_language, open_store, services_on, what_is_watched
from bot.platforms.terminal.chat import Chat
from bot.platforms.terminal.completion import Candidate, candidates
from bot.platforms.terminal.ears import Ears, TypedLines, typed_lines
from bot.platforms.terminal.history import erasing, lines_in
from bot.platforms.terminal.screen import Screen
from bot.pseudonyms import pseudonyms_in
from bot.running import ANSWERED
from bot.settings import Settings
from commands.protocol.dispatch import answer
from commands.protocol.home import has_chosen
from commands.protocol.phrases import ORIGINAL, Phrases, phrases_in
from commands.protocol.reply import Heading, Reply, Text
from commands.protocol.request import HERE, TERMINAL, Context, Role
from market.observations import MINUTE_MS, SECOND_MS, Asset
from scheduler.clock import now_ms
from store.chats import StoredChats
from store.codec import Unreadable
from store.connection import Connection, StoreUnavailable
from store.health import LIVE
from store.outbox import Claimed, Outbox
from store.plan_news import StoredPlanNews
from store.services import FeedStatus, Services
from store.snapshots import StoredFeed

READER = f"{TERMINAL}:{HERE}"
"""Where news of plans go that were stated here."""
LOOK_EVERY_S = 1.0
MOST_NEWS = 50
HEARD_AFTER_S = 10.0
"""A pipe that is open for so long has somebody at its end; a script that asks one thing would take news of plans from a person."""
SILENT_MS = 5 * MINUTE_MS
"""Evaluated every minute, a market not looked at for so long is looked at by nobody."""
STOPPED_MS = 2 * MINUTE_MS
"""The same where the service has said that it ends: another takes over, or it is started again, within that time."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the chat is held: in words alone (`is_plain`), with lines kept for later sessions, in a language ("": as chosen)."""

    is_plain: bool = False
    keeps_lines: bool = True
    language: str = ""


async def converse(settings: Settings, manner: Manner, stdin: TextIO, stdout: TextIO) -> int:
    """Answer what is typed, or what comes out of a pipe, until it ends; gives 0.

    Raises Refusal, ValkeyFailed and StoreUnavailable where there is no store.
    """
    _configure_log(settings)
    async with open_store(settings) as connection:
        desk = LiveDesk(connection, settings, manner)
        await desk.look()
        is_typed = stdin.isatty() and stdout.isatty()
        lines = _typed(desk, manner, stdin, stdout) if is_typed else None
        screen = Screen(stdout, lines, is_plain=manner.is_plain, language=desk.language)
        chat = Chat(screen, desk.ask, language=desk.language, echoes=lines is None)
        opening = await desk.opening(is_plain=lines is None or screen.is_dumb)
        following = Following(desk, screen, 0.0 if is_typed else HEARD_AFTER_S)
        async with nullcontext() if lines is None else lines, asyncio.TaskGroup() as tasks:
            screen.say(*opening)
            reading_along = tasks.create_task(following.run())
            await following.has_looked.wait()
            await (_answer_all(chat, stdin) if lines is None else _answer_typed(chat, lines))
            reading_along.cancel()
    return ANSWERED


class LiveDesk:
    """The store as a terminal asks it. `watched` is what was watched at the last look, for completion.

    `said` is the language that was said when the chat began, "" where it is the one that /settings chose; `history` the lines of
    earlier sessions, which go when somebody asks to be forgotten.
    """

    def __init__(self, connection: Connection, settings: Settings, manner: Manner) -> None:
        self._connection, self._settings = connection, settings
        self.history = lines_in(settings.data_dir, keeps=manner.keeps_lines)
        self.said = manner.language
        self.language = self.said or ORIGINAL
        self.services: Services | None = None
        self.watched: tuple[Asset, ...] = ()
        self.outbox, self.plan_news = Outbox(connection, TERMINAL), StoredPlanNews(connection)

    @property
    def phrases(self) -> Phrases:
        """The words of what is said besides answers."""
        return phrases_in(self.language)

    async def look(self) -> Services:
        """What can be reached now: a service that starts meanwhile is found. Raises StoreUnavailable."""
        source = (await StoredFeed(self._connection).status()).source
        services = what_is_watched(
            services_on(self._connection, is_live=source == LIVE), source, self._settings
        )
        self.services, self.watched = services, await services.snapshots.watched()
        if not self.said:
            chat = await StoredChats(self._connection).get(READER)
            self.language = (chat and chat.language) or ORIGINAL
        return services

    async def ask(self, line: str) -> Reply:
        """The answer to a line; an exception never comes out."""
        services = self.services
        with suppress(StoreUnavailable):  # what it is asked of then says so itself
            services = await self.look()
        if services is None:
            services = services_on(self._connection, is_live=True)
        context = Context(services, now_ms(), role=Role.OWNER, reach=READER)
        return await erasing(answer(line, in_language(self.said, context)), self.history)

    async def opening(self, *, is_plain: bool) -> tuple[str, ...]:
        """The first lines: what this is, and which warnings will be shown. Raises StoreUnavailable."""
        status, say = await StoredFeed(self._connection).status(), self.phrases.say
        first = say("terminal.opening_plain" if is_plain else "terminal.opening")
        if _is_played(status):
            return first, say(f"nobody.{status.source}")
        stopped = () if await self.is_served() else (say("terminal.no_service"),)
        return first, *stopped, await self.heard()

    async def is_served(self) -> bool:
        """Whether a service looks at the market, or nobody has to: it is recorded. Raises StoreUnavailable."""
        status = await StoredFeed(self._connection).status()
        last_ms = status.last_evaluation_ms
        if _is_played(status):
            return True
        patience_ms = STOPPED_MS if status.cycle_ms is None else SILENT_MS
        return last_ms is not None and now_ms() - last_ms <= patience_ms

    async def heard(self) -> str:
        """Which warnings are shown here."""
        say, chat = self.phrases.say, await StoredChats(self._connection).get(READER)
        if chat is None or not has_chosen(chat):
            return say("terminal.usual")
        count = len(chat.subscriptions)
        return say("terminal.chosen", count=count) if count else say("terminal.silent")


class Following:
    """Shows warnings, and news of plans stated here, above the line that is typed.

    News of plans are told once, so they are for somebody who is there: after `heard_after_s` seconds. `has_looked` is set once
    what stood at the beginning was shown.
    """

    def __init__(self, desk: LiveDesk, screen: Screen, heard_after_s: float = 0.0) -> None:
        self._desk, self._screen = desk, screen
        self._heard_from_s = asyncio.get_running_loop().time() + heard_after_s
        self._words = Words()
        self._along = Along(READER, self._words, desk.said)
        self._worker = f"{TERMINAL}:{os.getpid()}"
        self._is_open, self._trouble = False, ""
        self._was_served: bool | None = None
        self.has_looked = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; a store that is away is said to be, and waited for."""
        try:
            while True:
                await self.look()
                self.has_looked.set()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            if self._is_open:
                with suppress(StoreUnavailable):
                    await self._desk.outbox.let_go(self._worker)

    async def look(self) -> None:
        """Show what came since the last look; at the first one, what stands."""
        try:
            services = await self._desk.look()
            await self._tell_of_service()
            shown = await self._along.look(services, now_ms())
            if shown is not None:
                self._show(shown)
            if services.people is not None and asyncio.get_running_loop().time() >= self._heard_from_s:
                await self._show_plans()
            self._note("")
        except StoreUnavailable:
            self._note(self._desk.phrases.say("terminal.store_away"))
        except Unreadable as newer:
            self._note(str(newer))

    async def _tell_of_service(self) -> None:
        """Say it when the service ends or comes back: silence would pass for calm. How it stood at first was said at first."""
        is_served = await self._desk.is_served()
        if self._was_served not in {None, is_served}:
            said = await self._desk.heard() if is_served else self._desk.phrases.say("terminal.no_service")
            self._screen.say(f"{_clock(now_ms())} {said}")
        self._was_served = is_served

    async def _show_plans(self) -> None:
        """News of plans are told once, to whichever terminal is open; what came while none was is told at the next."""
        if not self._is_open:
            await self._desk.outbox.open()
            self._is_open = True
        for claimed in await self._desk.outbox.claim(self._worker, MOST_NEWS):
            said = await self._news(claimed)
            if said is not None:
                self._show(Shown(said, claimed.row.at_ms))
            await self._desk.outbox.commit(claimed)

    async def _news(self, claimed: Claimed) -> Reply | None:
        facts = await self._desk.plan_news.news(claimed.row.batch)
        news = tuple(facts[number] for number in claimed.row.facts if number in facts)
        is_old = now_ms() > claimed.row.not_after_ms
        if not news:
            return None
        return self._words.plans(news, self._desk.language, now_ms(), is_old=is_old, is_repeat=False)

    def _show(self, shown: Shown) -> None:
        self._screen.say(*draw_warning(shown, self._screen))

    def _note(self, trouble: str) -> None:
        """Say what stands between the store and this terminal ("": nothing), once for as long as it lasts."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._screen.say(Styled(trouble or self._desk.phrases.say("terminal.store_back"), style="dim"))


def draw_warning(shown: Shown, screen: Screen) -> tuple[RenderableType, ...]:
    """What a terminal prints of a warning: its time first, and what can be asked of it as lines to type.

    Numbers stay those of the last answer: one must not come to mean something else while it is typed.
    """
    clock = _clock(shown.at_ms)
    reply, first = shown.reply, shown.reply.blocks[0]
    if isinstance(first, Heading):
        first = Heading(f"{clock} {SYMBOL.get(first.tone, '')}{first.text}", first.tone)
    elif isinstance(first, Text):
        first = Text(f"{clock} {first.text}")
    parts = screen.draw(replace(reply, blocks=(first, *reply.blocks[1:])))
    return (*parts, screen.draw_commands(reply.actions)) if reply.actions else parts


def _clock(at_ms: int) -> str:
    return f"[{datetime.fromtimestamp(at_ms / SECOND_MS, UTC):%H:%M} UTC]"


def _is_played(status: FeedStatus) -> bool:
    """Whether this market is not the present one: nobody is warned of it."""
    return status.source not in {LIVE, "none"}


def _configure_log(settings: Settings) -> None:
    """On stderr as everywhere; but where that is the terminal that is written on, only what cannot be said otherwise."""
    level = "ERROR" if sys.stderr.isatty() else settings.log_level
    logs.configure(
        level=level,
        library_level=settings.library_log_level,
        style=settings.log_format,
        secrets=settings.secrets(),
        names=pseudonyms_in(settings.data_dir),
    )


def _typed(desk: LiveDesk, manner: Manner, stdin: TextIO, stdout: TextIO) -> TypedLines:
    def offer(line: str) -> tuple[Candidate, ...]:
        return candidates(line, desk.watched, desk.phrases, {"quit": desk.phrases.word("steering", "quit")})

    ears = Ears(lambda _: None, offer, desk.history, desk.phrases)
    is_plain = manner.is_plain or Screen(stdout).is_dumb
    return typed_lines(stdin, stdout, ears, is_plain=is_plain)


async def _answer_typed(chat: Chat, lines: TypedLines) -> None:
    async for line in lines:
        if not await chat.hear(line):
            return


async def _answer_all(chat: Chat, stdin: TextIO) -> None:
    """Answer the lines of a pipe, each below itself."""
    async for line in _lines_of(stdin):
        if not await chat.hear(line):
            return


async def _lines_of(stdin: TextIO) -> AsyncIterator[str]:
    while line := await asyncio.to_thread(stdin.readline):
        yield line
