"""The process that draws: lazy, alone, killed and started again, never in the way, and without our secrets."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.pictures import painter as of_painter
from bot.pictures.drawing import draw
from bot.pictures.painter import NotDrawn, Painter
from tests.bot.pictures.samples import PNG, picture
from tests.doubles.waiting import PATIENCE_S, until

SOME = "import bot.app, bot.cli, bot.platforms.telegram.service, bot.platforms.discord.service, bot.platforms.terminal.chat"
LONGEST_LAG = 0.3
"""Of the time that drawing takes here, on this machine and beside whatever else it does."""


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One list of fonts for all."""
    return tmp_path_factory.mktemp("fonts")


@pytest_asyncio.fixture
async def painter(fonts: Path) -> AsyncIterator[Painter]:
    made = Painter(fonts, deadline_s=PATIENCE_S)
    yield made
    await made.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_the_process_draws_is_what_would_be_drawn_here(painter: Painter) -> None:
    assert painter.pid is None
    first, second = picture(), picture(source="simulated")
    assert await painter.png(first) == draw(first)
    pid = painter.pid
    assert await painter.png(second) == draw(second)
    assert painter.pid == pid


async def test_the_one_that_answers_is_not_kept_waiting(painter: Painter) -> None:
    """Of three pictures, the first of which starts the process, none takes time of the loop, and one no waiting either."""
    idle = await _kept_while(asyncio.sleep(0.2))
    kept = [
        await _kept_while(painter.png(picture(source=source))) for source in ("live", "history", "simulated")
    ]
    here = [await _kept_while(_drawn_here()) for _ in kept]
    assert max(cpu_s for cpu_s, _ in kept) <= LONGEST_LAG * min(cpu_s for cpu_s, _ in here)
    longest_s = LONGEST_LAG * min(wall_s for _, wall_s in here) + idle[1]  # others use this machine, too
    assert min(wall_s for _, wall_s in kept) <= longest_s


async def test_the_one_that_answers_goes_on_while_the_process_stands_still(painter: Painter) -> None:
    """Neither its start nor its answer is waited for by the loop, or this would never end."""
    for _ in range(2):
        drawing = asyncio.create_task(painter.png(picture()))
        while painter.pid is None:
            await asyncio.sleep(0)
        os.kill(painter.pid, signal.SIGSTOP)
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert not drawing.done()
        os.kill(painter.pid, signal.SIGCONT)
        assert (await drawing).startswith(PNG)


async def _drawn_here() -> bytes:
    return draw(picture())


async def _kept_while(work: Coroutine[Any, Any, object]) -> tuple[float, float]:
    """The longest that a turn of the loop took while something was done, seconds of processor and on the wall."""
    longest_cpu = longest_wall = 0.0
    done = asyncio.create_task(work)
    while not done.done():
        cpu, wall = time.thread_time(), time.perf_counter()
        await asyncio.sleep(0)
        longest_cpu = max(longest_cpu, time.thread_time() - cpu)
        longest_wall = max(longest_wall, time.perf_counter() - wall)
    done.result()
    return longest_cpu, longest_wall


async def test_a_process_that_dies_is_started_again_for_the_next_picture(painter: Painter) -> None:
    await painter.png(picture())
    dead = painter.pid
    assert dead is not None
    waiting = asyncio.create_task(painter.png(picture()))
    await asyncio.sleep(0)
    os.kill(dead, signal.SIGKILL)
    with pytest.raises(NotDrawn, match="ended"):
        await waiting
    assert (await painter.png(picture())).startswith(PNG)
    assert painter.pid not in {None, dead}


async def test_a_process_that_hangs_is_ended_at_the_deadline(fonts: Path) -> None:
    painter = Painter(fonts)
    await painter.png(picture())
    stopped = painter.pid
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    painter._deadline_s = 0.1
    with pytest.raises(NotDrawn, match=r"within 0\.1 s"):
        await painter.png(picture())
    assert not is_alive(stopped)
    painter._deadline_s = PATIENCE_S
    assert (await painter.png(picture())).startswith(PNG)
    await painter.close()


async def test_a_process_that_takes_its_time_to_start_is_let_start(fonts: Path) -> None:
    """Killed at every question's deadline, it would never be there."""
    patient, impatient = Painter(fonts, deadline_s=0.01), Painter(fonts, first_within_s=0.01)
    assert (await patient.png(picture())).startswith(PNG)
    with pytest.raises(NotDrawn, match="within"):
        await impatient.png(picture())
    await patient.close()
    await impatient.close()


async def test_one_that_is_started_anew_is_let_start_as_well(fonts: Path) -> None:
    painter = Painter(fonts, deadline_s=PATIENCE_S, idle_s=0.05)
    await painter.png(picture())
    await until(lambda: painter.pid is None)
    painter._deadline_s = 0.01
    assert (await painter.png(picture())).startswith(PNG)
    await painter.close()


async def test_more_than_can_be_drawn_in_time_are_refused_at_once(
    painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_painter, "MOST_WAITING", 2)
    waiting = [asyncio.create_task(painter.png(picture())) for _ in range(3)]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in done] == [bytes, bytes, NotDrawn]


async def test_what_cannot_be_drawn_is_told_and_the_process_goes_on(painter: Painter) -> None:
    await painter.png(picture())
    pid = painter.pid
    answer = await painter._exchange(b"\xc1 no picture")
    assert answer[0] == 1
    assert b"Error" in answer
    assert (await painter.png(picture())).startswith(PNG)
    assert painter.pid == pid


async def test_a_process_that_cannot_start_is_not_tried_at_every_question(
    fonts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_painter, "WORKER", "bot.pictures.nowhere")
    painter = Painter(fonts)
    with pytest.raises(NotDrawn, match="ended"):
        await painter.png(picture())
    monkeypatch.setattr(of_painter, "WORKER", "bot.pictures.worker")
    with pytest.raises(NotDrawn, match="a moment ago"):
        await painter.png(picture())
    await painter.close()


async def test_the_process_ends_when_nobody_asks_and_with_the_one_that_started_it(fonts: Path) -> None:
    painter = Painter(fonts, idle_s=0.05)
    await painter.png(picture())
    pid = painter.pid
    assert pid is not None
    await until(lambda: not is_alive(pid))
    assert painter.pid is None
    await painter.close()


async def test_it_is_given_none_of_our_secrets(painter: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOKEN", "a secret of ours")
    await painter.png(picture())
    environ = Path(f"/proc/{painter.pid}/environ")
    if environ.exists():
        assert b"secret" not in environ.read_bytes()
    assert not any(name.startswith("SEAWALL") for name in painter._environment())


async def test_a_folder_that_it_makes_is_its_owners_alone(tmp_path: Path) -> None:
    painter = Painter(tmp_path / "data" / "fonts")
    await painter.png(picture())
    await painter.close()
    assert [
        stat.S_IMODE(folder.stat().st_mode) for folder in (tmp_path / "data", tmp_path / "data" / "fonts")
    ] == [0o700] * 2


def test_nothing_of_the_bot_imports_what_draws() -> None:
    code = f"{SOME}; import sys; print([name for name in ('matplotlib', 'PIL', 'bot.pictures.sheet') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
