"""What /why tells of price and volatility beside their conditions; what is not known is left out."""

from dataclasses import replace

import pytest

from commands.protocol.phrases import phrases_in
from commands.wording.aging import aged
from commands.wording.columns import COLUMNS
from commands.wording.told_facts import fact_lines
from market.formulas.horizons import Horizon
from market.observations import HOUR_MS, MINUTE_MS
from market.reading import claim
from tests.commands.markets import NOW_MS, crowding, reading, unwinding
from tests.commands.talking import talk

ENGLISH = phrases_in("en")


def told(name: str, **facts: float | None) -> list[str]:
    return [line.strip() for line in aged(fact_lines(reading(name, NOW_MS, **facts), ENGLISH), NOW_MS)]


def test_where_confirmed_swings_point_is_told_on_both_scales_or_the_one_there_is() -> None:
    assert told("price", trend_slow=-1.0, trend_fast=1.0) == [
        "confirmed 1 h swings: down",
        "confirmed 5 min swings: up",
    ]
    assert told("price", trend_slow=0.0, trend_fast=None) == ["confirmed 1 h swings: sideways"]
    assert told("price", trend_slow=None, trend_fast=1.0) == ["confirmed 5 min swings: up"]


def test_swings_that_a_fall_has_undercut_are_not_told_as_up_alone() -> None:
    falling = {"lower_low_in_progress": 1.0, "fast_lower_low_in_progress": 1.0}
    assert told("price", trend_slow=1.0, trend_fast=0.0, **falling) == [
        "1 h swings: up, low broken",
        "5 min swings: sideways, low broken",
    ]
    assert told("price", trend_slow=-1.0, **falling) == ["confirmed 1 h swings: down"]


def test_how_long_ago_swings_were_confirmed_is_told() -> None:
    turned = {"swing_at_ms": NOW_MS - 14.0 * HOUR_MS, "fast_swing_at_ms": NOW_MS - 119.0 * MINUTE_MS}
    assert told("price", trend_slow=0.0, trend_fast=1.0, **turned) == [
        "confirmed 1 h swings: sideways",
        "confirmed 5 min swings: up",
        "last confirmed 14h and 119min ago",
    ]
    assert told("price", trend_slow=1.0, trend_fast=None, **turned)[-1] == "last confirmed 14h ago"
    assert told("price", trend_slow=None, **turned) == []


async def test_the_age_of_swings_grows_while_the_same_market_is_shown() -> None:
    price = reading("price", NOW_MS, trend_slow=-1.0, swing_at_ms=NOW_MS - 14.0 * HOUR_MS)
    here = talk(crowding(price=price))
    assert "   last confirmed 14h ago" in await here("/why BTC")
    assert "   last confirmed 15h ago" in await here.later(HOUR_MS)("/why BTC")


def test_a_low_that_the_price_is_below_before_the_hour_has_closed_is_broken() -> None:
    """A fast break is told beside it by then: "up" alone would contradict it."""
    assert told("price", trend_slow=1.0, price_usd=64_210.0, last_low_usd=65_000.0) == [
        "1 h swings: up, low broken"
    ]
    assert told("price", trend_slow=1.0, price_usd=64_210.0, last_low_usd=64_000.0) == [
        "confirmed 1 h swings: up"
    ]


def test_bars_too_long_for_a_look_at_five_minutes_are_named() -> None:
    assert told("price", trend_slow=1.0, step_ms=3_600_000.0) == [
        "confirmed 1 h swings: up",
        "bars of 1 h: no look at 5 min",
    ]
    assert told("price", step_ms=300_000.0) == []


def test_a_drawdown_says_of_how_much_of_the_past_it_is() -> None:
    assert told("price", drawdown_ever=-0.123, stored_days=62.4) == ["-12.3% off the top of 62 d seen"]
    assert told("price", drawdown_ever=0.0, stored_days=0.2) == []


@pytest.mark.parametrize(
    ("reach", "words"),
    [
        (Horizon.QUIET, []),
        (Horizon.NOISE, ["shocks: minutes, which is noise"]),
        (Horizon.EPISODE, ["shocks: hours, an episode"]),
        (Horizon.REGIME, ["shocks: days, a regime"]),
    ],
)
def test_how_far_shocks_reach_is_told_as_what_it_means(reach: Horizon, words: list[str]) -> None:
    assert told("price", horizon=float(reach)) == words


def test_volatility_is_told_over_three_spans_with_what_jumped_and_what_options_ask_for_it() -> None:
    facts = {
        "rv_24h": 0.61,
        "rv_7d": 0.552,
        "rv_30d": 0.48,
        "jump_share": 0.7686,
        "jumped": 1.0,
        "vrp": 0.041,
    }
    assert told("volatility", **facts) == [
        "24 h 61%, 7 d 55%, 30 d 48%",
        "in jumps: 77% of the day's",
        "DVOL less 30 d realised: +4.1",
    ]
    assert told("volatility", rv_24h=None, rv_7d=0.55, rv_30d=None, jumped=0.0) == ["24 h ?, 7 d 55%, 30 d ?"]
    assert told("volatility", rv_7d=None) == []


def test_a_reading_without_such_facts_has_no_lines() -> None:
    assert told("funding") == []


@pytest.mark.parametrize(
    ("jumped", "forced", "raised", "words"),
    [
        (1.0, False, (), "   leapt, no hour of forced closing"),
        (0.0, True, ("lc",), "   no leap: a grind of forced sales"),
        (0.0, True, (), None),
        (1.0, True, ("lc",), None),
        (0.0, False, (), None),
        (None, True, ("lc",), None),
        (1.0, None, (), None),
    ],
)
async def test_why_tells_a_leap_without_forced_closing_from_a_grind_by_it(
    jumped: float | None, forced: bool | None, raised: tuple[str, ...], words: str | None
) -> None:
    liquidations = reading("liquidations", NOW_MS, *raised)
    claims = (*liquidations.conditions, claim("flagged", forced))
    snapshot = crowding(
        volatility=reading("volatility", NOW_MS, jumped=jumped, jump_share=0.6),
        liquidations=replace(liquidations, conditions=claims),
    )
    said = (await talk(snapshot)("/why BTC")).splitlines()
    stories = [line for line in said if "forced" in line and line.startswith("   ")]
    assert stories == ([] if words is None else [words])
    assert all(len(line) <= COLUMNS for line in stories)


async def test_the_longest_flag_is_written_out_beside_its_time() -> None:
    lines = (await talk(unwinding())("/why")).splitlines()
    assert any(line.startswith(" + repeated long liquidations ") for line in lines)


async def test_why_tells_them_beneath_the_reading_and_they_fit() -> None:
    price = reading("price", NOW_MS, "pd", "down", trend_slow=-1.0, trend_fast=-1.0, horizon=2.0)
    said = (await talk(crowding(price=price))("/why BTC")).splitlines()
    at = next(number for number, line in enumerate(said) if line.startswith("price "))
    assert said[at + 1 : at + 4] == [
        "   confirmed 1 h swings: down",
        "   confirmed 5 min swings: down",
        "   shocks: hours, an episode",
    ]
    assert all(len(line) <= COLUMNS for line in said[at : at + 3])
