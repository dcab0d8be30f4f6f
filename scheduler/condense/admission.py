"""What of a report is believed: its time (A7, A8), and its value against the others and against its own past (A6, A11)."""

from math import inf
from statistics import median

from market.findings import Finding, Found
from market.observations import MINUTE_MS, Venue
from scheduler.condense.memory import CondenserState, Level, Order, VenueMemory

FURTHEST_AHEAD_MS = MINUTE_MS
"""exchanges.md section 8: "reject ts > now+60 s"."""
FURTHEST_BEHIND_MS = MINUTE_MS
LAGS_KEPT = 3
SET_BACK_AFTER = 5
"""So many later and later stamps behind the newest, each in another answer, and the clock was set back: no replay."""
LEAST = 1e-15
"""Of US dollars or coins: with less, the step to the next number would be one of any size."""
PRICE_BAND = 0.10
"""A price further than this from the median of at least two other venues is not this market's."""
PRICE_JUMP = 0.30
INTEREST_JUMP = 1.0
"""Twice or half of the last value waits until a second one agrees: x1000, and a new contract size, are far beyond."""
AGREES = 0.10
FRESH_PRICE_MS = 2 * MINUTE_MS
STILL_TICKS = 5
OTHERS_MOVED = 0.005


def note(state: CondenserState, found: Found, at_ms: int, venue: Venue, of: str, value: float | None) -> None:
    """Remember a finding until the next step."""
    state.findings.append(Finding(found, at_ms, venue, of, value))


def is_of_our_time(state: CondenserState, venue: Venue, of: str, stamp_ms: int, received_at_ms: int) -> bool:
    """Whether a stamp is at most a minute ahead of our clock."""
    if stamp_ms <= received_at_ms + FURTHEST_AHEAD_MS:
        return True
    note(state, Found.CLOCK_AHEAD, received_at_ms, venue, of, float(stamp_ms - received_at_ms))
    return False


def is_a_little_late(memory: VenueMemory, of: str, stamp_ms: int) -> bool:
    """Whether a stamp is the newest of its kind once more, or one of the minute before it: another path, another order."""
    newest_ms = memory.orders[of].newest_ms if of in memory.orders else 0
    return 0 <= newest_ms - stamp_ms <= FURTHEST_BEHIND_MS


def is_timely(state: CondenserState, venue: Venue, of: str, stamp_ms: int, received_at_ms: int) -> bool:
    """Whether a report is newer than the last of its kind and not of the future; a duplicate is passed over in silence."""
    if not is_of_our_time(state, venue, of, stamp_ms, received_at_ms):
        return False
    order = state.venues[venue].orders.setdefault(of, Order())
    behind_ms = order.newest_ms - stamp_ms
    if behind_ms == 0:
        return False
    if behind_ms > 0 and not _is_set_back(order, stamp_ms, received_at_ms):
        note(state, Found.OUT_OF_ORDER, received_at_ms, venue, of, float(behind_ms))
        return False
    if behind_ms > 0:
        note(state, Found.CLOCK_JUMPED, received_at_ms, venue, of, float(-behind_ms))
    order.newest_ms, order.older_run = stamp_ms, 0
    return True


def _is_set_back(order: Order, stamp_ms: int, received_at_ms: int) -> bool:
    goes_on = stamp_ms > order.older_ms and received_at_ms > order.older_received_ms and order.older_run
    order.older_run = order.older_run + 1 if goes_on else 1
    order.older_ms, order.older_received_ms = stamp_ms, received_at_ms
    return order.older_run >= SET_BACK_AFTER


def mind_clock(state: CondenserState, venue: Venue, stamp_ms: int, received_at_ms: int) -> None:
    """Learn of a mark, which is told at once, how far the venue's clock is behind."""
    lags = state.venues[venue].lags_ms
    lags.append(received_at_ms - stamp_ms)
    if len(lags) > LAGS_KEPT:
        lags.popleft()
    if behind := behind_ms(state.venues[venue]):
        note(state, Found.CLOCK_BEHIND, received_at_ms, venue, "mark", float(behind))


