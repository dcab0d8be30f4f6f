"""The doctor against venues and platforms on loopback, well and ill: what it finds, how long it takes, what it never says."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.chat_platform import ChatPlatform
from bot.doctor import Finding, Finds, SourceFound, examine, in_words
from bot.doctor.sources import try_sources
from bot.doctor.verdicts import of_sources
from market.observations import HOUR_MS, Venue
from scheduler.clock import Clock, monotonic_s, now_ms
from scheduler.exchange import Exchange
from scheduler.exchanges import exchanges
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import Fault, SimulatedExchanges, Trouble, serve
from tests import canary
from tests.bot.programs import Room, cut_off, room
from tests.doubles.discord import DiscordServer
from tests.doubles.discord_rest import BOT_ID
from tests.doubles.telegram import BotApi
from tests.doubles.telegram import Fault as TelegramFault
from tests.doubles.valkey import valkey_socket
from tests.scheduler.simulator.desk import sell_off

__all__ = ["valkey_socket"]

OFF_MS = START_MS + 30 * HOUR_MS - now_ms()
MARKET = Clock(lambda: now_ms() + OFF_MS, monotonic_s)
"""The simulated market's time, running as fast as ours."""

LONGEST_S = 30.0
"""Where nothing answers."""


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield cut_off(made)


def point(here: Room, venues: SimulatedExchanges) -> None:
    for venue, url in venues.rest_urls.items():
        here.settings[f"SEAWALL_{venue.upper()}_REST_URL"] = url
    for venue, url in venues.ws_urls.items():
        here.settings[f"SEAWALL_{venue.upper()}_WS_URL"] = url


async def tried(venues: SimulatedExchanges, ahead_ms: int = 0) -> dict[Venue, SourceFound]:
    clock = Clock(lambda: MARKET.now_ms() + ahead_ms, monotonic_s)
    found = await try_sources(exchanges(), venues.rest_urls, venues.ws_urls, clock)
    return {one.venue: one for one in found}


def one_at(venue: Venue) -> Exchange:
    return next(one for one in exchanges() if one.venue is venue)


def finding(found: dict[Venue, SourceFound], what: str, *assets: str) -> Finding:
    return next(one for one in of_sources(tuple(found.values()), assets) if one.what == what)


async def test_an_exchange_that_is_well_is_read_in_full_and_speaks() -> None:
    async with serve(sell_off(), MARKET) as venues:
        found = await tried(venues)
    assert {one.state for one in found.values()} == {"answers"}
    assert {one.stream for one in found.values()} == {"speaks"}
    assert all(one.is_well and one.asked >= 4 and one.instruments >= 3 for one in found.values())
    assert all(one.lag_ms is not None and abs(one.lag_ms) < 5_000 for one in found.values())
    assert finding(found, "clock").finds is Finds.OK
    assert "perpetuals" in finding(found, "okx").seen


@pytest.mark.parametrize(
    ("ahead_ms", "finds", "said"),
    [(-600_000, Finds.WRONG, "s behind the exchanges"), (30_000, Finds.WEAK, "s ahead of the exchanges")],
)
async def test_a_clock_that_is_wrong_is_told_by_how_much(ahead_ms: int, finds: Finds, said: str) -> None:
    async with serve(sell_off(), MARKET) as venues:
        clock = finding(await tried(venues, ahead_ms), "clock")
    assert clock.finds is finds
    assert said in clock.seen
    assert float(re.findall(r"[\d.]+", clock.seen)[0]) == pytest.approx(abs(ahead_ms) / 1_000, abs=5.0)
    assert "NTP" in clock.to_do


async def test_each_kind_of_trouble_has_its_name_and_what_to_do() -> None:
    async with serve(sell_off(), MARKET) as venues:
        venues.faults.set(Venue.BINANCE, Trouble(Fault.STATUS, 451))
        venues.faults.set(Venue.OKX, Trouble(Fault.DROP))
        venues.faults.set(Venue.DERIBIT, Trouble(Fault.GARBLE))
        found = await tried(venues)
    assert found[Venue.BINANCE].state == "geo-blocked"
    assert found[Venue.OKX].state == "cut off"
    assert found[Venue.DERIBIT].state in {"misread", "not data"}
    assert found[Venue.HYPERLIQUID].is_well
    blocked = finding(found, "binance")
    assert blocked.finds is Finds.WEAK
    assert "does not serve your country" in blocked.to_do
    assert "SEAWALL_BINANCE_REST_URL" in blocked.to_do


