"""Standing by and leading: one process works at a time, the next one takes over, and a leader loses nothing by a silent store."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.leading import Leading, Standing, Work, while_leading
from store.connection import Connection, NotLeader, StoreUnavailable, connected, open_connection
from store.lease import Lease, Tenure, leader
from store.server import ephemeral_valkey
from tests.bot.test_processes import name_of_another
from tests.doubles.valkey import valkey, valkey_socket
from tests.doubles.waiting import PATIENCE_S, until

__all__ = ["valkey", "valkey_socket"]

SHORT_MS, LONG_MS, SOON_S = 300, 60_000, 0.02
AT_ONCE_S = 15.0
"""Far from the end of a long lease, and far beyond what a busy machine takes over a few looks at the store."""


class Worker:
    """Notes when its work begins and ends."""

    def __init__(self) -> None:
        self.works, self.began, self.done = False, 0, asyncio.Event()

    async def __call__(self, tenure: Tenure) -> None:
        self.works, self.began = True, self.began + 1
        try:
            await self.done.wait()
        finally:
            self.works = False


def leading(connection: Connection, holder: str, ttl_ms: int = SHORT_MS) -> Leading:
    return Leading(Lease(connection, "scheduler", holder, ttl_ms), SOON_S, 10 * SOON_S)


@asynccontextmanager
async def at_work(one: Leading, work: Work) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(one.run(work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def working(worker: Worker) -> Callable[[], bool]:
    return lambda: worker.works


async def test_the_first_leads_the_second_stands_by_and_takes_over_at_once_when_the_first_ends(
    valkey: Connection,
) -> None:
    first, second = leading(valkey, "a", LONG_MS), leading(valkey, "b", LONG_MS)
    one, other = Worker(), Worker()
    async with at_work(first, one) as task:
        await until(working(one))
        async with at_work(second, other):
            await until(lambda: second.standing is Standing.STANDBY)
            assert (first.standing, second.leader, other.began) == (Standing.LEADER, Tenure(1, "a"), 0)
            task.cancel()
            await until(working(other), within_s=AT_ONCE_S)
            assert not one.works
            assert second.leader is not None
            assert second.leader.token > 1
    assert await leader(valkey, "scheduler") is None


async def test_who_is_cut_off_ends_its_work_when_it_hears_that_another_leads(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    first, one = leading(valkey, "a"), Worker()
    async with at_work(first, one):
        await until(working(one))
        async with valkey.writing() as redis:
            await redis.delete(first.lease.key)
            await Lease(valkey, "scheduler", "b", 60_000).take()
        with caplog.at_level(logging.INFO):
            await until(lambda: first.standing is Standing.STANDBY)
    assert (one.works, one.began) == (False, 1)
    assert "the lease 1:a is lost" in caplog.text
    assert "stands by for 2:b" in caplog.text


async def test_a_standby_says_once_for_whom_it_stands_by(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await Lease(valkey, "scheduler", "b", 60_000).take()
    caplog.set_level(logging.INFO)
    async with at_work(leading(valkey, "a"), Worker()):
        await until(lambda: "stands by" in caplog.text)
        await asyncio.sleep(5 * SOON_S)
    assert caplog.text.count("stands by") == 1


async def test_a_store_that_was_away_costs_the_leader_nothing_and_it_takes_its_lease_back() -> None:
    async with ephemeral_valkey() as socket, connected(socket) as connection, connected(socket) as theirs:
        first, second = leading(connection, "a"), leading(theirs, "b")
        one, other = Worker(), Worker()
        await Lease(connection, "scheduler", "a", SHORT_MS).take()
        async with at_work(first, one), at_work(second, other):
            await until(lambda: second.standing is Standing.STANDBY)
            async with away(socket):
                await until(lambda: second.standing is Standing.UNKNOWN)
                await asyncio.sleep(2 * SHORT_MS / 1_000)
            await until(lambda: second.standing is Standing.STANDBY)
            assert await leader(connection, "scheduler") == first.leader == Tenure(1, "a")
            assert (one.works, one.began, other.began) == (True, 1, 0)


async def test_a_leader_that_went_away_with_the_store_is_followed_when_that_is_back() -> None:
    async with ephemeral_valkey() as socket, connected(socket) as connection, connected(socket) as theirs:
        second, other = leading(theirs, "b"), Worker()
        await Lease(connection, "scheduler", "a", SHORT_MS).take()
        async with at_work(second, other):
            await until(lambda: second.standing is Standing.STANDBY)
            async with away(socket):
                await until(lambda: second.standing is Standing.UNKNOWN)
                await asyncio.sleep(SHORT_MS / 1_000)
            await until(working(other))


async def test_a_store_that_cannot_be_reached_leaves_who_leads_unknown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nowhere = open_connection(Path("/nowhere/at/all"))
    one = leading(nowhere, "a")
    async with at_work(one, Worker()):
        await until(lambda: "Who leads is not known" in caplog.text)
        assert one.standing is Standing.UNKNOWN


async def test_work_that_ends_by_itself_gives_the_lease_up_and_what_it_raises_is_raised(
    valkey: Connection,
) -> None:
    worker = Worker()
    worker.done.set()
    await while_leading(Lease(valkey, "scheduler", "a"), worker)
    assert await leader(valkey, "scheduler") is None

    async def fails(_: Tenure) -> None:
        raise StoreUnavailable("as it is")

    with pytest.raises(StoreUnavailable, match="as it is"):
        await while_leading(Lease(valkey, "scheduler", "a"), fails)
    assert await leader(valkey, "scheduler") is None


@pytest.mark.parametrize("is_group", [False, True])
async def test_work_that_ends_because_a_write_was_refused_is_done_again_when_this_process_leads(
    valkey: Connection, *, is_group: bool
) -> None:
    one, began = leading(valkey, "a"), 0

    async def refused(_: Tenure) -> None:
        nonlocal began
        began += 1
        if began == 2:
            return
        raise ExceptionGroup("tasks", [NotLeader()]) if is_group else NotLeader

    await asyncio.wait_for(one.run(refused), PATIENCE_S)
    assert began == 2


async def test_the_lease_is_held_until_the_work_has_ended_so_that_its_last_writes_land(
    valkey: Connection,
) -> None:
    held: list[Tenure | None] = []

    async def tidies(_: Tenure) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            held.append(await leader(valkey, "scheduler"))

    async with at_work(leading(valkey, "a"), tidies) as task:
        await until(lambda: _is_led(valkey))
        task.cancel()
    assert held == [Tenure(1, "a")]
    assert await leader(valkey, "scheduler") is None


async def test_a_leader_known_to_be_dead_is_followed_at_once(valkey: Connection) -> None:
    other, name = name_of_another()
    with other:
        await Lease(valkey, "scheduler", name, LONG_MS).take()
        second, worker = leading(valkey, "b"), Worker()
        async with at_work(second, worker):
            await until(lambda: second.standing is Standing.STANDBY)
            other.kill()
            await until(working(worker), within_s=AT_ONCE_S)
            assert second.leader is not None
            assert second.leader.token > 1


async def _is_led(connection: Connection) -> bool:
    return await leader(connection, "scheduler") is not None


@asynccontextmanager
async def away(socket: Path) -> AsyncIterator[None]:
    """No server is found at its socket, and those who had found it are thrown out."""
    async with connected(socket) as control, control.writing() as redis:
        await redis.ping()
        hidden = socket.rename(socket.with_suffix(".hidden"))
        await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")  # type: ignore[no-untyped-call]
    yield
    hidden.rename(socket)
