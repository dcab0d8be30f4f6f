"""News of plans on the real way: a message of its own to a person, whom no chat needs to know, and never held back."""

from dataclasses import replace

import pytest

from bot.delivery.errand import nonce_of
from bot.messenger import Manners, Undelivered, Wrong
from market.alerts import Severity
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from market.plans import Happened, PlanNews
from store import keys
from store.alerts_log import ALERT
from store.chats import QuietHours, Subscription
from store.codec import encode
from store.connection import Connection
from store.outbox import Begun, DeadRows
from store.pace import Rate
from store.people import StoredPeople
from store.persons import Person
from store.plan_news import StoredPlanNews, row_of
from tests.bot.delivery.plans import PLAN, news
from tests.bot.delivery.post import Way
from tests.doubles.chats import ChatsInMemory
from tests.store.samples import FIRED, NOW_MS

ME = "telegram:1"
ALWAYS_QUIET = QuietHours(0, 24 * 60 - 1, "UTC")


@pytest.fixture
async def way(valkey: Connection) -> Way:
    made = Way(valkey, ChatsInMemory())
    made.now_ms = NOW_MS + 1_000
    await made.box.open()
    return made


async def tell(way: Way, *facts: PlanNews, reach: str = ME) -> str:
    """The watch tells a person of their plans; the key of the row."""
    people = StoredPeople(way.valkey)
    before = await people.kept("somebody")
    after = replace(before.person, reach=reach, plans=tuple(one.plan for one in facts), made_ms=NOW_MS)
    await people.keep(before, after)
    before = await people.kept("somebody")
    after = Person("somebody", reach, plans=after.plans, made_ms=NOW_MS, funding_8h=0.001)
    assert await StoredPlanNews(way.valkey).tell(before, after, facts)
    return row_of(before, reach, facts).key


async def test_a_rung_is_told_to_somebody_no_chat_is_known_of(way: Way) -> None:
    await tell(way, news(Happened.TRIM))
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert "BTC 5x long p7f2 · TRIM" in message.text
    assert "reached your trim rung 96,000" in message.text
    assert not message.is_silent
    assert await way.chats.get(ME) is None


async def test_it_is_told_once(way: Way) -> None:
    await tell(way, news(Happened.TRIM))
    await way.deliver()
    await way.deliver()
    assert len(way.platform.shown(ME)) == 1
    assert sum((await way.box.depth()).values()) == 0


async def test_it_belongs_to_no_wave_and_counts_against_no_limit(way: Way) -> None:
    await way.subscribe(ME, Subscription(None, FIRED.kind))
    await way.chats.change(ME, lambda chat: replace(chat, daily_cap=1))
    await way.bring(FIRED)
    before = await way.valkey_get(keys.wave(ME))
    await tell(way, news(Happened.EXIT))
    await way.deliver()
    assert len(way.platform.shown(ME)) == 2
    assert await way.valkey_get(keys.wave(ME)) == before


async def test_it_is_no_subscription_and_reaches_one_who_wants_critical_ones_only(way: Way) -> None:
    await way.chats.change(ME, lambda chat: replace(chat, least=Severity.CRITICAL))
    await tell(way, news(Happened.TRIM))
    await way.deliver()
    assert len(way.platform.shown(ME)) == 1


@pytest.mark.parametrize("asset", ["", "BTC"])
async def test_a_mute_takes_the_sound_away_and_holds_nothing_back(way: Way, asset: str) -> None:
    await way.chats.change(ME, lambda chat: replace(chat, muted_ms={asset: way.now_ms + HOUR_MS}))
    await tell(way, news(Happened.EXIT))
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert message.is_silent


async def test_a_mute_of_another_asset_takes_no_sound_away(way: Way) -> None:
    await way.chats.change(ME, lambda chat: replace(chat, muted_ms={"ETH": way.now_ms + HOUR_MS}))
    await tell(way, news(Happened.EXIT))
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert not message.is_silent


async def test_quiet_hours_take_the_sound_away_and_hold_nothing_back(way: Way) -> None:
    await way.chats.change(ME, lambda chat: replace(chat, quiet=ALWAYS_QUIET))
    await tell(way, news(Happened.LIQUIDATED))
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert message.is_silent


