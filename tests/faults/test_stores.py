"""The store on the way of a warning: answers lost, memory full, disk full, killed, set up to throw away; and an outage."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from market.alerts import Edge, Severity
from market.observations import MINUTE_MS
from scheduler.clock import now_ms
from store.connection import UnsafeStore, check_safe
from tests.doubles.proxy import proxied
from tests.faults.soak import alert, crowd
from tests.faults.stage import Stage, copies, staged

NAME = "c7f2"
WITHIN_S = 60.0


async def once_each(stage: Stage, chats: list[str]) -> None:
    """Every chat got its message once, none was given up, and nobody else got any."""
    found = copies(await stage.arrivals())
    assert {place: len(came) for place, came in found.items()} == {(chat, NAME): 1 for chat in chats}
    assert await stage.parked() == ()


@pytest.mark.slow
async def test_answers_of_the_store_that_are_lost_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """The command was done and nobody heard: at whichever call, each of them is safe to repeat."""
    async with (
        staged(tmp_path, scale=20.0, latency_ms=5.0, hurry=True) as stage,
        proxied(stage.socket) as proxy,
    ):
        chats = crowd(200)
        await stage.subscribe(chats)
        worker = await stage.worker(store=proxy.url)
        await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
        lost = 0
        while await stage.left():
            await asyncio.sleep(0.15)
            proxy.lose_answers += 1
            lost += 1
        worker.terminate()
        async with asyncio.timeout(10.0):
            await worker.wait()
        assert lost >= 5
        await once_each(stage, chats)


async def test_the_store_killed_again_and_again_loses_and_repeats_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path, scale=5.0, latency_ms=10.0, hurry=True) as stage:
        chats = crowd(400)
        await stage.subscribe(chats)
        worker = await stage.worker()
        await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
        for _ in range(3):
            await asyncio.sleep(0.5)
            stage.kill_server()
            async with asyncio.timeout(WITHIN_S):
                while await stage.left() is None:
                    await asyncio.sleep(0.05)
        await stage.until_delivered(WITHIN_S)
        worker.terminate()
        await worker.wait()
        await once_each(stage, chats)


@pytest.mark.slow
async def test_a_store_whose_memory_is_full_is_emptied_and_then_takes_what_waited(tmp_path: Path) -> None:
    async with staged(tmp_path, scale=20.0, latency_ms=5.0, hurry=True) as stage:
        chats = crowd(100)
        await stage.subscribe(chats)
        await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
        addressing = await stage.worker("K4")
        await addressing.wait()
        async with stage.connection.writing() as redis:
            await redis.config_set("maxmemory", (await redis.info("memory"))["used_memory"] - 50_000)
        later = asyncio.create_task(stage.announce(alert("d001", "ETH", Severity.CRITICAL, Edge.FIRED)))
        worker = await stage.worker()
        async with asyncio.timeout(WITHIN_S):
            while len(copies(await stage.arrivals())) < len(chats):
                await asyncio.sleep(0.1)
        assert not later.done(), "a full store takes no new warning, and says so"
        async with stage.connection.writing() as redis:
            await redis.config_set("maxmemory", 0)
        await later
        await stage.until_delivered(WITHIN_S)
        worker.terminate()
        await worker.wait()
        found = copies(await stage.arrivals())
        assert {place for place, came in found.items() if len(came) == 1} == found.keys()
        assert {place for place in found if place[1] == NAME} == {(chat, NAME) for chat in chats}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes; skipped where nothing may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
async def test_a_full_disk_stops_delivery_and_repeats_nothing_when_there_is_room_again(
    small_disk: Path,
) -> None:
    async with staged(small_disk, scale=1.0, latency_ms=50.0) as stage:
        chats = crowd(60)
        await stage.subscribe(chats)
        worker = await stage.worker()
        await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
        await asyncio.sleep(0.5)
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file:
            left = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
            file.write(b"0" * left)
        await asyncio.sleep(3.0)
        ballast.unlink()
        await stage.until_delivered(WITHIN_S)
        worker.terminate()
        await worker.wait()
        await once_each(stage, chats)


async def test_a_store_that_throws_away_is_refused_at_the_start(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        async with stage.connection.writing() as redis:
            await redis.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(UnsafeStore, match="noeviction"):
            await check_safe(stage.connection)
        worker = await stage.worker()
        assert await worker.wait() != 0
        assert b"noeviction" in (tmp_path / "worker.log").read_bytes()


async def test_after_half_an_hour_of_outage_what_was_missed_is_told_once_as_past_or_late(
    tmp_path: Path,
) -> None:
    """A cascade begins, deepens and ends, another begins; only then is somebody there to deliver."""
    async with staged(tmp_path, scale=20.0, latency_ms=5.0, texts=True) as stage:
        chats = crowd(10)
        await stage.subscribe(chats)
        began_ms = now_ms() - 41 * MINUTE_MS
        story = [
            ("a001", "BTC", Severity.WARNING, Edge.FIRED, 0),
            ("a002", "BTC", Severity.CRITICAL, Edge.ESCALATED, 5),
            ("a003", "SOL", Severity.WARNING, Edge.FIRED, 6),
            ("a004", "ETH", Severity.CRITICAL, Edge.FIRED, 36),
        ]
        for name, asset, severity, edge, after_min in story:
            at_ms = began_ms + after_min * MINUTE_MS
            await stage.announce(replace(alert(name, asset, severity, edge), at_ms=at_ms, opened_ms=at_ms))
        worker = await stage.worker()
        await stage.until_delivered(WITHIN_S)
        worker.terminate()
        await worker.wait()
        arrivals = [one for one in await stage.arrivals() if one.kind in {"send", "edit"}]
        for chat in chats:
            sent = [one for one in arrivals if one.chat == chat and one.kind == "send"]
            final = {one.message: one.text for one in arrivals if one.chat == chat}
            assert len(sent) == 1, "one message tells all of it"
            (text,) = final.values()
            live, _, past = text.partition("Missed while I was away")
            assert "Late: this is" in live
            assert "a004" in live
            assert all(text.count(f"#{name}") == 1 for name in ("a002", "a003", "a004")), text
            assert "a002" in past
            assert "a003" in past


@pytest.mark.slow
async def test_a_platform_that_is_down_uses_up_no_second_copies(tmp_path: Path) -> None:
    """It says 502 to everything: the first few may have arrived, the others wait until it answers a question."""
    async with staged(tmp_path, scale=20.0, latency_ms=5.0, hurry=True) as stage:
        chats = [f"telegram:{number}" for number in range(60)]
        await stage.subscribe(chats)
        worker = await stage.worker()
        await stage.telegram.answer(502)
        await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
        await asyncio.sleep(6.0)
        tried = (await stage.telegram.stats())["failed"]
        await stage.telegram.answer(200)
        await stage.until_delivered(WITHIN_S)
        worker.terminate()
        await worker.wait()
        await once_each(stage, chats)
        assert tried <= 12, "beside the questions, a handful of messages"
