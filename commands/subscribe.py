"""/subscribe: warnings of an asset, or of all, are sent to this chat from now on."""

from dataclasses import dataclass, replace
from typing import Annotated

from commands.protocol.alert_words import ALL, AssetsWord, KindsWord, SeverityWord
from commands.protocol.command import Command
from commands.protocol.home import change, home
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.wording.subscribing import describe_subscribed
from commands.wording.wishes import describe_nobody
from market.alerts import CLASSES, Kind, Severity
from market.alerts.reach import HIGHEST, reaches
from store.services import Chats
from store.wishes import Chat, Subscription

MOST_SUBSCRIPTIONS = 50
MOST_OFFERS = 6
USUAL = (
    Subscription(None, Kind.CASCADE, Severity.WARNING),
    Subscription(None, Kind.REGIME, Severity.WARNING),
)
"""Where no kind is said: what is loud and rare. A watch came before a sell-off 12 times in 100 (first-evaluation.md)."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask to be warned."""

    asset: Annotated[AssetsWord, "the coin, or all"] | None = None
    kind: Annotated[KindsWord, "of what: cascade and regime where it is not said"] | None = None
    severity: Annotated[SeverityWord, "from how severe on"] | None = None


async def answer(ask: Subscribe, context: Context) -> Reply:
    """What is heard from now on, once it is kept for good; saying it twice changes nothing."""
    phrases, chats = phrases_in(context.language), context.services.chats
    if chats is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    asked = await _wishes(ask, context)
    before = await home(context, chats)
    chat = await _keep(asked, context, chats, is_least_said=ask.severity is not None)
    keys = {(wish.asset, wish.kind) for wish in asked}
    wishes = tuple(wish for wish in chat.subscriptions if (wish.asset, wish.kind) in keys)
    return describe_subscribed(
        wishes,
        chat,
        phrases,
        context.now_ms,
        is_new=not set(wishes) <= set(before.subscriptions),
        is_ours=ask.kind is None and ask.severity is None,
        is_terminal=context.is_terminal,
        most=MOST_SUBSCRIPTIONS,
    )


async def _wishes(ask: Subscribe, context: Context) -> tuple[Subscription, ...]:
    """What was asked for, of those kinds that are ever so severe. Raises Misunderstood where none is, or no asset is said."""
    if ask.asset is None:
        watched = await context.services.snapshots.watched()
        offers = [f"/subscribe {asset}" for asset in (*watched[:MOST_OFFERS], ALL)]
        raise Misunderstood("words.missing", kinds=("assets",), offers=offers, field="asset")
    asset = None if ask.asset == ALL else ask.asset
    if ask.kind is None:
        usual = [replace(wish, asset=asset, least=ask.severity or wish.least) for wish in USUAL]
        return tuple(wish for wish in usual if reaches(wish.kind, wish.least))
    least = ask.severity or Severity.WATCH
    wishes = tuple(Subscription(asset, kind, least) for kind in ask.kind if reaches(kind, least))
    if not wishes:
        raise _never(ask, ask.kind[0])
    return wishes


def _never(ask: Subscribe, kind: Kind) -> Misunderstood:
    """The refusal of a severity that a kind never has: nobody should wait for what cannot come."""
    offer = f"/subscribe {ask.asset} {kind.value} {HIGHEST[kind].value}"
    return Misunderstood(
        "subscribe.never",
        example=offer,
        offers=(offer,),
        kind=kind.value,
        severity=HIGHEST[kind].value.upper(),
    )


async def _keep(
    wishes: tuple[Subscription, ...], context: Context, chats: Chats, *, is_least_said: bool
) -> Chat:
    """Add what is new; one that is there is changed only where its severity was said, or it was told of less."""

    def better(old: Subscription, new: Subscription) -> Subscription:
        is_wider = CLASSES.index(new.least) < CLASSES.index(old.least)
        return new if is_least_said or is_wider else old

    def with_wishes(chat: Chat) -> Chat:
        new = {(wish.asset, wish.kind): wish for wish in wishes}
        kept = [better(wish, new.pop((wish.asset, wish.kind), wish)) for wish in chat.subscriptions]
        if new and len(kept) + len(new) > MOST_SUBSCRIPTIONS:
            raise Misunderstood("subscribe.too_many", example="/unsubscribe", most=str(MOST_SUBSCRIPTIONS))
        return replace(chat, subscriptions=(*kept, *new.values()))

    return await change(context, chats, with_wishes)


COMMAND = Command(
    "subscribe",
    Subscribe,
    answer,
    help="be warned of an asset here, or of all",
    example="/subscribe BTC",
    order=43,
    needs=Role.MANAGER,
    in_menu=False,
    changes=True,
)
