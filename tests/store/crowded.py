"""A store with a hundred people in it, each in every place where somebody may stand; and what is looked for after one of them."""

import hashlib
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from store import keys
from store.bulletins import Bulletins
from store.chats import StoredChats
from store.connection import Connection
from store.limits import StoredLimits
from store.memos import StoredMemos
from store.outbox import Outbox, Row, packed
from store.pace import Pace, Rate
from store.people import Kept, StoredPeople
from store.persons import Person
from store.plan_news import StoredPlanNews
from store.post import StoredPost
from store.services import Bucket
from store.waves import Wave, packed_wave
from store.wishes import Change, Chat, Subscription
from tests.store.samples import FIRED, NOW_MS, PERSON_SAMPLE, PLAN_NEWS_SAMPLE

HUNDRED = range(4_560_001, 4_560_101)
"""Their numbers: none is part of another."""
GROUP = "telegram:-1009988776655"
"""A group that some of them manage."""


def name_of(number: int) -> str:
    """A person, whose private chat has the same address."""
    return f"telegram:{number}"


async def crowd(connection: Connection, seed: int, people: range = HUNDRED) -> None:
    """Everybody subscribes, keeps plans, is warned, mutes, manages the group; rows of theirs wait, are held back, and are given up."""
    random = Random(seed)
    for number in people:
        await _settle(connection, number, random)
        await _warn(connection, number)
    await _batch_to(connection, random.choice(people))


async def _settle(connection: Connection, number: int, random: Random) -> None:
    name, chats, people = name_of(number), StoredChats(connection), StoredPeople(connection)
    wishes = tuple(Subscription(asset, FIRED.kind) for asset in random.sample(["BTC", "ETH", "SOL"], 2))
    for address in (name, f"{name}:7"):
        await chats.change(address, lambda chat: _changed(chat, name, wishes))
    await chats.change(GROUP, lambda chat: _changed(chat, name, ()))
    before = await people.kept(name)
    await people.keep(before, Person(name, reach=name, plans=PERSON_SAMPLE.plans, made_ms=NOW_MS + number))
    await chats.change(f"telegram:{-number}", lambda chat: _changed(chat, name, wishes))
    limits = StoredLimits(connection)
    await limits.take([Bucket(f"person:{name}", 20), Bucket(f"chat:{name}", 30), Bucket("all", 500)], 1.0)
    await limits.may_warn(name, name, 20)
    memos = StoredMemos(connection)
    await memos.keep(f"telegram-above:{number}:12", "13 file", 60)
    await memos.keep(f"forget:{name}", "123456 me", 60)
    await memos.claim(f"telegram-greeted:77:-{number}", "1", 60)
    await Pace(connection, "telegram", Rate(900.0, 900.0)).take(name, (Rate(1.0, 3.0),))


def _changed(chat: Chat, by: str, wishes: tuple[Subscription, ...]) -> Chat:
    change = Change(NOW_MS, by, "muted", "BTC 60m")
    return Chat(chat.address, wishes, made_ms=NOW_MS, changes=(*chat.changes, change)[-20:])


async def _warn(connection: Connection, number: int) -> None:
    """One row of each kind of waiting, a sample, and news of a plan."""
    name, outbox = name_of(number), Outbox(connection, "telegram")
    await outbox.open()
    await StoredPost(connection).test(name, FIRED)
    people = StoredPeople(connection)
    before: Kept = await people.kept(name)
    await StoredPlanNews(connection).tell(before, before.person, (PLAN_NEWS_SAMPLE,))
    for place, end in enumerate(("later", "dead", "begun")):
        row = Row(f"{number}-{place}:{name}", name, "1-0", (0,), place, NOW_MS, NOW_MS + 1_000)
        stream, blob = packed(row)
        async with connection.writing() as redis:
            await redis.xadd(stream, {"row": blob})
        for claimed in await outbox.claim("worker", 10):
            if claimed.row.key != row.key:
                continue
            if end == "later":
                await outbox.later(claimed, NOW_MS + 60_000)
            elif end == "dead":
                await outbox.bury(claimed, NOW_MS, "blocked")
            else:
                await outbox.begin(claimed, "worker", "a1")
    async with connection.writing() as redis:
        await redis.set(keys.wave(name), packed_wave(Wave(name, message="12", thread=f"{name}:9")))


async def _batch_to(connection: Connection, number: int) -> None:
    """A batch that has come to one of them."""
    bulletins = Bulletins(connection, group_wait_ms=0)
    await bulletins.announce(FIRED)
    batch = await bulletins.batch()
    assert batch is not None
    await bulletins.fan_out(batch, [], name_of(number))


Parts = tuple[bytes, ...]


async def dump(connection: Connection) -> dict[str, Parts]:
    """Every key with all that stands in it, part by part."""
    found: dict[str, Parts] = {}
    async with connection.reading(within_s=10.0) as redis:
        async for key in redis.scan_iter(count=1_000):
            found[key.decode()] = await _parts(redis, key)
    return found


async def _parts(redis: Any, key: bytes) -> Parts:
    match (await redis.type(key)).decode():
        case "string":
            return (await redis.get(key),)
        case "hash":
            return tuple(name + b" " + value for name, value in sorted((await redis.hgetall(key)).items()))
        case "set":
            return tuple(sorted(await redis.smembers(key)))
        case "zset":
            held = await redis.zrange(key, 0, -1, withscores=True)
            return tuple(member + b" %d" % score for member, score in held)
        case "list":
            return tuple(await redis.lrange(key, 0, -1))
        case _:
            return tuple(
                entry + b" " + b" ".join(fields.values()) for entry, fields in await redis.xrange(key)
            )


@cache
def marks_of_one(number: int) -> tuple[bytes, ...]:
    """A number in letters, packed, and hashed in the usual ways, alone and as the name of a person."""
    hashes = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.blake2b, hashlib.blake2s)
    digests = [made(said.encode()) for made in hashes for said in (name_of(number), str(number))]
    is_large = number > 1 << 20  # the bytes of a small one stand in many places
    packed_number = (number.to_bytes(8, "big")[-4:], number.to_bytes(8, "little")[:4]) if is_large else ()
    hashed = (mark for digest in digests for mark in (digest.digest()[:8], digest.hexdigest()[:16].encode()))
    return (str(number).encode(), *packed_number, *hashed)


def names_one(part: bytes, number: int) -> bool:
    """Whether something stored names a number."""
    return any(mark in part for mark in marks_of_one(number))


def traces_in(found: Mapping[str, Parts], number: int) -> list[str]:
    """The keys that name a number, in their own name or in what they hold."""
    marks = marks_of_one(number)
    return [
        key
        for key, parts in found.items()
        if any(mark in one for one in (key.encode(), *parts) for mark in marks)
    ]


def differences(before: Mapping[str, Parts], after: Mapping[str, Parts], number: int) -> list[str]:
    """The keys in which something else has changed than that the parts which name a number are gone."""
    changed = []
    for key in {*before, *after}:
        left = tuple(part for part in before.get(key, ()) if not names_one(key.encode() + part, number))
        if left != after.get(key, ()):
            changed.append(key)
    return sorted(changed)
