"""The pace of a bot: tokens of the bot and of a chat, replies first, pauses kept."""

import asyncio
from pathlib import Path

import pytest

from scheduler.clock import now_ms
from store import keys
from store.connection import Connection, connected, open_connection
from store.pace import RESERVE, Pace, Rate
from store.post import StoredPost
from tests.doubles.waiting import until

OVERALL = Rate(0.5, 6.0)
A_CHAT = (Rate(0.01, 2.0),)
CALM = Rate(0.001, 10.0)


async def test_a_burst_and_then_the_rate(valkey: Connection) -> None:
    pace = Pace(valkey, "bot", OVERALL)
    free = int(OVERALL.burst - RESERVE)
    assert [await pace.take(str(chat), A_CHAT) for chat in range(free)] == [0.0] * free
    wait_s = await pace.take("late", A_CHAT)
    assert 1.0 < wait_s <= 2.0


async def test_a_reply_goes_where_a_broadcast_has_to_wait(valkey: Connection) -> None:
    pace = Pace(valkey, "bot", OVERALL)
    for chat in range(3):
        await pace.take(str(chat), A_CHAT)
    assert await pace.take("late", A_CHAT) > 0.0
    assert [await pace.take(f"asker {number}", A_CHAT, is_reply=True) for number in range(3)] == [0.0] * 3
    assert await pace.take("asker 4", A_CHAT, is_reply=True) > 0.0


async def test_one_chat_has_to_wait_while_others_go_on_and_a_refusal_costs_nothing(
    valkey: Connection,
) -> None:
    pace = Pace(valkey, "bot", Rate(0.5, 100.0))
    assert [await pace.take("busy", A_CHAT) for _ in range(2)] == [0.0, 0.0]
    assert 90.0 < await pace.take("busy", A_CHAT) <= 100.0
    assert await pace.take("other", A_CHAT) == 0.0


async def test_a_pause_holds_one_chat_or_all_and_the_longer_one_stands(valkey: Connection) -> None:
    pace = Pace(valkey, "bot", Rate(10.0, 100.0))
    await pace.pause(30.0, "busy")
    await pace.pause(5.0, "busy")
    assert 29.0 < await pace.take("busy", A_CHAT, is_reply=True) <= 30.0
    assert await pace.take("other", A_CHAT) == 0.0
    await pace.pause(60.0)
    assert 59.0 < await pace.take("other", A_CHAT) <= 60.0
    assert await Pace(valkey, "another bot", Rate(10.0, 100.0)).take("other", A_CHAT) == 0.0


async def test_a_clock_that_is_set_back_costs_no_tokens(valkey: Connection) -> None:
    pace = Pace(valkey, "bot", Rate(1.0, 6.0))
    await pace.pause(600.0)
    async with valkey.writing() as redis:
        tomorrow_ms = 1_000 * (await redis.time())[0] + 86_400_000
        await redis.hset(keys.pace("bot"), mapping={"tokens": 0, "at": tomorrow_ms, "paused": tomorrow_ms})
    assert 3.0 < await pace.take("one", ()) <= 4.0
    async with valkey.writing() as redis:
        earlier_ms = 1_000 * (await redis.time())[0] - 4_100
        await redis.hset(keys.pace("bot"), "at", earlier_ms)
    assert await pace.take("one", ()) == 0.0


async def test_who_asked_is_answered_though_the_pace_is_not_known(valkey: Connection) -> None:
    pace = Pace(valkey, "bot", Rate(0.001, 2.0))
    for _ in range(2):
        await pace.reply_turn("one", ())
    await pace.reply_turn("one", (), within_s=0.01)
    await valkey.close()
    await Pace(open_connection(Path("/nowhere/at/all")), "bot", OVERALL).reply_turn("one", ())


async def test_no_second_has_more_than_it_may_however_great_the_burst(valkey: Connection) -> None:
    pace = Pace(valkey, "bot", Rate(100.0, 50.0, most_a_second=5), reserve=0.0)
    assert [await pace.take(str(chat), ()) for chat in range(5)] == [0.0] * 5
    assert 0.3 < await pace.take("late", ()) <= 1.02  # a second after the first of them
    async with valkey.writing() as redis:
        await redis.lset(f"{keys.pace('bot')}:second", 4, str(1_000 * (await redis.time())[0] - 2_000))
    assert await pace.take("late", ()) == 0.0


