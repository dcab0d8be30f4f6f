"""The life of one warning, look by look, and what no order of looks can bring about."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from market.alert_rules import Dwell
from market.alerts import CLASSES, Edge, Reason, Severity
from market.alerts.standing import Phase, Standing, Step, advance
from market.observations import MINUTE_MS

DWELL = Dwell(fire_ms=2 * MINUTE_MS, resolve_ms=15 * MINUTE_MS)
WATCH, WARNING = Severity.WATCH, Severity.WARNING


def life(*looks: bool | None, severity: Severity = WATCH, dwell: Dwell = DWELL) -> list[Step]:
    """What each look, a minute apart, makes of it."""
    steps: list[Step] = []
    before: Standing | None = None
    for minute, holds in enumerate(looks):
        step = advance(before, holds, severity, dwell, minute * MINUTE_MS)
        steps.append(step)
        before = step.after
    return steps


def edges(*looks: bool | None) -> list[tuple[int, Edge]]:
    return [(minute, step.edge) for minute, step in enumerate(life(*looks)) if step.edge is not None]


def test_it_fires_when_it_has_held_long_enough_and_ends_when_it_has_been_gone_long_enough() -> None:
    assert edges(*[True] * 3, *[False] * 16) == [(2, Edge.FIRED), (18, Edge.RESOLVED)]


def test_what_passes_by_is_not_told_and_says_why() -> None:
    steps = life(True, True, False)
    assert [step.reason for step in steps] == [
        Reason.NOT_LONG_ENOUGH,
        Reason.NOT_LONG_ENOUGH,
        Reason.PASSED_BY,
    ]
    assert steps[-1].after is None


def test_what_comes_back_while_it_recovers_is_not_told_again() -> None:
    assert edges(*[True] * 3, *[False] * 10, True, *[False] * 14, True) == [(2, Edge.FIRED)]


def test_what_gets_worse_is_told_at_once() -> None:
    firing = Standing(Phase.FIRING, 0, WATCH, 0)
    assert advance(firing, True, WARNING, DWELL, 1).edge is Edge.ESCALATED
    recovering = replace(firing, phase=Phase.RECOVERING)
    assert advance(recovering, True, WARNING, DWELL, 1).edge is Edge.ESCALATED
    assert advance(replace(firing, severity=WARNING), True, WATCH, DWELL, 1).edge is None


def test_out_of_sight_is_told_once_and_is_no_end() -> None:
    looks = [True] * 3 + [None] * 60 + [True] + [False] * 16
    assert edges(*looks) == [(2, Edge.FIRED), (8, Edge.UNKNOWN), (79, Edge.RESOLVED)]


def test_the_clock_of_an_end_starts_at_what_is_seen_again() -> None:
    assert edges(*[True] * 3, *[False] * 14, *[None] * 60, *[False] * 15)[-1] != (77, Edge.RESOLVED)
    assert edges(*[True] * 3, *[False] * 14, *[None] * 60, *[False] * 16)[-1] == (92, Edge.RESOLVED)


def test_a_pending_one_survives_a_short_gap_and_not_a_long_one() -> None:
    assert edges(True, None, True) == [(2, Edge.FIRED)]
    long_gap = [None] * 12
    assert edges(True, *long_gap, True) == []
    assert edges(True, *long_gap, True, True, True) == [(15, Edge.FIRED)]


def test_without_a_dwell_it_fires_at_the_first_look() -> None:
    (step,) = life(True, dwell=replace(DWELL, fire_ms=0))
    assert step.edge is Edge.FIRED


@given(st.lists(st.tuples(st.sampled_from((True, False, None)), st.sampled_from(CLASSES)), max_size=120))
def test_no_order_of_looks_ends_what_is_not_seen_to_end_or_tells_twice(
    looks: list[tuple[bool | None, Severity]],
) -> None:
    before: Standing | None = None
    is_open, last_seen_false = False, False
    worst = -1
    for minute, (holds, severity) in enumerate(looks):
        step = advance(before, holds, severity, DWELL, minute * MINUTE_MS)
        match step.edge:
            case Edge.FIRED:
                assert not is_open
                assert holds is True
                is_open, worst = True, CLASSES.index(severity)
            case Edge.ESCALATED:
                assert is_open
                assert CLASSES.index(severity) > worst
                worst = CLASSES.index(severity)
            case Edge.RESOLVED:
                assert is_open
                assert holds is False
                assert last_seen_false
                is_open = False
            case Edge.UNKNOWN:
                assert is_open
                assert holds is None
        if holds is not None:
            last_seen_false = holds is False
        assert (step.after is not None and step.after.phase is not Phase.PENDING) == is_open
        before = step.after
