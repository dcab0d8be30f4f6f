"""/mute: no warnings in this chat for a time, of all assets or of one."""

from dataclasses import dataclass, replace
from typing import Annotated

from commands.protocol.alert_words import ALL, AssetsWord, SpanWord, Switch
from commands.protocol.command import Command
from commands.protocol.home import change, home, standing_here
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from commands.wording.silence import describe_muted, describe_unmuted
from commands.wording.wishes import EVERYTHING, describe_nobody
from store.services import Chats
from store.wishes import Chat


@dataclass(frozen=True, slots=True)
class Mute:
    """Ask for silence."""

    time: Annotated[SpanWord, "how long, or off"]
    asset: Annotated[AssetsWord, "only this coin; all where it is not said"] | None = None


async def answer(ask: Mute, context: Context) -> Reply:
    """Until when it is silent, once that is kept for good; what still stands then is told once."""
    phrases, chats = phrases_in(context.language), context.services.chats
    if chats is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    key = EVERYTHING if ask.asset in {None, ALL} else str(ask.asset)
    if isinstance(ask.time, Switch):
        return await _unmute(key, context, chats)
    until_ms = context.now_ms + ask.time
    chat = await change(context, chats, lambda chat: replace(chat, muted_ms={**chat.muted_ms, key: until_ms}))
    return describe_muted(key or None, until_ms, chat, phrases)


async def _unmute(key: str, context: Context, chats: Chats) -> Reply:
    """Off for one asset, or for everything that is muted."""

    def without(chat: Chat) -> Chat:
        kept = {asset: until_ms for asset, until_ms in chat.muted_ms.items() if asset != key}
        return replace(chat, muted_ms=kept if key else {})

    before = await home(context, chats)
    muted = {asset for asset, until_ms in before.muted_ms.items() if until_ms > context.now_ms}
    chat = await change(context, chats, without)
    was_muted = key in muted if key else bool(muted)
    if context.services.post is not None:
        await context.services.post.hurry(context.address)
    standing = await standing_here(chat, context.services.post)
    return describe_unmuted(chat, standing, phrases_in(context.language), context.now_ms, was_muted=was_muted)


COMMAND = Command(
    "mute",
    Mute,
    answer,
    help="no warnings here for a time, of all or of one asset",
    example="/mute 2h BTC",
    order=46,
    needs=Role.MANAGER,
    in_menu=False,
    changes=True,
)
