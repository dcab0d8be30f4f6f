"""Every way in which the scheduler writes, through the fence: with the lease as without it, and not at all when it is lost."""

import ast
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from market.observations import Venue
from market.options import Chain
from store.alerts_log import AlertsLog
from store.backtests import StoredBacktests
from store.bulletins import Bulletins
from store.chains import StoredChains
from store.connection import Connection, NotLeader
from store.history import History
from store.hours import StoredHours
from store.lease import Lease
from store.people import StoredPeople
from store.plan_news import StoredPlanNews
from store.snapshots import StoredFeed, StoredSnapshots
from store.sources import StoredSources
from store.tiers import StoredTiers
from store.watchlist import Applied, StoredWatchlist
from tests.store import samples
from tests.store.samples import BTC, ETH, FIRED, NOW_MS, STEP
from tests.store.test_history import SUM, Sum

ROOT = Path(__file__).parents[2]
BROUGHT_BY = ("scheduler", "bot/live_feed.py", "bot/history_feed.py", "bot/feed.py", "bot/backfill.py")
MATCHING, OF_MATCHING = "scheduler/subscriptions", {"Bulletins.batch", "Bulletins.fan_out", "Bulletins.done"}
"""What matches warnings to chats is another part, with a lease of its own."""

Call = Callable[[Connection], Awaitable[object]]
WHO = replace(samples.PERSON_SAMPLE, plans=(samples.PLAN,), reach="telegram:1")


def history(connection: Connection) -> History[Sum]:
    return History(connection, SUM)


async def told(connection: Connection) -> bool:
    """The person of the samples is told something, whatever their version is."""
    kept = await StoredPeople(connection).kept(WHO.name)
    return await StoredPlanNews(connection).tell(kept, WHO, [samples.PLAN_NEWS_SAMPLE])


async def kept_anew(connection: Connection) -> bool:
    kept = await StoredPeople(connection).kept(WHO.name)
    return await StoredPeople(connection).keep(kept, WHO)


async def next_step(connection: Connection) -> tuple[int, ...]:
    last = (await history(connection).load("BTC")).last_seq
    return await history(connection).append_all({"BTC": (last + 1, STEP)}, {"BTC": b"beside"})


WALK: Mapping[str, Call] = {
    "History.append_all": next_step,
    "History.save_checkpoint": lambda at: history(at).save_checkpoint("ETH", 3, Sum(1.0), b"beside"),
    "History.forget": lambda at: history(at).forget("ETH"),
    "StoredSnapshots.save_all": lambda at: StoredSnapshots(at).save_all((BTC, ETH)),
    "StoredSnapshots.forget": lambda at: StoredSnapshots(at).forget("ETH"),
    "StoredSnapshots.watch": lambda at: StoredSnapshots(at).watch(("BTC", "SOL")),
    "StoredFeed.save": lambda at: StoredFeed(at).save(samples.FEED),
    "Bulletins._announce": lambda at: Bulletins(at).announce(FIRED),
    "AlertsLog.append": lambda at: AlertsLog(at).append(replace(FIRED, at_ms=NOW_MS + 1)),
    "StoredHours.save": lambda at: StoredHours(at, "live").save("BTC", samples.HOURS_SAMPLE),
    "StoredBacktests.save": lambda at: StoredBacktests(at, "live").save(samples.BACKTEST_SAMPLE),
    "StoredBacktests.forget": lambda at: StoredBacktests(at, "live").forget(samples.BACKTEST_SAMPLE.asset),
    "StoredTiers.save": lambda at: StoredTiers(at).save([samples.TIERS_SAMPLE]),
    "StoredChains.save": lambda at: StoredChains(at).save(Chain("BTC", Venue.DERIBIT, NOW_MS, ())),
    "StoredSources.save_reports": lambda at: StoredSources(at).save_reports([samples.WELL]),
    "StoredSources.save_past": lambda at: StoredSources(at).save_past(samples.READING_PAST),
    "StoredSources.forget_past": lambda at: StoredSources(at).forget_past("SOL"),
    "StoredWatchlist.save_listed": lambda at: StoredWatchlist(at).save_listed(("BTC", "ETH")),
    "StoredWatchlist.apply": lambda at: StoredWatchlist(at).apply(("BTC",), Applied("BTC", is_complete=True)),
    "StoredWatchlist.note": lambda at: StoredWatchlist(at).note(Applied("", is_complete=True)),
    "StoredWatchlist._change": lambda at: _switch(StoredWatchlist(at)),
    "StoredPeople.keep": kept_anew,
    "StoredPeople.watched": lambda at: StoredPeople(at).watched("BTC", NOW_MS),
    "StoredPlanNews.tell": told,
    "StoredPeople.forget": lambda at: StoredPeople(at).forget(WHO.name),
}
"""One call for each function of the store that writes, in an order in which each finds something to do."""


