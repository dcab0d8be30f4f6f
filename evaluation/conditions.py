"""Conditions of the article and of the design by name: for each hour of a market 1 (holds), 0 (does not) or NaN (not known)."""

from collections.abc import Mapping

import numpy as np

from evaluation.study import Floats, Study
from market.evaluation.recorded import Recorded
from market.observations import Asset
from market.table import CODED, State

FLAGS = ("pd", "nc", "brk", "stab", "fe", "fn", "fr", "fd", "oe", "ou", "oc", "vol_hi")
STATES = (State.CROWDING, State.CAPITULATION, State.MIXED, State.DIGESTING, State.STABILISING, State.HEALTHY)
STRONG_SHOCK, MILD_SHOCK = -2.0, -1.0
CLUES = 3
"""So many of the five groups of section 7 were a warning in the first design: "WARNING = >=3 of" them."""


def conditions(study: Study) -> dict[str, dict[Asset, Floats]]:
    """Every condition by its name: a column for each asset."""
    found = {one.asset: _of(study, one) for one in study.recorded}
    return {name: {asset: own[name] for asset, own in found.items()} for name in next(iter(found.values()))}


def both(*claims: Floats) -> Floats:
    """That all hold; unknown where one is unknown, as hours in which half is seen are no fair sample."""
    return np.asarray(np.min(claims, axis=0))


def either(*claims: Floats) -> Floats:
    """That one holds; unknown where one is unknown."""
    return np.asarray(np.max(claims, axis=0))


def at_most(values: Floats, limit: float) -> Floats:
    """That a value is at most so much."""
    return np.where(np.isnan(values), np.nan, (values <= limit).astype(np.float64))


def equal(values: Floats, wanted: float) -> Floats:
    """That a value is just this."""
    return np.where(np.isnan(values), np.nan, (values == wanted).astype(np.float64))


def _of(study: Study, one: Recorded) -> dict[str, Floats]:
    flag = {name: study.column(one, f"flag.{name}") for name in (*FLAGS, "rolling_over")}
    shock = study.column(one, "price.shock_24h")
    state = study.column(one, "regime.state")
    strong = at_most(shock, STRONG_SHOCK)
    told = {name: flag[name] for name in FLAGS}
    told |= {
        "rolling over": flag["rolling_over"],
        "pro-tip": study.column(one, "regime.protip"),
        "lower low": study.column(one, "price.lower_low"),
        "lower low in progress": study.column(one, "price.lower_low_in_progress"),
        "shock <= -1": at_most(shock, MILD_SHOCK),
        "shock <= -2": strong,
    }
    told |= {place.value: equal(state, float(CODED.index(place))) for place in STATES}
    told |= {
        "watch (pro-tip)": told["pro-tip"],
        "warning (3 of 5)": _clues(study, one, flag),
        "pd & fe": both(flag["pd"], flag["fe"]),
        "pd & (fe or fn)": both(flag["pd"], either(flag["fe"], flag["fn"])),
        "ou & (pd or nc)": both(flag["ou"], either(flag["pd"], flag["nc"])),
        "rolling over & pd": both(flag["rolling_over"], flag["pd"]),
        "shock <= -2 & oe": both(strong, flag["oe"]),
        "shock <= -2 & not oe": both(strong, 1.0 - flag["oe"]),
        "shock <= -2 & fn": both(strong, flag["fn"]),
        "shock <= -2 & not fn": both(strong, 1.0 - flag["fn"]),
    }
    return told


def _clues(study: Study, one: Recorded, flag: Mapping[str, Floats]) -> Floats:
    """At least three of price weak, open interest high or rising, funding dear, forced selling, skew; price or funding among them.

    What is not seen of the last two counts as not there.
    """
    seen = {name: np.nan_to_num(study.column(one, f"seen.{name}")) for name in ("lc", "ks", "kst")}
    forced = np.maximum(seen["lc"], np.nan_to_num(study.column(one, "flag.lb")))
    groups = (
        flag["pd"],
        either(flag["oe"], flag["ou"]),
        either(flag["fe"], both(flag["fn"], flag["pd"])),
        forced,
        np.maximum(seen["ks"], seen["kst"]),
    )
    count = np.sum(groups, axis=0)
    lead = either(flag["pd"], flag["fe"])
    return np.where(np.isnan(count), np.nan, ((count >= CLUES) & (lead == 1.0)).astype(np.float64))
