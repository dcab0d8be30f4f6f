"""The picture of /regime: five panels of a week, the ribbon, the weeks; one for all until another hour has closed."""

from math import isnan

import pytest

from commands.protocol.picture import Ink, Panel, Picture
from market.hourly import KEPT_HOURS, Hourly
from market.observations import HOUR_MS
from market.rules import Rules
from market.table import CODED, State
from tests.commands.levelled import LAST_CLOSE_MS, desk, talk_at
from tests.commands.markets import crowding, reading
from tests.commands.talking import Talk

WEEK = 168


def lived(count: int = KEPT_HOURS, price_usd: float = 64_210.0) -> Hourly:
    """Half a year: calm, and crowded in its last ten days."""
    hours = Hourly()
    for number in range(count, 0, -1):
        close_ms = LAST_CLOSE_MS - (number - 1) * HOUR_MS
        usd = price_usd + number
        hours.close_hour(close_ms, usd, usd, usd, 214_000.0 + number, funding_8h=0.0002, skew_points=6.0)
        hours.set_liquidated(close_ms, 1e6, 0.5e6)
        hours.set_state(close_ms, CODED.index(State.CROWDING if number <= 240 else State.HEALTHY))
    return hours


async def drawn(hours: Hourly | None, **facts: float | None) -> Picture | None:
    ask = await asked(hours, **facts)
    return next((block for block in ask.reply.blocks if isinstance(block, Picture)), None)


async def asked(hours: Hourly | None, **facts: float | None) -> Talk:
    snapshot = crowding(price=reading("price", crowding().at_ms, "pd", "down", **facts))
    ask = talk_at(desk(snapshot, hours=None if hours is None else {"BTC": hours}))
    await ask("/regime BTC")
    return ask


def titles(picture: Picture) -> list[str]:
    return [panel.title for panel in picture.panels]


async def panel_of(hours: Hourly, title: str, **facts: float | None) -> Panel:
    picture = await drawn(hours, **facts)
    assert picture is not None
    return next(panel for panel in picture.panels if panel.title.startswith(title))


@pytest.fixture(scope="module")
def half_a_year() -> Hourly:
    return lived()


async def test_five_panels_of_a_week_stand_above_the_ribbon_and_the_weeks(half_a_year: Hourly) -> None:
    picture = await drawn(half_a_year)
    assert picture is not None
    assert titles(picture) == [
        "Price, USD",
        "Liquidated an hour, USD",
        "Open interest, coins",
        "Funding per 8 h, mean of a day",
        "25-delta skew 30 d, points",
        "State, by day",
        "Longs liquidated a week, USD",
    ]
    assert all(len(one.values) == WEEK for panel in picture.panels[:5] for one in panel.series)
    assert all(panel.first_ms == LAST_CLOSE_MS - (WEEK - 1) * HOUR_MS for panel in picture.panels[:5])
    assert picture.source == "live"


async def test_price_shows_the_last_confirmed_low_where_there_is_one(half_a_year: Hourly) -> None:
    assert (await panel_of(half_a_year, "Price")).rules == ()
    (rule,) = (await panel_of(half_a_year, "Price", last_low_usd=61_000.0)).rules
    assert (rule.at, rule.label) == (61_000.0, "last swing low")


async def test_funding_and_skew_show_the_lines_they_are_judged_by(half_a_year: Hourly) -> None:
    rules = Rules()
    funding, skew = await panel_of(half_a_year, "Funding"), await panel_of(half_a_year, "25-delta")
    assert [rule.at for rule in funding.rules] == [rules.funding.reset, rules.funding.elevated]
    assert [rule.at for rule in skew.rules] == [rules.skew.steep_points]


async def test_the_ribbon_has_a_cell_a_day_and_the_weeks_a_total_each(half_a_year: Hourly) -> None:
    ribbon, weeks = await panel_of(half_a_year, "State"), await panel_of(half_a_year, "Longs")
    assert ribbon.band is not None
    assert len(ribbon.band.cells) == 180
    inks = [None if cell is None else ribbon.band.keys[cell][1] for cell in ribbon.band.cells]
    assert inks == [Ink.CALM] * 169 + [Ink.CAUTION] * 11
    assert weeks.series[0].values == (168e6,) * 25


async def test_the_words_say_what_is_drawn(half_a_year: Hourly) -> None:
    picture = await drawn(half_a_year)
    assert picture is not None
    assert picture.alt.startswith(
        "BTC: 7 d by the hour, 180 d of states. Price, USD: last 64,211, lowest 64,211,"
    )
    assert "long last 1.00M" in picture.alt
    assert (
        "Funding per 8 h, mean of a day: last .020%, lowest .020%, highest .020%; reset .005%; elevated .030%."
        in picture.alt
    )
    assert "State, by day: HEALTHY/STABILISING 169, CROWDING 11." in picture.alt


async def test_one_picture_is_for_all_until_the_hour_has_closed(half_a_year: Hourly) -> None:
    first, again = await drawn(half_a_year), await drawn(half_a_year)
    assert first is not None
    assert again is not None
    assert first.key == again.key
    other = lived(30)
    before = await drawn(other)
    other.close_hour(LAST_CLOSE_MS + HOUR_MS, 2.0, 1.0, 1.5, None)
    after = await drawn(other)
    assert before is not None
    assert after is not None
    assert before.key != after.key


async def test_a_picture_is_made_once_an_hour_and_anew_when_a_minute_comes_late() -> None:
    hours = lived(200)
    first = await drawn(hours)
    assert await drawn(hours) is first

    hours.set_liquidated(LAST_CLOSE_MS, 9e6, 0.5e6)
    mended = await drawn(hours)
    assert mended is not None
    assert first is not None
    assert mended.key != first.key


async def test_two_markets_of_one_name_never_show_each_others_picture() -> None:
    one, other = await drawn(lived(200)), await drawn(lived(200, price_usd=9_000.0))
    assert one is not None
    assert other is not None
    assert one.panels[0] != other.panels[0]


@pytest.mark.parametrize("hours", [None, Hourly(), lived(1)], ids=["none kept", "empty", "one"])
async def test_without_hours_there_is_an_answer_and_no_picture(hours: Hourly | None) -> None:
    assert await drawn(hours) is None


async def test_what_was_never_told_is_said_and_drawn_as_a_gap() -> None:
    hours = lived(30)
    for column in (hours.long_liquidated_usd, hours.short_liquidated_usd, hours.skew_points):
        column[:] = type(column)("f", [float("nan")] * len(hours))
    picture = await drawn(hours)
    assert picture is not None
    assert isnan(hours.skew_points[0])
    assert picture.title == "BTC: 30 h by the hour, 2 d of states"
    assert "25-delta skew 30 d, points: not known; steep +8.0." in picture.alt
    assert "Liquidated an hour, USD: long not known; short not known." in picture.alt
    assert "Longs liquidated a week, USD: not known." in picture.alt