async def test_who_rests_is_told_and_a_chat_that_does_is_not(valkey: Connection) -> None:
    pace = Pace(valkey, "discord", OVERALL)
    await pace.pause(60.0, "discord:55")
    assert await StoredPost(valkey).resting() == {}
    await pace.pause(600.0)
    await pace.pause(5.0)
    (until_ms,) = (await StoredPost(valkey).resting()).values()
    assert 590_000 < until_ms - now_ms() <= 600_000


async def test_a_chat_with_room_has_its_next_turn_without_waiting_for_the_store_which_is_told(
    valkey: Connection, valkey_socket: Path
) -> None:
    slow = Rate(0.001, 3.0)
    async with connected(valkey_socket) as connection:
        pace = Pace(connection, "bot", Rate(0.001, 10.0))
        await pace.reply_turn("telegram:1", (slow,))
        await pace.reply_turn("telegram:1", (slow,))
        await until(lambda: tokens_left(valkey, "bot", 8.0))
        await pace.pause(30.0, "telegram:1")
        with pytest.raises(TimeoutError):  # a pause holds it, however much room it had
            await asyncio.wait_for(pace.reply_turn("telegram:1", (slow,)), 0.2)


async def test_what_was_had_is_told_before_the_store_is_asked_again(
    valkey: Connection, valkey_socket: Path
) -> None:
    chat_rate = Rate(0.001, 3.0)
    async with connected(valkey_socket) as connection:
        pace = Pace(connection, "bot", Rate(0.001, 20.0))
        for _ in range(
            3
        ):  # asked for, had at once, and one that may not be: the three follow each other at once
            await pace.reply_turn("telegram:1", (chat_rate,))
        assert await tokens_left(valkey, "bot", 17.0)
        assert await tokens_left(valkey, "bot:telegram:1:0", 0.0)


async def test_turns_of_a_moment_are_told_together_and_many_of_them_at_once(
    valkey: Connection, valkey_socket: Path
) -> None:
    chats = [f"telegram:{number}" for number in range(7)]
    async with connected(valkey_socket) as connection:
        pace = Pace(connection, "bot", Rate(0.001, 25.0))
        for chat in chats:
            await pace.reply_turn(chat, (CALM,))
        for chat in chats:
            await pace.reply_turn(chat, (CALM,))
        assert len(pace._telling) == 1  # of five, a fifth of what may be sent at once
        assert len(pace._untold) == 2
        await until(lambda: tokens_left(valkey, "bot", 25.0 - 14.0))
        assert not pace._untold


async def test_a_turn_that_was_the_last_of_its_chat_leaves_no_room_for_another(
    valkey: Connection, valkey_socket: Path
) -> None:
    slow = Rate(0.001, 3.0)
    async with connected(valkey_socket) as connection:
        pace, warnings = Pace(connection, "bot", Rate(0.001, 10.0)), Pace(valkey, "bot", Rate(0.001, 10.0))
        for _ in range(2):
            assert await warnings.take("telegram:1", (slow,)) == 0.0
        await pace.reply_turn("telegram:1", (slow,))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pace.reply_turn("telegram:1", (slow,)), 0.5)


async def test_a_store_that_has_no_token_left_is_asked_again_before_the_turn_after_next(
    valkey: Connection, valkey_socket: Path
) -> None:
    chat_rate = Rate(0.001, 10.0)
    async with connected(valkey_socket) as connection:
        pace, other = Pace(connection, "bot", Rate(0.001, 4.0)), Pace(valkey, "bot", Rate(0.001, 4.0))
        await pace.reply_turn("telegram:1", (chat_rate,))
        for number in range(3):
            assert await other.take(f"telegram:9{number}", (), is_reply=True) == 0.0
        await pace.reply_turn("telegram:1", (chat_rate,))  # had at once, and told: there was none
        await until(lambda: not pace._easy)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pace.reply_turn("telegram:1", (chat_rate,)), 0.5)


async def test_while_the_bot_as_a_whole_has_to_wait_no_turn_is_had_before_the_store_grants_it(
    valkey: Connection,
) -> None:
    pace, chat_rate = Pace(valkey, "bot", Rate(2.0, 1.0)), Rate(10.0, 10.0)
    await pace.reply_turn("telegram:1", (chat_rate,))
    await pace.reply_turn("telegram:2", (chat_rate,))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pace.reply_turn("telegram:2", (chat_rate,)), 0.1)


async def tokens_left(valkey: Connection, bot: str, wanted: float) -> bool:
    async with valkey.reading() as redis:
        return round(float(await redis.hget(keys.pace(bot), "tokens") or 0), 1) == wanted
