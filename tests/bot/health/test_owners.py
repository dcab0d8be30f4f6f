"""Owners are told in private, once, by the real client over HTTP, also while no store is there to ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.health.owners import Owners, address_of
from bot.platforms.telegram.messenger import TelegramMessenger
from bot.platforms.telegram.service import Service, buttons_on
from commands.protocol.phrases import phrases_in
from commands.wording.blindness import between
from market.observations import MINUTE_MS
from scheduler.clock import now_ms
from store.chats import StoredChats
from store.connection import Connection, connected, open_connection
from store.server import ephemeral_valkey
from store.services import FeedStatus
from store.sight import Blinded, Sight, Spell
from store.snapshots import StoredFeed
from tests.bot.desks import QUICK, bot_api, desk_on
from tests.doubles.telegram import BotApi

OWNER = 4242


@asynccontextmanager
async def telegram(api: BotApi) -> AsyncIterator[TelegramMessenger]:
    desk = desk_on(telegram_url=api.url)
    service = Service(desk, QUICK)
    async with service.bot:
        yield TelegramMessenger(service.bot, buttons_on(desk))


def owners_on(connection: Connection, *, speaks: bool = True, away_s: float = 0.05) -> Owners:
    return Owners(
        connection, lambda: (f"telegram:{OWNER}",), lambda _: speaks, away_s=away_s, spell_awaited_s=0.05
    )


def told(api: BotApi) -> list[str]:
    return [shown.text for shown in api.shown if shown.chat_id == OWNER]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with bot_api() as server:
        yield server


async def spell(valkey: Connection, why: Blinded = Blinded.STORE, minutes: int = 32) -> Spell:
    found = Spell(now_ms() - minutes * MINUTE_MS, now_ms(), why)
    await Sight(valkey).keep_seen(found.until_ms, found)
    return found


async def test_that_the_store_is_away_is_told_once_and_from_when_to_when_when_it_is_back(
    api: BotApi, valkey: Connection, tmp_path: Path
) -> None:
    gone = open_connection(tmp_path / "gone.sock")
    owners = owners_on(gone)
    async with telegram(api) as messenger, owners.reached_by(messenger):
        await owners.look()
        assert told(api) == []
        await asyncio.sleep(0.06)
        for _ in range(3):
            await owners.look()
        (said,) = told(api)
        assert "The store has not answered since" in said

        owners.connection = valkey
        await owners.look()
        assert len(told(api)) == 1
        blind = await spell(valkey)
        for _ in range(3):
            await owners.look()
        _, after = told(api)
        assert f"blind {between(blind.from_ms, blind.until_ms, phrases_in('en'))}" in after
        assert "the store was away" in after
    await gone.close()


async def test_where_nobody_says_how_long_it_was_blind_it_is_told_that_the_store_is_back(
    api: BotApi, valkey: Connection, tmp_path: Path
) -> None:
    gone = open_connection(tmp_path / "gone.sock")
    owners = owners_on(gone, away_s=0.0)
    async with telegram(api) as messenger, owners.reached_by(messenger):
        await owners.look()
        owners.connection = valkey
        await owners.look()
        await asyncio.sleep(0.06)
        for _ in range(3):
            await owners.look()
    assert len(told(api)) == 2
    assert "The store answers again" in told(api)[1]
    await gone.close()


async def test_a_store_that_is_away_for_a_moment_is_nothing_to_tell(
    api: BotApi, valkey: Connection, tmp_path: Path
) -> None:
    gone = open_connection(tmp_path / "gone.sock")
    owners = owners_on(gone, away_s=60.0)
    async with telegram(api) as messenger, owners.reached_by(messenger):
        await owners.look()
        owners.connection = valkey
        await owners.look()
    assert told(api) == []
    await gone.close()


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Blinded.STOPPED, "it did not run"),
        (Blinded.EXCHANGES, "no exchange could be heard"),
        (Blinded.EVALUATION, "the market was not evaluated"),
    ],
)
async def test_of_several_processes_one_tells_of_a_restart_or_of_silent_exchanges(
    why: Blinded, words: str, api: BotApi, valkey: Connection
) -> None:
    await spell(valkey, why)
    several = [owners_on(valkey) for _ in range(3)]
    async with telegram(api) as messenger:
        for owners in several:
            async with owners.reached_by(messenger):
                await owners.look()
                await owners.look()
    (said,) = told(api)
    assert words in said


async def test_a_process_that_stands_by_writes_to_nobody_and_claims_nothing(
    api: BotApi, valkey: Connection
) -> None:
    await spell(valkey)
    standby, leader = owners_on(valkey, speaks=False), owners_on(valkey)
    async with telegram(api) as messenger, standby.reached_by(messenger), leader.reached_by(messenger):
        await standby.look()
        assert told(api) == []
        await leader.look()
    assert len(told(api)) == 1


async def test_an_owner_is_told_in_the_language_of_the_chat_also_while_the_store_is_away(
    api: BotApi, valkey: Connection, tmp_path: Path
) -> None:
    await StoredChats(valkey).change(
        f"telegram:{OWNER}", lambda chat: type(chat)(chat.address, language="es")
    )
    gone = open_connection(tmp_path / "gone.sock")
    owners = owners_on(valkey, away_s=0.0)
    async with telegram(api) as messenger, owners.reached_by(messenger):
        await owners.look()
        owners.connection = gone
        await owners.look()
    assert "El almacén no" in told(api)[0]
    await gone.close()


async def test_a_real_store_that_ends_and_comes_back(api: BotApi) -> None:
    async with ephemeral_valkey() as socket, connected(socket) as connection:
        owners = owners_on(connection)
        async with telegram(api) as messenger, owners.reached_by(messenger):
            await owners.look()
            away = Path(f"{socket}.away")
            Path(socket).rename(away)
            await connection.close()
            await owners.look()
            await asyncio.sleep(0.06)
            await owners.look()
            assert "has not answered since" in told(api)[0]
            away.rename(socket)
            await owners.look()
            await spell(connection)
            await owners.look()
        assert len(told(api)) == 2


async def evaluated(valkey: Connection, ago_ms: int, cycle_ms: int | None = MINUTE_MS) -> None:
    await StoredFeed(valkey).save(FeedStatus("live", now_ms() - ago_ms, cycle_ms))


async def test_that_nothing_is_evaluated_is_told_once_by_one_process(api: BotApi, valkey: Connection) -> None:
    several = [owners_on(valkey), owners_on(valkey)]
    async with telegram(api) as messenger, several[0].reached_by(messenger), several[1].reached_by(messenger):
        await evaluated(valkey, ago_ms=4 * MINUTE_MS)
        await several[0].look()
        await evaluated(valkey, ago_ms=6 * MINUTE_MS)
        await several[0].look()
        assert told(api) == []
        for owners in several:
            owners.stale_s = 0.0
            await owners.look()
            await owners.look()
    (said,) = told(api)
    assert "has not been evaluated since" in said


async def test_a_service_that_was_told_to_end_is_not_complained_of(api: BotApi, valkey: Connection) -> None:
    owners = owners_on(valkey)
    owners.stale_s = 0.0
    await evaluated(valkey, ago_ms=60 * MINUTE_MS, cycle_ms=None)
    async with telegram(api) as messenger, owners.reached_by(messenger):
        await owners.look()
        await owners.look()
    assert told(api) == []


def test_an_owner_is_written_to_alone() -> None:
    assert address_of("telegram:123") == "telegram:123"
    assert address_of("discord:987") == "discord:@987"


def test_times_of_two_days_have_their_dates() -> None:
    english = phrases_in("en")
    day = 20_000 * 86_400_000
    assert between(day + 430 * MINUTE_MS, day + 462 * MINUTE_MS, english) == "07:10 to 07:42 UTC"
    assert between(day - 10 * MINUTE_MS, day, english) == "2024-10-03 23:50 UTC to 2024-10-04 00:00 UTC"
