"""Scores that walk forward and contexts: on markets made of chance they find the planted sign, and nothing in the other."""

from array import array
from collections.abc import Mapping

import numpy as np
import pytest

from evaluation.chapters import context, research_context, walk_forward
from evaluation.chapters.research_context import luck_of
from evaluation.forecasts import logistic, raw, rows_scored, walk
from evaluation.inputs import inputs_of
from evaluation.panel import Panel, panel_of
from evaluation.ranking import Precision
from evaluation.splitting import Hours, outcomes_of, shifted_p, split
from evaluation.study import Floats, Study, Written
from market.evaluation.generated import Generated, generate
from market.evaluation.recorded import Recorded
from market.evaluation.walking import by_year
from market.evaluation_rules import EvidenceRules, GeneratedRules

ASSETS, DAYS, SEED = ("BTC", "ETH"), 760, 4
CLEAR = GeneratedRules(month_signs=2.5, month_unsigned=0.2, sign_chance=0.8)
CHAPTERS = (walk_forward, context, research_context)


def column(values: Floats) -> "array[float]":
    return array("d", np.asarray(values, np.float64).tolist())


def market(made: Generated) -> Recorded:
    """What the engine would call the sign dear funding, the meaningless one high open interest, while price falls all the time."""
    plain = made.recorded()
    ones = np.ones(len(made.close_usd))
    flags = {"fe": made.sign, "fn": made.sign, "oe": ones, "ou": made.meaningless, "pd": ones}
    flags |= dict.fromkeys(("fr", "oc"), 1.0 - made.sign) | dict.fromkeys(("fd", "rolling_over"), 0.0 * ones)
    columns = {
        **plain.columns,
        "funding.f24": column(made.funding_8h),
        "funding.percentile": column(0.5 + 0.4 * made.sign),
        "price.sigma_1d": plain.bars.sigma_24h,
        "price.r_7d": column(-ones),
        "price.lower_low": column(ones),
        **{f"flag.{name}": column(values) for name, values in flags.items()},
    }
    return Recorded(plain.bars, columns)


@pytest.fixture(scope="module")
def study() -> Study:
    evidence = EvidenceRules(repetitions=200)
    return Study(tuple(market(one) for one in generate(ASSETS, DAYS, SEED, CLEAR)), evidence=evidence)


@pytest.fixture(scope="module")
def panel(study: Study) -> Panel:
    return panel_of(study, inputs_of(study))


@pytest.fixture(scope="module")
def written(study: Study) -> Mapping[str, Written]:
    return {chapter.CHAPTER.name: chapter.write(study) for chapter in CHAPTERS}


def of(facts: object, *path: str) -> Mapping[str, float]:
    for name in path:
        assert isinstance(facts, Mapping)
        facts = facts[name]
    assert isinstance(facts, Mapping)
    return facts


def test_a_score_of_the_planted_sign_beats_the_shock(written: Mapping[str, Written]) -> None:
    facts = written["walk_forward"].facts
    found = of(facts, "scores", "funding alone")
    assert found["minus_low"] > 0.0
    assert found["bss"] > 0.0
    assert "funding alone" in str(facts["beats"])
    assert of(facts, "scores", "volatility alone")["minus_low"] <= 0.0


def test_hours_under_the_planted_sign_are_followed_by_falls_and_those_of_the_other_are_not(
    written: Mapping[str, Written],
) -> None:
    facts = written["context"].facts
    planted = of(facts, "given", "fn/onset 24 h")
    assert planted["low"] > 0.0
    assert planted["p"] < 0.01
    meaningless = of(facts, "given", "ou/onset 24 h")
    assert meaningless["low"] <= 0.0 <= meaningless["high"]
    assert meaningless["p"] > 0.05


def test_what_is_chosen_on_the_past_finds_the_planted_sign(written: Mapping[str, Written]) -> None:
    facts = written["research_context"].facts
    assert of(facts, "attempts", "crowding")["minus_low"] > 0.0
    assert of(facts, "attempts", "crowding")["mean_minus_low"] > 0.0
    assert "met by" in written["research_context"].text
    assert of(facts, "attempts", "shape")["minus_low"] <= 0.0


def test_the_best_of_many_is_luck_unless_it_stands_out_of_what_chance_does_to_the_best() -> None:
    random = np.random.default_rng(8)
    noise = random.normal(0.0, 0.01, (21, 400))
    nothing = [
        Precision(0.1 + float(gain), 0.1 + gain + own, own)
        for gain, own in zip(random.normal(0.0, 0.01, 21), noise, strict=True)
    ]
    assert luck_of(nothing) > 0.05
    assert luck_of([*nothing, Precision(0.2, 0.2 + noise[0], noise[0])]) == 0.0


