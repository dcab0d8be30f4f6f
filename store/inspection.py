"""What a server tells of itself, and what this user may do there: for whoever sets it up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from store import keys
from store.connection import Connection

PROBE = "doctor"
"""The memo under which is tried what may be written; it lasts a second."""
PROBE_MS = 1_000
WALK_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Inspected:
    """A server: what it is, what it does when memory is short, what it writes to disk, and what it refuses us.

    `bound_bytes` None: it grows as it likes. `offset_ms` is how far its clock is ahead of this machine's, at best half of
    `asked_ms`, which the question took. `refused` names commands that this user may not do, `full` is why nothing can be written now.
    """

    product: str
    version: tuple[int, ...]
    policy: str
    used_bytes: int
    bound_bytes: int | None
    appends: bool
    write_error: str
    is_replica: bool
    offset_ms: int
    asked_ms: int
    refused: tuple[str, ...] = ()
    full: str = ""


async def inspect(connection: Connection, now_ms: Callable[[], int]) -> Inspected:
    """Ask the server about itself, and try what the service does. Raises StoreUnavailable."""
    async with connection.reading() as redis:
        told: dict[str, Any] = await redis.info("everything")
        began_ms = now_ms()
        seconds, microseconds = await redis.time()
        asked_ms = now_ms() - began_ms
    theirs_ms = seconds * 1_000 + microseconds // 1_000
    async with connection.writing() as redis:
        refused, full = await _try_all(redis)
    is_valkey = "valkey_version" in told
    version = str(told["valkey_version"] if is_valkey else told.get("redis_version", "0"))
    return Inspected(
        product=f"{'Valkey' if is_valkey else 'Redis'} {version}",
        version=tuple(int(part) for part in version.split(".")[:3] if part.isdigit()),
        policy=str(told.get("maxmemory_policy", "noeviction")),
        used_bytes=int(told.get("used_memory", 0)),
        bound_bytes=int(told.get("maxmemory", 0)) or None,
        appends=bool(told.get("aof_enabled", 0)),
        write_error=_write_error(told),
        is_replica=told.get("role") == "slave",
        offset_ms=round(theirs_ms - began_ms - asked_ms / 2),
        asked_ms=asked_ms,
        refused=refused,
        full=full,
    )


async def leaders(connection: Connection) -> dict[str, str]:
    """Who holds each lease that somebody holds, by its name. Raises StoreUnavailable."""
    pattern, holders = keys.lease("*"), {}
    async with connection.reading(WALK_WITHIN_S) as redis:
        async for key in redis.scan_iter(match=pattern, count=1_000, _type="string"):
            name = str(key, "utf-8").removeprefix(pattern.removesuffix("*"))
            held: Any = None if name.endswith(":token") else await redis.get(key)
            if held is not None:
                holders[name] = str(held, "utf-8").partition(":")[2]
    return dict(sorted(holders.items()))


def _write_error(told: dict[str, Any]) -> str:
    """What went wrong when the server last wrote to its disk, "" where nothing did."""
    names = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")
    return ", ".join(name for name in names if told.get(name, "ok") != "ok")


async def _try_all(redis: Redis) -> tuple[tuple[str, ...], str]:
    """The commands that are refused to this user, and why none of them can write now."""
    refused, full = [], ""
    for name, command in _TRIES.items():
        key = f"{keys.memo(PROBE)}:{name}"
        try:
            await command(redis, key)
            await redis.pexpire(key, PROBE_MS)
        except NoPermissionError:
            refused.append(name)
        except ResponseError as error:
            full = str(error).partition(".")[0]
    return tuple(refused), full


_TRIES: dict[str, Callable[[Redis, str], Any]] = {
    "SET": lambda redis, key: redis.set(key, "", px=PROBE_MS),
    "EVAL": lambda redis, key: redis.eval("return redis.call('SET', KEYS[1], '', 'PX', 1000)", 1, key),
    "HSET": lambda redis, key: redis.hset(key, "", ""),
    "SADD": lambda redis, key: redis.sadd(key, ""),
    "ZADD": lambda redis, key: redis.zadd(key, {"": 0.0}),
    "XADD": lambda redis, key: redis.xadd(key, {"": ""}),
    "XGROUP": lambda redis, key: redis.xgroup_create(key, "doctor", mkstream=True),
    "LPUSH": lambda redis, key: redis.lpush(key, ""),
}
"""One of each kind of thing that the service writes."""
