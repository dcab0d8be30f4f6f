"""/ack: somebody has seen this warning; it is not repeated in this chat."""

from dataclasses import dataclass, replace
from typing import Annotated

from commands.protocol.alert_words import IdWord
from commands.protocol.command import Command
from commands.protocol.home import MOST_LOOKED_AT, change, home, standing_here
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from commands.wording.silence import describe_acknowledged, describe_standing
from commands.wording.wishes import describe_nobody
from market.alerts import Alert
from market.alerts.reach import still_standing
from store.services import Chats
from store.wishes import Chat

MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Ack:
    """Say that a warning was seen."""

    id: Annotated[IdWord, "the warning's short name"] | None = None


async def answer(ask: Ack, context: Context) -> Reply:
    """That it is not repeated, once that is kept for good; an id that stands for nothing is answered with those that do."""
    phrases, chats, post = phrases_in(context.language), context.services.chats, context.services.post
    if chats is None or post is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    chat = await home(context, chats)
    standing = still_standing(await post.recent(MOST_LOOKED_AT))
    meant = next((alert for alert in standing if alert.id == ask.id), None)
    if meant is None:
        return describe_standing(ask.id, await standing_here(chat, post), phrases, context.now_ms)
    await _keep(meant, context, chats)
    return describe_acknowledged(meant, phrases, context.now_ms, is_new=meant.id not in chat.acknowledged)


async def _keep(alert: Alert, context: Context, chats: Chats) -> None:
    def with_id(chat: Chat) -> Chat:
        return replace(chat, acknowledged=tuple(dict.fromkeys((*chat.acknowledged, alert.id)))[-MOST_KEPT:])

    await change(context, chats, with_id)


COMMAND = Command(
    "ack",
    Ack,
    answer,
    help="a warning was seen: it is not repeated here",
    example="/ack #c7f2",
    order=47,
    needs=Role.MANAGER,
    in_menu=False,
    changes=True,
)
