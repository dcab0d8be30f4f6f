"""Whom a question about what is kept is about: its asker, or the chat it was asked in."""

from commands.protocol.request import HERE, Context
from store.whom import Subject

DISCORD = "discord"
"""The platform whose private chats have numbers of their own."""


async def asker_of(context: Context) -> Subject:
    """The asker with the chats that are known to be theirs alone; the store may know of more. Raises StoreUnavailable."""
    if context.is_terminal:
        return Subject(context.person, (f"{context.platform}:{HERE}",))
    if not context.user:
        return Subject()
    alone = (f"{context.platform}:{context.user}", f"{context.platform}:@{context.user}")
    here = (context.address,) if await _is_theirs(context) else ()
    return Subject(context.person, tuple(dict.fromkeys((*alone, *here))))


async def _is_theirs(context: Context) -> bool:
    """Whether the chat in which it was asked is of no server, and nobody else has changed it: a private chat numbered by itself."""
    chats = context.services.chats
    if chats is None or not context.is_private or context.server or context.reach == context.address:
        return False
    chat = await chats.get(context.address)
    if chat is None or chat.server or not chat.changes or context.platform != DISCORD:
        return False
    return all(change.by == context.person for change in chat.changes)


def chat_of(context: Context) -> Subject:
    """The chat or topic in which it was asked."""
    return Subject("", (context.address,))


def is_alone(context: Context) -> bool:
    """Whether the chat in which it was asked is the asker's own."""
    return context.is_terminal or context.chat == context.user
