"""The store, looked at: what it is, whether it keeps what it is told, whom it lets in, and who leads on it."""

from collections.abc import Iterator

from bot.doctor.findings import Finding, Finds
from bot.settings import Settings
from scheduler.clock import now_ms
from store.connection import Connection
from store.inspection import Inspected, inspect, leaders

OLDEST = (6, 2)
"""XAUTOCLAIM and what tells of changes came with these."""
NEARLY_FULL = 0.8
OFF_MS = 2_000
MB = 1_000_000
SCHEDULER = "scheduler"


async def of_store(connection: Connection, settings: Settings) -> list[Finding]:
    """Everything about a store that answers. Raises StoreUnavailable."""
    found = await inspect(connection, now_ms)
    is_ours = settings.redis_url is None
    return [
        _server(found),
        _writes(found),
        _memory(found, is_ours=is_ours),
        _disk(found),
        _rights(found),
        _clock(found),
        *_leaders(await leaders(connection)),
    ]


def _server(found: Inspected) -> Finding:
    if found.version < OLDEST:
        to_do = "Take Valkey 7.2 or newer, or Redis 6.2 or newer."
        return Finding("store", Finds.WRONG, f"{found.product} is too old", to_do)
    if found.is_replica:
        to_do = "Point SEAWALL_REDIS_URL at the one that takes writes."
        return Finding("store", Finds.WRONG, f"{found.product} is a replica: it takes no writes", to_do)
    return Finding("store", Finds.OK, f"answers, {found.product}, evicts nothing that must stay")


def _writes(found: Inspected) -> Finding:
    if not found.full:
        return Finding("store writes", Finds.OK, "it takes what it is given")
    to_do = "Is its memory or its disk full? Raise maxmemory, or make room, and look at its log."
    return Finding("store writes", Finds.WRONG, f"refused: {found.full}", to_do)


def _memory(found: Inspected, *, is_ours: bool) -> Finding:
    used = f"{found.used_bytes / MB:.0f} MB used"
    if found.bound_bytes is None:
        to_do = (
            "" if is_ours else "Set maxmemory, with maxmemory-policy noeviction, below what its machine has."
        )
        return Finding("store memory", Finds.OK if is_ours else Finds.UNSET, f"{used}, no bound", to_do)
    seen = f"{used} of {found.bound_bytes / MB:.0f} MB, {found.policy}"
    if found.used_bytes < NEARLY_FULL * found.bound_bytes:
        return Finding("store memory", Finds.OK, seen)
    return Finding("store memory", Finds.WEAK, seen, "Raise maxmemory: when it is full, nothing is written.")


def _disk(found: Inspected) -> Finding:
    if found.write_error:
        to_do = "Make room on its disk, and look at its log."
        return Finding("store disk", Finds.WRONG, f"it could not write ({found.write_error})", to_do)
    if found.appends:
        return Finding("store disk", Finds.OK, "an append-only file: what it was told survives its end")
    to_do = "Set appendonly yes: without it, a crash loses all since the last dump, subscriptions too."
    return Finding("store disk", Finds.WEAK, "no append-only file", to_do)


def _rights(found: Inspected) -> Finding:
    if not found.refused:
        return Finding("store rights", Finds.OK, "this user may do what the service does")
    to_do = "Give it the rights of deploy/valkey/users.acl.in: keys v1:*, reading, writing, scripts."
    return Finding("store rights", Finds.WRONG, f"refused: {', '.join(found.refused)}", to_do)


def _clock(found: Inspected) -> Finding:
    side = "ahead of" if found.offset_ms > 0 else "behind"
    seen = f"{abs(found.offset_ms) / 1_000:.1f} s {side} this machine"
    if abs(found.offset_ms) <= OFF_MS + found.asked_ms:
        return Finding("store clock", Finds.OK, seen)
    return Finding(
        "store clock", Finds.WEAK, seen, "Set both clocks by NTP: the store's limits go by its own."
    )


def _leaders(holders: dict[str, str]) -> Iterator[Finding]:
    if SCHEDULER not in holders:
        to_do = "Start it: make serve, seawall run, or seawall run --only scheduler."
        yield Finding("leader scheduler", Finds.UNSET, "nobody brings the market", to_do)
    for name, holder in holders.items():
        yield Finding(f"leader {name}", Finds.OK, holder)
