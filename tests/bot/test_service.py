"""The service by real runs: fed, asked, killed, started again, told to stop."""

import asyncio
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from market.report import iso
from market.snapshot import Snapshot
from store.connection import StoreUnavailable, connected
from store.server import private_valkey, running_socket
from store.snapshots import StoredSnapshots
from tests import canary
from tests.bot.programs import PATIENCE_S, Room, cut_off, eventually, room
from tests.doubles.telegram import PRIVATE, BotApi
from tests.doubles.telegram_ground import Shown
from tests.recorded import sell_off

END = "2024-08-10T07:00:00Z"


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


@pytest.fixture
def crash(recordings: Path) -> Path:
    return sell_off(recordings, "2024-08-05_BTC")


async def latest(here: Room) -> Snapshot | None:
    """The last snapshot in the running service's store."""
    socket = running_socket(here.folder / "data")
    if socket is None or not socket.exists():
        return None
    try:
        async with connected(socket) as connection:
            return await StoredSnapshots(connection).latest("BTC")
    except StoreUnavailable:
        return None


async def market_reaches(here: Room, at: str) -> None:
    """Wait until the service's market has come to a time that begins with `at`, or is past it."""
    async with asyncio.timeout(PATIENCE_S):
        while (snapshot := await latest(here)) is None or iso(snapshot.at_ms) < at:
            await asyncio.sleep(0.05)


async def ends(service: subprocess.Popen[str]) -> str:
    """Tell the service to stop; its log, once it has stopped in order and in time."""
    service.send_signal(signal.SIGTERM)
    _, log = await asyncio.to_thread(service.communicate, timeout=10)
    assert service.returncode == 0
    return str(log)


