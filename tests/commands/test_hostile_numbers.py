"""Numbers that are none, or too long to be read: refused by every door, quickly, and never a slip of ours."""

import time

import pytest

from commands.protocol import dispatch
from commands.protocol.dispatch import answer, answer_options, outcome
from commands.protocol.request import Context, Role
from tests.commands.markets import crowding
from tests.commands.talking import context

VALUES = (
    10**400,
    -(10**400),
    10**5_000,
    2**70,
    1e308,
    float("nan"),
    float("inf"),
    True,
    "9" * 5_000,
    "1e1000000",
    "1_000",
    "٣",
    "３",
    "²",
    "0x10",
    "nan",
    "inf",
    "1.5.5",
    "--5",
    "5" * 13,
)
SLOWEST_S = 0.5
"""Of this loaded machine; the fuzzers measure what an answer takes."""


@pytest.fixture
def here() -> Context:
    return context(crowding(), alerts=(), role=Role.OWNER, listed=("BTC",))


@pytest.mark.parametrize(
    "value", VALUES, ids=lambda value: repr(value)[:20] if isinstance(value, str) else "number"
)
async def test_no_option_takes_it_and_none_slips(value: object, here: Context) -> None:
    for command in dispatch.commands():
        for option in command.options:
            began_s = time.thread_time()
            reply = await answer_options(command.name, {option.name: value}, here)
            assert time.thread_time() - began_s < SLOWEST_S, (command.name, option.name)
            assert outcome(reply) != "failed", (command.name, option.name)
            if option.word.is_of_digits:
                assert outcome(reply) == "refused", (command.name, option.name)


@pytest.mark.parametrize("value", [value for value in VALUES if isinstance(value, str)])
async def test_no_line_takes_it(value: str, here: Context) -> None:
    for line in (
        f"/size BTC {value}x 10k",
        f"/size BTC 5x {value}",
        f"/size BTC 5x equity={value}",
        f"/mute {value}h",
    ):
        assert outcome(await answer(line, here)) == "refused", line[:40]


@pytest.mark.parametrize("zone", ["/etc/passwd", "America", "../x", "UTC/", "+/", "tzdata"])
async def test_a_zone_is_never_a_place_on_the_disk(zone: str, here: Context) -> None:
    assert outcome(await answer(f"/settings zone={zone}", here)) == "refused"
