"""The branching ratio: the vectors of section 3, the trap of a rate that steps, and known truths found again."""

from math import log
from random import Random
from statistics import fmean

import pytest

from market.formulas.hawkes import (
    apart,
    branching_estimate,
    constant_estimate,
    drawn_events,
    log_likelihood,
    piecewise_estimate,
    ratio_of_counts,
)

SIX_HOURS_S = 21_600.0
TIMES_S, UNTIL_S = (1.0, 2.0, 4.0), 5.0


def test_the_likelihood_is_that_of_the_design_and_of_the_sum_over_all_pairs() -> None:
    assert log_likelihood(TIMES_S, UNTIL_S, 0.5, 0.5, 1.0) == pytest.approx(-5.3783427604, abs=1e-10)


def test_three_events_are_told_by_a_baseline_alone() -> None:
    found = constant_estimate(TIMES_S, UNTIL_S, 1.0)

    assert found is not None
    assert found.baselines == pytest.approx((0.6,), abs=1e-5)
    assert found.ratio == pytest.approx(0.0, abs=1e-5)
    assert found.log_likelihood == pytest.approx(-4.532477, abs=1e-5)


@pytest.mark.parametrize(
    ("counts", "ratio"),
    [
        ((0, 4, 8), 0.5),  # mean 4, variance 16
        ((0, 1, 0, 9, 12, 0, 0, 2, 0, 0), pytest.approx(0.646, abs=5e-4)),
        ((3, 3, 3, 3), 0.0),
        ((0, 0, 0), None),
        ((), None),
    ],
)
def test_moments_of_counts_give_a_ratio(counts: tuple[int, ...], ratio: float | None) -> None:
    assert ratio_of_counts(counts) == ratio


def _mean(ratio: float, half_life_s: float, seeds: int) -> float:
    decay = log(2.0) / half_life_s
    found = [
        branching_estimate(
            drawn_events([0.02], SIX_HOURS_S, ratio, decay, SIX_HOURS_S, Random(seed)), SIX_HOURS_S
        )
        for seed in range(seeds)
    ]
    return fmean(one.ratio for one in found if one is not None)


def _stepped(seed: int) -> list[float]:
    """Chance alone, whose rate rises from .01 to .06 a second half way: nothing brings anything about."""
    return drawn_events([0.01, 0.06], SIX_HOURS_S / 2.0, 0.0, 1.0, SIX_HOURS_S, Random(seed))


def test_a_rate_that_steps_is_no_excitement_though_a_constant_baseline_would_have_it_so() -> None:
    events = [_stepped(seed) for seed in range(3)]
    fooled = [constant_estimate(one, SIX_HOURS_S, log(2.0) / 600.0) for one in events]
    shown = [branching_estimate(one, SIX_HOURS_S) for one in events]

    assert fmean(one.ratio for one in fooled if one is not None) > 0.7
    assert fmean(one.ratio for one in shown if one is not None) < 0.1


@pytest.mark.parametrize("truth", [0.2, 0.5, 0.8])
def test_a_known_ratio_is_found_again_within_15_hundredths(truth: float) -> None:
    assert _mean(truth, 30.0, 3) == pytest.approx(truth, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("half_life_s", [10.0, 15.0, 30.0])
@pytest.mark.parametrize("truth", [0.0, 0.2, 0.5, 0.8])
def test_known_ratios_are_found_again_over_thirty_records(truth: float, half_life_s: float) -> None:
    mean = _mean(truth, half_life_s, 30)

    print(f"truth {truth}, half-life {half_life_s:g} s: mean {mean:.3f}")
    assert mean == pytest.approx(truth, abs=0.1 if truth == 0.0 else 0.15)


@pytest.mark.slow
def test_thirty_steps_of_a_rate_are_no_excitement() -> None:
    found = [branching_estimate(_stepped(seed), SIX_HOURS_S) for seed in range(30)]
    ratios = [one.ratio for one in found if one is not None]

    print(f"trap: mean {fmean(ratios):.3f}, most {max(ratios):.3f}")
    assert fmean(ratios) < 0.1


def test_equal_events_give_equal_estimates_and_a_deviation() -> None:
    events = drawn_events([0.02], SIX_HOURS_S, 0.5, 0.05, SIX_HOURS_S, Random(1))

    once, again = branching_estimate(events, SIX_HOURS_S), branching_estimate(events, SIX_HOURS_S)
    assert once == again
    assert once is not None
    assert once.deviation is not None
    assert 0.0 < once.deviation < 0.3


def test_nothing_is_estimated_from_nothing() -> None:
    assert piecewise_estimate((), SIX_HOURS_S) is None
    assert branching_estimate((), SIX_HOURS_S) is None
    assert constant_estimate((), SIX_HOURS_S, 1.0) is None


def test_a_single_event_is_excited_by_nothing() -> None:
    found = branching_estimate((10.0,), SIX_HOURS_S)

    assert found is not None
    assert found.ratio == pytest.approx(0.0, abs=1e-3)


def test_twins_of_one_stamp_are_drawn_apart_within_it_and_always_alike() -> None:
    stamps_ms = (1_000, 5_000, 5_000, 5_000, 9_500)

    drawn = apart(stamps_ms)
    assert drawn == apart(stamps_ms)
    assert drawn == sorted(drawn)
    assert drawn[0] == 1.0
    assert drawn[-1] == 9.5
    assert all(5.0 <= at_s < 6.0 for at_s in drawn[1:4])
    assert len(set(drawn)) == 5
