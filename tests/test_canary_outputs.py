"""Token canaries in everything that leaves a running service, at DEBUG: its log, its pages, answers, backups, files and words of call."""

import asyncio
import re
import socket
import stat
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests import canary
from tests.bot.programs import Room, cut_off, eventually, room
from tests.doubles.telegram import BotApi

HOME = Path(__file__).parent.parent
PING_SECRET = "a7c3e5f1-canary-of-the-switch-9b2d4f6a8c0e"
TOKEN = re.compile(
    r"[0-9]{5,20}:[A-Za-z0-9_-]{30,}|[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}"
)
IMAGE = ("Dockerfile", "compose.yaml", ".dockerignore", "deploy/**/*", "docs/**/*.md", "README.md")


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def page(port: int, path: str) -> str:
    """What stands at a path of the health address, "" while nobody serves there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return str(answer.read().decode())
    except HTTPError as refused:
        return refused.read().decode()
    except OSError:
        return ""


def told_by(here: Room, *words: str) -> str:
    done = here.run(*words)
    return done.stdout + done.stderr


def called(running: subprocess.Popen[str]) -> str:
    """The words a process was called with, as everybody on the machine may read them."""
    return Path(f"/proc/{running.pid}/cmdline").read_bytes().decode(errors="replace")


async def test_nothing_that_leaves_a_running_service_holds_a_secret(here: Room) -> None:
    port = free_port()
    async with BotApi(canary.TELEGRAM_TOKEN) as api:
        secret = here.folder / "discord_token"
        secret.write_text(canary.DISCORD_TOKEN)
        cut_off(here).settings.update(
            SEAWALL_TELEGRAM_TOKEN=canary.TELEGRAM_TOKEN,
            SEAWALL_TELEGRAM_URL=api.url,
            SEAWALL_DISCORD_TOKEN_FILE=str(secret),
            SEAWALL_DISCORD_URL="http://127.0.0.1:9/api/v10",
            SEAWALL_PING_URL=f"http://127.0.0.1:9/{PING_SECRET}",
            SEAWALL_HEALTH_LISTEN=f"127.0.0.1:{port}",
            SEAWALL_LOG_LEVEL="DEBUG",
            SEAWALL_LIBRARY_LOG_LEVEL="DEBUG",
        )
        service = here.start("run")
        await api.say("/status")
        await api.say("/size BTC 5x 10k")
        await api.say(f"/regime {canary.TELEGRAM_TOKEN[:60]}")
        shown = [one.text for one in await api.messages(3)]
        assert await asyncio.to_thread(eventually, lambda: page(port, "/metrics") != "")
        pages = [await asyncio.to_thread(page, port, path) for path in ("/healthz", "/readyz", "/metrics")]
        calls = (
            ("doctor", "--json"),
            ("healthcheck",),
            ("ask", "/status"),
            ("backup", str(here.folder / "b")),
        )
        told = await asyncio.gather(*(asyncio.to_thread(told_by, here, *words) for words in calls))
        words = called(service)
        service.terminate()
        out, log = await asyncio.to_thread(service.communicate)
    assert "telegram starts" in log
    assert len(log.splitlines()) > 20, "it spoke at DEBUG"
    assert all(pages)
    assert (here.folder / "b").stat().st_size > 0
    secret.unlink()
    kept = [path.read_bytes().decode(errors="replace") for path in here.folder.rglob("*") if path.is_file()]
    for text in (out, log, words, *pages, *told, *kept):
        assert not canary.leaks(text)
        assert PING_SECRET not in text
    assert not any(canary.leaks(text) for text in shown), "no answer repeats one whole"
    assert open_to_others(here.folder / "data") == []


def open_to_others(folder: Path) -> list[str]:
    """What of a folder somebody else on the machine could read, write or enter."""
    found = (folder, *folder.rglob("*"))
    return [str(one) for one in found if not one.is_symlink() and stat.S_IMODE(one.lstat().st_mode) & 0o077]


def test_nothing_that_goes_into_an_image_or_stands_beside_it_holds_a_token() -> None:
    paths = [path for pattern in IMAGE for path in HOME.glob(pattern) if path.is_file()]
    assert len(paths) > 10
    assert [str(path) for path in paths if TOKEN.search(path.read_text())] == []
    dockerfile = (HOME / "Dockerfile").read_text()
    assert not [
        line for line in dockerfile.splitlines() if line.startswith(("ARG", "ENV")) and "TOKEN" in line
    ]
    assert "*" in (HOME / ".dockerignore").read_text().split(), "only what is named travels into an image"
