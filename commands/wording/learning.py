"""How far the readings have learned what is usual, in words: "liquidations: day 2 of 7", "rank over 30 of 90 days"."""

from collections.abc import Iterable, Mapping
from math import ceil

from commands.protocol.phrases import Phrases
from commands.wording.panel import FIVE
from market.reading import Learning, Presence, Reading
from market.snapshot import Snapshot

ALL = (*FIVE, "volatility")


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
    if reading.name == "price" and learning.have_days >= learning.needed_days:
        return None
    return learning_words(learning, phrases)


def learning_lines(snapshot: Snapshot, phrases: Phrases, names: Iterable[str] = FIVE) -> tuple[str, ...]:
    """One line for all readings that have learned equally far: "open interest, funding: rank over 30 of 90 days."."""
    told: dict[str, list[str]] = {}
    for name in names:
        reading = snapshot.reading(name)
        said = None if reading is None else reading_learning(reading, phrases)
        if said is not None:
            told.setdefault(said, []).append(phrases.word("input", name))
    return tuple(
        phrases.say("learning.line", inputs=", ".join(inputs), learned=said) for said, inputs in told.items()
    )


def least_learned(snapshots: Iterable[Snapshot], phrases: Phrases) -> tuple[str, ...]:
    """The same of many assets in one line a reading: the one that has learned least, and of how many it is said."""
    looked = tuple(snapshots)
    return tuple(line for name in FIVE if (line := _least(name, looked, phrases)) is not None)


def _least(name: str, snapshots: tuple[Snapshot, ...], phrases: Phrases) -> str | None:
    found = {}
    for snapshot in snapshots:
        reading = snapshot.reading(name)
        if reading is not None and reading.learning and reading_learning(reading, phrases) is not None:
            found[snapshot.asset] = reading.learning
    if not found:
        return None
    asset = min(found, key=lambda asset: found[asset].have_days)
    said = learning_words(found[asset], phrases)
    inputs = phrases.word("input", name)
    if len(found) == 1:
        return phrases.say("learning.of_one", inputs=inputs, learned=said, asset=asset)
    return phrases.say("learning.of_many", inputs=inputs, learned=said, count=len(found))


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
