"""The service in a process of its own tells how it is, over HTTP and to `seawall healthcheck` alike."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from bot.health.asking import ask_process
from bot.settings.checks import EXCHANGES
from market.observations import HOUR_MS, MINUTE_MS
from scheduler.clock import now_ms
from scheduler.simulator import market as simulated
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server import serve
from store.connection import connected
from store.server import running_socket
from store.sight import Sight
from store.watchdog import Watchdog
from tests import canary
from tests.bot.desks import bot_api
from tests.bot.health.places import free_port
from tests.bot.programs import Room, cut_off, eventually, room
from tests.doubles.telegram import BotApi
from tests.doubles.waiting import until
from tests.store.program import process_id


def asked(listen: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{listen}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


def told(listen: str, of: str, what: str) -> object:
    """What /readyz says of something; None while nobody answers."""
    _, text = asked(listen, "/readyz")
    return (json.loads(text or "{}").get(of) or {}).get(what)


@pytest.fixture
def market_of_today(monkeypatch: pytest.MonkeyPatch) -> SimulatedMarket:
    """The simulated market, thirty hours into its three days by the clock on the wall."""
    start_ms = now_ms() - 30 * HOUR_MS
    start_ms -= start_ms % HOUR_MS
    monkeypatch.setattr(simulated, "START_MS", start_ms)
    monkeypatch.setattr(SimulatedMarket, "start_ms", start_ms)
    monkeypatch.setattr(SimulatedMarket, "end_ms", start_ms + 72 * HOUR_MS)
    return SimulatedMarket(7, "sell_off", ("BTC",), past_days=40)


async def soon(claim: Callable[[], bool]) -> None:
    assert await asyncio.to_thread(eventually, claim)


@pytest.mark.slow
async def test_a_service_that_runs_is_ready_and_its_canary_comes_through() -> None:
    with room() as here:
        listen = f"127.0.0.1:{free_port()}"
        here.settings["SEAWALL_HEALTH_LISTEN"] = listen
        service = cut_off(here).start("run")
        await soon(lambda: told(listen, "evaluation", "age_s") is not None)
        await soon(lambda: told(listen, "watchdog", "age_s") is not None)
        ready = json.loads(asked(listen, "/readyz")[1])
        assert ready["parts"] == {"scheduler": "leads", "delivery": "leads"}
        checked = here.run("healthcheck")
        assert (checked.returncode == 0) == ready["ready"]
        assert ("Ready: scheduler leads" in checked.stdout) == ready["ready"]
        status, page = asked(listen, "/metrics")
        assert status == 200
        assert re.search(r"^seawall_watchdog_age_seconds \d", page, re.MULTILINE)
        assert 'seawall_part_leads{part="scheduler"} 1.0' in page
        assert "~" not in here.run("ask", "/alerts").stdout

        socket = running_socket(here.folder / "data")
        assert socket is not None
        async with connected(socket) as connection:
            assert (await Watchdog(connection).stands()).came_ms > 0
        service.send_signal(signal.SIGTERM)
        _, log = await asyncio.to_thread(service.communicate, timeout=15)
        assert service.returncode == 0
        assert "Traceback" not in log
        gone = here.run("healthcheck")
        assert gone.returncode == 1
        assert f"Nothing tells its health at {listen}" in gone.stdout


def test_what_listens_everywhere_is_asked_here() -> None:
    port = free_port()
    assert ask_process(f"0.0.0.0:{port}").reason.startswith(f"Nothing tells its health at 0.0.0.0:{port}")


def test_a_healthcheck_loads_neither_exchanges_nor_platforms() -> None:
    """It is run twice a minute by a container, which has ten seconds for it, also on a slow machine."""
    look = (
        "import sys\n"
        "from bot.cli import main\n"
        "sys.argv = ['seawall', 'healthcheck']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'httpx', 'aiohttp', 'telegram', 'discord', 'bot.doctor'} & sys.modules.keys()))\n"
    )
    with room() as here:
        done = subprocess.run(
            [sys.executable, "-c", look], env=here.environment, capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines() == [
        "The service does not run: no store was started on its data folder.",
        "[]",
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_the_owner_is_told_that_the_store_is_away_and_that_it_is_back() -> None:
    async with bot_api() as api:
        with room() as here:
            here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
            here.settings["SEAWALL_TELEGRAM_URL"] = api.url
            here.settings["SEAWALL_OPERATORS"] = "telegram:4242"
            here.settings["SEAWALL_HEALTH_LISTEN"] = listen = f"127.0.0.1:{free_port()}"
            service = cut_off(here).start("run")
            await soon(lambda: told(listen, "evaluation", "age_s") is not None)
            socket = running_socket(here.folder / "data")
            assert socket is not None
            server = await process_id(socket)
            os.kill(server, signal.SIGSTOP)
            await soon(lambda: told(listen, "store", "answers") is False)
            assert asked(listen, "/healthz")[0] == 200
            assert canary.TELEGRAM_TOKEN not in asked(listen, "/metrics")[1] + asked(listen, "/readyz")[1]
            assert "seawall_store_up 0.0" in asked(listen, "/metrics")[1]
            await until(lambda: _told_owner(api) == 1, within_s=240.0)
            os.kill(server, signal.SIGCONT)
            await until(lambda: _told_owner(api) == 2, within_s=400.0)
            first, second = (shown.text for shown in api.shown if shown.chat_id == 4242)
            assert "The store has not answered since" in first
            assert "The store answers again" in second
            service.send_signal(signal.SIGTERM)
            await asyncio.to_thread(service.communicate, timeout=15)


def _told_owner(api: BotApi) -> int:
    return sum(shown.chat_id == 4242 for shown in api.shown)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_after_a_time_at_which_it_did_not_run_the_owner_is_told_from_when_to_when(
    market_of_today: SimulatedMarket,
) -> None:
    async with bot_api() as api, serve(market_of_today) as venues:
        with room() as here:
            for venue in EXCHANGES:
                here.settings[f"SEAWALL_{venue.upper()}_REST_URL"] = venues.rest_urls[venue]
                here.settings[f"SEAWALL_{venue.upper()}_WS_URL"] = venues.ws_urls[venue]
            here.settings["SEAWALL_ASSETS"] = "BTC"
            here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
            here.settings["SEAWALL_TELEGRAM_URL"] = api.url
            here.settings["SEAWALL_OPERATORS"] = "telegram:4242"
            here.settings["SEAWALL_HEALTH_LISTEN"] = listen = f"127.0.0.1:{free_port()}"
            service = here.start("run")
            await until(lambda: _sees(here), within_s=300.0)
            assert _told_owner(api) == 0
            socket = running_socket(here.folder / "data")
            assert socket is not None
            async with connected(socket) as connection:
                await Sight(connection).keep_seen(now_ms() - 32 * MINUTE_MS)
            await until(lambda: _told_owner(api) == 1, within_s=120.0)
            (said,) = (shown.text for shown in api.shown if shown.chat_id == 4242)
            assert re.search(r"Seawall was blind .+ to .+ UTC: it did not run\.", said)
            assert "seawall_assets_blind 0.0" in asked(listen, "/metrics")[1]
            service.send_signal(signal.SIGTERM)
            await asyncio.to_thread(service.communicate, timeout=20)


async def _sees(here: Room) -> bool:
    socket = running_socket(here.folder / "data")
    if socket is None or not socket.exists():
        return False
    async with connected(socket) as connection:
        return await Sight(connection).seen_ms() > 0