def behind_ms(memory: VenueMemory) -> int:
    """How far a venue's clock is behind ours, 0 within a minute: the least of its last marks' lags."""
    lags = memory.lags_ms
    least = min(lags) if len(lags) == LAGS_KEPT else 0
    return least if least > FURTHEST_BEHIND_MS else 0


def as_of_ms(memory: VenueMemory, stamp_ms: int, received_at_ms: int) -> int:
    """A venue's moment by our clock: never later than when it was heard, so that no stamp makes a value fresh."""
    return min(received_at_ms, stamp_ms + behind_ms(memory))


def is_positive(value: float) -> bool:
    """Finite and above 0: NaN, infinities, 0 and less are no price and no open interest, nor is what no venue counts so finely."""
    return LEAST < value < inf


def others_price(state: CondenserState, venue: Venue, now_ms: int, least: int = 2) -> float | None:
    """The median price of the other venues that are fresh and not frozen; None of fewer than `least`."""
    prices = [
        memory.mark.value
        for other, memory in state.venues.items()
        if other != venue
        and memory.mark.value is not None
        and memory.stillness.moved is None
        and now_ms - memory.mark.as_of_ms <= FRESH_PRICE_MS
    ]
    return median(prices) if len(prices) >= least else None


def passes(
    state: CondenserState, venue: Venue, of: str, level: Level, value: float, jump: float, at_ms: int
) -> bool:
    """Whether a value is like the last one of its own, or the second in a row that says the same."""
    last, suspect = level.value, level.suspect
    level.suspect = None
    if last is None or is_near(value, last, jump):
        return True
    if suspect is not None and is_near(value, suspect, AGREES):
        note(state, Found.CONFIRMED, at_ms, venue, of, value / last)
        return True
    level.suspect = value
    note(state, Found.QUARANTINED, at_ms, venue, of, value / last)
    return False


def is_near(value: float, other: float, within: float) -> bool:
    """Whether the larger of two positive values is at most `within` (a fraction) above the smaller."""
    return max(value, other) <= min(value, other) * (1.0 + within)


def is_price_believed(
    state: CondenserState,
    venue: Venue,
    of: str,
    level: Level,
    price_usd: float,
    at_ms: int,
    *,
    is_now: bool,
    goes_on: bool = False,
) -> bool:
    """Whether a price is near the others' median, or, where they are silent, near its own last one.

    One that `goes_on` from its own last one step by step needs no second to agree.
    """
    if not is_positive(price_usd):
        note(state, Found.IMPLAUSIBLE, at_ms, venue, of, None)
        return False
    others = others_price(state, venue, at_ms) if is_now else None
    if others is None and goes_on:
        level.suspect = None
        return True
    if others is None:
        return passes(state, venue, of, level, price_usd, PRICE_JUMP, at_ms)
    level.suspect = None
    if is_near(price_usd, others, PRICE_BAND):
        return True
    note(state, Found.OUTLIER, at_ms, venue, of, price_usd / others)
    return False


def mind_stillness(state: CondenserState, venue: Venue, mark_usd: float, at_ms: int) -> None:
    """Count equal marks in a row; while the others' median moved away under them the venue is frozen (A14)."""
    still = state.venues[venue].stillness
    others = others_price(state, venue, at_ms, least=1)
    if mark_usd != still.value or not still.ticks:
        still.value, still.ticks, still.others_usd, still.moved = mark_usd, 1, others, None
        return
    still.ticks += 1
    if still.others_usd is None:
        still.others_usd = others
    if others is not None and still.others_usd is not None and still.ticks >= STILL_TICKS:
        moved = others / still.others_usd - 1.0
        if abs(moved) > OTHERS_MOVED:
            still.moved = moved
