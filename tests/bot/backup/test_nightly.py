"""A backup each night: when it is due, what is kept, and what a full disk does to it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.backup.file import check
from bot.backup.nightly import KEPT, Nightly, backups_in, is_due, name_at
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from store.connection import Connection
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.test_backup import fill

__all__ = ["valkey", "valkey_socket"]


def at(day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("newest", "now", "due"),
    [
        (at(21, 3, 11), at(22, 3, 9), False),
        (at(21, 3, 11), at(22, 3, 10), True),
        (at(22, 3, 11), at(22, 23), False),
        (at(10), at(22, 1), True),
        (at(22, 3, 9), at(22, 3, 12), True),
        (at(23, 3), at(22, 5), False),
        (at(28), at(22, 5), True),
    ],
)
def test_it_is_due_once_after_ten_past_three(newest: int, now: int, due: bool) -> None:
    assert is_due(newest, now) is due


async def test_the_first_look_makes_one_and_the_next_finds_it(valkey: Connection, tmp_path: Path) -> None:
    await fill(valkey)
    now = [at(22, 14)]
    nightly = Nightly(valkey, tmp_path / "kept", lambda: now[0])
    made = await nightly.look()
    assert made == tmp_path / "kept" / "seawall-20261122T140000Z.jsonl"
    assert check(made).counts["chat"] == 2
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    now[0] += HOUR_MS
    assert await nightly.look() is None
    now[0] = at(23, 3, 10)
    assert await nightly.look() is not None


async def test_the_newest_fourteen_stay_and_nothing_of_others_goes(
    valkey: Connection, tmp_path: Path
) -> None:
    now = [at(1, 4)]
    nightly = Nightly(valkey, tmp_path, lambda: now[0])
    (tmp_path / "seawall-mine.jsonl").write_text("mine")
    (tmp_path / ".seawall-20261101T040000Z.jsonl.77.unfinished").write_text("of a killed one")
    for _ in range(KEPT + 2):
        assert await nightly.look() is not None
        now[0] += DAY_MS
    left = backups_in(tmp_path)
    assert len(left) == KEPT
    assert left[0][0] == at(3, 4)
    assert (tmp_path / "seawall-mine.jsonl").read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


async def test_a_folder_that_cannot_be_written_is_said_once_and_tried_again(
    valkey: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept").write_text("a file is in the way")
    now = [at(22, 14)]
    nightly = Nightly(valkey, tmp_path / "kept", lambda: now[0])
    assert await nightly.look() is None
    now[0] += 5 * MINUTE_MS
    assert await nightly.look() is None
    assert caplog.text.count("no backup could be made") == 1
    (tmp_path / "kept").unlink()
    assert await nightly.look() is not None


def test_a_name_tells_when_it_was_made(tmp_path: Path) -> None:
    (tmp_path / name_at(at(22, 3, 10))).touch()
    (tmp_path / "seawall-20261340T990000Z.jsonl").touch()
    assert [when for when, _ in backups_in(tmp_path)] == [0, at(22, 3, 10)]
