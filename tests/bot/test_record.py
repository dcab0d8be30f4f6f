"""`seawall record` by real runs against the simulated exchanges: what it keeps, how it ends, what it refuses."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from market.observations import HOUR_MS, Liquidation, Mark, Venue
from scheduler.clock import Clock, monotonic_s, now_ms
from scheduler.exchange import Told
from scheduler.exchanges import exchanges
from scheduler.recording import Answer, Frame, read_recording, understand
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import Fault, SimulatedExchanges, Trouble, serve
from tests.bot.programs import Room, eventually, room
from tests.scheduler.simulator.desk import sell_off

OFF_MS = START_MS + 30 * HOUR_MS - now_ms()
MARKET = Clock(lambda: now_ms() + OFF_MS, monotonic_s)


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


def point(here: Room, venues: SimulatedExchanges, *assets: str) -> Path:
    here.settings["SEAWALL_ASSETS"] = ",".join(assets)
    for venue, url in venues.rest_urls.items():
        here.settings[f"SEAWALL_{venue.upper()}_REST_URL"] = url
        here.settings[f"SEAWALL_{venue.upper()}_WS_URL"] = venues.ws_urls[venue]
    return here.folder / "kept"


async def test_what_came_from_five_exchanges_is_kept_and_understood(here: Room) -> None:
    async with serve(sell_off(), MARKET) as venues:
        kept = point(here, venues, "BTC", "ETH")
        done = await asyncio.to_thread(here.run, "record", kept, "--for", "6s", "--past")
    assert done.returncode == 0, done.stderr
    assert "Recording BTC, ETH from binance, bybit, deribit, hyperliquid, okx into" in done.stdout
    assert "Traceback" not in done.stderr
    lines = [line for _, line in read_recording(kept)]
    assert {line.kind for line in lines if isinstance(line, Answer)} >= {"candles", "open_interest_history"}
    answers = Counter(line.venue for line in lines if isinstance(line, Answer))
    frames = Counter(line.venue for line in lines if isinstance(line, Frame))
    assert set(answers) == set(frames) == set(venues.rest_urls)
    told = re.search(r"Recorded 0:00:0\d into .*: ([\d,]+) answers, ([\d,]+) frames", done.stdout)
    assert told
    assert (sum(answers.values()), sum(frames.values())) == (int(told[1]), int(told[2]))
    understood = list(understand(kept, exchanges()))
    assert not [one.misread for one in understood if one.misread]
    marks = {
        (one.venue, report.asset) for one in understood for report in one.reports if isinstance(report, Mark)
    }
    assert marks >= {(venue, asset) for venue in venues.rest_urls for asset in ("BTC", "ETH")}
    told_assets = {
        report.asset for one in understood for report in one.reports if isinstance(report, Told | Liquidation)
    }
    assert {"BTC", "ETH"} <= told_assets


@pytest.mark.slow
async def test_it_ends_cleanly_when_told_and_says_how_much_it_kept(here: Room) -> None:
    async with serve(sell_off(), MARKET) as venues:
        kept = point(here, venues, "BTC")
        running = here.start("record", kept, "--venues", "okx,bybit")
        assert await asyncio.to_thread(eventually, lambda: len(list(kept.glob("*/*.gz"))) == 2)
        running.send_signal(signal.SIGINT)
        said, log = await asyncio.to_thread(running.communicate, timeout=10)
    assert running.returncode == 0
    assert re.search(r"Recorded 0:00:\d\d into .* MB written\.", said)
    assert "Traceback" not in log
    assert {line.venue for _, line in read_recording(kept)} == {Venue.OKX, Venue.BYBIT}


@pytest.mark.slow
async def test_killed_it_leaves_everything_but_the_last_block(here: Room) -> None:
    async with serve(sell_off(), MARKET) as venues:
        kept = point(here, venues, "BTC")
        running = here.start("record", kept)
        assert await asyncio.to_thread(eventually, lambda: len(list(kept.glob("*/*.gz"))) == 5)
        running.kill()
        running.wait(10)
    assert len(list(read_recording(kept))) > 20
    assert not [one.misread for one in understand(kept, exchanges()) if one.misread]


@pytest.mark.slow
async def test_a_venue_in_trouble_stops_no_other(here: Room) -> None:
    async with serve(sell_off(), MARKET) as venues:
        venues.faults.set(Venue.BINANCE, Trouble(Fault.STATUS, 451))
        kept = point(here, venues, "BTC")
        done = await asyncio.to_thread(here.run, "record", kept, "--for", "3s")
    assert done.returncode == 0
    assert "geo-blocked" in done.stderr
    assert {line.venue for _, line in read_recording(kept)} == set(venues.rest_urls) - {Venue.BINANCE}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--for", "soon"), "no duration such as"),
        (("--for", "0m"), "no duration such as"),
        (("--venues", "mtgox"), "none of binance, bybit"),
        (("--keep-free", "nan"), "number of gigabytes"),
    ],
)
def test_a_wrong_request_is_a_sentence(here: Room, words: tuple[str, ...], why: str) -> None:
    done = here.run("record", here.folder / "kept", *words)
    assert done.returncode == 2
    assert why in done.stderr
    assert not (here.folder / "kept").exists()


def test_a_disk_too_full_is_refused_before_anything_is_asked(here: Room) -> None:
    done = here.run("record", here.folder / "kept", "--keep-free", "1000000")
    assert done.returncode == 1
    assert "Make room, or name a directory on another disk" in done.stderr
    assert done.stdout == ""


async def test_an_asset_nobody_lists_is_refused(here: Room) -> None:
    async with serve(sell_off(), MARKET) as venues:
        kept = point(here, venues, "NOPE")
        done = await asyncio.to_thread(here.run, "record", kept, "--for", "3s")
    assert done.returncode == 1
    assert "No exchange that answers lists NOPE" in done.stderr
