"""What followed warnings and hours like this in recorded history: the table that `make evaluation` writes, and asks of it.

The counts are of the real engine's alerts on recorded years (docs/evaluation.md, "What followed"). A row is of one asset, or
of several together where one alone has too few days; what has no row, or too few days, is not established.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import msgspec

from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.observations import Asset
from market.regime import Regime
from market.table import State

TOGETHER = ""
"""The asset of a row that counts several."""

NO_SKILL, SKILL, NOT_ESTABLISHED = "none", "skill", "not established"
"""What a condition is worth alone (docs/evaluation.md, "Skill")."""


@dataclass(frozen=True, slots=True)
class Share:
    """How often something followed: in `share` of `cases`; None where there was no case.

    `days` is what it is established by: the days with a case, or those on which it came at all, or the spells, if fewer.
    `low` and `high` are the 90 % interval, `base` the share of all hours in which it could have been told, with the assets in
    the same proportion. `differs`: the interval of the paired difference from `base` excludes 0.
    """

    cases: int
    days: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
    base: float | None = None
    differs: bool = False
    is_established: bool = False


@dataclass(frozen=True, slots=True)
class Odds:
    """What followed one kind of warning, or one kind of hours.

    `episodes` of it began a day or more apart; for `begun` of them a sell-off had begun within the day before, and `sell_off`
    counts the others (section 10's label). `further_fall` counts all, down to the lowest low of the next 24 h. `mean_24h` is
    the mean return a day later with its interval, `returns` the quartiles by hours ahead, `lost` those of the day until then:
    fractions. Of hours `begun` is None, and shares are of hours.
    """

    name: str
    asset: Asset
    assets: tuple[Asset, ...]
    first_year: int
    last_year: int
    episodes: int
    begun: int | None
    sell_off: Share
    further_fall: Share
    mean_24h: tuple[float, float, float] | None = None
    returns: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    lost: tuple[float, float, float] | None = None


def is_established(odds: Odds) -> bool:
    """Whether a row has days enough for what it says."""
    return odds.sell_off.is_established and odds.further_fall.is_established


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that is quoted: what counts as a sell-off, whose years were read, the rows, and the verdict on conditions."""

    fall: float
    sigmas: float
    further_fall: float
    least_days: int
    first_year: int
    last_year: int
    assets: tuple[Asset, ...]
    rows: tuple[Odds, ...] = field(repr=False)
    verdicts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def row(self, name: str, asset: Asset) -> Odds | None:
        """What is quoted for an asset: its own row, else the one of several that it is among, else None."""
        several = None
        for odds in self.rows:
            if odds.name == name and odds.asset == asset:
                return odds
            if odds.name == name and odds.asset == TOGETHER and asset in odds.assets:
                several = odds
        return several


@cache
def recorded_odds() -> Table:
    """The table as shipped; it is read once."""
    return msgspec.json.decode((files("market") / "odds.json").read_bytes(), type=Table)


def told_of(alert: Alert) -> str | None:
    """The name of the row for an alert; None where nothing is quoted: it is over, milder, or out of sight."""
    if alert.edge not in (Edge.FIRED, Edge.ESCALATED):
        return None
    return alert_name(alert.kind, alert.severity, _occasion(alert))


def alert_name(kind: Kind, severity: Severity, occasion: str = "") -> str:
    """The name of the row for a kind of alert: "cascade/warning/price_shock", "oi/watch"."""
    return "/".join(part for part in (kind.value, severity.value, occasion) if part)


def _occasion(alert: Alert) -> str:
    """What is counted apart within a kind: what triggered it, which state it is, on which side funding is."""
    match alert.kind:
        case Kind.CASCADE:
            apart = (Reason.FORCED_SELLING, Reason.CONTEXT_ALONE)
            return (alert.reason if alert.reason in apart else Reason.PRICE_SHOCK).value
        case Kind.REGIME:
            return alert.state.value
        case Kind.FUNDING:
            rate = alert.facts.get("funding_8h")
            return "unknown" if rate is None else "dear" if rate > 0 else "negative"
        case _:
            return ""


def hours_of(regime: Regime) -> str | None:
    """The name of the row for hours in such a regime, None where there is no state."""
    return hours_name(regime.state, regime.flag("pd") is True, regime.protip is True)


def hours_name(state: State, is_falling: bool, is_protip: bool) -> str | None:
    """Hours are counted by the state that is said and by whether price is weak; those of the pro-tip apart."""
    if state is State.INSUFFICIENT_DATA:
        return None
    if is_protip and state is State.CROWDING:
        return "hours/protip"
    return f"hours/{state.value}{'/falling' if is_falling else ''}"
