"""What each venue says by itself, beside what is made of all of them: shown, never judged."""

from market.across import AtVenue
from market.formulas.liquidations import throttle_correction
from market.observations import HOUR_MS, MINUTE_MS, Funding, Venue
from market.rules import LiquidationRules
from scheduler.condense.memory import CondenserState, Forced, Rates, VenueMemory

ORDER = (Venue.BINANCE, Venue.OKX, Venue.BYBIT, Venue.HYPERLIQUID, Venue.DERIBIT)
MINUTES = HOUR_MS // MINUTE_MS
ALL_HEARD = (1 << MINUTES) - 1
AWAITED_MINUTES = 2
"""A minute is told up to ninety seconds after its end: the hour that is shown ends there, or with the newest one told."""
PREDICTED_TTL_MS = 10 * MINUTE_MS
SECONDS = 60
Row = tuple[int, float, float, int]
_SATURATED = LiquidationRules().saturated_share


def keep_minute(state: CondenserState, heard: list[Venue], ended_ms: int) -> None:
    """Put a minute that is closed among each venue's last hour: what it told, and that it was heard."""
    for venue, memory in state.venues.items():
        forced = memory.forced
        if venue in heard:
            shift = min(MINUTES, (ended_ms - forced.heard_to_ms) // MINUTE_MS)
            forced.heard = (forced.heard << shift | 1) & ALL_HEARD
            forced.heard_to_ms = ended_ms
        minute = forced.minutes.get(ended_ms)
        if minute is not None:
            forced.is_sample = minute.is_sample
            forced.hour.append((ended_ms, minute.long_usd, minute.short_usd, len(minute.busy)))
        while forced.hour and forced.hour[0][0] <= ended_ms - HOUR_MS:
            del forced.hour[0]


def across(state: CondenserState, now_ms: int) -> tuple[AtVenue, ...]:
    """Every venue that has said anything, in the order in which prices are believed."""
    newest_ms = now_ms // MINUTE_MS * MINUTE_MS - AWAITED_MINUTES * MINUTE_MS
    until_ms = max(state.forced_at_ms, newest_ms)
    told = [_at(venue, state.venues[venue], now_ms, until_ms) for venue in ORDER if venue in state.venues]
    return tuple([one for one in told if _says_anything(one)])


def _at(venue: Venue, memory: VenueMemory, now_ms: int, until_ms: int) -> AtVenue:
    coins, mark, forced = memory.interest, memory.mark, memory.forced
    rate, rate_at_ms = _rate(memory.rates, now_ms)
    longs, shorts, heard = _last_hour(forced, until_ms)
    return AtVenue(
        venue,
        coins=coins.value,
        coins_at_ms=None if coins.value is None else coins.as_of_ms,
        rate=None if rate is None else rate.rate,
        is_predicted=rate is not None and not rate.settled,
        settled_rate=_settled_rate(memory.rates, rate),
        interval_hours=None if rate is None else rate.interval_hours,
        next_at_ms=_next_at_ms(rate, now_ms),
        rate_at_ms=rate_at_ms,
        cap=None if rate is None else rate.cap,
        mark_usd=mark.value,
        index_usd=memory.index_usd,
        mark_at_ms=None if mark.value is None else mark.as_of_ms,
        long_usd_1h=longs,
        short_usd_1h=shorts,
        heard_minutes=heard,
        is_sample=forced.is_sample,
        missing_factor=None if not heard else missing_factor(forced, until_ms),
    )


def _says_anything(one: AtVenue) -> bool:
    said = (one.coins, one.rate, one.mark_usd, one.long_usd_1h)
    return said != (None, None, None, None)


def _rate(rates: Rates, now_ms: int) -> tuple[Funding | None, int | None]:
    """A fresh prediction of its own, then one that is relayed, then whatever was said last, with the time of that."""
    said = [
        (one, at_ms)
        for one, at_ms in (
            (rates.predicted, rates.predicted_as_of_ms),
            (rates.relayed, rates.relayed_as_of_ms),
        )
        if one is not None
    ]
    for one, at_ms in said:
        if now_ms - at_ms <= PREDICTED_TTL_MS:
            return one, at_ms
    if rates.settled:
        said.append((rates.settled[-1], rates.settled[-1].known_at_ms))
    return max(said, key=lambda each: each[1], default=(None, None))


def _settled_rate(rates: Rates, shown: Funding | None) -> float | None:
    """What was paid last, where it was for an interval as long: else it is no rate of the same kind."""
    last = rates.settled[-1] if rates.settled else None
    if last is None or (shown is not None and last.interval_hours != shown.interval_hours):
        return None
    return last.rate


def _next_at_ms(rate: Funding | None, now_ms: int) -> int | None:
    """When the next one is settled; one that has passed was the last, and the venue has not said the next one yet."""
    if rate is None or rate.next_at_ms is None or rate.next_at_ms <= now_ms:
        return None
    return rate.next_at_ms


def _last_hour(forced: Forced, until_ms: int) -> tuple[float | None, float | None, int]:
    """What was closed by force in the hour that ends at `until_ms`, and how many of its minutes were heard."""
    gone = (until_ms - forced.heard_to_ms) // MINUTE_MS
    heard = (forced.heard << gone & ALL_HEARD).bit_count() if 0 <= gone < MINUTES else 0
    rows = _rows(forced, until_ms)
    if not heard and not rows:
        return None, None, 0
    return sum([row[1] for row in rows], 0.0), sum([row[2] for row in rows], 0.0), heard


def _rows(forced: Forced, until_ms: int) -> list[Row]:
    """The minutes with any of the hour that ends at `until_ms`; what is kept is mostly that."""
    rows, after_ms = forced.hour, until_ms - HOUR_MS
    return rows if not rows or rows[0][0] > after_ms else [row for row in rows if row[0] > after_ms]


def missing_factor(forced: Forced, until_ms: int) -> float | None:
    """By how much the hour is probably short where the feed tells at most one a second: 1 for a feed that tells all.

    Each minute by the share of its seconds that had an event, the minutes by what was closed in them (section 3). It is
    that of feeds which tell the largest of a second: OKX does not say which one it tells, and a floor is not to be
    overstated. None where a minute was too full to tell.
    """
    if not forced.is_sample:
        return 1.0
    told = corrected = 0.0
    for _, longs, shorts, busy in _rows(forced, until_ms):
        found = throttle_correction(min(busy, SECONDS), SECONDS, _SATURATED)
        if found is None or found.is_saturated:
            return None
        told += longs + shorts
        corrected += (longs + shorts) * found.factor_if_largest
    return corrected / told if told else 1.0
