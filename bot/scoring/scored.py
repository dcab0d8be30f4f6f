"""What came of scoring a file of alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from market.evaluation.scorecard import Card, Markets, Unscored
from market.observations import Asset


@dataclass(frozen=True, slots=True)
class Scored:
    """Of all lines and of what was not scored, and a card for each kind and severity and each refractory time.

    `cards` are by kind and severity, which is empty for the first alerts of each episode of a kind; `flat` are the same
    alerts by the label without its sigma leg, without baselines: "labels with and without the sigma leg are both published".
    """

    markets: Markets
    lines: int
    news: int
    unscored: Mapping[Unscored, int]
    strangers: Sequence[Asset]
    cards: Mapping[tuple[str, str], Sequence[Card]]
    flat: Mapping[tuple[str, str], Sequence[Card]]
