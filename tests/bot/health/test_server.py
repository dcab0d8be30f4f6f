"""What a process says of itself over HTTP: well, not well and why, and also when its loop stands still."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.health.parts import Standing
from bot.health.server import HealthServer
from bot.running import Refusal
from scheduler.clock import now_ms
from store import keys
from store.connection import Connection, connected
from store.lease import Lease
from store.server import ephemeral_valkey
from store.watchdog import CANARY_ADDRESS, Watchdog
from store.waves import Wave, packed_wave
from tests.bot.health.places import Here, serving
from tests.doubles.waiting import PATIENCE_S

Told = tuple[int, dict[str, Any]]


class Led:
    standing = "standby"


async def test_all_is_well(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await here.evaluated(ago_ms=20_000)
        status, told = await here.told("/readyz")
        assert (status, told["ready"], told["reasons"]) == (200, True, [])
        assert told["parts"] == {"telegram": "runs"}
        assert told["store"] == {"answers": True}
        assert 20.0 <= told["evaluation"]["age_s"] < 20.0 + PATIENCE_S
        assert told["evaluation"]["allowed_s"] == 180.0
        assert await here.told("/healthz") == (
            200,
            {"alive": True, "reasons": [], "parts": {"telegram": "runs"}},
        )


async def test_an_evaluation_of_three_cycles_ago_is_not_ready_but_the_process_lives(
    valkey: Connection,
) -> None:
    async with serving(valkey) as here:
        await here.evaluated(ago_ms=180_000)
        status, told = await here.told("/readyz")
        assert (status, told["ready"]) == (503, False)
        assert "evaluation has stopped or is late" in told["reasons"][0]
        assert (await here.told("/healthz"))[0] == 200


async def test_a_store_that_is_away_is_said_within_seconds_and_the_process_lives() -> None:
    async with ephemeral_valkey() as socket, connected(socket) as connection, serving(connection) as here:
        await here.evaluated()
        assert (await here.told("/readyz"))[0] == 200
        Path(socket).rename(f"{socket}.away")
        await connection.close()
        status, told = await here.told("/readyz")
        assert (status, told["store"]["answers"], told["evaluation"]) == (503, False, None)
        assert "store" in told["reasons"][0]
        assert (await here.told("/healthz"))[0] == 200
        assert "seawall_store_up 0.0" in (await here.asked("/metrics"))[1]
        Path(f"{socket}.away").rename(socket)


async def test_a_loop_that_stands_still_is_dead_by_its_own_words(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.vitals.DEAD_S", 0.2)
    monkeypatch.setattr("bot.health.server.LOOK_WITHIN_S", 0.2)

    def ask(path: str) -> Told:
        return asyncio.run(here.told(path))

    async with serving(valkey) as here:
        await here.evaluated()
        await asyncio.sleep(0.05)
        time.sleep(0.3)  # the loop itself stands still, for longer than DEAD_S here
        with ThreadPoolExecutor() as threads:  # the loop stands still until both have been answered
            asking = [threads.submit(ask, path) for path in ("/healthz", "/readyz")]
            (healthz, alive), (readyz, ready) = (one.result(PATIENCE_S) for one in asking)
        assert (healthz, readyz) == (503, 503)
        assert "the event loop has stood still" in str(alive["reasons"])
        assert "the event loop has stood still" in str(ready["reasons"])


async def test_a_part_that_has_ended_is_said(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await here.evaluated()
        ended = asyncio.create_task(asyncio.sleep(0))
        await ended
        here.parts.add("discord", ended)
        status, told = await here.told("/healthz")
        assert (status, told["reasons"]) == (503, ["discord has ended"])
        assert (await here.told("/readyz"))[0] == 503


async def test_who_leads_and_who_stands_by_is_told(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await here.evaluated()
        forever = asyncio.create_task(asyncio.sleep(60))
        here.parts.add("scheduler", forever, Led)
        assert here.parts.standing("scheduler") is Standing.STANDS_BY
        assert not here.parts.speaks("scheduler")
        _, told = await here.told("/readyz")
        assert (told["parts"]["scheduler"], told["leaders"]) == ("stands_by", {"scheduler": None})
        assert told["concerns"] == ["nobody leads scheduler"]
        await Lease(valkey, "scheduler", "elsewhere:1:ab").take()
        _, told = await here.told("/readyz")
        assert (told["leaders"], told["concerns"]) == ({"scheduler": "elsewhere:1:ab"}, [])
        forever.cancel()


async def test_a_canary_that_does_not_come_through_is_a_concern(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await here.evaluated()
        assert (await here.told("/readyz"))[1]["watchdog"] == {"age_s": None}
        await canary_of(valkey, now_ms() - 300_000)
        status, told = await here.told("/readyz")
        assert status == 200
        assert 300.0 <= told["watchdog"]["age_s"] < 300.0 + PATIENCE_S
        assert re.search(r"last canary came through 3\d\d s ago", told["concerns"][0])


async def canary_of(valkey: Connection, at_ms: int) -> None:
    """Keep a canary as come through, as its row's removal does."""
    async with valkey.writing() as redis:
        await redis.set(keys.wave(CANARY_ADDRESS), packed_wave(Wave(CANARY_ADDRESS, told_ms=at_ms)))
    assert (await Watchdog(valkey).stands()).came_ms == at_ms


async def test_nothing_else_is_answered_and_nothing_is_taken(valkey: Connection) -> None:
    async with serving(valkey) as here:
        assert (await here.asked("/"))[0] == 404
        assert (await here.asked("/telegram"))[0] == 404


async def test_an_address_that_is_taken_is_a_sentence(valkey: Connection) -> None:
    async with serving(valkey) as here:
        again = HealthServer(here.listen, here.process)
        with pytest.raises(Refusal, match=r"cannot be told at 127\.0\.0\.1.*SEAWALL_HEALTH_LISTEN"):
            async with again.serving():
                raise AssertionError


async def test_it_ends_with_its_block(valkey: Connection) -> None:
    async with serving(valkey) as here:
        pass
    other = Here(valkey)
    other.listen = here.listen
    async with HealthServer(other.listen, other.process).serving():
        assert (await other.asked("/healthz"))[0] == 200
