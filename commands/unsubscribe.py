"""/unsubscribe: warnings of an asset, of a kind or of everything are not sent to this chat any more."""

from dataclasses import dataclass, replace
from typing import Annotated

from commands.protocol.alert_words import ALL, AnyAssetWord, KindsWord
from commands.protocol.command import Command
from commands.protocol.home import change, home
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from commands.wording.subscribing import describe_unsubscribed, describe_what_there_is
from commands.wording.wishes import describe_nobody
from store.wishes import Chat, Subscription


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Ask not to be warned any more."""

    asset: Annotated[AnyAssetWord, "the coin; all drops everything"] | None = None
    kind: Annotated[KindsWord, "of what; every kind where it is not said"] | None = None


async def answer(ask: Unsubscribe, context: Context) -> Reply:
    """What is gone, once that is kept for good; without words a button for each subscription there is."""
    phrases, chats = phrases_in(context.language), context.services.chats
    if chats is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    chat = await home(context, chats)
    gone = _meant(ask, chat)
    if not gone:
        return describe_what_there_is(chat, phrases, was_asked=_said(ask))
    after = await change(
        context,
        chats,
        lambda chat: replace(
            chat, subscriptions=tuple(wish for wish in chat.subscriptions if wish not in gone)
        ),
    )
    return describe_unsubscribed(gone, after, phrases)


def _meant(ask: Unsubscribe, chat: Chat) -> tuple[Subscription, ...]:
    """The subscriptions that the words mean: "all" alone means everything, with a kind the one of all assets."""
    if ask.asset is None and ask.kind is None:
        return ()
    kinds = ask.kind
    wishes = tuple(wish for wish in chat.subscriptions if kinds is None or wish.kind in kinds)
    if ask.asset is None or (ask.asset == ALL and kinds is None):
        return wishes
    asset = None if ask.asset == ALL else ask.asset
    return tuple(wish for wish in wishes if wish.asset == asset)


def _said(ask: Unsubscribe) -> str | None:
    words = [ask.asset or "", *(kind.value for kind in (ask.kind or ())[:1])]
    return " ".join(word for word in words if word) or None


COMMAND = Command(
    "unsubscribe",
    Unsubscribe,
    answer,
    help="be warned no longer, of an asset or of everything",
    example="/unsubscribe BTC",
    order=44,
    needs=Role.MANAGER,
    in_menu=False,
    changes=True,
)
