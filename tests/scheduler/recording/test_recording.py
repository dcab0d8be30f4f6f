"""What was recorded reads back byte for byte, in order, and whatever ends the program."""

import asyncio
import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from market.observations import HOUR_MS, Venue
from scheduler.exchange import Ask, Asked, Channel, Kind, Report, Stream
from scheduler.recording import (
    Answer,
    Frame,
    NotARecording,
    Opening,
    Recording,
    RecordingFailed,
    read_recording,
)
from scheduler.recording.writing import BLOCK_BYTES
from tests.doubles.waiting import until

NOON_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
ODD = (b'{"a": 1}\n', b"\xff\xfe\x00", '{"b": "\u2028\u00e9"}'.encode(), b"")


def nothing(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    return ()


def ask(venue: Venue = Venue.BINANCE, symbol: str = "BTCUSDT") -> Ask[tuple[Report, ...]]:
    return Ask(venue, Kind.CANDLES, "/klines", nothing, {"symbol": symbol}, symbol=symbol, step_ms=300_000)


def stream(name: str = "one") -> Stream:
    channels = (Channel(Kind.MARK, "BTCUSDT", 1.0), Channel(Kind.LIQUIDATIONS, None, None))
    return Stream(Venue.BYBIT, "/ws", channels, (name,), nothing)


def payloads(directory: Path) -> list[bytes]:
    return [kept.payload for _, kept in read_recording(directory) if not isinstance(kept, Opening)]


async def test_every_payload_comes_back_byte_for_byte_with_its_question(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    for number, payload in enumerate(ODD):
        recording.answer(ask(), payload, NOON_MS + number)
    await recording.close()
    kept = [line for _, line in read_recording(tmp_path)]
    assert all(isinstance(line, Answer) for line in kept)
    assert [line.payload for line in kept if isinstance(line, Answer)] == list(ODD)
    first = kept[0]
    assert isinstance(first, Answer)
    assert (first.venue, first.at_ms, first.kind, first.path) == (
        Venue.BINANCE,
        NOON_MS,
        "candles",
        "/klines",
    )
    assert (first.params, first.symbol, first.step_ms) == ({"symbol": "BTCUSDT"}, "BTCUSDT", 300_000)


async def test_frames_name_their_stream_once_a_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    one, other = stream(), stream("other")
    for number, told in enumerate((one, other, one)):
        recording.frame(told, ODD[number], NOON_MS + number)
    recording.frame(one, b"next hour", NOON_MS + HOUR_MS)
    await recording.close()
    lines = [line for _, line in read_recording(tmp_path)]
    openings = [line for line in lines if isinstance(line, Opening)]
    assert [(line.number, line.subscribe) for line in openings] == [
        (1, ("one",)),
        (2, ("other",)),
        (1, ("one",)),
    ]
    assert openings[0].symbols == ("BTCUSDT",)
    assert [line.stream for line in lines if isinstance(line, Frame)] == [1, 2, 1, 1]
    assert sorted(path.name for path in (tmp_path / "bybit").iterdir()) == [
        "2023-11-14T22.jsonl.gz",
        "2023-11-14T23.jsonl.gz",
    ]


async def test_venues_are_read_back_as_one_stream_of_time(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    for at, venue in ((0, Venue.OKX), (1, Venue.BINANCE), (2, Venue.OKX), (HOUR_MS, Venue.BINANCE)):
        recording.answer(ask(venue), str(at).encode(), NOON_MS + at)
    await recording.close()
    assert payloads(tmp_path) == [b"0", b"1", b"2", str(HOUR_MS).encode()]


async def test_a_second_run_in_the_hour_writes_a_file_of_its_own(tmp_path: Path) -> None:
    for number in range(3):
        recording = Recording(tmp_path)
        recording.answer(ask(), str(number).encode(), NOON_MS + number)
        await recording.close()
    assert payloads(tmp_path) == [b"0", b"1", b"2"]
    assert len(list((tmp_path / "binance").iterdir())) == 3


async def test_a_torn_block_costs_itself_and_nothing_before_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recording = Recording(tmp_path)
    for number in range(3):
        recording.answer(ask(), str(number).encode() * 500, NOON_MS + number)
        await recording.flush()
    await recording.close()
    (file,) = (tmp_path / "binance").iterdir()
    whole = file.read_bytes()
    last = whole.rindex(b"\x1f\x8b\x08")
    for cut in (last + 1, last + 12, len(whole) - 1):
        file.write_bytes(whole[:cut])
        assert [payload[:1] for payload in payloads(tmp_path)] == [b"0", b"1"]
    file.write_bytes(whole[:last] + bytes(512))
    assert len(payloads(tmp_path)) == 2
    assert "passed over" in caplog.text
    assert len(gzip.decompress(whole).splitlines()) == 3


async def test_a_block_is_written_when_it_is_full_and_when_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.recording.writing.FLUSH_S", 3_600.0)  # its size alone makes it due
    recording = Recording(tmp_path)
    writing = asyncio.ensure_future(recording.run())
    recording.answer(ask(), os.urandom(BLOCK_BYTES), NOON_MS)
    await until(lambda: recording.tally.written_bytes > 0)
    writing.cancel()
    await asyncio.wait({writing})
    await recording.close()
    assert recording.tally.payload_bytes == BLOCK_BYTES
    assert (tmp_path / "binance").is_dir()


def test_a_disk_without_room_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingFailed, match=r"GB free, and recording leaves 1000000000\.0 GB of it alone"):
        Recording(tmp_path, floor_bytes=10**18)


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingFailed, match="cannot be written to"):
        Recording(tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("2023-11-14T22.jsonl.gz", b"not packed", "not packed by gzip"),
        ("2023-11-14T22.jsonl.gz", gzip.compress(b'{"type":"other"}\n'), "line 1, is not of a recording"),
        ("other.txt", b"", "holds no recording"),
    ],
    ids=["not packed", "of something else", "of no hour"],
)
def test_what_is_no_recording_is_named(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / "okx").mkdir()
    (tmp_path / "okx" / name).write_bytes(content)
    with pytest.raises(NotARecording, match=why):
        list(read_recording(tmp_path))


KILLED = """
import asyncio, sys
from pathlib import Path
from scheduler.recording import Recording
from tests.scheduler.recording.test_recording import NOON_MS, ask

async def main():
    recording = Recording(Path(sys.argv[1]))
    number = 0
    while True:
        recording.answer(ask(), b"%06d" % number, NOON_MS + number)
        number += 1
        if number % 100 == 0:
            await recording.flush()
            print(number, flush=True)

asyncio.run(main())
"""


def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    told = 0
    for line in program.stdout:
        told = int(line)
        if told >= 1_500:
            program.send_signal(signal.SIGKILL)
            break
    rest = program.stdout.read().split()
    program.stdout.close()
    program.wait()
    told = int(rest[-1]) if rest and len(rest[-1]) >= 4 else told
    kept = payloads(tmp_path)
    assert kept == [b"%06d" % number for number in range(len(kept))]
    assert told <= len(kept) <= told + 100
