"""Settings read again while everything goes on: by SIGHUP, by /reload, as a whole or not at all."""

import asyncio
import logging
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat_platform import Asker, Desk
from bot.live import services_on
from bot.reloading import Reloading, watched_in
from bot.settings import Settings, read_settings
from bot.settings.taking import reloads
from commands.protocol.dispatch import answer
from commands.protocol.request import Context, Role
from scheduler.live import live_memory, want
from store.connection import Connection, connected, open_connection
from store.memos import StoredMemos
from store.watchlist import StoredWatchlist
from tests import canary
from tests.bot.programs import PATIENCE_S, Room, cut_off, eventually, room
from tests.doubles.valkey import valkey, valkey_socket
from tests.doubles.waiting import until

__all__ = ["valkey", "valkey_socket"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of settings of this process."""
    for name in [name for name in os.environ if name.startswith("SEAWALL_")]:
        monkeypatch.delenv(name)
    made = tmp_path / "settings"
    made.write_text("SEAWALL_ASSETS=BTC\nSEAWALL_OPERATORS=telegram:1\n")
    monkeypatch.setenv("SEAWALL_ENV_FILE", str(made))
    return made


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    names = [
        "",
        "httpx",
        "telegram",
        "discord",
        "aiohttp",
        "apscheduler",
        "asyncio",
        "httpcore",
        "redis",
        "urllib3",
    ]
    before = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


async def test_what_may_be_reloaded_holds_at_once_for_whoever_holds_the_settings(file: Path) -> None:
    settings = read_settings()
    desk = Desk(settings, services=None, now_ms=lambda: 0)  # type: ignore[arg-type]  # roles need none
    asker = Asker("telegram", "2", "2", is_private=True)
    assert desk.role_of(asker) is Role.ANYONE
    file.write_text("SEAWALL_ASSETS=BTC\nSEAWALL_OPERATORS=telegram:1,telegram:2\nSEAWALL_LOG_LEVEL=DEBUG\n")
    done = await Reloading(settings).reload()
    assert done.taken == ("SEAWALL_OPERATORS", "SEAWALL_LOG_LEVEL")
    assert done.waiting == done.problems == ()
    assert desk.role_of(asker) is Role.OWNER
    assert logging.getLogger().level == logging.DEBUG


async def test_what_needs_a_restart_is_named_and_not_taken(file: Path, tmp_path: Path) -> None:
    settings = read_settings()
    token = tmp_path / "token"
    token.write_text(canary.TELEGRAM_TOKEN)
    file.write_text(f"SEAWALL_ASSETS=BTC\nSEAWALL_TELEGRAM_TOKEN_FILE={token}\nSEAWALL_LOG_FORMAT=json\n")
    for _ in range(2):  # it waits until there is a restart, and is named each time
        done = await Reloading(settings).reload()
        assert done.waiting == ("SEAWALL_TELEGRAM_TOKEN", "SEAWALL_LOG_FORMAT")
    assert settings.telegram_token is None
    assert settings.log_format == "console"
    assert settings.operators == ()


async def test_one_mistake_leaves_everything_as_it_was_and_is_told_without_secrets(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = read_settings()
    file.write_text("SEAWALL_ASSETS=ETH\nSEAWALL_LOG_LEVEL=loud\nSEAWALL_TELEGRAM_TOKEN=my-secret-word\n")
    done = await Reloading(settings).reload()
    assert len(done.problems) == 2
    assert settings.assets == ("BTC",)
    assert settings.operators == ("telegram:1",)
    assert "all stays as it was" in caplog.text
    assert "my-secret-word" not in caplog.text


async def test_a_slip_in_reading_them_again_leaves_everything_as_it_was_and_the_next_reload_is_done(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings, wanted, is_broken = read_settings(), asyncio.Event(), True

    async def taken(_: Settings) -> None:
        if is_broken:
            raise RuntimeError("no such home")

    reloading = Reloading(settings, takers=(taken,), wanted=wanted)
    running = asyncio.create_task(reloading.run())
    file.write_text("SEAWALL_ASSETS=BTC\nSEAWALL_OPERATORS=telegram:2\n")
    wanted.set()
    await until(lambda: "could not be read again (RuntimeError)" in caplog.text)
    assert settings.operators == ("telegram:1",)
    is_broken = False
    wanted.set()
    await until(lambda: settings.operators == ("telegram:2",))
    running.cancel()
    await asyncio.wait({running})


async def test_the_watched_assets_follow_and_those_that_stay_lose_nothing(
    file: Path, valkey: Connection
) -> None:
    settings, memory = read_settings(), live_memory(valkey)
    await want(settings.assets, memory)
    await StoredWatchlist(valkey).add("PEPE")
    reloading = Reloading(settings, takers=(watched_in(valkey, settings),))
    await reloading.reload()  # nothing new: what /watch did stays
    assert await StoredWatchlist(valkey).watched() == ("BTC", "PEPE")
    file.write_text("SEAWALL_ASSETS=BTC,SOL\n")
    assert (await reloading.reload()).taken == ("SEAWALL_ASSETS", "SEAWALL_OPERATORS")
    assert await StoredWatchlist(valkey).watched() == ("BTC", "SOL")


async def test_where_the_store_is_away_nothing_is_taken(file: Path, tmp_path: Path) -> None:
    settings, away = read_settings(), open_connection(tmp_path / "nobody.sock")
    file.write_text("SEAWALL_ASSETS=ETH\nSEAWALL_OPERATORS=telegram:9\n")
    done = await Reloading(settings, takers=(watched_in(away, settings),)).reload()
    await away.close()
    assert done.problems
    assert settings.operators == ("telegram:1",)


async def test_the_other_processes_of_a_store_follow(
    file: Path, valkey: Connection, valkey_socket: Path
) -> None:
    here, there = read_settings(), read_settings()
    asked = Reloading(here, StoredMemos(valkey))
    async with connected(valkey_socket) as other, asyncio.TaskGroup() as tasks:
        follows = tasks.create_task(Reloading(there, StoredMemos(other)).run())
        began = tasks.create_task(asked.run())
        await asyncio.sleep(0.1)
        file.write_text("SEAWALL_ASSETS=BTC\nSEAWALL_OPERATORS=telegram:7\n")
        services = replace(services_on(valkey, is_live=True), reloads=asked)
        reply = await answer("/reload", Context(services, 0, role=Role.OWNER))
        assert reply.data["taken"] == ["SEAWALL_OPERATORS"]
        await until(_holds(lambda: there.operators == ("telegram:7",)), 10)
        assert here.operators == ("telegram:7",)
        follows.cancel()
        began.cancel()


def _holds(claim: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return claim()

    return asked


async def test_reload_is_for_owners_and_in_a_group_names_no_file(file: Path, valkey: Connection) -> None:
    services = services_on(valkey, is_live=True)
    refused = await answer("/reload", Context(services, 0, role=Role.MANAGER))
    assert "taken" not in (refused.data or {})
    alone = await answer("/reload", Context(services, 0, role=Role.OWNER))
    assert alone.data == {"taken": [], "waiting": []}
    reloading = Reloading(read_settings())
    file.write_text("nonsense\n")
    wrong = replace(services, reloads=reloading)
    in_group = await answer("/reload", Context(wrong, 0, role=Role.OWNER, is_private=False))
    assert str(file) not in repr(in_group)
    assert in_group.data["problems"] == 1
    in_private = await answer("/reload", Context(wrong, 0, role=Role.OWNER))
    assert f"{file}, line 1" in repr(in_private)


def test_what_everybody_holds_is_changed_by_a_reload_alone(file: Path) -> None:
    settings = read_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.operators = ("telegram:2",)
    # each of these is read where it is needed, or taken up by a reload: one more must be as well
    assert {name for name in Settings.model_fields if reloads(name)} == {
        "assets",
        "operators",
        "allowed",
        "limit_person",
        "limit_chat",
        "limit_all",
        "log_level",
        "library_log_level",
    }


# ------------------------------------------------------------------------------------------ real runs


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


def line_of(service: subprocess.Popen[str], wanted: str) -> str:
    """The first line of the log that holds these words."""
    assert service.stderr is not None
    for line in service.stderr:
        if wanted in line:
            return line
    pytest.fail(f"ended without a word of {wanted!r}")


def test_sighup_reloads_and_the_service_goes_on(here: Room) -> None:
    file = here.folder / "settings"
    file.write_text("SEAWALL_ASSETS=BTC\n")
    here.settings["SEAWALL_ENV_FILE"] = str(file)
    service = cut_off(here).start("run", start_new_session=True)
    assert eventually(lambda: "is evaluated" in here.run("healthcheck").stdout)
    file.write_text("SEAWALL_ASSETS=BTC,SOL\nSEAWALL_LOG_FORMAT=json\n")
    here.settings["SEAWALL_ENV_FILE"] = ""
    service.send_signal(signal.SIGHUP)
    said = line_of(service, "settings reloaded")
    assert "taken: SEAWALL_ASSETS; waiting for a restart: SEAWALL_LOG_FORMAT" in said
    file.write_text("SEAWALL_ASSETS=$\n")
    service.send_signal(signal.SIGHUP)
    assert "SEAWALL_ASSETS must be 1 to" in line_of(service, "all stays as it was")
    assert "SOL" in here.run("ask", "/scan").stdout
    service.send_signal(signal.SIGTERM)
    _, log = service.communicate(timeout=PATIENCE_S)
    assert service.returncode == 0
    assert "Traceback" not in log


PROGRAM = """
import asyncio, sys
from bot.running import on_hangup, run

async def work() -> int:
    if {reloads}:
        on_hangup(lambda: print("reloads", flush=True))
    print("works", flush=True)
    await asyncio.sleep(60)
    return 1

sys.exit(run(work()))
"""


@pytest.mark.parametrize("is_service", [True, False], ids=["the service", "the demo"])
def test_a_terminal_that_closes_ends_what_was_started_in_it(is_service: bool) -> None:
    ours, its = pty.openpty()
    code = (
        f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{PROGRAM.format(reloads=is_service)}"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code], stdin=its, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    os.close(its)
    assert program.stdout is not None
    assert program.stdout.readline() == "works\n"
    if is_service:
        program.send_signal(signal.SIGHUP)  # the terminal is there: somebody wants a reload
        assert program.stdout.readline() == "reloads\n"
    os.close(ours)
    assert program.wait(10) == 0
    program.stdout.close()


@pytest.mark.parametrize(("is_service", "says"), [(True, "reloads"), (False, "")])
def test_nohup_outlives_its_terminal(is_service: bool, says: str) -> None:
    ours, its = pty.openpty()
    code = (
        "import fcntl, signal, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        f"signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{PROGRAM.format(reloads=is_service)}"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code], stdin=its, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    os.close(its)
    assert program.stdout is not None
    assert program.stdout.readline() == "works\n"
    os.close(ours)
    if says:
        assert program.stdout.readline() == f"{says}\n"
    assert program.poll() is None
    program.terminate()
    assert program.wait(10) == 0
    program.stdout.close()
