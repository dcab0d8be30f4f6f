"""The picture of /history: half a year of states and what long liquidations came to each week, as in /regime."""

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Picture
from commands.wording.pictures import picture, states_panel, weekly_panel
from market.hourly import Hourly
from market.snapshot import Snapshot

LEAST_HOURS = 2


def history_picture(snapshot: Snapshot, hours: Hourly | None, phrases: Phrases) -> tuple[Picture, ...]:
    """The picture as a block, none where hardly an hour has closed."""
    if hours is None or len(hours) < LEAST_HOURS:
        return ()
    ribbon = states_panel(phrases.say("regime_picture.states"), hours, phrases)
    weeks = weekly_panel(
        phrases.say("regime_picture.weeks"),
        phrases.say("regime_picture.long"),
        hours,
        hours.long_liquidated_usd,
    )
    days = 0 if ribbon.band is None else len(ribbon.band.cells)
    title = phrases.say("history.picture", asset=snapshot.asset, days=days)
    return (picture("history", title, snapshot, hours, (ribbon, weeks), phrases),)
