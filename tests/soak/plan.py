"""What goes wrong when, drawn from a seed: every kind of trouble, on all venues, overlapping, and twice everything at once."""

from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from market.observations import HOUR_MS, MINUTE_MS, Venue
from scheduler.simulator.server import FORCED, MARKS, TROUBLES, Trouble, silent

VENUES = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID)
WITH_PRICES = (Venue.BINANCE, Venue.OKX, Venue.BYBIT)
SILENT_MARKS, SILENT_FORCED = "silent_marks", "silent_forced"
KINDS = (*TROUBLES, SILENT_MARKS, SILENT_FORCED)
BLACKOUT = "refused"
BLACKOUT_MS = 12 * MINUTE_MS
BLACKOUTS = 2
MOST_AT_ONCE = 3
"""Venues in trouble at the same time, but for a blackout: somebody has to see a cascade for it to be seen."""

BEGINS_AFTER_MS, ENDS_BEFORE_MS = 65 * MINUTE_MS, 40 * MINUTE_MS
STORM_MS = (30 * MINUTE_MS, 150 * MINUTE_MS)
"""Before and after the begin of a planted fall: no blackout then."""

LENGTHS_MIN = {"delisted_sol": (70.0, 100.0), "interval_4h": (120.0, 200.0), "interval_1h": (60.0, 120.0)}
USUAL_LENGTH_MIN = (2.0, 25.0)
AFTERMATH_MS = {
    "law_451": 6 * HOUR_MS,
    "law_403": 6 * HOUR_MS,
    "banned_418": 10 * MINUTE_MS,
    "slow_down_429": 4 * MINUTE_MS,
    "slow_down_429_untold": 15 * MINUTE_MS,
}
"""How long a venue is left alone after a trouble has ended."""
TRIES = 400


@dataclass(frozen=True, slots=True)
class Planned:
    """A trouble of a venue from one moment to another (UTC ms of the market)."""

    from_ms: int
    until_ms: int
    venue: Venue
    name: str

    @property
    def felt_until_ms(self) -> int:
        return self.until_ms + AFTERMATH_MS.get(self.name, 3 * MINUTE_MS)

    def trouble(self) -> Trouble:
        if self.name in (SILENT_MARKS, SILENT_FORCED):
            return silent(MARKS if self.name == SILENT_MARKS else FORCED, self.venue)
        return TROUBLES[self.name]

    def overlaps(self, other: "Planned") -> bool:
        return self.from_ms < other.felt_until_ms and other.from_ms < self.felt_until_ms


def plan(seed: int, begin_ms: int, end_ms: int, count: int, falls_ms: tuple[int, ...]) -> tuple[Planned, ...]:
    """`count` troubles between two moments, in the order of their begin, none of which hides a fall from everybody."""
    dice = Random(f"{seed}:weather")
    first_ms, last_ms = begin_ms + BEGINS_AFTER_MS, end_ms - ENDS_BEFORE_MS
    planned = _blackouts(dice, first_ms, last_ms, falls_ms)
    blacked_out = len(planned)
    names: list[str] = []
    while len(planned) - blacked_out < count - BLACKOUTS:
        names = names or dice.sample(KINDS, len(KINDS))
        found = _place(dice, names.pop(), first_ms, last_ms, planned)
        if found is not None:
            planned.append(found)
    return tuple(sorted(planned, key=lambda one: one.from_ms))


def _blackouts(dice: Random, first_ms: int, last_ms: int, falls_ms: tuple[int, ...]) -> list[Planned]:
    found: list[Planned] = []
    for _ in range(TRIES):
        from_ms = dice.randrange(first_ms, max(first_ms + 1, last_ms - BLACKOUT_MS))
        far = all(not fall - STORM_MS[0] <= from_ms <= fall + STORM_MS[1] for fall in falls_ms)
        apart = all(abs(from_ms - one.from_ms) > HOUR_MS for one in found)
        if far and apart and len(found) < BLACKOUTS * len(VENUES):
            found += [Planned(from_ms, from_ms + BLACKOUT_MS, venue, BLACKOUT) for venue in VENUES]
    return found


def _place(dice: Random, name: str, first_ms: int, last_ms: int, planned: list[Planned]) -> Planned | None:
    shortest, longest = LENGTHS_MIN.get(name, USUAL_LENGTH_MIN)
    for _ in range(TRIES):
        length_ms = round(dice.uniform(shortest, longest) * MINUTE_MS)
        from_ms = dice.randrange(first_ms, max(first_ms + 1, last_ms - length_ms))
        venue = dice.choice(VENUES)
        one = Planned(from_ms, min(last_ms, from_ms + length_ms), venue, name)
        if _is_fair(one, planned):
            return one
    return None


def _is_fair(one: Planned, planned: list[Planned]) -> bool:
    """Whether enough venues stay well, and no two troubles of the same fault meet at one venue."""
    if one.name == SILENT_FORCED and one.venue not in FORCED:
        return False
    beside = [other for other in planned if other.overlaps(one)]
    if any(other.venue is one.venue and other.trouble().fault is one.trouble().fault for other in beside):
        return False
    troubled = {one.venue, *(other.venue for other in beside if not _is_blackout(other, planned))}
    return len(troubled) <= MOST_AT_ONCE and not troubled.issuperset(WITH_PRICES)


def _is_blackout(one: Planned, planned: list[Planned]) -> bool:
    return one.name == BLACKOUT and sum(other.from_ms == one.from_ms for other in planned) == len(VENUES)


def written(planned: tuple[Planned, ...]) -> list[dict[str, Any]]:
    return [asdict(one) for one in planned]


def read(said: list[dict[str, Any]]) -> tuple[Planned, ...]:
    return tuple(Planned(one["from_ms"], one["until_ms"], Venue(one["venue"]), one["name"]) for one in said)
