"""What the cascade model makes of a first move, and which positions are closed where that ends (section 9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from market.cascade import Cascade, Cluster, thinned_cascades
from market.observations import Asset, Side
from market.stress.closing import Closing


@dataclass(frozen=True, slots=True)
class Fallen:
    """What the cascade model makes of first moves of one asset, and which positions that closes, for each depth left."""

    asset: Asset
    side: Side
    ends: tuple[tuple[Cascade, ...], ...]
    closes: tuple[tuple[tuple[str, ...], ...], ...]


def cascade_of(
    asset: Asset,
    side: Side,
    clusters: Sequence[Cluster],
    depth_usd: float,
    firsts: Sequence[float],
    closings: Sequence[Closing],
    beta: float,
) -> Fallen:
    """What first moves of an asset (fractions, unsigned) end at with each depth left, and which of its positions that closes."""
    ends = tuple(thinned_cascades(first, clusters, depth_usd) for first in firsts)
    return Fallen(
        asset,
        side,
        ends,
        tuple(tuple(_closed_within(asset, end.final_drop, closings, beta) for end in row) for row in ends),
    )


def _closed_within(
    asset: Asset, own_move: float, closings: Iterable[Closing], beta: float
) -> tuple[str, ...]:
    return tuple(
        one.id
        for closing in closings
        if closing.is_reached_by(own_move / beta)
        for one in closing.held
        if one.asset == asset
    )
