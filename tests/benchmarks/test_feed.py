"""The benchmark of the way from the socket to the observation compares like with like: equal frames, equal values."""

import json

import pytest

from benchmarks.bulk import Bulk, bulks, values_of
from benchmarks.bulk import differences as bulk_differences
from benchmarks.loopback.frames import SYMBOLS, VENUES, Frames, frames_of
from benchmarks.loopback.readers import COMMANDS, OURS, absent_because, differences, read, served
from market.observations import Mark, Venue

MANY = 600
PEERS = [name for name in COMMANDS if name != OURS]


@pytest.fixture(scope="module", params=VENUES, ids=str)
def frames(request: pytest.FixtureRequest) -> Frames:
    return frames_of(request.param, MANY)


@pytest.fixture(scope="module")
def ours(frames: Frames) -> list[list[object]]:
    with served(frames, MANY) as port:
        return [list(row) for row in read(OURS, frames, port, records=True).rows]


def marks_in(frames: Frames) -> list[list[object]]:
    """The marks that the frames say, read with json alone."""
    found: list[list[object]] = []
    for _, payload in frames.said:
        frame = json.loads(payload)
        if frame.get("e") == "markPriceUpdate":
            found.append([frame["s"].removesuffix("USDT"), "mark", frame["E"], float(frame["p"])])
        elif "markPrice" in frame.get("data", ()):
            data = frame["data"]
            found.append([data["symbol"].removesuffix("USDT"), "mark", frame["ts"], float(data["markPrice"])])
    return found


def test_the_listener_tells_every_mark_that_was_sent_over_the_socket(
    frames: Frames, ours: list[list[object]]
) -> None:
    said = marks_in(frames)
    assert len(said) > MANY / 3
    assert [row for row in ours if row[1] == "mark"] == said


def test_all_symbols_speak_and_the_last_time_is_told_once(frames: Frames) -> None:
    assert {str(coin) + "USDT" for coin, *_ in marks_in(frames)} == set(SYMBOLS)
    times = [json.loads(payload).get("E") or json.loads(payload).get("ts") for _, payload in frames.said]
    assert times.index(frames.last_ms) == len(times) - 1


@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_tells_what_we_tell(frames: Frames, ours: list[list[object]], peer: str) -> None:
    because = absent_because()
    if because:
        pytest.skip(because)
    with served(frames, MANY) as port:
        theirs = read(peer, frames, port, records=True).rows
    compared, wrong = differences(ours, theirs)
    assert wrong == []
    assert compared > MANY


def test_a_value_that_differs_is_told_and_one_that_comes_late_as_well() -> None:
    ours = [["BTC", "mark", 1, 10.0], ["BTC", "mark", 2, 11.0]]
    assert differences(ours, ours) == (4, [])
    assert len(differences(ours, [["BTC", "mark", 1, 10.0], ["BTC", "mark", 2, 11.1]])[1]) == 2
    assert differences(ours, [["BTC", "mark", 1, 10.0], ["BTC", "mark", 3, 11.0]])[1]


def test_a_liquidation_that_is_missing_is_told() -> None:
    ours = [["BTC", "liquidation", 1, ["long", 1.0, 10.0]], ["BTC", "liquidation", 1, ["long", 2.0, 10.0]]]
    assert differences(ours, ours) == (2, [])
    assert len(differences(ours, ours[:1])[1]) == 1
    assert len(differences(ours[:1], [["BTC", "liquidation", 1, ["short", 1.0, 10.0]]])[1]) == 1


@pytest.mark.parametrize("bulk", bulks(), ids=lambda bulk: bulk.name)
def test_pandas_reads_the_same_numbers_from_a_bulk_answer(bulk: Bulk) -> None:
    compared, wrong = bulk_differences(bulk)
    assert wrong == []
    assert compared >= 600


def test_values_are_named_by_row() -> None:
    mark = Mark(Venue.BYBIT, "BTC", 1, 10.0, 11.0)
    assert values_of((mark,)) == {("BTC", "mark"): 10.0, ("BTC", "index"): 11.0}
