"""/liq: how much was closed by force over five minutes, an hour and a day, and what that horizon means."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.liq import describe_liq


@dataclass(frozen=True, slots=True)
class Liq:
    """Ask what was closed by force."""

    asset: Annotated[AssetWord, "the coin to look at"] | None = None


async def answer(ask: Liq, context: Context) -> Reply:
    """The reading of it in full, venue by venue and over its own past."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    hours = await context.hours(asset)
    return describe_liq(snapshot, hours, phrases, context.rules, context.now_ms)


COMMAND = Command(
    "liq",
    Liq,
    answer,
    help="positions closed by force over 5 min, 1 h and 24 h, and what that horizon means",
    example="/liq BTC",
    order=43,
    in_menu=False,
)
