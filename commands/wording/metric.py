"""What the answers about one metric have in common: its tone, its moment, and what is said where it is not seen."""

from collections.abc import Mapping

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import fit
from commands.wording.learning import learning_of, learning_words
from commands.wording.market import source_notes
from commands.wording.panel import unseen
from commands.wording.paragraphs import second
from market.reading import Level
from market.report import HISTORY, LIVE, iso, market_time
from market.snapshot import Snapshot

DAILY = " daily"
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
    """When this was evaluated: the clock of a live market, marked for `paragraph_of`, the date of another."""
    is_live = snapshot.source == LIVE
    return second(snapshot.at_ms) if is_live else numbers.date_and_clock(snapshot.at_ms)


def known_line(snapshot: Snapshot, name: str, phrases: Phrases, age: str) -> str:
    """How old the reading is, and over how long it is ranked: "Read 9s ago, rank over 12 of 30 days."."""
    learned, is_daily = learning_of(snapshot, name), age.endswith(DAILY)
    age = age.removesuffix(DAILY)
    if learned is None:
        return phrases.say("metric.old" if is_daily else "metric.age", age=age)
    key = "metric.old_learning" if is_daily else "metric.age_learning"
    return phrases.say(key, age=age, learned=learning_words(learned, phrases))


def signed_short(usd: float | None) -> str:
    """An amount with its sign, in few columns: "+12.0M", "-1.20B"."""
    return f"+{numbers.short(usd)}" if usd is not None and usd > 0.0 else numbers.short(usd)


def as_claim(fact: float | None) -> bool | None:
    """A fact that stands for yes or no."""
    return None if fact is None else bool(fact)


def describe_unseen(snapshot: Snapshot, name: str, phrases: Phrases, now_ms: int) -> Reply:
    """The answer where the metric is not read of this asset: that, and not a number."""
    asset, metric = snapshot.asset, phrases.word("input", name)
    reason = "metric.none_recorded" if snapshot.source == HISTORY else "metric.none_reason"
    missing = ", ".join(unseen(snapshot, phrases, market_time(snapshot, now_ms), (name,)))
    return Reply(
        (
            Heading(fit(phrases.say("metric.none", asset=asset, metric=metric)), Tone.CAUTION),
            *source_notes(snapshot, phrases, now_ms),
            Text(phrases.say(reason, asset=asset, missing=missing)),
        ),
        (
            Action(phrases.say("button.regime"), f"/regime {asset}"),
            Action(phrases.say("button.status"), "/status"),
        ),
        data={"asset": asset, "at": iso(snapshot.at_ms), "source": snapshot.source, name: None},
    )
