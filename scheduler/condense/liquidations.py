"""Liquidations: events into closed minutes, summed over venues; only a minute proven alive may count as zero (section 3)."""

from collections import Counter
from math import inf

from msgspec.structs import replace

from market.findings import Finding, Found
from market.observations import MINUTE_MS, SECOND_MS, Heartbeat, Liquidation, Liquidations, Side, Venue
from scheduler.condense.across import keep_minute
from scheduler.condense.admission import FURTHEST_AHEAD_MS, as_of_ms, is_of_our_time, note
from scheduler.condense.events import forget_events
from scheduler.condense.interest import FORGOTTEN_AFTER_MS
from scheduler.condense.memory import CondenserState, Forced, Minute
from scheduler.exchange import Kind

OF = Kind.LIQUIDATIONS.value
LONGEST_SILENCE_MS = 30 * SECOND_MS
"""Proofs of life come each five seconds; two that are further apart prove nothing of the time between."""
AWAITED_MS = 90 * SECOND_MS
"""So long after its end a minute waits for venues that were heard in the one before.

Not for those that have been silent for longer: every minute would be told too late to be fresh, and the venues that are
heard would be of no use while one is away.
"""
KEPT_MS = 15 * MINUTE_MS
SATURATED_SECONDS = 57
"""Section 3: of a feed of one order a second, "p>=.95 in any minute => mark SATURATED"."""


def take_heartbeat(state: CondenserState, said: Heartbeat, received_at_ms: int) -> None:
    """A proof of life of the channel of liquidations; those of others are not needed here.

    A venue that speaks and is not believed (an old or a future time, an impossible price, a frozen one) proves nothing.
    """
    memory = state.venues[said.venue]
    is_of_now = not memory.is_doubted and memory.stillness.moved is None
    if said.channel == OF and is_of_now and said.known_at_ms <= received_at_ms + FURTHEST_AHEAD_MS:
        _prove(memory.forced, as_of_ms(memory, said.known_at_ms, received_at_ms))


def miss_liquidations(state: CondenserState, venue: Venue, until_ms: int) -> None:
    """A channel was not heard until then (ours): the proofs before and after, however near, prove nothing of it."""
    memory = state.venues.get(venue)
    if memory is not None and until_ms >= memory.forced.alive_to_ms:
        memory.forced.alive_from_ms = memory.forced.alive_to_ms = until_ms


def begin_to_listen(state: CondenserState) -> None:
    """A program that begins has heard nothing while there was none: what was proven before proves nothing of it."""
    for memory in state.venues.values():
        memory.forced.alive_from_ms = memory.forced.alive_to_ms = 0


def take_bucket(state: CondenserState, said: Liquidations) -> None:
    """Take a sum of a recorded past: of use for a time of which no minute was heard."""
    if said.known_at_ms - said.step_ms >= state.forced_told_ms:
        state.buckets[said.known_at_ms] = said


