"""/check: the four checks before a trade, for a long or a short."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord, SideWord
from commands.wording.checks import describe_check
from market.observations import Side
from market.sizing import advise


@dataclass(frozen=True, slots=True)
class Check:
    """Ask whether the market stands against a new position."""

    asset: Annotated[AssetWord, "the coin to trade"] | None = None
    side: Annotated[SideWord, "long or short; long where it is not said"] = Side.LONG


async def answer(ask: Check, context: Context) -> Reply:
    """How many of the four checks flash against that side, and what is advised of new risk on it."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    advised = advise(snapshot, ask.side, context.rules)
    return describe_check(snapshot, advised, phrases, context.rules, context.now_ms)


COMMAND = Command(
    "check",
    Check,
    answer,
    help="the four checks before a trade: proceed, reduce or wait",
    example="/check BTC long",
    order=30,
)
