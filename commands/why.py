"""/why: every condition behind a state with its gap, what would make it worse and what would clear it."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.why import describe_why


@dataclass(frozen=True, slots=True)
class Why:
    """Ask why an asset is in its state."""

    asset: Annotated[AssetWord, "the coin to explain"] | None = None


async def answer(ask: Why, context: Context) -> Reply:
    """The conditions met and unmet, and the table's own answer to what would change the state."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    return describe_why(snapshot, phrases, context.rules, context.now_ms)


COMMAND = Command(
    "why",
    Why,
    answer,
    help="every condition behind the state with its gap, and what would clear it",
    example="/why BTC",
    order=40,
)