async def test_an_exchange_that_never_answers_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.doctor.sources.QUESTION_S", 0.2)
    async with serve(sell_off(), MARKET) as venues:
        venues.faults.set(Venue.BYBIT, Trouble(Fault.STALL))
        (found,) = await try_sources([one_at(Venue.BYBIT)], venues.rest_urls, venues.ws_urls, MARKET)
        venues.faults.clear(Venue.BYBIT)
    assert found.state == "too slow"
    assert "no complete answer" in (found.why or "")


async def test_an_asset_that_no_exchange_lists_is_named() -> None:
    async with serve(sell_off(), MARKET) as venues:
        found = await tried(venues)
    assert "lists NOPE" in finding(found, "assets", "BTC", "NOPE").seen
    assert not [one for one in of_sources(tuple(found.values()), ("BTC", "SOL")) if one.what == "assets"]


async def test_where_its_websocket_is_refused_a_source_is_weak(
    unused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.sources.STREAM_S", 0.5)  # it is tried again and again for so long
    async with serve(sell_off(), MARKET) as venues:
        nowhere = {**venues.ws_urls, Venue.BYBIT: unused.replace("http", "ws")}
        (found,) = await try_sources([one_at(Venue.BYBIT)], venues.rest_urls, nowhere, MARKET)
    assert found.state == "answers"
    assert not found.is_well
    weak = next(of_sources((found,), ()))
    assert weak.finds is Finds.WEAK
    assert "SEAWALL_BYBIT_WS_URL" in weak.to_do


@pytest.fixture
def unused() -> str:
    """An address where nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


# ------------------------------------------------------------------------------------------ the program


async def examined(here: Room, *words: str) -> tuple[int, str]:
    done = await asyncio.to_thread(here.run, "doctor", *words)
    assert done.stderr == ""
    assert not canary.leaks(done.stdout)
    return done.returncode, done.stdout


async def test_the_program_tries_what_the_environment_points_at(here: Room) -> None:
    async with serve(sell_off(), MARKET) as venues:
        point(here, venues)
        code, said = await examined(here, "--json")
    found = json.loads(said)
    assert {source["venue"] for source in found["sources"]} == set(venues.rest_urls)
    assert all(source["ok"] and source["stream"] == "speaks" for source in found["sources"])
    assert found["sources"][0]["rest_url"].startswith("http://127.0.0.1:")
    # the simulated market lies in a year of its own: the clock is what is wrong here
    assert [one["what"] for one in found["findings"] if one["finds"] == "wrong"] == ["clock"]
    assert code == 1


@pytest.fixture
def deaf(here: Room) -> Iterator[Room]:
    """A room whose settings all lead to a socket that is listened on and never answered: nothing is refused, everything waits."""
    with closing(socket.socket()) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.listen(128)
        place = f"127.0.0.1:{ear.getsockname()[1]}"
        for exchange in exchanges():
            here.settings[f"SEAWALL_{exchange.venue.upper()}_REST_URL"] = f"http://{place}"
            here.settings[f"SEAWALL_{exchange.venue.upper()}_WS_URL"] = f"ws://{place}"
        point_at_doubles(here, f"http://{place}", f"http://{place}")
        here.settings["SEAWALL_REDIS_URL"] = f"redis://{place}/0"
        yield here


async def test_with_everything_dead_it_says_what_to_do(deaf: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.doctor.sources.QUESTION_S", 0.3)
    monkeypatch.setattr("bot.chat_platform.CHECK_S", 3.0)
    for name, value in deaf.environment.items():
        monkeypatch.setenv(name, value)
    found = await examine()
    assert found.exit_code == 1
    assert says_that_all_is_dead(in_words(found))


@pytest.mark.slow
async def test_with_everything_dead_it_ends_in_time(deaf: Room) -> None:
    began_s = time.monotonic()
    code, said = await examined(deaf)
    assert time.monotonic() - began_s < LONGEST_S
    assert code == 1
    assert says_that_all_is_dead(said)


def says_that_all_is_dead(said: str) -> bool:
    lines = (
        r"wrong +exchanges: none answers",
        r"weak +telegram: no answer within \d+ s",
        r"weak +discord: no answer within \d+ s",
        r"wrong +store: ",
    )
    return all(re.search(line, said) for line in lines)


async def test_no_platform_or_store_is_blamed_for_what_this_machine_takes_to_load_a_library(
    here: Room, valkey_socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, loaded = ChatPlatform._load, set[str]()

    def slowly(platform: ChatPlatform, module: str) -> Any:
        if module == "bot.platforms.telegram.service" and module not in loaded:
            time.sleep(2.2)  # longer than CHECK_S here, and than a read of the store has
        loaded.add(module)
        return load(platform, module)

    monkeypatch.setattr(ChatPlatform, "_load", slowly)
    monkeypatch.setattr("bot.chat_platform.CHECK_S", 2.0)
    monkeypatch.setattr("bot.doctor.examination.exchanges", tuple)
    async with BotApi(canary.TELEGRAM_TOKEN) as api, DiscordServer(canary.DISCORD_TOKEN) as discord:
        point_at_doubles(here, api.url, discord.url)
        here.settings["SEAWALL_REDIS_URL"] = f"unix://{valkey_socket}"
        for name, value in here.environment.items():
            monkeypatch.setenv(name, value)
        found = {one.what: one for one in (await examine()).findings}
    assert found["store"].finds is Finds.OK
    assert "the token is seawall's" in found["discord"].seen
    assert "the token is @seawall_bot's" in found["telegram"].seen


async def test_tokens_that_are_taken_are_named_by_their_bots(here: Room) -> None:
    async with BotApi(canary.TELEGRAM_TOKEN) as api, DiscordServer(canary.DISCORD_TOKEN) as discord:
        point_at_doubles(here, api.url, discord.url)
        _, said = await examined(here)
        assert {method for method, _ in api.calls} == {"getMe", "getWebhookInfo"}, "no update is fetched"
        assert {(method, path) for method, path, _ in discord.requests} == {
            ("GET", "users/@me"),
            ("GET", "oauth2/applications/@me"),
        }
    assert "ok      telegram: the token is @seawall_bot's" in said
    assert "invite it by https://t.me/seawall_bot?startgroup=true" in said
    assert "ok      telegram updates: are asked for, by one instance at a time; 0 wait" in said
    assert "ok      telegram inline mode: is on" in said
    assert "ok      discord: the token is seawall's" in said
    assert f"https://discord.com/oauth2/authorize?client_id={BOT_ID}" in said


async def test_tokens_that_are_refused_are_wrong_and_never_shown(here: Room) -> None:
    async with BotApi("1:another-bot-has-another-token-here-000") as api, DiscordServer("another") as discord:
        point_at_doubles(here, api.url, discord.url)
        code, said = await examined(here)
    assert code == 1
    assert "wrong   telegram: SEAWALL_TELEGRAM_TOKEN is refused" in said
    assert "wrong   discord: SEAWALL_DISCORD_TOKEN is refused" in said
    assert "@BotFather" in said


async def test_a_platform_in_trouble_is_weak_not_wrong(here: Room) -> None:
    async with BotApi(canary.TELEGRAM_TOKEN) as api:
        api.fail("getMe", TelegramFault(status=502, description="Bad Gateway", times=99))
        here.settings.update(
            {
                "SEAWALL_TELEGRAM_TOKEN": canary.TELEGRAM_TOKEN,
                "SEAWALL_TELEGRAM_URL": api.url,
            }
        )
        _, said = await examined(here)
    assert "weak    telegram: Telegram does not answer as it should" in said


async def test_offline_leaves_out_exchanges_and_tokens(here: Room) -> None:
    here.settings["SEAWALL_TELEGRAM_TOKEN"] = canary.TELEGRAM_TOKEN
    code, said = await examined(here, "--offline")
    assert code == 0
    assert "ok      telegram: SEAWALL_TELEGRAM_TOKEN is set, and not tried" in said
    assert "not set network: left out: --offline" in said
    assert "binance" not in said


def point_at_doubles(here: Room, telegram: str, discord: str) -> None:
    here.settings.update(
        {
            "SEAWALL_TELEGRAM_TOKEN": canary.TELEGRAM_TOKEN,
            "SEAWALL_TELEGRAM_URL": telegram,
            "SEAWALL_DISCORD_TOKEN": canary.DISCORD_TOKEN,
            "SEAWALL_DISCORD_URL": discord,
        }
    )