def take_liquidations(state: CondenserState, said: list[Liquidation], received_at_ms: int) -> None:
    """Take what one answer or frame told: equal events in it are twins, equal ones of another frame are told again.

    Keys of exchanges.md section 8; a feed that samples has no twins.
    """
    in_frame: dict[tuple[Venue, str], int] = {}
    for event in said:
        if not _is_possible(state, event, received_at_ms):
            miss_liquidations(state, event.venue, received_at_ms)  # it happened, and cannot be counted
            continue
        memory = state.venues[event.venue]
        at_ms = as_of_ms(memory, event.known_at_ms, received_at_ms)
        _prove(memory.forced, at_ms)
        key = f"{event.known_at_ms} {event.side} {event.coins!r} {event.price_usd!r}"
        twins = in_frame[event.venue, key] = in_frame.get((event.venue, key), 0) + 1
        ended_ms = -(-at_ms // MINUTE_MS) * MINUTE_MS
        if ended_ms <= state.forced_at_ms:
            note(state, Found.TOO_LATE, received_at_ms, event.venue, OF, event.coins)
        else:
            minute = memory.forced.minutes.setdefault(ended_ms, Minute())
            if _add(minute, event, key, twins, at_ms) and not event.is_sample:
                memory.forced.events_ms.append(at_ms)


def step_liquidations(
    state: CondenserState, now_ms: int, heavy: dict[Venue, float]
) -> tuple[list[Liquidations], list[Finding]]:
    """The minutes that are closed and proven of at least one venue, and what is missing from them."""
    told = _recorded(state, now_ms)
    findings: list[Finding] = []
    unheard: Counter[Venue] = Counter()
    first_ms = max(state.forced_at_ms + MINUTE_MS, (now_ms - KEPT_MS) // MINUTE_MS * MINUTE_MS)
    for ended_ms in range(first_ms, now_ms + 1, MINUTE_MS):
        heard = [venue for venue, memory in state.venues.items() if ended_ms in memory.forced.proven]
        missing = [venue for venue in _usual(state, now_ms) if venue not in heard]
        awaited = [venue for venue in missing if state.heard_at_ms[venue] >= ended_ms - MINUTE_MS]
        is_awaited = bool(awaited) or not (heard or _is_passed(state, ended_ms))
        if is_awaited and now_ms - ended_ms < AWAITED_MS:
            break
        unheard.update(missing)
        if heard:
            told.append(_sum(state, heard, ended_ms, is_whole=not missing))
            state.forced_told_ms = ended_ms
            findings += _marks(state, heard, ended_ms, now_ms)
        keep_minute(state, heard, ended_ms)
        state.forced_at_ms = ended_ms
    _forget(state, now_ms)
    findings += [
        Finding(Found.UNHEARD, now_ms, venue, OF, float(minutes)) for venue, minutes in unheard.items()
    ]
    return told, [*findings, *_coverage(state, now_ms, heavy)]


def _recorded(state: CondenserState, now_ms: int) -> list[Liquidations]:
    """The sums of a recorded past that end by now and begin where nothing was told yet; minutes go on behind them."""
    told: list[Liquidations] = []
    for ended_ms in sorted(end for end in state.buckets if end <= now_ms):
        said = state.buckets.pop(ended_ms)
        if ended_ms - said.step_ms >= state.forced_told_ms:
            told.append(replace(said, venue=Venue.AGGREGATE))
            state.forced_told_ms = ended_ms
            state.forced_at_ms = max(state.forced_at_ms, ended_ms)
    return told


def _is_passed(state: CondenserState, ended_ms: int) -> bool:
    """Whether a later minute is proven already: this one will not be."""
    return any(end > ended_ms for memory in state.venues.values() for end in memory.forced.proven)


def _prove(forced: Forced, at_ms: int) -> None:
    if at_ms <= forced.alive_to_ms:
        return
    if at_ms - forced.alive_to_ms > LONGEST_SILENCE_MS:
        forced.alive_from_ms = forced.alive_to_ms = at_ms
        return
    first_ms = (forced.alive_to_ms // MINUTE_MS + 1) * MINUTE_MS
    forced.alive_to_ms = at_ms
    ends = range(first_ms, at_ms + 1, MINUTE_MS)
    forced.proven += [end for end in ends if forced.alive_from_ms <= end - MINUTE_MS]


def _add(minute: Minute, event: Liquidation, key: str, twins: int, at_ms: int) -> bool:
    """Count an event into its minute; False where it was counted before."""
    seen = minute.seen.get(key, 0)
    if twins <= seen or (event.is_sample and seen):
        return False
    minute.seen[key] = twins
    if event.side is Side.LONG:
        minute.long_coins += event.coins
        minute.long_usd += event.coins * event.price_usd
    else:
        minute.short_coins += event.coins
        minute.short_usd += event.coins * event.price_usd
    minute.is_sample = minute.is_sample or event.is_sample
    second = (at_ms - 1) // SECOND_MS
    if second not in minute.busy:
        minute.busy.append(second)
    return True


def _sum(state: CondenserState, heard: list[Venue], ended_ms: int, *, is_whole: bool) -> Liquidations:
    # what a venue told of a minute that is not proven of it happened all the same: a part of it, as the sum is then
    told = [memory.forced.minutes.get(ended_ms) for memory in state.venues.values()]
    minutes = [minute for minute in told if minute is not None]
    for venue in heard:
        state.heard_at_ms[venue] = ended_ms
    longs = sum((minute.long_coins for minute in minutes), 0.0)
    shorts = sum((minute.short_coins for minute in minutes), 0.0)
    return Liquidations(Venue.AGGREGATE, ended_ms, MINUTE_MS, longs, shorts, is_whole)


def _marks(state: CondenserState, heard: list[Venue], ended_ms: int, now_ms: int) -> list[Finding]:
    """Which of a minute's sums are floors: of feeds that sample, and those whose every second was taken."""
    findings: list[Finding] = []
    for venue in heard:
        minute = state.venues[venue].forced.minutes.get(ended_ms)
        if minute is not None and minute.is_sample:
            coins, busy = minute.long_coins + minute.short_coins, len(minute.busy)
            findings.append(Finding(Found.FLOOR, now_ms, venue, OF, coins))
            if busy >= SATURATED_SECONDS:
                findings.append(Finding(Found.SATURATED, now_ms, venue, OF, float(busy)))
    return findings


def _usual(state: CondenserState, now_ms: int) -> list[Venue]:
    """The venues whose liquidations were heard within a week."""
    return [venue for venue, at_ms in state.heard_at_ms.items() if now_ms - at_ms <= FORGOTTEN_AFTER_MS]


def _coverage(state: CondenserState, now_ms: int, heavy: dict[Venue, float]) -> list[Finding]:
    total = sum(heavy.values())
    if total <= 0.0:
        return []
    covered = sum(
        coins
        for venue, coins in heavy.items()
        if state.forced_at_ms and state.heard_at_ms.get(venue) == state.forced_at_ms
    )
    return [Finding(Found.LIQUIDATIONS_SHARE, now_ms, None, OF, covered / total)]


def _forget(state: CondenserState, now_ms: int) -> None:
    for memory in state.venues.values():
        forced = memory.forced
        forget_events(forced, now_ms)
        forced.proven = [end for end in forced.proven if end > state.forced_at_ms]
        for ended_ms in [end for end in forced.minutes if end <= state.forced_at_ms]:
            del forced.minutes[ended_ms]


def _is_possible(state: CondenserState, event: Liquidation, at_ms: int) -> bool:
    """Finite, positive, not of the future, and not more than all that is open at its venue."""
    venue, opened = event.venue, state.venues[event.venue].interest.value
    if not is_of_our_time(state, venue, OF, event.known_at_ms, at_ms):
        return False
    is_coins = 0.0 < event.coins < inf and (opened is None or event.coins <= opened)
    if is_coins and 0.0 < event.price_usd < inf:
        return True
    note(state, Found.IMPLAUSIBLE, at_ms, venue, OF, None)
    return False
