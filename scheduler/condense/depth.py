"""Books: what rests near the price at each venue, summed over those that told theirs in the same minutes (section 8.3).

Every venue is asked every five minutes. Nothing is carried from one time to the next: in a fall a book of minutes ago is
no book. Who is missing is not among the parts of the sum, which is then not whole.
"""

from math import inf

from market.findings import Finding, Found
from market.observations import MINUTE_MS, SECOND_MS, Book, Depth, DepthBand, Venue
from scheduler.condense.admission import as_of_ms, is_timely, note, passes
from scheduler.condense.interest import FORGOTTEN_AFTER_MS
from scheduler.condense.memory import CondenserState, VenueMemory
from scheduler.exchange import BOOKS_EVERY_S, Kind

OF = Kind.DEPTH.value
WITHIN = 0.01
"""The band that is summed; others that a venue tells are not needed."""
CADENCE_MS = round(BOOKS_EVERY_S) * SECOND_MS
AWAITED_MS = 90 * SECOND_MS
"""So long a sum waits for venues that were in the one before: a question that failed is asked again each minute."""
TOGETHER_MS = CADENCE_MS - 30 * SECOND_MS
"""Books no further apart than this were asked for at one time, though some were asked again and again."""
OVERDUE_MS = CADENCE_MS + 3 * MINUTE_MS
"""A book older than this was not told when it was asked for."""
DEEPENING = 9.0
"""Ten times as deep as the last one waits until a second one agrees: a size misread. A book that empties does not wait."""


def take_depth(state: CondenserState, said: DepthBand, received_at_ms: int) -> None:
    """Take one venue's book if it is new and possible; one beside a price that is not believed is no book of this market."""
    venue, memory = said.venue, state.venues[said.venue]
    if said.within != WITHIN or memory.is_doubted:
        return
    if not (0.0 <= said.bid_usd < inf and 0.0 <= said.ask_usd < inf):
        note(state, Found.IMPLAUSIBLE, received_at_ms, venue, OF, None)
        return
    if is_timely(state, venue, OF, said.known_at_ms, received_at_ms) and _is_believed(
        state, said, received_at_ms
    ):
        memory.depth.value = said.bid_usd + said.ask_usd
        memory.depth.as_of_ms = as_of_ms(memory, said.known_at_ms, received_at_ms)
        memory.book = said


def take_recorded_depth(state: CondenserState, said: Depth) -> None:
    """Take a sum of a recorded past: of use for a time of which no book was told."""
    if said.known_at_ms > state.depth_at_ms:
        state.depths[said.known_at_ms] = said


def step_depth(state: CondenserState, now_ms: int) -> tuple[list[Depth], list[Finding]]:
    """The sum of the books told since the last one, None while one of them is awaited; and who is silent."""
    told = _recorded(state, now_ms)
    usual = {venue: memory for venue, memory in state.venues.items() if _is_usual(memory, now_ms)}
    news = [memory.depth.as_of_ms for memory in usual.values() if _is_news(state, memory)]
    if not news:
        return told, _silent(usual, now_ms)
    newest_ms = min(max(news), now_ms)
    missing = [memory for memory in usual.values() if not _is_of(memory, newest_ms)]
    if now_ms - min(news) >= AWAITED_MS or not any(_is_awaited(memory, newest_ms) for memory in missing):
        bands = [memory.book for memory in usual.values() if memory.book and _is_of(memory, newest_ms)]
        told.append(_sum(bands, newest_ms, is_whole=not missing))
        state.depth_at_ms = max(news)
    return told, _silent(usual, now_ms)


def _is_believed(state: CondenserState, said: DepthBand, at_ms: int) -> bool:
    level, usd = state.venues[said.venue].depth, said.bid_usd + said.ask_usd
    if not level.value or usd <= level.value:
        level.suspect = None
        return True
    return passes(state, said.venue, OF, level, usd, DEEPENING, at_ms)


def _is_usual(memory: VenueMemory, now_ms: int) -> bool:
    return memory.book is not None and now_ms - memory.depth.as_of_ms <= FORGOTTEN_AFTER_MS


def _is_news(state: CondenserState, memory: VenueMemory) -> bool:
    return memory.depth.as_of_ms > state.depth_at_ms and memory.stillness.moved is None


def _is_of(memory: VenueMemory, newest_ms: int) -> bool:
    """Whether a book was asked for at the time of the newest one; none is of a venue that hangs."""
    return memory.stillness.moved is None and newest_ms - memory.depth.as_of_ms <= TOGETHER_MS


def _is_awaited(memory: VenueMemory, newest_ms: int) -> bool:
    """Whether a venue that is missing told its book the last time, and may still tell it."""
    return memory.stillness.moved is None and newest_ms - memory.depth.as_of_ms <= OVERDUE_MS


def _sum(bands: list[DepthBand], at_ms: int, *, is_whole: bool) -> Depth:
    return Depth(
        Venue.AGGREGATE,
        at_ms,
        CADENCE_MS,
        WITHIN,
        sum(band.bid_usd for band in bands),
        sum(band.ask_usd for band in bands),
        is_whole,
        reaches=all(band.reaches for band in bands),
        books=tuple([Book(band.venue, band.bid_usd, band.ask_usd) for band in bands]),
    )


def _silent(usual: dict[Venue, VenueMemory], now_ms: int) -> list[Finding]:
    """Who told no book when it was asked for, with its share of what all of them last held."""
    total = sum(memory.depth.value or 0.0 for memory in usual.values())
    return [
        Finding(Found.NO_BOOK, now_ms, venue, OF, (memory.depth.value or 0.0) / total)
        for venue, memory in usual.items()
        if total > 0.0 and (now_ms - memory.depth.as_of_ms > OVERDUE_MS or memory.stillness.moved is not None)
    ]


def _recorded(state: CondenserState, now_ms: int) -> list[Depth]:
    ended = sorted(at_ms for at_ms in state.depths if at_ms <= now_ms)
    told = [said for at_ms in ended if (said := state.depths.pop(at_ms)).known_at_ms > state.depth_at_ms]
    if told:
        state.depth_at_ms = told[-1].known_at_ms
    return told
