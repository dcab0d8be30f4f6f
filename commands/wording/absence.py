"""What is said when nothing has been read of an asset: INSUFFICIENT DATA with the reason, never a guess."""

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Reply, Text, Tone
from commands.wording.columns import fit
from market.observations import Asset
from market.table import State
from store.services import FeedStatus

NO_SOURCE = "none"


def describe_absence(asset: Asset, feed: FeedStatus, phrases: Phrases) -> Reply:
    """The answer about an asset without a snapshot."""
    reason = phrases.say("data.none_reason", asset=asset)
    if feed.source == NO_SOURCE:
        reason = f"{reason}\n{phrases.say('data.none_source')}"
    return Reply(
        (Heading(fit(phrases.say("data.none", asset=asset)), Tone.CAUTION), Text(reason)),
        (Action(phrases.say("button.status"), "/status"),),
        data={"asset": asset, "state": State.INSUFFICIENT_DATA.value, "reason": reason},
    )
