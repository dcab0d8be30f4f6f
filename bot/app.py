"""The service: a store, a market played into it, and every chat platform that has a token, until it is told to stop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot import logs
from bot.chat_platform import ChatPlatform, Desk, PlatformStopped, platforms
from bot.feed import Feed, HistoryFeed, NoFeed
from bot.pace import Pace
from bot.settings import Settings
from commands.protocol.dispatch import answer
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from market.observations import MINUTE_MS
from scheduler.clock import now_ms
from store.connection import Connection, connected
from store.server import private_valkey
from store.services import Services
from store.snapshots import StoredFeed, StoredSnapshots

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0

_log = logging.getLogger(__name__)


async def serve(settings: Settings, history: Sequence[Path], minutes_per_s: float | None) -> int:
    """Run the service until it is cancelled. `minutes_per_s` is the speed of played history, None without waiting.

    Raises WrongRequest for history that cannot be read, ValkeyFailed and StoreUnavailable where there is no store.
    """
    configure_log(settings)
    logs.watch_loop(asyncio.get_running_loop())
    pace = Pace(None if minutes_per_s is None else minutes_per_s * MINUTE_MS)
    async with open_store(settings) as connection:
        feed: Feed = (
            HistoryFeed(connection, history, pace) if history else NoFeed(connection, settings.assets)
        )
        await feed.begin()
        desk = Desk(settings, services_on(connection), now_ms)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(feed.run())
            for platform in with_token(settings):
                tasks.create_task(keep_up(platform, desk))
    return 0


async def ask_store(line: str, settings: Settings) -> Reply:
    """The answer to one line out of the service's store, or out of what it left on disk."""
    configure_log(settings)
    async with open_store(settings) as connection:
        snapshots = StoredSnapshots(connection)
        if not await snapshots.watched():
            await snapshots.watch(settings.assets)
        return await answer(line, Context(services_on(connection), now_ms()))


def configure_log(settings: Settings) -> None:
    """Let the log speak as the operator chose, on stderr and without secrets."""
    logs.configure(
        level=settings.log_level,
        library_level=settings.library_log_level,
        style=settings.log_format,
        secrets=settings.secrets(),
    )


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Connection]:
    """The store that is set, else the private Valkey on the data folder, started if it does not run yet."""
    if settings.redis_url is not None:
        async with connected(settings.redis_url.get_secret_value()) as connection:
            yield connection
        return
    async with private_valkey(settings.data_dir) as socket, connected(socket) as connection:
        yield connection


def services_on(connection: Connection) -> Services:
    """What the commands may reach, on one store."""
    return Services(StoredSnapshots(connection), StoredFeed(connection))


def with_token(settings: Settings) -> list[ChatPlatform]:
    """The platforms the operator gave a token; says so where there is none."""
    found = [platform for platform in platforms() if platform.token(settings) is not None]
    if not found:
        _log.warning(
            "no chat platform has a token: only `seawall ask` is answered. `seawall doctor` says what to set"
        )
    return found


async def keep_up(platform: ChatPlatform, desk: Desk) -> None:
    """Run a platform for as long as it can; what ends one platform does not end the service or another platform."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            _log.info("%s starts", platform.name)
            await platform.run(desk)
        except PlatformStopped as stopped:
            _log.error("%s stopped: %s", platform.name, stopped)
            return
        except Exception:  # noqa: BLE001, whatever a library of its own raises ends this platform only
            _log.exception("%s failed; it starts again in %.0f s", platform.name, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
