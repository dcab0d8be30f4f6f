"""Expected against received: what is lost, what came twice, what nobody was to get."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.doubles.strict.running import Arrival
from tests.faults.stage import copies

GRACE_MS = 1_000
"""What was under way when somebody left may still arrive."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The counts of a run. `by_kill` are the second copies that each kill of a worker cost."""

    expected: int
    received: int
    lost: tuple[tuple[str, str], ...]
    twice: Mapping[str, int]
    most_copies: int
    unmarked: int
    unexpected: int
    to_who_left: int
    out_of_order: int
    refused: int
    by_kill: Mapping[int, int]

    @property
    def worst_kill(self) -> int:
        """The most second copies a single kill cost."""
        return max(self.by_kill.values(), default=0)

    def lines(self) -> list[str]:
        """The verdict, to be printed."""
        share = self.twice.get("telegram", 0) / max(1, self.received)
        return [
            f"expected {self.expected}, received {self.received}, lost {len(self.lost)}",
            (
                f"second copies: telegram {self.twice.get('telegram', 0)} ({share:.3%} of all), discord {self.twice.get('discord', 0)}; "
                f"most copies of one message {self.most_copies}; second copies not marked (repeat) {self.unmarked}"
            ),
            f"most second copies of one kill {self.worst_kill}",
            (
                f"unexpected {self.unexpected}, to chats that had left {self.to_who_left}, out of a chat's order {self.out_of_order}, "
                f"answered 429 {self.refused}"
            ),
        ]


def judge(
    expected: Collection[tuple[str, str]],
    allowed: Collection[tuple[str, str]],
    left_ms: Mapping[str, int],
    arrivals: Sequence[Arrival],
    kills_ms: Sequence[int],
) -> Verdict:
    """Chats and warnings that must have met, may have met, when who left had left, what arrived, and when was killed."""
    found = copies(arrivals)
    twice: Counter[str] = Counter()
    by_kill: Counter[int] = Counter()
    for (chat, _), came in found.items():
        for _ in came[1:]:
            twice[chat.partition(":")[0]] += 1
            by_kill[_kill_after(came[0].at_ms, kills_ms)] += 1
    return Verdict(
        expected=len(expected),
        received=len(found),
        lost=tuple(sorted(set(expected) - found.keys())),
        twice=twice,
        most_copies=max((len(came) for came in found.values()), default=0),
        unmarked=sum(not one.is_repeat for came in found.values() for one in came[1:]),
        unexpected=len(found.keys() - set(expected) - set(allowed)),
        to_who_left=sum(
            one.kind in {"send", "edit"} and one.at_ms > left_ms[one.chat] + GRACE_MS
            for one in arrivals
            if one.chat in left_ms
        ),
        out_of_order=_out_of_order(came[0] for came in found.values()),
        refused=sum(one.kind == "refused" for one in arrivals),
        by_kill=by_kill,
    )


def _kill_after(at_ms: int, kills_ms: Sequence[int]) -> int:
    """The first kill at or after a moment; -1 where there was none."""
    return next((kill_ms for kill_ms in kills_ms if kill_ms >= at_ms - GRACE_MS // 20), -1)


def _out_of_order(firsts: Iterable[Arrival]) -> int:
    """How many warnings came to a chat before an earlier one; names grow with time."""
    last: dict[str, str] = {}
    count = 0
    for one in sorted(firsts, key=lambda arrival: arrival.at_ms):
        count += one.name < last.get(one.chat, "")
        last[one.chat] = max(one.name, last.get(one.chat, ""))
    return count
