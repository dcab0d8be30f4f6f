"""Nothing is loud without skill: every way to a warning or worse is held against the verdicts of docs/evaluation.json."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from market.alerts import CLASSES, Alert, AlertMemory, Kind, Severity, decide, shock_class
from market.alerts.reach import HIGHEST
from market.flags import FlagMemory
from market.reading import Because, Presence, Reading
from market.regime import judge
from market.snapshot import Snapshot
from market.table import State
from tests.market.readings import HOUR, RULES, market

FIGURES = Path(__file__).parent.parent.parent / "docs" / "evaluation.json"
SHOCKS = (-0.5, -1.6, -2.1, -2.6)
FLAGS = ("fe", "kst", "lc", "lb", "pd", "oe")


@pytest.fixture(scope="module")
def skill() -> Mapping[str, Any]:
    said: Mapping[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))["skill"]
    return said


def moments() -> Iterator[Snapshot]:
    """Every state with every combination of what may make a warning louder, in calm and in each class of the shock."""
    readings = market()
    regime = judge(readings, None, RULES, HOUR)
    for state, stage, shock, held in product(
        State, (0, 5), SHOCKS, product((False, True), repeat=len(FLAGS) + 1)
    ):
        flags = {
            **regime.flags,
            **{name: FlagMemory(on, 0) for name, on in zip(FLAGS, held[1:], strict=True)},
        }
        facts = {"price_usd": 97.0, "shock_24h": shock, "r_24h": -0.03, "sigma_1d": 0.02}
        price = Reading("price", "USD", Presence.SEEN, Because.MEASURED, 97.0, asof_ms=HOUR, facts=facts)
        judged = replace(regime, state=state, held=state, stage=stage, protip=held[0], flags=flags)
        yield Snapshot("BTC", HOUR, "history", (price, *readings[1:]), judged)


def told(snapshot: Snapshot) -> Iterator[Alert]:
    """What is told at once, and what is once a slow condition has held for its time."""
    memory, first = decide(AlertMemory(), snapshot, RULES, HOUR)
    later = replace(snapshot, at_ms=2 * HOUR)
    _, second = decide(memory, later, RULES, 2 * HOUR)
    yield from (*first, *second)


def ways_to_be_loud(snapshot: Snapshot) -> Iterator[str]:
    """The conditions by which such a moment may be loud, by their names in docs/evaluation.json."""
    shock = shock_class(snapshot.fact("price", "shock_24h"), RULES.alerts)
    yield from ("shock_watch", "shock_warning", "shock_critical")[shock - 1 : shock]
    if snapshot.regime.state is State.UNWINDING and snapshot.regime.flag("lb"):
        yield "unwinding_lb"


def allowed(snapshot: Snapshot, skill: Mapping[str, Any]) -> Severity:
    """How loud the evidence lets a moment be: by its shock, and by forced selling."""
    ways = list(ways_to_be_loud(snapshot))
    if "unwinding_lb" in ways:
        return Severity.CRITICAL
    names = ("shock_watch", "shock_warning", "shock_critical")
    level = max(
        (
            number
            for number, name in enumerate(names)
            if name in ways and skill["skill"][name]["verdict"] == "skill"
        ),
        default=-1,
    )
    return CLASSES[max(0, level)]


def test_nothing_is_louder_than_the_evidence_lets_it_be(skill: Mapping[str, Any]) -> None:
    loudest = dict.fromkeys(Kind, Severity.WATCH)
    for snapshot in moments():
        most = CLASSES.index(allowed(snapshot, skill))
        for alert in told(snapshot):
            assert CLASSES.index(alert.severity) <= most, (alert, list(ways_to_be_loud(snapshot)))
            loudest[alert.kind] = max(loudest[alert.kind], alert.severity, key=CLASSES.index)
    assert loudest == HIGHEST


def test_each_class_of_the_shock_is_right_more_often_than_the_one_below(skill: Mapping[str, Any]) -> None:
    shocks = [skill["skill"][f"shock_{name.value}"] for name in CLASSES]
    assert {one["verdict"] for one in shocks} == {"skill"}
    precisions = [one["precision"] for one in shocks]
    assert precisions == sorted(precisions)


def test_forced_selling_is_loud_by_design_and_not_established(skill: Mapping[str, Any]) -> None:
    assert skill["skill"]["unwinding_lb"]["verdict"] == "not established"
