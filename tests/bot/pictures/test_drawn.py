"""A picture for all who ask: drawn once, kept on the real store while its bar lasts, and never kept where it is somebody's own."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.pictures.drawing import draw
from bot.pictures.drawn import Drawn, drawing, lasts_s, name_of
from bot.pictures.painter import NotDrawn, Painter
from commands.protocol.picture import Picture, Series
from market.observations import DAY_MS, HOUR_MS
from store import keys
from store.connection import Connection, open_connection
from store.pictures import LARGEST_BYTES, StoredPictures
from tests.bot.pictures.samples import PNG, hourly, picture
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]
SMALL = picture(hourly(Series("price", (1.0, 2.0, 3.0))), key="regime:live:BTC:1700000000000")


class Counting(Painter):
    """Draws in this process (`test_painter` looks at the other one), and counts; `is_broken`: it says that it cannot."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.count = 0
        self.is_broken = False
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def png(self, wanted: Picture) -> bytes:
        """The picture."""
        self.count += 1
        await self.may_go.wait()
        if self.is_broken:
            raise NotDrawn("it broke")
        return draw(wanted)


@pytest_asyncio.fixture
async def painter(tmp_path: Path) -> AsyncIterator[Counting]:
    made = Counting(tmp_path)
    yield made
    await made.close()


async def test_a_second_request_costs_no_drawing_in_this_process_or_in_another(
    valkey: Connection, painter: Counting
) -> None:
    first = Drawn(painter, StoredPictures(valkey))
    png = await first.png(SMALL)
    assert png is not None
    assert png.startswith(PNG)
    other = Drawn(painter, StoredPictures(valkey))
    assert await first.png(SMALL) == await other.png(SMALL) == png
    assert painter.count == 1
    await other.png(replace(SMALL, key="regime:live:BTC:1700003600000"))
    assert painter.count == 2


async def test_however_many_ask_at_the_same_moment_it_is_drawn_once(
    valkey: Connection, painter: Counting
) -> None:
    drawn = Drawn(painter, StoredPictures(valkey))
    pngs = await asyncio.gather(*(drawn.png(SMALL) for _ in range(50)))
    assert len(set(pngs)) == 1
    assert painter.count == 1


async def test_one_who_gives_up_takes_the_picture_from_nobody(valkey: Connection, painter: Counting) -> None:
    drawn = Drawn(painter, StoredPictures(valkey))
    painter.may_go.clear()
    impatient, patient = (asyncio.create_task(drawn.png(SMALL)) for _ in range(2))
    while not painter.count:
        await asyncio.sleep(0)
    impatient.cancel()
    painter.may_go.set()
    assert await patient is not None
    assert painter.count == 1


async def test_a_picture_is_kept_as_long_as_its_bar(valkey: Connection, painter: Counting) -> None:
    await Drawn(painter, StoredPictures(valkey)).png(SMALL)
    async with valkey.reading() as redis:
        left = await redis.ttl(keys.picture(name_of(SMALL)))
    assert HOUR_MS // 1_000 - 10 <= left <= HOUR_MS // 1_000


def test_the_bar_of_a_picture_is_the_shortest_in_it() -> None:
    hour, day = hourly(), replace(hourly(), step_ms=DAY_MS)
    assert [lasts_s(picture(*panels)) for panels in [(hour, day), (day,)]] == [3_600, 86_400]
    assert lasts_s(picture(replace(hour, step_ms=1_000))) == 60
    assert lasts_s(picture(replace(hour, step_ms=0))) == 3_600


async def test_a_picture_of_somebodys_position_is_kept_nowhere(valkey: Connection, painter: Counting) -> None:
    drawn = Drawn(painter, StoredPictures(valkey))
    for _ in range(2):
        assert await drawn.png(SMALL, is_private=True) is not None
    assert painter.count == 2
    async with valkey.reading() as redis:
        assert await redis.keys("*") == []


async def test_what_is_not_drawn_in_time_comes_from_the_store_the_next_time(
    valkey: Connection, painter: Counting
) -> None:
    drawn = Drawn(painter, StoredPictures(valkey), within_s=0.01)
    painter.may_go.clear()
    assert await drawn.png(SMALL) is None
    painter.may_go.set()
    patient = Drawn(painter, StoredPictures(valkey))
    while await StoredPictures(valkey).read(name_of(SMALL)) is None:
        await asyncio.sleep(0.01)
    assert await patient.png(SMALL) is not None
    assert painter.count == 1


async def test_where_nothing_is_to_be_kept_pictures_are_drawn_and_while_the_store_is_away_words_are_enough(
    painter: Counting, tmp_path: Path
) -> None:
    assert await Drawn(painter, None).png(SMALL) is not None
    gone = open_connection(tmp_path / "nowhere.sock")
    assert await Drawn(painter, StoredPictures(gone)).png(SMALL) is None
    assert painter.count == 1
    await gone.close()


async def test_trouble_is_told_once_and_so_is_its_end(
    painter: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    drawn = Drawn(painter, None)
    painter.is_broken = True
    assert [await drawn.png(SMALL) for _ in range(3)] == [None] * 3
    painter.is_broken = False
    assert await drawn.png(SMALL) is not None
    assert await drawn.png(SMALL) is not None
    told = [record.levelname for record in caplog.records if record.name == "bot.pictures.drawn"]
    assert told == ["WARNING", "INFO"]


async def test_at_its_end_the_service_leaves_no_process_behind_though_one_draws(tmp_path: Path) -> None:
    async with drawing(tmp_path, None) as drawn:
        assert await drawn.png(SMALL) is not None
        pid = drawn._painter.pid
        assert pid is not None
        waiting = asyncio.create_task(drawn.png(replace(SMALL, key="another")))
        await asyncio.sleep(0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    (given_up,) = await asyncio.gather(waiting, return_exceptions=True)
    assert given_up is None or isinstance(given_up, asyncio.CancelledError)


async def test_what_is_too_large_is_not_kept(valkey: Connection) -> None:
    kept = StoredPictures(valkey)
    await kept.keep("large", bytes(LARGEST_BYTES + 1), 60)
    await kept.keep("small", bytes(3), 60)
    assert await kept.read("large") is None
    assert await kept.read("small") == bytes(3)
