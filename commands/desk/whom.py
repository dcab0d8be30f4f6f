"""Whom a question about what is kept is about: its asker, or the chat it was asked in."""

from commands.protocol.request import HERE, Context
from store.whom import Subject


def asker_of(context: Context) -> Subject:
    """The asker with the chats that are theirs alone; those on Discord are numbered by themselves, and found in the store."""
    if context.is_terminal:
        return Subject(context.person, (f"{context.platform}:{HERE}",))
    if not context.user:
        return Subject()
    alone = (f"{context.platform}:{context.user}", f"{context.platform}:@{context.user}")
    return Subject(context.person, alone)


def chat_of(context: Context) -> Subject:
    """The chat or topic in which it was asked."""
    return Subject("", (context.address,))


def is_alone(context: Context) -> bool:
    """Whether the chat in which it was asked is the asker's own."""
    return context.is_terminal or context.chat == context.user
