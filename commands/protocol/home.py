"""The chat a request comes from: what it has chosen, and how that is changed by those who may, for good."""

from collections.abc import Callable
from dataclasses import replace

from commands.protocol.request import Context, Misunderstood, Role
from market.alerts import Alert
from market.alerts.reach import still_standing
from store.services import Chats, Post
from store.wishes import Chat, wants

MOST_LOOKED_AT = 500
NOTHING_IS_SENT = "nothing is sent to a terminal"
"""Why the terminal's chat is passed over when warnings are addressed."""


async def at_home(context: Context) -> Context:
    """The request with the language and the asset its chat has chosen.

    A chat that could not be reached any more and now speaks is sent warnings again: it has come back.
    """
    chats = context.services.chats
    chat = None if chats is None else await chats.get(context.address)
    if chats is None or chat is None:
        return context
    if chat.suspended is not None and not context.is_terminal:
        chat = await chats.change(context.address, _revived)
    return replace(
        context,
        language=chat.language or context.language,
        default_asset=chat.default_asset or context.default_asset,
    )


async def home(context: Context, chats: Chats) -> Chat:
    """The chat, a new one where it is not known yet."""
    return await chats.get(context.address) or Chat(context.address)


async def change(context: Context, chats: Chats, make: Callable[[Chat], Chat]) -> Chat:
    """Keep what `make` makes of the chat, for good when this returns.

    Whether the asker may is asked anew: a right may have been taken away a moment ago. Raises Misunderstood.
    """
    if not await context.may(Role.MANAGER, anew=True):
        raise Misunderstood("door.not_allowed", example="/help")
    return await chats.change(context.address, lambda chat: _kept(make(chat), context))


async def standing_here(chat: Chat, post: Post | None) -> tuple[Alert, ...]:
    """The warnings that stand now and that this chat is told of, the most severe first."""
    recent = () if post is None else await post.recent(MOST_LOOKED_AT)
    return tuple(alert for alert in still_standing(recent) if wants(chat, alert))


def _kept(chat: Chat, context: Context) -> Chat:
    """What is kept: when it began, without mutes that are over; the terminal as one that nothing is sent to."""
    return replace(
        chat,
        made_ms=chat.made_ms or context.now_ms,
        muted_ms={asset: until_ms for asset, until_ms in chat.muted_ms.items() if until_ms > context.now_ms},
        suspended=NOTHING_IS_SENT if context.is_terminal else None,
    )


def _revived(chat: Chat) -> Chat:
    return replace(chat, suspended=None)
