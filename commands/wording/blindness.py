"""What owners are told, unasked, of the service itself: that it sees nothing, and from when to when it saw nothing."""

from typing import TYPE_CHECKING

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Note, Reply, Text, Tone
from commands.wording import numbers
from market.observations import DAY_MS

if TYPE_CHECKING:
    from store.sight import Spell  # it brings the library of the server, which the door opens without

UTC = " UTC"


def store_away_words(since_ms: int, phrases: Phrases) -> Reply:
    """That the store does not answer, and what that means."""
    said = phrases.say("blind.store_away", since=numbers.hour_and_minute(since_ms))
    return Reply((Note(said, Tone.CAUTION),))


def store_back_words(from_ms: int, until_ms: int, phrases: Phrases) -> Reply:
    """That the store answers again, where nobody has said yet how long the service was blind."""
    return Reply((Text(phrases.say("blind.store_back", between=between(from_ms, until_ms, phrases))),))


def stale_words(since_ms: int, phrases: Phrases) -> Reply:
    """That the market is not evaluated though the store answers."""
    said = phrases.say("blind.stale", since=numbers.hour_and_minute(since_ms))
    return Reply((Note(said, Tone.CAUTION),))


def blind_words(spell: "Spell", phrases: Phrases) -> Reply:
    """From when to when nothing was seen, and why."""
    return Reply((Note(blind_sentence(spell, phrases), Tone.CAUTION),))


def blind_sentence(spell: "Spell", phrases: Phrases) -> str:
    """The same as a sentence: "Seawall was blind 07:10 to 07:42 UTC: the store was away."."""
    why = phrases.say(f"blind.{spell.why.value}")
    return phrases.say("blind.was", between=between(spell.from_ms, spell.until_ms, phrases), why=why)


def between(from_ms: int, until_ms: int, phrases: Phrases) -> str:
    """Two times of one day, "07:10 to 07:42 UTC"; of two days with their dates."""
    if from_ms // DAY_MS == until_ms // DAY_MS:
        begin, end = (numbers.hour_and_minute(at_ms).removesuffix(UTC) for at_ms in (from_ms, until_ms))
        return phrases.say("blind.between", begin=begin, end=end)
    begin, end = map(numbers.date_and_clock, (from_ms, until_ms))
    return phrases.say("blind.between_days", begin=begin, end=end)
