"""Lines of alerts, of this program or of another: one JSON object each, refused in words where one cannot be read."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.running import WrongRequest
from market.alerts import Edge, Severity
from market.observations import Asset

LONGEST_LINE = 65_536
MOST_LINES = 1_000_000
LONGEST_NAME = 40
EXAMPLE = '{"at": "2024-08-05T03:00:00Z", "asset": "BTC", "kind": "cascade", "severity": "warning"}'
BEGINS = (Edge.FIRED, Edge.ESCALATED)
"""The edges that are warnings; the others are news of a warning that stood."""
ANY_KIND = "alert"
LOUDNESS = tuple(severity.value for severity in Severity)


@dataclass(frozen=True, slots=True)
class Told:
    """One warning of a file: `severity` is empty where it has none; `is_first` where it did not stand before."""

    at_ms: int
    asset: Asset
    kind: str
    severity: str
    is_first: bool


@dataclass(slots=True)
class AlertFile:
    """What a file of alerts holds: the warnings, and how many lines were news of one that stood."""

    told: list[Told] = field(default_factory=list)
    news: int = 0


def read_alerts(path: Path, assets: Collection[Asset]) -> AlertFile:
    """Every warning of a file of JSON lines. A line needs `at` and, where there are several `assets`, `asset`.

    Raises WrongRequest with the line's number and an example for the first line that cannot be read.
    """
    found = AlertFile()
    (only,) = assets if len(assets) == 1 else (None,)
    for number, text in _lines(path):
        said = _object(text, path, number)
        edge = _word(said, "edge", path, number) or Edge.FIRED.value
        if edge not in set(Edge):
            raise _wrong(path, number, f'"{edge}" is no edge; there are {", ".join(Edge)}')
        if edge not in BEGINS:
            found.news += 1
            continue
        named = _word(said, "asset", path, number)
        asset = (named if named in assets else named.upper()) or only
        if asset is None:
            raise _wrong(path, number, 'it has no "asset", and the files are of several')
        kind = _word(said, "kind", path, number) or ANY_KIND
        severity = _word(said, "severity", path, number)
        at_ms = _time(said.get("at"), path, number)
        found.told.append(Told(at_ms, asset, kind, severity, edge == Edge.FIRED))
    return found


def groups(told: Iterable[Told]) -> dict[tuple[str, str], list[Told]]:
    """Warnings by kind (severity empty: the first of each episode) and by kind and severity, the quiet ones first."""
    kinds: dict[str, list[Told]] = {}
    for one in told:
        kinds.setdefault(one.kind, []).append(one)
    grouped: dict[tuple[str, str], list[Told]] = {}
    for kind, mine in kinds.items():
        grouped[kind, ""] = [one for one in mine if one.is_first]
        for severity in sorted({one.severity for one in mine if one.severity}, key=_loudness):
            grouped[kind, severity] = [one for one in mine if one.severity == severity]
    return {name: mine for name, mine in grouped.items() if mine}


def _loudness(severity: str) -> tuple[int, str]:
    known = LOUDNESS.index(severity) if severity in LOUDNESS else len(LOUDNESS)
    return known, severity


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    try:
        with path.open("rb") as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                if number > MOST_LINES:
                    raise WrongRequest(f"{path.name}: more lines than are read ({MOST_LINES:,}).")
                if len(line) > LONGEST_LINE:
                    raise _wrong(path, number, f"it is longer than {LONGEST_LINE:,} letters")
                try:
                    text = line.decode("utf-8-sig").strip()
                except UnicodeDecodeError:
                    raise _wrong(path, number, "it is no UTF-8 text") from None
                if text:
                    yield number, text
    except OSError as failure:
        raise WrongRequest(f"{path} cannot be read: {failure.strerror}.") from failure


def _object(text: str, path: Path, number: int) -> Mapping[str, object]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong(path, number, "it is no JSON") from None
    if not isinstance(said, dict):
        raise _wrong(path, number, "it is no JSON object")
    return said


def _word(said: Mapping[str, object], name: str, path: Path, number: int) -> str:
    """A short word of a line, empty where it is missing or null."""
    word = said.get(name)
    if word is None:
        return ""
    if not isinstance(word, str) or not word.strip() or len(word) > LONGEST_NAME or not word.isprintable():
        raise _wrong(path, number, f'"{name}" must be a word of at most {LONGEST_NAME} letters')
    return word.strip()


def _time(at: object, path: Path, number: int) -> int:
    """When it was told, in UTC ms."""
    if not isinstance(at, str):
        raise _wrong(path, number, '"at" must be a time in ISO 8601 with its zone')
    try:
        moment = datetime.fromisoformat(at[:LONGEST_NAME])
    except ValueError:
        raise _wrong(path, number, f'"at" is no time in ISO 8601: {at[:LONGEST_NAME]}') from None
    if moment.tzinfo is None:
        raise _wrong(path, number, f'"at" has no zone: {at[:LONGEST_NAME]}')
    return round(moment.timestamp() * 1_000)


def _wrong(path: Path, number: int, why: str) -> WrongRequest:
    return WrongRequest(f"{path.name}, line {number}: {why}. Example: {EXAMPLE}")
