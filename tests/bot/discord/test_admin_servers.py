"""Servers that remove the bot: passed over at once, warned again when it is back, erased after thirty days."""

from dataclasses import replace

import pytest

from bot.delivery.tidying import ERASED_MS, Tidying
from bot.platforms.discord.guilds import compare
from commands.protocol.home import NOTHING_IS_SENT
from market.alerts import Kind
from store.chats import StoredChats
from store.connection import Connection
from store.in_memory import ChatsInMemory
from store.outbox import DeadRows, Outbox, Row, packed
from store.waves import StoredWaves, Wave, packed_wave
from store.wishes import LEFT, Chat, Subscription, suspend
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import NOW_MS

__all__ = ["valkey", "valkey_socket"]

CASCADES = (Subscription(None, Kind.CASCADE),)
OURS = Chat("discord:11", CASCADES, server="1")
DAY_MS = 86_400_000


def nowhere(_: str) -> str:
    return ""


async def here(chats: ChatsInMemory, address: str = OURS.address) -> Chat:
    chat = await chats.get(address)
    assert chat is not None
    return chat


async def test_the_chats_of_a_server_that_is_left_are_suspended_and_no_others() -> None:
    others = (
        Chat("discord:22", CASCADES, server="2"),
        Chat("discord:33", CASCADES),
        Chat("telegram:1", CASCADES, server="1"),
    )
    chats = ChatsInMemory((OURS, *others))
    assert await compare(chats, {"2"}, nowhere, NOW_MS) == 1
    assert await here(chats) == suspend(OURS, LEFT, NOW_MS)
    assert [await here(chats, other.address) for other in others] == list(others)


async def test_a_chat_of_before_learns_its_server_while_that_is_known() -> None:
    chats = ChatsInMemory((replace(OURS, server=""),))
    await compare(chats, {"1"}, lambda address: "1" if address == OURS.address else "", NOW_MS)
    assert await here(chats) == OURS
    await compare(chats, set(), nowhere, NOW_MS)
    assert (await here(chats)).suspended == LEFT


async def test_who_comes_back_is_warned_as_before() -> None:
    chats = ChatsInMemory((OURS,))
    await compare(chats, set(), nowhere, NOW_MS)
    await compare(chats, {"1"}, nowhere, NOW_MS + DAY_MS)
    assert await here(chats) == OURS


async def test_what_was_suspended_for_another_reason_is_not_revived_by_its_server() -> None:
    chats = ChatsInMemory((suspend(OURS, "403 code 50013", NOW_MS),))
    assert await compare(chats, {"1"}, nowhere, NOW_MS + 1) == 0


async def test_since_when_it_is_left_does_not_begin_anew_at_every_start() -> None:
    chats = ChatsInMemory((OURS,))
    await compare(chats, set(), nowhere, NOW_MS)
    assert await compare(chats, set(), nowhere, NOW_MS + DAY_MS) == 0
    assert (await here(chats)).suspended_ms == NOW_MS


@pytest.fixture
async def stored(valkey: Connection) -> StoredChats:
    """A server's chat with a wave, left at NOW_MS."""
    chats = StoredChats(valkey)
    await chats.change(OURS.address, lambda _: suspend(OURS, LEFT, NOW_MS))
    return chats


async def dead_row(valkey: Connection, address: str) -> None:
    """A warning to this address that was given up, as a delivery gives up: after it had told the chat something."""
    box = Outbox(valkey, "discord")
    await box.open()
    for key in ("told", "lost"):
        stream, row = packed(Row(f"{key}:{address}", address, "b", (0,), 0, NOW_MS, NOW_MS))
        async with valkey.writing() as redis:
            await redis.xadd(stream, {"row": row})
    told, lost = await box.claim("one", 2)
    await box.commit(told, packed_wave(Wave(address, message="9")))
    await box.bury(lost, NOW_MS, "uncertain")


async def test_after_thirty_days_nothing_is_left(valkey: Connection, stored: StoredChats) -> None:
    await dead_row(valkey, OURS.address)
    await dead_row(valkey, "discord:99")
    now_ms = [NOW_MS + ERASED_MS]
    tidying = Tidying(valkey, lambda: now_ms[0])
    assert await tidying.tidy() == 0
    assert await stored.get(OURS.address) is not None
    now_ms[0] += 1
    assert await tidying.tidy() == 1
    assert await stored.get(OURS.address) is None
    assert (await StoredWaves(valkey).get(OURS.address)).message is None
    assert [dead.row.address for dead in await DeadRows(valkey).all()] == ["discord:99"]
    async with valkey.reading() as redis:
        names = [name.decode() async for name in redis.scan_iter("*")]
    assert not [name for name in names if name.endswith(f":{OURS.address}")]
    assert await tidying.tidy() == 0


async def test_who_came_back_on_the_last_day_stays(valkey: Connection, stored: StoredChats) -> None:
    await compare(stored, {"1"}, nowhere, NOW_MS + ERASED_MS)
    assert await Tidying(valkey, lambda: NOW_MS + 2 * ERASED_MS).tidy() == 0
    assert await stored.get(OURS.address) == OURS


async def test_a_chat_suspended_at_an_unknown_time_has_its_days_from_now(
    valkey: Connection, stored: StoredChats
) -> None:
    await stored.change(OURS.address, lambda chat: replace(chat, suspended_ms=0))
    later_ms = NOW_MS + 5 * ERASED_MS
    assert await Tidying(valkey, lambda: later_ms).tidy() == 0
    assert await Tidying(valkey, lambda: later_ms + ERASED_MS).tidy() == 0
    assert await Tidying(valkey, lambda: later_ms + ERASED_MS + 1).tidy() == 1


async def test_the_terminal_is_nobody_who_went_away(valkey: Connection) -> None:
    chats = StoredChats(valkey)
    await chats.change("terminal:here", lambda chat: suspend(chat, NOTHING_IS_SENT, NOW_MS))
    assert await Tidying(valkey, lambda: NOW_MS + 9 * ERASED_MS).tidy() == 0
