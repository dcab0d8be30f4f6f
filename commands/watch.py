"""/watch: one more asset is looked at from now on, for everybody whom this bot answers."""

from dataclasses import dataclass
from typing import Annotated

from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.protocol.words import ListedWord
from commands.wording.watching import describe_played, describe_watch
from market.rules import MOST_WATCHED


@dataclass(frozen=True, slots=True)
class Watch:
    """Ask to watch an asset."""

    asset: Annotated[ListedWord, "the coin to watch from now on"]


async def answer(ask: Watch, context: Context) -> Reply:
    """That it is watched, and when its first answer can be had; refused where as many are watched as there may be."""
    phrases, watchlist = phrases_in(context.language), context.services.watchlist
    watched = await context.services.snapshots.watched()
    if watchlist is None:
        return describe_played(await context.services.feed.status(), watched, phrases)
    if ask.asset not in watched and len(watched) >= MOST_WATCHED:
        raise Misunderstood("watch.too_many", example="/scan", asset=ask.asset, most=str(MOST_WATCHED))
    is_new = await watchlist.add(ask.asset)
    return describe_watch(ask.asset, await context.services.snapshots.watched(), phrases, is_new=is_new)


COMMAND = Command(
    "watch",
    Watch,
    answer,
    help="watch one more asset; its past is read first",
    example="/watch PEPE",
    order=52,
    needs=Role.OWNER,
    in_menu=False,
    changes=True,
)
