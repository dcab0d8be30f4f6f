"""The pace of a bot: tokens of the bot and of a chat, replies first, pauses kept."""

from store.connection import Connection
from store.pace import RESERVE, Pace, Rate

OVERALL = Rate(0.5, 6.0)
A_CHAT = (Rate(0.01, 2.0),)


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
