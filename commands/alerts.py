"""/alerts: what this chat is warned of, and how close each warning is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from commands.protocol.alert_words import ALL, AnyAssetWord, Switch, SwitchWord
from commands.protocol.command import Command
from commands.protocol.home import MOST_LOOKED_AT, has_chosen, home, listening, standing_here
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood
from commands.wording.overview import Unchosen, describe_alerts, describe_changes
from commands.wording.wishes import describe_nobody
from market.alerts import Alert
from market.alerts.reach import still_standing
from market.observations import Asset
from market.report import LIVE
from store.wishes import Chat

_SWITCHES: Mapping[Asset, tuple[str, tuple[str, ...]]] = {
    "ON": ("alerts.switch_on", ("/subscribe all", "/alerts changes=on")),
    "OFF": ("alerts.switch_off", ("/mute 2h", "/unsubscribe")),
}
"""What may be meant by a word that switches something."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """Ask what is subscribed to."""

    asset: Annotated[AnyAssetWord, "only what concerns this coin"] | None = None
    changes: Annotated[SwitchWord, "on: all of the last twenty changes, who made them and when"] | None = None


async def answer(ask: Alerts, context: Context) -> Reply:
    """Every subscription with what it lacks, what stands, and what is silenced; anybody may read it."""
    phrases, chats = phrases_in(context.language), context.services.chats
    if chats is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    chat = await home(context, chats)
    await _mind_switch(ask.asset, chat, context)
    if ask.changes is Switch.ON:
        return describe_changes(chat, phrases)
    asset, unchosen = None if ask.asset == ALL else ask.asset, await _unchosen(chat, context)
    snapshots = {snapshot.asset: snapshot for snapshot in await context.look_at_all()}
    return describe_alerts(
        chat,
        [wish for wish in chat.subscriptions if asset is None or wish.asset in {None, asset}],
        [one for one in await _standing(chat, unchosen, context) if asset in {None, one.asset}],
        snapshots,
        phrases,
        context.rules,
        context.now_ms,
        asset=asset,
        is_terminal=context.is_terminal,
        unchosen=unchosen,
    )


async def _unchosen(chat: Chat, context: Context) -> Unchosen | None:
    """What a terminal shows where nobody has chosen: the usual of the running service, everything of a demo; None elsewhere."""
    if not context.is_terminal or has_chosen(chat):
        return None
    is_live = (await context.services.feed.status()).source == LIVE
    return Unchosen(listening(chat).subscriptions) if is_live else Unchosen(())


async def _standing(chat: Chat, unchosen: Unchosen | None, context: Context) -> tuple[Alert, ...]:
    """The warnings that stand and are told here."""
    post = context.services.post
    if unchosen is None or unchosen.usual:
        return await standing_here(listening(chat) if unchosen else chat, post)
    return () if post is None else still_standing(await post.recent(MOST_LOOKED_AT))


async def _mind_switch(asset: Asset | None, chat: Chat, context: Context) -> None:
    """Raises Misunderstood where "on" or "off" was said and is no asset here: what was meant is offered."""
    meant = None if asset is None else _SWITCHES.get(asset)
    if meant is None or any(wish.asset == asset for wish in chat.subscriptions):
        return
    if asset not in await context.services.snapshots.watched():
        key, offers = meant
        raise Misunderstood(key, offers=offers, labels=offers)


COMMAND = Command(
    "alerts",
    Alerts,
    answer,
    help="what is warned of here, and how close each warning is",
    example="/alerts",
    order=45,
)
