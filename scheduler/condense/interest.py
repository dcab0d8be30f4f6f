"""Open interest, chain-linked: it grows by what the venues present at both ends did, so that one that drops out is no flush.

Quant.md section 4. A venue is carried 15 minutes, then it leaves both ends; a new contract size is no crash (A11).
"""

from math import log10

from market.findings import Finding, Found
from market.formulas.open_interest import chained_growth
from market.observations import DAY_MS, MINUTE_MS, OpenInterest, Venue
from scheduler.condense.admission import (
    INTEREST_JUMP,
    as_of_ms,
    is_near,
    is_positive,
    is_timely,
    note,
    passes,
)
from scheduler.condense.memory import EXCHANGES, CondenserState, VenueMemory, first_hand

OF = "open_interest"
CARRIED_MS = 15 * MINUTE_MS
CADENCE_FACTOR = 1.1
FORGOTTEN_AFTER_MS = 7 * DAY_MS
SETTLING_MS = 3 * MINUTE_MS
"""How long the first sum waits for venues that were not heard yet: who joins later adds growth, not a level."""
OTHERS_FELL = 0.2
ROUND_FACTOR = 0.05


def take_interest(state: CondenserState, said: OpenInterest, received_at_ms: int) -> None:
    """Take one venue's open interest if it is new and plausible."""
    venue, memory = said.venue, state.venues[said.venue]
    if not is_positive(said.coins):
        note(state, Found.IMPLAUSIBLE, received_at_ms, venue, OF, None)
        return
    if not is_timely(state, venue, OF, said.known_at_ms, received_at_ms):
        return
    level, before = memory.interest, memory.interest.value
    if not passes(state, venue, OF, level, said.coins, INTEREST_JUMP, received_at_ms):
        return
    if before is not None and _is_redenomination(state, venue, said.coins / before, received_at_ms):
        note(state, Found.REDENOMINATED, received_at_ms, venue, OF, said.coins / before)
        memory.is_rebased = True
    state.presumed.pop(venue, None)
    level.value = said.coins
    level.as_of_ms = as_of_ms(memory, said.known_at_ms, received_at_ms)
    memory.interest_cadence_ms = said.cadence_ms


def weights(state: CondenserState, now_ms: int) -> dict[Venue, float]:
    """What each venue last weighed in coins, for a week: for means and shares, however old.

    One that has not spoken yet weighs what is presumed; what was recorded by others weighs where no exchange does.
    """
    known = {
        venue: memory.interest.value
        for venue, memory in state.venues.items()
        if memory.interest.value is not None and now_ms - memory.interest.as_of_ms <= FORGOTTEN_AFTER_MS
    }
    return first_hand(state.presumed | known)


def link_interest(
    state: CondenserState, now_ms: int, expected: tuple[Venue, ...], heavy: dict[Venue, float]
) -> tuple[OpenInterest | None, list[Finding]]:
    """The sum of all venues after this step, None while nothing new is known of it; and what is missing from it."""
    present = _present(state, now_ms)
    findings = _shares(heavy, first_hand(present), now_ms)
    if state.interest_coins is None:
        return _begin(state, present, now_ms, expected), findings
    joined = first_hand(present).keys() - state.linked.keys()
    findings += [Finding(Found.JOINED, now_ms, venue, OF, present[venue]) for venue in sorted(joined)]
    grown = _grown(state, present)
    # while nobody is heard the chain waits: what changed meanwhile is seen by those who are there at both ends
    state.linked = present or state.linked
    if grown is None:
        return None, findings
    state.interest_coins *= 1.0 + grown
    return _tell(state, present, now_ms), findings


def _begin(
    state: CondenserState, present: dict[Venue, float], now_ms: int, expected: tuple[Venue, ...]
) -> OpenInterest | None:
    if not present:
        return None
    if state.interest_first_ms is None:
        state.interest_first_ms = now_ms
    whole = first_hand(state.presumed | present)
    if len(whole) < len(expected) and now_ms - state.interest_first_ms < SETTLING_MS:
        return None
    # who records all venues says the same as another who does
    is_recorded = whole.keys().isdisjoint(EXCHANGES)
    state.interest_coins = max(whole.values()) if is_recorded else sum(whole.values())
    state.linked = present
    for venue in present:
        state.venues[venue].is_rebased = False
    return _tell(state, present, now_ms)


def _grown(state: CondenserState, present: dict[Venue, float]) -> float | None:
    """Growth as a fraction over the venues in both; one whose contracts were redenominated begins anew."""
    rebased = {venue for venue in present if state.venues[venue].is_rebased}
    for venue in rebased:
        state.venues[venue].is_rebased = False
    both = {venue for venue in state.linked if venue in present and venue not in rebased}
    told = first_hand(dict.fromkeys(both))
    before = {venue.value: state.linked[venue] for venue in told}
    after: dict[str, float | None] = {venue.value: present[venue] for venue in told}
    grown = chained_growth(before, after)
    return None if grown is None else grown.growth


def _tell(state: CondenserState, present: dict[Venue, float], now_ms: int) -> OpenInterest | None:
    present = first_hand(present)
    newest_ms = min(now_ms, max(state.venues[venue].interest.as_of_ms for venue in present))
    if newest_ms <= state.interest_at_ms or state.interest_coins is None:
        return None
    state.interest_at_ms = newest_ms
    cadence_ms = min(state.venues[venue].interest_cadence_ms for venue in present)
    return OpenInterest(Venue.AGGREGATE, newest_ms, state.interest_coins, max(cadence_ms, MINUTE_MS))


def _present(state: CondenserState, now_ms: int) -> dict[Venue, float]:
    return {
        venue: memory.interest.value
        for venue, memory in state.venues.items()
        if memory.interest.value is not None and _is_present(state, venue, now_ms)
    }


def _is_present(state: CondenserState, venue: Venue, now_ms: int) -> bool:
    memory = state.venues[venue]
    carried_ms = max(CARRIED_MS, int(CADENCE_FACTOR * memory.interest_cadence_ms))
    return memory.stillness.moved is None and now_ms - memory.interest.as_of_ms <= carried_ms


def _shares(known: dict[Venue, float], present: dict[Venue, float], now_ms: int) -> list[Finding]:
    total = sum(known.values())
    if total <= 0.0:
        return []
    missing = sorted(known.keys() - present.keys())
    left = [Finding(Found.LEFT_OUT, now_ms, venue, OF, known[venue] / total) for venue in missing]
    return [Finding(Found.INTEREST_SHARE, now_ms, None, OF, sum(present.values()) / total), *left]


def _is_redenomination(state: CondenserState, venue: Venue, factor: float, now_ms: int) -> bool:
    """Whether a confirmed step is of the contract: the others did not step too, or, alone, it is a power of ten."""
    if is_near(factor, 1.0, INTEREST_JUMP):
        return False
    moves = [_move(state, other, now_ms) for other in state.linked if other != venue]
    known = [move for move in moves if move is not None]
    if known:
        return all(is_near(move, 1.0, OTHERS_FELL) for move in known)
    power = log10(factor)
    return abs(power - round(power)) <= log10(1.0 + ROUND_FACTOR)


def _move(state: CondenserState, venue: Venue, now_ms: int) -> float | None:
    memory: VenueMemory = state.venues[venue]
    if memory.interest.value is None or not _is_present(state, venue, now_ms):
        return None
    suspect = memory.interest.suspect  # one that waits for a second to agree also says that it moved
    return (memory.interest.value if suspect is None else suspect) / state.linked[venue]
