"""Funding of all venues: the mean of rates per eight hours weighted by open interest, never of raw rates (section 5).

Where a venue is missing the mean moves on by what those present did: that it left is no reset.
"""

from math import isfinite

from msgspec.structs import replace

from market.findings import Finding, Found
from market.formulas.funding import blended, dispersion, is_at_cap, weighted_by_open_interest
from market.observations import HOUR_MS, MINUTE_MS, Funding, Venue
from market.rules import FundingRules
from scheduler.condense.admission import as_of_ms, is_of_our_time, is_timely, note, passes
from scheduler.condense.interest import FORGOTTEN_AFTER_MS
from scheduler.condense.memory import CondenserState, Rates, VenueMemory, first_hand

OF = "funding"
PREDICTED_TTL_MS = 10 * MINUTE_MS
SETTLED_FACTOR = 1.1
EIGHT_HOURS_MS = 8 * HOUR_MS
LARGEST_RATE, LONGEST_INTERVAL_HOURS = 0.1, 24.0
_CAPPED_SHARE = FundingRules().capped_share
RATE_JUMP = 0.01
"""One per cent per eight hours away from the last one waits for a second that agrees."""


def take_funding(state: CondenserState, said: Funding, received_at_ms: int, relayed_by: Venue | None) -> None:
    """Take a rate if it is new and plausible; a relayed one is kept apart, of use while the venue itself is silent."""
    venue, memory = said.venue, state.venues[said.venue]
    if not _is_possible(said):
        note(state, Found.IMPLAUSIBLE, received_at_ms, venue, OF, None)
        return
    at_ms = as_of_ms(memory, said.known_at_ms, received_at_ms)
    if said.settled:
        if is_of_our_time(state, venue, OF, said.known_at_ms, received_at_ms):
            _settle(memory.rates, said)  # pages of them are told again and again: no stamp is out of order
    elif not is_timely(state, venue, "relayed" if relayed_by else OF, said.known_at_ms, received_at_ms):
        return
    elif relayed_by:
        memory.rates.relayed, memory.rates.relayed_as_of_ms = said, at_ms
    elif passes(state, venue, OF, memory.rate, 1.0 + said.rate_8h, RATE_JUMP, received_at_ms):
        memory.rate.value = 1.0 + said.rate_8h
        _predict(memory.rates, said, at_ms)


def step_funding(
    state: CondenserState, now_ms: int, heavy: dict[Venue, float]
) -> tuple[list[Funding], list[Finding]]:
    """The mean now (as predicted, per 8 h), after each eight hours what was settled, and how far venues disagree."""
    rates, findings = _present(state, now_ms)
    spread = _spread(state, rates, now_ms)
    if spread is None:  # what was last known stays what the next mean moves on from
        return [], findings
    findings.append(Finding(Found.FUNDING_DISPERSION, now_ms, None, OF, spread))
    findings += _move_on(state, rates, now_ms, heavy)
    newest_ms = min(now_ms, max(_as_of(state.venues[venue], now_ms) for venue in rates))
    if state.funding_8h is None or newest_ms <= state.funding_at_ms:
        return [], findings
    told = _settled(state, rates, newest_ms, now_ms, heavy)
    state.funding_at_ms = newest_ms
    cap = abs(state.funding_8h) if _is_capped(state, rates, now_ms, heavy) else None
    mean = Funding(Venue.AGGREGATE, newest_ms, state.funding_8h, 8.0, settled=False, cap=cap)
    return [*told, mean], findings


