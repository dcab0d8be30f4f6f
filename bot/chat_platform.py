"""What a chat platform is: a name, the token that switches it on, and a service that runs until it is cancelled.

A platform brings people's lines to the one door for text and lays its answers out. It knows no command by name.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeVar

from pydantic import SecretStr

from bot.admission import in_words, metered, rules_of
from bot.alone import Alone
from bot.collection import without
from bot.messenger import Deliver, ReplyTurn
from bot.settings import Settings
from bot.tally import Tally
from commands.protocol import dispatch
from commands.protocol.command import ASK_THE_REST, Command
from commands.protocol.limits import LINE, Gate, Visitor
from commands.protocol.phrases import phrases_in
from commands.protocol.picture import Picture
from commands.protocol.reply import Reply
from commands.protocol.request import AskRole, Context, Role
from market.entries import entries
from market.rules import Rules
from scheduler.clock import monotonic_s
from store.services import Services

T = TypeVar("T")
CHECK_S = 10.0
"""For an answer of a platform whose library is loaded."""

TROUBLE_S = 120
"""So long is kept what troubles a platform that runs, unless it goes on."""

Draw = Callable[[Picture, bool], Awaitable[bytes | None]]
"""Gives a picture as a PNG within seconds, None where there is none in time; the second word says that it is private."""


class Sentence(StrEnum):
    """What a platform itself has to say; the words stand with all others in the phrases."""

    PRIVATE_HERE = "platform.private_here"
    OPEN_PRIVATE = "platform.open_private"
    TOLD_PRIVATELY = "platform.told_privately"
    ONLY_YOU = "platform.only_you"
    SHARE = "platform.share"
    SHARED_BY = "platform.shared_by"
    SHARED = "platform.shared"
    NOT_SHARED = "platform.not_shared"
    TYPE_IT = "platform.type_it"
    REPLY_WITH = "platform.reply_with"
    NEXT_LINE = "platform.next_line"
    WAS_AWAY = "platform.was_away"
    FORGOTTEN = "platform.forgotten"
    BEGUN_BEFORE = "platform.begun_before"
    HELLO = "platform.hello"
    OLD_BUTTON = "platform.old_button"
    NOT_YOURS = "platform.not_yours"
    POST = "platform.post"
    AS_OF = "platform.as_of"
    CHOOSE = "platform.choose"
    POSTED = "platform.posted"
    NO_FILE = "platform.no_file"
    POSTED_BEFORE = "platform.posted_before"
    OPEN_HERE = "platform.open_here"

    def in_words(self, language: str, **values: str) -> str:
        """The sentence in a language, in English where that has no phrases."""
        return phrases_in(language).say(self.value, **values)


class PlatformStopped(Exception):
    """A platform cannot go on, such as with a token that is refused; its text is one sentence for the operator."""


class PlatformAway(Exception):
    """A platform's server did not answer as it should; its text is one sentence for the operator. Later it may."""


