"""The smile as three numbers at constant maturity: 25-delta put, 25-delta call and 50 delta (section 6)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from math import sqrt

from market.observations import MINUTE_MS, OptionQuote, Skew
from market.options.black76 import OptionValue, option_value
from market.options.quotes import LEAST_STRIKES, hygienic, years_left

MONTH_DAYS, WEEK_DAYS = 30.0, 7.0
FLAT_WITHIN = 0.25
"""Without expiries on both sides, one within this share of the target stands for it."""
SMILE_DELTAS = (0.10, 0.45)
LEAST_A_SIDE = 2
SUSPECT_QUALITY = 0.5


class Delta(StrEnum):
    """How delta is counted: as exchanges quote it, or less the premium, which is itself paid in coins."""

    UNADJUSTED = "unadjusted"
    PREMIUM_ADJUSTED = "premium_adjusted"


@dataclass(frozen=True, slots=True)
class Smile:
    """One maturity: the IVs of the 25-delta put, of the 25-delta call and at 50 delta; `quality` .5 on a bad surface."""

    years: float
    put_25d_iv: float
    call_25d_iv: float
    atm_iv: float
    quality: float = 1.0

    @property
    def skew_25d(self) -> float:
        """Put minus call: above 0 where protection against a fall is dearer (minus the risk reversal)."""
        return self.put_25d_iv - self.call_25d_iv

    @property
    def butterfly_25d(self) -> float:
        """What both wings cost over the middle."""
        return (self.put_25d_iv + self.call_25d_iv) / 2.0 - self.atm_iv

    @property
    def skew_over_atm(self) -> float:
        """The skew as a share of the level, comparable between assets."""
        return self.skew_25d / self.atm_iv


def smile_of(
    expiry: Sequence[tuple[OptionQuote, float]], now_ms: int, delta: Delta = Delta.UNADJUSTED
) -> Smile | None:
    """The smile of one expiry from believable quotes and their IVs, linear in delta between strikes.

    None with fewer than five strikes of 10 to 45 delta or fewer than two of them a side, and where the 25 delta or the
    middle is not bracketed. The middle is at 50 unadjusted delta in both conventions.
    """
    if not expiry:
        return None
    years = years_left(expiry[0][0], now_ms)
    valued = [(quote.is_call, iv, _value(quote, iv, years)) for quote, iv in expiry]
    puts = [(-_delta(value, delta), iv) for is_call, iv, value in valued if not is_call]
    calls = [(_delta(value, delta), iv) for is_call, iv, value in valued if is_call]
    if not _is_wide_enough(puts, calls):
        return None
    line = [(value.delta if is_call else 1.0 + value.delta, iv) for is_call, iv, value in valued]
    put, call, middle = _at(puts, 0.25), _at(calls, 0.25), _at(line, 0.5)
    if put is None or call is None or middle is None:
        return None
    return Smile(years, put, call, middle)


def _value(quote: OptionQuote, iv: float, years: float) -> OptionValue:
    return option_value(quote.forward_usd, quote.strike_usd, years, iv, is_call=quote.is_call)


def _delta(value: OptionValue, delta: Delta) -> float:
    return value.delta if delta is Delta.UNADJUSTED else value.premium_adjusted_delta


def _is_wide_enough(puts: Sequence[tuple[float, float]], calls: Sequence[tuple[float, float]]) -> bool:
    low, high = SMILE_DELTAS
    sides = [sum(low <= delta <= high for delta, _ in side) for side in (puts, calls)]
    return sum(sides) >= LEAST_STRIKES and min(sides) >= LEAST_A_SIDE


def _at(points: Iterable[tuple[float, float]], delta: float) -> float | None:
    for (left, left_iv), (right, right_iv) in pairwise(sorted(points)):
        if left <= delta <= right:
            share = 0.0 if right == left else (delta - left) / (right - left)
            return left_iv + share * (right_iv - left_iv)
    return None


def forward_variance(near: Smile, far: Smile) -> float:
    """The variance a year between two maturities at the money; below 0 the surface is bad, or an event is near."""
    return (far.atm_iv**2 * far.years - near.atm_iv**2 * near.years) / (far.years - near.years)


def at_maturity(smiles: Iterable[Smile], days: float) -> Smile | None:
    """The smile of a constant maturity: total variance linear in time, at fixed delta, between the expiries around it.

    Without both neighbours the nearest expiry stands for it if it is within 25 % of the target, else None. Quality is .5
    where forward variance between the neighbours is negative.
    """
    years = days / 365.0
    known = sorted(smiles, key=lambda smile: smile.years)
    near = [smile for smile in known if smile.years <= years]
    far = [smile for smile in known if smile.years >= years]
    if not near or not far:
        return _flat(known, years)
    return near[-1] if near[-1].years == years else _between(near[-1], far[0], years)


def _flat(known: Sequence[Smile], years: float) -> Smile | None:
    nearest = min(known, key=lambda smile: abs(smile.years - years), default=None)
    if nearest is None or abs(nearest.years / years - 1.0) > FLAT_WITHIN:
        return None
    return replace(nearest, years=years)


def _between(near: Smile, far: Smile, years: float) -> Smile:
    share = (years - near.years) / (far.years - near.years)

    def blend(of: Callable[[Smile], float]) -> float:
        low, high = of(near) ** 2 * near.years, of(far) ** 2 * far.years
        return sqrt((low + share * (high - low)) / years)

    quality = 1.0 if forward_variance(near, far) >= 0.0 else SUSPECT_QUALITY
    put, call = blend(lambda smile: smile.put_25d_iv), blend(lambda smile: smile.call_25d_iv)
    return Smile(years, put, call, blend(lambda smile: smile.atm_iv), quality)


@dataclass(frozen=True, slots=True)
class Surface:
    """What a chain says at 7 and 30 days (None: not known), and the 30-day smile by premium-adjusted delta beside it."""

    known_at_ms: int
    month: Smile | None
    week: Smile | None
    month_premium_adjusted: Smile | None

    @property
    def quality(self) -> float:
        """1, or .5 where variance between the week and the month, or between the expiries used, is negative."""
        known = [smile for smile in (self.week, self.month) if smile is not None]
        if self.week and self.month and forward_variance(self.week, self.month) < 0.0:
            return SUSPECT_QUALITY
        return min((smile.quality for smile in known), default=0.0)

    @property
    def term_inversion(self) -> float | None:
        """At-the-money IV of the week over that of the month; above 0 the near future is feared more."""
        if self.week is None or self.month is None:
            return None
        return self.week.atm_iv - self.month.atm_iv


def surface_of(chain: Iterable[OptionQuote], now_ms: int) -> Surface | None:
    """The surface of one asset's chain of one venue, None without quotes.

    Coin-margined quotes are read where there are any, else dollar-margined ones: the two are different markets.
    """
    quotes = list(chain)
    inverse = [quote for quote in quotes if quote.is_inverse]
    expiries: dict[int, list[OptionQuote]] = defaultdict(list)
    for quote in inverse or quotes:
        expiries[quote.expires_at_ms].append(quote)
    believed = [hygienic(expiry, now_ms) for expiry in expiries.values()]
    if not quotes:
        return None
    plain = [smile for expiry in believed if (smile := smile_of(expiry, now_ms))]
    adjusted = [smile for expiry in believed if (smile := smile_of(expiry, now_ms, Delta.PREMIUM_ADJUSTED))]
    return Surface(
        max(quote.known_at_ms for quote in quotes),
        at_maturity(plain, MONTH_DAYS),
        at_maturity(plain, WEEK_DAYS),
        at_maturity(adjusted, MONTH_DAYS),
    )


def skew_of(chain: Sequence[OptionQuote], now_ms: int, cadence_ms: int = MINUTE_MS) -> Skew | None:
    """The observation a chain amounts to; None where the month's smile is not known."""
    surface = surface_of(chain, now_ms)
    if surface is None or surface.month is None:
        return None
    month, week = surface.month, surface.week
    return Skew(
        chain[0].venue,
        surface.known_at_ms,
        cadence_ms,
        month.skew_25d,
        week.skew_25d if week else None,
        month.atm_iv,
        surface.quality,
    )