def _move_on(
    state: CondenserState, rates: dict[Venue, float], now_ms: int, heavy: dict[Venue, float]
) -> list[Finding]:
    """The true mean where nobody is missing; else the last one moved by what those present at both ends did."""
    mean = _mean(rates, heavy)
    before, state.rated = state.rated, rates
    known = first_hand({venue: memory for venue, memory in state.venues.items() if _is_known(memory, now_ms)})
    total = sum(heavy.get(venue, 0.0) for venue in known)
    share = sum(heavy.get(venue, 0.0) for venue in rates) / total if total else len(rates) / len(known)
    findings = [Finding(Found.FUNDING_SHARE, now_ms, None, OF, share)]
    if state.funding_8h is None or len(rates) == len(known):
        state.funding_8h = mean
        return findings
    both = rates.keys() & before.keys()
    then = _mean({venue: before[venue] for venue in both}, heavy)
    now = _mean({venue: rates[venue] for venue in both}, heavy)
    if then is not None and now is not None:
        state.funding_8h += now - then
    return [*findings, Finding(Found.FUNDING_SPLICED, now_ms, None, OF, mean)]


def _present(state: CondenserState, now_ms: int) -> tuple[dict[Venue, float], list[Finding]]:
    rates: dict[Venue, float] = {}
    findings: list[Finding] = []
    for venue, memory in state.venues.items():
        said, is_relayed = _said_by(memory, now_ms)
        if said is not None:
            rates[venue] = _blend(memory.rates, said, now_ms)
            if is_relayed:
                findings.append(Finding(Found.RELAYED, now_ms, venue, OF, rates[venue]))
    return first_hand(rates), findings


def _spread(state: CondenserState, present: dict[Venue, float], now_ms: int) -> float | None:
    """How far apart venues say the rate is, as /funding shows them; what each paid before they paid at different hours."""
    said = [_said_by(state.venues[venue], now_ms)[0] for venue in present]
    return dispersion([one.rate_8h for one in said if one is not None])


def _is_capped(
    state: CondenserState, rates: dict[Venue, float], now_ms: int, heavy: dict[Venue, float]
) -> bool:
    """Whether the venues at their cap have most of the open interest of those that say a rate: then the mean is censored."""
    weigh = {venue: heavy.get(venue, 0.0 if heavy.keys() & rates.keys() else 1.0) for venue in rates}
    capped = [venue for venue in rates if _stands_at_cap(state.venues[venue].rates, now_ms)]
    held = sum(weigh[venue] for venue in capped)
    return bool(capped) and held >= _CAPPED_SHARE * sum(weigh.values())


def _stands_at_cap(rates: Rates, now_ms: int) -> bool:
    """Whether what a venue predicts is the largest rate that it allows."""
    said = rates.predicted
    if said is None or said.cap is None or now_ms - rates.predicted_as_of_ms > PREDICTED_TTL_MS:
        return False
    return is_at_cap(said.rate, said.cap)


def _said_by(memory: VenueMemory, now_ms: int) -> tuple[Funding | None, bool]:
    """What a venue says of its rate, and whether another venue relayed it; None while it is silent or frozen."""
    rates = memory.rates
    if memory.stillness.moved is not None:
        return None, False
    if rates.predicted is not None and now_ms - rates.predicted_as_of_ms <= PREDICTED_TTL_MS:
        return rates.predicted, False
    if rates.relayed is not None and now_ms - rates.relayed_as_of_ms <= PREDICTED_TTL_MS:
        return rates.relayed, True
    if rates.settled:
        last = rates.settled[-1]
        # what was paid before a prediction that fell silent is no news: it would look like a reset
        is_newest = last.known_at_ms >= max(rates.predicted_as_of_ms, rates.relayed_as_of_ms)
        if is_newest and now_ms - last.known_at_ms <= SETTLED_FACTOR * last.interval_hours * HOUR_MS:
            return last, False
    return None, False


def _blend(rates: Rates, said: Funding, now_ms: int) -> float:
    """Predicted and last settled by elapsed time; the prediction alone where the one before is not known."""
    if said.settled or said.next_at_ms is None or not rates.settled:
        return said.rate_8h
    interval_ms = said.interval_hours * HOUR_MS
    if rates.settled[-1].known_at_ms < said.next_at_ms - interval_ms - MINUTE_MS:
        return said.rate_8h
    elapsed_hours = said.interval_hours - (said.next_at_ms - now_ms) / HOUR_MS
    return blended(rates.settled[-1].rate_8h, said.rate_8h, elapsed_hours, said.interval_hours)


