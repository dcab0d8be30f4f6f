"""A hundred people use the service as they like; one is forgotten, and an old backup does not bring them back."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from bot.live import services_on
from bot.messenger import Undelivered, Wrong
from commands.protocol.dispatch import answer, outcome
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from market.alerts import Severity
from market.observations import HOUR_MS, MINUTE_MS
from store import keys
from store.backup import Record, records
from store.connection import Connection
from store.in_memory import SnapshotsInMemory
from store.kept import Naming
from store.registry import entries, entry_of
from store.restore import Manner, Restoring
from store.services import Services
from store.tombstones import read_graves
from tests.bot.delivery.post import Way
from tests.commands.levelled import depth, priced
from tests.commands.markets import NOW_MS
from tests.doubles.chats import ChatsInMemory
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.crowded import HUNDRED, differences, dump, name_of, traces_in
from tests.store.samples import FIRED

__all__ = ["valkey", "valkey_socket"]

GROUPS = ("-1007770001", "-1007770002", "-1007770003")
LINES = (
    "/subscribe BTC cascade", "/subscribe all", "/unsubscribe BTC", "/mute BTC 2h", "/mute 1h", "/settings cap=5",
    "/settings zone=Europe/Madrid", "/settings quiet=23-07", "/settings base=4x", "/plan BTC 5x long 10k line=60,000",
    "/plan ETH 3x short 5k line=3,400", "/positions", "/alerts", "/size BTC 5x", "/testalert", "/privacy", "/nonsense", "/start",
)  # fmt: skip
FAULTS = (
    Undelivered(Wrong.UNCERTAIN, "no answer"),
    Undelivered(Wrong.RATE_LIMITED, "too many", wait_s=0.01),
    Undelivered(Wrong.CHAT, "blocked"),
    Undelivered(Wrong.MESSAGE, "refused"),
)
WHO = HUNDRED[37]


class Town:
    """People who ask and are warned, on one store."""

    def __init__(self, valkey: Connection, seed: int) -> None:
        self.random = Random(seed)
        self.way = Way(valkey, ChatsInMemory())
        self.way.now_ms = NOW_MS
        market = (priced("BTC", 64_210.0, depth()), priced("ETH", 3_000.0))
        self.services: Services = replace(
            services_on(valkey, is_live=True), snapshots=SnapshotsInMemory(("BTC", "ETH"), market)
        )

    async def ask(self, number: int, line: str, group: str = "") -> Reply:
        """What somebody says, alone or in a group that they manage."""
        here = Context(
            self.services, self.way.now_ms, platform="telegram", user=str(number), chat=group or str(number),
            is_private=not group, role=Role.MANAGER, reach=name_of(number),
        )  # fmt: skip
        return await answer(line, here)

    async def live(self, people: Sequence[int], days: int) -> None:
        """Everybody says a few things, and is warned of something a few times a day."""
        for _ in range(days):
            for number in people:
                for line in self.random.sample(LINES, 2):
                    await self.ask(number, line, self.random.choice(("", "", *GROUPS)))
            await self._warn()
            self.way.now_ms += 6 * HOUR_MS

    async def _warn(self) -> None:
        at_ms = self.way.now_ms - MINUTE_MS
        alert = replace(FIRED, at_ms=at_ms, opened_ms=at_ms, severity=Severity.WARNING)
        self.way.platform.faults.extend(self.random.choice((None, None, *FAULTS)) for _ in range(30))
        await self.way.announce(alert)
        await self.way.address()
        await self.way.deliver()
        self.way.platform.faults.clear()


@pytest.mark.parametrize("seed", [1, 2])
async def test_whoever_is_forgotten_is_gone_and_the_other_ninety_nine_are_as_they_were(
    seed: int, valkey: Connection
) -> None:
    town = Town(valkey, seed)
    for line in ("/subscribe all", "/plan BTC 5x long 10k line=60,000"):
        await town.ask(WHO, line)
    await town.ask(WHO, "/subscribe ETH regime", GROUPS[0])
    await town.live(HUNDRED, days=2)
    saved_ms = town.way.now_ms
    saved = [record async for record in records(valkey, with_history=False)]
    await _never_stray(valkey)

    asked = await town.ask(WHO, "/forget")
    before = await dump(valkey)
    said = await town.ask(WHO, asked.actions[0].command)

    assert outcome(said) == "answered"
    after = await dump(valkey)
    assert traces_in(after, WHO) == []
    others = [
        key
        for key in differences(before, after, WHO)
        if key not in {keys.TOMBSTONES, keys.SECRETS, keys.CHATS_CHANGES}
        and not key.startswith(tuple(keys.chat(f"telegram:{group}") for group in GROUPS))
    ]
    assert others == []
    await _restore(valkey, saved, saved_ms, town.way.now_ms)
    assert traces_in(await dump(valkey), WHO) == []


async def _never_stray(valkey: Connection) -> None:
    """Every key is of a kind that is known, of its type, and lives no longer than is said."""
    found = await dump(valkey)
    people = {one for number in HUNDRED for one in traces_in(found, number)}
    async with valkey.reading(within_s=30.0) as redis:
        for key in found:
            entry = entry_of(key)
            assert entry is not None, key
            assert await redis.type(key) == entry.type.encode(), key
            lasts_s = await redis.ttl(key)
            assert (lasts_s == -1) is (entry.kept_s is None), key
            assert entry.kept_s is None or lasts_s <= entry.kept_s, key
            assert key not in people or entry.names is not Naming.NOWHERE, key
    assert {entry.name for entry in entries() if any(entry_of(key) is entry for key in found)} >= {
        "person", "holders", "chat", "chats", "changes", "wave", "facts", "later", "later-rows", "alerts", "pace-of-chat",
    }  # fmt: skip


async def _restore(valkey: Connection, saved: list[Record], saved_ms: int, now_ms: int) -> None:
    graves = await read_graves(valkey)
    for replaces in (False, True):
        restoring = Restoring(valkey, Manner(now_ms, replaces=replaces, made_ms=saved_ms, graves=graves))
        for sort in dict.fromkeys(record.sort for record in saved):
            await restoring.put(sort, [record for record in saved if record.sort == sort])
