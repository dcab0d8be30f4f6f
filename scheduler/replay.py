"""History through the very same engine: what the states and alerts would have been, bar by bar."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from market.alerts import Alert
from market.observations import DAY_MS
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import State
from scheduler.engine import Engine
from scheduler.history_files import HistoryFile

WARM_UP_MS = 7 * DAY_MS
"""Before this much history nothing can be ranked (n_min of quant.md section 0)."""


@dataclass(slots=True)
class Tally:
    """What one file's replay came to; `blind` counts bars of INSUFFICIENT DATA after warm-up, `warm` the bars there."""

    asset: str
    bars: int = 0
    warm: int = 0
    blind: int = 0
    states: Counter[State] = field(default_factory=Counter)
    visited: list[tuple[int, State]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def count(self, snapshot: Snapshot, alerts: tuple[Alert, ...], first_ms: int) -> None:
        """Take one bar's answer."""
        state = snapshot.regime.state
        self.bars += 1
        self.states[state] += 1
        self.alerts.extend(alerts)
        if not self.visited or self.visited[-1][1] is not state:
            self.visited.append((snapshot.at_ms, state))
        if snapshot.at_ms - first_ms >= WARM_UP_MS:
            self.warm += 1
            self.blind += state is State.INSUFFICIENT_DATA

    @property
    def blind_share(self) -> float | None:
        """Share of bars after warm-up without enough data, None for a file shorter than the warm-up."""
        return self.blind / self.warm if self.warm else None


def replay(
    history: HistoryFile, rules: Rules, until_ms: int | None = None
) -> Iterator[tuple[Snapshot, tuple[Alert, ...]]]:
    """Every closed bar's snapshot and alerts, up to `until_ms`."""
    engine = Engine(history.asset, rules, "history")
    for now_ms, _, observations in history.steps(until_ms):
        yield engine.step(now_ms, observations)
