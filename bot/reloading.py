"""Taking up changed settings while everything goes on: read anew, validated as a whole, taken or left as a whole."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from bot import logs
from bot.settings import Misconfigured, Settings, read_settings
from bot.settings.taking import difference, take
from store.connection import Connection, StoreUnavailable
from store.health import LIVE
from store.services import Memos, Reloaded

ASKED = "reload"
"""The memo by which one process tells all others of its store that the settings are to be read again."""
KEPT_S = 600
LOOKED_S = 2.0

Taker = Callable[[Settings], Awaitable[None]]
"""Takes something of new settings up before they count. Raises StoreUnavailable where it cannot be done now."""

_log = logging.getLogger(__name__)


class Reloading:
    """The settings of a process that runs, read again when somebody asks. Implements `store.services.Reloads`.

    `settings` is the object that everybody here holds: it becomes what was taken. `takers` go first, since only they can fail.
    `wanted` is set by whoever wants a reload, such as SIGHUP; what came of it is said in the log.
    """

    def __init__(
        self,
        settings: Settings,
        memos: Memos | None = None,
        takers: tuple[Taker, ...] = (),
        read: Callable[[], Settings] = read_settings,
        wanted: asyncio.Event | None = None,
    ) -> None:
        self._settings, self._memos, self._takers, self._read = settings, memos, takers, read
        self._wanted = wanted or asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._seen: str | None = None

    async def reload(self) -> Reloaded:
        """Read the settings again now, and tell the other processes of this store to do the same."""
        done = await self._reload()
        if not done.problems and self._memos is not None:
            self._seen = secrets.token_hex(8)
            try:
                await self._memos.keep(ASKED, self._seen, KEPT_S)
            except StoreUnavailable as away:
                _log.warning("other parts were not told to reload: %s", away)
        return done

    async def run(self) -> None:
        """Reload whenever it is wanted here or by another process, until cancelled."""
        self._seen = await self._asked_elsewhere()
        while True:
            try:
                async with asyncio.timeout(LOOKED_S):
                    await self._wanted.wait()
            except TimeoutError:
                asked = await self._asked_elsewhere()
                if asked is None or asked == self._seen:
                    continue
                self._seen = asked
            self._wanted.clear()
            await self._reload()

    async def _reload(self) -> Reloaded:
        async with self._one_at_a_time:
            try:
                newer = self._read()
                changed = difference(self._settings, newer)
                for taker in self._takers:
                    await taker(newer)
            except Misconfigured as mistakes:
                done = Reloaded((), (), mistakes.problems)
            except StoreUnavailable as away:
                done = Reloaded((), (), (str(away),))
            except Exception as slip:  # noqa: BLE001, a reload ends nothing, whatever is wrong with it
                _log.exception("a slip of ours in reading the settings again")
                why = f"They could not be read again ({type(slip).__name__}): see the log."
                done = Reloaded((), (), (why,))
            else:
                take(self._settings, newer)
                _set_levels(self._settings)
                done = Reloaded(changed.taken, changed.waiting)
            _say(done)
            return done

    async def _asked_elsewhere(self) -> str | None:
        try:
            return None if self._memos is None else await self._memos.read(ASKED)
        except StoreUnavailable:
            return self._seen


def watched_in(connection: Connection, settings: Settings) -> Taker:
    """What a scheduler takes up: its watched assets, as at a start, without losing anything of those that stay."""

    async def take_assets(newer: Settings) -> None:
        if newer.assets != settings.assets:
            from scheduler.live import live_memory, want  # noqa: PLC0415, a process that only chats never pays for it

            await want(newer.assets, live_memory(connection, LIVE))

    return take_assets


def _set_levels(settings: Settings) -> None:
    logs.set_levels(settings.log_level, settings.library_log_level)


def _say(done: Reloaded) -> None:
    if done.problems:
        _log.error("settings not reloaded, all stays as it was: %s", " ".join(done.problems))
        return
    _log.warning(
        "settings reloaded; taken: %s; waiting for a restart: %s",
        ", ".join(done.taken) or "nothing new",
        ", ".join(done.waiting) or "nothing",
    )
