"""What was noticed when the reports of several venues became one market, by name: for /status and /why."""

from dataclasses import dataclass
from enum import StrEnum

from market.observations import Venue


class Found(StrEnum):
    """What was noticed. What `Finding.value` then is stands behind each.

    Of single reports (told once): IMPLAUSIBLE (nothing), OUTLIER (the value over the others' median), QUARANTINED (over
    its own last one), CONFIRMED (the jump that a second value agreed to), REDENOMINATED (the factor), OUT_OF_ORDER (ms
    behind), CLOCK_AHEAD, CLOCK_BEHIND and CLOCK_JUMPED (ms).

    Of the step: FROZEN (how far the others moved), NO_PRICE, PRICE_VENUE (nothing), PRICE_SWITCHED (nothing; `of` is the
    venue before), INTEREST_SHARE (share of open interest that is fresh), LEFT_OUT (share of the venue that is silent),
    NEVER_HEARD (nothing: it has not even said what it lists), JOINED (its coins), FUNDING_SHARE, FUNDING_DISPERSION (largest minus smallest, per 8 h), FUNDING_SPLICED (the true mean
    of those present), RELAYED (the rate per 8 h), LIQUIDATIONS_SHARE (share of open interest whose liquidations are heard),
    FLOOR (coins: of a feed that samples), SATURATED (busy seconds of the minute), UNHEARD (minutes), TOO_LATE (coins that
    came after their minute was told), NO_SKEW (nothing), NO_BOOK (share of the venue in what rests near the price).
    """

    IMPLAUSIBLE = "implausible"
    OUTLIER = "outlier"
    QUARANTINED = "quarantined"
    CONFIRMED = "confirmed"
    REDENOMINATED = "redenominated"
    OUT_OF_ORDER = "out_of_order"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_JUMPED = "clock_jumped"
    FROZEN = "frozen"
    NO_PRICE = "no_price"
    PRICE_VENUE = "price_venue"
    PRICE_SWITCHED = "price_switched"
    INTEREST_SHARE = "interest_share"
    LEFT_OUT = "left_out"
    NEVER_HEARD = "never_heard"
    JOINED = "joined"
    FUNDING_SHARE = "funding_share"
    FUNDING_DISPERSION = "funding_dispersion"
    FUNDING_SPLICED = "funding_spliced"
    RELAYED = "relayed"
    LIQUIDATIONS_SHARE = "liquidations_share"
    FLOOR = "floor"
    SATURATED = "saturated"
    UNHEARD = "unheard"
    TOO_LATE = "too_late"
    NO_SKEW = "no_skew"
    NO_BOOK = "no_book"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed at `at_ms` (ours): of a venue (None: of all), of a kind of report, with its number (see Found)."""

    found: Found
    at_ms: int
    venue: Venue | None = None
    of: str | None = None
    value: float | None = None
