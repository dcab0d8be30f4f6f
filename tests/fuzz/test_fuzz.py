"""Twenty thousand command lines, payloads and updates of chats of a seed: nothing unhandled, 20 ms at most each (issue 9)."""

import pytest

from tests.fuzz.targets import NAMES, fuzz, share_of

OF_EACH = 20_000


@pytest.mark.timeout(300)
@pytest.mark.parametrize("target", NAMES)
async def test_whatever_comes_is_answered_in_time_and_nothing_is_unhandled(target: str) -> None:
    inputs = share_of(target, OF_EACH)
    report = await fuzz(target, seed=1, inputs=inputs)
    assert report.inputs == inputs, "\n".join(report.lines())
    assert report.failures == [], "\n".join(report.lines())
