"""Attempts at more than the price shock: each keeps the shock and changes it by one idea, in the shock's own unit.

Every variant is fixed before: its sign by reason, its weight one of two or three; nothing is fitted to what came but the mean
and the spread of an input, both of the past. Which variant of an attempt is used is then chosen on the past alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.forecasts import Model, Scorer
from evaluation.panel import Panel
from evaluation.study import Floats

SHOCK = "price.shock_24h"
LIMIT = 4.0
"""An input moves the score by at most so many of its spreads."""

LIGHT, PLAIN, STRONG = 0.15, 0.3, 0.6
"""Weights: so many sigmas of shock for one spread of the input."""


@dataclass(frozen=True)
class Variant:
    """One change of the shock: what the attempt is, how it is named, how it scores."""

    attempt: str
    name: str
    model: Model


def _spread(past: Panel, name: str) -> tuple[float, float]:
    """Mean and spread of an input on the past; an input never known counts nothing."""
    values = past.inputs[name]
    known = values[np.isfinite(values)]
    spread = float(known.std()) if len(known) else 0.0
    return (float(known.mean()), spread) if spread > 0.0 else (0.0, float("inf"))


def _stands(asked: Panel, name: str, of_past: tuple[float, float]) -> Floats:
    """An input in spreads from its mean; an unknown one stands at its mean."""
    mean, spread = of_past
    return np.nan_to_num(np.clip((asked.inputs[name] - mean) / spread, -LIMIT, LIMIT))


def nudged(weights: Mapping[str, float]) -> Model:
    """The shock and so many sigmas for each spread of other inputs."""

    def teach(past: Panel) -> Scorer:
        spreads = {name: _spread(past, name) for name in weights}
        return lambda asked: (
            -asked.inputs[SHOCK]
            + sum(weight * _stands(asked, name, spreads[name]) for name, weight in weights.items())
        )

    return teach


def stretched(name: str, power: float) -> Model:
    """A falling shock times a power of e by the spreads of another input; a rising one as it is."""

    def teach(past: Panel) -> Scorer:
        of_past = _spread(past, name)

        def score(asked: Panel) -> Floats:
            shock = -asked.inputs[SHOCK]
            return np.where(shock > 0.0, shock * np.exp(power * _stands(asked, name, of_past)), shock)

        return score

    return teach


def blended(names: Sequence[str]) -> Model:
    """The mean of several shocks; unknown where one is."""
    return lambda _: lambda asked: -np.asarray(np.mean([asked.inputs[name] for name in names], axis=0))


def _several(attempt: str, signs: Mapping[str, float], weights: Sequence[float]) -> list[Variant]:
    """A variant for each input and weight."""
    return [
        Variant(attempt, f"{name} x {sign * weight:+g}", nudged({name: sign * weight}))
        for name, sign in signs.items()
        for weight in weights
    ]


def _powers(attempt: str, signs: Mapping[str, float]) -> list[Variant]:
    return [
        Variant(attempt, f"shock x e^({sign * PLAIN:+g} {name})", stretched(name, sign * PLAIN))
        for name, sign in signs.items()
    ]


VOLATILITY = {
    "log_rv_24h_of_ewma": 1.0,
    "range_sigmas": 1.0,
    "log_rv_7d_of_ewma": 1.0,
    "volatility.percentile": -1.0,
}
OTHERS = {"others_fall_7d_sigmas": -1.0, "others_shock_24h": -1.0, "worst_shock_24h": -1.0, "breadth": 1.0, "leader_shock_24h": -1.0}  # fmt: skip
HORIZONS = {
    "fall_7d_sigmas": -1.0,
    "shock_72h": -1.0,
    "price.shock_4h": -1.0,
    "price.lower_low_in_progress": 1.0,
}
CROWDING = {"flag.fe": 1.0, "flag.fn": 1.0, "flag.fr": -1.0, "funding.percentile": 1.0, "premium_24h": 1.0, "flag.oe": 1.0}  # fmt: skip
MEMORY = {"memory_72h": 1.0, "memory_336h": 1.0, "others_memory_72h": 1.0, "others_memory_336h": 1.0}
SHAPE = {
    "skew_7d": -1.0,
    "down_share_7d": 1.0,
    "jump_share_24h": -1.0,
    "jump_share_7d": -1.0,
    "bounce_24h": -1.0,
}

VARIANTS: tuple[Variant, ...] = (
    *_several("volatility", VOLATILITY, (PLAIN, STRONG)),
    *_powers("volatility", {"log_rv_24h_of_ewma": 1.0, "range_sigmas": 1.0}),
    *_several("other markets", OTHERS, (PLAIN, STRONG)),
    Variant("other markets", "mean with the others' shock", blended((SHOCK, "others_shock_24h"))),
    *_several("horizons", HORIZONS, (PLAIN, STRONG)),
    Variant("horizons", "mean of 4 h, 24 h, 72 h", blended(("price.shock_4h", SHOCK, "shock_72h"))),
    Variant("horizons", "mean of the last 6 hours' shocks", blended(("shock_24h_over_6h",))),
    *_several("crowding", CROWDING, (LIGHT, PLAIN)),
    *_powers("crowding", {"flag.fe": 1.0, "flag.fn": 1.0, "funding.percentile": 1.0}),
    *_several("memory of falls", MEMORY, (PLAIN,)),
    *_several("shape", SHAPE, (PLAIN,)),
    Variant("together", "others' week, lower low in progress", nudged({"others_fall_7d_sigmas": -PLAIN, "price.lower_low_in_progress": PLAIN})),
    Variant("together", "others' week, own week, lower low in progress, range", nudged({"others_fall_7d_sigmas": -PLAIN, "fall_7d_sigmas": -LIGHT, "price.lower_low_in_progress": PLAIN, "range_sigmas": LIGHT})),
    Variant("together", "one of each, 0.15", nudged({"log_rv_24h_of_ewma": LIGHT, "others_fall_7d_sigmas": -LIGHT, "fall_7d_sigmas": -LIGHT, "flag.fn": LIGHT, "memory_336h": LIGHT, "skew_7d": -LIGHT})),
)  # fmt: skip
"""All that were tried in their final form, in the order of the attempts."""
