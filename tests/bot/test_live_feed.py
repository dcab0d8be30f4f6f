"""The live feed at the simulated exchanges: begun at once, shown while it reads, ended without a trace; and in real runs."""

import asyncio
import io
import logging
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from bot.live import services_on
from bot.live_feed import LiveFeed
from bot.progress import PastProgress
from bot.settings import EXCHANGES, Settings
from market.observations import HOUR_MS, MINUTE_MS
from market.table import State
from scheduler.clock import now_ms
from scheduler.cycle import ENGINE_STATE
from scheduler.simulator import market as simulated
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges, serve
from scheduler.simulator.server.faster import faster_clock
from store.connection import Connection, connected
from store.history import History
from store.server import running_socket
from store.services import PastReport
from store.snapshots import StoredFeed, StoredSnapshots
from store.sources import StoredSources
from tests.bot.programs import Room, room
from tests.doubles.valkey import valkey, valkey_socket
from tests.doubles.waiting import PATIENCE_S, until

__all__ = ["valkey", "valkey_socket"]

NOW_MS = START_MS + 30 * HOUR_MS
AT_ONCE_S = 10.0
"""Beginning takes a few hundredths of a second; a busy machine makes many of them."""
READ_WITHIN_S = 2 * PATIENCE_S
"""The past of a market, on a machine that has other things to do."""


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def settings_at(venues: SimulatedExchanges, *assets: str) -> Settings:
    """Settings that send every venue to the simulated ones."""
    rest = {f"{venue}_rest_url": venues.rest_urls[venue] for venue in EXCHANGES}
    ws = {f"{venue}_ws_url": venues.ws_urls[venue] for venue in EXCHANGES}
    return Settings(assets=assets, **rest, **ws)  # type: ignore[arg-type]  # addresses, by their names


@asynccontextmanager
async def feed(stream: io.StringIO) -> AsyncIterator[LiveFeed]:
    async with exchanges_and_feed(stream) as (_, live):
        yield live


@asynccontextmanager
async def exchanges_and_feed(stream: io.StringIO) -> AsyncIterator[tuple[SimulatedExchanges, LiveFeed]]:
    clock = faster_clock(NOW_MS, 20.0)
    async with serve(SimulatedMarket(7, "sell_off", ("BTC",), past_days=40), clock) as venues:
        yield venues, LiveFeed(settings_at(venues, "BTC"), stream, clock)


