"""What is kept of people, in words made from the registry of keys: what it is, and for how long."""

from collections.abc import Iterable, Mapping

from commands.protocol.phrases import Phrases
from store.kept import Entry
from store.registry import entries
from store.whom import BY_THEM, Held

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
CHANGED = "changed"
"""The word for what somebody changed of chats that are not theirs: it stands in those chats' keys."""


def told_of() -> Mapping[str, tuple[Entry, ...]]:
    """The kinds of keys that people are told of, by the word they are told under, in the registry's order."""
    found: dict[str, tuple[Entry, ...]] = {}
    for entry in entries():
        if entry.told:
            found[entry.told] = (*found.get(entry.told, ()), entry)
    return found


def kept_line(word: str, kinds: Iterable[Entry], phrases: Phrases, count: int = 0) -> str:
    """One kind in a line: what it is, until when it is kept, and how often it is now."""
    line = phrases.say(
        "privacy.line", what=phrases.word("privacy_kept", word), until=_until(word, kinds, phrases)
    )
    return f"{line} {phrases.say('privacy.now', count=count)}" if count else line


def counts_of(held: Held) -> dict[str, int]:
    """How often each is kept, by the word people are told under; what says only that something else is kept counts nothing."""
    by_name = {entry.name: entry.told for entry in entries()} | {BY_THEM: CHANGED}
    counts: dict[str, int] = {}
    for name, values in held.parts.items():
        word = by_name.get(name, "")
        if word and name != "holders":
            counts[word] = counts.get(word, 0) + sum(map(_count, values))
    return counts


def _count(value: object) -> int:
    """How much one place holds: of a person as many plans and limits of their own as are kept there, of all else one."""
    if not isinstance(value, Mapping) or "plans" not in value:
        return 1
    limits = (value.get("base_leverage"), value.get("drawdown_budget"), value.get("funding_8h"))
    return max(1, len(value["plans"]) + sum(limit is not None for limit in limits))


def _until(word: str, kinds: Iterable[Entry], phrases: Phrases) -> str:
    """The longest time to live of the kinds, in words; where one has none, what ends it."""
    lasts = [entry.kept_s for entry in kinds]
    known = [kept_s for kept_s in lasts if kept_s is not None]
    if len(known) < len(lasts):
        return phrases.word("privacy_until", word)
    return span(max(known), phrases)


def span(seconds: int, phrases: Phrases) -> str:
    """A span of time in the largest unit that it is a whole number of."""
    for unit, word in ((DAY_S, "days"), (HOUR_S, "hours"), (MINUTE_S, "minutes")):
        if seconds >= 2 * unit and seconds % unit == 0:
            return phrases.say(f"privacy.{word}", count=seconds // unit)
    return phrases.say("privacy.seconds", count=seconds)
