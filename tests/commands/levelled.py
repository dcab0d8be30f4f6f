"""Markets with hours and a book, for /levels and /stress: what opened where is stated, so that fuel can be counted."""

from collections.abc import Mapping
from dataclasses import replace

from commands.protocol.request import Context
from market.evidence_rules import LEAST_HOURS
from market.hourly import Hourly
from market.observations import HOUR_MS, MINUTE_MS, Asset
from market.reading import Because, Presence, Reading
from market.snapshot import Snapshot
from store.persons import Person
from tests.commands.markets import NOW_MS, calm, reading
from tests.commands.talking import Talk, context

LAST_CLOSE_MS = NOW_MS // HOUR_MS * HOUR_MS
PRICE = 64_210.0
MILLION = 1e6


def opened(
    price_usd: float = PRICE, opened_usd: float = 400 * MILLION, hours: int = LEAST_HOURS + 1
) -> Hourly:
    """Quiet hours at one price, in the last of which so much was opened: half of it longs, half shorts."""
    hourly, coins = Hourly(), 214_000.0 - opened_usd / price_usd
    for number in range(hours):
        close_ms = LAST_CLOSE_MS - (hours - number) * HOUR_MS
        hourly.close_hour(close_ms, price_usd, price_usd, price_usd, coins)
    hourly.close_hour(LAST_CLOSE_MS, price_usd, price_usd, price_usd, 214_000.0)
    return hourly


def depth(bid_usd: float = 50 * MILLION, ask_usd: float = 40 * MILLION, whole: float = 1.0) -> Reading:
    """A book of so much within 1 %."""
    facts = {
        "bid_usd": bid_usd,
        "ask_usd": ask_usd,
        "bid_ratio": 1.0,
        "ask_ratio": 1.0,
        "reaches": 1.0,
        "whole": whole,
    }
    return Reading(
        "depth", "USD", Presence.SEEN, Because.MEASURED, value=bid_usd, quality=1.0, facts=facts,
        asof_ms=NOW_MS - 2 * MINUTE_MS, ttl_ms=11 * MINUTE_MS,
    )  # fmt: skip


def priced(asset: Asset = "BTC", price_usd: float = PRICE, *more: Reading, **changed: object) -> Snapshot:
    """A calm market at a price whose volume and open interest are known in dollars."""
    interest = reading("open_interest", NOW_MS, usd=214_000.0 * PRICE, turnover_days=0.5)
    price = reading("price", NOW_MS, price_usd=price_usd, sigma_1d=0.03)
    market = calm(**{"asset": asset, "open_interest": interest, "price": price, **changed})
    return replace(market, readings=(*market.readings, *more))


def desk(
    *snapshots: Snapshot,
    hours: Mapping[Asset, Hourly] | None = None,
    people: tuple[Person, ...] = (),
    is_private: bool = True,
) -> Context:
    """What a platform would hand over where hours are kept, and what people stated."""
    return context(*snapshots, hours=hours, people=people, is_private=is_private)


def talk_at(here: Context) -> Talk:
    """A conversation there."""
    return Talk(here)
