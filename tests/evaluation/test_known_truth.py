"""A generated market goes through the engine and the study, which finds what was planted, and nothing on the null."""

from dataclasses import replace
from typing import cast

import pytest

from evaluation.__main__ import chapters
from evaluation.chapters.known import write as write_known
from evaluation.known_truth import ASSETS, DENSE, Found, false_a_month, find, study_of
from evaluation.study import Study
from evaluation.verdicts import Skill
from market.evaluation.generated import FREE_OF_CAUSE
from market.evaluation_rules import EvidenceRules, GeneratedRules

RULES = GeneratedRules()
FEW = EvidenceRules(repetitions=300, random_draws=100)


@pytest.fixture(scope="module")
def study() -> Study:
    return study_of(ASSETS, 160, 2, DENSE, FEW)


@pytest.fixture(scope="module")
def found(study: Study) -> Found:
    return find(study)


def test_the_planted_sign_has_skill_and_the_meaningless_one_none(found: Found) -> None:
    assert found.verdicts == (Skill.SKILL, Skill.NONE)


def test_the_sign_as_a_score_is_far_above_the_prevalence(found: Found) -> None:
    # sell-offs are so dense here that every seventh hour lies before one
    assert found.precision > 1.5 * found.prevalence


def test_every_chapter_is_written_of_it_and_says_the_same_of_the_signs(study: Study) -> None:
    written = {one.name: one.write(study) for one in chapters() if one.name != "known"}
    assert all(one.text.strip() for one in written.values())
    said = cast("dict[str, dict[str, object]]", written["skill"].facts["skill"])
    assert (said["fe"]["verdict"], said["ou"]["verdict"]) == ("skill", "none")


@pytest.mark.slow
def test_the_chapter_on_the_study_itself_is_written(study: Study) -> None:
    small = replace(FEW, coverage_markets=4, coverage_repetitions=50, known_days=120)
    written = write_known(Study(study.recorded, study.rules, evidence=small))
    assert written.facts["coverage_markets"] == 4
    assert "not market skill" in written.text


def test_the_planted_falls_are_the_sell_offs_of_the_study(study: Study) -> None:
    days = {study.day_of([event.onset_ms])[0] for events in study.events.values() for event in events}
    assert len(days) >= FEW.least_event_days


def test_on_the_null_the_loud_alerts_stay_within_their_budget() -> None:
    null = study_of(ASSETS[:1], 120, 1, FREE_OF_CAUSE, FEW)
    assert false_a_month(null) <= RULES.most_false_a_month
    assert find(null).verdicts[0] is Skill.NOT_ESTABLISHED
