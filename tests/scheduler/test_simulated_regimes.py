"""The simulated market through the very same engine: the demo is not tuned to one seed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from market.alerts import Alert, Edge, Kind, Severity
from market.observations import HOUR_MS
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import State
from scheduler.engine import Engine
from scheduler.simulator.market import START_MS, SimulatedMarket

QUICK = 4
SEEDS = [seed if seed < QUICK else pytest.param(seed, marks=pytest.mark.slow) for seed in range(20)]
LOUD = (Severity.WARNING, Severity.CRITICAL)
DAY_TWO_MS = START_MS + 24 * HOUR_MS


@dataclass
class Played:
    """Three days as the engine saw them."""

    snapshots: list[Snapshot] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def states(self) -> list[State]:
        """The states in order, each change once."""
        states = [snapshot.regime.state for snapshot in self.snapshots]
        return [state for before, state in zip([None, *states], states, strict=False) if state is not before]

    @property
    def low_at_ms(self) -> int:
        """When price stood lowest."""
        return min(self.snapshots, key=lambda snapshot: snapshot.fact("price", "price_usd") or 0.0).at_ms

    def cascade(self, edges: Iterable[Edge], severities: Iterable[Severity] = LOUD) -> list[Alert]:
        """Cascade warnings of these edges and severities, in order."""
        edges, severities = tuple(edges), tuple(severities)
        return [
            alert
            for alert in self.alerts
            if alert.kind is Kind.CASCADE and alert.edge in edges and alert.severity in severities
        ]


def play(seed: int, scenario: str) -> Played:
    """The past, then three days, through the engine."""
    market, engine, played = SimulatedMarket(seed, scenario), Engine("BTC", Rules(), "simulated"), Played()
    for now_ms, _, observations in market.past():
        engine.step(now_ms, observations)
    for now_ms, _, observations in market.days():
        snapshot, alerts = engine.step(now_ms, observations)
        played.snapshots.append(snapshot)
        played.alerts.extend(alerts)
    played.refused = engine.state.market.refused
    return played


@pytest.mark.parametrize("seed", SEEDS)
def test_each_sell_off_shows_a_false_alarm_then_its_phases_and_warns_before_its_low(seed: int) -> None:
    played = play(seed, "sell_off")
    assert not played.refused
    expect_the_phases(played)
    expect_the_dip_to_end_as_a_false_alarm(played)
    expect_a_warning_before_the_low(played)


def expect_the_phases(played: Played) -> None:
    seen = set(played.states)
    assert played.states[0] is State.HEALTHY
    assert len(seen - {State.MIXED, State.INSUFFICIENT_DATA}) >= 4
    assert {State.CROWDING, State.UNWINDING} <= seen
    assert seen & {State.DIGESTING, State.STABILISING}


def expect_the_dip_to_end_as_a_false_alarm(played: Played) -> None:
    raised = played.cascade((Edge.FIRED, Edge.ESCALATED))
    closed = played.cascade((Edge.FALSE_ALARM, Edge.RESOLVED))
    assert raised[0].at_ms < START_MS + 12 * HOUR_MS
    assert closed[0].edge is Edge.FALSE_ALARM
    assert closed[0].id == raised[0].id
    assert closed[0].at_ms < DAY_TWO_MS + 2 * HOUR_MS


def expect_a_warning_before_the_low(played: Played) -> None:
    raised = played.cascade((Edge.FIRED, Edge.ESCALATED))
    assert any(DAY_TWO_MS < alert.at_ms < played.low_at_ms - HOUR_MS for alert in raised)
    assert Edge.RESOLVED in [alert.edge for alert in played.cascade((Edge.FALSE_ALARM, Edge.RESOLVED))]


@pytest.mark.parametrize("seed", SEEDS)
def test_calm_days_give_no_warning_at_all(seed: int) -> None:
    played = play(seed, "calm")
    assert not played.refused
    assert not [alert for alert in played.alerts if alert.severity in LOUD]
    shocks = [snapshot.fact("price", "shock_24h") or 0.0 for snapshot in played.snapshots]
    assert max(abs(shock) for shock in shocks) < 1.5


def test_nothing_is_warming_up_when_the_first_day_begins() -> None:
    first = play(7, "sell_off").snapshots[0]
    assert first.regime.inputs_seen == first.regime.inputs_known == 5
    assert first.regime.confidence == pytest.approx(1.0)
    assert first.fact("volatility", "sigma_ref_cold") == 0.0
    ranked = [reading for reading in first.readings if reading.name not in {"price", "depth"}]
    assert all(reading.percentile is not None for reading in ranked)
