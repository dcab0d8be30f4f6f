"""/history: what was warned of here, what price did afterwards, and how often a sell-off followed: the bot's own record."""

from dataclasses import dataclass
from typing import Annotated

from commands.protocol.alert_words import ALL, AnyAssetWord, KindsWord, PageWord
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, said
from commands.wording.history import Past, describe_history, describe_no_history
from market.alerts import Alert, Kind
from market.observations import Asset


@dataclass(frozen=True, slots=True)
class History:
    """Ask what was warned of."""

    asset: Annotated[AnyAssetWord, "only warnings of this coin"] | None = None
    kind: Annotated[KindsWord, "only warnings of this kind"] | None = None
    page: Annotated[PageWord, "2 for older ones, 3 for older still"] | None = None


async def answer(ask: History, context: Context) -> Reply:
    """The warnings of a year that began or grew worse, newest first; hours and looks back say what became of them.

    Raises Misunderstood for a word that is no watched asset and of which nothing was ever told.
    """
    phrases, kept = phrases_in(context.language), context.services.warned
    if kept is None:
        return describe_no_history(phrases)
    asset = None if ask.asset == ALL else ask.asset
    told = [alert for alert in await kept.told() if asset in {None, alert.asset}]
    if asset is not None and not told:
        await _insist_on_watched(asset, context)
    of = dict.fromkeys(([] if asset is None else [asset]) + [alert.asset for alert in told])
    pasts = {one: await _past(one, told, context) for one in of}
    snapshot = None if asset is None else await context.look(asset)
    kinds = () if ask.kind is None or len(ask.kind) == len(Kind) else ask.kind
    shown = [alert for alert in told if alert.kind in kinds] if kinds else told
    return describe_history(shown, pasts, asset, kinds, snapshot, ask.page or 1, phrases)


async def _insist_on_watched(asset: Asset, context: Context) -> None:
    watched = await context.services.snapshots.watched()
    if asset not in watched:
        raise Misunderstood("words.not_watched", said=said(asset), watched=", ".join(watched[:6]))


async def _past(asset: Asset, told: list[Alert], context: Context) -> Past:
    looks = context.services.backtests
    record = None if looks is None else await looks.of(asset)
    return Past(tuple(alert for alert in told if alert.asset == asset), await context.hours(asset), record)


COMMAND = Command(
    "history",
    History,
    answer,
    help="past warnings with what price did 1 h, 4 h and 24 h later",
    example="/history BTC",
    order=45,
    in_menu=False,
)
