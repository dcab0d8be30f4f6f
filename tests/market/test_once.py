"""What is made of a snapshot is made once, told apart by all it hangs on, and gone with the snapshot."""

import gc
from dataclasses import dataclass, field
from weakref import ref

from market import once as kept
from market.once import MOST_MARKETS, once, once_of_all


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Seen:
    numbers: dict[str, float] = field(default_factory=dict)


def counted() -> tuple[list[object], list[str]]:
    return [], ["."]


def test_it_is_made_once_for_one_object_and_one_set_of_others() -> None:
    made, style = counted()

    @once(lambda: style[0])
    def told(seen: Seen, rules: object, *, loud: bool = False) -> str:
        made.append((seen, rules, loud))
        return f"{len(made)}{style[0]}"

    first, second, rules, others = Seen(), Seen(), object(), object()
    assert [told(first, rules), told(first, rules)] == ["1.", "1."]
    assert told(second, rules) == "2."
    assert told(first, others) == "3."
    assert told(first, rules, loud=True) == "4."
    style[0] = ","
    assert told(first, rules) == "5,"
    assert told(first, rules) == "5,"


def test_equal_objects_are_not_the_same_one() -> None:
    made: list[Seen] = []

    @once()
    def told(seen: Seen) -> int:
        made.append(seen)
        return len(made)

    assert [told(Seen({"a": 1.0})), told(Seen({"a": 1.0}))] == [1, 2]


def test_nothing_is_kept_of_an_object_that_is_gone() -> None:
    @once()
    def told(seen: Seen) -> int:
        return len(seen.numbers)

    before = len(kept._beside)
    seen = Seen()
    told(seen)
    assert len(kept._beside) == before + 1
    del seen
    gc.collect()
    assert len(kept._beside) == before


def test_what_is_made_lazily_cannot_be_used_up() -> None:
    @once()
    def told(seen: Seen) -> tuple[int, ...]:
        return tuple(range(len(seen.numbers)))

    seen = Seen({"a": 1.0})
    assert told(seen) == told(seen) == (0,)


def test_what_is_made_of_several_is_made_once_for_exactly_these_in_this_order() -> None:
    made, style = counted()

    @once_of_all(lambda: style[0])
    def told(seen: tuple[Seen, ...], rules: object) -> int:
        made.append((seen, rules))
        return len(made)

    one, two, rules = Seen(), Seen(), object()
    assert [told((one, two), rules), told((one, two), rules)] == [1, 1]
    assert told((two, one), rules) == 2
    assert told((one, Seen()), rules) == 3
    assert told((one,), rules) == 4
    assert told((one, two), object()) == 5
    style[0] = ","
    assert told((one, two), rules) == 6


def test_of_several_the_last_few_are_kept_and_nothing_else_lives_longer_for_it() -> None:
    made: list[int] = []

    @once_of_all()
    def told(seen: tuple[Seen, ...]) -> int:
        made.append(len(seen))
        return len(made)

    first, gone = (Seen(), Seen()), Seen()
    alive = ref(gone)
    assert told(first) == 1
    told((gone,))
    del gone
    for number in range(MOST_MARKETS):
        assert told(first) == 1, "what is asked for again and again is not among the oldest"
        told((Seen(),))
        assert len(kept._of_markets) <= MOST_MARKETS, number
    gc.collect()
    assert alive() is None
