"""The live windows bar by bar beside the batch over the same steps: every number and flag that either tells."""

from collections.abc import Iterable, Iterator, Sequence
from math import isclose, isnan

from market.observations import Observation
from market.reading import Reading
from market.rules import Rules
from market.signals import read_signals
from market.state import MarketState
from scheduler.batch import Columns, Told, read_columns
from scheduler.batch.columns import PRESENCES
from scheduler.batch.told import tell

RELATIVE, ABSOLUTE = 1e-9, 1e-15
RULES = Rules()
Said = dict[str, float | None]
Step = tuple[int, Sequence[Observation]]


def live(steps: Iterable[Step], asset: str) -> Iterator[tuple[int, Said]]:
    """What the live windows tell after each step."""
    state = MarketState(asset)
    for now_ms, observations in steps:
        state.observe(observations, now_ms, RULES)
        yield now_ms, said_by(read_signals(state, now_ms, RULES))


def said_by(readings: Iterable[Reading]) -> Said:
    """Value, rank, quality, presence, facts and flags of readings by name."""
    said: Said = {}
    for one in readings:
        numbers: Said = {
            "value": one.value,
            "percentile": one.percentile,
            "quality": one.quality,
            **one.facts,
        }
        numbers["presence"] = float(PRESENCES.index(one.presence))
        for condition in one.conditions:
            numbers[f"{condition.flag} enters"] = _as_number(condition.enters)
            numbers[f"{condition.flag} stays"] = _as_number(condition.stays)
        said |= {f"{one.name}.{name}": number for name, number in numbers.items()}
    return said


def columns_of(readings: dict[str, Columns]) -> dict[str, list[float | None]]:
    """The same of a batch, a list a name."""
    said: dict[str, list[float | None]] = {}
    for one in readings.values():
        numbers = {"value": one.value, "percentile": one.percentile, "quality": one.quality, **one.facts}
        for name, column in numbers.items():
            said[f"{one.name}.{name}"] = [None if isnan(number) else number for number in column.tolist()]
        said[f"{one.name}.presence"] = [float(place) for place in one.presence.tolist()]
        for way, claims in (("enters", one.enters), ("stays", one.stays)):
            for flag, said_of in claims.items():
                said[f"{one.name}.{flag} {way}"] = [CLAIMS[claim] for claim in said_of.tolist()]
    return said


CLAIMS = {1: 1.0, -1: 0.0, 0: None}


def differences(steps: Iterable[Step], asset: str, batch: dict[str, list[float | None]]) -> list[str]:
    """Where live and batch disagree, and what the batch does not know of."""
    found = list[str]()
    for row, (now_ms, said) in enumerate(live(steps, asset)):
        for name, column in batch.items():
            if not same(said.get(name), column[row]):
                found.append(f"step {row} ({now_ms}) {name}: live {said.get(name)!r}, batch {column[row]!r}")
        found += [f"step {row} {name}: not in the batch" for name in said.keys() - batch.keys()]
    return found


def compared(steps: Sequence[Step], asset: str = "BTC", told: Told | None = None) -> list[str]:
    """Where live and batch over these steps disagree."""
    columns = read_columns(tell(asset, steps) if told is None else told, RULES)
    return differences(steps, asset, columns_of(columns))


def same(one: float | None, other: float | None) -> bool:
    """Equal to 1e-9, or unknown on both sides."""
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _as_number(claim: bool | None) -> float | None:
    return None if claim is None else float(claim)
