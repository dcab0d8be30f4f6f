"""Price: candles of the first fresh venue in order, never mixed within a bar, with the mark price of their last minute."""

from collections.abc import Iterator

from msgspec.structs import replace

from market.findings import Finding, Found
from market.observations import MINUTE_MS, SECOND_MS, Candle, Mark, Venue
from market.state.market import is_plausible
from scheduler.condense.admission import (
    as_of_ms,
    is_a_little_late,
    is_near,
    is_of_our_time,
    is_positive,
    is_price_believed,
    is_timely,
    mind_clock,
    mind_stillness,
    note,
)
from scheduler.condense.memory import CondenserState, VenueMemory
from scheduler.exchange import LIVE_STEP_MS

ORDER = (Venue.BINANCE, Venue.OKX, Venue.BYBIT, Venue.HYPERLIQUID, Venue.DERIBIT)
GRACE_MS = 45_000
"""A bar is asked for once a minute: a venue whose next one is this late is not fresh, and the next venue's is told."""
MARKS_KEPT_MS = 20 * MINUTE_MS
MARK_NEAR_MS = 15 * SECOND_MS
"""A mark further from the end of its minute is not the price there; a poll, two seconds after it, is near enough."""
RECENT_MS = 10 * MINUTE_MS
LONGEST_PAST_MS = 60 * MINUTE_MS
OPENS_NEAR = 0.02
WIDEST_BAR = 4.0
"""Coins have fallen to a fifth within an hour (2025-10-10); a slip of the decimal point is further."""


def take_mark(state: CondenserState, said: Mark, received_at_ms: int) -> None:
    """Take a mark price if it is new and plausible; it also tells the venue's clock and whether it stands still."""
    memory = state.venues[said.venue]
    is_late = is_a_little_late(memory, "mark", said.known_at_ms)
    if _is_believed(state, said, received_at_ms):
        memory.is_doubted = False
        _keep_mark(state, said, received_at_ms)
    elif not is_late:
        memory.is_doubted = True


def _is_believed(state: CondenserState, said: Mark, received_at_ms: int) -> bool:
    venue, memory = said.venue, state.venues[said.venue]
    if not is_timely(state, venue, "mark", said.known_at_ms, received_at_ms):
        return False
    mind_clock(state, venue, said.known_at_ms, received_at_ms)
    return is_price_believed(state, venue, "mark", memory.mark, said.mark_usd, received_at_ms, is_now=True)


def _keep_mark(state: CondenserState, said: Mark, received_at_ms: int) -> None:
    venue, memory = said.venue, state.venues[said.venue]
    at_ms = as_of_ms(memory, said.known_at_ms, received_at_ms)
    memory.mark.value, memory.mark.as_of_ms, memory.index_usd = said.mark_usd, at_ms, _index_of(said)
    mind_stillness(state, venue, said.mark_usd, received_at_ms)
    _keep_of_minute(memory, said.mark_usd, at_ms)
    for ended_ms in [end for end in memory.marks if end < at_ms - MARKS_KEPT_MS]:
        del memory.marks[ended_ms]


def _index_of(said: Mark) -> float | None:
    """The index a mark follows, where it is one: it is shown beside it, and nothing is judged by it."""
    return said.index_usd if said.index_usd is not None and is_positive(said.index_usd) else None


def _keep_of_minute(memory: VenueMemory, mark_usd: float, at_ms: int) -> None:
    """A mark of the end of a minute: the last one before it, or, where none was told then, the first one after it."""
    ended_ms = _minute_end(at_ms)
    if ended_ms - at_ms <= MARK_NEAR_MS:
        memory.marks[ended_ms] = mark_usd
    elif at_ms - (ended_ms - MINUTE_MS) <= MARK_NEAR_MS:
        memory.marks.setdefault(ended_ms - MINUTE_MS, mark_usd)