@asynccontextmanager
async def running(feed: LiveFeed, connection: Connection) -> AsyncIterator[None]:
    await feed.begin(connection)
    task = asyncio.create_task(feed.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def is_judged(connection: Connection) -> bool:
    """Whether BTC has been looked at with what it needs."""
    snapshot = await StoredSnapshots(connection).latest("BTC")
    status = await StoredFeed(connection).status()
    is_known = snapshot is not None and snapshot.regime.state is not State.INSUFFICIENT_DATA
    return is_known and status.last_evaluation_ms is not None


async def test_it_begins_at_once_and_answers_that_nothing_is_known_yet(valkey: Connection) -> None:
    async with exchanges_and_feed(io.StringIO()) as (venues, live):
        async with asyncio.timeout(AT_ONCE_S):
            await live.begin(valkey)
        assert not any((*venues.asked.values(), *venues.called.values()))
        snapshot = await StoredSnapshots(valkey).latest("BTC")
        assert snapshot is not None
        assert snapshot.regime.state is State.INSUFFICIENT_DATA
        assert (await StoredFeed(valkey).status()).source == "live"
        task = asyncio.create_task(live.run())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_at_a_terminal_the_reading_of_the_past_is_a_bar_that_goes(valkey: Connection) -> None:
    stream = Terminal()
    async with feed(stream) as live, running(live, valkey):
        await until(lambda: is_judged(valkey), READ_WITHIN_S)
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
        assert "reading the past of BTC" in shown
        assert len(set(re.findall(r"(\d+)%", shown))) > 5
        assert await StoredSources(valkey).pasts() == ()


async def test_a_line_of_the_log_stands_above_the_bars_and_the_log_is_its_own_again_afterwards() -> None:
    stream = Terminal()
    log, handler = logging.getLogger("tests.progress"), logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        progress = PastProgress(stream)
        progress.say(PastReport("BTC", 0.34))
        log.warning("binance fails")
        progress.say(PastReport("BTC", 1.0))
        log.warning("binance answers again")
    finally:
        logging.getLogger().removeHandler(handler)
    shown = stream.getvalue()
    assert "34%" in shown
    assert shown.index("34%") < shown.index("binance fails\n") < shown.index("binance answers again\n")
    assert handler.stream is stream


async def test_elsewhere_it_is_one_line_of_the_log(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    stream = io.StringIO()
    async with feed(stream) as live, running(live, valkey):
        await until(lambda: is_judged(valkey), READ_WITHIN_S)
    assert stream.getvalue() == ""
    assert len(re.findall(r"BTC: watched, \d+ days of its past are read", caplog.text)) == 1


async def test_at_its_end_nothing_goes_on(valkey: Connection) -> None:
    before = asyncio.all_tasks()
    async with feed(io.StringIO()) as live, running(live, valkey):
        await until(lambda: is_judged(valkey), READ_WITHIN_S)
    await until(lambda: asyncio.all_tasks() <= before)
    status = await StoredFeed(valkey).status()
    assert status.last_evaluation_ms is not None
    assert status.cycle_ms is None


async def test_a_live_store_offers_venues_and_the_watchlist_and_a_recorded_one_neither(
    valkey: Connection,
) -> None:
    live, recorded = services_on(valkey, is_live=True), services_on(valkey, is_live=False)
    assert live.sources is not None
    assert live.watchlist is not None
    assert recorded.sources is None
    assert recorded.watchlist is None


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


@pytest.fixture
def market_of_today(monkeypatch: pytest.MonkeyPatch) -> SimulatedMarket:
    """The simulated market, thirty hours into its three days by the clock on the wall."""
    start_ms = now_ms() - 30 * HOUR_MS
    start_ms -= start_ms % HOUR_MS
    monkeypatch.setattr(simulated, "START_MS", start_ms)
    monkeypatch.setattr(SimulatedMarket, "start_ms", start_ms)
    monkeypatch.setattr(SimulatedMarket, "end_ms", start_ms + 72 * HOUR_MS)
    return SimulatedMarket(7, "sell_off", ("BTC",), past_days=40)


async def steps_kept(here: Room) -> tuple[int, int]:
    """The number of the last step of BTC in the running service's store, and when it was."""
    socket = running_socket(here.folder / "data")
    assert socket is not None
    async with connected(socket) as connection:
        kept = await History(connection, ENGINE_STATE, "live").load("BTC")
        at_ms = kept.steps[-1].now_ms if kept.steps else 0
        return kept.last_seq, at_ms


async def answers(here: Room) -> bool:
    """Whether /regime knows a state."""
    done = await asyncio.to_thread(here.run, "ask", "/regime BTC")
    return bool(re.match("BTC · (?!INSUFFICIENT)", done.stdout))


async def test_a_real_run_reads_the_past_is_killed_goes_on_and_stops_when_told(
    here: Room, market_of_today: SimulatedMarket
) -> None:
    async with serve(market_of_today) as venues:
        for venue in EXCHANGES:
            here.settings[f"SEAWALL_{venue.upper()}_REST_URL"] = venues.rest_urls[venue]
            here.settings[f"SEAWALL_{venue.upper()}_WS_URL"] = venues.ws_urls[venue]
        here.settings["SEAWALL_ASSETS"] = "BTC"
        service = here.start("run")
        await until(lambda: answers(here), READ_WITHIN_S)
        assert (await asyncio.to_thread(here.run, "healthcheck")).returncode == 0
        first_seq, _ = await steps_kept(here)
        service.kill()
        service.wait(PATIENCE_S)

        again = here.start("run")
        await until(lambda: _goes_on(here, first_seq), READ_WITHIN_S)
        seq, at_ms = await steps_kept(here)
        assert seq <= first_seq + 4
        assert now_ms() - at_ms < 2 * MINUTE_MS
        again.send_signal(signal.SIGTERM)
        _, log = await asyncio.to_thread(again.communicate, timeout=PATIENCE_S)
        assert again.returncode == 0
        assert "days of its past are read" not in log
        assert "BTC: watched on" in log
        assert "Traceback" not in log


async def _goes_on(here: Room, first_seq: int) -> bool:
    socket = running_socket(here.folder / "data")
    return socket is not None and socket.exists() and (await steps_kept(here))[0] > first_seq
