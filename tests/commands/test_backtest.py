"""/backtest and /history in conversation: counts that can be checked by hand, in 37 columns and both languages."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import nan
from typing import Any

import pytest

from commands.protocol.picture import Picture
from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.evaluation.backtest import Backtest, Firing
from market.hourly import Hourly
from market.observations import HOUR_MS, Asset
from market.table import State
from store.in_memory import HoursInMemory, WarnedInMemory
from tests.commands.markets import NOW_MS, crowding
from tests.commands.talking import Talk, monospaced, talk, text_of

LAST_MS = NOW_MS // HOUR_MS * HOUR_MS
DAYS = 100


def ago(days: float) -> int:
    return LAST_MS - round(days * 24) * HOUR_MS


class Looks:
    """Looks back that somebody made."""

    def __init__(self, *records: Backtest) -> None:
        self._records = {record.asset: record for record in records}

    async def of(self, asset: Asset) -> Backtest | None:
        return self._records.get(asset)


def cascade(days: float, severity: Severity, lowest: float | None = -0.021) -> Firing:
    return Firing(Kind.CASCADE, severity, ago(days), ago(days), -0.046, lowest, 0.01)


FIRINGS = (
    cascade(80.5, Severity.WARNING, -0.13),
    cascade(60, Severity.WATCH),
    cascade(40, Severity.CRITICAL),
    cascade(20.25, Severity.WARNING, -0.08),
    cascade(0.5, Severity.WARNING, None),
)
ONSETS = (ago(80), ago(50), ago(20))
RECORD = Backtest("BTC", 7, ago(131), ago(DAYS), LAST_MS, 3, FIRINGS, ONSETS)


def hours(count: int = 131 * 24, fall: float = 0.0) -> Hourly:
    """Hours at 100 dollars, those of the last day `fall` lower."""
    closes = array("d", [100.0] * (count - 24) + [100.0 * (1.0 + fall)] * 24)
    return Hourly(LAST_MS, closes, closes[:], closes[:], array("d", [nan]) * count)


def asking(
    *records: Backtest,
    told: Iterable[Alert] = (),
    kept: Hourly | None = None,
    language: str = "en",
    is_made: bool = True,
) -> Talk:
    """Somebody who asks where these looks back and warnings are kept."""
    ask = talk(crowding(), hours={"BTC": hours() if kept is None else kept}, alerts=())
    services = replace(
        ask.context.services,
        backtests=Looks(*records) if is_made else None,
        warned=WarnedInMemory(told),
    )
    return Talk(replace(ask.context, services=services, language=language, language_said=True))


def plain(ask: Talk, name: str) -> list[dict[str, Any]]:
    """A list behind an answer."""
    listed: Any = ask.reply.data[name]
    return list(listed)


def alert(
    days: float, severity: Severity = Severity.WARNING, kind: Kind = Kind.CASCADE, asset: Asset = "BTC"
) -> Alert:
    return Alert(
        f"{round(days * 100):04x}",
        asset,
        kind,
        severity,
        Edge.FIRED,
        Reason.PRICE_SHOCK,
        ago(days),
        ago(days),
        State.CROWDING,
        facts={"price_usd": 100.0, "r_24h": -0.05},
    )


async def test_a_look_back_counts_right_and_false_ones_from_each_severity_up() -> None:
    ask = asking(RECORD)
    said = (await ask("/backtest btc cascade")).split("\n")
    assert said[0] == "BTC cascade · 100 days back"
    assert [line.split() for line in said[1:5]] == [
        ["from", "right", "false/mo", "lost", "lead"],
        ["WATCH", "2/4", "0.6", "-4.6%", "9h"],
        ["WARNING", "2/3", "0.3", "-4.6%", "9h"],
        ["CRITICAL", "0/1", "0.3", "-4.6%", "-"],
    ]


async def test_it_says_how_sure_that_is_and_that_it_is_not_established() -> None:
    said = await asking(RECORD)("/backtest BTC")
    assert "WARNING and louder: 2 of 3 right [20-94%]. 1 more left out of that: of the last day" in said
    assert "2 of 3 sell-offs were warned of." in said
    assert "Odds not established: sell-offs on 3 days of the 20 needed." in said
    assert "3 hours are unknown." in said


async def test_a_warning_of_the_last_day_is_not_judged_and_yet_no_sell_off_after_it_is_unwarned() -> None:
    """The table below it says that it was right: neither "never" nor "0 of 1 were warned of" may stand above."""
    fresh = replace(RECORD, firings=(cascade(0.5, Severity.WARNING, None),), onsets_ms=(ago(0.25),))
    said = await asking(fresh)("/backtest BTC")
    assert "WARNING and louder: 1 came, and none counts:" in said
    assert "1 of 1 sell-offs were warned of." in said
    assert next(line for line in said.split("\n") if line.endswith("right") and "!" in line)


async def test_warnings_inside_sell_offs_alone_are_not_said_to_have_never_come() -> None:
    inside = replace(RECORD, firings=(cascade(49.75, Severity.CRITICAL),))
    said = await asking(inside)("/backtest BTC")
    assert "never in these days" not in said
    assert "1 came, and none counts" in said


async def test_with_days_enough_nothing_is_taken_back() -> None:
    onsets = tuple(ago(3 * day + 1) for day in range(25, 0, -1))
    said = await asking(replace(RECORD, onsets_ms=onsets))("/backtest BTC")
    assert "not established: sell-offs" not in said


async def test_the_last_cases_say_what_was_lost_what_came_and_how_it_turned_out() -> None:
    said = await asking(RECORD)("/backtest BTC")
    assert " !  -4.6%      - open" in said
    assert "-13.0% right" in said
    assert "-2.1% false" in said


async def test_what_followed_in_recorded_years_stands_beside_it() -> None:
    said = await asking(RECORD)("/backtest BTC cascade")
    assert "Beside it, WARNING in recorded years: Odds" in said


async def test_every_kind_stands_in_a_line_of_its_own() -> None:
    ask = asking(RECORD)
    said = await ask("/backtest BTC every")
    assert said.startswith("BTC · every warning, 100 days")
    assert "cascade !" in said
    assert {action.command for action in ask.reply.actions} >= {
        "/backtest BTC funding",
        "/backtest BTC regime",
    }


async def test_one_press_subscribes_to_what_was_looked_at() -> None:
    ask = asking(RECORD)
    await ask("/backtest BTC cascade")
    assert ask.reply.actions[0].command == "/subscribe BTC cascade warning"
    await ask("/backtest BTC funding")
    assert ask.reply.actions[0].command == "/subscribe BTC funding watch"


async def test_a_kind_that_never_fired_says_so() -> None:
    assert "WATCH and louder: never in these days." in await asking(RECORD)("/backtest BTC skew")


async def test_the_picture_has_the_days_of_warnings_and_of_sell_offs() -> None:
    ask = asking(RECORD)
    await ask("/backtest BTC")
    (picture,) = [block for block in ask.reply.blocks if isinstance(block, Picture)]
    price, warnings, sell_offs = picture.panels
    assert price.step_ms == 6 * HOUR_MS
    assert price.series[0].values[-1] == 100.0
    assert warnings.band is not None
    assert sell_offs.band is not None
    assert [name for name, _ in warnings.band.keys] == ["none", "WATCH", "WARNING", "CRITICAL"]
    assert [cell for cell in warnings.band.cells if cell] == [2, 1, 3, 2, 2]
    assert sum(cell == 1 for cell in sell_offs.band.cells) == 3


async def test_a_day_without_a_warning_is_none_and_only_one_that_was_not_looked_at_is_not_known() -> None:
    ask = asking(RECORD)
    await ask("/backtest BTC")
    (picture,) = [block for block in ask.reply.blocks if isinstance(block, Picture)]
    _, warnings, sell_offs = picture.panels
    assert warnings.band is not None
    assert sell_offs.band is not None
    days = [day for day, cell in enumerate(warnings.band.cells) if cell is not None]
    assert days == list(range(days[0], len(warnings.band.cells)))
    assert sell_offs.band.cells[-1] is None  # whether one begins on it is known a day later
    assert len(warnings.band.cells) == len(sell_offs.band.cells)


async def test_numbers_stand_behind_it() -> None:
    ask = asking(RECORD)
    await ask("/backtest BTC")
    watch, warning, critical = plain(ask, "outcomes")
    assert (watch["right"], watch["false"], watch["unjudged"]) == (2, 2, 1)
    assert warning["precision"] == pytest.approx(2 / 3)
    assert critical["lead_hours"] is None
    assert ask.reply.data["event_days"] == 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/backtest btc banana", "banana"),
        ("/backtest banana", "banana"),
        ("/backtest BTC 5x", "5x"),
        ("/backtest BTC plan", "/plan BTC 5x long 10k"),
        ("/history banana 3", "BANANA"),
        ("/history page=0", "1 to 999"),
        ("/history page=1.5", "1 to 999"),
        ("/history page=soon", "soon"),
    ],
)
async def test_nonsense_is_answered_with_a_reason(line: str, expected: str) -> None:
    ask = asking(RECORD)
    assert expected in await ask(line) + " ".join(action.command for action in ask.reply.actions)


@pytest.mark.parametrize(
    ("count", "is_made", "heading", "expected"),
    [
        (
            131 * 24,
            True,
            "BTC · still looking back",
            "130 days of BTC are kept and are being looked back at.",
        ),
        (
            5 * 24,
            True,
            "BTC · nothing to look back at",
            "4 days are kept, and the first 7 are only learned from",
        ),
        (131 * 24, False, "BTC · nothing to look back at", "Nobody keeps hours here"),
    ],
)
async def test_where_there_is_no_look_back_the_reason_is_said(
    count: int, is_made: bool, heading: str, expected: str
) -> None:
    said = await asking(kept=hours(count), is_made=is_made)("/backtest BTC")
    assert said.startswith(heading)
    assert expected in said


async def test_an_asset_without_a_snapshot_is_insufficient_data() -> None:
    assert "ETH" in await asking(RECORD)("/backtest ETH")


TOLD = (
    alert(80.5),
    alert(40, Severity.CRITICAL),
    alert(20.25),
    alert(20, Severity.WATCH, Kind.REGIME),
    alert(0.5),
)


async def test_history_says_what_price_did_after_each_warning_and_how_it_turned_out() -> None:
    said = (await asking(RECORD, told=TOLD, kept=hours(fall=-0.1))("/history BTC")).split("\n")
    assert said[0] == "BTC · 5 past warnings"
    rows = [line for line in said if line.startswith(" 1h")]
    assert rows == [
        " 1h -10% 4h -10% 24h later open",
        " 1h 0.0% 4h 0.0% 24h 0.0% inside",
        " 1h 0.0% 4h 0.0% 24h 0.0% right",
        " 1h 0.0% 4h 0.0% 24h 0.0% false",
        " 1h 0.0% 4h 0.0% 24h 0.0% right",
    ]


async def test_a_right_warning_may_be_of_a_wave_that_was_told_to_be_a_false_alarm() -> None:
    """The wave of 20.25 h could have ended within hours as FALSE ALARM: both are told, so that they differ is said."""
    said = await asking(RECORD, told=TOLD)("/history BTC")
    assert "it may be right though its wave ended sooner, told as FALSE ALARM" in said
    assert "FALSE ALARM" not in await asking(told=TOLD)("/history BTC"), "nothing is right here"


async def test_its_own_record_is_a_count_with_its_interval() -> None:
    said = await asking(RECORD, told=TOLD)("/history")
    assert "Loud cascade warnings: 2 of 3 were followed by a sell-off within 24 h [20-94%]." in said
    assert "Odds not established: sell-offs on 3 days of the 20 needed." in said


async def test_without_a_look_back_nothing_is_judged_and_prices_are_told_all_the_same() -> None:
    said = await asking(told=TOLD)("/history BTC")
    assert "No loud cascade warning can be judged yet" in said
    assert " 1h 0.0% 4h 0.0% 24h 0.0% unknown" in said


async def test_hours_that_are_gone_are_unknown_and_not_awaited() -> None:
    said = await asking(RECORD, told=[alert(150)])("/history BTC")
    assert " 1h ? 4h ? 24h ? unknown" in said


async def test_warnings_come_in_pages_newest_first() -> None:
    ask = asking(RECORD, told=[alert(day) for day in range(1, 15)])
    assert "Page 1 of 3." in await ask("/history BTC")
    assert ask.reply.actions[0].command == "/history BTC page=2"
    await ask("/history BTC page=3")
    assert [one["id"] for one in plain(ask, "warnings")] == ["0514", "0578"]
    await ask("/history BTC 3")
    assert [one["id"] for one in plain(ask, "warnings")] == ["0514", "0578"], "a bare number is a page"
    assert "Page 2 of 3." in await ask("/history 2")
    assert "There is no page 9: 3 in all." in await ask("/history BTC page=9")


async def test_history_of_one_asset_leaves_the_others_out() -> None:
    told = (*TOLD, alert(1, asset="ETH"))
    assert (await asking(RECORD, told=told)("/history")).startswith("All watched · 6 past warnings")
    assert (await asking(RECORD, told=told)("/history ETH")).startswith("ETH · 1 past warnings")


async def test_warnings_of_one_day_make_the_record_no_surer_whatever_their_number() -> None:
    both = (RECORD, replace(RECORD, asset="ETH"))
    alone, ask = (asking(*both, told=told) for told in (TOLD, (*TOLD, *_of_eth(TOLD))))
    services = replace(ask.context.services, hours=HoursInMemory({"BTC": hours(), "ETH": hours()}))
    together = Talk(replace(ask.context, services=services))
    await alone("/history")
    await together("/history")
    one, two = _record_told(alone), _record_told(together)
    assert (two["right"], two["counted"]) == (2 * one["right"], 2 * one["counted"])
    assert (two["low"], two["high"]) == pytest.approx((one["low"], one["high"]))


def _record_told(ask: Talk) -> dict[str, Any]:
    told: Any = ask.reply.data["record"]
    return dict(told)


def _of_eth(told: Iterable[Alert]) -> list[Alert]:
    return [replace(one, asset="ETH") for one in told]


async def test_a_kind_leaves_the_others_out_and_pages_keep_it() -> None:
    told = (*TOLD, *(alert(day, Severity.WATCH, Kind.OPEN_INTEREST) for day in range(1, 15)))
    ask = asking(RECORD, told=told)
    assert "/history BTC cascade" in [
        action.command for action in (await ask("/history BTC"), ask.reply)[1].actions
    ]
    assert (await ask("/history BTC cascade")).startswith("BTC cascade · 4 past warnings")
    assert (await ask("/history oi BTC")).startswith("BTC open interest · 14 past warnings")
    assert ask.reply.actions[0].command == "/history BTC oi page=2"
    assert "2 of 3 were followed" in await ask("/history oi")  # the record is of the loud ones all the same


@pytest.mark.parametrize("word", ["99999", "DOGEE", "banana"])
async def test_what_is_no_asset_has_no_history_and_is_said_so(word: str) -> None:
    said = await asking(RECORD, told=TOLD)(f"/history {word}")
    assert f'"{word.upper()}" is not watched here.' in said
    assert "/history BTC" in said


async def test_the_half_year_is_drawn_for_one_asset() -> None:
    ask = asking(RECORD, told=TOLD)
    await ask("/history BTC")
    (picture,) = [block for block in ask.reply.blocks if isinstance(block, Picture)]
    assert [panel.band is not None for panel in picture.panels] == [True, False]
    await ask("/history")
    assert not [block for block in ask.reply.blocks if isinstance(block, Picture)]


async def test_both_looks_at_the_past_say_why_they_may_differ() -> None:
    assert "/backtest looks once an hour by today's rules and may differ by a class." in await asking(
        RECORD, told=TOLD
    )("/history")
    assert "severities by a class at times (/history)" in await asking(RECORD)("/backtest BTC")


async def test_nothing_told_yet_and_nobody_who_keeps_it() -> None:
    assert "Nothing was warned of yet." in await asking(RECORD)("/history")
    ask = talk(crowding())
    assert "Nobody keeps here what was warned of." in await ask("/history")


def wide(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if len(line) > 37]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "line", ["/backtest BTC", "/backtest BTC every", "/backtest BTC regime", "/history", "/history BTC"]
)
async def test_every_line_fits_on_a_phone(line: str, language: str) -> None:
    big = replace(
        RECORD,
        firings=tuple(replace(one, lost=-0.1234, lowest_24h=-0.4567) for one in FIRINGS),
    )
    ask = asking(big, told=[replace(one, asset="1000PEPE") for one in TOLD] + list(TOLD), language=language)
    await ask(line)
    assert not wide(monospaced(ask.reply))
    assert "{" not in text_of(ask.reply)
