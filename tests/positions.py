"""A person whose positions and limits have numbers of their own, so that any of them is found wherever it is told."""

from market.observations import Side, Venue
from market.plans import Ladder, Plan
from market.sizing import MarginMode
from store.persons import Person
from tests.commands.markets import NOW_MS

PLAN_ID, SHORT_ID = "p7d3", "p9e1"

PLANNED = Person(
    "telegram:4711",
    "telegram:4711",
    base_leverage=7.3,
    drawdown_budget=0.047,
    funding_8h=0.00037,
    plans=(
        Plan(
            PLAN_ID, "BTC", Side.LONG, MarginMode.ISOLATED, Venue.BINANCE, is_inverse=False, coins=0.7771,
            entry_usd=61_237.0, margin_usd=13_571.0, made_ms=NOW_MS - 1_000, hold_hours=72.0, sigma=0.6,
            liquidation_usd=44_987.0, maintenance_rate=0.005, tiers_on="2026-09-29", drawdown_usd=678.0,
            max_leverage=4.0, ladder=Ladder(0.03, 0.05, 0.07), line_usd=58_913.0,
        ),
        Plan(
            SHORT_ID, "ETH", Side.SHORT, MarginMode.CROSS, Venue.BINANCE, is_inverse=False, coins=6.131,
            entry_usd=3_117.0, margin_usd=9_413.0, made_ms=NOW_MS - 500, hold_hours=72.0, sigma=0.6,
            liquidation_usd=4_391.0, maintenance_rate=0.005, tiers_on="2026-09-29", drawdown_usd=470.0,
            max_leverage=4.0, ladder=Ladder(0.03, 0.05, 0.07),
        ),
    ),
)  # fmt: skip
"""One isolated long, one cross short, and limits of one's own."""

SECRETS = (PLAN_ID, SHORT_ID, "44,987", "9,413", "7.3x", "4.7%", ".037%/8h")
"""How what is kept would read, wherever it is told."""

LINES = (
    "", " BTC", " btc 5x 10k", " btc 5x 10k cross", " ETH 3x 9k cross", " ETH short", " -7%", " list",
    f" {PLAN_ID}", f" show {PLAN_ID}", f" add {PLAN_ID} 500", f" close {PLAN_ID}x", f" id={SHORT_ID}",
    " btc 5x 10k entry=90,000", " btc banana", " ETH 150x 9k cross",
)  # fmt: skip
"""What is said behind the name of every command: most of it is wrong for most of them."""
