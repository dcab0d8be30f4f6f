"""The chats that subscribed: changed by several at once, moved, forgotten."""

import asyncio
from dataclasses import replace

import pytest

from market.alerts import Kind, Severity
from store import keys
from store.chats import MOST_TRIES, ChangedMeanwhile, Chat, QuietHours, StoredChats, Subscription, platform_of
from store.connection import Connection
from store.outbox import Outbox

CASCADE = Subscription("BTC", Kind.CASCADE, Severity.WARNING)
REGIME = Subscription(None, Kind.REGIME)
HERE = "telegram:-100123:7"


async def subscribed(stored: StoredChats, address: str, *wanted: Subscription) -> Chat:
    return await stored.change(
        address,
        lambda chat: replace(chat, subscriptions=tuple(dict.fromkeys((*chat.subscriptions, *wanted)))),
    )


async def test_a_chat_comes_back_as_it_was_kept(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    assert await stored.get(HERE) is None
    quiet = QuietHours(23 * 60, 7 * 60, "Europe/Berlin", critical_pierces=True)
    kept = await stored.change(
        HERE,
        lambda chat: replace(chat, subscriptions=(CASCADE,), quiet=quiet, muted_ms={"": 17}, daily_cap=5),
    )
    assert await stored.get(HERE) == kept
    assert await stored.get_all([HERE, "discord:1"]) == {HERE: kept}
    assert platform_of(HERE) == "telegram"


async def test_changes_at_the_same_time_are_all_kept(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    wanted = [Subscription(f"A{number}", Kind.CASCADE) for number in range(8)]
    await asyncio.gather(*(subscribed(stored, HERE, one) for one in wanted))
    chat = await stored.get(HERE)
    assert chat is not None
    assert set(chat.subscriptions) == set(wanted)


async def test_who_follows_the_changes_knows_what_who_reads_all_knows(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    begin = await stored.newest_change()
    assert begin == "0-0"
    for number in range(5):
        await subscribed(stored, f"discord:{number}", CASCADE)
    await stored.forget("discord:3")
    assert {chat.address async for chat in stored.all()} == {f"discord:{number}" for number in (0, 1, 2, 4)}
    told = await stored.changes(begin)
    assert told is not None
    cursor, addresses = told
    assert set(addresses) == {f"discord:{number}" for number in range(5)}
    assert await stored.changes(cursor) == (cursor, ())
    assert cursor == await stored.newest_change()


async def test_a_change_that_changes_nothing_is_not_told(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    await subscribed(stored, HERE, CASCADE)
    cursor = await stored.newest_change()
    await subscribed(stored, HERE, CASCADE)
    assert await stored.newest_change() == cursor


async def test_who_was_away_too_long_has_to_read_all(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    await subscribed(stored, "discord:0", CASCADE)
    cursor = await stored.newest_change()
    await subscribed(stored, "discord:1", CASCADE)
    await subscribed(stored, "discord:2", CASCADE)
    async with valkey.writing() as redis:
        await redis.xtrim(keys.CHATS_CHANGES, maxlen=1, approximate=False)
    assert await stored.changes(cursor) is None


async def test_a_chat_that_moved_keeps_all_it_has(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    await subscribed(stored, "telegram:-5", CASCADE)
    await subscribed(stored, "telegram:-1005", REGIME)
    assert await stored.move("telegram:-5", "telegram:-1005")
    assert await stored.get("telegram:-5") is None
    moved = await stored.get("telegram:-1005")
    assert moved is not None
    assert moved.subscriptions == (CASCADE, REGIME)
    assert await stored.moved("telegram:-5") == "telegram:-1005"
    assert await stored.moved("telegram:-6") is None
    assert not await stored.move("telegram:-5", "telegram:-1005")
    assert await stored.get("telegram:-1005") == moved


class Overtaken(StoredChats):
    """Somebody subscribes at `address` each time both chats of a move were read, `times` times."""

    def __init__(self, connection: Connection, address: str, times: int) -> None:
        super().__init__(connection)
        self._others, self._address, self._left = StoredChats(connection), address, times

    async def _read(self, address: str) -> tuple[int, Chat | None]:
        found = await super()._read(address)
        if address == "telegram:-1005" and self._left:
            self._left -= 1
            wish = Subscription(f"C{self._left}", Kind.CASCADE, Severity.WARNING)
            await subscribed(self._others, self._address, wish)
        return found


@pytest.mark.parametrize("address", ["telegram:-5", "telegram:-1005"])
async def test_what_is_changed_at_either_address_while_a_chat_moves_is_kept(
    valkey: Connection, address: str
) -> None:
    await subscribed(StoredChats(valkey), "telegram:-5", CASCADE)
    assert await Overtaken(valkey, address, 2).move("telegram:-5", "telegram:-1005")
    moved = await StoredChats(valkey).get("telegram:-1005")
    assert moved is not None
    assert {wish.asset for wish in moved.subscriptions} == {"BTC", "C0", "C1"}
    assert await StoredChats(valkey).get("telegram:-5") is None


async def test_a_move_that_is_overtaken_again_and_again_says_so_and_changes_nothing(
    valkey: Connection,
) -> None:
    await subscribed(StoredChats(valkey), "telegram:-5", CASCADE)
    with pytest.raises(ChangedMeanwhile):
        await Overtaken(valkey, "telegram:-5", MOST_TRIES).move("telegram:-5", "telegram:-1005")
    assert await StoredChats(valkey).get("telegram:-1005") is None
    assert await StoredChats(valkey).moved("telegram:-5") is None


async def test_a_forgotten_chat_is_gone(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    await subscribed(stored, HERE, CASCADE)
    assert await stored.forget(HERE)
    assert not await stored.forget(HERE)
    assert await stored.get(HERE) is None
    assert [chat async for chat in stored.all()] == []


async def test_a_chat_that_moves_back_is_found_where_it_is(valkey: Connection) -> None:
    chats = StoredChats(valkey)
    await chats.change("telegram:1", lambda chat: replace(chat, zone="Europe/Berlin"))
    await chats.move("telegram:1", "telegram:-100")
    await chats.move("telegram:-100", "telegram:1")
    seen = await Outbox(valkey, "telegram").look("telegram:-100")
    assert (seen.address, seen.chat is not None) == ("telegram:1", True)
    assert await chats.moved("telegram:1") is None


async def test_what_is_erased_on_a_condition_is_what_the_condition_holds_of(valkey: Connection) -> None:
    stored = StoredChats(valkey)
    await subscribed(stored, "discord:1", CASCADE)
    assert not await stored.forget_if("discord:1", lambda chat: chat.suspended is not None)
    assert await stored.get("discord:1") is not None
    await stored.change("discord:1", lambda chat: replace(chat, suspended="gone"))
    assert await stored.forget_if("discord:1", lambda chat: chat.suspended is not None)
    assert await stored.get("discord:1") is None
    assert not await stored.forget_if("discord:1", lambda _: True)


async def test_a_chat_that_comes_back_while_it_is_to_be_erased_stays(valkey: Connection) -> None:
    await subscribed(StoredChats(valkey), "discord:1", CASCADE)
    await StoredChats(valkey).change("discord:1", lambda chat: replace(chat, suspended="gone"))

    class Late(StoredChats):
        """Somebody revives the chat between the look and the erasure."""

        async def _read(self, address: str) -> tuple[int, Chat | None]:
            found = await super()._read(address)
            await StoredChats(valkey).change(address, lambda chat: replace(chat, suspended=None))
            return found

    assert not await Late(valkey).forget_if("discord:1", lambda chat: chat.suspended is not None)
    assert await StoredChats(valkey).get("discord:1") is not None
