"""The persistent private Valkey, with real processes that are started at once, ended and killed."""

import asyncio
import os
import signal
import stat
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from store.connection import connected
from store.server import ValkeyFailed, private_valkey, running_socket
from store.server.place import is_held, try_lock
from tests.doubles.waiting import until
from tests.store.program import process_id
from tests.store.programs import answers, is_gone, kill_server, running

START_WITHIN_MS = 2_000
"""30 to 70 ms on a quiet machine; two cores are shared by all tests."""


async def test_it_starts_answers_and_is_gone_when_its_only_program_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        assert program.took_ms < START_WITHIN_MS
        assert await answers(program.socket)
        assert await program.end() == 0
    assert await is_gone(program.socket)
    assert not is_held(tmp_path / "valkey" / "server")
    assert running_socket(tmp_path) is None


async def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with (
        private_valkey(tmp_path) as socket,
        connected(socket) as connection,
        connection.writing() as redis,
    ):
        await redis.set("a", "1")
    async with (
        private_valkey(tmp_path) as socket,
        connected(socket) as connection,
        connection.reading() as redis,
    ):
        assert await redis.get("a") == b"1"


async def test_after_kill_9_of_the_program_the_next_attaches_to_its_server(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        async with connected(first.socket) as connection, connection.writing() as redis:
            await redis.set("a", "kept")
        await first.kill()
        assert await answers(first.socket)
    async with running(tmp_path) as second:
        assert (second.socket, second.server_pid) == (first.socket, first.server_pid)
        async with connected(second.socket) as connection, connection.reading() as redis:
            assert await redis.get("a") == b"kept"
        assert await second.end() == 0
    assert await is_gone(second.socket), "the last one out stops a server that somebody else started"


async def test_kill_9_of_the_server_loses_no_acknowledged_write(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        async with connected(program.socket) as connection, connection.writing() as redis:
            acknowledged = [await redis.incr("count") for _ in range(500)]
        await program.kill()
        kill_server(program.server_pid)
    async with (
        private_valkey(tmp_path) as socket,
        connected(socket) as connection,
        connection.reading() as redis,
    ):
        assert await process_id(socket) != program.server_pid
        assert int(await redis.get("count") or 0) == acknowledged[-1] == 500


async def test_a_server_that_dies_under_its_programs_is_started_again_on_the_same_socket(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        running(tmp_path) as other,
        private_valkey(tmp_path) as socket,
        connected(socket) as connection,
    ):
        async with connection.writing() as redis:
            await redis.set("a", "kept")
        kill_server(other.server_pid)
        await until(lambda: is_another(socket, other.server_pid))
        async with connection.reading() as redis:
            assert await redis.get("a") == b"kept"
        assert await other.end() == 0
        assert await answers(socket)
    assert await is_gone(socket)


async def is_another(socket: Path, than_pid: int) -> bool:
    return await answers(socket) and await process_id(socket) != than_pid


async def test_a_server_that_cannot_be_started_again_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.server.persistent.LOOK_EVERY_S", 0.01)
    async with private_valkey(tmp_path) as socket:
        async with connected(socket) as connection, connection.writing() as redis:
            await redis.set("a", "1")
        (written,) = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
        good = written.read_bytes()
        written.write_bytes(b"this is no append-only file\n" * 3)
        kill_server(await process_id(socket))
        await until(lambda: "cannot be started again" in caplog.text)
        written.write_bytes(good)
        await until(lambda: "had died and runs again" in caplog.text)
        assert await answers(socket)
    assert caplog.text.count("cannot be started again") == 1


async def test_programs_that_start_at_once_share_one_server_and_the_last_one_out_stops_it(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        programs = await asyncio.gather(*(stack.enter_async_context(running(tmp_path)) for _ in range(3)))
        assert len({(program.socket, program.server_pid) for program in programs}) == 1
        for program in programs[:-1]:
            assert await program.end() == 0
            assert await answers(program.socket)
        assert await programs[-1].end() == 0
    assert await is_gone(programs[0].socket)


async def test_two_users_in_one_process_share_it_too(tmp_path: Path) -> None:
    async with private_valkey(tmp_path) as outer:
        async with private_valkey(tmp_path) as inner:
            assert inner == outer
        assert await answers(outer)
    assert await is_gone(outer)


async def test_ctrl_c_in_the_terminal_does_not_reach_the_server(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        assert os.getsid(program.server_pid) != os.getsid(0)
        assert os.getpgid(program.server_pid) != os.getpgid(program.process.pid)


async def test_only_its_owner_reaches_it_and_no_port_is_open(tmp_path: Path) -> None:
    async with private_valkey(tmp_path) as socket:
        for path in (socket.parent, tmp_path / "valkey", socket):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        async with connected(socket) as connection, connection.reading() as redis:
            settings = await redis.config_get("port", "appendonly", "appendfsync", "maxmemory-policy")
    assert settings == {
        "port": "0",
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
    }


async def test_a_data_folder_with_a_very_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a-long-name-in-a-long-path"] * 8)
    async with private_valkey(folder) as socket:
        assert len(str(socket)) < 104
        assert await answers(socket)


async def test_a_program_with_another_tmpdir_finds_the_same_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with private_valkey(tmp_path) as socket:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        async with private_valkey(tmp_path) as same:
            assert same == socket
        assert running_socket(tmp_path) == socket


async def test_a_server_that_hangs_is_named_instead_of_doubled(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        os.kill(program.server_pid, signal.SIGSTOP)
        try:
            with pytest.raises(ValkeyFailed, match=rf"process {program.server_pid}.*does not answer"):
                async with private_valkey(tmp_path, within_s=0.3):
                    pass
        finally:
            os.kill(program.server_pid, signal.SIGCONT)
        assert await program.end() == 0


async def test_a_stale_socket_and_address_do_not_block_a_start(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await program.kill()
        kill_server(program.server_pid)
        await until(lambda: not is_held(tmp_path / "valkey" / "server"))
        assert program.socket.exists()
    async with private_valkey(tmp_path) as socket:
        assert await answers(socket)


async def test_an_append_only_file_that_is_no_such_file_is_said_with_the_servers_last_words(
    tmp_path: Path,
) -> None:
    async with (
        private_valkey(tmp_path) as socket,
        connected(socket) as connection,
        connection.writing() as redis,
    ):
        await redis.set("a", "1")
    (written,) = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    written.write_bytes(b"this is no append-only file\n" * 3)
    with pytest.raises(ValkeyFailed, match=r"ended at once\. Its log ends: .*Bad file format"):
        async with private_valkey(tmp_path):
            pass


async def test_an_append_only_file_cut_in_its_last_write_still_loads(tmp_path: Path) -> None:
    async with (
        private_valkey(tmp_path) as socket,
        connected(socket) as connection,
        connection.writing() as redis,
    ):
        await redis.set("a", "1")
        await redis.set("b", "2")
    (written,) = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    written.write_bytes(written.read_bytes()[:-3])
    async with (
        private_valkey(tmp_path) as socket,
        connected(socket) as connection,
        connection.reading() as redis,
    ):
        assert await redis.mget("a", "b") == [b"1", None]


async def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValkeyFailed, match="cannot make its folder"):
        async with private_valkey(tmp_path / "file"):
            pass


async def test_a_door_held_by_another_program_is_waited_for_and_then_named(tmp_path: Path) -> None:
    (tmp_path / "valkey").mkdir()
    door = try_lock(tmp_path / "valkey" / "door")
    assert door is not None
    with pytest.raises(ValkeyFailed, match="Another program has been starting"):
        async with private_valkey(tmp_path, within_s=0.1):
            pass
    os.close(door)


def test_no_server_was_started_where_none_was() -> None:
    assert running_socket(Path("/nonexistent/seawall")) is None
