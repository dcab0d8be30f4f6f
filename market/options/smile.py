"""The smile as three numbers at constant maturity: 25-delta put, 25-delta call and 50 delta (section 6)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from math import sqrt

from market.observations import MINUTE_MS, OptionQuote, Skew
from market.option_rules import OptionRules
from market.options.black76 import OptionValue, option_value
from market.options.quotes import STANDARD, LeftOut, examine, years_left

MONTH_DAYS, WEEK_DAYS = 30.0, 7.0


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
    expiry: Sequence[tuple[OptionQuote, float]],
    now_ms: int,
    delta: Delta = Delta.UNADJUSTED,
    rules: OptionRules = STANDARD,
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
    if not _is_wide_enough(puts, calls, rules):
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


def _is_wide_enough(
    puts: Sequence[tuple[float, float]], calls: Sequence[tuple[float, float]], rules: OptionRules
) -> bool:
    low, high = rules.least_delta, rules.most_delta
    sides = [sum(low <= delta <= high for delta, _ in side) for side in (puts, calls)]
    return sum(sides) >= rules.least_strikes and min(sides) >= rules.least_a_side


def _at(points: Iterable[tuple[float, float]], delta: float) -> float | None:
    for (left, left_iv), (right, right_iv) in pairwise(sorted(points)):
        if left <= delta <= right:
            share = 0.0 if right == left else (delta - left) / (right - left)
            return left_iv + share * (right_iv - left_iv)
    return None


def forward_variance(near: Smile, far: Smile) -> float:
    """The variance a year between two maturities at the money; below 0 the surface is bad, or an event is near."""
    return (far.atm_iv**2 * far.years - near.atm_iv**2 * near.years) / (far.years - near.years)


def at_maturity(smiles: Iterable[Smile], days: float, rules: OptionRules = STANDARD) -> Smile | None:
    """The smile of a constant maturity: total variance linear in time, at fixed delta, between the expiries around it.

    Without both neighbours the nearest expiry stands for it if it is within 25 % of the target, else None. Quality is .5
    where forward variance between the neighbours is negative.
    """
    years = days / 365.0
    known = sorted(smiles, key=lambda smile: smile.years)
    near = [smile for smile in known if smile.years <= years]
    far = [smile for smile in known if smile.years >= years]
    if not near or not far:
        return _flat(known, years, rules)
    return near[-1] if near[-1].years == years else _between(near[-1], far[0], years, rules)


def _flat(known: Sequence[Smile], years: float, rules: OptionRules) -> Smile | None:
    nearest = min(known, key=lambda smile: abs(smile.years - years), default=None)
    if nearest is None or abs(nearest.years / years - 1.0) > rules.flat_within:
        return None
    return replace(nearest, years=years)


def _between(near: Smile, far: Smile, years: float, rules: OptionRules) -> Smile:
    share = (years - near.years) / (far.years - near.years)

    def blend(of: Callable[[Smile], float]) -> float:
        low, high = of(near) ** 2 * near.years, of(far) ** 2 * far.years
        return sqrt((low + share * (high - low)) / years)

    quality = 1.0 if forward_variance(near, far) >= 0.0 else rules.suspect_quality
    put, call = blend(lambda smile: smile.put_25d_iv), blend(lambda smile: smile.call_25d_iv)
    return Smile(years, put, call, blend(lambda smile: smile.atm_iv), quality)


@dataclass(frozen=True, slots=True)
class Surface:
    """What a chain says at 7 and 30 days (None: not known), and the same smiles by premium-adjusted delta beside them.

    `strikes` are how many quotes of how many `expiries` it is made of, `left_out` how many were not believed, by reason.
    """

    known_at_ms: int
    month: Smile | None
    week: Smile | None
    month_premium_adjusted: Smile | None
    week_premium_adjusted: Smile | None = None
    strikes: int = 0
    expiries: int = 0
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    suspect_quality: float = STANDARD.suspect_quality

    @property
    def quality(self) -> float:
        """1, or .5 where variance between the week and the month, or between the expiries used, is negative."""
        known = [smile for smile in (self.week, self.month) if smile is not None]
        if self.week and self.month and forward_variance(self.week, self.month) < 0.0:
            return self.suspect_quality
        return min((smile.quality for smile in known), default=0.0)

    @property
    def term_inversion(self) -> float | None:
        """At-the-money IV of the week over that of the month; above 0 the near future is feared more."""
        if self.week is None or self.month is None:
            return None
        return self.week.atm_iv - self.month.atm_iv


def surface_of(chain: Iterable[OptionQuote], now_ms: int, rules: OptionRules = STANDARD) -> Surface | None:
    """The surface of one asset's chain of one venue, None without quotes.

    Coin-margined quotes are read where there are any, else dollar-margined ones: the two are different markets.
    """
    quotes = list(chain)
    if not quotes:
        return None
    inverse = [quote for quote in quotes if quote.is_inverse]
    expiries: dict[int, list[OptionQuote]] = defaultdict(list)
    for quote in inverse or quotes:
        expiries[quote.expires_at_ms].append(quote)
    examined = [examine(expiry, now_ms, rules) for expiry in expiries.values()]
    believed = [one.believed for one in examined if one.believed]
    plain, adjusted = (
        [smile for expiry in believed if (smile := smile_of(expiry, now_ms, delta, rules))] for delta in Delta
    )
    return Surface(
        max(quote.known_at_ms for quote in quotes),
        at_maturity(plain, MONTH_DAYS, rules),
        at_maturity(plain, WEEK_DAYS, rules),
        at_maturity(adjusted, MONTH_DAYS, rules),
        at_maturity(adjusted, WEEK_DAYS, rules),
        strikes=sum(map(len, believed)),
        expiries=len(believed),
        left_out=dict(sum((Counter(one.left_out) for one in examined), Counter[LeftOut]())),
        suspect_quality=rules.suspect_quality,
    )


def skew_of(chain: Sequence[OptionQuote], now_ms: int, cadence_ms: int = MINUTE_MS) -> Skew | None:
    """The observation a chain amounts to; None where the month's smile is not known."""
    surface = surface_of(chain, now_ms)
    if surface is None or surface.month is None:
        return None
    month, week, adjusted = surface.month, surface.week, surface.month_premium_adjusted
    return Skew(
        chain[0].venue,
        surface.known_at_ms,
        cadence_ms,
        month.skew_25d,
        week.skew_25d if week else None,
        month.atm_iv,
        surface.quality,
        week.atm_iv if week else None,
        month.butterfly_25d,
        adjusted.skew_25d if adjusted else None,
    )
