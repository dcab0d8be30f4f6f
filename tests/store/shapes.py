"""The shape of every stored kind: which fields of which types it has, so that a change of it cannot go unnoticed.

`golden/shapes.json` keeps the shape of each kind under its number. `python -m tests.store.samples` records new kinds and
numbers, and fields that were added with a default; any other change under the same number it refuses.
"""

import enum
import importlib
import json
import re
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from market.observations import Observation
from store.codec import Kind

HOME = Path(__file__).parent.parent.parent
PACKAGES = ("market", "store", "commands", "scheduler", "bot")

Shape = dict[str, dict[str, str]]


@cache
def kinds() -> tuple[Kind[Any], ...]:
    """Every kind that the program stores, by name: those of all modules that take `Kind` from the codec."""
    takes = re.compile(r"^from store\.codec import .*\bKind\b", re.MULTILINE)
    found: dict[tuple[str, int], Kind[Any]] = {}
    for path in sorted(path for package in PACKAGES for path in (HOME / package).rglob("*.py")):
        if takes.search(path.read_text()):
            module = importlib.import_module(".".join(path.relative_to(HOME).with_suffix("").parts))
            for value in vars(module).values():
                if isinstance(value, Kind):
                    found[value.name, value.schema] = value
    return tuple(found[key] for key in sorted(found))


def title(kind: Kind[Any]) -> str:
    """What a kind of this number is called in `shapes.json`."""
    return f"{kind.name} {kind.schema}"


def shape_of(kind: Kind[Any]) -> Shape:
    """Every type that a value of this kind may hold, by name, with its fields or members."""
    found: Shape = {"": {"value": _word(kind.type)}}
    _look(kind.type, found)
    if kind.name == "step":
        for one in get_args(Observation):
            _look(one, found)
    return found


def is_wider(old: Shape, new: Shape) -> bool:
    """Whether an old value can be read as a new one: nothing is gone or changed, and what is new has a default."""
    return all(
        name in new
        and old[name].items() <= new[name].items()
        and all(" = " in told for field, told in new[name].items() if field not in old[name])
        for name in old
    )


def record_shapes(path: Path) -> list[str]:
    """Keep the shapes of today; what is refused, in words."""
    recorded: dict[str, Shape] = json.loads(path.read_text()) if path.exists() else {}
    refused = []
    for kind in kinds():
        shape, before = shape_of(kind), recorded.get(title(kind))
        if before is None or is_wider(before, shape):
            recorded[title(kind)] = shape
        else:
            refused.append(
                f"{title(kind)} has changed: raise its number and say how an old value becomes a new one."
            )
    path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    return refused


def _look(kind: Any, found: Shape) -> None:
    for part in get_args(kind):
        _look(part, found)
    if not isinstance(kind, type) or kind.__name__ in found:
        return
    if issubclass(kind, enum.Enum):
        found[kind.__name__] = {one.name: f"{one.value} = a member" for one in kind}
    elif is_dataclass(kind):
        _note(kind, {one.name: _default(one.default, one.default_factory) for one in fields(kind)}, found)
    elif issubclass(kind, msgspec.Struct):
        told = msgspec.structs.fields(kind)
        _note(kind, {one.name: _default(one.default, one.default_factory) for one in told}, found)


def _note(kind: type, defaults: dict[str, str], found: Shape) -> None:
    hints = get_type_hints(kind)
    found[kind.__name__] = {name: f"{_word(hints[name])}{default}" for name, default in defaults.items()}
    for name in defaults:
        _look(hints[name], found)


def _default(value: Any, factory: Any) -> str:
    if factory is not MISSING and factory is not msgspec.NODEFAULT:
        return " = made"
    return "" if value is MISSING or value is msgspec.NODEFAULT else f" = {value!r}"


def _word(kind: Any) -> str:
    """A type as it reads, wherever it is defined: a class that moves to another module is the same."""
    told = kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", told)