async def _switch(watchlist: StoredWatchlist) -> bool:
    return await watchlist.drop("SOL") if "SOL" in await watchlist.watched() else await watchlist.add("SOL")


def test_the_walk_leaves_out_no_function_that_writes() -> None:
    writers = {name for module in modules_of_the_scheduler() for name in functions_that_write(module)}
    assert writers - OF_MATCHING == WALK.keys()


async def test_with_the_lease_it_is_done_and_answered_as_without(valkey: Connection) -> None:
    plain = {name: await call(valkey) for name, call in WALK.items()}
    kept = await kinds(valkey)
    async with valkey.writing() as redis:
        await redis.flushall()
    lease = Lease(valkey, "scheduler", "a", 60_000)
    leads = valkey.fenced(lease.key, (await lease.take()).value)
    assert {name: await call(leads) for name, call in WALK.items()} == plain
    assert {key: kind for key, kind in (await kinds(valkey)).items() if b":lease:" not in key} == kept


@pytest.mark.parametrize("how", ["another one leads", "nobody leads", "the same one leads anew"])
async def test_with_a_stale_lease_nothing_changes_in_the_store(valkey: Connection, how: str) -> None:
    lease = Lease(valkey, "scheduler", "a", 60_000)
    tenure = await lease.take()
    stale = valkey.fenced(lease.key, tenure.value)
    for call in WALK.values():
        await call(stale)
    await lease.give_up(tenure)
    if how != "nobody leads":
        await Lease(valkey, "scheduler", "b" if "another" in how else "a", 60_000).take()
    before = await dump(valkey)
    for name, call in WALK.items():
        with pytest.raises(NotLeader):
            assert await call(stale), name
    assert await dump(valkey) == before


def modules_of_the_scheduler() -> list[Path]:
    """The modules of the store that whatever brings the market imports."""
    files = [path for part in BROUGHT_BY for path in sorted((ROOT / part).rglob("*.py")) or [ROOT / part]]
    trees = [ast.parse(path.read_text()) for path in files if not path.is_relative_to(ROOT / MATCHING)]
    named = {node.module for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named.discard(Lease.__module__)  # the one thing that is not written under a lease
    return [path for path in sorted((ROOT / "store").glob("*.py")) if f"store.{path.stem}" in named]


def functions_that_write(module: Path) -> set[str]:
    return {
        f"{made.name}.{function.name}"
        for made in ast.parse(module.read_text()).body
        if isinstance(made, ast.ClassDef)
        for function in made.body
        if isinstance(function, ast.AsyncFunctionDef)
        and any(isinstance(node, ast.Attribute) and node.attr == "writing" for node in ast.walk(function))
    }


async def dump(connection: Connection) -> dict[bytes, bytes | None]:
    """Everything that is kept, as the server itself writes it down."""
    async with connection.reading() as redis:
        return {key: await redis.dump(key) async for key in redis.scan_iter()}


async def kinds(connection: Connection) -> dict[bytes, object]:
    """Every key, and of what kind it is: streams have times in them, and differ from run to run."""
    async with connection.reading() as redis:
        return {key: await redis.type(key) async for key in redis.scan_iter()}
