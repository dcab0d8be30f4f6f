"""The last leg on the real Valkey: every class of error, crashes between sending and removing, waves and quiet hours."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from bot.delivery.deliverer import Deliverer
from bot.delivery.errand import Shelves, Stopped, nonce_of
from bot.delivery.words import Words
from bot.live import services_on
from bot.messenger import Manners, Undelivered, Wrong
from commands.protocol.dispatch import answer
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from market.alerts import Alert, Edge, Kind, Severity
from market.observations import DAY_MS, HOUR_MS
from scheduler.subscriptions.address import Addresser
from store import keys
from store.alerts_log import AlertsLog
from store.bulletins import Bulletins
from store.chats import StoredChats, Subscription
from store.connection import Connection
from store.outbox import DeadRows, Outbox
from store.pace import Pace, Rate
from store.plan_news import StoredPlanNews
from store.post import StoredPost
from tests.doubles.chats import ChatsInMemory
from tests.doubles.waiting import until
from tests.store.samples import FIRED, NOW_MS

HERE = "telegram:1"
SLOW = Rate(10_000.0, 10_000.0)


class Post:
    """A store, a platform in memory and a deliverer between them."""

    def __init__(self, valkey: Connection, platform: ChatsInMemory) -> None:
        self.valkey, self.platform = valkey, platform
        self.now_ms = NOW_MS
        self.chats = StoredChats(valkey)
        self.box = Outbox(valkey, platform.platform)

    def deliverer(self) -> Deliverer:
        shelves = Shelves(
            self.box,
            Bulletins(self.valkey, group_wait_ms=0),
            self.chats,
            Pace(self.valkey, "bot", self.platform.manners.overall),
            StoredPlanNews(self.valkey),
        )
        return Deliverer(shelves, self.platform, Words(), lambda: self.now_ms, "one")

    async def subscribe(self, address: str = HERE) -> None:
        wishes = (Subscription(None, Kind.CASCADE), Subscription(None, Kind.REGIME))
        await self.chats.change(address, lambda chat: replace(chat, subscriptions=wishes))

    async def announce(self, *alerts: Alert) -> None:
        bulletins = Bulletins(self.valkey, group_wait_ms=0)
        for alert in alerts:
            await bulletins.announce(alert)
        addresser = Addresser(bulletins, self.chats)
        await addresser.begin()
        await addresser.address()

    async def deliver(self) -> None:
        """Run until nothing waits but what waits for its time."""
        running = asyncio.create_task(self.deliverer().run())
        await until(self.is_done)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    async def is_done(self) -> bool:
        depth = await self.box.depth()
        async with self.valkey.reading() as redis:
            due = await redis.zcount(keys.later(self.platform.platform), "-inf", self.now_ms)
        return not due and not any(count for place, count in depth.items() if place != "later")

    async def later(self) -> int:
        return (await self.box.depth())["later"]

    async def wave(self) -> Any:
        """The live message of HERE as the store keeps it."""
        async with self.valkey.reading() as redis:
            return await redis.get(keys.wave(HERE))


@pytest.fixture
async def post(valkey: Connection) -> Post:
    made = Post(valkey, ChatsInMemory())
    await made.box.open()
    await made.subscribe()
    return made


async def test_a_warning_arrives_once_and_what_changes_is_an_edit(post: Post) -> None:
    await post.announce(FIRED)
    await post.deliver()
    await post.announce(replace(FIRED, asset="ETH", at_ms=NOW_MS + 1))
    await post.deliver()
    (message,) = post.platform.shown(HERE)
    assert message.edits == 1
    assert "ETH" in message.text
    assert "BTC" in message.text


async def test_a_row_that_is_certainly_not_sent_is_sent_later_without_a_mark(post: Post) -> None:
    post.platform.faults.append(Undelivered(Wrong.NOT_SENT, "no connection"))
    await post.announce(FIRED)
    await post.deliver()
    assert (post.platform.shown(HERE), await post.later()) == ([], 1)
    post.now_ms += 5_000
    await post.deliver()
    (message,) = post.platform.shown(HERE)
    assert "(repeat)" not in message.text


async def test_a_row_that_may_have_arrived_is_repeated_once_and_marked(post: Post) -> None:
    post.platform.arrives = True
    post.platform.faults.extend([Undelivered(Wrong.UNCERTAIN, "no answer")] * 2)
    await post.announce(FIRED)
    await post.deliver()
    post.now_ms += 5_000
    await post.deliver()
    post.now_ms += 5_000
    await post.deliver()
    first, second = post.platform.shown(HERE)
    assert ("(repeat)" in first.text, "(repeat)" in second.text) == (False, True)
    (dead,) = await DeadRows(post.valkey).all()
    assert dead.why == "uncertain"


async def test_a_platform_that_knows_nonces_gets_it_again_and_shows_it_once(valkey: Connection) -> None:
    room = ChatsInMemory("discord", Manners(SLOW, 4, is_idempotent=True), arrives=True)
    post = Post(valkey, room)
    await post.box.open()
    await post.subscribe("discord:1")
    room.faults.extend([Undelivered(Wrong.UNCERTAIN, "no answer")] * 3)
    await post.announce(FIRED)
    for _ in range(4):
        await post.deliver()
        post.now_ms += 5_000
    (message,) = room.shown("discord:1")
    assert "(repeat)" not in message.text
    assert room.calls == 4
    assert await post.later() == 0


async def test_a_limit_of_one_chat_holds_that_chat_only(post: Post) -> None:
    await post.subscribe("telegram:2")
    post.platform.faults.append(Undelivered(Wrong.RATE_LIMITED, "too many", wait_s=30.0))
    await post.announce(FIRED)
    await post.deliver()
    assert len(post.platform.messages) == 1
    assert await post.later() == 1


async def test_a_chat_that_blocked_us_is_asked_once_and_rests(post: Post) -> None:
    post.platform.faults.append(Undelivered(Wrong.CHAT, "blocked by the user"))
    await post.announce(FIRED)
    await post.deliver()
    chat = await post.chats.get(HERE)
    assert chat is not None
    assert chat.suspended == "blocked by the user"
    await post.announce(replace(FIRED, severity=Severity.CRITICAL, edge=Edge.ESCALATED, at_ms=NOW_MS + 1))
    await post.deliver()
    assert post.platform.calls == 1


async def test_a_chat_that_is_closed_for_a_while_is_told_when_it_is_open_again(post: Post) -> None:
    closed = Undelivered(Wrong.CLOSED, "not enough rights to send text messages")
    post.platform.faults.extend([closed] * 3)
    await post.announce(FIRED)
    for _ in range(3):
        await post.deliver()
        assert (post.platform.shown(HERE), await post.later()) == ([], 1)
        post.now_ms += 60_000
    await post.deliver()
    chat = await post.chats.get(HERE)
    assert chat is not None
    assert chat.suspended is None
    (message,) = post.platform.shown(HERE)
    assert "Late: this is 3 min old" in message.text
    assert await DeadRows(post.valkey).all() == ()


async def test_a_chat_that_stays_closed_is_tried_for_a_day_and_more_and_more_seldom(post: Post) -> None:
    post.platform.faults.extend([Undelivered(Wrong.CLOSED, "closed")] * 1_000)
    await post.announce(FIRED)
    while post.now_ms <= NOW_MS + DAY_MS + 3 * HOUR_MS:
        await post.deliver()
        post.now_ms += HOUR_MS // 2
    (dead,) = await DeadRows(post.valkey).all()
    assert dead.why == "closed"
    assert await post.later() == 0


async def test_a_chat_that_moved_gets_it_where_it_is_now(post: Post) -> None:
    post.platform.faults.append(Undelivered(Wrong.MOVED, "migrated", moved_to="telegram:-100"))
    await post.announce(FIRED)
    await post.deliver()
    post.now_ms += 1
    await post.deliver()
    (message,) = post.platform.messages
    assert message.address == "telegram:-100"
    assert await post.chats.get(HERE) is None


async def test_a_wave_that_goes_on_in_another_chat_begins_a_message_there(post: Post) -> None:
    await post.announce(FIRED)
    await post.deliver()
    assert await post.chats.move(HERE, "telegram:-100")
    await post.announce(replace(FIRED, asset="ETH", at_ms=NOW_MS + 1))
    await post.deliver()
    before, now = post.platform.messages
    assert (before.address, before.edits) == (HERE, 0)
    assert now.address == "telegram:-100"
    assert "ETH" in now.text
    assert "BTC" in now.text


async def test_a_message_that_is_refused_is_kept_for_an_administrator(post: Post) -> None:
    post.platform.faults.append(Undelivered(Wrong.MESSAGE, "too strange"))
    await post.announce(FIRED)
    await post.deliver()
    (dead,) = await DeadRows(post.valkey).all()
    assert dead.why == "too strange"
    assert await DeadRows(post.valkey).requeue(dead.row.key)
    await post.deliver()
    assert len(post.platform.shown(HERE)) == 1


async def test_a_live_message_that_was_deleted_is_sent_anew(post: Post) -> None:
    await post.announce(FIRED)
    await post.deliver()
    post.platform.messages.clear()
    await post.announce(replace(FIRED, asset="ETH", at_ms=NOW_MS + 1))
    await post.deliver()
    post.now_ms += 5_000
    await post.deliver()
    assert len(post.platform.shown(HERE)) == 1


async def test_a_refused_bot_stops_and_loses_nothing(post: Post) -> None:
    post.platform.faults.append(Undelivered(Wrong.BOT, "the token is refused"))
    await post.announce(FIRED)
    with pytest.raises(Stopped, match="refused"):
        await post.deliverer().run()
    post.now_ms += 5_000
    await post.deliver()
    assert len(post.platform.shown(HERE)) == 1


async def test_who_left_meanwhile_hears_nothing(post: Post) -> None:
    await post.announce(FIRED)
    await post.chats.change(HERE, lambda chat: replace(chat, subscriptions=()))
    await post.deliver()
    await post.chats.forget(HERE)
    assert post.platform.calls == 0


async def test_a_muted_chat_hears_once_what_still_stands(post: Post) -> None:
    await post.chats.change(HERE, lambda chat: replace(chat, muted_ms={"": NOW_MS + HOUR_MS}))
    await post.announce(FIRED)
    worse = replace(FIRED, severity=Severity.CRITICAL, edge=Edge.ESCALATED, at_ms=NOW_MS + 1)
    await post.announce(worse)
    await post.deliver()
    assert (post.platform.messages, await post.later()) == ([], 2)
    post.now_ms += HOUR_MS
    await post.deliver()
    (message,) = post.platform.shown(HERE)
    assert "still stands" in message.text
    assert await post.later() == 0


async def test_killed_after_the_platform_took_it_telegram_gets_it_once_more_and_marked(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.announce(FIRED)

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    dying = post.deliverer()
    monkeypatch.setattr(dying._errands, "_commit", killed)
    running = asyncio.create_task(dying.run())
    await until(lambda: bool(post.platform.messages))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    monkeypatch.setattr("store.outbox.ABANDONED_MS", 0)
    await post.deliver()
    first, second = post.platform.shown(HERE)
    assert ("(repeat)" in first.text, "(repeat)" in second.text) == (False, True)


async def test_a_sample_goes_past_mutes_and_waves_and_says_what_it_is(post: Post, valkey: Connection) -> None:
    await post.announce(FIRED)
    await post.deliver()
    before = await post.wave()
    await post.chats.change(HERE, lambda chat: replace(chat, muted_ms={"": NOW_MS + HOUR_MS}, daily_cap=1))
    sample = replace(FIRED, id="test", asset="ETH")
    assert await StoredPost(valkey).test(HERE, sample)
    assert not await StoredPost(valkey).test(HERE, sample), "asked once, however often the call is repeated"
    await post.deliver()
    live, shown = post.platform.shown(HERE)
    assert "TEST · WARNING #test ETH" in shown.text
    assert "TEST: nothing has happened." in shown.text
    assert not shown.is_silent
    assert await post.wave() == before
    await post.chats.change(HERE, lambda chat: replace(chat, muted_ms={}))
    await post.announce(replace(FIRED, asset="SOL", at_ms=NOW_MS + 1))
    await post.deliver()
    assert (live.edits, shown.edits, post.platform.calls) == (1, 0, 3), "the wave goes on in its own message"
    assert await AlertsLog(valkey).recent(9) == (replace(FIRED, asset="SOL", at_ms=NOW_MS + 1), FIRED)


async def test_a_mute_that_is_taken_off_lets_what_was_held_back_come(post: Post, valkey: Connection) -> None:
    await post.subscribe("telegram:11")
    services = services_on(valkey, is_live=True)
    here = Context(services, NOW_MS, platform="telegram", chat="1", role=Role.MANAGER)
    for chat in ("1", "11"):
        await answer("/mute 8h", replace(here, chat=chat))
    await post.announce(FIRED)
    await post.deliver()
    assert (post.platform.messages, await post.later()) == ([], 2)
    await answer("/mute off", here)
    await post.deliver()
    (message,) = post.platform.messages
    assert message.address == HERE
    assert "still stands" in message.text
    assert await post.later() == 1


async def test_a_sample_that_is_an_hour_late_is_not_sent(post: Post, valkey: Connection) -> None:
    await StoredPost(valkey).test(HERE, FIRED)
    post.now_ms += HOUR_MS + 1
    await post.deliver()
    assert post.platform.messages == []


async def test_a_command_subscribes_and_the_next_warning_arrives(valkey: Connection) -> None:
    post = Post(valkey, ChatsInMemory())
    await post.box.open()
    services = services_on(valkey, is_live=True)
    await services.snapshots.watch(("BTC", "ETH"))  # type: ignore[attr-defined]
    here = Context(services, NOW_MS, platform="telegram", user="1", chat="1", role=Role.MANAGER)
    await answer("/subscribe BTC", here)
    await post.announce(FIRED, replace(FIRED, asset="ETH"))
    await post.deliver()
    (message,) = post.platform.shown(HERE)
    assert "#c7f2 BTC" in message.text
    assert "ETH" not in message.text
    said = await answer("/alerts", here)
    assert said.data["standing"]
    await answer("/testalert", here)
    await post.deliver()
    assert "TEST" in post.platform.shown(HERE)[1].text
    await answer("/unsubscribe all", here)
    await post.announce(replace(FIRED, severity=Severity.CRITICAL, edge=Edge.ESCALATED, at_ms=NOW_MS + 1))
    await post.deliver()
    assert len(post.platform.messages) == 2


def test_a_nonce_is_short_and_belongs_to_its_row() -> None:
    assert len(nonce_of("batch:discord:1")) <= 25
    assert nonce_of("a") == nonce_of("a") != nonce_of("b")


class Slow(ChatsInMemory):
    """Takes its time over each message, and knows how many it had in hand together."""

    together = most = 0

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        self.together += 1
        self.most = max(self.most, self.together)
        for _ in range(20):
            await asyncio.sleep(0)
        self.together -= 1
        return await super().send(address, reply, is_silent=is_silent, nonce=nonce)


async def test_two_rows_of_one_chat_are_never_under_way_together(valkey: Connection) -> None:
    platform = Slow()
    post = Post(valkey, platform)
    await post.box.open()
    await post.subscribe()
    for number in range(6):
        fall = replace(FIRED, severity=Severity.CRITICAL, asset=f"A{number}", at_ms=NOW_MS + number)
        await post.announce(fall)
    await post.deliver()
    assert platform.messages
    assert platform.most == 1


async def test_who_comes_while_another_row_of_the_chat_waits_takes_the_same_lock(post: Post) -> None:
    locks = post.deliverer()._locks
    first = locks.setdefault(HERE, asyncio.Lock())
    await first.acquire()
    waiting = asyncio.create_task(first.acquire())
    await asyncio.sleep(0)
    first.release()
    assert locks.setdefault(HERE, asyncio.Lock()) is first
    await waiting
    first.release()
    del first, waiting
    assert not locks
