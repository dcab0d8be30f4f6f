"""A logistic regression by iterated least squares with a ridge, and one whose weights keep a sign: numpy alone."""

from dataclasses import dataclass

import numpy as np

from evaluation.study import Floats

STEPS = 20
SMALL = 1e-9
CLIP = 50.0
"""Standardised inputs are cut here, so that one crash of the past does not make the line."""


@dataclass(frozen=True)
class Logistic:
    """Fitted weights of standardised inputs; an unknown input counts as its mean."""

    mean: Floats
    spread: Floats
    weights: Floats

    def __call__(self, inputs: Floats) -> Floats:
        """The chance by the rows of inputs."""
        return _chance(_ready(inputs, self.mean, self.spread) @ self.weights)


def fit(inputs: Floats, truth: Floats, ridge: float = 10.0, signs: Floats | None = None) -> Logistic:
    """Fit rows of inputs to 0 and 1. `signs` holds the weight of an input to one side (-1, 1) or leaves it free (0)."""
    known = np.isfinite(inputs)
    rows = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, inputs, 0.0).sum(axis=0) / rows
    spread = np.sqrt((np.where(known, inputs - mean, 0.0) ** 2).sum(axis=0) / rows)
    spread = np.where(spread > 0.0, spread, 1.0)
    ready = _ready(inputs, mean, spread)
    free = np.ones(ready.shape[1], np.bool_)
    while True:
        weights = _weights(ready[:, free], truth, ridge)
        wrong = _wrong(weights, free, signs)
        if not wrong.any():
            break
        free[np.flatnonzero(free)[wrong]] = False
    full = np.zeros(ready.shape[1])
    full[free] = weights
    return Logistic(mean, spread, full)


def _wrong(
    weights: Floats, free: np.ndarray[tuple[int], np.dtype[np.bool_]], signs: Floats | None
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of the free weights stand on the side they must not: those inputs are left out and the rest fitted again."""
    if signs is None:
        return np.zeros(len(weights), np.bool_)
    asked = np.concatenate([[0.0], signs])[free]
    return np.asarray((asked != 0.0) & (weights * asked < 0.0), np.bool_)


def _weights(ready: Floats, truth: Floats, ridge: float) -> Floats:
    """Newton's steps, each halved until it is no step down."""
    penalty = np.full(ready.shape[1], ridge)
    penalty[0] = 0.0
    base = np.clip(truth.mean(), 1e-4, 1.0 - 1e-4)
    weights = np.zeros(ready.shape[1])
    weights[0] = np.log(base / (1.0 - base))
    reached = _likelihood(ready @ weights, truth) - 0.5 * float(penalty @ weights**2)
    for _ in range(STEPS):
        chance = _chance(ready @ weights)
        spread = chance * (1.0 - chance)
        slope = ready.T @ (truth - chance) - penalty * weights
        step = np.linalg.solve((ready * spread[:, None]).T @ ready + np.diag(penalty + SMALL), slope)
        for _ in range(STEPS):
            tried = weights + step
            found = _likelihood(ready @ tried, truth) - 0.5 * float(penalty @ tried**2)
            if found >= reached:
                break
            step = step / 2.0
        else:
            return weights
        weights, gained, reached = tried, found - reached, found
        if gained < SMALL * len(truth):
            break
    return weights


def _likelihood(log_odds: Floats, truth: Floats) -> float:
    """Of what came, its logarithm."""
    return float((truth * log_odds - np.logaddexp(0.0, log_odds)).sum())


def _ready(inputs: Floats, mean: Floats, spread: Floats) -> Floats:
    """Standardised, unknown ones at their mean, with a first column of ones."""
    with np.errstate(invalid="ignore"):
        scaled = np.clip((inputs - mean) / spread, -CLIP, CLIP)
    return np.column_stack([np.ones(len(inputs)), np.nan_to_num(scaled)])


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))))