def _predict(rates: Rates, said: Funding, at_ms: int) -> None:
    """Keep a prediction. When its interval is over, the last one of the interval before is what was settled."""
    last = rates.predicted
    if last is not None and last.next_at_ms is not None and said.next_at_ms is not None:
        is_over = said.next_at_ms > last.next_at_ms
        if is_over and last.next_at_ms - last.known_at_ms <= PREDICTED_TTL_MS:
            _settle(rates, replace(last, known_at_ms=last.next_at_ms, settled=True, next_at_ms=None))
    rates.predicted, rates.predicted_as_of_ms = said, at_ms


def _settle(rates: Rates, said: Funding) -> None:
    """Keep what was paid, once a settlement (times jitter by milliseconds), for a day."""
    at_ms = round(said.known_at_ms / MINUTE_MS) * MINUTE_MS
    if rates.settled and at_ms <= rates.settled[-1].known_at_ms:
        return
    rates.settled.append(replace(said, known_at_ms=at_ms))
    while rates.settled[0].known_at_ms <= at_ms - 3 * EIGHT_HOURS_MS:
        rates.settled.popleft()


def _settled(
    state: CondenserState, present: dict[Venue, float], newest_ms: int, now_ms: int, heavy: dict[Venue, float]
) -> list[Funding]:
    """What all venues settled in the eight hours that ended last, once, when they told it or ten minutes later.

    Only beside a rate of after that: by itself what was paid would be fresh for hours while nobody is heard.
    """
    ended_ms = now_ms - now_ms % EIGHT_HOURS_MS
    if ended_ms <= state.settled_at_ms or ended_ms > newest_ms:
        return []
    means: dict[Venue, float] = {}
    for venue, memory in state.venues.items():
        rows = [
            row for row in memory.rates.settled if ended_ms - EIGHT_HOURS_MS < row.known_at_ms <= ended_ms
        ]
        if rows:
            hours = sum(row.interval_hours for row in rows)
            means[venue] = sum(row.rate_8h * row.interval_hours for row in rows) / hours
    is_waiting = any(not _has_settled(state.venues[venue], ended_ms) for venue in present)
    mean = _mean(first_hand(means), heavy)
    if mean is None or (is_waiting and now_ms - ended_ms < PREDICTED_TTL_MS):
        return []
    state.settled_at_ms = ended_ms
    return [Funding(Venue.AGGREGATE, max(ended_ms, state.funding_at_ms), mean, 8.0)]


def _has_settled(memory: VenueMemory, ended_ms: int) -> bool:
    return bool(memory.rates.settled) and memory.rates.settled[-1].known_at_ms >= ended_ms


def _mean(rates: dict[Venue, float], heavy: dict[Venue, float]) -> float | None:
    """Weighted by open interest; a venue without one has no vote, and where nobody has, all weigh the same."""
    weighed = [(heavy[venue], rate) for venue, rate in rates.items() if venue in heavy]
    return weighted_by_open_interest(weighed or [(1.0, rate) for rate in rates.values()])


def _as_of(memory: VenueMemory, now_ms: int) -> int:
    """How new a venue's rate is. Where nothing was predicted since, as in a past, what was paid holds for its interval."""
    settled = memory.rates.settled
    settled_ms = settled[-1].known_at_ms if settled else 0
    told_ms = max(memory.rates.predicted_as_of_ms, memory.rates.relayed_as_of_ms)
    if settled_ms and settled_ms >= told_ms:
        return min(now_ms, settled_ms + round(SETTLED_FACTOR * settled[-1].interval_hours * HOUR_MS))
    return min(now_ms, max(told_ms, settled_ms))


def _is_known(memory: VenueMemory, now_ms: int) -> bool:
    newest_ms = _as_of(memory, now_ms)
    return newest_ms > 0 and now_ms - newest_ms <= FORGOTTEN_AFTER_MS


def _is_possible(said: Funding) -> bool:
    is_interval = 0.0 < said.interval_hours <= LONGEST_INTERVAL_HOURS
    return is_interval and isfinite(said.rate) and abs(said.rate) < LARGEST_RATE
