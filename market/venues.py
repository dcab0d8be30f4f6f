"""Venues held against each other: what their rates, their leverage and their forced closing say side by side.

Of what each venue says by itself (`market.across`): shown beside the reading that is made of all of them, never judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from market.across import AtVenue
from market.findings import Finding, Found
from market.formulas.funding import dispersion, is_at_cap, weighted_by_open_interest
from market.formulas.liquidations import scaled_from_full_feed
from market.observations import HOUR_MS, Venue
from market.rules import FreshnessRules

MINUTES_AN_HOUR = 60
LEAST_TO_DIFFER = 2


@dataclass(frozen=True, slots=True)
class Rates:
    """Funding of the venues whose rate is fresh, fractions per eight hours; `counted` is how many those are.

    `mean_8h` is weighted by open interest, and so is `premium` (mark over index). `capped` are those at their cap: their
    rate is censored, the true one lies beyond.
    """

    mean_8h: float
    dispersion_8h: float
    lowest: Venue
    highest: Venue
    counted: int
    premium: float | None
    capped: tuple[Venue, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One venue's open interest in coins and US dollars, and its share of all that was told (0..1)."""

    venue: Venue
    coins: float
    usd: float | None
    share: float
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Forced:
    """Liquidations of the last hour over all venues that were heard, in US dollars by position side.

    `is_floor`: a feed samples, or a venue was not heard throughout. `long_usd_likely` is the sum with what throttled feeds
    probably left out; None where one of them left out more than can be told. `long_usd_scaled` is another guess at the same:
    what venues that tell all closed, by their open interest, at those that do not; None where no venue tells all.
    """

    long_usd: float
    short_usd: float
    is_floor: bool
    long_usd_likely: float | None
    long_usd_scaled: float | None


def rates_across(venues: Sequence[AtVenue], now_ms: int, rules: FreshnessRules) -> Rates | None:
    """What the fresh rates say together, None where there is none. Old ones have no part in it."""
    fresh = [one for one in venues if is_rate_fresh(one, now_ms, rules)]
    rates = [(one, rate) for one in fresh if (rate := one.rate_8h) is not None]
    spread = dispersion([rate for _, rate in rates])
    mean = _weighted([(one.coins, rate) for one, rate in rates])
    if spread is None or mean is None:
        return None
    return Rates(
        mean,
        spread,
        lowest=min(rates, key=lambda each: each[1])[0].venue,
        highest=max(rates, key=lambda each: each[1])[0].venue,
        counted=len(rates),
        premium=_weighted([(one.coins, one.premium) for one in fresh if one.premium is not None]),
        capped=tuple(one.venue for one in fresh if stands_at_cap(one)),
    )


def funding_spread(
    venues: Sequence[AtVenue], findings: Sequence[Finding], now_ms: int, rules: FreshnessRules
) -> float | None:
    """How far the venues' present rates lie apart (a fraction per eight hours): what every answer says of that.

    None where fewer than two say one. A market whose venues are not told apart has what was found when it was looked at.
    """
    if not venues:
        found = (one.value for one in findings if one.found is Found.FUNDING_DISPERSION)
        return next(found, None)
    across = rates_across(venues, now_ms, rules)
    return None if across is None or across.counted < LEAST_TO_DIFFER else across.dispersion_8h


def is_rate_fresh(one: AtVenue, now_ms: int, rules: FreshnessRules) -> bool:
    """Whether a rate still holds: a predicted one for minutes, a settled one for 1.1 of its intervals."""
    if one.rate is None or one.rate_at_ms is None or not one.interval_hours:
        return False
    ttl_ms = (
        rules.funding_predicted_ttl_ms
        if one.is_predicted
        else rules.cadence_factor * one.interval_hours * HOUR_MS
    )
    return now_ms - one.rate_at_ms <= ttl_ms


def stands_at_cap(one: AtVenue) -> bool:
    """Whether a venue's rate is the largest it allows, on either side."""
    return one.rate is not None and one.cap is not None and is_at_cap(one.rate, one.cap)


def standings(venues: Sequence[AtVenue], price_usd: float | None) -> tuple[Standing, ...]:
    """Where the leverage stands, the largest first; in US dollars at the venue's own mark, else at `price_usd`."""
    told = [(one, one.coins) for one in venues if one.coins is not None]
    total = sum(coins for _, coins in told)
    rows = []
    for one, coins in told:
        price = price_usd if one.mark_usd is None else one.mark_usd
        usd = None if price is None else coins * price
        rows.append(Standing(one.venue, coins, usd, coins / total if total else 0.0, one.coins_at_ms))
    return tuple(sorted(rows, key=lambda row: -row.coins))


def forced_across(venues: Sequence[AtVenue], minutes: int = MINUTES_AN_HOUR) -> Forced | None:
    """The last hour's liquidations of all venues, None where none was heard."""
    heard = [one for one in venues if one.long_usd_1h is not None and one.short_usd_1h is not None]
    if not heard:
        return None
    likely = [_likely(one) for one in heard]
    return Forced(
        sum(one.long_usd_1h or 0.0 for one in heard),
        sum(one.short_usd_1h or 0.0 for one in heard),
        is_floor=any(one.is_sample or one.heard_minutes < minutes for one in heard),
        long_usd_likely=None if None in likely else sum(usd or 0.0 for usd in likely),
        long_usd_scaled=_scaled(heard),
    )


def _scaled(heard: Sequence[AtVenue]) -> float | None:
    """Whole feeds as they are, and throttled ones as whole ones of their open interest would tell."""
    whole = [one for one in heard if not one.is_sample and one.coins]
    throttled = [one for one in heard if one.is_sample]
    known = [one.coins for one in throttled if one.coins]
    if not whole or not throttled or len(known) < len(throttled):
        return None
    full_usd = sum(one.long_usd_1h or 0.0 for one in whole)
    guess = scaled_from_full_feed(full_usd, sum(one.coins or 0.0 for one in whole), sum(known))
    return None if guess is None else full_usd + guess


def _likely(one: AtVenue) -> float | None:
    """A venue's long liquidations with what its feed probably left out; a whole feed leaves out nothing."""
    if not one.is_sample or not one.long_usd_1h:
        return one.long_usd_1h
    return None if one.missing_factor is None else one.long_usd_1h * one.missing_factor


def _weighted(said: Sequence[tuple[float | None, float]]) -> float | None:
    """The mean by open interest; a venue without one has no vote, and where nobody has one, all weigh the same."""
    weighed = [(coins, value) for coins, value in said if coins is not None]
    return weighted_by_open_interest(weighed or [(1.0, value) for _, value in said])
