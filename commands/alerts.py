"""/alerts: what this chat is warned of, and how close each warning is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from commands.protocol.alert_words import ALL, AnyAssetWord, Switch, SwitchWord
from commands.protocol.command import Command
from commands.protocol.home import home, standing_here
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood
from commands.wording.overview import describe_alerts, describe_changes
from commands.wording.wishes import describe_nobody
from market.observations import Asset
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
    asset = None if ask.asset == ALL else ask.asset
    snapshots = {snapshot.asset: snapshot for snapshot in await context.look_at_all()}
    return describe_alerts(
        chat,
        [wish for wish in chat.subscriptions if asset is None or wish.asset in {None, asset}],
        [one for one in await standing_here(chat, context.services.post) if asset in {None, one.asset}],
        snapshots,
        phrases,
        context.rules,
        context.now_ms,
        asset=asset,
        is_terminal=context.is_terminal,
    )


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
