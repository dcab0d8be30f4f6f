"""/levels: where forced selling waits around the price, and from which fall it would feed itself; a model."""

from dataclasses import dataclass
from typing import Annotated

from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.absence import describe_absence
from commands.wording.levels import describe_levels, describe_no_levels
from market.levels import NoMap, hours_known, levels_of


@dataclass(frozen=True, slots=True)
class Levels:
    """Ask how much leverage sits near the price."""

    asset: Annotated[AssetWord, "the coin to look at"] | None = None


async def answer(ask: Levels, context: Context) -> Reply:
    """The fuel below and above the present price, and what it would take to set it off."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        feed, past = await context.services.feed.status(), await context.past(asset)
        return describe_absence(asset, feed, past, phrases)
    hours = None if context.services.hours is None else await context.services.hours.of(asset)
    found = levels_of(snapshot, hours)
    if isinstance(found, NoMap):
        known = 0 if hours is None else hours_known(hours)
        return describe_no_levels(snapshot, found, known, phrases, context.now_ms)
    return describe_levels(found, snapshot, phrases, context.now_ms)


COMMAND = Command(
    "levels",
    Levels,
    answer,
    help="how much leverage sits below and above the price, and the fall that sets it off; a model",
    example="/levels BTC",
    order=37,
)
