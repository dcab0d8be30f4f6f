"""How a chat is written to without having asked: one message, or an edit of one, and the eight things that can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from commands.protocol.reply import Reply
from store.ending import ended
from store.pace import RESERVE, Rate


class Wrong(StrEnum):
    """What went wrong with a message (reliability.md, section 5)."""

    NOT_SENT = "not_sent"
    UNCERTAIN = "uncertain"
    RATE_LIMITED = "rate_limited"
    CHAT = "chat"
    CLOSED = "closed"
    MOVED = "moved"
    MESSAGE = "message"
    BOT = "bot"


class Undelivered(Exception):
    """A message was not delivered, or may not have been.

    NOT_SENT: it certainly was not. UNCERTAIN: it may have been. RATE_LIMITED: not before `wait_s`, in this chat or, with
    `is_global`, in any. CHAT: this chat cannot be reached any more, `why` says it. CLOSED: nobody may write there just now, or not
    the bot; later it may. MOVED: the chat is now `moved_to`.
    MESSAGE: the platform refuses this message in any form; of an edit, that the message is gone. BOT: the bot's token is
    refused. `why` holds no secret and no text of a message.
    """

    def __init__(
        self,
        wrong: Wrong,
        why: str,
        *,
        wait_s: float = 0.0,
        is_global: bool = False,
        moved_to: str | None = None,
    ) -> None:
        super().__init__(f"{wrong}: {why}")
        self.wrong, self.why = wrong, why
        self.wait_s, self.is_global, self.moved_to = wait_s, is_global, moved_to


@dataclass(frozen=True, slots=True)
class Manners:
    """What a platform allows: how fast in all, and how many messages under way at once.

    `is_idempotent`: what is sent twice under the same nonce arrives once. `reserve` are the tokens that warnings leave
    for replies, where those count against the same limit. `idle_s` is how often it is looked for more where there was nothing.
    """

    overall: Rate
    in_flight: int
    is_idempotent: bool
    reserve: float = RESERVE
    idle_s: float = 0.2


class Messenger(Protocol):
    """Writes to chats of one platform; an address is "platform:chat" or "platform:chat:topic"."""

    @property
    def platform(self) -> str:
        """The platform's name, as addresses begin with it."""

    @property
    def manners(self) -> Manners:
        """What the platform allows."""

    def rates(self, address: str) -> tuple[Rate, ...]:
        """How fast this chat may be written to."""

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        """Send a new message and give what it is referred to by. Raises Undelivered, within seconds."""

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        """Let a message say this instead; one that says it already is as good. Raises Undelivered, within seconds."""

    async def ask(self) -> None:
        """Ask the platform whether it is there, without writing to anybody. Raises Undelivered, within seconds."""


@runtime_checkable
class InServers(Protocol):
    """What a messenger can besides where chats belong to servers: these have roles to call, and threads below messages."""

    async def send_calling(self, address: str, reply: Reply, role: str, *, nonce: str) -> str:
        """Send a new message that calls the members of this role, and nobody else. Raises Undelivered, within seconds."""

    async def open_thread(self, address: str, message: str, name: str) -> str:
        """The address of the thread below a message of ours, opened where there is none. Raises Undelivered, within seconds."""


ReplyTurn = Callable[[Messenger, str], Coroutine[Any, Any, None]]
"""Waits until a reply to an address may be sent, within the limits that broadcasts keep as well."""

Deliver = Callable[[Messenger], Coroutine[Any, Any, None]]
"""Delivers what is addressed to a messenger's platform until it is cancelled."""


@asynccontextmanager
async def delivering(deliver: Deliver | None, messenger: Messenger) -> AsyncIterator[None]:
    """Deliver for the length of the block; what is under way at its end is finished. None: there is nothing to deliver."""
    task = asyncio.create_task(deliver(messenger)) if deliver is not None else None
    try:
        yield
    finally:
        if task is not None:
            await ended(task)
