"""/positions: how the positions stated in plans stand now."""

from dataclasses import dataclass

from commands.desk.own import own
from commands.desk.plans import is_watched, standing_now
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood
from commands.wording.positions import Held, describe_positions


@dataclass(frozen=True, slots=True)
class Positions:
    """Ask how all of one's positions stand."""


async def answer(ask: Positions, context: Context) -> Reply:
    """Each plan of the asker at its present price. Raises Misunderstood where nobody's are kept."""
    if context.services.people is None:
        source = (await context.services.feed.status()).source
        raise Misunderstood(f"plan_nowhere.{source}", example="/size BTC 5x 10k")
    if not context.person:
        raise Misunderstood("plan.of_nobody", example="/size BTC 5x 10k")
    held = [Held(plan, *await standing_now(context, plan)) for plan in (await own(context)).plans]
    assets = {one.plan.asset: None for one in held}
    unwatched = [asset for asset in assets if not await is_watched(context, asset)]
    phrases = phrases_in(context.language)
    return describe_positions(held, unwatched, phrases, context.rules, context.now_ms)


COMMAND = Command(
    "positions",
    Positions,
    answer,
    help="how your stated positions stand: liquidation, rungs, funding, profit",
    example="/positions",
    order=49,
    private=True,
)
"""One of the nine of the menu (product.md)."""
