"""/subscribe: warnings of assets, or of all, are sent to this chat from now on; in a server a role may be mentioned by them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from commands.protocol.alert_words import (
    ALL,
    KindsWord,
    PingFromWord,
    RoleWord,
    SeverityWord,
    SomeAssetsWord,
    Switch,
    SwitchWord,
)
from commands.protocol.command import Command
from commands.protocol.home import USUAL, change, home, insist_on_room
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.wording.subscribing import describe_subscribed
from commands.wording.wishes import describe_nobody
from market.alerts import CLASSES, Kind, Severity
from market.alerts.reach import HIGHEST, reaches
from market.observations import Asset
from store.services import Chats
from store.wishes import Chat, Subscription

MOST_SUBSCRIPTIONS = 50
MOST_OFFERS = 6
EXAMPLE_IN_A_SERVER = "/subscribe BTC ping=<@&1234567890> ping_from=critical thread=on"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask to be warned."""

    asset: Annotated[SomeAssetsWord, "the coin, several (BTC,ETH), or all"] | None = None
    kind: Annotated[KindsWord, "of what: cascade where it is not said"] | None = None
    severity: Annotated[SeverityWord, "from how severe on"] | None = None
    ping: Annotated[RoleWord, "a server's role to mention once a wave"] | None = None
    ping_from: Annotated[PingFromWord, "from how severe on the role is mentioned"] | None = None
    thread: Annotated[SwitchWord, "in a server: a thread for what follows a wave's first message"] | None = (
        None
    )


async def answer(ask: Subscribe, context: Context) -> Reply:
    """What is heard from now on, once it is kept for good; saying it twice changes nothing."""
    phrases, chats = phrases_in(context.language), context.services.chats
    if chats is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    asked = await _wishes(ask, context)
    before = await home(context, chats)
    _insist_on_server(ask, before, context)
    if asked and not before.subscriptions:
        await insist_on_room(context, chats)
    chat = await _keep(asked, ask, context, chats)
    keys = {(wish.asset, wish.kind) for wish in asked}
    wishes = tuple(wish for wish in chat.subscriptions if (wish.asset, wish.kind) in keys)
    return describe_subscribed(
        wishes,
        chat,
        phrases,
        context.now_ms,
        left_out=_left_out(ask),
        is_new=chat.changes != before.changes,
        is_ours=ask.kind is None and ask.severity is None,
        is_terminal=context.is_terminal,
        most=MOST_SUBSCRIPTIONS,
    )


async def _wishes(ask: Subscribe, context: Context) -> tuple[Subscription, ...]:
    """What was asked for, of those kinds that are ever so severe. Raises Misunderstood where none is, or no asset is said."""
    if ask.asset is None:
        if ask.kind is None and ask.severity is None and _is_about_server(ask):
            return ()
        watched = await context.services.snapshots.watched()
        offers = [f"/subscribe {asset}" for asset in (*watched[:MOST_OFFERS], ALL)]
        raise Misunderstood("words.missing", kinds=("assets",), offers=offers, field="asset")
    assets = (None,) if ALL in ask.asset else ask.asset
    phrases = phrases_in(context.language)
    return tuple(wish for asset in assets for wish in _of_asset(ask, ask.asset, asset, phrases))


def _of_asset(
    ask: Subscribe, said: Sequence[Asset], asset: Asset | None, phrases: Phrases
) -> tuple[Subscription, ...]:
    if ask.kind is None:
        usual = [replace(wish, asset=asset, least=ask.severity or wish.least) for wish in USUAL]
        return tuple(wish for wish in usual if reaches(wish.kind, wish.least))
    least = ask.severity or Severity.WATCH
    never = _left_out(ask)
    if never and ask.kind != tuple(Kind):
        raise _never(",".join(said), never[0], phrases)
    return tuple(Subscription(asset, kind, least) for kind in ask.kind if kind not in never)


def _left_out(ask: Subscribe) -> tuple[Kind, ...]:
    """Of every kind those that are never as severe as was asked for: nothing of them comes."""
    least = ask.severity or Severity.WATCH
    return tuple(kind for kind in ask.kind or () if not reaches(kind, least))


def _never(assets: str, kind: Kind, phrases: Phrases) -> Misunderstood:
    """The refusal of a severity that a kind never has: nobody should wait for what cannot come."""
    offer = f"/subscribe {assets} {kind.value} {HIGHEST[kind].value}"
    return Misunderstood(
        "subscribe.never",
        example=offer,
        offers=(offer,),
        kind=phrases.word("alert_kind", kind.value),
        severity=phrases.word("severity", HIGHEST[kind].value),
    )


def _is_about_server(ask: Subscribe) -> bool:
    return any(said is not None for said in (ask.ping, ask.ping_from, ask.thread))


def _insist_on_server(ask: Subscribe, chat: Chat, context: Context) -> None:
    """Raises Misunderstood where there are no roles or threads, or the role cannot be meant."""
    if not _is_about_server(ask):
        return
    if not context.server:
        raise Misunderstood("subscribe.only_servers", example="/subscribe BTC")
    if ask.ping == context.server:  # a server gives the role of all its members its own number
        raise Misunderstood("subscribe.not_everyone", example=EXAMPLE_IN_A_SERVER)
    if ask.ping_from is not None and (ask.ping is Switch.OFF or not (ask.ping or chat.ping_role)):
        raise Misunderstood("subscribe.no_role", example=EXAMPLE_IN_A_SERVER)


async def _keep(wishes: tuple[Subscription, ...], ask: Subscribe, context: Context, chats: Chats) -> Chat:
    """Add what is new; one that is there is changed only where its severity was said, or it was told of less."""

    def better(old: Subscription, new: Subscription) -> Subscription:
        is_wider = CLASSES.index(new.least) < CLASSES.index(old.least)
        return new if ask.severity is not None or is_wider else old

    def with_wishes(chat: Chat) -> Chat:
        new = {(wish.asset, wish.kind): wish for wish in wishes}
        kept = [better(wish, new.pop((wish.asset, wish.kind), wish)) for wish in chat.subscriptions]
        if new and len(kept) + len(new) > MOST_SUBSCRIPTIONS:
            raise Misunderstood("subscribe.too_many", example="/unsubscribe", most=str(MOST_SUBSCRIPTIONS))
        return _in_server(replace(chat, subscriptions=(*kept, *new.values())), ask)

    return await change(context, chats, with_wishes)


def _in_server(chat: Chat, ask: Subscribe) -> Chat:
    """The chat with what was said of its role and of threads."""
    if ask.ping is not None:
        chat = replace(chat, ping_role=None if isinstance(ask.ping, Switch) else ask.ping)
    if ask.ping_from is not None:
        chat = replace(chat, ping_least=ask.ping_from)
    return chat if ask.thread is None else replace(chat, thread_a_wave=ask.thread is Switch.ON)


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
