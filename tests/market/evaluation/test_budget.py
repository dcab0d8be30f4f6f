"""Alerts of scores at one budget: they are matched as `match` does it, chosen for a number, and beside random ones of that number."""

import numpy as np
import pytest

from market.evaluation.budget import (
    INSIDE,
    UNSCORED,
    Ground,
    Rows,
    above,
    at_budget,
    at_random,
    edges,
    ground_of,
    refracted_rows,
    score_rows,
    threshold_for,
)
from market.evaluation.matching import match
from market.observations import DAY_MS, HOUR_MS
from tests.market.evaluation.hourly_bars import FIRST_CLOSE_MS, bars_of

MONTH = 720
CALENDAR = (FIRST_CLOSE_MS // DAY_MS, MONTH // 24 + 2)


def at(*hours: float) -> tuple[int, ...]:
    return tuple(int(FIRST_CLOSE_MS + hour * HOUR_MS) for hour in hours)


def ground(*onsets: float, hours: int = MONTH) -> Ground:
    calendar = (CALENDAR[0], hours // 24 + 2)
    return ground_of(bars_of([100.0] * hours), at(*onsets), np.ones(hours, np.bool_), calendar)


def rows(*places: int) -> Rows:
    return np.array(places, np.int64)


def test_the_vector_of_the_design_comes_to_the_same_as_by_matching() -> None:
    scored = score_rows([ground(100, 200, 300)], [rows(94, 97, 150, 205, 296)])
    assert (scored.right.sum(), scored.kept.sum(), scored.warned.sum(), scored.onsets.sum()) == (2, 3, 2, 3)
    assert scored.precision == pytest.approx(2 / 3)
    assert scored.recall == pytest.approx(2 / 3)
    assert sorted(scored.leads) == [4.0, 6.0]
    assert scored.false_a_month == pytest.approx(1.0)
    assert scored.counts == {"BTC": 3}


@pytest.mark.parametrize("refractory", [6, 24])
def test_any_alerts_come_to_the_same_as_by_matching(refractory: int) -> None:
    random = np.random.default_rng(7)
    for _ in range(20):
        onsets = np.sort(random.choice(MONTH, 6, replace=False)).tolist()
        told = np.sort(random.choice(MONTH, 60, replace=False))
        matched = match(at(*told), at(*onsets), MONTH, refractory_hours=refractory)
        scored = score_rows([ground(*onsets)], [told], refractory)
        assert scored.right.sum() == len(matched.right_ms)
        assert scored.kept.sum() == len(matched.kept_ms)
        assert scored.warned.sum() == len(matched.warned_ms)
        assert sorted(scored.leads) == sorted(lead / HOUR_MS for lead in matched.leads_ms)


def test_sums_fall_on_the_day_of_the_alert_and_of_the_onset() -> None:
    one = ground(100)
    scored = score_rows([one], [rows(80)])
    assert np.flatnonzero(scored.right).tolist() == [one.day[80]]
    assert np.flatnonzero(scored.warned).tolist() == [one.onset_day[0]]
    assert (scored.event_days, scored.right_days) == (1, 1)


def test_an_edge_is_where_a_score_comes_to_the_threshold_and_unknown_is_below_it() -> None:
    score = np.array([2.0, 2.0, 1.0, 2.0, np.nan, 3.0, 3.0])
    assert above(score, 2.0).tolist() == [0, 1, 3, 5, 6]
    assert edges(score, 2.0).tolist() == [0, 3, 5]


def test_each_alert_silences_the_hours_after_it_and_not_those_after_the_silenced() -> None:
    assert refracted_rows(rows(0, 3, 6, 11, 12), 6).tolist() == [0, 6, 12]
    assert refracted_rows(rows(), 6).tolist() == []


def test_what_the_day_before_had_cost_is_of_the_alerts_that_count() -> None:
    lost = np.arange(MONTH) / -1_000.0
    scored = score_rows([ground(100, 200, 300)], [rows(94, 150, 205, 296)], lost=[lost])
    assert scored.lost.tolist() == [-0.094, -0.150, -0.296]


def test_the_threshold_is_that_of_the_budget() -> None:
    score = np.zeros(10 * MONTH)
    score[np.arange(30) * 200] = np.arange(30) + 1.0
    whole = ground(hours=10 * MONTH)
    assert threshold_for([whole], [score], 2.0) == 11.0
    assert at_budget([whole], [score], 2.0).kept.sum() == 20


def test_markets_share_one_threshold() -> None:
    calm, wild = np.zeros(MONTH), np.zeros(MONTH)
    calm[[100, 200]], wild[[100, 200, 300, 400]] = 1.0, 2.0
    scored = at_budget([ground(), ground()], [calm, wild], 2.0)
    assert scored.kept.sum() == 4
    assert threshold_for([ground(), ground()], [calm, wild], 2.0) == 2.0


def test_a_score_that_stays_at_its_highest_for_too_long_is_scored_by_its_edges() -> None:
    score = np.zeros(MONTH)
    score[100:300] = score[400:600] = 1.0
    assert at_budget([ground()], [score], 2.0).kept.sum() == 2


def test_a_score_that_is_never_known_has_no_threshold_and_no_alert() -> None:
    unknown = np.full(MONTH, np.nan)
    assert np.isnan(threshold_for([ground()], [unknown], 2.0))
    scored = at_budget([ground(100)], [unknown], 2.0)
    assert scored.kept.sum() == 0
    assert np.isnan(scored.precision)
    assert scored.recall == 0.0


def test_hours_in_which_a_signal_is_unknown_are_not_scored_and_their_onsets_not_missed() -> None:
    known = np.arange(MONTH) < 250
    narrowed = ground(100, 200, 300).where(known)
    assert (narrowed.outcome[250:] == UNSCORED).all()
    assert narrowed.months == pytest.approx(250 / MONTH)
    scored = score_rows([narrowed], [rows(94, 296)])
    assert (scored.right.sum(), scored.kept.sum(), scored.onsets.sum()) == (1, 1, 2)


def test_random_alerts_are_as_many_right_as_there_are_hours_before_an_onset() -> None:
    onsets = [200 + 150 * place for place in range(40)]
    whole = ground(*onsets, hours=9 * MONTH)
    random = at_random([whole], {"BTC": 30}, seed=1, draws=400)
    outside = (whole.outcome != INSIDE).sum()
    assert random.mean.kept.sum() == pytest.approx(30, rel=0.03)
    assert random.mean.precision == pytest.approx(40 * 24 / outside, rel=0.05)
    assert random.precision.shape == (400,)
    assert random.precision.mean() == pytest.approx(random.mean.precision, rel=0.02)
    assert random.recall.mean() == pytest.approx(random.mean.recall, rel=1e-9)


def test_random_alerts_of_one_seed_are_always_the_same() -> None:
    first, again = (at_random([ground(100)], {"BTC": 5}, seed=3, draws=50) for _ in range(2))
    assert first.mean.right.tolist() == again.mean.right.tolist()


def test_a_market_without_alerts_has_no_random_ones() -> None:
    random = at_random([ground(100)], {}, seed=1, draws=10)
    assert random.mean.kept.sum() == 0
    assert random.mean.onsets.sum() == 1


def test_more_alerts_than_fit_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="6 h apart do not fit into 720 hours of BTC"):
        at_random([ground()], {"BTC": 200}, seed=1)
