"""Any order of looks, gaps in the data, restarts and deaths, by the real code on the real store: what must never happen."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.protocol.reply import Reply
from market.alerts import Alert, AlertMemory, Edge, Kind, decide
from market.observations import MINUTE_MS
from market.reading import Because, Presence, Reading
from market.regime import judge
from market.snapshot import Snapshot
from market.table import State
from scheduler.subscriptions import address as addressing
from store import outbox as boxes
from store.bulletins import Batch, Bulletins, transition_of
from store.chats import Subscription
from store.connection import Connection
from store.outbox import Claimed, DeadRows
from tests.bot.delivery.post import WORKER, Way
from tests.doubles.chats import ChatsInMemory
from tests.market.readings import RULES, market, without

CHATS = ("telegram:1", "telegram:2")
EVERYTHING = tuple(Subscription(None, kind) for kind in Kind)
ENDED = frozenset({Edge.RESOLVED, Edge.FALSE_ALARM})
BEGIN_MS = 1_700_000_000_000
FLAGS = ("fe", "kst", "lb", "lc", "oe", "fd", "ks")


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen after so many minutes; None: it cannot be seen."""

    after_min: int
    shock: float | None
    flags: tuple[str, ...]
    hidden: str | None


looks = st.builds(
    Look,
    st.sampled_from((1, 12, 61, 300)),
    st.sampled_from((None, -0.2, -1.6, -2.1, -2.8)),
    st.sets(st.sampled_from(FLAGS), max_size=3).map(lambda names: tuple(sorted(names))),
    st.sampled_from((None, None, None, "price", "liquidations", "funding", "skew")),
)
deeds = st.one_of(
    looks,
    looks,
    st.sampled_from(
        (
            "restart",
            "checkpoint",
            "address",
            "address dies",
            "deliver",
            "dies before",
            "dies after",
            "deliver",
        )
    ),
)


class Died(BaseException):
    """The program is gone, in the middle of this line."""


@dataclass(slots=True)
class Mortal(ChatsInMemory):
    """A platform whose caller may die before or after it takes a message."""

    death: str = ""
    marks: dict[str, list[bool]] = field(default_factory=dict)

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        if self.death == "dies before":
            raise Died
        sent = await super(Mortal, self).send(address, reply, is_silent=is_silent, nonce=nonce)
        self.marks.setdefault(nonce, []).append("(repeat)" in self.messages[int(sent)].text)
        if self.death == "dies after":
            raise Died
        return sent

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        await super(Mortal, self).edit(address, message, reply)
        if self.death:
            raise Died


class MortalBulletins(Bulletins):
    """Dies when the first chunk is written."""

    async def fan_out(
        self, batch: Batch, rows: Sequence[tuple[str, bytes]], cursor: str, addresses: Sequence[str] = ()
    ) -> bool:
        await super().fan_out(batch, rows, cursor, addresses)
        raise Died


