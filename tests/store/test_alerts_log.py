"""The alerts of late: bounded, and each once."""

from dataclasses import replace

from market.alerts import Edge
from store import keys
from store.alerts_log import AlertsLog
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
