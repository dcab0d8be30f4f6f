"""Liquidations by five minutes: the finest look there is. One bucket that stands out is noise, many in an hour are not."""

from collections import deque
from dataclasses import dataclass, field

from market.evidence_rules import LEAST_HOURS
from market.observations import DAY_MS, MINUTE_MS
from market.rolling import RankWindow

FIVE_MS = 5 * MINUTE_MS
BUCKETS = 12
BPS = 10_000.0


@dataclass(slots=True)
class Bursts:
    """The buckets of the last hour, oldest first, in US dollars a side; `whole` tells which were told without a hole.

    `at_ms` is the end of the newest, `slot_ms` of the one that is being filled. What is asked for at every look is kept
    ready: `printing` counts buckets with longs closed, `long_bps` and `short_bps` are the newest in bps of the open interest
    at its start, `rank` is where that of longs stands among the last five minutes of every hour of a month.
    """

    at_ms: int = 0
    slot_ms: int = 0
    long_usd: float = 0.0
    short_usd: float = 0.0
    covered_ms: int = 0
    longs: deque[float] = field(default_factory=deque)
    shorts: deque[float] = field(default_factory=deque)
    whole: deque[bool] = field(default_factory=deque)
    printing: int = 0
    long_bps: float | None = None
    short_bps: float | None = None
    rank: float | None = None
    intensities: RankWindow = field(default_factory=lambda: RankWindow(30 * DAY_MS))

    def take(self, at_ms: int, step_ms: int, long_usd: float, short_usd: float, *, is_whole: bool) -> bool:
        """Add what was closed in the bucket of the feed that ends at `at_ms`; tells whether five minutes closed by it.

        Buckets longer than that say nothing of five minutes: what there was is forgotten.
        """
        if step_ms > FIVE_MS:
            self.forget()
            return False
        end_ms = -(-at_ms // FIVE_MS) * FIVE_MS
        was_ms = self.at_ms
        if self.slot_ms > self.at_ms and self.slot_ms != end_ms:
            self._close(self.slot_ms)
        self.slot_ms = end_ms
        self.long_usd += long_usd
        self.short_usd += short_usd
        self.covered_ms += step_ms if is_whole else 0
        if at_ms == end_ms:
            self._close(end_ms)
        return self.at_ms != was_ms

    def rate(self, open_interest_usd: float | None) -> None:
        """Measure the newest bucket by the open interest (US dollars) that stood at its start; a part of one is not ranked."""
        self.long_bps = self.short_bps = self.rank = None
        if open_interest_usd:
            self.long_bps = self.longs[-1] / open_interest_usd * BPS
            self.short_bps = self.shorts[-1] / open_interest_usd * BPS
            if len(self.intensities) >= LEAST_HOURS and self.whole[-1]:
                self.rank = self.intensities.rank(self.long_bps)

    def rank_hour(self, grid_ms: int) -> None:
        """Put the five minutes that end with the hour among those of the month, if they are known."""
        if self.at_ms == grid_ms and self.long_bps is not None and self.whole[-1]:
            self.intensities.offer(grid_ms, self.long_bps)

    def is_printing(self, least: int) -> bool | None:
        """Whether at least so many of the last twelve closed longs; buckets that were not told may still make it."""
        if self.printing >= least:
            return True
        return False if len(self.whole) == BUCKETS and all(self.whole) else None

    def forget(self) -> None:
        """Forget every bucket; what is usual stays."""
        self.at_ms = self.slot_ms = self.covered_ms = self.printing = 0
        self.long_usd = self.short_usd = 0.0
        for kept in (self.longs, self.shorts, self.whole):
            kept.clear()
        self.long_bps = self.short_bps = self.rank = None

    def _close(self, end_ms: int) -> None:
        missed = (end_ms - self.at_ms) // FIVE_MS - 1 if self.at_ms else 0
        for _ in range(min(missed, BUCKETS)):
            self._keep(0.0, 0.0, is_whole=False)
        self._keep(self.long_usd, self.short_usd, is_whole=self.covered_ms >= FIVE_MS)
        self.at_ms, self.long_usd, self.short_usd, self.covered_ms = end_ms, 0.0, 0.0, 0
        self.printing = sum(usd > 0.0 for usd in self.longs)

    def _keep(self, long_usd: float, short_usd: float, *, is_whole: bool) -> None:
        self.longs.append(long_usd)
        self.shorts.append(short_usd)
        self.whole.append(is_whole)
        if len(self.whole) > BUCKETS:
            for kept in (self.longs, self.shorts, self.whole):
                kept.popleft()
