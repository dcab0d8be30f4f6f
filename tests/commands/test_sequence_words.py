"""The sequence in words: when each step was first seen, what came out of order, and what price and funding warned of."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from commands.protocol.phrases import phrases_in
from commands.wording.aging import aged
from commands.wording.columns import COLUMNS
from commands.wording.sequence import lead_words, out_of_order_words, step_lines
from market.observations import HOUR_MS, MINUTE_MS
from market.regime import Regime
from market.sequence import in_order
from market.snapshot import Snapshot
from tests.commands.markets import NOW_MS, calm, crowding
from tests.commands.talking import monospaced, talk

ENGLISH = phrases_in("en")


def told(hours_ago: Mapping[str, float], *active: str) -> Regime:
    """A regime whose steps were first true so many hours ago."""
    onsets = {step: (NOW_MS - int(hours * HOUR_MS),) for step, hours in hours_ago.items()}
    run, left = in_order(onsets)
    return replace(
        crowding().regime,
        step_onsets_ms=onsets,
        active_steps=active,
        steps=run,
        stage=len(run),
        out_of_order=left,
    )


def seen(hours_ago: Mapping[str, float], *active: str) -> Snapshot:
    return replace(crowding(), regime=told(hours_ago, *active))


EARLY = {"price": 30.0, "funding": 8.0, "skew": 50.0}


async def test_why_tells_when_each_step_was_first_seen() -> None:
    ask = talk(seen(EARLY, "funding", "price"))
    said = (await ask("/why BTC")).splitlines()
    at = said.index("Steps, first seen (UTC)")
    assert said[at : at + 6] == [
        "Steps, first seen (UTC)",
        " + 1 price         21 Nov 06:04   30h",
        " + 2 funding       22 Nov 04:04    8h",
        " - 3 liquidations            not seen",
        " - 4 open interest           not seen",
        " . 5 skew          20 Nov 10:04    2d",
    ]
    assert all(len(line) <= COLUMNS for line in monospaced(ask.reply))


async def test_regime_says_what_came_first_and_what_price_and_funding_warn_of() -> None:
    said = await talk(seen(EARLY, "funding", "price"))("/regime BTC")
    assert "Steps seen 2/5: price, funding." in said
    assert "Out of order: skew came first." in said
    assert (
        "Early warning: price weak and funding dear before any repeated liquidations, since 22 Nov 04:04 UTC."
        in said
    )


async def test_the_early_warning_ends_when_one_of_the_two_no_longer_holds() -> None:
    assert "Early warning" not in await talk(seen(EARLY, "funding"))("/regime BTC")
    assert "Early warning" not in await talk(calm())("/regime BTC")


@pytest.mark.parametrize("silent", ["price", "funding", "liquidations"])
async def test_nothing_is_warned_of_by_an_input_that_is_no_longer_seen(silent: str) -> None:
    blind = crowding(silent=(silent,)).regime
    before = replace(told(EARLY, "price", "funding"), levels=blind.levels)
    assert "Early warning" not in await talk(replace(crowding(), regime=before))("/regime BTC")
    mark = {"price": " ? 1 price", "funding": " ? 2 funding"}.get(silent, " + 1 price")
    assert any(line.startswith(mark) for line in aged(step_lines(before, ENGLISH), NOW_MS))


async def test_once_liquidations_came_why_tells_how_long_before_the_warning_was() -> None:
    after = seen({"price": 30.0, "funding": 8.0, "liquidations": 1.5}, "price", "liquidations")
    assert "Price and funding came 6 h 30 min before repeated liquidations." in await talk(after)("/why BTC")
    assert "Early warning" not in await talk(after)("/regime BTC")


def test_a_step_that_came_after_a_later_one_is_told_so() -> None:
    regime = told({"price": 9.0, "funding": 1.0, "liquidations": 7.0, "open_interest": 6.0})
    assert out_of_order_words(regime, ENGLISH) == "funding after open interest"
    regime = told({"price": 9.0, "liquidations": 3.0, "open_interest": 6.0, "skew": 1.0})
    assert out_of_order_words(regime, ENGLISH) == "open interest before liquidations"
    assert out_of_order_words(told({"funding": 3.0}), ENGLISH) == "funding"
    assert lead_words(told({"funding": 3.0}), ENGLISH) == ()


def test_ages_keep_within_their_columns() -> None:
    regime = told({"price": 24.0 * 90, "funding": 119 / 60}, "price", "funding")
    lines = aged(step_lines(regime, ENGLISH), NOW_MS + MINUTE_MS)
    assert lines[1].endswith("  90d")
    assert lines[2].endswith("   2h")
    assert all(len(line) <= COLUMNS for line in lines)


async def test_the_numbers_behind_it_have_plain_keys() -> None:
    ask = talk(seen(EARLY, "funding", "price"))
    await ask("/why BTC")
    assert ask.reply.data["sequence"] == {
        "first_seen": {
            "price": "2026-11-21T06:04:10Z",
            "funding": "2026-11-22T04:04:10Z",
            "liquidations": None,
            "open_interest": None,
            "skew": "2026-11-20T10:04:10Z",
        },
        "out_of_order": ["skew"],
        "early_warning": "2026-11-22T04:04:10Z",
    }
