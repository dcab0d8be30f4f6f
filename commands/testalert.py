"""/testalert: one sample warning on the way that real ones take, so that it can be relied on before it is needed."""

from dataclasses import dataclass
from math import expm1
from typing import Annotated

from commands.protocol.command import Command
from commands.protocol.home import change
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from commands.protocol.words import AssetWord
from commands.wording.silence import describe_sample_sent
from commands.wording.wishes import describe_nobody
from market.alerts import Alert, Edge, Kind, Reason, Severity, context_of
from market.alerts.alert import facts_of
from market.observations import Asset
from market.snapshot import Snapshot
from market.table import State

ID = "test"
"""No warning is called so: real ones have four hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class SampleAlert:
    """Ask for a sample."""

    asset: Annotated[AssetWord, "the coin it is about"] | None = None


async def answer(ask: SampleAlert, context: Context) -> Reply:
    """That it is on its way, and how long that takes; sent in spite of mutes and quiet hours, since it was asked for."""
    phrases, chats, post = phrases_in(context.language), context.services.chats, context.services.post
    if chats is None or post is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    asset = await context.asset(ask.asset)
    await change(context, chats, lambda chat: chat)  # a chat that is not known would be passed over
    if not context.is_terminal:
        await post.test(context.address, sample(asset, await context.look(asset), context.now_ms))
    return describe_sample_sent(phrases, is_terminal=context.is_terminal)


def sample(asset: Asset, snapshot: Snapshot | None, now_ms: int) -> Alert:
    """A warning of a fall, with the numbers of now where there are any."""
    facts = {} if snapshot is None else facts_of(snapshot)
    fall = facts.get("r_24h")
    return Alert(
        id=ID,
        asset=asset,
        kind=Kind.CASCADE,
        severity=Severity.WARNING,
        edge=Edge.FIRED,
        reason=Reason.PRICE_SHOCK,
        at_ms=now_ms,
        opened_ms=now_ms,
        state=State.INSUFFICIENT_DATA if snapshot is None else snapshot.regime.state,
        lost_so_far=None if fall is None else expm1(min(0.0, fall)),
        context=() if snapshot is None else context_of(snapshot),
        facts=facts,
    )


COMMAND = Command(
    "testalert",
    SampleAlert,
    answer,
    help="one sample warning through the real path",
    example="/testalert",
    order=49,
    needs=Role.MANAGER,
    in_menu=False,
    changes=True,
)
