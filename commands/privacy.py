"""/privacy: what is kept of people and chats, for how long, who sees it, and what never is."""

from dataclasses import dataclass

from commands.desk.whom import asker_of, chat_of
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.wording.privacy import describe_nothing, describe_privacy


@dataclass(frozen=True, slots=True)
class Asked:
    """Ask what is kept."""


async def answer(_: Asked, context: Context) -> Reply:
    """What is kept by the registry of keys; with how often it is of the asker, or of the chat where others read it."""
    privacy = context.services.privacy
    if privacy is None:
        return describe_nothing(phrases_in(context.language))
    subject = await asker_of(context) if context.is_private else chat_of(context)
    held = await privacy.near(subject) if subject.names else None
    return describe_privacy(held, phrases_in(context.language), is_terminal=context.is_terminal)


COMMAND = Command(
    "privacy",
    Asked,
    answer,
    help="what is kept of you and of this chat, how long, and who sees it",
    example="/privacy",
    order=56,
    in_menu=False,
)
