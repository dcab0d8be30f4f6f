"""Where a position is closed and what leverage outlasts a move, searched for by halves: the venues' rules and no formula."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from market.margin import Tier, Tiers

HALVES = 200


@dataclass(frozen=True, slots=True)
class Stood:
    """A position: `sign` +1 long or -1 short, `notional_usd` at entry, `backing_usd` behind it, `paid` of the notional."""

    sign: int
    notional_usd: float
    entry_usd: float
    backing_usd: float
    is_inverse: bool
    paid: float = 0.0

    def bracket_usd(self, ratio: float, tiers: Tiers) -> float:
        """The notional that decides the bracket at a price of `ratio` times the entry."""
        stays = self.is_inverse or tiers.priced_at_usd is not None
        return self.notional_usd if stays else self.notional_usd * ratio

    def left_usd(self, ratio: float, tier: Tier, tiers: Tiers, fee: float) -> float:
        """What is left above maintenance and fee there, USD; of coins their worth there."""
        worth = self.notional_usd if self.is_inverse else self.notional_usd * ratio
        amount = 0.0 if tiers.is_whole_rate else tier.maintenance_amount_usd
        due = worth * (tier.maintenance_rate + fee) - amount
        won = self.sign * self.notional_usd * (ratio - 1.0)
        backing = self.backing_usd - self.paid * self.notional_usd
        return (backing * ratio if self.is_inverse else backing) + won - due


def liquidation_price(stood: Stood, tiers: Tiers, fee: float) -> float | None:
    """The first price of an adverse move at which nothing is left, USD; None where there is none."""
    far = 1e-12 if stood.sign > 0 else 1e9
    for begins, ends, tier in _stretches(stood, tiers, far):
        if stood.left_usd(begins, tier, tiers, fee) <= 0.0:
            return begins * stood.entry_usd
        if stood.left_usd(ends, tier, tiers, fee) <= 0.0:

            def has_left(ratio: float, tier: Tier = tier) -> bool:
                return stood.left_usd(ratio, tier, tiers, fee) > 0.0

            return _last(has_left, begins, ends) * stood.entry_usd
    return None


def largest_leverage(at: Callable[[float], Stood], tiers: Tiers, fee: float, move: float) -> float:
    """The highest leverage whose position has something left all through an adverse move."""

    def outlasts(leverage: float) -> bool:
        stood = at(leverage)
        ends = max(1.0 - stood.sign * move, 1e-9 if stood.is_inverse else 0.0)
        return all(
            stood.left_usd(ratio, tier, tiers, fee) >= 0.0
            for begin, end, tier in _stretches(stood, tiers, ends)
            for ratio in (begin, end)
        )

    return _last(outlasts, 0.0, 1e4)


def _stretches(stood: Stood, tiers: Tiers, far: float) -> Iterator[tuple[float, float, Tier]]:
    """The way from the entry to `far` (times the entry), cut where another bracket begins to hold."""
    moves = stood.bracket_usd(2.0, tiers) != stood.bracket_usd(1.0, tiers)
    edges = (
        [tier.cap_usd / stood.notional_usd for tier in tiers.steps[:-1]]
        if moves and stood.notional_usd
        else []
    )
    on_the_way = sorted((one for one in edges if min(1.0, far) < one < max(1.0, far)), reverse=stood.sign > 0)
    points = [1.0, *on_the_way, far]
    for begins, ends in pairwise(points):
        yield begins, ends, tiers.containing(stood.bracket_usd(0.5 * (begins + ends), tiers))


def _last(holds: Callable[[float], bool], good: float, bad: float) -> float:
    """The last number between that still holds."""
    for _ in range(HALVES):
        middle = 0.5 * (good + bad)
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good
