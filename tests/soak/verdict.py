"""What came of it, against what an undisturbed market would have shown."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import quantiles

from market.alerts import Alert, Edge, Kind, Reason
from market.observations import MINUTE_MS, SECOND_MS, Asset
from market.table import SEVERITY, State
from tests.soak.production import Notebook
from tests.soak.truth import Truth

STORM_LASTS_MS = 120 * MINUTE_MS
POLL_MS, LOOK_MS = MINUTE_MS, MINUTE_MS
DWELL_MS = 90 * SECOND_MS
"""A price venue is given up for the next one, and a minute of liquidations waited for, this long."""
SEEN_WITHIN_MS = POLL_MS + LOOK_MS + DWELL_MS
AGREES_WITHIN_MS = 20 * MINUTE_MS
PRICE_LED = (Reason.PRICE_SHOCK, Reason.FORCED_SELLING)
OVER = (Edge.RESOLVED, Edge.FALSE_ALARM)
MOST_GROWTH = 0.10


@dataclass(frozen=True, slots=True)
class Cascade:
    """One planted cascade of one asset: when an undisturbed market warns of it, and when this one did (None: never)."""

    asset: Asset
    fall_ms: int
    expected_ms: int
    seen_ms: int | None

    @property
    def late_s(self) -> float | None:
        return None if self.seen_ms is None else (self.seen_ms - self.expected_ms) / SECOND_MS

    @property
    def is_in_time(self) -> bool:
        return self.seen_ms is not None and self.seen_ms - self.expected_ms <= SEEN_WITHIN_MS


@dataclass(frozen=True, slots=True)
class Verdict:
    """All figures of a run. It is good where `violations` is empty."""

    seed: int
    hours: float
    speed: float
    faults: int
    kinds: int
    looks: int
    late_ms_p99: float
    cascades: list[Cascade]
    false_resolved: list[str]
    resolved: int
    alerts: int
    unhandled: list[str]
    logged: list[str]
    warnings: int
    rss_warm_mb: float
    rss_end_mb: float
    tasks_before: int
    tasks_after: int
    sockets_before: int
    sockets_after: int
    venues_exit: int
    took_s: float
    cpu_s: tuple[float, float]
    blind_looks: int = 0
    restless: list[str] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    rss_most_mb: float = 0.0
    told: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    planned: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        return self.rss_end_mb / self.rss_warm_mb - 1.0

    @property
    def violations(self) -> list[str]:
        return [name for name, is_broken in self._claims() if is_broken]

    def _claims(self) -> Iterable[tuple[str, bool]]:
        yield "an exception was not handled", bool(self.unhandled)
        yield "an error was logged", bool(self.logged)
        yield "memory grew", self.growth >= MOST_GROWTH
        yield "tasks were left", self.tasks_after > self.tasks_before
        yield "sockets were left", self.sockets_after > self.sockets_before
        yield "no cascade was planted", not self.cascades
        yield "a cascade was missed or seen late", not all(one.is_in_time for one in self.cascades)
        yield "a warning was resolved that stood", bool(self.false_resolved)
        yield "the venues' own process failed", self.venues_exit != 0

    def table(self) -> str:
        seen = sum(one.is_in_time for one in self.cascades)
        rows = [
            ("simulated", f"{self.hours:g} h at {self.speed:g}x in {self.took_s:.0f} s, seed {self.seed}"),
            ("faults", f"{self.faults} of {self.kinds} kinds"),
            (
                "looks",
                f"{self.looks}, late by {self.late_ms_p99:.0f} ms of the market (p99), blind {self.blind_looks}",
            ),
            ("processor", f"{self.cpu_s[0]:.0f} s here, {self.cpu_s[1]:.0f} s for the simulated exchanges"),
            ("unhandled exceptions", f"{len(self.unhandled)}"),
            ("lines at ERROR", f"{len(self.logged)} (warnings: {self.warnings})"),
            (
                "memory",
                f"{self.rss_warm_mb:.1f} -> {self.rss_end_mb:.1f} MB ({self.growth:+.1%}); at most {self.rss_most_mb:.1f} MB",
            ),
            ("tasks before, after", f"{self.tasks_before}, {self.tasks_after}"),
            ("sockets before, after", f"{self.sockets_before}, {self.sockets_after}"),
            ("planted cascades seen in time", f"{seen} of {len(self.cascades)}"),
            ("falsely resolved", f"{len(self.false_resolved)} of {self.resolved}; {self.alerts} alerts"),
        ]
        lines = [f"{name:32}{figure}" for name, figure in rows]
        for one in self.cascades:
            late = "missed" if one.late_s is None else f"{one.late_s:+.0f} s against the undisturbed market"
            lines.append(f"  {one.asset:5} fall at {one.fall_ms // MINUTE_MS % 100_000} min: {late}")
        told = [*self.false_resolved, *self.unhandled[:10], *self.logged[:10], *self.restless]
        return "\n".join(
            [*lines, *(f"  {line}" for line in told), *(f"VIOLATION: {one}" for one in self.violations)]
        )

    def line(self) -> dict[str, object]:
        """All of it as plain JSON."""
        return {**asdict(self), "growth": self.growth, "violations": self.violations}


def cascades(
    truth: Mapping[Asset, Truth], notebook: Notebook, falls_ms: Iterable[int], from_ms: int, until_ms: int
) -> list[Cascade]:
    """Each planted fall that an undisturbed market warns of."""
    found = []
    for fall_ms in falls_ms:
        if not from_ms <= fall_ms <= until_ms - STORM_LASTS_MS:
            continue
        for asset, told in truth.items():
            expected = _first(told.alerts, asset, fall_ms)
            if expected is not None:
                found.append(Cascade(asset, fall_ms, expected, _first(notebook.alerts, asset, fall_ms)))
    return found


def _first(alerts: Iterable[Alert], asset: Asset, fall_ms: int) -> int | None:
    return next(
        (
            one.at_ms
            for one in alerts
            if one.asset == asset
            and one.kind is Kind.CASCADE
            and one.edge in (Edge.FIRED, Edge.ESCALATED)
            and one.reason in PRICE_LED
            and fall_ms <= one.at_ms <= fall_ms + STORM_LASTS_MS
        ),
        None,
    )


def falsely_resolved(truth: Mapping[Asset, Truth], notebook: Notebook, until_ms: int) -> list[str]:
    """Warnings that were called over while they stood, all the while, in the undisturbed market."""
    found = []
    for alert in notebook.alerts:
        if alert.edge not in OVER or alert.at_ms > until_ms - AGREES_WITHIN_MS:
            continue
        near = [one for one in truth[alert.asset].states if abs(one[0] - alert.at_ms) <= AGREES_WITHIN_MS]
        if alert.kind is Kind.CASCADE:
            stood = all(stands for _, _, stands in near)
        else:
            stood = all(_is_worse(state, alert.state) for _, state, _ in near)
        if near and stood:
            states = sorted({state.value for _, state, _ in near})
            found.append(
                f"{alert.asset} {alert.kind.value} {alert.edge.value} ({alert.reason.value}) at {alert.at_ms // MINUTE_MS % 100_000} min"
                f" into {alert.state.value}, undisturbed: {', '.join(states)}"
            )
    return found


def in_words(alerts: Iterable[Alert]) -> list[str]:
    """Each alert in a line, for whoever wants to know why."""
    return [
        f"{one.at_ms // SECOND_MS} {one.asset} {one.kind.value} {one.edge.value} {one.severity.value} {one.reason.value}"
        f" {one.state.value} shock {one.facts.get('shock_24h')}"
        for one in sorted(alerts, key=lambda alert: alert.at_ms)
    ]


def resolved(notebook: Notebook) -> int:
    return sum(alert.edge in OVER for alert in notebook.alerts)


def p99(values: list[int]) -> float:
    return quantiles(values, n=100)[98] if len(values) > 1 else 0.0


def _is_worse(one: State, than: State) -> bool:
    return SEVERITY.get(one, -1) > SEVERITY.get(than, -1)
