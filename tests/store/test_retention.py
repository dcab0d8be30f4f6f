"""Nothing grows for ever: what has no time to live is bounded, and the bound is tried by going over it."""

from dataclasses import replace

import pytest

from bot.delivery.tidying import KEPT_MS, Tidying
from market.hourly import KEPT_HOURS, Hourly
from market.observations import DAY_MS, HOUR_MS
from store import keys
from store.alerts_log import KEPT
from store.bulletins import ANNOUNCED_KEPT_MS, FACTS_KEPT_S, Bulletins, transition_of
from store.chats import CHANGES_KEPT, StoredChats
from store.connection import Connection
from store.kept import Entry
from store.outbox import Outbox, Row, packed
from store.queues import Queues
from store.registry import entries
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import CHAT_SAMPLE, FIRED, NOW_MS

__all__ = ["valkey", "valkey_socket"]

BOUNDED = {
    "steps": "a checkpoint each 240 steps; store.history refuses more than 10,000 (test_history)",
    "dead": "DEAD_KEPT (test_outbox)",
    "dead-at": "DEAD_KEPT (test_outbox)",
    "alerts": "below",
    "alerts-by-time": "below",
    "announced": "below",
    "changes": "below",
    "outbox": "below",
    "later": "rows that were claimed once, and go with what they tell of",
    "later-rows": "rows that were claimed once, and go with what they tell of",
    "sending": "rows that were claimed once, and go with what they tell of",
    "bulletins": "MOST_A_BATCH at a time, as long as one process matches",
    "hours": "below",
    "tombstones": "those who asked to be forgotten, 40 bytes each",
    "secrets": "one a restore out of another store",
    "spells": "the last twenty (store.sight)",
    "canary": "ten minutes (store.watchdog)",
}
"""What could grow with time, by the name of its kind: where its bound is tried."""


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_every_kind_of_key_says_what_ends_or_bounds_it(entry: Entry) -> None:
    assert entry.until
    if entry.type == "stream":
        assert entry.name in BOUNDED


async def test_the_newest_alerts_are_kept_and_announcements_for_eight_days(valkey: Connection) -> None:
    bulletins = Bulletins(valkey)
    for place in range(KEPT + 20):
        await bulletins.announce(replace(FIRED, id=f"a{place}", at_ms=NOW_MS + place))
    late = replace(FIRED, at_ms=NOW_MS + 2 * ANNOUNCED_KEPT_MS)
    await bulletins.announce(late)
    async with valkey.reading() as redis:
        assert await redis.hlen(keys.ALERTS) == await redis.zcard(keys.ALERTS_BY_TIME) == KEPT
        assert await redis.zrange(keys.ANNOUNCED, 0, -1) == [transition_of(late).encode()]


async def test_changes_of_chats_are_trimmed(valkey: Connection) -> None:
    chats = StoredChats(valkey)
    async with valkey.writing(within_s=30.0) as redis, redis.pipeline(transaction=False) as together:
        for _ in range(CHANGES_KEPT + 500):
            together.xadd(keys.CHATS_CHANGES, {"address": "telegram:1"})
        await together.execute()
    await chats.change("telegram:1", lambda chat: replace(chat, daily_cap=1))
    async with valkey.reading() as redis:
        assert await redis.xlen(keys.CHATS_CHANGES) <= CHANGES_KEPT + 200


def test_hours_of_180_days_are_kept() -> None:
    hours = Hourly()
    for place in range(1, KEPT_HOURS + 50):
        hours.close_hour(place * HOUR_MS, 2.0, 1.0, 1.5, 10.0)
    assert len(hours) == KEPT_HOURS
    assert {len(column) for column in hours.columns()} == {KEPT_HOURS}


async def test_what_nobody_delivered_for_eight_days_goes(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    chat = replace(CHAT_SAMPLE, address="discord:7")
    await StoredChats(valkey).change(chat.address, lambda _: chat)
    stream, blob = packed(Row("a:discord:7", "discord:7", "1-0", (0,), 1, NOW_MS, NOW_MS + DAY_MS))
    async with valkey.writing() as redis:
        seconds, _ = await redis.time()
        await redis.xadd(stream, {"row": blob}, id=f"{int(seconds) * 1_000 - KEPT_MS - 1_000}-0")
        await redis.xadd(stream, {"row": blob})
    await Tidying(valkey, lambda: NOW_MS).tidy()
    (queue,) = await Queues(valkey).of(["discord"])
    assert queue.rows == (0, 1, 0)
    assert "nobody delivered for eight days" in caplog.text
    await Tidying(valkey, lambda: NOW_MS).tidy()
    assert (await Outbox(valkey, "discord").depth())["1"] == 1
    assert KEPT_MS == 1_000 * FACTS_KEPT_S
