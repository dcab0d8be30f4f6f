"""/skew: what protection against a fall costs over the same rise, whether that grows, and what it is read from."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.skew import describe_skew
from commands.wording.skew_chain import Listed, listed_of
from market.report import market_time
from market.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Skew:
    """Ask what options say."""

    asset: Annotated[AssetWord, "the coin to look at"] | None = None


async def answer(ask: Skew, context: Context) -> Reply:
    """The reading with the smile it is made of, and gamma near the price."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    hours = await context.hours(asset)
    listed = await _listed(snapshot, context)
    return describe_skew(snapshot, listed, hours, phrases, context.rules, context.now_ms)


async def _listed(snapshot: Snapshot, context: Context) -> Listed | None:
    """What the kept chain says now; None where none is kept or the last one is too old to be read."""
    chains = context.services.chains
    chain = None if chains is None else await chains.of(snapshot.asset)
    at_ms = market_time(snapshot, context.now_ms)
    if chain is None or at_ms - chain.as_of_ms > context.rules.freshness.options_ttl_ms:
        return None
    return listed_of(chain, at_ms, context.rules.options)


COMMAND = Command(
    "skew",
    Skew,
    answer,
    help="what protection against a fall costs over the same rise, whether it grows, and gamma near the price",
    example="/skew BTC",
    order=43,
    in_menu=False,
)
