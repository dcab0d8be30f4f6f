"""An entry that cannot be meant: so far from the present price that a mark or a digit was mistyped."""

import math
from decimal import Decimal

from market.margin import Impossible, ImpossiblePosition
from market.sizing_rules import SizingRules


def refuse_slip(entry_usd: float, price_usd: float | None, rules: SizingRules) -> None:
    """Raise ImpossiblePosition (ENTRY_FAR) where a stated entry lies too many times above or below the present price.

    Its `meant_price` is the price of the same digits that lies beside the present one, left out where there is none. An unknown
    price checks nothing.
    """
    if price_usd is None or price_usd <= 0.0 or _factor(entry_usd, price_usd) <= rules.farthest_entry:
        return
    meant_usd = _same_digits(entry_usd, price_usd)
    is_meant = 0.0 < meant_usd < math.inf and _factor(meant_usd, price_usd) <= rules.meant_within
    meant = {"meant_price": meant_usd} if is_meant else {}
    raise ImpossiblePosition(
        Impossible.ENTRY_FAR,
        entry_price=entry_usd,
        now_price=price_usd,
        farthest=rules.farthest_entry,
        **meant,
    )


def _factor(one: float, other: float) -> float:
    """How many times the larger is the smaller."""
    return max(one, other) / min(one, other)


def _same_digits(entry_usd: float, price_usd: float) -> float:
    """The entry with its mark moved to where it is nearest to the price; in decimals, so that its digits stay what they are."""
    places = round(math.log10(price_usd) - math.log10(entry_usd))
    return float(Decimal(repr(entry_usd)).scaleb(places))
