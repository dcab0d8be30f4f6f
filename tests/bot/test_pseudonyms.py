"""The log names nobody: people and chats stand in it under names that nobody can trace back."""

import io
import logging
import stat
from pathlib import Path

import pytest

from bot import logs
from bot.pseudonyms import KEY_FILE, Pseudonyms, pseudonyms_in

NAMES = Pseudonyms(b"k" * 32)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("row c7f2:telegram:-1001234567890:7 waits", "-1001234567890"),
        ("telegram:4711 is refused", "4711"),
        ("discord:@456789012345678901", "456789012345678901"),
        ("sendMessage {'chat_id': 987654321, 'text': ...}", "987654321"),
        ("chat_id=987654321&x=1", "987654321"),
        ('"user_id": "11223344"', "11223344"),
        ("Channel 1456074443980800034 is gone", "1456074443980800034"),
        ("chat -1001234567890 not found", "-1001234567890"),
    ],
)
def test_a_number_of_a_person_or_chat_is_replaced_by_the_same_name_wherever_it_stands(
    line: str, number: str
) -> None:
    named = NAMES(line)
    assert number not in named
    assert NAMES.name(number) in named
    assert NAMES(line) == named, "always the same"
    assert Pseudonyms(b"l" * 32)(line) != named, "another installation names them otherwise"


@pytest.mark.parametrize(
    "line",
    [
        "BTC 64,210.5 moved 3.2% at 1781000000000",
        "2026-11-23T01:02:03.123456Z [info] Telegram answers",
        "lease telegram: stands by for 12:host",
        "answered in 0.12345678901234567 s",
        "redis://127.0.0.1:6379/0",
        "alert c7f21b09 of BTC",
    ],
)
def test_what_names_nobody_is_left_alone(line: str) -> None:
    assert NAMES(line) == line


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "data"
    first, again = pseudonyms_in(home), pseudonyms_in(home)
    assert first.name("4711") == again.name("4711")
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path.name for path in home.iterdir()] == [KEY_FILE]
    assert pseudonyms_in(tmp_path / "other").name("4711") != first.name("4711")


def test_without_a_place_for_the_key_names_hold_for_this_process(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert pseudonyms_in(tmp_path / "file").name("4711") != pseudonyms_in(tmp_path / "file").name("4711")


def test_a_whole_log_names_nobody_in_messages_fields_and_tracebacks() -> None:
    stream = io.StringIO()
    handler = logs.make_handler(stream, names=NAMES)
    record_of = logging.getLogger("seawall.tests.names")
    record_of.addHandler(handler)
    try:
        try:
            raise KeyError("discord:987654321098765432")
        except KeyError:
            record_of.exception("nothing for %s", "telegram:-1001234567890", extra={"chat": 5})
    finally:
        record_of.removeHandler(handler)
    said = stream.getvalue()
    assert "KeyError" in said
    assert "987654321098765432" not in said
    assert "1001234567890" not in said


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_libraries_that_would_repeat_what_people_write_never_speak_below_info(level: str) -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    handler = logs.configure(level="DEBUG", library_level=level, stream=io.StringIO())
    try:
        assert not logging.getLogger("telegram.ext.ExtBot").isEnabledFor(logging.DEBUG)
        assert not logging.getLogger("discord.gateway").isEnabledFor(logging.DEBUG)
    finally:
        root.removeHandler(handler)
        root.handlers[:] = before
