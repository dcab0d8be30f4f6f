"""The depth of the books in words: what rests within 1 % a side, and what part that is of what usually does."""

from collections.abc import Iterator

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit
from market.reading import Reading


def book_lines(reading: Reading, phrases: Phrases) -> Iterator[str]:
    """For /why, under the name of the reading: bids, asks, and whether the sums are floors."""
    for side in ("bid", "ask"):
        usd, ratio = reading.facts.get(f"{side}_usd"), reading.facts.get(f"{side}_ratio")
        known = {"side": phrases.word("book_side", side), "usd": numbers.short(usd)}
        if ratio is None:
            yield fit("   " + phrases.say("why.rests", **known))
        else:
            ratios = {"ratio": numbers.percent(ratio, signed=False, digits=0)}
            told = (phrases.say(key, **known, **ratios) for key in ("why.rests_of", "why.rests_of_short"))
            yield first_that_fits(*("   " + line for line in told))
    if reading.facts.get("whole") == 0.0:
        yield fit("   " + phrases.say("why.rests_without"))
    if reading.facts.get("reaches") == 0.0:
        yield fit("   " + phrases.say("why.rests_near"))
