"""/unwatch: an asset is not looked at any more."""

from dataclasses import dataclass
from typing import Annotated

from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.protocol.words import AssetWord
from commands.wording.watching import describe_played, describe_unwatch


@dataclass(frozen=True, slots=True)
class Unwatch:
    """Ask to watch an asset no longer."""

    asset: Annotated[AssetWord, "the coin to watch no longer"]


async def answer(ask: Unwatch, context: Context) -> Reply:
    """That it is watched no longer; the last one stays, as a bot that watches nothing would be silent about everything."""
    phrases, watchlist = phrases_in(context.language), context.services.watchlist
    watched = await context.services.snapshots.watched()
    if watchlist is None:
        return describe_played(await context.services.feed.status(), watched, phrases)
    if watched == (ask.asset,):
        raise Misunderstood("watch.last", example="/scan", asset=ask.asset)
    was_watched = await watchlist.drop(ask.asset)
    left = await context.services.snapshots.watched()
    return describe_unwatch(ask.asset, left, phrases, was_watched=was_watched)


COMMAND = Command(
    "unwatch",
    Unwatch,
    answer,
    help="watch an asset no longer",
    example="/unwatch PEPE",
    order=53,
    needs=Role.OWNER,
    in_menu=False,
    changes=True,
)
