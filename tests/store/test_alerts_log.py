"""The alerts of late: bounded, and each once."""

from dataclasses import replace

from market.alerts import Edge, Kind
from market.observations import DAY_MS
from store import keys
from store.alerts_log import KEPT, TOLD_KEPT_MS, AlertsLog
from store.bulletins import Bulletins
from store.connection import Connection
from tests.store.samples import FIRED, NOW_MS


async def test_none_at_first(valkey: Connection) -> None:
    assert await AlertsLog(valkey).recent(10) == ()


async def test_the_newest_comes_first(valkey: Connection) -> None:
    log = AlertsLog(valkey)
    later = replace(FIRED, edge=Edge.RESOLVED, at_ms=NOW_MS + 60_000)
    assert await log.append(later)
    assert await log.append(FIRED)
    assert await log.recent(10) == (later, FIRED)
    assert await log.recent(1) == (later,)
    assert await log.recent(0) == ()


async def test_the_same_alert_twice_is_one(valkey: Connection) -> None:
    log = AlertsLog(valkey)
    assert [await log.append(FIRED) for _ in range(3)] == [True, False, False]
    assert await log.recent(10) == (FIRED,)


async def test_another_asset_edge_or_time_is_another_alert(valkey: Connection) -> None:
    log = AlertsLog(valkey)
    others = [
        replace(FIRED, asset="ETH"),
        replace(FIRED, edge=Edge.ESCALATED),
        replace(FIRED, at_ms=NOW_MS + 1),
    ]
    assert all([await log.append(alert) for alert in (FIRED, *others)])
    assert len(await log.recent(10)) == 4


async def test_the_oldest_go(valkey: Connection) -> None:
    log = AlertsLog(valkey, kept=3)
    for minute in range(6):
        await log.append(replace(FIRED, at_ms=NOW_MS + minute * 60_000))
    assert [(alert.at_ms - NOW_MS) // 60_000 for alert in await log.recent(10)] == [5, 4, 3]
    async with valkey.reading() as redis:
        assert await redis.hlen(keys.ALERTS) == await redis.zcard(keys.ALERTS_BY_TIME) == 3


async def test_an_alert_of_a_newer_version_is_left_out(valkey: Connection) -> None:
    log = AlertsLog(valkey)
    await log.append(FIRED)
    async with valkey.writing() as redis:
        await redis.hset(keys.ALERTS, "newer", b"\x92\x63\x80")
        await redis.zadd(keys.ALERTS_BY_TIME, {"newer": NOW_MS + 1})
    assert await log.recent(10) == (FIRED,)


async def test_what_began_or_grew_worse_is_told_of_newest_first(valkey: Connection) -> None:
    log = AlertsLog(valkey)
    worse = replace(FIRED, edge=Edge.ESCALATED, at_ms=NOW_MS + 1)
    over = replace(FIRED, edge=Edge.RESOLVED, at_ms=NOW_MS + 2)
    funding = replace(FIRED, kind=Kind.FUNDING, at_ms=NOW_MS + 3)
    for alert in (FIRED, worse, over, funding):
        await log.append(alert)
    told = await log.told()
    assert [(alert.kind, alert.edge) for alert in told] == [
        (Kind.FUNDING, Edge.FIRED),
        (Kind.CASCADE, Edge.ESCALATED),
        (Kind.CASCADE, Edge.FIRED),
    ]


async def test_an_alert_of_a_year_keeps_only_the_facts_that_a_record_needs(valkey: Connection) -> None:
    log = AlertsLog(valkey)
    await log.append(replace(FIRED, facts={"price_usd": 64_210.0, "r_24h": -0.047, "shock_24h": -2.5}))
    (told,) = await log.told()
    assert told.facts == {"price_usd": 64_210.0, "r_24h": -0.047}


async def test_cascades_stay_for_a_year_while_those_of_late_go(valkey: Connection) -> None:
    log = AlertsLog(valkey, kept=3)
    for day in range(0, 400, 40):
        await log.append(replace(FIRED, id=f"a{day}", at_ms=NOW_MS + day * DAY_MS))
    assert [(alert.at_ms - NOW_MS) // DAY_MS for alert in await log.recent(10)] == [360, 320, 280]
    assert [(alert.at_ms - NOW_MS) // DAY_MS for alert in await log.told()] == list(range(360, -40, -40))
    await log.append(replace(FIRED, id="late", at_ms=NOW_MS + TOLD_KEPT_MS + 40 * DAY_MS))
    assert [alert.id for alert in await log.told()][-1] == "a40"


async def test_the_oldest_of_a_year_go_when_there_are_too_many(valkey: Connection) -> None:
    log = AlertsLog(valkey, kept=0, told_kept=5)
    for minute in range(9):
        await log.append(replace(FIRED, at_ms=NOW_MS + minute))
    async with valkey.reading() as redis:
        assert await redis.hlen(keys.TOLD) == await redis.zcard(keys.TOLD_BY_TIME) == 5


async def test_what_is_announced_is_told_of_as_well(valkey: Connection) -> None:
    await Bulletins(valkey).announce(FIRED)
    (told,) = await AlertsLog(valkey).told()
    assert (told.id, told.at_ms) == (FIRED.id, FIRED.at_ms)


async def test_what_an_older_version_kept_is_told_of_while_it_is_among_those_of_late(
    valkey: Connection,
) -> None:
    log = AlertsLog(valkey)
    await log.append(FIRED)
    async with valkey.writing((keys.TOLD,)) as redis:
        await redis.delete(keys.TOLD, keys.TOLD_BY_TIME)
    assert await log.told() == (FIRED,)
    assert len(await log.told()) <= KEPT
