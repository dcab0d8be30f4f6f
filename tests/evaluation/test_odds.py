"""The chapter of what followed, on markets made by hand whose odds are known; and what the words are given of it."""

import json
from array import array
from dataclasses import replace
from math import nan
from pathlib import Path

import msgspec
import numpy as np
import pytest

from evaluation import quoting
from evaluation.__main__ import keep
from evaluation.chapters.odds import CHAPTER, write
from evaluation.study import Study, Written
from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.evaluation.recorded import Bars, Recorded
from market.evaluation_rules import EvidenceRules
from market.observations import HOUR_MS
from market.odds import Odds, Table
from market.table import CODED, State

HOME = Path(__file__).parent.parent.parent
FIRST_MS = 1_640_995_200_000 + HOUR_MS
"""2022-01-01 01:00 UTC."""
DAYS = 400
CYCLE, FELL_AT, TOLD_BEFORE = 8, 100, 6
"""A sell-off every eight days, at that hour of them, and the hours from the alert to it."""


def recorded(asset: str, alerts: tuple[Alert, ...] = ()) -> Recorded:
    """A market that falls by a tenth within an hour every eight days, comes back, and is quiet between."""
    close = np.full(DAYS * 24, 100.0)
    low = close.copy()
    low[FELL_AT :: CYCLE * 24] = 90.0
    state = np.full(len(close), float(CODED.index(State.HEALTHY)))
    columns = {"regime.state": array("d", state), "flag.pd": array("d", [0.0]) * len(close)}
    bars = Bars(
        asset,
        FIRST_MS,
        array("d", close),
        array("d", low),
        array("d", close),
        array("d", [0.01]) * len(close),
    )
    return Recorded(bars, columns, alerts)


def alert(asset: str, row: int, edge: Edge = Edge.FIRED, severity: Severity = Severity.WARNING) -> Alert:
    at_ms = FIRST_MS + row * HOUR_MS
    return Alert(
        f"{row:x}", asset, Kind.CASCADE, severity, edge, Reason.PRICE_SHOCK, at_ms, at_ms, State.HEALTHY
    )


def told_before(asset: str, *, every: int = 1) -> tuple[Alert, ...]:
    """An alert six hours before every sell-off (or each n-th), with what a log holds besides: repeats and ends."""
    rows = range(FELL_AT - TOLD_BEFORE, DAYS * 24 - 48, CYCLE * 24 * every)
    return tuple(
        one
        for row in rows
        for one in (
            alert(asset, row),
            alert(asset, row),
            alert(asset, row + 3, Edge.RESOLVED),
        )
    )


def study(*markets: Recorded) -> Study:
    return Study(markets, evidence=EvidenceRules(repetitions=200))


def rows_of(written: Written) -> dict[tuple[str, str], Odds]:
    table = msgspec.convert(quoting.odds_of({"odds": written.facts}), type=Table)
    return {(row.name, row.asset): row for row in table.rows}


def test_alerts_before_every_sell_off_are_followed_by_one_every_time() -> None:
    row = rows_of(write(study(recorded("BTC", told_before("BTC")))))["cascade/warning/price_shock", "BTC"]
    scored = len(told_before("BTC")) // 3 - 4  # the first 31 days are warm-up
    assert (row.episodes, row.begun) == (scored, 0)
    assert row.sell_off.share == 1.0
    assert row.sell_off.differs
    assert row.sell_off.is_established
    assert row.further_fall.share == 1.0
    assert row.mean_24h == (0.0, 0.0, 0.0)


def test_an_asset_with_few_alerts_is_counted_with_the_others() -> None:
    markets = recorded("BTC", told_before("BTC")), recorded("ETH", told_before("ETH", every=4))
    rows = rows_of(write(study(*markets)))
    assert ("cascade/warning/price_shock", "ETH") not in rows
    assert rows["cascade/warning/price_shock", ""].assets == ("BTC", "ETH")


def test_what_came_too_seldom_is_counted_and_not_established() -> None:
    row = rows_of(write(study(recorded("BTC", told_before("BTC", every=12)))))[
        "cascade/warning/price_shock", ""
    ]
    assert row.episodes < 20
    assert not row.sell_off.is_established
    assert "not established" in write(study(recorded("BTC", told_before("BTC", every=12)))).text


def test_alerts_inside_a_sell_off_are_no_cases_of_one_that_begins() -> None:
    alerts = tuple(alert("BTC", row + 2) for row in range(FELL_AT, DAYS * 24 - 48, CYCLE * 24))
    row = rows_of(write(study(recorded("BTC", alerts))))["cascade/warning/price_shock", ""]
    assert row.begun == row.episodes
    assert row.sell_off.cases == 0
    assert row.sell_off.share is None


def test_hours_of_a_state_are_counted_by_spells() -> None:
    row = rows_of(write(study(recorded("BTC"))))["hours/HEALTHY", ""]
    assert row.episodes == 1
    assert row.begun is None
    assert row.sell_off.share == pytest.approx(24 / (CYCLE * 24 - 25), rel=0.02)
    assert not row.sell_off.is_established


def test_a_market_of_which_nothing_was_judged_or_told_has_no_rows() -> None:
    bare = recorded("BTC")
    assert rows_of(write(study(Recorded(bare.bars, {})))) == {}


def test_what_was_told_without_its_input_is_counted_all_the_same() -> None:
    alerts = tuple(replace(one, kind=Kind.OPEN_INTEREST) for one in told_before("BTC"))
    row = rows_of(write(study(recorded("BTC", alerts))))["oi/warning", "BTC"]
    assert (row.sell_off.share, row.sell_off.base) == (1.0, 1.0)


def test_what_is_kept_is_json_without_numbers_that_are_none() -> None:
    assert json.loads(quoting.written({"a": {"b": nan, "c": (1.0, [float("inf")])}})) == {
        "a": {"b": None, "c": [1.0, [None]]}
    }


def test_the_words_are_given_the_rows_and_the_verdicts_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    tried = study(recorded("BTC", told_before("BTC")))
    skill = Written("", {"skill": {"fe": {"verdict": "none", "alerts": 3}}})
    chapters = {CHAPTER: write(tried)}
    other = type(CHAPTER)(70, "skill", "Skill", lambda _: skill)
    keep(tried, {**chapters, other: skill}, tmp_path, tmp_path / "odds.json")
    table = msgspec.json.decode((tmp_path / "odds.json").read_bytes(), type=Table)
    assert table.verdicts == {"fe": "none"}
    assert table.assets == ("BTC",)
    assert (tmp_path / "evaluation.md").read_text().startswith("# What the warnings are worth")


def test_no_condition_is_established_without_the_chapter_that_tries_them() -> None:
    assert quoting.odds_of({"odds": write(study(recorded("BTC"))).facts})["verdicts"] == {}


def test_the_shipped_odds_are_those_of_the_document() -> None:
    facts = json.loads((HOME / "docs" / "evaluation.json").read_text(encoding="utf-8"))
    assert (HOME / "market" / "odds.json").read_text(encoding="utf-8") == quoting.written_odds(facts)


def test_figures_are_kept_to_where_machines_agree() -> None:
    ours, theirs = {"high": [0.19868059316593853, 3]}, {"high": [0.19868059316593595, 3]}
    assert quoting.written(ours) == quoting.written(theirs)
    assert json.loads(quoting.written(ours)) == {"high": [0.198680593, 3]}
