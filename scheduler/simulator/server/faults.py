"""The fault switch: what a simulated venue does wrong, and for how long it does it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from market.observations import Asset, Venue


class Fault(StrEnum):
    """What can go wrong (reliability.md 2.A).

    Of the line: REFUSE (nobody listens at its port), STATUS (an HTTP status; streams end with close code 1013), STALL
    (neither answers nor speaks while connections stay open), HALF_OPEN (nor does it read), DROP (connections cut without a
    word), HANG_UP (accepts a stream and closes it with `code`), MUTE (a stream that answers pings and says nothing else),
    TRICKLE (a byte of the answer each second), LONG (an answer without an end).

    Of the payload: GARBLE (half of it), PAGE (HTML), BOMB (packed, a thousand times as long when unpacked), VALUES (what
    stands for `of` is `value`, or `factor` times what it should be), CLOCK (stamps are `seconds` off).

    Of what is told: REPLAY (what was true `seconds` ago), DOUBLE (each frame twice), SHUFFLE (a frame after its
    successor), LOSS (every other second is never told), SILENCE (nothing with `word` in it), FREEZE (price and open
    interest stand still under times that go on), DELIST (`asset` is not listed any more), INTERVAL (funding is paid every
    `hours`).
    """

    REFUSE = "refuse"
    STATUS = "status"
    STALL = "stall"
    HALF_OPEN = "half_open"
    DROP = "drop"
    HANG_UP = "hang_up"
    MUTE = "mute"
    TRICKLE = "trickle"
    LONG = "long"
    GARBLE = "garble"
    PAGE = "page"
    BOMB = "bomb"
    VALUES = "values"
    CLOCK = "clock"
    REPLAY = "replay"
    DOUBLE = "double"
    SHUFFLE = "shuffle"
    LOSS = "loss"
    SILENCE = "silence"
    FREEZE = "freeze"
    DELIST = "delist"
    INTERVAL = "interval"


class Of(StrEnum):
    """What VALUES tells wrongly."""

    PRICE = "price"
    OPEN_INTEREST = "open_interest"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of a venue, with what it needs: `status`, `headers` and `body` are what STATUS answers with.

    The others stand at the fault that uses them. `factor` None: `value` is written as it is, NaN among them.
    """

    fault: Fault
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    code: int = 1011
    of: Of = Of.PRICE
    value: float | str | None = None
    factor: float | None = None
    seconds: float = 0.0
    word: str = ""
    asset: Asset = ""
    hours: int = 4


Changed = Callable[[Venue, Trouble, bool], None]
"""Told of a trouble that begins (True) or ends (False)."""


class Switch:
    """Which venues are in trouble now; it takes effect at once, on open connections at their next tick.

    A venue can have several troubles at a time, one of each fault; `changed` is told of each.
    """

    def __init__(self, changed: Changed = lambda _venue, _trouble, _begins: None) -> None:
        self._now: dict[Venue, dict[Fault, Trouble]] = {}
        self._cleared: dict[Venue, asyncio.Event] = {}
        self._changed = changed

    def set(self, venue: Venue, trouble: Trouble) -> None:
        """Begin a fault; it takes the place of the venue's one of the same name."""
        self.clear(venue, trouble.fault)
        self._now.setdefault(venue, {})[trouble.fault] = trouble
        self._changed(venue, trouble, True)

    def clear(self, venue: Venue, fault: Fault | None = None) -> None:
        """End the venue's fault of that name, or all of them; what was stalled goes on."""
        troubles = self._now.get(venue, {})
        for name in [fault] if fault is not None else list(troubles):
            ended = troubles.pop(name, None)
            if ended is not None:
                self._changed(venue, ended, False)
        event = self._cleared.pop(venue, None)
        if event is not None:
            event.set()

    def clear_all(self) -> None:
        """End every fault of every venue."""
        for venue in list(self._now):
            self.clear(venue)

    def has(self, venue: Venue, *faults: Fault) -> bool:
        """Whether a venue has one of these faults now."""
        now = self._now.get(venue)
        return now is not None and any(fault in now for fault in faults)

    def trouble(self, venue: Venue, fault: Fault) -> Trouble | None:
        """The venue's trouble of that name, None where it has none."""
        return self._now.get(venue, {}).get(fault)

    def troubles(self, venue: Venue) -> tuple[Trouble, ...]:
        """All that is wrong with a venue now."""
        return tuple(self._now.get(venue, {}).values())

    def seconds(self, venue: Venue, fault: Fault) -> float:
        """By how much CLOCK or REPLAY is off now, 0 where it is right."""
        found = self.trouble(venue, fault)
        return 0.0 if found is None else found.seconds

    async def unless(self, venue: Venue, *faults: Fault) -> None:
        """Wait until the venue has none of these faults."""
        while self.has(venue, *faults):
            await self._cleared.setdefault(venue, asyncio.Event()).wait()
