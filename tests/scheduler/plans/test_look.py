"""The watch on the real store: who is told, what a command changes meanwhile, and that no failing write loses or doubles."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from market.observations import Observation
from market.plans import Gap, Happened, Plan
from market.rules import Rules
from market.sizing import MarginMode
from market.snapshot import Snapshot
from scheduler.cycle import ENGINE_STATE, Memory, resume, run_cycle
from scheduler.live.memory import live_memory
from scheduler.plans import PlanWatch
from scheduler.plans import look as look_module
from store import keys
from store.alerts_log import AlertsLog
from store.connection import Connection, StoreUnavailable, connected
from store.history import History
from store.hours import StoredHours
from store.snapshots import StoredFeed, StoredSnapshots
from tests.doubles.proxy import proxied
from tests.doubles.valkey import valkey, valkey_socket
from tests.market.feeds import candle, hour, interest, settled
from tests.market.stated import at, hours, planned, seen
from tests.scheduler.plans.desk import ANNA, BEN, CLEO, RULES, Desk, happened

__all__ = ["valkey", "valkey_socket"]

FALL = [seen(price, minute) for minute, price in [(1, 99_000), (2, 96_300), (61, 94_400), (62, 92_000)]]
"""Through trim, hedge and exit; the look after an hour also counts what funding has cost, and ends a gap."""
LADDER = ["trim", "hedge", "exit"]


async def test_each_is_told_of_their_own_plans_where_they_can_be_reached(valkey: Connection) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), reach=ANNA)
    await desk.state(BEN, planned(leverage=25.0), replace(planned(), id="p2", asset="ETH"), reach=BEN)
    await desk.state(CLEO, planned())
    for look in FALL:
        await desk.watch.look(look)
    told = await desk.told()
    assert happened(told, ANNA) == LADDER
    assert happened(told, BEN) == ["near_liquidation", *LADDER, "liquidated"]
    assert {where for where, _ in told} == {ANNA, BEN}
    assert set((await desk.plan(CLEO)).watch.told_ms) == set(LADDER)
    assert (await desk.plan(BEN, "p2")).watch == planned().watch


async def test_several_plans_of_one_person_are_told_in_one_message(valkey: Connection) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), replace(planned(), id="p2"), reach=ANNA)
    assert await desk.watch.look(FALL[1]) == 2
    told = await desk.told()
    assert [news.plan.id for _, news in told] == ["p7f2", "p2"]
    assert happened(told, ANNA) == ["trim", "trim"]


async def test_a_look_that_is_taken_again_tells_nothing_again(valkey: Connection) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), reach=ANNA)
    assert [await desk.watch.look(FALL[1]) for _ in range(3)] == [1, 0, 0]
    assert await desk.watch.look(FALL[0]) == 0, "an older look is none"
    assert (await desk.people.watched_ms(["BTC"])) == {"BTC": at(2)}


async def test_a_plan_that_is_closed_or_whose_asset_is_dropped_is_watched_no_more(valkey: Connection) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), reach=ANNA)
    await desk.watch.look(FALL[0])
    await desk.state(ANNA, reach=ANNA)
    assert [await desk.watch.look(look) for look in FALL[1:]] == [0, 0, 0]
    assert await desk.told() == []
    assert (await desk.people.watched_ms(["BTC"])) == {"BTC": at(1)}
    await desk.state(ANNA, planned(), reach=ANNA)
    assert await desk.watch.look(replace(FALL[3], asset="ETH")) == 0


async def test_an_asset_that_was_dropped_for_a_while_leaves_a_gap(valkey: Connection) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), reach=ANNA)
    for minute in (1, 2, 17, 18):
        await desk.watch.look(seen(100_000, minute))
    assert (await desk.plan(ANNA)).watch.gaps == (Gap(at(2), at(17)),)


def crossed(asset: str, plan_id: str, entry_usd: float, coins: float) -> Plan:
    """A position in a cross wallet of 10,000 USDT."""
    return replace(
        planned(), id=plan_id, asset=asset, mode=MarginMode.CROSS, entry_usd=entry_usd, coins=coins
    )


async def test_a_cross_plan_is_closed_by_force_where_the_rest_of_its_wallet_has_it(
    valkey: Connection,
) -> None:
    desk, snapshots = Desk(valkey), StoredSnapshots(valkey)
    bitcoin, ether = crossed("BTC", "p1", 1e5, 0.5), crossed("ETH", "p2", 2e3, 10.0)
    await desk.state(ANNA, bitcoin, ether, reach=ANNA)
    await desk.state(CLEO, bitcoin)
    await desk.watch.look(seen(100_000, 1))
    alone = (await desk.plan(ANNA, "p1")).liquidation_usd
    assert alone == planned().liquidation_usd, "the price of ether is not known: nothing moves"
    await snapshots.save(replace(seen(1_600, 1), asset="ETH"))
    await desk.watch.look(seen(100_000, 2))
    nearer = (await desk.plan(ANNA, "p1")).liquidation_usd
    assert nearer is not None
    assert alone is not None
    assert nearer == pytest.approx(alone + 4_000.0 / 0.5, rel=0.01)
    await desk.watch.look(seen(100_000, 12))
    assert (await desk.plan(ANNA, "p1")).liquidation_usd == nearer, (
        "an old price of ether moves nothing either"
    )
    await snapshots.save(replace(seen(1_010, 13), asset="ETH"))
    await desk.watch.look(seen(99_000, 13))
    assert happened(await desk.told(), ANNA) == ["liquidated"]
    assert (await desk.plan(CLEO, "p1")).liquidation_usd == pytest.approx(alone, rel=0.01), (
        "another's wallet is another"
    )


async def test_the_owners_own_threshold_for_funding_is_theirs_alone(valkey: Connection) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), reach=ANNA)
    await desk.state(BEN, planned(), reach=BEN)
    await desk.people.change(ANNA, lambda person: replace(person, funding_8h=0.0001))
    await desk.watch.look(seen(100_000, 1, f24=0.0002))
    assert [(where, news.happened) for where, news in await desk.told()] == [
        (ANNA, (Happened.FUNDING_BEYOND,))
    ]


async def test_a_command_at_the_same_moment_is_not_undone(valkey: Connection) -> None:
    desk = Desk(valkey)
    for number in range(10):
        await desk.state(f"telegram:{number}", planned(), reach=f"telegram:{number}")
    second = replace(planned(), id="p2")

    async def add(name: str) -> None:
        await desk.people.change(name, lambda person: replace(person, plans=(*person.plans, second)))

    await asyncio.gather(desk.watch.look(FALL[1]), *(add(f"telegram:{number}") for number in range(10)))
    for number in range(10):
        person = await desk.people.get(f"telegram:{number}")
        assert person is not None
        assert [plan.id for plan in person.plans] == ["p7f2", "p2"]
        assert person.plans[0].watch.told_ms == {"trim": at(2)}
    told = await desk.told()
    assert [happened(told, f"telegram:{number}").count("trim") >= 1 for number in range(10)] == [True] * 10


async def test_somebody_who_changes_their_plans_without_a_pause_is_next_at_the_next_look(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), reach=ANNA)
    monkeypatch.setattr(look_module, "MOST_TRIES", 0)
    assert await desk.watch.look(FALL[1]) == 0
    assert "changed without a pause" in caplog.text
    assert ANNA not in caplog.text
    monkeypatch.undo()
    assert await desk.watch.look(replace(FALL[1], at_ms=at(3))) == 1


async def test_one_person_of_a_newer_version_does_not_keep_the_others_unwatched(valkey: Connection) -> None:
    desk = Desk(valkey)
    await desk.state(ANNA, planned(), reach=ANNA)
    await desk.state(BEN, planned(), reach=BEN)
    async with valkey.writing() as redis:
        await redis.hset(keys.person(ANNA), "person", b"\x92\x63\xc0")
    await desk.watch.look(FALL[1])
    assert happened(await desk.told(), BEN) == ["trim"]


async def insisted(looks: list[Snapshot], broken: Connection, sound: Connection) -> int:
    """Take every look until the store takes it, beginning anew after a failure as a restart does; how often it failed."""
    failed, store = 0, broken
    for look in looks:
        while True:
            try:
                await PlanWatch(store, RULES).look(look)
            except StoreUnavailable:
                failed, store = failed + 1, sound
                continue
            break
    return failed


async def plain(store: Connection) -> tuple[list[str], list[str], Plan]:
    """What two people are told in a fall, and one's plan after it."""
    desk = Desk(store)
    told = await desk.told()
    return happened(told, ANNA), happened(told, BEN), await desk.plan(ANNA)


