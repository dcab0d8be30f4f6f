"""What each venue says by itself: the rows under a reading that is made of all of them."""

from dataclasses import dataclass

from market.observations import Venue


@dataclass(frozen=True, slots=True)
class AtVenue:
    """One venue's own word on an asset; each number with the time it is of (UTC ms), None where it says none.

    `coins` is one-sided open interest. `rate` is a fraction per `interval_hours`, paid by longs when positive: the one
    predicted for the interval that ends at `next_at_ms`, or where nothing is predicted the one settled last;
    `settled_rate` is the last settled one of an interval as long. `cap` is the largest rate the venue allows, where it
    says so. `mark_usd` and `index_usd` are of `mark_at_ms`. `long_usd_1h` and `short_usd_1h` are liquidations of the last
    hour by position side, of minutes that were heard (`heard_minutes` of 60); `is_sample`: a feed of at most one a second,
    so that they are floors, and `missing_factor` by how much they are probably short (1 none, None not known).
    """

    venue: Venue
    coins: float | None = None
    coins_at_ms: int | None = None
    rate: float | None = None
    is_predicted: bool = False
    settled_rate: float | None = None
    interval_hours: float | None = None
    next_at_ms: int | None = None
    rate_at_ms: int | None = None
    cap: float | None = None
    mark_usd: float | None = None
    index_usd: float | None = None
    mark_at_ms: int | None = None
    long_usd_1h: float | None = None
    short_usd_1h: float | None = None
    heard_minutes: int = 0
    is_sample: bool = False
    missing_factor: float | None = None

    @property
    def rate_8h(self) -> float | None:
        """The rate as a fraction per eight hours."""
        if self.rate is None or not self.interval_hours:
            return None
        return self.rate * 8.0 / self.interval_hours

    @property
    def premium(self) -> float | None:
        """The mark over the index, as a fraction."""
        return None if self.mark_usd is None or not self.index_usd else self.mark_usd / self.index_usd - 1.0
