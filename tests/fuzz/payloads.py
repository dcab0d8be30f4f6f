"""Payloads of exchanges through the real readers; what is read goes into condenser and engine, a step a minute."""

from collections.abc import Iterable, Mapping
from math import isfinite
from random import Random
from typing import Any

import msgspec

from market.observations import MINUTE_MS, Venue
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.condense import Condenser
from scheduler.engine import Engine
from scheduler.exchange import Instrument, Misread, Told
from tests.fuzz.harness import Wrong
from tests.fuzz.mutating import mutated_bytes, mutated_json, nudged_json, written
from tests.fuzz.spoken import AT_MS, Read, Spoken, everything

LASTS = 120
"""Payloads after which condenser and engine begin anew: an hour or two of a market that says what it likes."""
STEP_EVERY = 4
MANY = 300
RULES = Rules()
STATUSES = (200, 200, 400, 403, 418, 429, 451, 500, 503, 0, 999)
HEADERS: tuple[Mapping[str, str], ...] = (
    {},
    {"retry-after": "7"},
    {"retry-after": "nan", "x-mbx-used-weight-1m": "1e400"},
    {"x-bapi-limit-status": "-1", "x-bapi-limit-reset-timestamp": "\u0663", "date": "x"},
)


class Payloads:
    """Answers and frames of all venues, mutated; some are read by who asked for something else."""

    name = "payloads"

    def __init__(self) -> None:
        self._venues = everything()
        self._names = list(self._venues)
        self._begin()

    def _begin(self) -> None:
        self.before: list[Any] = []
        self._memories: dict[tuple[str, str], Read] = {}
        self._condenser = Condenser("BTC")
        self._engine = Engine("BTC", RULES, "live")
        self._now_ms = AT_MS

    def input(self, dice: Random) -> Any:
        """A venue, a reader of it, what it reads, and how an HTTP server might have said it."""
        if len(self.before) >= LASTS:
            self._begin()
        venue = dice.choice(self._names)
        spoken = self._venues[venue]
        payload, name = _whole(spoken, dice) if dice.random() < 0.01 else _short(spoken, dice)
        return {
            "venue": venue.value,
            "reader": name,
            "payload": payload.decode("latin-1"),
            "status": dice.choice(STATUSES),
            "headers": dice.randrange(len(HEADERS)),
        }

    async def answer(self, given: Any) -> tuple[Any, Snapshot | None]:
        """What was read (a Misread where nothing was), and the market after it."""
        spoken = self._venues[Venue(given["venue"])]
        reader, payload = spoken.readers[given["reader"]], given["payload"].encode("latin-1")
        spoken.exchange.trouble(given["status"], HEADERS[given["headers"]], payload)
        if spoken.exchange.used is not None:
            spoken.exchange.used(HEADERS[given["headers"]])
        self.before.append(given)
        self._now_ms += MINUTE_MS // STEP_EVERY
        try:
            read = self._reader(given["venue"], given["reader"])
            said = read(payload, reader.asked)
            if reader.next_page is not None:
                reader.next_page(payload, reader.asked)
        except Misread as misread:
            return misread, None
        return said, self._look(said) if _is_of_market(said) else None

    def judge(self, given: Any, answered: tuple[Any, Snapshot | None]) -> str:
        """Raises Wrong."""
        said, snapshot = answered
        if isinstance(said, Misread):
            if len(str(said)) > 400:
                raise Wrong("a misreading is told at length")
            return "misread"
        for one in said.values() if isinstance(said, Mapping) else said:
            _check(one)
        if snapshot is not None:
            _check_snapshot(snapshot)
        return "read" if said else "nothing to read"

    async def end(self) -> None:
        """Nothing is open."""

    def besides_ns(self) -> int:
        """Nothing stands in for anything."""
        return 0

    def _reader(self, venue: str, name: str) -> Read:
        """The reader, with its memory where it has one."""
        reader = self._venues[Venue(venue)].readers[name]
        if reader.remembering is None:
            return reader.read
        if (venue, name) not in self._memories:
            self._memories[venue, name] = reader.remembering()
        return self._memories[venue, name]

    def _look(self, said: Iterable[Any]) -> Snapshot | None:
        """The market after this was taken; looked at now and then, as a minute brings several answers."""
        self._condenser.take(said, self._now_ms)
        if len(self.before) % STEP_EVERY:
            return None
        observations, findings = self._condenser.step(self._now_ms)
        across = self._condenser.across(self._now_ms)
        snapshot, _ = self._engine.step(self._now_ms, observations, findings, across)
        return snapshot


def _short(spoken: Spoken, dice: Random) -> tuple[bytes, str]:
    """A short payload and a reader of it, or of something else."""
    value, fits = dice.choice(spoken.understood if dice.random() < 0.8 else spoken.payloads)
    is_lost = not fits or dice.random() < 0.05
    return _wrong(value, dice), dice.choice(list(spoken.readers)) if is_lost else dice.choice(fits)


def _whole(spoken: Spoken, dice: Random) -> tuple[bytes, str]:
    """A whole page, mutated in a few bytes, or a short one that is made a whole one of its rows."""
    if dice.randrange(2):
        payload, name = dice.choice(spoken.whole)
        return mutated_bytes(payload, dice), name
    value, fits = dice.choice(spoken.understood)
    return written(_repeated(nudged_json(value, dice))), dice.choice(fits)


def _repeated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _repeated(one) for key, one in value.items()}
    is_page = isinstance(value, list) and value and isinstance(value[0], dict | list)
    return (value * MANY)[:MANY] if is_page else value


def _wrong(value: Any, dice: Random) -> bytes:
    kind = dice.random()
    if kind < 0.4:
        return written(nudged_json(value, dice))
    if kind < 0.75:
        return written(mutated_json(value, dice, dice.randrange(4)))
    if kind < 0.85:
        return mutated_bytes(written(mutated_json(value, dice, 1)), dice)
    return mutated_bytes(written(value), dice)


def _is_of_market(said: Any) -> bool:
    return not isinstance(said, Mapping) and not any(isinstance(one, Instrument) for one in said)


def _check(one: Any) -> None:
    """A report holds no number that is none. Raises Wrong."""
    if isinstance(one, Told):
        _check(one.said)
    elif isinstance(one, msgspec.Struct):
        for name in one.__struct_fields__:
            value = getattr(one, name)
            if isinstance(value, float) and not isfinite(value):
                raise Wrong(f"{type(one).__name__}.{name} is {value}")


def _check_snapshot(snapshot: Snapshot) -> None:
    for reading in snapshot.readings:
        told = {"value": reading.value, "percentile": reading.percentile, **reading.facts}
        odd = {name: value for name, value in told.items() if value is not None and not isfinite(value)}
        if odd:
            raise Wrong(f"{reading.name} tells {odd}")
