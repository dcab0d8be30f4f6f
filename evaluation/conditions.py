"""Conditions of the article and of the design by name: for each hour of a market 1 (holds), 0 (does not) or NaN (not known)."""

from collections.abc import Mapping

import numpy as np

from evaluation.study import Floats, Study
from market.evaluation.recorded import Recorded
from market.observations import Asset
from market.table import CODED, State

FLAGS = ("pd", "downtrend", "nc", "brk", "stab", "fe", "fn", "fr", "fd", "oe", "ou", "oc", "vol_hi")
STATES = (State.CROWDING, State.CAPITULATION, State.MIXED, State.DIGESTING, State.STABILISING, State.HEALTHY)
STRONG_SHOCK, MILD_SHOCK = -2.0, -1.0
WEEKS_SIGMAS, HELD_HOURS = -2.0, 6
"""Of price weakness as section 1 had it before decision 0042: two sigma off the week's high; and gone only after six hours."""
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
    weak = _weak_as_first(study, one)
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
        "pd (section 1)": weak,
        "watch (pro-tip, section 1)": both(weak, flag["oe"], flag["fn"]),
        "warning (3 of 5, section 1)": _clues(study, one, flag | {"pd": weak}),
        "pd (section 1) & fe": both(weak, flag["fe"]),
        "ou & (pd (section 1) or nc)": both(flag["ou"], either(weak, flag["nc"])),
        "rolling over & pd (section 1)": both(flag["rolling_over"], weak),
        "pd & fe": both(flag["pd"], flag["fe"]),
        "pd & (fe or fn)": both(flag["pd"], either(flag["fe"], flag["fn"])),
        "rolling over & pd": both(flag["rolling_over"], flag["pd"]),
        "shock <= -2 & oe": both(strong, flag["oe"]),
        "shock <= -2 & not oe": both(strong, 1.0 - flag["oe"]),
        "shock <= -2 & fn": both(strong, flag["fn"]),
        "shock <= -2 & not fn": both(strong, 1.0 - flag["fn"]),
    }
    return told


def _weak_as_first(study: Study, one: Recorded) -> Floats:
    """Price weakness as the first run and section 1 have it, held for its six hours."""
    told = {
        name: study.column(one, f"price.{name}")
        for name in ("r_7d", "lower_low", "shock_24h", "price_usd", "mean_7d_usd", "drawdown_7d", "sigma_1d")
    }
    legs = (
        both(at_most(told["r_7d"], 0.0), told["lower_low"]),
        at_most(told["shock_24h"], MILD_SHOCK),
        both(
            at_most(told["price_usd"] - told["mean_7d_usd"], 0.0),
            at_most(told["drawdown_7d"] - WEEKS_SIGMAS * told["sigma_1d"], 0.0),
        ),
    )
    raw = np.where((np.array(legs) == 1.0).any(axis=0), 1.0, either(*legs))
    held = np.max([_shifted(np.nan_to_num(raw), hours) for hours in range(HELD_HOURS + 1)], axis=0)
    return np.where(held == 1.0, 1.0, raw)


def _shifted(values: Floats, rows: int) -> Floats:
    return np.concatenate([np.zeros(min(rows, len(values))), values[: max(0, len(values) - rows)]])


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
