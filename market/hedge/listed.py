"""What is listed for a hedge: the expiry nearest to the days asked for, and the strikes nearest to where they should lie."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from market.hedge_rules import HedgeRules
from market.observations import DAY_MS, OptionQuote
from market.option_rules import OptionRules
from market.options import Chain
from market.options.quotes import is_tradable


class NoHedge(StrEnum):
    """Why no hedge can be told."""

    NO_PRICE = "no_price"
    NO_CHAIN = "no_chain"
    STALE = "stale"
    NO_PUTS = "no_puts"
    NO_BIDS = "no_bids"
    TOO_SMALL = "too_small"


class HedgeRefused(Exception):
    """A chain that gives no hedge: `why`, and the numbers that show it, by name."""

    def __init__(self, why: NoHedge, **numbers: float) -> None:
        super().__init__(f"{why}: {numbers}" if numbers else str(why))
        self.why = why
        self.numbers = numbers


@dataclass(frozen=True, slots=True)
class Expiry:
    """The puts below the price that can be traded, of one expiry, by strike; `before_ms` and `after_ms` are its neighbours.

    All times are UTC ms; None where it has no neighbour on that side.
    """

    at_ms: int
    puts: tuple[OptionQuote, ...]
    before_ms: int | None
    after_ms: int | None


def nearest_expiry(chain: Chain, price_usd: float, days: float, now_ms: int, rules: OptionRules) -> Expiry:
    """The expiry nearest to so many days from now of those at which a put below the price can be traded.

    Of two that are as near the later one: a hedge should not end first. What stood still while the price moved is not
    traded. Raises HedgeRefused.
    """
    moving = frozenset(chain.moving)
    listed: dict[int, list[OptionQuote]] = defaultdict(list)
    for quote in chain.margined:
        is_below = not quote.is_call and quote.strike_usd < price_usd
        if is_below and quote.expires_at_ms - now_ms >= rules.least_days * DAY_MS:
            listed[quote.expires_at_ms].append(quote)
    if not listed:
        raise HedgeRefused(NoHedge.NO_PUTS)
    traded = {
        at_ms: _tradable([one for one in puts if one in moving], rules) for at_ms, puts in listed.items()
    }
    times = sorted(at_ms for at_ms, puts in traded.items() if puts)
    if not times:
        raise HedgeRefused(NoHedge.NO_BIDS, puts=float(sum(map(len, listed.values()))))
    wanted_ms = now_ms + days * DAY_MS
    chosen_ms = min(times, key=lambda at_ms: (abs(at_ms - wanted_ms), -at_ms))
    place = times.index(chosen_ms)
    return Expiry(
        chosen_ms,
        traded[chosen_ms],
        times[place - 1] if place else None,
        times[place + 1] if place + 1 < len(times) else None,
    )


def _tradable(puts: Sequence[OptionQuote], rules: OptionRules) -> tuple[OptionQuote, ...]:
    return tuple(sorted((one for one in puts if is_tradable(one, rules)), key=lambda one: one.strike_usd))


def strikes(expiry: Expiry, price_usd: float, rules: HedgeRules) -> tuple[OptionQuote, OptionQuote | None]:
    """The put to buy, and the one to sell against it: None where none lower is listed with a bid."""
    upper = _nearest(expiry.puts, price_usd * (1.0 - rules.put_away))
    lower = [one for one in expiry.puts if one.strike_usd < upper.strike_usd]
    return upper, _nearest(lower, price_usd * (1.0 - rules.short_away)) if lower else None


def _nearest(puts: Sequence[OptionQuote], wanted_usd: float) -> OptionQuote:
    return min(puts, key=lambda one: (abs(one.strike_usd - wanted_usd), -one.strike_usd))
