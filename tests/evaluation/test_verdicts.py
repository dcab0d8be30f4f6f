"""Whether a condition has skill: by hand, and on markets made of chance in which one sign is planted and one means nothing."""

import json
from array import array
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evaluation.chapters import skill, summer_2024, weakness
from evaluation.study import Floats, Study, Written
from evaluation.verdicts import (
    Cell,
    Court,
    Skill,
    all_known,
    any_known,
    at_most,
    both,
    column,
    compared,
    rising,
)
from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.evaluation.generated import Generated, generate
from market.evaluation.recorded import Recorded
from market.evaluation_rules import EvidenceRules
from market.rules import PriceRules
from market.table import State

NAN = float("nan")


def doubles(values: Floats) -> "array[float]":
    return array("d", np.asarray(values, np.float64).tolist())


def market(made: Generated) -> Recorded:
    """What the engine would call the planted sign dear funding, and the meaningless one high open interest."""
    plain, close = made.recorded(), made.close_usd
    day = np.concatenate([np.full(24, NAN), np.log(close[24:] / close[:-24])])
    sigma = np.frombuffer(plain.bars.sigma_24h)
    weak = np.where(np.isnan(day), NAN, day < -sigma)
    columns = {
        **plain.columns,
        "flag.fe": doubles(made.sign),
        "flag.oe": doubles(made.meaningless),
        "flag.pd": doubles(weak),
        "flag.brk": doubles(0.0 * close),
        "price.shock_24h": doubles(day / sigma),
        "price.r_7d": doubles(day),
        "price.lower_low": doubles(weak),
        "price.lower_low_in_progress": doubles(weak),
        "price.sigma_1d": doubles(sigma),
        "liquidations.long_bps_24h": doubles(
            np.where(np.arange(len(close)) > len(close) // 3, 100.0 * -day, NAN)
        ),
        "flag.lc": doubles(made.meaningless),
    }
    first = plain.bars.close_ms(2_000)
    said = Alert(
        "a",
        plain.asset,
        Kind.CASCADE,
        Severity.WATCH,
        Edge.FIRED,
        Reason.PRICE_SHOCK,
        first,
        first,
        State.MIXED,
    )
    return Recorded(plain.bars, columns, (said,))


@pytest.fixture(scope="module")
def study() -> Study:
    evidence = EvidenceRules(repetitions=200, least_event_days=10)
    return Study(tuple(market(one) for one in generate(("BTC", "ETH"), 500, 11)), evidence=evidence)


@pytest.fixture(scope="module")
def written(study: Study) -> Mapping[str, Written]:
    return {chapter.CHAPTER.name: chapter.CHAPTER.write(study) for chapter in (skill, weakness, summer_2024)}


def of(written: Mapping[str, Written], chapter: str, *path: str) -> Any:
    found: Any = json.loads(json.dumps(written[chapter].facts))
    for name in path:
        found = found[name]
    return found


def test_a_planted_sign_has_skill_and_a_meaningless_one_has_none(written: Mapping[str, Written]) -> None:
    planted, meaningless = (of(written, "skill", "skill", name) for name in ("fe", "oe"))
    assert (planted["verdict"], meaningless["verdict"]) == ("skill", "none")
    assert planted["precision"] > planted["random"]
    assert meaningless["low"] <= 0.0


def test_what_was_never_seen_is_not_established_and_says_so(written: Mapping[str, Written]) -> None:
    steep = of(written, "skill", "skill", "ks")
    assert (steep["verdict"], steep["why"], steep["precision"]) == (
        "not established",
        "never seen in these years",
        None,
    )


def test_too_few_days_are_not_established_however_clear_they_are(study: Study) -> None:
    court = Court(study)
    found = court.alerts(column("flag.fe"))
    assert found.verdict(10) is Skill.SKILL
    assert found.verdict(found.event_days + 1) is Skill.NOT_ESTABLISHED
    assert found.verdict(found.case_days + 1) is Skill.NOT_ESTABLISHED


def test_weakness_and_the_case_study_are_written_of_any_market(written: Mapping[str, Written]) -> None:
    assert set(of(written, "weakness", "variants")) == set(weakness.VARIANTS)
    leg = of(written, "summer_2024", "liquidation_leg")
    assert leg["of"] > 0
    assert "what was said when" in written["summer_2024"].text


def test_without_liquidations_there_is_no_case(study: Study) -> None:
    bare = tuple(replace(one, columns={}) for one in study.recorded)
    assert (
        summer_2024.write(replace(study, recorded=bare)).text == "No market here has hourly liquidations.\n"
    )


def test_shares_are_weighted_by_where_the_cases_are(study: Study) -> None:
    """A wild market (half of its hours come true) with 3 cases of 4 right, and a calm one (a tenth) with none of 1."""

    def sums(*values: float) -> list[Floats]:
        return [
            np.bincount([0, 10], [value / 2, value / 2], study.days).astype(np.float64) for value in values
        ]

    found = compared(study, [Cell(*sums(3, 4, 50, 100)), Cell(*sums(0, 1, 10, 100))], 30)
    assert found.share.value == pytest.approx(3 / 5)
    assert found.other.value == pytest.approx((4 * 0.5 + 1 * 0.1) / 5)
    assert found.difference.value == pytest.approx(0.6 - 0.42)
    assert (found.cases, found.case_days, found.event_days) == (5, 2, 30)


def test_a_condition_begins_where_it_was_seen_not_to_hold_before() -> None:
    held = np.array([1.0, 0.0, 1.0, 1.0, NAN, 1.0, 0.0, 1.0])
    assert np.flatnonzero(rising(held)).tolist() == [2, 7]


def test_joined_claims_are_unknown_in_a_sample_and_settled_in_the_engine(study: Study) -> None:
    holds, unknown = np.array([1.0, 0.0]), np.array([NAN, NAN])
    assert np.isnan(all_known(holds, unknown)[0])
    assert all_known(holds, unknown)[1] == 0.0
    assert any_known(holds, unknown)[0] == 1.0
    assert np.isnan(any_known(holds, unknown)[1])
    one = study.recorded[0]
    assert np.isnan(both(column("flag.oe"), column("flag.nobody"))(study, one)).all()
    assert np.isnan(at_most("price.shock_24h", -1.0)(study, one)[0])


def test_weakness_ends_six_hours_after_the_last_of_it() -> None:
    enters = np.array([0.0, 1.0, *[0.0] * 8, NAN, 1.0])
    told = weakness.held(enters, PriceRules())
    assert told[:10].tolist() == [0.0, *[1.0] * 7, 0.0, 0.0]
    assert np.isnan(told[10])
    assert told[11] == 1.0
