"""The chat a request comes from: what it has chosen, and how that is changed by those who may, for good."""

from collections.abc import Callable
from dataclasses import replace

from commands.protocol.changes import remembered
from commands.protocol.request import Context, Misunderstood, Role
from market.alerts import Alert, Kind, Severity
from market.alerts.reach import still_standing
from store.services import Chats, Post
from store.wishes import LEFT, Chat, Subscription, revive, suspend, wants

USUAL = (Subscription(None, Kind.CASCADE, Severity.WARNING),)
"""Where no kind is said: what is loud and rare. A watch came before a sell-off 12 times in 100 (docs/evaluation.md)."""
UNSUBSCRIBED = "unsubscribed"
MOST_LOOKED_AT = 500
MOST_CHATS = 20
"""So many chats may hear of something because of one person."""
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
    if chat.suspended is not None and _speaks(chat, context):
        chat = await chats.change(context.address, revive)
    return replace(
        context,
        language=context.language if context.language_said else chat.language or context.language,
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
    return await chats.change(context.address, lambda chat: _kept(chat, make(chat), context))


async def insist_on_room(context: Context, chats: Chats) -> None:
    """One more chat that hears of something because of who asks. Raises Misunderstood where those are many already.

    Where they are alone with the bot is none of them. Chats that hear of nothing any more do not count.
    """
    limits, person, address = context.services.limits, context.person, context.address
    if limits is None or not person or context.is_terminal or address in {person, context.reach}:
        return
    if await limits.may_warn(person, address, MOST_CHATS):
        return
    kept = {one: await chats.get(one) for one in await limits.warned(person)}
    await limits.leave(person, [one for one, chat in kept.items() if chat is None or not chat.subscriptions])
    if not await limits.may_warn(person, address, MOST_CHATS):
        raise Misunderstood("subscribe.too_many_chats", example="/unsubscribe", most=str(MOST_CHATS))


async def standing_here(chat: Chat, post: Post | None) -> tuple[Alert, ...]:
    """The warnings that stand now and that this chat is told of, the most severe first."""
    recent = () if post is None else await post.recent(MOST_LOOKED_AT)
    return tuple(alert for alert in still_standing(recent) if wants(chat, alert))


def has_chosen(chat: Chat) -> bool:
    """Whether somebody subscribed there, or dropped what was subscribed to."""
    return bool(chat.subscriptions) or any(change.did == UNSUBSCRIBED for change in chat.changes)


def listening(chat: Chat) -> Chat:
    """The chat with what a terminal shows: what was subscribed to, the usual where nobody chose, nothing where all was dropped."""
    return chat if has_chosen(chat) else replace(chat, subscriptions=USUAL)


def _spoken(before: Chat, context: Context) -> str:
    """The language of who is alone with the bot: that of their program, which is known while the chat has chosen none."""
    is_alone = context.is_private and not context.server
    is_theirs = is_alone and before.language is None and not context.language_said
    return context.language if is_theirs else before.spoken


def _speaks(chat: Chat, context: Context) -> bool:
    """Whether a chat can be reached again since it speaks; a server without the bot is heard through its members only."""
    is_guest = chat.suspended == LEFT and not context.server
    return not context.is_terminal and not is_guest


def _kept(before: Chat, after: Chat, context: Context) -> Chat:
    """What is kept: when it began and who changed what, without mutes that are over; the terminal is sent nothing."""
    now_ms = context.now_ms
    muted_ms = {asset: until_ms for asset, until_ms in after.muted_ms.items() if until_ms > now_ms}
    kept = replace(
        remembered(before, replace(after, muted_ms=muted_ms), context.person, now_ms),
        made_ms=after.made_ms or now_ms,
        server=context.server or after.server,
        spoken=_spoken(before, context),
    )
    return suspend(kept, NOTHING_IS_SENT, now_ms) if context.is_terminal else revive(kept)
