"""What a session leaves behind: its lines in a file of one's own, and none that speaks of a position."""

import stat
from pathlib import Path

import pytest

from bot.platforms.terminal.history import MOST_KEPT, StoredLines, may_be_kept


def test_lines_come_back_in_the_next_session_oldest_first(tmp_path: Path) -> None:
    file = tmp_path / "data" / "chat_history"
    first = StoredLines(file)
    for line in ("/regime", "/why btc", "/why btc", "scan"):
        first.keep(line)
    assert StoredLines(file).lines == ("/regime", "/why btc", "scan")


def test_the_file_is_its_owners_alone_even_where_it_was_not(tmp_path: Path) -> None:
    file = tmp_path / "chat_history"
    file.touch(0o644)
    StoredLines(file).keep("/regime")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line",
    [
        "/size BTC 5x 10k",
        "plan BTC 5x long 10k line=60,000",
        "/positions",
        "/stress -10%",
        "/settings base 8x",
        "10k",
        "line=60,000",
        "quit",
        "/nonsense",
        "/regime \x1b[2J",
        "/why " + "b" * 300,
    ],
)
def test_positions_limits_answers_and_nonsense_are_never_kept(line: str, tmp_path: Path) -> None:
    file = tmp_path / "chat_history"
    StoredLines(file).keep(line)
    assert not may_be_kept(line)
    assert not file.exists()


def test_what_an_older_file_holds_against_the_rule_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "chat_history"
    file.write_bytes(b"/regime\n/size BTC 5x 10k\n\xff\xfe\n/scan\n")
    assert StoredLines(file).lines == ("/regime", "/scan")


def test_no_file_grows_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "chat_history"
    lines = StoredLines(file)
    for number in range(MOST_KEPT + 10):
        lines.keep(f"/regime {'btc' if number % 2 else 'eth'}")
    kept = file.read_text().splitlines()
    assert len(kept) <= MOST_KEPT
    assert kept[-1] == "/regime btc"


@pytest.mark.parametrize("keeps", [True, False])
def test_lines_of_all_sessions_go_when_somebody_asks_to_be_forgotten(keeps: bool, tmp_path: Path) -> None:
    file = tmp_path / "chat_history"
    StoredLines(file).keep("/regime")
    lines = StoredLines(file, keeps=keeps)
    lines.forget()
    assert not file.exists()
    lines.keep("/scan")
    assert lines.lines == ("/scan",)
    assert file.exists() is keeps


def test_without_a_place_nothing_outlives_the_session(tmp_path: Path) -> None:
    lines = StoredLines(None)
    lines.keep("/regime")
    assert lines.lines == ("/regime",)


def test_a_place_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    StoredLines(blocked / "chat_history").keep("/regime")
    linked = tmp_path / "link"
    linked.symlink_to(tmp_path / "elsewhere")
    StoredLines(linked).keep("/regime")
    assert not (tmp_path / "elsewhere").exists()
