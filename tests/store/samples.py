"""Values small enough to check by hand, one of each thing that is stored; and their golden files.

`python -m tests.store.samples` writes the golden files that are missing. A file that exists is never written again:
it is what an earlier version wrote, and has to be readable for as long as a way leads from its schema number to today's.
Those of engine and condenser were written by the versions that had those numbers, over thirty hours and three minutes.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from market.alerts import Alert, Edge, Reason, Severity
from market.alerts import Kind as AlertKind
from market.evaluation.backtest import Backtest, Firing
from market.flags import FlagMemory
from market.hourly import Hourly
from market.margin import Tier, Tiers
from market.observations import (
    DAY_MS,
    HOUR_MS,
    Candle,
    Funding,
    ImpliedVolatility,
    Liquidations,
    OpenInterest,
    Side,
    Skew,
    Venue,
)
from market.plans import Gap, Happened, Ladder, Plan, PlanNews, Watch
from market.reading import Because, Condition, Level, Measure, Presence, Reading
from market.regime import Regime
from market.sizing import MarginMode
from market.snapshot import Snapshot
from market.table import State
from scheduler.cycle import ENGINE_STATE
from store.alerts_log import ALERT
from store.backtests import BACKTEST
from store.backup import PAST as PAST_KEPT
from store.chains import CHAIN
from store.chats import CHAT
from store.codec import Kind, encode, read
from store.forgetting import ERASURE
from store.history import Step, decode_step, encode_step
from store.hours import HOURS
from store.outbox import DEAD, ROW, Dead, Row
from store.people import PERSON
from store.persons import Person
from store.plan_news import PLAN_NEWS
from store.services import FeedStatus, PastReport, SourceReport
from store.sight import SPELL, Blinded, Spell
from store.snapshots import FEED_STATUS, SNAPSHOT, WATCHED
from store.sources import PAST, REPORTS
from store.tiers import TIERS
from store.traces import Quarry
from store.watchlist import APPLIED, LISTED, Applied
from store.waves import WAVE, Wave
from store.whom import Subject
from store.wishes import Chat, QuietHours, Subscription
from tests.store.shapes import record_shapes

NOW_MS = 1_700_000_000_000
GOLDEN = Path(__file__).with_name("golden")

READING = Reading(
    name="funding",
    unit="/8h",
    presence=Presence.SEEN,
    because=Because.MEASURED,
    value=0.1 + 0.2,
    percentile=0.975,
    level=Level.STRESS,
    quality=1.0,
    asof_ms=NOW_MS - 60_000,
    ttl_ms=HOUR_MS,
    facts={"f24": 0.0003, "rate_8h": -0.0, "apr": None, "settlements": 5e-324},
    conditions=(
        Condition(
            "fe",
            enters=True,
            stays=None,
            enter_after_ms=HOUR_MS,
            measures=(Measure("f24", 0.0003, 0.0002, "/8h", met=True),),
        ),
    ),
)
REGIME = Regime(
    state=State.CROWDING,
    held=State.CROWDING,
    raw=State.MIXED,
    strict=State.INSUFFICIENT_DATA,
    possible=(State.UNWINDING, State.CAPITULATION),
    since_ms=NOW_MS - HOUR_MS,
    stage=1,
    steps=("crowding",),
    out_of_order=(),
    protip=None,
    score=61.25,
    confidence=0.8,
    inputs_seen=4,
    inputs_known=5,
    flags={"fe": FlagMemory(value=True, since_ms=NOW_MS), "brk": FlagMemory(value=None, since_ms=0)},
    levels={"funding": Level.STRESS, "skew": None},
    step_onsets_ms={"crowding": (NOW_MS - HOUR_MS, NOW_MS)},
)
BTC = Snapshot("BTC", NOW_MS, "live", (READING,), REGIME)
ETH = Snapshot("ETH", NOW_MS, "live", (), REGIME)
SOL = Snapshot("SOL", NOW_MS, "live", (READING, READING), REGIME)
FEED = FeedStatus("live", NOW_MS, 60_000, 12)
FIRED = Alert(
    id="c7f2",
    asset="BTC",
    kind=AlertKind.CASCADE,
    severity=Severity.WARNING,
    edge=Edge.FIRED,
    reason=Reason.PRICE_SHOCK,
    at_ms=NOW_MS,
    opened_ms=NOW_MS,
    state=State.UNWINDING,
    lost_so_far=-0.031,
    context=("protip", "fe"),
    facts={"shock_24h": -2.5, "r_24h": None},
)
BACKTEST_SAMPLE = Backtest(
    "BTC",
    4_294_967_295,
    NOW_MS - 180 * DAY_MS,
    NOW_MS - 149 * DAY_MS,
    NOW_MS,
    3,
    (
        Firing(AlertKind.CASCADE, Severity.WARNING, NOW_MS - DAY_MS, NOW_MS - DAY_MS, -0.046, -0.131, -0.125),
        Firing(AlertKind.OPEN_INTEREST, Severity.WATCH, NOW_MS, NOW_MS - HOUR_MS),
    ),
    (NOW_MS - DAY_MS + 6 * HOUR_MS,),
)
STEP = Step(
    NOW_MS,
    (
        Candle(Venue.BINANCE, NOW_MS - HOUR_MS, HOUR_MS, 100.0, 101.5, 99.25, 0.1 + 0.2, None, 5e-324),
        Funding(Venue.BYBIT, NOW_MS, -0.0, 8.0, settled=False, next_at_ms=NOW_MS + HOUR_MS),
        OpenInterest(Venue.OKX, NOW_MS, 1e308, HOUR_MS),
        Liquidations(Venue.COINGLASS, NOW_MS, HOUR_MS, float("inf"), float("-inf")),
        Skew(Venue.DERIBIT, NOW_MS, HOUR_MS, 0.07, None, 1 / 3),
        ImpliedVolatility(Venue.DERIBIT, NOW_MS, HOUR_MS, 0.55),
    ),
)
GEO_BLOCKED = SourceReport(
    venue=Venue.BINANCE,
    state="geo_blocked",
    until_ms=NOW_MS + 6 * HOUR_MS,
    answered_ms=None,
    heard_ms=NOW_MS - 60_000,
    streams=2,
    streams_up=1,
    silent=("liquidations of BTCUSDT",),
    why="candles: HTTP 451",
    complaints=("open_interest of ETHUSDT: misread: openInterest",),
    lists=3,
)
WELL = SourceReport(Venue.OKX, "open", None, NOW_MS, NOW_MS, 1, 1, (), None, (), 2)
READING_PAST = PastReport("SOL", 0.34)
MISSING_PAST = PastReport("BTC", 1.0, ("Binance does not serve this country",))
HOURS_SAMPLE = Hourly()
HOURS_SAMPLE.close_hour(NOW_MS - NOW_MS % HOUR_MS - 2 * HOUR_MS, 101.5, 99.25, 0.1 + 0.2, 1_000.0)
HOURS_SAMPLE.close_hour(NOW_MS - NOW_MS % HOUR_MS, 102.0, 98.0, 100.0, None)
TIERS_SAMPLE = Tiers(
    "BTC",
    Venue.OKX,
    "2026-10-09",
    (
        Tier(0.0, 800_000.0, 100.0, 0.004, 0.0),
        Tier(800_000.0, float("inf"), 66.66, 0.005, 0.0),
    ),
    is_whole_rate=True,
)

PLAN = Plan(
    id="p7f2",
    asset="BTC",
    side=Side.LONG,
    mode=MarginMode.ISOLATED,
    venue=Venue.BINANCE,
    is_inverse=False,
    coins=0.5,
    entry_usd=100_000.0,
    margin_usd=10_000.0,
    made_ms=NOW_MS,
    hold_hours=72.0,
    sigma=0.4,
    liquidation_usd=80_442.43,
    maintenance_rate=0.005,
    tiers_on="2026-09-29",
    drawdown_usd=500.0,
    max_leverage=5.0,
    ladder=Ladder(0.036, 0.054, 0.072),
    line_usd=92_000.0,
    watch=Watch({"trim": NOW_MS}, {}, None, (Gap(NOW_MS, NOW_MS + HOUR_MS),), 12.5, NOW_MS, NOW_MS),
)
PLAN_NEWS_SAMPLE = PlanNews(
    plan=PLAN,
    happened=(Happened.TRIM,),
    at_ms=NOW_MS,
    price_usd=96_000.0,
    price_at_ms=NOW_MS - 4_000,
    sigmas=2.5,
    funding_8h=0.0001,
    state=State.CROWDING,
    source="live",
    gaps=PLAN.watch.gaps,
)
PERSON_SAMPLE = Person(
    "telegram:1", "telegram:1", 8.0, 0.05, 0.0002, (PLAN, replace(PLAN, id="p1", line_usd=None)), NOW_MS
)

CHAT_SAMPLE = Chat(
    address="telegram:-100123:7",
    subscriptions=(
        Subscription(None, AlertKind.CASCADE, Severity.WARNING),
        Subscription("BTC", AlertKind.CASCADE),
    ),
    quiet=QuietHours(1_320, 420, "Europe/Madrid", critical_pierces=True),
    muted_ms={"": NOW_MS, "SOL": NOW_MS + 1},
    daily_cap=5,
    least=Severity.WARNING,
    language="es",
    zone="Europe/Madrid",
    default_asset="ETH",
    acknowledged=("c7f2",),
    made_ms=NOW_MS,
)
WAVE_SAMPLE = Wave(
    "telegram:1",
    message="55",
    alerts={"cascade:BTC": FIRED},
    opened_ms=NOW_MS,
    told_ms=NOW_MS,
    edited_ms=NOW_MS,
    held={"cascade:ETH": FIRED},
    day="2023-11-14",
    sent_today=2,
)
ROW_SAMPLE = Row(
    "cascade:BTC:telegram:1", "telegram:1", "1700000000000-0", (0, 2), 1, NOW_MS, NOW_MS + HOUR_MS // 2, 1
)
CHAIN_SAMPLE = (
    "BTC",
    Venue.DERIBIT,
    NOW_MS,
    (3,),
    (
        (
            NOW_MS,
            NOW_MS + DAY_MS,
            100_000.0,
            False,
            101_000.0,
            True,
            0.55,
            0.01,
            None,
            0.0105,
            12.5,
            0.0,
        ),
    ),
)

SAMPLES: dict[str, tuple[Kind[Any], Any]] = {
    "erasure": (ERASURE, Quarry(Subject("telegram:456", ("telegram:456",)), NOW_MS, 3)),
    "snapshot": (SNAPSHOT, BTC),
    "feed_status": (FEED_STATUS, FEED),
    "watched": (WATCHED, ("BTC", "ETH", "1000PEPE")),
    "alert": (ALERT, FIRED),
    "sources": (REPORTS, (GEO_BLOCKED, WELL)),
    "past": (PAST, MISSING_PAST),
    "listed": (LISTED, ("1000PEPE", "BTC", "ETH")),
    "hours": (HOURS, HOURS_SAMPLE),
    "backtest": (BACKTEST, BACKTEST_SAMPLE),
    "tiers": (TIERS, TIERS_SAMPLE),
    "person": (PERSON, PERSON_SAMPLE),
    "plan_news": (PLAN_NEWS, PLAN_NEWS_SAMPLE),
    "applied": (APPLIED, Applied("BTC,SOL", is_complete=True)),
    "spell": (SPELL, Spell(NOW_MS - HOUR_MS, NOW_MS, Blinded.STORE)),
    "chat": (CHAT, CHAT_SAMPLE),
    "wave": (WAVE, WAVE_SAMPLE),
    "row": (ROW, ROW_SAMPLE),
    "dead": (DEAD, Dead(ROW_SAMPLE, NOW_MS, "blocked")),
    "chain": (CHAIN, CHAIN_SAMPLE),
    "memory": (PAST_KEPT, (7, 8, b"state", b"beside", [b"step"])),
}


def golden_file(name: str, schema: int) -> Path:
    """Where the bytes lie that schema number `schema` of `name` wrote first."""
    return GOLDEN / f"{name}.v{schema}.msgpack"


def write_missing() -> None:
    """Write the golden files that are not there yet."""
    stored = {golden_file(name, kind.schema): encode(kind, value) for name, (kind, value) in SAMPLES.items()}
    stored[golden_file("step", 1)] = encode_step(STEP)
    assert decode_step(stored[golden_file("step", 1)]) == STEP
    before = ENGINE_STATE.schema - 1
    engine = read(ENGINE_STATE, golden_file("engine_state", before).read_bytes())
    stored[golden_file("engine_state", ENGINE_STATE.schema)] = encode(ENGINE_STATE, engine)
    for path, content in stored.items():
        if not path.exists():
            path.write_bytes(content)
    for said in record_shapes(GOLDEN / "shapes.json"):
        print(said)


if __name__ == "__main__":
    write_missing()
