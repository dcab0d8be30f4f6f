"""/funding: who pays to stay in, venue by venue, what that is together, and the leverage that stands behind it."""

from dataclasses import dataclass
from typing import Annotated

from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.absence import describe_absence
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
        feed, past = await context.services.feed.status(), await context.past(asset)
        return describe_absence(asset, feed, past, phrases)
    hours = None if context.services.hours is None else await context.services.hours.of(asset)
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
