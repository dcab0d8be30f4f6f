"""/backtest: when a warning would have fired in the kept hours, and what followed, before one subscribes to it."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.protocol.alert_words import KindsWord
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.protocol.words import AssetWord
from commands.wording.backtest import describe_backtest, describe_kinds, describe_no_backtest
from market.alerts import Kind


@dataclass(frozen=True, slots=True)
class LookBack:
    """Ask how a warning would have behaved."""

    asset: Annotated[AssetWord, "the coin to look back at"] | None = None
    kind: (
        Annotated[KindsWord, "which warning: cascade where it is not said, every for all of them"] | None
    ) = None


async def answer(ask: LookBack, context: Context) -> Reply:
    """What the kept hours of an asset would have been warned of under today's rules; it is made beforehand and only read."""
    asset, phrases = await context.asset(ask.asset), phrases_in(context.language)
    snapshot, hours = await context.look(asset), await context.hours(asset)
    if snapshot is None or hours is None:
        return await absence(asset, context)
    kept = context.services.backtests
    record = None if kept is None else await kept.of(asset)
    kinds = ask.kind or (Kind.CASCADE,)
    if record is None:
        return describe_no_backtest(
            kinds[0], snapshot, hours, phrases, context.now_ms, is_made=kept is not None
        )
    if len(kinds) > 1:
        return describe_kinds(record, kinds, snapshot, phrases)
    return describe_backtest(record, kinds[0], snapshot, hours, phrases)


COMMAND = Command(
    "backtest",
    LookBack,
    answer,
    help="when a warning would have fired in the kept hours, and what followed",
    example="/backtest BTC cascade",
    order=45,
    in_menu=False,
)
