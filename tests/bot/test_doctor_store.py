"""What the doctor finds of a store and of the machine, well and ill."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.doctor import Examination, Finding, Finds
from bot.doctor.findings import SETTING
from bot.doctor.machine import (
    backups,
    clock_is_set,
    health_address,
    readable_by_others,
    room_left,
    where_names_lead,
)
from bot.doctor.stores import _server, of_store
from bot.settings import Settings
from scheduler.clock import now_ms
from store.connection import connected, open_connection
from store.inspection import Inspected, inspect
from store.lease import Lease
from tests.doubles.server import valkey_with

OWN = Settings(redis_url="redis://host:6379/0")  # type: ignore[arg-type]  # as the environment says it


async def found_at(address: Path | str, settings: Settings = OWN) -> dict[str, Finding]:
    async with connected(address) as connection:
        return {one.what: one for one in await of_store(connection, settings)}


@asynccontextmanager
async def users(folder: Path, rule: str) -> AsyncIterator[str]:
    """The address of a server, as a user of this rule."""
    file = folder / "users.acl"
    file.write_text(f"user default off\nuser us on nopass {rule}\nuser ops on nopass ~* &* +@all\n")
    async with valkey_with(aclfile=str(file)) as socket:
        yield f"unix://us@{socket}"


async def test_a_store_that_is_well_is_told_in_full() -> None:
    async with valkey_with(appendonly="yes", maxmemory="100000000") as socket:
        async with connected(socket) as connection:
            await Lease(connection, "scheduler", "host:1").take()
            await Lease(connection, "telegram:42", "host:2").take()
        found = await found_at(socket)
    assert {one.finds for one in found.values()} == {Finds.OK}
    assert "Valkey 9" in found["store"].seen
    assert "of 100 MB, noeviction" in found["store memory"].seen
    assert found["leader scheduler"].seen == "host:1"
    assert found["leader telegram:42"].seen == "host:2"
    assert "0.0 s" in found["store clock"].seen


async def test_a_store_without_bound_or_append_only_file_is_told_what_to_set() -> None:
    async with valkey_with() as socket:
        found = await found_at(socket)
        private = await found_at(socket, Settings())
    assert found["store memory"].finds is Finds.UNSET
    assert "maxmemory" in found["store memory"].to_do
    assert private["store memory"].finds is Finds.OK
    assert found["store disk"].finds is Finds.WEAK
    assert "appendonly yes" in found["store disk"].to_do
    assert found["leader scheduler"].finds is Finds.UNSET


async def test_a_full_store_cannot_serve() -> None:
    async with valkey_with(maxmemory="1mb") as socket:
        found = await found_at(socket)
    assert found["store writes"].finds is Finds.WRONG
    assert "maxmemory" in found["store writes"].seen
    assert found["store memory"].finds is Finds.WEAK


async def test_each_command_that_a_user_may_not_do_is_named(tmp_path: Path) -> None:
    async with users(tmp_path, "~v1:* +@all -@dangerous +info -xadd -eval") as address:
        found = await found_at(address)
    assert found["store rights"].finds is Finds.WRONG
    assert found["store rights"].seen == "refused: EVAL, XADD"
    assert "users.acl.in" in found["store rights"].to_do


async def test_keys_of_another_name_alone_are_no_use(tmp_path: Path) -> None:
    async with users(tmp_path, "~other:* +@all") as address, connected(address) as connection:
        found = await inspect(connection, now_ms)
    assert len(found.refused) == 8


async def test_the_shipped_user_has_every_right(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "deploy" / "valkey" / "users.acl.in"
    rule = next(line for line in shipped.read_text().splitlines() if line.startswith("user seawall "))
    rule = rule.removeprefix("user seawall on #PASSWORD_SHA256 ")
    async with users(tmp_path, rule) as address:
        found = await found_at(address)
    assert found["store rights"].finds is Finds.OK


async def test_nothing_that_was_tried_is_left_behind() -> None:
    async with valkey_with() as socket:
        await found_at(socket)
        await asyncio.sleep(1.1)
        async with connected(socket) as connection, connection.reading() as redis:
            assert await redis.dbsize() == 0


async def test_a_server_that_is_behind_has_its_clock_told() -> None:
    async with valkey_with() as socket:
        connection = open_connection(socket)
        found = await inspect(connection, lambda: now_ms() + 60_000)
        await connection.close()
    assert found.offset_ms == pytest.approx(-60_000, abs=500)


@pytest.mark.parametrize(
    ("version", "is_replica", "finds"),
    [((6, 0, 16), False, Finds.WRONG), ((7, 2, 4), True, Finds.WRONG), ((6, 2, 0), False, Finds.OK)],
)
def test_a_server_too_old_or_a_replica_is_wrong(
    version: tuple[int, ...], is_replica: bool, finds: Finds
) -> None:
    found = Inspected("Redis", version, "noeviction", 0, None, True, "", is_replica, 0, 0)
    assert _server(found).finds is finds


# ------------------------------------------------------------------------------------------ the machine


@pytest.mark.parametrize(("answer", "finds"), [(-1, Finds.UNSET), (0, Finds.OK), (5, Finds.WEAK)])
def test_whether_the_clock_is_set_is_told_where_the_kernel_tells(answer: int, finds: Finds) -> None:
    assert clock_is_set(answer).finds is finds
    assert clock_is_set().finds in {Finds.OK, Finds.WEAK, Finds.UNSET}


def test_room_on_the_disk_is_told(tmp_path: Path) -> None:
    assert "GB free at" in room_left(tmp_path).seen


def test_how_old_the_newest_backup_is_is_told(tmp_path: Path) -> None:
    settings = Settings(backup_dir=tmp_path)
    assert backups(Settings(), 0.0).finds is Finds.UNSET
    assert "none in" in backups(settings, 0.0).seen
    file = tmp_path / "seawall-20261123T031000Z.jsonl"
    file.touch()
    made_s = file.stat().st_mtime
    assert backups(settings, made_s + 10 * 3_600).finds is Finds.OK
    late = backups(settings, made_s + 50 * 3_600)
    assert (late.finds, late.seen) == (Finds.WEAK, f"the newest in {tmp_path} is 50 h old")


def test_a_secret_that_others_may_read_is_named_and_not_told(tmp_path: Path) -> None:
    open_, closed = tmp_path / "open", tmp_path / "closed"
    for file, mode in ((open_, 0o644), (closed, 0o600)):
        file.write_text("my secret")
        file.chmod(mode)
    environ = {"SEAWALL_TELEGRAM_TOKEN_FILE": str(open_), "SEAWALL_DISCORD_TOKEN_FILE": str(closed)}
    (found,) = readable_by_others(environ)
    assert found.seen == f"others may read {open_}"
    settings = tmp_path / "settings"
    settings.write_text(f"SEAWALL_REDIS_URL_FILE={open_}\n")
    settings.chmod(0o640)
    told = [one.seen for one in readable_by_others({"SEAWALL_ENV_FILE": str(settings)})]
    assert told == [f"others may read {open_}"], "a file of settings without a secret may be read by all"
    settings.write_text("SEAWALL_REDIS_URL=redis://seawall:hidden@host/0\n")
    told = [one.seen for one in readable_by_others({"SEAWALL_ENV_FILE": str(settings)})]
    assert told == [f"others may read {settings}"]


async def test_where_the_service_tells_how_it_is_is_asked() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"HTTP/1.0 {statuses.pop(0)} so\r\n\r\n".encode())
        writer.close()

    statuses = ["200", "503"]
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        well = await health_address(Settings(health_listen=f"0.0.0.0:{port}"), is_running=True)
        ill = await health_address(Settings(health_listen=f"127.0.0.1:{port}"), is_running=True)
    gone = await health_address(Settings(health_listen=f"127.0.0.1:{port}"), is_running=True)
    later = await health_address(Settings(health_listen=f"127.0.0.1:{port}"), is_running=False)
    unset = await health_address(Settings(), is_running=True)
    told = [one.finds for one in (well, ill, gone, later, unset)]
    assert told == [Finds.OK, Finds.WEAK, Finds.WEAK, Finds.OK, Finds.UNSET]
    assert "503" in ill.seen


async def test_names_that_lead_inside_are_wrong_and_names_that_lead_nowhere_weak() -> None:
    settings = Settings(okx_rest_url="https://nowhere.invalid", bybit_rest_url="http://10.0.0.1")
    inside, nowhere = await where_names_lead(settings)
    assert inside.finds is Finds.WRONG
    assert "SEAWALL_ALLOW_PRIVATE_URLS" in inside.to_do
    assert nowhere.finds is Finds.WEAK


async def test_a_name_that_is_still_looked_up_is_not_said_to_lead_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(host: str) -> tuple[str, ...]:
        await asyncio.Event().wait()
        return (host,)

    monkeypatch.setattr("bot.doctor.machine.look_up", never)
    monkeypatch.setattr("bot.doctor.machine.ASKED_WITHIN_S", 0.01)
    (late,) = await where_names_lead(Settings(okx_rest_url="https://far.example"))
    assert late.finds is Finds.WEAK
    assert "far.example was not found within" in late.seen


def test_the_exit_code_says_whose_turn_it_is() -> None:
    def code(*findings: Finding) -> int:
        return Examination(findings, (), (), (), ()).exit_code

    fine, weak = Finding("a", Finds.OK, ""), Finding("b", Finds.WEAK, "")
    assert code(fine, weak, Finding("c", Finds.UNSET, "")) == 0
    assert code(fine, Finding("store", Finds.WRONG, "")) == 1
    assert code(Finding(SETTING, Finds.WRONG, ""), Finding("store", Finds.WRONG, "")) == 2