class Stands(StrEnum):
    """How something noticed of a platform is: fine, left out by choice or not done yet, or of less use than it could be."""

    WELL = "well"
    CHOICE = "choice"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something a platform's server tells of the bot, for the operator: what, how it was seen, and what to do."""

    what: str
    seen: str
    to_do: str = ""
    stands: Stands = Stands.WELL


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and where: identifiers as the platform writes them, `chat` with the topic behind a colon where it has any.

    `is_private`: nobody else reads the answer. `role` is what the asker may do in this chat for certain; where that takes
    a question to the platform, `ask_role` asks it. `reach` is the address at which they are told in private, None where they
    cannot be. `server` is the server that this chat is in and the bot is a member of, "" where there is none, `invite` the link
    by which the bot is taken into another one.
    """

    platform: str
    user: str
    chat: str
    is_private: bool
    language: str = "en"
    role: Role = Role.ANYONE
    ask_role: AskRole | None = None
    reach: str | None = None
    server: str = ""
    invite: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a platform is given to answer with. `now_ms` gives the present in UTC milliseconds.

    `deliver` brings warnings to the platform's chats for as long as it serves, `reply_turn` lets a reply go ahead of
    them within the platform's limits; both None where there is nobody to warn. `draw` is None where nothing is drawn: answers
    then say in words what their pictures show.
    """

    settings: Settings
    services: Services
    now_ms: Callable[[], int]
    rules: Rules = field(default_factory=Rules)
    deliver: Deliver | None = None
    reply_turn: ReplyTurn | None = None
    draw: Draw | None = None
    tally: Tally = field(default_factory=Tally)
    alone: Alone | None = None
    """What only one of the processes on a store does; None where there is no other one."""
    gate: Gate | None = None
    """Keeps out who may not ask, and who asks too often; None at a desk that only its owner reaches."""

    async def admit(self, asker: Asker, cost: float = LINE, *, tells: bool = True) -> str | None:
        """None where something may be done for them, which is counted; else what to tell them, "" for nothing at all.

        Each question, press, page and query of a platform is admitted once, before anything else is done with it. `tells`: a
        refusal may be said where it was asked.
        """
        if self.gate is None:
            return None
        refusal = await self.gate.admit(self._visitor(asker), rules_of(self.settings), cost, tells=tells)
        return None if refusal is None else in_words(refusal, asker.language, _named(asker))

    @property
    def lets_all_in(self) -> bool:
        """Whether there is no allow-list that could keep anybody out."""
        return self.gate is None or not self.settings.allowed

    def keeps_out(self, asker: Asker, *, tells: bool = True) -> str | None:
        """The same of the allow-list alone, which takes no work to know and counts nothing."""
        if self.gate is None:
            return None
        refusal = self.gate.keeps_out(self._visitor(asker), rules_of(self.settings), tells=tells)
        return None if refusal is None else in_words(refusal, asker.language, _named(asker))

    def _visitor(self, asker: Asker) -> Visitor:
        is_owner = self.role_of(asker) is Role.OWNER
        chat = "" if asker.chat == asker.user else asker.chat
        return Visitor(asker.platform, asker.user, chat, asker.server, is_owner)

    async def _metered(self, answering: Coroutine[Any, Any, Reply]) -> Reply:
        return await (answering if self.gate is None else metered(answering, self.gate.spent))

    async def ask(self, line: str, asker: Asker) -> Reply:
        """The reply to a line such as "/size btc 5x"; wrong lines are answered too, and no exception comes out."""
        began_s, command = monotonic_s(), command_of(line)
        reply = await self._metered(dispatch.answer(line, self._context(asker)))
        return self._counted(reply, command, asker, began_s)

    async def ask_options(self, name: str, values: Mapping[str, object], asker: Asker) -> Reply:
        """The reply to the command `name` with its options by name, as a slash command brings them."""
        began_s, command = monotonic_s(), dispatch.find(name)
        reply = await self._metered(dispatch.answer_options(name, values, self._context(asker)))
        return self._counted(reply, command, asker, began_s)

    def _counted(self, reply: Reply, command: Command[Any] | None, asker: Asker, began_s: float) -> Reply:
        name, took_s = None if command is None else command.name, monotonic_s() - began_s
        self.tally.answered(asker.platform, name, dispatch.outcome(reply), took_s)
        return reply

    async def drawn(self, reply: Reply) -> tuple[Picture, bytes] | None:
        """The picture of a reply and its PNG, None where it has none or it is not there in time. What else it holds is words."""
        picture = next((block for block in reply.blocks if isinstance(block, Picture)), None)
        png = None if picture is None or self.draw is None else await self.draw(picture, reply.private)
        return None if picture is None or png is None else (picture, png)

    def role_of(self, asker: Asker) -> Role:
        """What the asker may do for certain: an owner is one whom the settings name, wherever it is asked from."""
        is_named = f"{asker.platform}:{asker.user}".lower() in self.settings.operators
        return Role.OWNER if is_named else asker.role

    def _context(self, asker: Asker) -> Context:
        return Context(
            services=self.services,
            now_ms=self.now_ms(),
            rules=self.rules,
            platform=asker.platform,
            user=asker.user,
            chat=asker.chat,
            is_private=asker.is_private,
            language=asker.language,
            role=self.role_of(asker),
            ask_role=asker.ask_role,
            reach=asker.reach,
            server=asker.server,
            invite=asker.invite,
        )


