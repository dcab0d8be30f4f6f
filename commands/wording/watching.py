"""What is watched, in words: one asset more, one less, and where the list cannot be changed."""

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Note, Reply, Text, Tone
from commands.wording.columns import fit
from market.observations import Asset
from store.services import FeedStatus

MOST_NAMED = 20
SIMULATED = "simulated"


def describe_watch(asset: Asset, watched: tuple[Asset, ...], phrases: Phrases, *, is_new: bool) -> Reply:
    """The answer to /watch: from now on, or already."""
    heading = phrases.say("watch.begun" if is_new else "watch.already", asset=asset)
    lines = [phrases.say("watch.past"), phrases.say("watch.first_days")] if is_new else []
    return Reply(
        (Heading(fit(heading)), Text("\n".join((*lines, _all(watched, phrases))))),
        (
            Action(phrases.say("button.regime"), f"/regime {asset}"),
            Action(phrases.say("button.status"), "/status"),
        ),
        data={"asset": asset, "changed": is_new, "watched": list(watched)},
    )


def describe_unwatch(
    asset: Asset, watched: tuple[Asset, ...], phrases: Phrases, *, was_watched: bool
) -> Reply:
    """The answer to /unwatch: no longer, or never."""
    heading = phrases.say("watch.ended" if was_watched else "watch.never", asset=asset)
    return Reply(
        (Heading(fit(heading)), Text("\n".join((phrases.say("watch.forgotten"), _all(watched, phrases))))),
        (Action(phrases.say("button.watch_again"), f"/watch {asset}"),),
        data={"asset": asset, "changed": was_watched, "watched": list(watched)},
    )


def describe_played(feed: FeedStatus, watched: tuple[Asset, ...], phrases: Phrases) -> Reply:
    """The answer where the market is recorded or simulated: it has the assets it has."""
    key = "watch.simulated" if feed.source == SIMULATED else "watch.recorded"
    return Reply(
        (Note(phrases.say(key), Tone.CAUTION), Text(_all(watched, phrases))),
        data={"changed": False, "watched": list(watched)},
    )


def _all(watched: tuple[Asset, ...], phrases: Phrases) -> str:
    names = ", ".join(watched[:MOST_NAMED])
    if len(watched) > MOST_NAMED:
        names += " " + phrases.say("status.more", count=len(watched) - MOST_NAMED)
    return phrases.say("watch.all", count=len(watched), names=names)
