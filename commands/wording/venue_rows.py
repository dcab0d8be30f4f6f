"""What each venue says by itself, a row each in 37 columns: its rate, its premium and interest, its forced closing."""

from collections.abc import Mapping, Sequence
from functools import partial

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.aging import Line
from commands.wording.columns import COLUMNS, fit
from market.across import AtVenue
from market.formulas.funding import apr
from market.observations import HOUR_MS, MINUTE_MS
from market.report import iso
from market.rules import FreshnessRules
from market.venues import Standing, is_rate_fresh, standings, stands_at_cap

NAME_COLUMNS = 9
OWN_COLUMNS, PER_8H_COLUMNS, YEAR_COLUMNS = 11, 8, 6
MINUTES_OF_HOUR = 60
MOST_MINUTES_MS = 100 * MINUTE_MS


def rate_rows(venues: Sequence[AtVenue], phrases: Phrases, rules: FreshnessRules) -> tuple[Line, ...]:
    """Each venue's rate for its own interval, per eight hours and per year, and how long until it is paid."""
    said = [one for one in venues if one.rate is not None]
    head = [phrases.word("venue_head", name) for name in ("own", "per_8h", "per_year", "in")]
    return (_rate_row("", *head), *(_rate_of(one, phrases, rules) for one in said)) if said else ()


def premium_rows(venues: Sequence[AtVenue], price_usd: float | None, phrases: Phrases) -> tuple[Line, ...]:
    """Each venue's premium of mark over index beside the leverage that stands there, the largest first."""
    rows = standings(venues, price_usd)
    if not rows:
        return ()
    by_venue = {one.venue: one for one in venues}
    head = [phrases.word("venue_head", name) for name in ("premium", "interest_usd", "share", "age")]
    return (_premium_row("", *head), *(_premium_of(row, by_venue[row.venue], phrases) for row in rows))


def interest_rows(venues: Sequence[AtVenue], price_usd: float | None, phrases: Phrases) -> tuple[Line, ...]:
    """Where the leverage stands: coins, US dollars, share and age, the largest first."""
    rows = standings(venues, price_usd)
    if not rows:
        return ()
    head = [phrases.word("venue_head", name) for name in ("coins", "interest_usd", "share", "age")]
    lines = (
        partial(
            _aged_row,
            (name_of(row.venue, phrases), numbers.short(row.coins), numbers.short(row.usd), share_of(row)),
            row.at_ms,
        )
        for row in rows
    )
    return (_premium_row("", *head), *lines)


def forced_rows(venues: Sequence[AtVenue], phrases: Phrases) -> tuple[str, ...]:
    """What each venue closed by force in the last hour, and how much of that hour was heard of it; ">" marks a floor."""
    said = [one for one in venues if one.long_usd_1h is not None]
    head = [phrases.word("venue_head", name) for name in ("longs", "shorts", "heard")]
    return (_forced_row("", *head), *(_forced_of(one, phrases) for one in said)) if said else ()


def name_of(venue: str, phrases: Phrases) -> str:
    """A venue's name in the columns there are for it: "Hyperliquid" is "Hyperliq"."""
    return phrases.word("venue", venue)[: NAME_COLUMNS - 1]


def share_of(row: Standing) -> str:
    """A share of all open interest that was told."""
    return numbers.percent(row.share, signed=False, digits=0)


def venues_numbers(venues: Sequence[AtVenue]) -> list[Mapping[str, object]]:
    """The numbers behind it, for JSON: fractions, coins, US dollars; null where a venue says none."""
    return [
        {
            "venue": one.venue.value,
            "open_interest_coins": one.coins,
            "open_interest_at": _iso(one.coins_at_ms),
            "rate": one.rate,
            "interval_hours": one.interval_hours,
            "rate_8h": one.rate_8h,
            "is_predicted": one.is_predicted,
            "settled_rate": one.settled_rate,
            "rate_at": _iso(one.rate_at_ms),
            "next_settlement": _iso(one.next_at_ms),
            "cap": one.cap,
            "at_cap": stands_at_cap(one) if one.cap is not None else None,
            "mark": one.mark_usd,
            "index": one.index_usd,
            "premium": one.premium,
            "long_usd_1h": one.long_usd_1h,
            "short_usd_1h": one.short_usd_1h,
            "heard_minutes": one.heard_minutes,
            "is_sample": one.is_sample,
            "missing_factor": one.missing_factor,
        }
        for one in venues
    ]