@dataclass(frozen=True, slots=True)
class ChatPlatform:
    """The entry of a platform, PLATFORM in its package.

    `token_setting` names the setting that switches it on; `service` the module whose `run(desk)` is the service and whose
    `check(settings)` tries the token. That module is imported when the platform starts, so that a library nobody uses costs
    neither time nor memory. `invites` is the module whose `invite(settings)` gives the link by which the bot is taken into a
    server or channel, None where a platform has no such link. `inspects` is the module whose `inspect(settings)` gives what
    else an operator should know of the bot, None where that is nothing. `posts` is the module whose `run(desk)` sends what is to
    be delivered and listens to nobody. `spares` are libraries which the platform's own would take along for what nobody uses.
    """

    name: str
    token_setting: str
    service: str
    posts: str
    invites: str | None = None
    inspects: str | None = None
    spares: tuple[str, ...] = ()

    def token(self, settings: Settings) -> SecretStr | None:
        """The token the operator gave, None where this platform is off."""
        token: SecretStr | None = getattr(settings, self.token_setting)
        return token

    async def run(self, desk: Desk) -> None:
        """Serve until cancelled. Raises PlatformStopped where no retry would help."""
        await self._load(self.service).run(desk)

    async def post(self, desk: Desk) -> None:
        """Send what is to be delivered until cancelled, and listen to nobody. Raises PlatformStopped where no retry would help."""
        await self._load(self.posts).run(desk)

    def load(self) -> None:
        """Load its library and all that asks it. A slow machine takes seconds, which nobody's answer shall be late by."""
        for module in (self.service, self.invites, self.inspects):
            if module is not None:
                self._load(module)

    async def check(self, settings: Settings) -> str:
        """The name the platform knows the bot of this token by, within CHECK_S.

        Raises PlatformStopped where the token is refused, PlatformAway where that cannot be told.
        """
        name: str = await _in_time(self._load(self.service).check(settings))
        return name

    async def invite(self, settings: Settings) -> str | None:
        """The link by which the bot is taken in with no more rights than it needs, None where there is none.

        Raises PlatformStopped and PlatformAway as `check` does.
        """
        if self.invites is None:
            return None
        link: str = await _in_time(self._load(self.invites).invite(settings))
        return link

    async def inspect(self, settings: Settings) -> tuple[Noticed, ...]:
        """What else the platform's server tells of the bot, () where that is nothing.

        Raises PlatformStopped and PlatformAway as `check` does.
        """
        if self.inspects is None:
            return ()
        noticed: tuple[Noticed, ...] = await _in_time(self._load(self.inspects).inspect(settings))
        return noticed

    def _load(self, module: str) -> Any:
        with without(*self.spares):
            return import_module(module)


async def _in_time(answer: Awaitable[T]) -> T:
    """What a platform answers within CHECK_S. Raises PlatformAway where it does not."""
    try:
        async with asyncio.timeout(CHECK_S):
            return await answer
    except TimeoutError:
        raise PlatformAway(f"no answer within {CHECK_S:.0f} s") from None


def _named(asker: Asker) -> str:
    return f"{asker.platform}:{asker.user or asker.chat.partition(':')[0]}"


def trouble_memo(platform: str) -> str:
    """The name of the memo in which a platform that runs says what troubles it, for the doctor."""
    return f"trouble:{platform}"


@lru_cache(maxsize=1)
def platforms() -> tuple[ChatPlatform, ...]:
    """Every chat platform that a token switches on, as found in `bot.platforms`."""
    return entries("bot.platforms", "PLATFORM", ChatPlatform, lambda platform: platform.name)


def command_of(line: str) -> Command[Any] | None:
    """The command a line asks, None where it is none of ours."""
    return dispatch.find((line.split(maxsplit=1) or [""])[0])


def is_of_position(line: str) -> bool:
    """Whether a line asks a command whose answers, questions and refusals are for its asker alone."""
    command = command_of(line)
    return command is not None and command.private


def asks_again(command: str, line: str) -> bool:
    """Whether a button asks what `line` asked, so that its answer may take the place of the old one.

    That is the same command with the same numbers: /regime and its /regime BTC, not /size BTC 5x and its /size BTC 3x. And a
    form goes on where it stands.
    """
    return _name(command) == _name(line) and _gist(command) == _gist(line)


def _name(line: str) -> str:
    return (line.split(maxsplit=1) or [""])[0].removeprefix("/").lower()


def _gist(line: str) -> tuple[str, ...]:
    words = line.lower().split() or [""]
    if ASK_THE_REST in words:
        return (words[0].removeprefix("/"), ASK_THE_REST)
    return (words[0].removeprefix("/"), *sorted(word for word in words[1:] if any(map(str.isdigit, word))))
