"""Pictures for all who ask: drawn once however many ask at the same moment, and kept for as long as their bar lasts."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from bot.pictures.painter import DEADLINE_S, NotDrawn, Painter
from bot.pictures.theme import REVISION
from commands.protocol.picture import Picture
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from store.connection import StoreUnavailable
from store.services import Pictures

KEEP_WITHIN_S = 0.1

log = structlog.stdlib.get_logger(__name__)


class Drawn:
    """Gives pictures as PNG. `kept` is where all who ask find them, None where they are drawn anew."""

    def __init__(self, painter: Painter, kept: Pictures | None, *, within_s: float = DEADLINE_S) -> None:
        self._painter, self._kept, self._within_s = painter, kept, within_s
        self._under_way: dict[str, asyncio.Task[bytes | None]] = {}
        self._keeping: set[asyncio.Task[None]] = set()
        self._is_troubled = False

    async def png(self, picture: Picture, is_private: bool = False) -> bytes | None:
        """The picture, None where it is not there in time: the answer goes without.

        One that is private, since it holds somebody's position, is kept nowhere.
        """
        name = name_of(picture)
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(self._made(name, picture, is_private=is_private))
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        try:
            async with asyncio.timeout(self._within_s):
                return await asyncio.shield(task)
        except TimeoutError:
            return None

    async def close(self) -> None:
        """Give up what is being drawn, and end the process."""
        tasks = (*self._under_way.values(), *self._keeping)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._painter.close()

    async def _made(self, name: str, picture: Picture, *, is_private: bool) -> bytes | None:
        kept = None if is_private else self._kept
        try:
            found = None if kept is None else await kept.read(name)
        except StoreUnavailable as away:
            # where nothing can be kept, every asker would have it drawn anew: words are enough meanwhile
            log.debug("a picture could not be looked up", error=str(away))
            return None
        if found is not None:
            return found
        try:
            png = await self._painter.png(picture)
        except NotDrawn as why:
            self._tell(str(why))
            return None
        self._tell(None)
        if kept is not None:
            keeping = asyncio.create_task(_keep(kept, name, png, lasts_s(picture)))
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)
            # who asks next finds it; a store that is slow is not waited for
            await asyncio.wait({keeping}, timeout=KEEP_WITHIN_S)
        return png

    def _tell(self, trouble: str | None) -> None:
        """Say once that pictures fail, and once that they are back."""
        if trouble is not None and not self._is_troubled:
            log.warning("answers go without pictures", why=trouble)
        elif trouble is None and self._is_troubled:
            log.info("pictures are drawn again")
        self._is_troubled = trouble is not None


def name_of(picture: Picture) -> str:
    """Under which a picture is kept and known: short, the same in every process, another where the theme was changed."""
    return hashlib.blake2b(f"{REVISION}:{picture.key}".encode(), digest_size=12).hexdigest()


def lasts_s(picture: Picture) -> int:
    """How long a picture may be asked for: the shortest bar in it, a minute to a day; an hour where it is of no time."""
    steps = [panel.step_ms for panel in picture.panels if panel.step_ms > 0]
    return min(DAY_MS, max(MINUTE_MS, min(steps, default=HOUR_MS))) // SECOND_MS


@asynccontextmanager
async def drawing(folder: Path, kept: Pictures | None) -> AsyncIterator[Drawn]:
    """Pictures for the length of the block; no process is started before one is asked for."""
    drawn = Drawn(Painter(folder), kept)
    try:
        yield drawn
    finally:
        await drawn.close()


async def _keep(kept: Pictures, name: str, png: bytes, lasts_s: int) -> None:
    try:
        await kept.keep(name, png, lasts_s)
    except StoreUnavailable as away:
        log.debug("a picture could not be kept", error=str(away))