def own_rate(one: AtVenue) -> str:
    """A rate with the interval the venue states it for: ".0025%/4h"."""
    if one.rate is None or not one.interval_hours:
        return numbers.UNKNOWN
    return f"{numbers.rate(one.rate).removesuffix('/8h')}/{numbers.general(one.interval_hours)}h"


def _rate_of(one: AtVenue, phrases: Phrases, rules: FreshnessRules) -> Line:
    per_year = None if one.rate is None or not one.interval_hours else apr(one.rate, one.interval_hours)
    year = numbers.percent(per_year, signed=False, digits=0)
    cells = (name_of(one.venue, phrases), own_rate(one), numbers.rate(one.rate_8h).removesuffix("/8h"), year)
    return lambda at_ms: _rate_row(*cells, _left(one, phrases, rules, at_ms))


def _left(one: AtVenue, phrases: Phrases, rules: FreshnessRules, at_ms: int) -> str:
    """How long until the rate is paid; "old" and "paid" where it is none of the interval that runs."""
    if not is_rate_fresh(one, at_ms, rules):
        return phrases.say("funding.old")
    if not one.is_predicted:
        return phrases.say("funding.paid")
    if one.next_at_ms is None:
        return phrases.say("funding.always")
    left_ms = max(0, one.next_at_ms - at_ms)
    if MOST_MINUTES_MS <= left_ms < 2 * HOUR_MS:  # "104m" would leave no blank before it
        left_ms = 2 * HOUR_MS
    return numbers.age(left_ms).replace("min", "m")


def _rate_row(name: str, own: str, per_8h: str, per_year: str, left: str) -> str:
    """A rate that is longer than its column takes what the year's leaves, or of the name before it: no number is cut."""
    more = max(0, len(per_8h) + 1 - PER_8H_COLUMNS)
    end = f"{per_8h:>{PER_8H_COLUMNS + more}}{' ' + per_year:>{YEAR_COLUMNS - more}}{left:>4}"
    room = COLUMNS - len(end) - 1 - max(len(own), OWN_COLUMNS - 1)
    return fit(f"{name[:room]:<{room}} {own:>{OWN_COLUMNS - 1}}{end}")


def _premium_of(row: Standing, one: AtVenue, phrases: Phrases) -> Line:
    premium, usd = numbers.percent(one.premium, digits=3), numbers.short(row.usd)
    return partial(_aged_row, (name_of(row.venue, phrases), premium, usd, share_of(row)), one.mark_at_ms)


def _aged_row(cells: tuple[str, str, str, str], then_ms: int | None, at_ms: int) -> str:
    return _premium_row(*cells, _age(then_ms, at_ms))


def _premium_row(name: str, first: str, usd: str, share: str, age: str) -> str:
    return fit(f"{name:<{NAME_COLUMNS}}{first:>9}{usd:>8}{share:>6}{age:>5}")


def _forced_of(one: AtVenue, phrases: Phrases) -> str:
    floor = ">" if one.is_sample and (one.long_usd_1h or one.short_usd_1h) else ""
    return _forced_row(
        name_of(one.venue, phrases),
        floor + numbers.short(one.long_usd_1h),
        floor + numbers.short(one.short_usd_1h),
        f"{min(one.heard_minutes, MINUTES_OF_HOUR)}m",
    )


def _forced_row(name: str, longs: str, shorts: str, heard: str) -> str:
    return fit(f"{name:<{NAME_COLUMNS}}{longs:>10}{shorts:>10}{heard:>8}")


def _age(then_ms: int | None, at_ms: int) -> str:
    if then_ms is None:
        return numbers.age(None)
    age_ms = max(0, at_ms - then_ms)
    return numbers.age(age_ms).replace("min", "m") if age_ms >= MINUTE_MS else numbers.age(age_ms)


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