@dataclass(slots=True)
class World:
    """The engine of one asset, its kept steps, and the way to the chats."""

    way: Way
    platform: Mortal
    memory: AlertMemory = field(default_factory=AlertMemory)
    kept: AlertMemory = field(default_factory=AlertMemory)
    steps: list[Snapshot] = field(default_factory=list)
    now_ms: int = BEGIN_MS
    last: Snapshot | None = None
    workers: int = 0
    rows: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    async def look(self, seen: Look) -> None:
        self.now_ms += seen.after_min * MINUTE_MS
        snapshot = snap(seen, self.now_ms, self.last)
        self.last = snapshot
        self.steps.append(snapshot)
        await self.take(snapshot)

    async def take(self, snapshot: Snapshot) -> None:
        """Decide and announce, as a cycle does, and as a restart does with the steps since the checkpoint."""
        self.memory, alerts = decide(self.memory, snapshot, RULES, snapshot.at_ms)
        for alert in alerts:
            if alert.edge in ENDED:
                assert is_seen(alert, snapshot), f"{alert.kind} ended without evidence"
        await self.way.announce(*alerts)

    async def restart(self) -> None:
        self.memory = self.kept
        for snapshot in self.steps:
            await self.take(snapshot)

    async def address(self, *, dies: bool) -> None:
        bulletins = MortalBulletins(self.way.valkey, group_wait_ms=0) if dies else self.way.bulletins
        addresser = addressing.Addresser(bulletins, self.way.chats)
        await addresser.begin()
        while await self.way.bulletins.batch() is not None:
            await addresser.address()

    async def deliver(self, death: str = "") -> None:
        self.platform.death = death
        self.workers += 1
        name = f"{WORKER} {self.workers}"
        self.way.errands = self.way.worker(name)
        await self.way.box.open()
        await self.way.box.wake(self.now_ms)
        while rows := await self.way.box.claim(name, 1):
            await self.note(rows[0])
            await self.way.errands.run(rows[0])

    async def note(self, claimed: Claimed) -> None:
        """No transition may come to a chat by two rows."""
        row = claimed.row
        facts = await self.way.bulletins.facts(row.batch)
        for number in row.facts:
            told = self.rows.setdefault((row.address, transition_of(facts[number])), set())
            told.add(row.key)
            assert len(told) == 1, "one transition, two logical sends"

    async def do(self, deed: Look | str) -> None:
        self.way.now_ms = self.now_ms
        match deed:
            case Look():
                await self.look(deed)
            case "restart":
                await self.restart()
            case "checkpoint":
                self.kept, self.steps = self.memory, []
            case "address" | "address dies":
                await self.address(dies=deed == "address dies")
            case _:
                await self.deliver(deed if deed.startswith("dies") else "")


def snap(seen: Look, now_ms: int, before: Snapshot | None) -> Snapshot:
    """A market whose price stood at 100 a day ago."""
    readings = market(**dict.fromkeys(seen.flags, True))
    if seen.hidden is not None:
        readings = without(readings, seen.hidden, Presence.STALE)
    price_usd = 100.0 + 2.0 * (seen.shock or 0.0)
    facts = {"price_usd": price_usd, "shock_24h": seen.shock, "r_24h": log(price_usd / 100), "sigma_1d": 0.02}
    if seen.hidden != "price":
        price = Reading(
            "price", "USD", Presence.SEEN, Because.MEASURED, price_usd, asof_ms=now_ms, facts=facts
        )
        readings = (replace(price, conditions=readings[0].conditions), *readings[1:])
    regime = judge(readings, None if before is None else before.regime, RULES, now_ms)
    return Snapshot("BTC", now_ms, "live", readings, regime)


def is_seen(alert: Alert, snapshot: Snapshot) -> bool:
    """Whether the end of a warning stands on what this very look has seen."""
    regime = snapshot.regime
    match alert.kind:
        case Kind.CASCADE:
            price = snapshot.reading("price")
            return price is not None and price.presence is Presence.SEEN
        case Kind.REGIME | Kind.STAGE:
            return regime.state is not State.INSUFFICIENT_DATA
        case _:
            return any(regime.flag(name) is False for name in FLAGS)


@given(st.lists(deeds, min_size=4, max_size=24))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_order_of_events_tells_twice_loses_or_ends_what_is_not_seen_to_end(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch, story: list[Any]
) -> None:
    monkeypatch.setattr(boxes, "ABANDONED_MS", 0)
    monkeypatch.setattr(addressing, "CHUNK", 1)
    async with valkey.writing() as redis:
        await redis.flushall()
    platform = Mortal()
    world = World(Way(valkey, platform), platform)
    for chat in CHATS:
        await world.way.subscribe(chat, *EVERYTHING)
    for deed in story:
        try:
            await world.do(deed)
        except Died:
            continue
    await world.address(dies=False)
    await world.deliver()
    assert set((await world.way.box.depth()).values()) == {0}
    assert {dead.why for dead in await DeadRows(valkey).all()} <= {"uncertain"}
    for marks in platform.marks.values():
        assert len(marks) <= 2
        assert marks.count(False) <= 1
    for chat in CHATS:
        told = {transition for address, transition in world.rows if address == chat}
        assert told == {transition for _, transition in world.rows}