async def asked(here: Room, *words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(here.run, *words)


async def kept(here: Room) -> Snapshot | None:
    """What the stopped service has left on disk."""
    async with private_valkey(here.folder / "data") as socket, connected(socket) as connection:
        return await StoredSnapshots(connection).latest("BTC")


async def test_fed_by_history_it_is_healthy_answers_and_stops_when_told(here: Room, crash: Path) -> None:
    service = here.start("run", "--history", crash)
    await market_reaches(here, END)
    assert (await asked(here, "healthcheck")).returncode == 0
    assert "RECORDED market, 2024-08-10 07:00 UTC" in (await asked(here, "ask", "/regime BTC")).stdout
    assert "ok      evaluation: The store answers." in (await asked(here, "doctor")).stdout
    assert "Traceback" not in await ends(service)
    assert eventually(lambda: not here.servers())
    assert (await asked(here, "healthcheck")).returncode == 1


@pytest.mark.slow
async def test_where_no_exchange_can_be_reached_every_answer_is_insufficient_data_and_says_so(
    here: Room,
) -> None:
    service = cut_off(here).start("run")
    assert await asyncio.to_thread(eventually, lambda: "is evaluated" in here.run("healthcheck").stdout)
    for line in ("/regime", "/size BTC 5x 10k", "/scan", "/status"):
        done = await asked(here, "ask", line)
        assert done.returncode == 0, line
        assert re.search(
            "INSUFFICIENT DATA|NO DATA|evaluated yet|No data yet|its past|could be read yet", done.stdout
        ), line
    log = await ends(service)
    assert "no chat platform has a token: `seawall chat` and `seawall ask` are answered" in log
    assert "Traceback" not in log


async def test_a_backup_is_kept_and_can_be_restored_while_the_service_runs(here: Room) -> None:
    folder = here.folder / "kept"
    here.settings["SEAWALL_BACKUP_DIR"] = str(folder)
    service = cut_off(here).start("run")
    assert await asyncio.to_thread(eventually, lambda: any(folder.glob("seawall-*.jsonl")))
    (kept,) = folder.glob("seawall-*.jsonl")
    done = await asyncio.to_thread(here.run, "restore", kept)
    assert done.returncode == 0
    assert "it is whole" in done.stdout
    log = await ends(service)
    assert "a backup was made" in log
    assert "Traceback" not in log


async def test_speed_is_of_recorded_markets_only(here: Room) -> None:
    done = await asked(here, "run", "--speed", "20")
    assert done.returncode == 2
    assert "needs --history FILE" in done.stderr


@pytest.mark.slow  # tests/bot/test_live_feed.py kills a live one
async def test_killed_and_started_again_it_goes_on_as_if_nothing_had_been(here: Room, crash: Path) -> None:
    with room() as undisturbed:
        whole = undisturbed.start("run", "--history", crash)
        await market_reaches(undisturbed, END)
        await ends(whole)
        expected = await kept(undisturbed)

    slow = here.start("run", "--history", crash, "--speed", "6000")
    await market_reaches(here, "2024-07-16")
    slow.kill()
    slow.wait(10)
    halfway = await kept(here)
    assert halfway is not None
    assert expected is not None
    assert halfway.at_ms < expected.at_ms

    again = here.start("run", "--history", crash)
    await market_reaches(here, END)
    await ends(again)
    assert await kept(here) == expected


@pytest.mark.slow
async def test_files_that_end_before_what_is_remembered_begin_anew(
    here: Room, recordings: Path, crash: Path
) -> None:
    later = here.start("run", "--history", crash)
    await market_reaches(here, "2024-07-16")
    await ends(later)
    earlier = here.start("run", "--history", sell_off(recordings, "2021-05-19_BTC"))
    async with asyncio.timeout(PATIENCE_S):
        while (snapshot := await latest(here)) is None or not iso(snapshot.at_ms).startswith("2021-05-2"):
            await asyncio.sleep(0.05)
    assert "begins anew" in await ends(earlier)


async def test_history_that_cannot_be_read_is_a_wrong_request_and_leaves_nothing_running(here: Room) -> None:
    done = await asked(here, "run", "--history", "gone_BTC.csv")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert not here.servers()


async def words_of_the_answer(api: BotApi) -> Shown:
    """The first answer; where its words are too long for a caption they stand below the picture."""
    shown = (await api.messages(1))[0]
    return shown if shown.text else (await api.messages(2))[1]


async def test_telegram_is_started_by_its_token_and_answers_from_the_store(here: Room, crash: Path) -> None:
    async with BotApi(canary.TELEGRAM_TOKEN) as api:
        here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
        here.settings["SEAWALL_TELEGRAM_URL"] = api.url
        here.settings["SEAWALL_LOG_LEVEL"] = "DEBUG"
        service = here.start("run", "--history", crash)
        await market_reaches(here, "2024-07-16")
        await api.say("/regime btc")
        shown = await words_of_the_answer(api)
        assert shown.chat_id == PRIVATE["id"]
        assert re.match(r"BTC · ", shown.text)
        assert "RECORDED market" in shown.text
        log = await ends(service)
        assert "telegram starts" in log
        assert not canary.leaks(log)


async def test_parts_that_run_apart_share_one_store_and_keep_each_to_its_own(here: Room, crash: Path) -> None:
    async with BotApi(canary.TELEGRAM_TOKEN) as api:
        here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
        here.settings["SEAWALL_TELEGRAM_URL"] = api.url
        market = here.start("run", "--history", crash, "--only", "scheduler,delivery")
        await market_reaches(here, "2024-07-16")
        chat = here.start("run", "--only", "telegram")
        await api.say("/regime btc")
        assert "RECORDED market" in (await words_of_the_answer(api)).text
        of_chat, of_market = await ends(chat), await ends(market)
    assert "telegram starts" in of_chat
    assert "telegram starts" not in of_market
    assert "Traceback" not in of_chat + of_market
    assert eventually(lambda: not here.servers())


async def test_a_part_that_is_not_known_or_has_no_token_is_a_wrong_request(here: Room, crash: Path) -> None:
    for words, said in (
        (
            ("--only", "banana"),
            '"banana" is no part of the service. One of: scheduler, delivery, discord, telegram.',
        ),
        (("--only", "discord"), "discord has no token: set SEAWALL_DISCORD_TOKEN."),
        (("--history", str(crash), "--only", "telegram"), "files are played by the scheduler"),
    ):
        done = await asked(here, "run", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


async def test_a_refused_token_ends_that_platform_and_not_the_service(here: Room) -> None:
    async with BotApi("1:another-bot-has-another-token-here-000") as api:
        here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
        here.settings["SEAWALL_TELEGRAM_URL"] = api.url
        service = cut_off(here).start("run")
        assert service.stderr is not None
        lines = iter(service.stderr.readline, "")
        refused = await asyncio.to_thread(lambda: next(line for line in lines if "telegram stopped" in line))
        assert "Telegram refuses the bot token" in refused
        assert await asyncio.to_thread(
            eventually, lambda: "The market is evaluated" in here.run("healthcheck").stdout
        )
        assert service.poll() is None
        await ends(service)
