"""Payloads of links: command lines that come back as they were, and everything else, which is nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.protocol.payloads import LONGEST_PAYLOAD, line_of, payload_of


@pytest.mark.parametrize(
    ("line", "payload"),
    [
        ("/subscribe BTC funding", "sub-BTC-funding"),
        ("/subscribe BTC", "sub-BTC"),
        ("/subscribe BTC funding critical", "ask-subscribe-BTC-funding-critical"),
        ("/alerts BTC", "alert-BTC"),
        ("/plan show p7f2", "plan-p7f2"),
        ("/size BTC 5x 10k", "ask-size-BTC-5x-10k"),
        ("/size BTC 5x base=8.5x", "ask-size-BTC-5x-base_3d8_2e5x"),
        ("/stress -10%", "ask-stress-_2d10_25"),
        ("/settings quiet=23-07 zone=America/Argentina/Buenos_Aires", None),
        ("/scan", "ask-scan"),
    ],
)
def test_a_line_has_a_payload_that_stands_for_it(line: str, payload: str | None) -> None:
    assert payload_of(line) == payload
    assert payload is None or line_of(payload) == line


def test_a_line_said_in_a_group_is_the_same_line() -> None:
    assert payload_of("/Size@seawall_bot BTC  5x") == payload_of("size BTC 5x") == "ask-size-BTC-5x"


@pytest.mark.parametrize(
    "payload",
    ["", "inline", "ask", "ask-", "ask--BTC", "ask-size_", "ask-size_2", "ask-a_ff", "ask-a_00", "ask-a_20b", "ask-a_2D", "plan-", "plan-_70", "sub", "x-y", "ask-" + "a" * 61, "ask-a b", "ask-ä"],
)  # fmt: skip
def test_what_stands_for_no_line_is_no_line(payload: str) -> None:
    assert line_of(payload) is None


@given(st.text(max_size=80))
def test_whatever_a_link_can_carry_comes_back_word_for_word(text: str) -> None:
    payload = payload_of(f"/size {text}")
    if payload is not None:
        assert re.fullmatch(rf"[A-Za-z0-9_-]{{1,{LONGEST_PAYLOAD}}}", payload)
        assert (line_of(payload) or "").split() == ["/size", *text.split()]


@given(st.text(alphabet="abAB09_-", max_size=70))
def test_a_payload_of_somebody_elses_making_is_a_line_or_nothing(payload: str) -> None:
    line = line_of(payload)
    assert line is None or (line.startswith("/") and line.isprintable())
