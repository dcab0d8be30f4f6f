"""The depth of the books in /why: a side at a time, against what is usual, and what makes it a floor."""

from dataclasses import replace
from typing import Any

import pytest

from market.observations import MINUTE_MS
from market.reading import Because, Learning, Presence, Reading
from market.snapshot import Snapshot
from tests.commands.markets import NOW_MS, calm
from tests.commands.talking import monospaced, talk

WIDE = 37


def book(bid_ratio: float | None = 0.42, ask_ratio: float | None = 0.98, **facts: float) -> Reading:
    """135M of bids and 160M of asks, two minutes old."""
    told = {"bid_usd": 135e6, "ask_usd": 160e6, "bid_ratio": bid_ratio, "ask_ratio": ask_ratio}
    return Reading(
        "depth",
        "USD",
        Presence.SEEN,
        Because.MEASURED,
        value=135e6,
        quality=1.0,
        asof_ms=NOW_MS - 2 * MINUTE_MS,
        ttl_ms=10 * MINUTE_MS,
        facts={**told, "reaches": 1.0, "whole": 1.0, **facts},
    )


def beside(reading: Reading) -> Snapshot:
    quiet = calm()
    return replace(quiet, readings=(*quiet.readings, reading))


async def test_why_tells_what_rests_a_side_against_what_usually_does() -> None:
    said = await talk(beside(book()))("/why BTC")
    assert f"{'order book':<33}2min" in said
    assert "   bids 1%: 135M USD, 42% of usual" in said
    assert "   asks 1%: 160M USD, 98% of usual" in said
    assert "floor: a" not in said


async def test_why_tells_what_rests_while_what_is_usual_is_being_learned() -> None:
    young = replace(book(None, None), because=Because.LEARNING, learning=Learning(2.0, 7.0, 30.0))
    said = await talk(beside(young))("/why BTC")
    assert "   day 2 of 7" in said
    assert "   bids within 1%: 135M USD" in said
    assert "of usual" not in said


async def test_why_says_what_makes_the_sums_floors() -> None:
    said = await talk(beside(book(whole=0.0, reaches=0.0)))("/why BTC")
    assert "   a floor: a venue told no book" in said
    assert "   a floor: a book told less than 1%" in said


async def test_a_market_without_books_says_so_and_counts_nothing_for_it() -> None:
    said = await talk(calm())("/why BTC")
    assert f"{'order book':<28} not seen" in said
    assert "order book" not in said.partition("Not counted")[2]


async def test_an_old_book_is_shown_with_its_age() -> None:
    old = replace(book(), presence=Presence.STALE, asof_ms=NOW_MS - 20 * MINUTE_MS)
    assert f"{'order book':<23} too old 20min" in await talk(beside(old))("/why BTC")


@pytest.mark.parametrize("usd", [0.0, 9.0, 135e6, 99.94e9, 9.999e12])
@pytest.mark.parametrize("ratio", [None, 0.0, 0.004, 1.0, 14.0])
async def test_lines_stay_within_a_phone(usd: float, ratio: float | None) -> None:
    ask = talk(beside(book(ratio, ratio, bid_usd=usd, ask_usd=usd)))
    said = await ask("/why BTC")
    assert all(len(line) <= WIDE for line in monospaced(ask.reply))
    assert "bids" in said


async def test_the_numbers_behind_why_hold_the_book() -> None:
    ask = talk(beside(book()))
    await ask("/why BTC")
    data: Any = ask.reply.data
    assert data["readings"]["depth"]["value"] == 135e6
