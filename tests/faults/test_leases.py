"""Three that want to lead, stopped, woken and killed: one writes at a time, and nothing stale lands."""

import pytest

from tests.faults.leases import leases, wrong_in

CHANGES = 8
FEW_STARTS = (12, 1, 1, 1)
"""A process that is started costs more than all else here."""


async def test_over_eight_changes_of_the_lease_one_writes_at_a_time_and_nothing_stale_lands() -> None:
    judged = await leases(CHANGES, seed=9, often=FEW_STARTS)
    assert judged.wrong == []
    assert judged.changes >= CHANGES
    assert judged.landed > 10 * CHANGES


@pytest.mark.parametrize(
    ("notes", "wrong"),
    [
        ([("1:a", "1:a"), ("2:b", "2:b"), ("2:b", "2:b")], []),
        ([("1:a", "1:a"), ("1:a", "2:b")], ["a write under 1:a landed while the lease was 2:b"]),
        ([("1:a", "1:a"), ("1:a", "free after 1"), ("2:b", "2:b")], []),
        ([("1:a", "free after 2")], ["a write under 1:a landed while the lease was free after 2"]),
        ([("1:a", "1:a"), ("1:b", "1:b")], ["b and a both wrote in tenure 1"]),
        ([("2:b", "2:b"), ("1:a", "1:a")], ["a write under 1:a landed after one of tenure 2"]),
    ],
)
def test_the_judge_sees_what_must_never_be(notes: list[tuple[str, str]], wrong: list[str]) -> None:
    assert wrong_in(notes) == wrong
