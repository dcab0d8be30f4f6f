"""A backup as a file: whole and private, or not there; nothing of a damaged one is believed."""

import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.backup.file import Writing, check, is_backup
from bot.backup.lines import Damaged
from store.connection import StoreUnavailable
from tests.bot.backup.test_lines import HEADER, RECORDS


def written(folder: Path, name: str = "kept.jsonl") -> Path:
    with Writing(folder / name, HEADER) as writing:
        for record in RECORDS:
            writing.add(record)
        writing.finish()
    return folder / name


def test_a_whole_file_says_what_it_holds(tmp_path: Path) -> None:
    contents = check(written(tmp_path))
    assert contents.header == HEADER
    assert dict(contents.counts) == {record.sort: 1 for record in RECORDS}


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(written(tmp_path).stat().st_mode) == 0o600


def test_one_that_was_broken_off_leaves_nothing_and_the_old_one_stays(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_bytes()
    with suppress(StoreUnavailable), Writing(path, HEADER) as writing:
        writing.add(RECORDS[0])
        raise StoreUnavailable
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_something_else_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear all")
    with pytest.raises(FileExistsError), Writing(tmp_path / "letter", HEADER):
        pass
    assert (tmp_path / "letter").read_text() == "Dear all"


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    target = written(tmp_path, "target")
    (tmp_path / "link").symlink_to(target)
    before = target.read_bytes()
    written(tmp_path, "link")
    assert not (tmp_path / "link").is_symlink()
    assert target.read_bytes() == before


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda lines: lines[:0], "it is empty"),
        (lambda lines: lines[1:], "no backup of Seawall"),
        (lambda lines: lines[:-1], "its end is missing"),
        (lambda lines: [*lines[:2], *lines[3:]], "missing, or were changed"),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "missing, or were changed"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "missing, or were changed"),
        (lambda lines: [*lines[:3], lines[0], *lines[3:]], "begins twice"),
        (lambda lines: [*lines, lines[1]], "follows its end"),
        (lambda lines: [*lines[:2], lines[2][:-9], *lines[3:]], "line 3"),
        (lambda lines: [*lines[:-1], lines[-1][:40]], "does not have the sum"),
    ],
)
def test_a_damaged_file_is_refused_in_words(tmp_path: Path, harm: object, words: str) -> None:
    path = written(tmp_path)
    assert callable(harm)
    path.write_bytes(b"".join(harm(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(Damaged, match=words):
        check(path)


def test_a_file_is_known_by_its_first_line(tmp_path: Path) -> None:
    assert is_backup(written(tmp_path))
    assert not is_backup(tmp_path / "nothing")
    (tmp_path / "bytes").write_bytes(b"\xff" * 10_000)
    assert not is_backup(tmp_path / "bytes")


def test_what_cannot_be_brought_back_does_not_spoil_the_rest(tmp_path: Path) -> None:
    with Writing(tmp_path / "kept", HEADER) as writing:
        for record in (
            RECORDS[0],
            replace(RECORDS[0], blob=b"\xc1"),
            replace(RECORDS[1], blob=RECORDS[0].blob),
        ):
            writing.add(record)
        writing.finish()
    assert dict(check(tmp_path / "kept").counts) == {"chat": 1}
    assert dict(writing.left_out) == {"chat": 1, "person": 1}