def take_candle(state: CondenserState, said: Candle, received_at_ms: int) -> None:
    """Take a closed bar that is newer than those handed on; one of the future or out of all proportion is refused."""
    venue, memory = said.venue, state.venues[said.venue]
    if not is_plausible(said):
        note(state, Found.IMPLAUSIBLE, received_at_ms, venue, "candles", None)
        return
    if not is_of_our_time(state, venue, "candles", said.known_at_ms, received_at_ms):
        return
    if not _is_new(state, said) or said.open_at_ms in memory.candles:
        return
    if said.known_at_ms - memory.close_at_ms > LONGEST_PAST_MS + said.step_ms:
        memory.close.value = None  # after a gap its own last close says nothing
    is_now = received_at_ms - said.known_at_ms <= RECENT_MS
    if not is_price_believed(
        state,
        venue,
        "candles",
        memory.close,
        said.close_usd,
        received_at_ms,
        is_now=is_now,
        goes_on=_goes_on(memory, said),
    ):
        return
    memory.candles[said.open_at_ms] = said
    if said.known_at_ms > memory.close_at_ms:
        memory.close.value, memory.close_at_ms = said.close_usd, said.known_at_ms


def step_price(state: CondenserState, now_ms: int) -> tuple[list[Candle], list[Finding]]:
    """The bars of the first fresh venue that begin after the last one handed on, and whose they are."""
    venue = next((one for one in _in_order(state) if _is_fresh(state.venues[one], now_ms)), None)
    if venue is None:
        return [], [Finding(Found.NO_PRICE, now_ms)]
    told = _due(state, state.venues[venue], now_ms)
    findings = [Finding(Found.PRICE_VENUE, now_ms, venue, "candles")]
    if told and venue != state.price_venue:
        if state.price_venue is not None:
            findings.append(Finding(Found.PRICE_SWITCHED, now_ms, venue, state.price_venue.value))
        state.price_venue = venue
    for memory in state.venues.values():
        for opened in [at_ms for at_ms, one in memory.candles.items() if not _is_new(state, one)]:
            del memory.candles[opened]
    return told, findings


def _goes_on(memory: VenueMemory, said: Candle) -> bool:
    """Whether a bar opens when and where the last one closed: a crash does, a wrong price or a new contract does not."""
    last = memory.close.value
    return (
        last is not None
        and said.open_at_ms == memory.close_at_ms
        and is_near(said.open_usd, last, OPENS_NEAR)
        and is_near(said.high_usd, said.low_usd, WIDEST_BAR)
    )


def _in_order(state: CondenserState) -> Iterator[Venue]:
    """The venues there are: exchanges in order, then what an operator or a simulation recorded."""
    yield from (venue for venue in ORDER if venue in state.venues)
    yield from sorted(state.venues.keys() - set(ORDER))


def _due(state: CondenserState, memory: VenueMemory, now_ms: int) -> list[Candle]:
    told: list[Candle] = []
    for opened in sorted(memory.candles):
        candle = memory.candles[opened]
        if _is_new(state, candle) and candle.known_at_ms <= now_ms:
            mark = memory.marks.get(candle.known_at_ms, candle.mark_close_usd)
            told.append(_rest_of(replace(candle, mark_close_usd=mark), state.price_at_ms))
            state.price_at_ms = candle.known_at_ms
    return told


def _is_new(state: CondenserState, said: Candle) -> bool:
    """Whether it begins where the last one told ended, or later; of a bar of a few minutes the rest is new, too."""
    if said.open_at_ms >= state.price_at_ms:
        return True
    return said.known_at_ms > state.price_at_ms and said.step_ms <= LIVE_STEP_MS


def _rest_of(said: Candle, told_ms: int) -> Candle:
    """What a bar says of the time after `told_ms`: else the hour around it would lack minutes, and be none.

    Its range is that of the whole bar, of which the beginning stands in the same hour.
    """
    if said.open_at_ms >= told_ms:
        return said
    step_ms = said.known_at_ms - told_ms
    share = step_ms / said.step_ms
    coins = None if said.volume_coins is None else said.volume_coins * share
    usd = None if said.volume_usd is None else said.volume_usd * share
    return replace(said, open_at_ms=told_ms, step_ms=step_ms, volume_coins=coins, volume_usd=usd)


def _is_fresh(memory: VenueMemory, now_ms: int) -> bool:
    """Its last bar is the one that should be known by now, and it is not frozen."""
    if memory.stillness.moved is not None or not memory.close_at_ms:
        return False
    step_ms = max((candle.step_ms for candle in memory.candles.values()), default=memory.candle_step_ms)
    memory.candle_step_ms = step_ms
    return now_ms - memory.close_at_ms <= step_ms + GRACE_MS


def _minute_end(at_ms: int) -> int:
    """The end of the minute (end - 60 s, end] that a moment lies in."""
    return -(-at_ms // MINUTE_MS) * MINUTE_MS
