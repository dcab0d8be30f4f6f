"""/funding: who pays to stay in, venue by venue, what that is together, and the leverage that stands behind it."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.funding import describe_funding


@dataclass(frozen=True, slots=True)
class Funding:
    """Ask what it costs to stay in."""

    asset: Annotated[AssetWord, "the coin to look at"] | None = None


async def answer(ask: Funding, context: Context) -> Reply:
    """Each venue's rate for its own interval, the mean of all, and what the open interest makes of it."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    hours = await context.hours(asset)
    return describe_funding(snapshot, hours, phrases, context.rules, context.now_ms)


COMMAND = Command(
    "funding",
    Funding,
    answer,
    help="who pays to stay in, per venue and together, with the leverage behind it",
    example="/funding BTC",
    order=41,
    in_menu=False,
)
