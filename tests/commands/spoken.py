"""Every command on several markets, to be answered in every language there is: who asks, and the lines that are asked."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

from commands.protocol.dispatch import answer
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from market.findings import Finding, Found
from market.observations import Venue
from store.persons import Person
from store.services import PastReport
from tests.commands import (
    test_books,
    test_dead,
    test_findings,
    test_funding,
    test_hedge,
    test_learning,
    test_liq,
    test_oi,
    test_overview,
    test_positions,
    test_sequence_words,
    test_skew,
    test_sources,
    test_stress,
)
from tests.commands.levelled import depth, desk, opened, priced
from tests.commands.markets import NOW_MS, calm, crowding, digesting, market, reading, unwinding
from tests.commands.talking import context
from tests.store.samples import FIRED

Scene = tuple[Callable[[], Context], tuple[str, ...]]

ABOUT_A_MARKET = (
    "/regime BTC",
    "/why BTC",
    "/check BTC",
    "/check BTC short",
    "/scan",
    "/status",
    "/size BTC 5x 10k",
)
METRICS = ("/funding BTC", "/oi BTC", "/liq BTC", "/skew BTC", "/levels BTC", "/hedge BTC 50k")
SIZES = (
    "/size BTC 5x 10k", "/size BTC 25x short 10k cross hold=7d", "/size BTC 2x lose=3%", "/size BTC 100x", "/plan BTC 5x long 10k",
    "/plan BTC 5x long 10k", "/plan ETH 3x short 2500 line=70000", "/plan list", "/positions", "/stress", "/stress BTC 5x 10k 7%",
)  # fmt: skip
WARNINGS = (
    "/alerts", "/subscribe BTC", "/subscribe all every", "/subscribe BTC funding critical", "/alerts", "/alerts BTC", "/mute 2h BTC",
    "/mute 1d", "/mute off", "/ack", "/ack #c7f2", "/ack #beef", "/settings", "/settings quiet 23-07 Europe/Madrid pierce on",
    "/settings least warning", "/settings cap 5", "/alerts changes=on", "/testalert", "/unsubscribe", "/unsubscribe BTC", "/unsubscribe all",
)  # fmt: skip
REST = (
    "/start",
    "/help",
    "/help size",
    "/help plan",
    "/id",
    "/watch DOGE",
    "/watch DOGE",
    "/unwatch DOGE",
    "/unwatch DOGE",
)
SLIPS = (
    "/regim", "/size", "/size BTC", "/size BTC banana", "/size BTC 300x", "/size BTC 10", "/regime BTX", "/regime DOGE", "/regime WIF9",
    "/size BTC 5x 1,2,3", "/size BTC ５x", "/plan", "/plan ?", "/mute", "/hedge BTC 900d", "/settings zone Mars", "/dead requeue",
)  # fmt: skip


def _crowded() -> Context:
    """Open interest by venue, forced closing and findings beside a crowded market."""
    noticed = (
        *test_findings.WHOLE,
        Finding(Found.LEFT_OUT, NOW_MS, Venue.BYBIT, None, 0.31),
        Finding(Found.FLOOR, NOW_MS, Venue.BINANCE, None, None),
    )
    snapshot = test_funding.at_venues(crowding(open_interest=test_oi.grown(), liquidations=test_liq.told()))
    told = replace(snapshot, findings=noticed, venues=(*test_funding.VENUES, test_liq.SAMPLED))
    return context(
        told, unwinding(asset="ETH"), calm(asset="1000PEPE"), watched=("BTC", "ETH", "1000PEPE", "SOL")
    )


def _warned(role: Role = Role.MANAGER) -> Context:
    snapshots = (crowding(), unwinding(asset="ETH"), calm(asset="1000PEPE"))
    stands = replace(FIRED, at_ms=NOW_MS)
    listed = ("BTC", "ETH", "1000PEPE", "DOGE")
    return context(*snapshots, alerts=(stands,), role=role, listed=listed, watched=("BTC", "ETH", "1000PEPE"))


def _busy() -> Context:
    """A market of which much is wrong: troubled venues, a past that is being read, readings that learn."""
    shut = test_sources.venue(Venue.OKX, state="shut", until_ms=NOW_MS + 60_000)
    banned = test_sources.venue(Venue.BYBIT, state="banned", streams_up=1)
    reports = (*test_sources.WELL[:1], shut, banned)
    pasts = (PastReport("SOL", 0.34, ("a",)),)
    return context(
        test_learning.young(), calm(asset="ETH", silent=("funding",)), reports=reports, pasts=pasts
    )


SCENES: Mapping[str, Scene] = {
    "crowded": (_crowded, (*ABOUT_A_MARKET, *METRICS)),
    "unwinding": (lambda: context(unwinding(), unwinding(asset="ETH")), (*ABOUT_A_MARKET, *SIZES)),
    "calm": (lambda: context(calm(), digesting(asset="ETH")), (*ABOUT_A_MARKET, *METRICS, *SIZES)),
    "digesting": (lambda: context(digesting()), ABOUT_A_MARKET),
    "mixed": (lambda: context(market("lc", source="simulated")), ABOUT_A_MARKET),
    "squeeze": (lambda: context(market("fd", "oe", "ou", "stab")), (*ABOUT_A_MARKET, "/funding BTC")),
    "capitulating": (lambda: context(market("pd", "down", "brk", "oc")), ABOUT_A_MARKET),
    "blind": (lambda: context(market(silent=("price", "funding"), lacking=("skew",))), (*ABOUT_A_MARKET, *METRICS)),
    "late": (lambda: context(crowding(), now_ms=NOW_MS + 3_600_000), ABOUT_A_MARKET),
    "recorded": (lambda: context(crowding(source="history")), (*ABOUT_A_MARKET, *METRICS, *WARNINGS[:2])),
    "nothing": (context, (*ABOUT_A_MARKET, "/positions", "/alerts")),
    "learning": (_busy, ABOUT_A_MARKET),
    "sequence": (lambda: context(test_sequence_words.seen({"price": 30.0, "funding": 8.0, "skew": 50.0})), ABOUT_A_MARKET),
    "books": (lambda: context(test_books.beside(test_books.book(whole=0.0, reaches=0.0))), ("/why BTC",)),
    "skew": (lambda: test_skew.desk("ks", "kst").context, ("/skew BTC", "/why BTC")),
    "calls": (lambda: test_skew.desk("ks_call", skew_30d_points=-9.1).context, ("/skew BTC",)),
    "hedge": (lambda: test_hedge.desk().context, ("/hedge BTC 50k 30d", "/hedge BTC 900", "/hedge BTC short 50k")),
    "dear": (lambda: test_hedge.desk(z=2.1, skew_over_atm=0.3).context, ("/hedge BTC 10k",)),
    "levels": (lambda: desk(priced("BTC", 64_210.0, depth()), hours={"BTC": opened()}), ("/levels BTC", "/oi BTC", "/liq BTC")),
    "stress": (lambda: test_stress.with_plans(test_stress.LONG, test_stress.SHORT).context, ("/stress", "/stress 7%")),
    "wallet": (lambda: test_stress.with_plans(*test_stress.CROSSED).context, ("/stress", "/stress beta=1.5")),
    "positions": (lambda: test_positions.holding(test_positions.HELD, test_positions.SOLD).context, ("/positions",)),
    "young": (lambda: context(market(volatility=reading("volatility", sigma=2.1))), SIZES),
    "own limits": (
        lambda: context(crowding(), people=[Person("telegram:4711", base_leverage=8.0, funding_8h=0.0001)], alerts=()),
        (*SIZES[:2], "/settings"),
    ),
    "warned": (_warned, WARNINGS),
    "near": (lambda: test_overview.manager().context, ("/subscribe BTC every", "/alerts")),
    "reader": (lambda: _warned(Role.ANYONE), (*WARNINGS[:3], "/settings cap 5", "/watch DOGE")),
    "owner": (lambda: _warned(Role.OWNER), (*REST, *SLIPS)),
    "dead": (
        lambda: test_dead.owner(test_dead.REFUSED, test_dead.DOUBTFUL).context,
        ("/dead", "/dead requeue", "/dead requeue 7c1f09ab", "/dead requeue all"),
    ),
}  # fmt: skip


async def replies(scene: str, language: str) -> AsyncIterator[tuple[str, Reply]]:
    """The lines of a scene with their answers in a language; a new scene each time, as lines change it."""
    begin, lines = SCENES[scene]
    here = replace(begin(), language=language)
    for line in lines:
        yield line, await answer(line, here)
