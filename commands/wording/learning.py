"""How far the readings have learned what is usual, in words: "liquidations: day 2 of 7", "rank over 30 of 90 days"."""

from collections.abc import Iterable, Mapping
from math import ceil

from commands.protocol.phrases import Phrases
from commands.wording.panel import FIVE
from market.observations import Asset
from market.once import once
from market.reading import Learning, Presence, Reading
from market.snapshot import Snapshot

ALL = (*FIVE, "volatility", "depth")


def learning_of(snapshot: Snapshot, name: str) -> Learning | None:
    """What a reading that is there has yet to learn, None where it has learned all, or nothing is read."""
    reading = snapshot.reading(name)
    return None if reading is None or reading.presence is Presence.ABSENT else reading.learning


def learning_words(learning: Learning, phrases: Phrases) -> str:
    """Before there is a rank "day 2 of 7", after "rank over 30 of 90 days"."""
    if learning.have_days < learning.needed_days:
        day = max(1, ceil(learning.have_days - 1e-9))
        return phrases.say("learning.day", day=day, needed=f"{learning.needed_days:.0f}")
    days = min(round(learning.have_days), round(learning.full_days) - 1)
    return phrases.say("learning.rank", days=days, full=f"{learning.full_days:.0f}")


def reading_learning(reading: Reading, phrases: Phrases) -> str | None:
    """How far one reading has learned, in words that stand under its name; a price has no rank, only its ranges have."""
    learning = reading.learning
    if learning is None or reading.presence is Presence.ABSENT:
        return None
    if reading.name == "price" and is_ranked(reading):
        return None
    return learning_words(learning, phrases)


@once()
def learning_lines(snapshot: Snapshot, phrases: Phrases, names: Iterable[str] = FIVE) -> tuple[str, ...]:
    """A line for each reading without a rank, then one for all that rank over as many days of as many."""
    told: dict[str, list[str]] = {}
    for reading in _still_learning(snapshot, names):
        said, name = reading_learning(reading, phrases), phrases.word("input", reading.name)
        if said is not None:
            told.setdefault(f"{said}{'' if is_ranked(reading) else name}", [said]).append(name)
    return tuple(
        phrases.say("learning.line", inputs=", ".join(inputs), learned=said)
        for said, *inputs in told.values()
    )


def _still_learning(snapshot: Snapshot, names: Iterable[str]) -> list[Reading]:
    """The readings that have yet to learn, those without a rank first."""
    found = [reading for name in names if (reading := snapshot.reading(name)) and reading.learning]
    return sorted(found, key=is_ranked)


def is_ranked(reading: Reading) -> bool:
    """Whether enough is learned for a rank, though perhaps over a part of its past."""
    return reading.learning is None or reading.learning.have_days >= reading.learning.needed_days


def least_learned(snapshots: Iterable[Snapshot], phrases: Phrases) -> tuple[str, ...]:
    """The same of many assets in one line a reading: of the one that has learned least, and of how many it is."""
    least = [found for name in FIVE if (found := _least(name, snapshots, phrases)) is not None]
    told: dict[str, list[str]] = {}
    for said, name in least:
        told.setdefault(said, []).append(name)
    return tuple(f"{', '.join(names)}: {said}" for said, names in told.items())


def _least(name: str, snapshots: Iterable[Snapshot], phrases: Phrases) -> tuple[str, str] | None:
    found: dict[Asset, Learning] = {}
    for snapshot in snapshots:
        reading = snapshot.reading(name)
        if reading is not None and reading.learning and reading_learning(reading, phrases) is not None:
            found[snapshot.asset] = reading.learning
    if not found:
        return None
    asset = min(found, key=lambda asset: found[asset].have_days)
    said, label = learning_words(found[asset], phrases), phrases.word("input", name)
    if len(found) == 1:
        return phrases.say("learning.of_one", learned=said, asset=asset), label
    return phrases.say("learning.of_many", learned=said, count=len(found)), label


def learning_numbers(snapshot: Snapshot) -> Mapping[str, Mapping[str, float]]:
    """The numbers behind it, for JSON: have, needed and full days of each reading that has yet to learn."""
    return {
        name: {
            "have_days": learning.have_days,
            "needed_days": learning.needed_days,
            "full_days": learning.full_days,
        }
        for name in ALL
        if (learning := learning_of(snapshot, name)) is not None
    }
