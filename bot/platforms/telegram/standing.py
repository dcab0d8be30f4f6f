"""The bot's own standing in its chats: taken in, removed, silenced, blocked, moved to a supergroup; kept at once.

Without this a chat that removed the bot would be found out by the next warning only, and one that took it back would stay
suspended until somebody speaks.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from telegram import (
    Chat,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberOwner,
    ChatMemberRestricted,
    ChatMemberUpdated,
)

from store.connection import StoreUnavailable
from store.services import Chats, Memos
from store.wishes import Chat as Kept
from store.wishes import revive, suspend

NAME = "telegram"
BLOCKED = "the bot was blocked"
REMOVED = "the bot was removed from the chat"
SILENCED = "the bot may not write in the chat"
"""Why nothing is sent to a chat."""

GREETED_FOR_S = 30 * 86_400
"""A group that removes the bot and takes it back within this time is not greeted again."""

GROUPS = frozenset({Chat.GROUP, Chat.SUPERGROUP})

log = structlog.stdlib.get_logger(__name__)


def why_unreachable(member: ChatMember, chat: Chat) -> str | None:
    """Why the bot, as this member of the chat, cannot write there; None where it can."""
    match member:
        case ChatMemberLeft() | ChatMemberBanned():
            return BLOCKED if chat.type == Chat.PRIVATE else REMOVED
        case ChatMemberRestricted() if not member.is_member:
            return REMOVED
        case ChatMemberRestricted() if not member.can_send_messages:
            return SILENCED
        case ChatMemberOwner():
            return None
        case ChatMemberAdministrator() if chat.type != Chat.CHANNEL or member.can_post_messages:
            return None
        case _:
            return SILENCED if chat.type == Chat.CHANNEL else None


def is_new_here(change: ChatMemberUpdated) -> bool:
    """Whether a group has just taken the bot in, and lets it write."""
    before = why_unreachable(change.old_chat_member, change.chat)
    now = why_unreachable(change.new_chat_member, change.chat)
    return change.chat.type in GROUPS and before == REMOVED and now is None


class Standing:
    """Keeps how the bot stands in each chat, in the order in which Telegram tells of it; `now_ms` gives UTC milliseconds.

    Nothing is raised where the store does not answer: a warning that is refused finds out the same later, and so does a
    chat that speaks.
    """

    __slots__ = ("_bot", "_chats", "_memos", "_now_ms", "_turn")

    def __init__(self, chats: Chats | None, memos: Memos | None, bot: int, now_ms: Callable[[], int]) -> None:
        self._chats, self._memos, self._bot, self._now_ms = chats, memos, bot, now_ms
        self._turn = asyncio.Lock()

    async def changed(self, change: ChatMemberUpdated) -> bool:
        """Let the chat be as the bot now stands there; whether it is a group that is to be greeted."""
        why = why_unreachable(change.new_chat_member, change.chat)
        async with self._turn:
            try:
                await self._settle(change.chat, why)
                return is_new_here(change) and await self._is_stranger(change.chat.id)
            except StoreUnavailable as away:
                log.warning("how the bot stands in a chat could not be kept", error=str(away))
                return is_new_here(change)

    async def moved(self, old: int, new: int) -> None:
        """Let a group that became a supergroup keep all it has under its new number; doing it twice is safe."""
        async with self._turn:
            try:
                await self._is_stranger(new)  # it is the same group, so it has been greeted
                if self._chats is None:
                    return
                if await self._chats.move(f"{NAME}:{old}", f"{NAME}:{new}"):
                    log.info("a group became a supergroup and keeps what it had")
                # Telegram may have told before that the bot is no member of the old group any more
                await self._change(f"{NAME}:{new}", _back_in)
            except StoreUnavailable as away:
                log.warning("that a group became a supergroup could not be kept", error=str(away))

    async def settled(self) -> None:
        """Wait until what Telegram has told is kept."""
        async with self._turn:
            return

    async def _settle(self, chat: Chat, why: str | None) -> None:
        settled = revive if why is None else partial(suspend, why=why, now_ms=self._now_ms())
        address = f"{NAME}:{chat.id}"
        await self._change(address, settled)
        if self._chats is None or chat.type != Chat.SUPERGROUP:  # only these have topics
            return
        async for kept in self._chats.all():
            if kept.address.startswith(f"{address}:"):
                await self._change(kept.address, settled)

    async def _change(self, address: str, settled: Callable[[Kept], Kept]) -> None:
        """Change a chat that is known; nothing is kept of others."""
        if self._chats is not None and await self._chats.get(address) is not None:
            await self._chats.change(address, settled)

    async def _is_stranger(self, chat_id: int) -> bool:
        """Whether this group was not greeted yet; from now on it was."""
        if self._memos is None:
            return True
        return await self._memos.claim(f"telegram-greeted:{self._bot}:{chat_id}", "1", GREETED_FOR_S) is None


def _back_in(chat: Kept) -> Kept:
    return revive(chat) if chat.suspended == REMOVED else chat
