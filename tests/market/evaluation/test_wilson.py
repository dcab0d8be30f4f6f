"""Shares of few cases, by the vectors of section 10."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.evaluation.wilson import wilson


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [(6, 10, 0.313, 0.832), (14, 20, 0.481, 0.855), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0)],
)
def test_the_vectors_of_section_10(hits: int, cases: int, low: float, high: float) -> None:
    assert wilson(hits, cases) == pytest.approx((low, high), abs=0.0005)


def test_without_a_case_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "cases"), [(-1, 5), (6, 5), (1, 0)])
def test_impossible_counts_are_refused(hits: int, cases: int) -> None:
    with pytest.raises(ValueError, match=f"{hits} of {cases} cannot be"):
        wilson(hits, cases)


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_share_lies_inside_and_its_complement_is_the_mirror(hits: int, others: int, level: float) -> None:
    cases = hits + others
    low, high = wilson(hits, cases, level)
    assert 0.0 <= low <= high <= 1.0
    if cases:
        assert low - 1e-12 <= hits / cases <= high + 1e-12
        assert wilson(others, cases, level) == pytest.approx((1.0 - high, 1.0 - low), abs=1e-12)


def test_a_surer_interval_is_wider() -> None:
    sure, less = wilson(6, 10, 0.95), wilson(6, 10, 0.90)
    assert sure[0] < less[0] < less[1] < sure[1]