async def prepared(store: Connection) -> None:
    async with store.writing() as redis:
        await redis.flushall()
    desk = Desk(store)
    await desk.state(ANNA, planned(), reach=ANNA)
    await desk.state(BEN, planned(leverage=25.0), reach=BEN)


async def test_an_end_at_any_write_loses_nothing_and_doubles_nothing(
    valkey: Connection, valkey_socket: Path
) -> None:
    await prepared(valkey)
    assert await insisted(FALL, valkey, valkey) == 0
    expected = await plain(valkey)
    assert (expected[0], expected[2].watch.gaps) == (LADDER, (Gap(at(2), at(61)),))
    broken_at, spared = 0, 0
    while True:
        await prepared(valkey)
        async with proxied(valkey_socket) as proxy, connected(proxy.url) as fragile:
            proxy.spare_answers, proxy.lose_answers = spared, 2  # two: a read that failed is asked once more
            failed = await insisted(FALL, fragile, valkey)
            proxy.lose_answers = 0
        found = await plain(valkey)
        assert found[:2] == expected[:2], spared
        assert found[2].watch.told_ms == expected[2].watch.told_ms, spared
        assert found[2].watch.gaps == expected[2].watch.gaps, spared
        assert found[2].watch.funding_paid_usd == pytest.approx(expected[2].watch.funding_paid_usd), spared
        broken_at += failed
        if not failed:
            break
        spared += 1
    assert broken_at >= 10