async def test_what_is_not_urgent_makes_no_sound(way: Way) -> None:
    await tell(way, news(Happened.FUNDING_BEYOND))
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert message.is_silent


async def test_news_that_is_late_says_so_and_old_news_sends_its_reader_to_how_it_is_now(way: Way) -> None:
    await tell(way, news(Happened.TRIM))
    way.now_ms = NOW_MS + 5 * MINUTE_MS
    await way.deliver()
    (late,) = way.platform.shown(ME)
    assert "Late: this is 5 min old." in late.text
    await tell(way, news(Happened.HEDGE))
    way.now_ms = NOW_MS + 3 * HOUR_MS
    await way.deliver()
    old = way.platform.shown(ME)[1]
    assert "This is 3 h old: look at /positions" in old.text


async def test_one_that_may_have_arrived_is_repeated_once_and_marked(way: Way) -> None:
    way.platform.arrives = True
    way.platform.faults.extend([Undelivered(Wrong.UNCERTAIN, "no answer")] * 2)
    key = await tell(way, news(Happened.TRIM))
    for _ in range(3):
        await way.deliver()
        way.now_ms += 5_000
    first, second = way.platform.shown(ME)
    assert ("(repeat)" in first.text, "(repeat)" in second.text) == (False, True)
    (dead,) = await DeadRows(way.valkey).all()
    assert (dead.row.key, dead.why) == (key, "uncertain")


async def test_a_worker_that_dies_while_sending_leaves_it_to_the_next_which_marks_it(way: Way) -> None:
    await tell(way, news(Happened.EXIT))
    (claimed,) = await way.box.claim("dying", 1)
    assert isinstance(await way.box.begin(claimed, "dying", "an attempt"), Begun)
    assert await way.box.let_go("dying") == 1
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert "(repeat)" in message.text
    assert sum((await way.box.depth()).values()) == 0


async def test_a_platform_that_knows_nonces_gets_the_same_one_again(valkey: Connection) -> None:
    slow = Rate(10_000.0, 10_000.0)
    room = ChatsInMemory("discord", Manners(slow, 4, is_idempotent=True), arrives=True)
    way = Way(valkey, room)
    way.now_ms = NOW_MS + 1_000
    room.faults.append(Undelivered(Wrong.UNCERTAIN, "no answer"))
    key = await tell(way, news(Happened.TRIM), reach="discord:@456")
    for _ in range(2):
        await way.deliver()
        way.now_ms += 5_000
    (message,) = room.shown("discord:@456")
    assert (message.nonce, room.calls) == (nonce_of(key), 2)
    assert "(repeat)" not in message.text


async def test_somebody_who_cannot_be_reached_makes_no_chat_of_themselves(way: Way) -> None:
    way.platform.faults.append(Undelivered(Wrong.CHAT, "403"))
    await tell(way, news(Happened.TRIM))
    await way.deliver()
    assert await way.chats.get(ME) is None
    assert sum((await way.box.depth()).values()) == 0


async def test_a_chat_that_warnings_have_given_up_is_still_tried(way: Way) -> None:
    await way.chats.change(ME, lambda chat: replace(chat, suspended="403"))
    await tell(way, news(Happened.EXIT))
    await way.deliver()
    assert len(way.platform.shown(ME)) == 1


async def test_two_plans_of_one_look_are_one_message_the_gravest_first(way: Way) -> None:
    other = replace(PLAN, id="p111", coins=0.2)
    await tell(way, news(Happened.TRIM), news(Happened.LIQUIDATED, Happened.EXIT, plan=other))
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert message.text.index("p111 · LIQUIDATED") < message.text.index("p7f2 · TRIM")


async def test_news_nobody_keeps_any_more_is_dropped(way: Way) -> None:
    key = await tell(way, news(Happened.TRIM))
    async with way.valkey.writing() as redis:
        await redis.delete(keys.facts(key))
    await way.deliver()
    assert way.platform.shown(ME) == []
    assert sum((await way.box.depth()).values()) == 0


async def test_a_warning_kept_where_news_of_a_plan_should_be_is_none(way: Way) -> None:
    key = await tell(way, news(Happened.TRIM))
    async with way.valkey.writing() as redis:
        await redis.hset(keys.facts(key), "0", encode(ALERT, FIRED))
    way.now_ms += DAY_MS // 2
    await way.deliver()
    assert way.platform.shown(ME) == []
