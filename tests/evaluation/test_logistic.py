"""A logistic regression by numpy alone."""

import numpy as np

from evaluation.logistic import fit


def drawn() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(11)
    inputs = random.normal(size=(40_000, 3))
    odds = -2.0 + 1.0 * inputs[:, 0] - 0.5 * inputs[:, 1]
    truth = (random.random(40_000) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64)
    return inputs, truth


def test_it_finds_the_weights_that_made_the_rows() -> None:
    inputs, truth = drawn()
    fitted = fit(inputs, truth, ridge=0.0)
    np.testing.assert_allclose(fitted.weights, [-2.0, 1.0, -0.5, 0.0], atol=0.06)
    assert abs(fitted(inputs).mean() - truth.mean()) < 1e-6


def test_a_weight_held_to_a_sign_it_has_not_is_nothing() -> None:
    inputs, truth = drawn()
    fitted = fit(inputs, truth, ridge=0.0, signs=np.array([1.0, 1.0, 0.0]))
    assert fitted.weights[2] == 0.0
    assert fitted.weights[1] > 0.9


def test_an_unknown_input_counts_as_its_mean_and_one_never_known_counts_nothing() -> None:
    inputs, truth = drawn()
    inputs[:, 2] = np.nan
    fitted = fit(inputs, truth)
    assert fitted.weights[3] == 0.0
    asked = np.array([[np.nan, 0.0, 5.0], [float(inputs[:, 0].mean()), 0.0, np.nan]])
    first, second = fitted(asked)
    assert abs(first - second) < 1e-9
