"""The outside dead-man switch is pinged after a full cycle, and never otherwise; its address is nobody's business."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.addresses import insist_outside
from bot.health.lookout import Lookout
from bot.health.ping import DeadManSwitch
from bot.settings import Misconfigured, Settings, read_settings
from bot.tally import Tally
from market.table import State
from scheduler.clock import now_ms
from store import keys
from store.connection import Connection, NotLeader, open_connection
from store.lease import Lease
from store.snapshots import StoredSnapshots
from store.watchdog import Watchdog
from tests.bot.health.places import Here, free_port
from tests.bot.health.test_server import canary_of
from tests.store.samples import BTC

SECRET = "0123-who-knows-me-can-say-that-all-is-well"


@dataclass
class Switch:
    """What is asked, and what it answers."""

    port: int = field(default_factory=free_port)
    asked: list[str] = field(default_factory=list)
    status: int = 200

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"http://127.0.0.1:{self.port}/ping/{SECRET}")

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        moved = {"Location": f"http://127.0.0.1:{self.port}/elsewhere"}
        return web.Response(status=self.status, headers=moved if self.status == 302 else {})


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    async with listening() as found:
        yield found


@asynccontextmanager
async def listening() -> AsyncIterator[Switch]:
    found, app = Switch(), web.Application()
    app.router.add_get("/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", found.port).start()
    try:
        yield found
    finally:
        await runner.cleanup()


async def cycle(here: Here, *, ago_ms: int = 0) -> None:
    """A full cycle: evaluated, and its canary came through."""
    await here.evaluated(ago_ms)
    await canary_of(here.valkey, now_ms() - ago_ms)


async def test_it_is_pinged_once_a_full_cycle(valkey: Connection, switch: Switch) -> None:
    here, tally = Here(valkey), Tally()
    pinger = DeadManSwitch(switch.url, valkey, tally)
    await cycle(here, ago_ms=70_000)
    await pinger.look()
    assert switch.asked == []
    await cycle(here, ago_ms=10_000)
    for _ in range(3):
        await pinger.look()
    assert switch.asked == [f"/ping/{SECRET}"]
    assert tally.pings == {"pinged": 1}


async def test_without_a_canary_or_an_evaluation_it_is_silent(valkey: Connection, switch: Switch) -> None:
    here, pinger = Here(valkey), DeadManSwitch(switch.url, valkey, Tally())
    await cycle(here, ago_ms=70_000)
    await pinger.look()
    await here.evaluated()
    await pinger.look()
    assert switch.asked == []
    await cycle(here, ago_ms=69_000)
    await canary_of(valkey, now_ms())
    await pinger.look()
    assert switch.asked == [f"/ping/{SECRET}"]


async def test_a_cycle_that_saw_nothing_is_no_full_cycle(valkey: Connection, switch: Switch) -> None:
    here, pinger = Here(valkey), DeadManSwitch(switch.url, valkey, Tally())
    snapshots = StoredSnapshots(valkey)
    await snapshots.watch(("BTC",))
    await snapshots.save(replace(BTC, regime=replace(BTC.regime, state=State.INSUFFICIENT_DATA)))
    await cycle(here, ago_ms=70_000)
    await pinger.look()
    await cycle(here, ago_ms=10_000)
    await pinger.look()
    assert switch.asked == []
    await snapshots.save(BTC)
    await pinger.look()
    assert switch.asked == [f"/ping/{SECRET}"]


async def test_an_evaluation_that_is_late_is_no_full_cycle(valkey: Connection, switch: Switch) -> None:
    here, pinger = Here(valkey), DeadManSwitch(switch.url, valkey, Tally())
    await cycle(here, ago_ms=400_000)
    await pinger.look()
    await cycle(here, ago_ms=300_000)
    await pinger.look()
    assert switch.asked == []


async def test_it_follows_nowhere_and_says_once_that_it_fails(
    valkey: Connection, switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    here, tally = Here(valkey), Tally()
    pinger = DeadManSwitch(switch.url, valkey, tally)
    switch.status = 302
    for ago_ms in (50_000, 40_000, 30_000):
        await cycle(here, ago_ms=ago_ms)
        await pinger.look()
    switch.status = 200
    await cycle(here, ago_ms=20_000)
    await pinger.look()
    assert switch.asked == [f"/ping/{SECRET}"] * 3
    assert tally.pings == {"failed": 2, "pinged": 1}
    ours = [record.getMessage() for record in caplog.records if record.name == "bot.health.ping"]
    assert len(ours) == 2
    assert "status 302" in ours[0]
    assert SECRET not in "".join(ours)


async def test_a_name_that_leads_inside_is_not_asked(
    valkey: Connection, switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    insist_outside(["localhost"])
    here, tally = Here(valkey), Tally()
    url = SecretStr(switch.url.get_secret_value().replace("127.0.0.1", "localhost"))
    pinger = DeadManSwitch(url, valkey, tally)
    for ago_ms in (50_000, 40_000):
        await cycle(here, ago_ms=ago_ms)
        await pinger.look()
    assert switch.asked == []
    assert tally.pings == {"failed": 1}
    assert SECRET not in caplog.text


async def test_who_stands_by_looks_after_nothing(valkey: Connection, switch: Switch) -> None:
    here, led = Here(valkey), [None, valkey]
    lookout = Lookout(valkey, lambda: led[0], Tally(), switch.url)
    await here.evaluated()
    await lookout.look()
    assert (await Watchdog(valkey).stands()).announced_ms == 0
    led.reverse()
    await lookout.look()
    assert (await Watchdog(valkey).stands()).announced_ms > 0


async def test_who_leads_no_more_without_knowing_it_writes_nothing(valkey: Connection) -> None:
    here, lease = Here(valkey), Lease(valkey, "scheduler", "one")
    tenure = await lease.take()
    fenced = valkey.fenced(lease.key, tenure.value)
    lookout = Lookout(valkey, lambda: fenced, Tally(), None)
    await here.evaluated()
    await lookout.look()
    announced_ms = (await Watchdog(valkey).stands()).announced_ms
    assert announced_ms > 0
    await lease.give_up(tenure)
    await canary_of(valkey, announced_ms)
    async with valkey.writing() as redis:
        await redis.delete(keys.CANARY_ANNOUNCED, keys.SIGHT)
    with pytest.raises(NotLeader):
        await lookout.look()
    assert (await Watchdog(valkey).stands()).announced_ms == 0


async def test_a_store_that_is_away_costs_no_more_than_a_look(
    tmp_path: Path, switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = open_connection(tmp_path / "gone.sock")
    lookout = Lookout(gone, lambda: gone, Tally(), switch.url)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lookout.run(look_every_s=0.01), 0.1)
    assert "slip of ours" not in caplog.text
    await gone.close()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://switch.example/x",
        "https://user:word@switch.example/",
        "https://169.254.169.254/latest",
        "http://[::1]/",
        "https://switch.example/a b",
    ],
)
def test_an_address_that_is_none_or_leads_inside_is_refused_and_not_repeated(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_PING_URL", url)
    with pytest.raises(Misconfigured, match=r"^SEAWALL_PING_URL ") as refused:
        read_settings()
    assert url not in str(refused.value)


def test_the_address_shows_itself_to_nobody() -> None:
    settings = Settings(ping_url=SecretStr(f"https://switch.example/ping/{SECRET}"))
    assert SECRET not in repr(settings)
    assert f"https://switch.example/ping/{SECRET}" in settings.secrets()
