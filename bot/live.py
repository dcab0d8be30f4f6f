"""The running service's store, or what it left on disk: opened, and asked one question."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from bot import logs
from bot.pseudonyms import pseudonyms_in
from bot.running import Refusal
from bot.settings import Settings
from commands.protocol.dispatch import answer
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from scheduler.clock import now_ms
from store.alerts_log import AlertsLog
from store.backtests import StoredBacktests
from store.chains import StoredChains
from store.chats import CHAT, StoredChats
from store.connection import Connection, connected
from store.forgetting import ERASURE, Forgetting
from store.health import LIVE
from store.hours import StoredHours
from store.in_memory import SnapshotsInMemory, TiersInMemory
from store.limits import StoredLimits
from store.memos import StoredMemos
from store.outbox import DEAD, ROW
from store.people import PERSON, StoredPeople
from store.pictures import StoredPictures
from store.post import StoredPost
from store.schemas import insist_on_schemas
from store.server import private_valkey
from store.services import Services
from store.sight import Sight
from store.snapshots import StoredFeed, StoredSnapshots
from store.sources import StoredSources
from store.tiers import StoredTiers
from store.watchlist import FIRST_ASSETS, StoredWatchlist

KEPT_KINDS = (CHAT, PERSON, ROW, DEAD, ERASURE)
"""What must never be treated as missing: where a newer version wrote it, this one does not begin."""

HISTORY = "history"
"""The source of a recorded market's hours (`bot.history_feed`)."""


async def ask_store(line: str, settings: Settings, language: str = "") -> Reply:
    """The answer to one line out of the service's store, or out of what it left on disk.

    `language` "" stands for what the chat of the terminal has chosen.
    """
    configure_log(settings)
    async with open_store(settings) as connection:
        source = (await StoredFeed(connection).status()).source
        services = what_is_watched(services_on(connection, is_live=source == LIVE), source, settings)
        return await answer(line, in_language(language, Context(services, now_ms(), role=Role.OWNER)))


def what_is_watched(services: Services, source: str, settings: Settings) -> Services:
    """The services with what would be watched, where the service never ran: nothing is known of it yet."""
    if source != "none":
        return services
    return replace(services, snapshots=SnapshotsInMemory(settings.assets or FIRST_ASSETS))


def in_language(language: str, context: Context) -> Context:
    """The request in the language that was said with it; "" where none was."""
    return replace(context, language=language, language_said=True) if language else context


def configure_log(settings: Settings) -> None:
    """Let the log speak as the operator chose, on stderr, without secrets and naming nobody."""
    logs.configure(
        level=settings.log_level,
        library_level=settings.library_log_level,
        style=settings.log_format,
        secrets=settings.secrets(),
        names=pseudonyms_in(settings.data_dir),
    )


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Connection]:
    """The store that is set, else the private Valkey on the data folder, started if it does not run yet."""
    if settings.redis_url is not None:
        async with AsyncExitStack() as stack:
            url = settings.redis_url.get_secret_value()
            try:
                connection = await stack.enter_async_context(connected(url))
            except ValueError as wrong:
                raise Refusal(str(wrong)) from None
            await insist_on_schemas(connection, KEPT_KINDS)
            yield connection
        return
    async with private_valkey(settings.data_dir) as socket, connected(socket) as connection:
        await insist_on_schemas(connection, KEPT_KINDS)
        yield connection


def services_on(connection: Connection, *, is_live: bool) -> Services:
    """What the commands may reach, on one store; a recorded market has no venues, no list to change, and nobody to warn.

    Its brackets are the bundled ones: what venues tell today says nothing about what they asked for then.
    """
    snapshots, feed = StoredSnapshots(connection), StoredFeed(connection)
    if not is_live:
        hours = StoredHours(connection, HISTORY)
        return Services(
            snapshots,
            feed,
            hours=hours,
            tiers=TiersInMemory(),
            memos=StoredMemos(connection),
            pictures=StoredPictures(connection),
            privacy=Forgetting(connection),
            limits=StoredLimits(connection),
            backtests=StoredBacktests(connection, HISTORY),
            warned=AlertsLog(connection),
        )
    return Services(
        snapshots,
        feed,
        StoredSources(connection),
        StoredWatchlist(connection),
        StoredChats(connection),
        StoredPost(connection),
        StoredPeople(connection),
        hours=StoredHours(connection, LIVE),
        tiers=StoredTiers(connection),
        memos=StoredMemos(connection),
        pictures=StoredPictures(connection),
        chains=StoredChains(connection),
        sight=Sight(connection),
        privacy=Forgetting(connection),
        limits=StoredLimits(connection),
        backtests=StoredBacktests(connection, LIVE),
        warned=AlertsLog(connection),
    )
