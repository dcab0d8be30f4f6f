"""The lines of a backup: exact to the last bit, and a changed one is noticed."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backup.lines import (
    Damaged,
    End,
    Header,
    Newer,
    end_line,
    header_line,
    read_line,
    record_line,
)
from store.backup import BY_NAME, Record
from store.chats import CHAT
from store.codec import Kind, encode
from store.hours import HOURS
from store.people import PERSON
from tests.store.samples import CHAT_SAMPLE, HOURS_SAMPLE, NOW_MS, PERSON_SAMPLE

HEADER = Header(NOW_MS, "0.1.0", with_history=True)
CHAT_RECORD = Record("chat", CHAT_SAMPLE.address, encode(CHAT, CHAT_SAMPLE), 3)
RECORDS = (
    CHAT_RECORD,
    Record("person", PERSON_SAMPLE.name, encode(PERSON, PERSON_SAMPLE), 1),
    Record("hours", "BTC", encode(HOURS, HOURS_SAMPLE), NOW_MS),
    Record("announced", "cascade:BTC:1:fired:warning:2", number=NOW_MS),
    Record("moved", "telegram:-5", b"telegram:-100123", NOW_MS),
    Record("tombstone", "00ff", number=NOW_MS),
    Record("warned-by", "telegram:1", b"telegram:-5 telegram:-6"),
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.sort)
def test_a_record_comes_back_to_the_last_bit(record: Record) -> None:
    assert read_line(record_line(record)) == record


def test_what_it_says_of_itself_and_its_end_come_back() -> None:
    assert read_line(header_line(HEADER)) == HEADER
    assert read_line(end_line({"chat": 2}, "ab")) == End({"chat": 2}, "ab")


def test_a_chat_can_be_read_by_a_person_and_hours_are_packed() -> None:
    assert b'"address":"telegram:-100123:7"' in record_line(CHAT_RECORD)
    assert b'"packed":' in record_line(RECORDS[2])


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, -0.0, 5e-324, 0.1 + 0.2])
def test_no_number_is_lost(number: float) -> None:
    person = replace(PERSON_SAMPLE, base_leverage=number)
    record = Record("person", person.name, encode(PERSON, person), 1)
    assert read_line(record_line(record)) == record


@given(st.integers(0, len(record_line(CHAT_RECORD)) - 1), st.integers(1, 255))
def test_a_line_in_which_anything_changed_is_noticed(place: int, by: int) -> None:
    line = bytearray(record_line(CHAT_RECORD))
    line[place] = (line[place] + by) % 256
    with pytest.raises(Damaged):
        read_line(bytes(line))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_damaged(line: bytes) -> None:
    with pytest.raises(Damaged):
        read_line(line)


def _summed(body: str) -> bytes:
    """A line that somebody made who knows how sums are made."""
    from bot.backup.lines import _summed as summed

    return summed(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[1]",
        "1e999}",
        '{"sort":"chat"}',
        '{"sort":"chat","id":1,"schema":1,"value":{}}',
        '{"sort":"chat","id":"telegram:1","schema":1,"value":{}}',
        '{"sort":"chat","id":"telegram:1","schema":1,"packed":"!"}',
        '{"sort":"chat","id":"telegram:1","schema":-1,"value":{}}',
        '{"sort":"chat","id":"telegram:1","schema":1,"value":{"address":' + "9" * 30 + "}}",
        '{"sort":"tombstone","id":"zz","number":1}',
        '{"sort":"announced","id":"a","number":true}',
        '{"sort":"announced","id":"a","number":1e300}',
        '{"sort":"announced","id":"' + "a" * 600 + '","number":1}',
        '{"seawall":"else","format":1}',
        '{"seawall":"backup","format":0,"made_ms":1,"version":"1","with_history":true}',
        '{"end":{"chat":-1},"sha256":""}',
        '{"end":[],"sha256":""}',
    ],
)
def test_a_line_that_is_none_of_a_backup_is_damaged_whatever_its_sum(body: str) -> None:
    with pytest.raises(Damaged):
        read_line(_summed(body))


def test_a_chat_under_anothers_name_is_refused() -> None:
    with pytest.raises(Damaged, match="under another's name"):
        read_line(record_line(replace(CHAT_RECORD, id="telegram:2")))


def test_what_a_newer_version_made_is_said_to_be_newer() -> None:
    with pytest.raises(Newer, match="format 2"):
        read_line(header_line(replace(HEADER, format=2)))
    with pytest.raises(Newer, match="does not know"):
        read_line(_summed('{"sort":"dream","id":"a"}'))
    newer = encode(Kind("chat", CHAT.schema + 1, type(CHAT_SAMPLE)), CHAT_SAMPLE)
    with pytest.raises(Newer, match="written by a newer version"):
        read_line(record_line(Record("chat", CHAT_SAMPLE.address, newer, 1)))


def test_every_sort_can_stand_in_a_line() -> None:
    assert {record.sort for record in RECORDS} <= set(BY_NAME)
