"""/oi: where the leverage stands, whether it grows in coins, and what price did to its dollars."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.oi import describe_oi


@dataclass(frozen=True, slots=True)
class Oi:
    """Ask what leverage stands."""

    asset: Annotated[AssetWord, "the coin to look at"] | None = None


async def answer(ask: Oi, context: Context) -> Reply:
    """The reading of it in full, venue by venue and over its own past."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    hours = await context.hours(asset)
    return describe_oi(snapshot, hours, phrases, context.rules, context.now_ms)


COMMAND = Command(
    "oi",
    Oi,
    answer,
    help="where the leverage stands, and whether it grows in coins or only in dollars",
    example="/oi BTC",
    order=42,
    in_menu=False,
)