def test_every_variant_is_counted(study: Study, written: Mapping[str, Written]) -> None:
    assert study.tried["scores above the shock"] == written["research_context"].facts["variants"]
    assert study.tried["walk-forward scores"] > 0
    assert study.tried["context given a fall"] > 0


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.CHAPTER.name)
def test_markets_that_know_nothing_but_price_are_borne(chapter: object, study: Study) -> None:
    bare = Study(
        tuple(Recorded(one.bars, {}) for one in study.recorded[:1]), evidence=EvidenceRules(repetitions=10)
    )
    assert chapter.write(bare).text  # type: ignore[attr-defined]


def test_a_score_of_a_year_is_taught_by_the_years_before_it_alone(study: Study, panel: Panel) -> None:
    folds = by_year(study.first_day, study.first_day + study.days - 1)
    model = logistic(("funding.f24", "price.shock_24h"))
    whole = walk(study, panel, folds, model)
    first = folds[0].tests(panel.day + study.first_day)
    cut = panel.only(panel.day + study.first_day < folds[0].test_until)
    short = walk(study, cut, folds[:1], model)
    np.testing.assert_array_equal(
        short.score[np.isfinite(short.score)], whole.score[first & np.isfinite(whole.score)]
    )
    assert not np.isfinite(whole.score[panel.day + study.first_day < folds[0].test_from]).any()


def test_inputs_know_nothing_of_what_came_later(study: Study) -> None:
    one = study.recorded[0]
    rows = 9_000
    bars = type(one.bars)(one.asset, one.bars.first_close_ms, *(
        series[:rows] for series in (one.bars.high_usd, one.bars.low_usd, one.bars.close_usd, one.bars.sigma_24h)
    ))  # fmt: skip
    cut = Recorded(bars, {name: values[:rows] for name, values in one.columns.items()})
    whole, short = (inputs_of(Study((market,)))[one.asset] for market in (one, cut))
    for name, values in short.items():
        np.testing.assert_allclose(values, whole[name][:rows], rtol=1e-9, atol=1e-7, err_msg=name)


def test_rows_inside_a_sell_off_count_for_no_score(study: Study, panel: Panel) -> None:
    scored = walk(
        study,
        panel,
        by_year(study.first_day, study.first_day + study.days - 1),
        raw({"price.shock_24h": -1.0}),
    )
    rows = rows_scored(panel, [scored])
    assert rows.any()
    assert np.isfinite(panel.truth[rows]).all()
    assert (np.isfinite(scored.score) & ~panel.counts).any()


def test_a_difference_of_means_is_that_of_the_hours_of_both_kinds(study: Study) -> None:
    day = np.array([0, 0, 1, 1, 2, 2])
    holds = np.array([1.0, 1.0, 0.0, 0.0, 1.0, np.nan])
    outcome = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    found = split(study, [Hours(day, holds, 1.0 - holds, outcome)])
    assert (found.hours, found.episodes) == (3, 1)
    assert found.holds == pytest.approx(2 / 3)
    assert found.against == 0.5
    assert found.difference.value == pytest.approx(1 / 6)


def test_the_turns_of_a_context_are_those_counted_one_by_one() -> None:
    random = np.random.default_rng(2)
    rows = 24 * 90
    given, holds, outcome = (random.integers(0, 2, rows).astype(np.float64) for _ in range(3))

    def gap(turn: int) -> float:
        kind = np.roll(holds, turn)
        asked = given == 1.0
        return float(outcome[asked & (kind == 1.0)].mean() - outcome[asked & (kind == 0.0)].mean())

    turns = np.linspace(24 * 30, rows - 24 * 30, 50).astype(np.int64)
    drawn = np.array([gap(int(turn)) for turn in turns])
    slow = (1 + (np.abs(drawn - drawn.mean()) >= abs(gap(0) - drawn.mean())).sum()) / 51
    assert shifted_p(given, holds, 1.0 - holds, outcome, 50, 30) == pytest.approx(slow)


def test_a_history_shorter_than_its_turns_has_no_p() -> None:
    short = np.ones(24 * 40)
    assert np.isnan(shifted_p(short, short, 1.0 - short, short, 50, 30))


def test_what_followed_the_last_hours_is_not_known(study: Study) -> None:
    found = outcomes_of(study, study.recorded[0])
    for name, values in found.items():
        assert np.isnan(values[-1]), name
        assert np.isfinite(values[2_000:-100]).mean() > 0.8, name
