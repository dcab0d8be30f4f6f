"""Pasts read into the store: one's own files beside what the exchanges remember, and what a memory has learned stays."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.backfill import backfill
from bot.evaluating import SCHEDULER
from bot.running import Refusal, WrongRequest
from bot.settings import EXCHANGES, Settings
from market.hourly import known
from market.observations import HOUR_MS, Candle, Liquidations
from market.snapshot import Snapshot
from scheduler.clock import Clock
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges, serve
from scheduler.simulator.server.faster import faster_clock
from scheduler.simulator.server.faults import Fault, Trouble
from store.connection import Connection
from store.hours import StoredHours
from store.lease import Lease, leader
from store.snapshots import StoredSnapshots
from tests.doubles.valkey import valkey, valkey_socket
from tests.doubles.waiting import until

__all__ = ["valkey", "valkey_socket"]

NOW_MS = START_MS + 30 * HOUR_MS
MARKET = SimulatedMarket(7, "sell_off", ("BTC",), past_days=60)


@dataclass(slots=True)
class Office:
    """A stopped service's store, and the exchanges."""

    settings: Settings
    venues: SimulatedExchanges
    clock: Clock
    connection: Connection

    async def backfill(self, *paths: Path) -> tuple[int, str]:
        said = io.StringIO()
        code = await backfill(self.settings, paths, said, io.StringIO(), self.clock)
        return code, said.getvalue()

    async def latest(self) -> Snapshot:
        snapshot = await StoredSnapshots(self.connection).latest("BTC")
        assert snapshot is not None
        return snapshot


@asynccontextmanager
async def office(connection: Connection, socket: Path, *assets: str) -> AsyncIterator[Office]:
    clock = faster_clock(NOW_MS, 20.0)
    async with serve(MARKET, clock) as venues:
        addresses = {f"{venue}_rest_url": venues.rest_urls[venue] for venue in EXCHANGES}
        settings = Settings(
            redis_url=SecretStr(f"unix://{socket}"),
            assets=assets or ("BTC",),
            **addresses,  # type: ignore[arg-type]  # addresses, by their names
        )
        yield Office(settings, venues, clock, connection)


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """Sixty days of hours with liquidations, in the layout of docs/history.md."""
    path = tmp_path / "mine_BTC.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["open_time_utc", "open", "high", "low", "close", "liq_long_coins_1h", "liq_short_coins_1h"]
        )
        for at_ms, _, said in MARKET.past():
            (candle,) = [one for one in said if isinstance(one, Candle)]
            (forced,) = [one for one in said if isinstance(one, Liquidations)]
            opened = datetime.fromtimestamp((at_ms - HOUR_MS) / 1_000, UTC).isoformat()
            prices = (candle.open_usd, candle.high_usd, candle.low_usd, candle.close_usd)
            rows.writerow([opened, *prices, forced.long_coins, forced.short_coins])
    return path


async def test_without_files_the_watched_assets_pasts_are_read_and_it_is_said_what_is_missing(
    valkey: Connection, valkey_socket: Path
) -> None:
    async with office(valkey, valkey_socket, "BTC", "NONE") as here:
        here.venues.faults.set(EXCHANGES[0], Trouble(Fault.STATUS, 451))
        code, said = await here.backfill()
        btc, none = said.splitlines()
        assert code == 1
        assert btc.startswith("BTC: read 20")
        assert "price all" in btc
        assert (
            none
            == "NONE: no price could be read; missing: no venue that answers lists NONE; no answer of binance"
        )
        assert (await here.latest()).reading("price") is not None


async def test_ones_own_file_teaches_what_the_exchanges_do_not_keep(
    valkey: Connection, valkey_socket: Path, own_file: Path
) -> None:
    async with office(valkey, valkey_socket) as here:
        _, without = await here.backfill()
        assert "liquidations" not in without
        code, said = await here.backfill(own_file)
        assert code == 0
        assert "read 2025-11-06" in said
        forced = (await here.latest()).reading("liquidations")
        assert forced is not None
        assert forced.learning is not None
        assert forced.learning.have_days > 28.0
        hours = await StoredHours(valkey, "live").of("BTC")
        assert hours is not None
        told, judged = known(hours.long_liquidated_usd), known(hours.state_code)
        assert len(told) - told.count(None) > 28 * 24
        assert len(judged) - judged.count(None) > 28 * 24


async def test_what_is_remembered_and_has_learned_more_is_not_given_up(
    valkey: Connection, valkey_socket: Path, own_file: Path
) -> None:
    async with office(valkey, valkey_socket) as here:
        await here.backfill(own_file)
        before = await here.latest()
        code, said = await here.backfill()
        assert code == 0
        assert "what is remembered has learned more and stays" in said
        assert "liquidations 29 d against 0 d" in said
        assert await here.latest() == before


async def test_a_service_that_evaluates_is_not_written_over(
    valkey: Connection, valkey_socket: Path, own_file: Path
) -> None:
    async with office(valkey, valkey_socket) as here:
        service = Lease(valkey, SCHEDULER, "elsewhere:1")
        tenure = await service.take()
        with pytest.raises(Refusal, match=r"elsewhere:1.*Stop it, run `seawall backfill` again"):
            await here.backfill(own_file)
        await service.give_up(tenure)
        assert (await here.backfill(own_file))[0] == 0
        assert (await service.take()).holder == "elsewhere:1"


async def test_a_service_that_is_started_while_a_past_is_read_stands_by(
    valkey: Connection, valkey_socket: Path, own_file: Path
) -> None:
    async with office(valkey, valkey_socket) as here:
        reading = asyncio.create_task(here.backfill(own_file))
        await until(lambda: _is_led(valkey))
        service = Lease(valkey, SCHEDULER, "elsewhere:1")
        assert (await service.take()).holder != "elsewhere:1"
        assert (await reading)[0] == 0
        assert (await service.take()).holder == "elsewhere:1"


async def _is_led(connection: Connection) -> bool:
    return await leader(connection, SCHEDULER) is not None


async def test_a_file_that_cannot_be_read_is_a_wrong_request(valkey: Connection, valkey_socket: Path) -> None:
    async with office(valkey, valkey_socket) as here:
        with pytest.raises(WrongRequest, match="no such file"):
            await here.backfill(Path("gone_BTC.csv"))
