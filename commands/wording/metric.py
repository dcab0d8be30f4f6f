"""What the answers about one metric have in common: its tone, its moment, and what is said where it is not seen."""

from collections.abc import Mapping

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import fit
from commands.wording.market import source_notes
from commands.wording.panel import unseen
from market.reading import Level
from market.report import LIVE, iso, market_time
from market.snapshot import Snapshot

_TONES: Mapping[Level | None, Tone] = {
    Level.CALM: Tone.PLAIN,
    Level.CAUTION: Tone.CAUTION,
    Level.STRESS: Tone.STRESS,
    None: Tone.CAUTION,
}


def level_tone(snapshot: Snapshot, name: str) -> Tone:
    """How a reading is meant to somebody who is long; an unknown one is no calm."""
    return _TONES[snapshot.regime.levels.get(name)]


def market_moment(snapshot: Snapshot) -> str:
    """When this was evaluated: the clock of a live market, the date of another."""
    is_live = snapshot.source == LIVE
    return numbers.clock(snapshot.at_ms) if is_live else numbers.date_and_clock(snapshot.at_ms)


def describe_unseen(snapshot: Snapshot, name: str, phrases: Phrases, now_ms: int) -> Reply:
    """The answer where the metric is not read of this asset: that, and not a number."""
    asset, metric = snapshot.asset, phrases.word("input", name)
    missing = ", ".join(unseen(snapshot, phrases, market_time(snapshot, now_ms), (name,)))
    return Reply(
        (
            Heading(fit(phrases.say("metric.none", asset=asset, metric=metric)), Tone.CAUTION),
            *source_notes(snapshot, phrases, now_ms),
            Text(phrases.say("metric.none_reason", asset=asset, missing=missing)),
        ),
        (
            Action(phrases.say("button.regime"), f"/regime {asset}"),
            Action(phrases.say("button.status"), "/status"),
        ),
        data={"asset": asset, "at": iso(snapshot.at_ms), "source": snapshot.source, name: None},
    )
