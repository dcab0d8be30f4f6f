"""Who is told what: the chats that subscribed, their quiet hours, mutes and limits; durable when a change returns."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection, StoreUnavailable
from store.wishes import Chat, QuietHours, Subscription, joined, platform_of

__all__ = ["CHAT", "ChangedMeanwhile", "Chat", "QuietHours", "StoredChats", "Subscription", "platform_of"]

MOST_TRIES = 20
CHANGES_KEPT = 10_000
AT_ONCE = 500
ALL_ANEW = ""
"""Stands among the changes for chats whose addresses are not to be read there any more: all have to be read anew."""

_CHANGE = """
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) then return -1 end
redis.call('HSET', KEYS[1], 'version', version + 1, 'chat', ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'address', ARGV[3])
return version + 1
"""

_FORGET = """
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if ARGV[3] ~= '' and version ~= tonumber(ARGV[3]) then return -1 end
local known = redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[4])
if known == 1 then
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'address', ARGV[1])
end
return known
"""

_MOVE = """
local function version(key) return tonumber(redis.call('HGET', key, 'version') or '0') end
if version(KEYS[1]) ~= tonumber(ARGV[6]) or version(KEYS[2]) ~= tonumber(ARGV[7]) then return -1 end
redis.call('DEL', KEYS[8])
redis.call('SET', KEYS[6], ARGV[2], 'EX', ARGV[5])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[3] ~= '' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[2], 'version', version(KEYS[2]) + 1, 'chat', ARGV[3])
end
redis.call('SREM', KEYS[3], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[2])
if redis.call('EXISTS', KEYS[4]) == 1 then redis.call('RENAME', KEYS[4], KEYS[5]) end
redis.call('XADD', KEYS[7], 'MAXLEN', '~', ARGV[4], '*', 'address', ARGV[1])
redis.call('XADD', KEYS[7], 'MAXLEN', '~', ARGV[4], '*', 'address', ARGV[2])
return 1
"""

MOVED_KEPT_S = 90 * 86_400


CHAT = Kind("chat", 1, Chat, rebuildable=False)


class ChangedMeanwhile(StoreUnavailable):
    """Others changed the same chat again and again; nothing was done."""

    def __init__(self) -> None:
        super().__init__("This chat was changed by others at the same time: nothing was done. Try once more.")


class StoredChats:
    """All chats. Every method raises StoreUnavailable where the server does not answer; repeating a call is safe.

    Raises codec.Unreadable for a chat written by a newer version: a subscription is never treated as missing.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, address: str) -> Chat | None:
        """The chat, None where it is not known."""
        return await self._connection.memory.of(keys.chat(address), "", partial(self._get, address))

    async def _get(self, address: str) -> Chat | None:
        async with self._connection.reading() as redis:
            return decode(CHAT, await redis.hget(keys.chat(address), "chat"))

    async def get_all(self, addresses: list[str]) -> dict[str, Chat]:
        """Those of `addresses` that are known, in one round trip."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
            for address in addresses:
                together.hget(keys.chat(address), "chat")
            stored = await together.execute()
        found = (decode(CHAT, blob) for blob in stored)
        return {chat.address: chat for chat in found if chat is not None}

    async def change(self, address: str, make: Callable[[Chat], Chat]) -> Chat:
        """Keep what `make` makes of the chat (of a new one where it is not known), and give it.

        `make` may be called again where somebody else changed the chat meanwhile. Raises ChangedMeanwhile.
        """
        for _ in range(MOST_TRIES):
            version, before = await self._read(address)
            after = make(before if before is not None else Chat(address))
            if before == after or await self._keep(address, version, after):
                return after
        raise ChangedMeanwhile

    async def change_known(self, address: str, make: Callable[[Chat], Chat]) -> bool:
        """As `change`, of a chat that is known; False where it is not: somebody who was forgotten is not made anew."""
        for _ in range(MOST_TRIES):
            version, before = await self._read(address)
            if before is None:
                return False
            after = make(before)
            if before == after or await self._keep(address, version, after):
                return True
        raise ChangedMeanwhile

    async def all(self) -> AsyncIterator[Chat]:
        """Every chat, in no order; one that comes or goes meanwhile may be missed: `changes` tells of it."""
        cursor = 0
        while True:
            async with self._connection.reading() as redis:
                found: Any = await redis.sscan(keys.CHATS, cursor, count=AT_ONCE)
            cursor, members = found
            for chat in (await self.get_all([member.decode() for member in members])).values():
                yield chat
            if cursor == 0:
                return

    async def newest_change(self) -> str:
        """The cursor of the last change, to be asked for before `all` is read."""
        async with self._connection.reading() as redis:
            last: Any = await redis.xrevrange(keys.CHATS_CHANGES, count=1)
        return str(last[0][0].decode()) if last else "0-0"

    async def changes(self, after: str) -> tuple[str, tuple[str, ...]] | None:
        """The addresses changed after a cursor, and the new cursor; None where so many changed that all must be read."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=True) as together:
            together.xrange(keys.CHATS_CHANGES, count=1)
            together.xrange(keys.CHATS_CHANGES, min=f"({after}", count=CHANGES_KEPT)
            first, rows = await together.execute()
        if first and after != "0-0" and _moment(first[0][0].decode()) > _moment(after):
            return None
        addresses = dict.fromkeys(fields[b"address"].decode() for _, fields in rows)
        if ALL_ANEW in addresses:
            return None
        return (rows[-1][0].decode() if rows else after), tuple(addresses)

    async def move(self, old: str, new: str) -> bool:
        """Let a chat that got a new address keep all it has; rows on their way to the old one find it by `moved`.

        What others change at either address meanwhile is kept too: it is read again. Raises ChangedMeanwhile.
        """
        places = [
            keys.chat(old),
            keys.chat(new),
            keys.CHATS,
            keys.wave(old),
            keys.wave(new),
            keys.moved(old),
            keys.CHATS_CHANGES,
            keys.moved(new),
        ]
        for _ in range(MOST_TRIES):
            (from_version, chat), (to_version, there) = await self._read(old), await self._read(new)
            blob = b"" if chat is None else encode(CHAT, joined(chat, there, new))
            values: list[str | bytes | int] = [
                old,
                new,
                blob,
                CHANGES_KEPT,
                MOVED_KEPT_S,
                from_version,
                to_version,
            ]
            async with self._connection.writing((keys.chat(old), keys.chat(new))) as redis:
                moved = int(await redis.register_script(_MOVE)(places, values))
            if moved >= 0:
                return bool(moved)
        raise ChangedMeanwhile

    async def moved(self, address: str) -> str | None:
        """Where a chat has moved, None where it has not."""
        async with self._connection.reading() as redis:
            found: Any = await redis.get(keys.moved(address))
        return None if found is None else str(found.decode())

    async def forget(self, address: str) -> bool:
        """Erase the chat and its wave; False where it was not known."""
        return await self._forget(address) > 0

    async def forget_if(self, address: str, is_over: Callable[[Chat], bool]) -> bool:
        """Erase the chat and its wave where `is_over` holds of the chat as it is at that moment; whether it did."""
        for _ in range(MOST_TRIES):
            version, chat = await self._read(address)
            if chat is None or not is_over(chat):
                return False
            erased = await self._forget(address, str(version))
            if erased >= 0:
                return erased > 0
        raise ChangedMeanwhile

    async def _forget(self, address: str, version: str = "") -> int:
        """1 where it is erased, 0 where it was not known, -1 where it is of another version than the one that was said."""
        places = [keys.chat(address), keys.CHATS, keys.CHATS_CHANGES, keys.wave(address)]
        async with self._connection.writing((keys.chat(address),)) as redis:
            return int(await redis.eval(_FORGET, len(places), *places, address, CHANGES_KEPT, version))

    async def _read(self, address: str) -> tuple[int, Chat | None]:
        """The version of a chat (0: not known), and the chat."""
        async with self._connection.reading() as redis:
            version, blob = await redis.hmget(keys.chat(address), ["version", "chat"])
        return int(version or 0), decode(CHAT, blob)

    async def _keep(self, address: str, version: int, chat: Chat) -> bool:
        places = [keys.chat(address), keys.CHATS, keys.CHATS_CHANGES]
        async with self._connection.writing((keys.chat(address),)) as redis:
            script = redis.register_script(_CHANGE)
            return int(await script(places, [version, encode(CHAT, chat), address, CHANGES_KEPT])) > 0


async def announce_forgotten(connection: Connection) -> None:
    """Let whoever follows the changes read all chats anew. Raises StoreUnavailable."""
    async with connection.writing() as redis:
        await redis.xadd(keys.CHATS_CHANGES, {"address": ALL_ANEW}, maxlen=CHANGES_KEPT, approximate=True)


def _moment(entry: str) -> tuple[int, int]:
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number or 0)
