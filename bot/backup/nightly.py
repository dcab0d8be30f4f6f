"""A backup each night into a folder, the newest fourteen kept; one that failed is tried again, and that is said once."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.backup.file import UNFINISHED
from bot.backup.telling import write_backup
from market.observations import DAY_MS, MINUTE_MS
from store.connection import Connection
from store.server.place import make_private

KEPT = 14
AT_MINUTE = 190
"""At 03:10 UTC: after the day's last funding, and when few look."""
LOOK_EVERY_S, STANDS_BY_S = 300.0, 2.0
"""How long between two looks, and how long until it is asked again whether this process leads."""

_NAME = re.compile(r"seawall-([0-9]{8}T[0-9]{6})Z\.jsonl", re.ASCII)
_FORM = "%Y%m%dT%H%M%S"

log = structlog.stdlib.get_logger(__name__)


class Nightly:
    """Keeps the backups of one folder, for as long as this process leads (`leads`).

    Two at the same time do no harm: the second finds that it was done.
    """

    def __init__(
        self,
        connection: Connection,
        folder: Path,
        now_ms: Callable[[], int],
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._connection, self._folder, self._now_ms, self._leads = connection, folder, now_ms, leads
        self._failed = ""

    async def run(self) -> None:
        """Look until cancelled whether a backup is due."""
        while True:
            leads = self._leads()
            if leads:
                await self.look()
            await asyncio.sleep(LOOK_EVERY_S if leads else STANDS_BY_S)

    async def look(self) -> Path | None:
        """Make a backup where one is due, and let those go that are too many; the new one."""
        try:
            made = await self._make_due()
        except Exception as failure:  # noqa: BLE001, a backup that fails ends nothing else
            if str(failure) != self._failed:
                log.warning("no backup could be made", folder=str(self._folder), why=str(failure))
            self._failed = str(failure)
            return None
        if made is not None:
            if self._failed:
                log.info("backups are made again", folder=str(self._folder))
            self._failed = ""
        return made

    async def _make_due(self) -> Path | None:
        now_ms, kept = self._now_ms(), backups_in(self._folder)
        if kept and not is_due(kept[-1][0], now_ms):
            return None
        make_private(self._folder)
        path = self._folder / name_at(now_ms)
        counts = await write_backup(self._connection, path, now_ms, with_history=True)
        log.info("a backup was made", path=str(path), records=counts.total(), bytes=path.stat().st_size)
        self._let_go()
        return path

    def _let_go(self) -> None:
        """Only what this program named itself goes: older backups, and what a killed one left unfinished."""
        for _, path in backups_in(self._folder)[:-KEPT]:
            path.unlink(missing_ok=True)
        for path in self._folder.glob(f".seawall-*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                path.unlink()


def backups_in(folder: Path) -> list[tuple[int, Path]]:
    """The nightly backups of a folder with when they were made (UTC ms), oldest first; none where there is no folder."""
    found = ((path, _NAME.fullmatch(path.name)) for path in folder.glob("seawall-*.jsonl"))
    return sorted((_ms_of(match[1]), path) for path, match in found if match is not None)


def name_at(now_ms: int) -> str:
    """What a backup of that moment is called."""
    return f"seawall-{datetime.fromtimestamp(now_ms / 1_000, UTC).strftime(_FORM)}Z.jsonl"


def is_due(newest_ms: int, now_ms: int) -> bool:
    """Whether 03:10 UTC has passed since the newest; one from a future that a clock once said does not count."""
    begin_ms = now_ms - (now_ms - AT_MINUTE * MINUTE_MS) % DAY_MS
    return newest_ms < begin_ms or newest_ms > now_ms + DAY_MS


def _ms_of(stamp: str) -> int:
    try:
        return int(datetime.strptime(stamp, _FORM).replace(tzinfo=UTC).timestamp() * 1_000)
    except ValueError:  # no such day
        return 0
