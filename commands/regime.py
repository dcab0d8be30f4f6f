"""/regime: which phase of a leverage cycle an asset is in, on five readings, and what would change it."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.market import describe_regime
from commands.wording.regime_picture import regime_picture
from market.observations import Side
from market.sizing import advise


@dataclass(frozen=True, slots=True)
class Regime:
    """Ask for the state of an asset."""

    asset: Annotated[AssetWord, "the coin to look at"] | None = None


async def answer(ask: Regime, context: Context) -> Reply:
    """The state, the five readings with their ages, and what would ease it."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    advised = advise(snapshot, Side.LONG, context.rules)
    hours = await context.hours(asset)
    drawn = regime_picture(snapshot, hours, phrases, context.rules)
    return describe_regime(snapshot, advised, phrases, context.rules, context.now_ms, drawn)


COMMAND = Command(
    "regime",
    Regime,
    answer,
    help="what phase of a leverage cycle an asset is in, and on what that rests",
    example="/regime BTC",
    order=10,
    may_be_public=True,
    is_usual=True,
)
