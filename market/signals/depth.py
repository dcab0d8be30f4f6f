"""Depth: what rests in the books near the price, against what usually does (sections 8.3 and 9)."""

from market.formulas.statistics import freshness_quality, time_to_live_ms
from market.reading import Because, Reading, Signal, absent, learning, presence_of
from market.rules import Rules
from market.state import MarketState
from market.state.depth import A_DAY

NAME, UNIT = "depth", "USD"
FULL = 30 * A_DAY
LEARNED = FULL - A_DAY
"""So many of a month, and it has learned what it can: within a day of its span."""


def read(state: MarketState, now_ms: int, rules: Rules) -> Reading:
    """Read the bids within 1 % of the price in US dollars, all venues together.

    Facts: `bid_usd`, `ask_usd`; `bid_ratio` and `ask_ratio` against the median of 30 days (None before seven of them), of
    the same venues; `reaches` (1.0 where every book was told as far as 1 %) and `whole` (1.0 where no venue that usually
    answers is missing): with either at 0.0 the sums are floors. It weighs nothing in the state of the market: it tells
    how far a size can fall through the book, and how far selling goes.
    """
    windows, fresh = state.depth, rules.freshness
    last = windows.last
    if last is None:
        return absent(NAME, UNIT)
    ttl_ms = time_to_live_ms(fresh.depth_ttl_ms, last.cadence_ms, fresh.cadence_factor)
    learned, needed = windows.learned, rules.depth.least_days * A_DAY
    quality = freshness_quality(now_ms - last.known_at_ms, ttl_ms)
    is_learning = learned < needed
    return Reading(
        NAME,
        UNIT,
        presence_of(last.known_at_ms, now_ms, ttl_ms, fresh.absent_after_ms),
        Because.LEARNING if is_learning else Because.MEASURED,
        value=last.bid_usd,
        quality=quality * fresh.learning_quality if is_learning else quality,
        asof_ms=last.known_at_ms,
        ttl_ms=ttl_ms,
        facts={
            "bid_usd": last.bid_usd,
            "ask_usd": last.ask_usd,
            "bid_ratio": windows.bid_ratio,
            "ask_ratio": windows.ask_ratio,
            "reaches": float(last.reaches),
            "whole": float(last.is_whole),
        },
        learning=None if learned > LEARNED else learning(learned, needed, FULL, A_DAY),
    )


SIGNAL = Signal(NAME, order=7, weight=0.0, read=read)
