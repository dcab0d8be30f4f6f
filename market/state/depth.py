"""The depth of the books as it is remembered: the last sum, and of each venue what it usually holds a side.

A median a venue, not one of the sums: a venue that is silent then lowers neither what is seen nor what is usual, and one
that is new weighs nothing until its own usual is known.
"""

from dataclasses import dataclass, field

from market.observations import DAY_MS, HOUR_MS, Book, Depth, Venue
from market.rolling import RankWindow
from market.rules import DepthRules

MONTH_MS = 30 * DAY_MS
GRID_MS = 4 * HOUR_MS
A_DAY = DAY_MS // GRID_MS
"""A month of hours of ten sides would be as large as all else that is remembered; a median of six a day is as good."""


@dataclass(slots=True)
class UsualBook:
    """What one venue's book held over the last month, US dollars a side."""

    at_ms: int = 0
    bids: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))
    asks: RankWindow = field(default_factory=lambda: RankWindow(MONTH_MS))


@dataclass(slots=True)
class DepthWindows:
    """The last depth; by venue what is usual; and the last one against that, a side.

    `bid_ratio` and `ask_ratio` are of the venues that are in the last sum and whose usual is known, None where there is none.
    `learned` is how many moments, six a day, are known of the one among them that is known for longest.
    """

    last: Depth | None = None
    usual: dict[Venue, UsualBook] = field(default_factory=dict)
    bid_ratio: float | None = None
    ask_ratio: float | None = None
    learned: int = 0

    def observe(self, said: Depth, rules: DepthRules, absent_after_ms: int) -> None:
        """Take the next sum within the band that is looked at; a venue that was away for long begins anew."""
        if said.within != rules.within or (
            self.last is not None and said.known_at_ms <= self.last.known_at_ms
        ):
            return
        self.last = said
        for book in parts_of(said):
            usual = self.usual.get(book.venue)
            if usual is None or said.known_at_ms - usual.at_ms > absent_after_ms:
                usual = self.usual[book.venue] = UsualBook()
            usual.at_ms = said.known_at_ms
        self._compare(rules)

    def rank_hour(self, grid_ms: int, rules: DepthRules) -> None:
        """Every four hours add the last books to what is usual."""
        last = self.last
        if grid_ms % GRID_MS or last is None or grid_ms - last.known_at_ms >= HOUR_MS:
            return
        for book in parts_of(last):
            usual = self.usual[book.venue]
            usual.bids.offer(grid_ms, book.bid_usd)
            usual.asks.offer(grid_ms, book.ask_usd)
        self._compare(rules)

    def _compare(self, rules: DepthRules) -> None:
        bids = asks = usual_bids = usual_asks = 0.0
        self.learned = 0
        for book in parts_of(self.last):
            usual = self.usual[book.venue]
            self.learned = max(self.learned, len(usual.bids))
            bid, ask = usual.bids.median(), usual.asks.median()
            if bid is not None and ask is not None and len(usual.bids) >= rules.least_days * A_DAY:
                bids, asks = bids + book.bid_usd, asks + book.ask_usd
                usual_bids, usual_asks = usual_bids + bid, usual_asks + ask
        self.bid_ratio = bids / usual_bids if usual_bids > 0.0 else None
        self.ask_ratio = asks / usual_asks if usual_asks > 0.0 else None


def parts_of(said: Depth | None) -> tuple[Book, ...]:
    """The venues' parts of a sum; one whose parts nobody told is one part by itself."""
    if said is None:
        return ()
    return said.books or (Book(said.venue, said.bid_usd, said.ask_usd),)