def memory_of(connection: Connection) -> Memory:
    """Everything a cycle keeps, with the plans."""
    return Memory(
        History(connection, ENGINE_STATE, "test"),
        StoredSnapshots(connection),
        AlertsLog(connection).append,
        StoredFeed(connection),
        StoredHours(connection, "test"),
        PlanWatch(connection, RULES),
    )


async def test_every_cycle_watches_and_an_end_before_it_did_is_made_good(valkey: Connection) -> None:
    memory, desk = memory_of(valkey), Desk(valkey)
    watched = await resume("BTC", Rules(), "history", memory)
    for number in range(1, 60):
        price = candle(number, 100.0 + 0.4 * (number % 2))
        bar: list[Observation] = [price, interest(number, 1e3), settled(number, 1e-4)]
        await run_cycle(watched, hour(number), bar, memory)
    plan = replace(planned(), entry_usd=100.0, coins=500.0, liquidation_usd=80.0, made_ms=hour(59))
    await desk.state(ANNA, plan, reach=ANNA)
    await run_cycle(watched, hour(60), [candle(60, 96.0)], memory)
    assert happened(await desk.told(), ANNA)[0] == "trim"
    await memory.history.append("BTC", watched.seq + 1, hour(61), [candle(61, 94.0)])
    await resume("BTC", Rules(), "history", memory)
    assert happened(await desk.told(), ANNA).count("hedge") == 1
    await resume("BTC", Rules(), "history", memory)
    assert happened(await desk.told(), ANNA).count("hedge") == 1
    assert (await desk.people.watched_ms(["BTC"])) == {"BTC": hour(61)}


async def test_a_live_market_watches_plans(valkey: Connection) -> None:
    assert isinstance(live_memory(valkey).cycle.plans, PlanWatch)


async def test_nobodys_plans_cost_no_write(valkey: Connection) -> None:
    assert await Desk(valkey).watch.look(seen(100_000, hours(1))) == 0
    async with valkey.reading() as redis:
        assert await redis.dbsize() == 0
