"""/levels: where forced selling waits around the price, and from which fall it would feed itself; a model."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
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
        return await absence(asset, context)
    hours = await context.hours(asset)
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
    in_menu=False,
)
