"""The engine of one asset: observations in, a snapshot and alerts out. Live, replay and demo run this very code."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from market.across import AtVenue
from market.alerts import Alert, AlertMemory, decide
from market.findings import Finding
from market.observations import Asset, Observation
from market.reading import Level, Reading
from market.regime import judge
from market.rules import Rules
from market.signals import read_signals
from market.snapshot import Snapshot
from market.state import MarketState
from market.table import CODED


@dataclass(slots=True)
class EngineState:
    """All that the engine remembers of an asset; a checkpoint of it restarts the engine exactly."""

    market: MarketState
    snapshot: Snapshot | None = None
    alerts: AlertMemory = field(default_factory=AlertMemory)


class Engine:
    """A deterministic fold: the same steps from the same state give the same snapshots, to the last bit."""

    def __init__(self, asset: Asset, rules: Rules, source: str, state: EngineState | None = None) -> None:
        """`source` is "live", "history" or "simulated"; without `state` nothing is remembered yet."""
        self.rules = rules
        self.source = source
        self.state = state if state is not None else EngineState(MarketState(asset))

    @property
    def asset(self) -> Asset:
        """The asset this engine watches."""
        return self.state.market.asset

    def step(
        self,
        now_ms: int,
        observations: Iterable[Observation],
        findings: tuple[Finding, ...] = (),
        venues: tuple[AtVenue, ...] = (),
    ) -> tuple[Snapshot, tuple[Alert, ...]]:
        """Take what became known up to `now_ms` and look at the market once.

        `findings` and what each of the `venues` says by itself are shown, never judged.
        """
        state, rules = self.state, self.rules
        before, closed_ms = state.snapshot, state.market.hours.last_close_ms
        state.market.observe(observations, now_ms, rules)
        readings = read_signals(state.market, now_ms, rules)
        regime = judge(readings, before.regime if before is not None else None, rules, now_ms)
        if state.market.hours.last_close_ms > closed_ms:
            state.market.hours.set_state(state.market.hours.last_close_ms, CODED.index(regime.state))
        levelled = tuple([_levelled(reading, regime.levels.get(reading.name)) for reading in readings])
        snapshot = Snapshot(self.asset, now_ms, self.source, levelled, regime, findings, venues)
        state.snapshot = snapshot
        state.alerts, alerts = decide(state.alerts, snapshot, rules, now_ms)
        return snapshot, alerts


def _levelled(reading: Reading, level: Level | None) -> Reading:
    """The reading with its level; most of what has none is left as it is."""
    return reading if reading.level is level else replace(reading, level=level)
