"""What becomes of each message is counted by platform and urgency, and by nothing that names a chat."""

from collections import Counter, deque
from dataclasses import replace

import pytest

from bot.messenger import Undelivered, Wrong
from market.alerts import Kind, Severity
from market.observations import HOUR_MS, MINUTE_MS
from scheduler.subscriptions.group import FALLING_VALID_MS
from store.chats import Subscription
from store.connection import Connection
from tests.bot.delivery.post import Way
from tests.doubles.chats import ChatsInMemory
from tests.store.samples import FIRED, NOW_MS

HERE = "telegram:1"
WARNING = replace(FIRED, severity=Severity.WARNING)


@pytest.fixture
async def way(valkey: Connection) -> Way:
    made = Way(valkey, ChatsInMemory())
    made.now_ms = NOW_MS
    await made.subscribe(HERE, Subscription(None, Kind.CASCADE))
    return made


def counted(way: Way) -> Counter[tuple[str, str, str]]:
    return way.errands._shelves.tally.deliveries


async def test_in_time_is_sent_and_a_change_is_an_edit(way: Way) -> None:
    way.now_ms = NOW_MS + 2_000
    await way.bring(WARNING)
    await way.bring(replace(WARNING, asset="ETH", at_ms=NOW_MS + 1))
    assert counted(way) == {("telegram", "warning", "sent"): 1, ("telegram", "warning", "edited"): 1}
    spread = way.errands._shelves.tally.delays["telegram", "warning"]
    assert (sum(spread.counts), spread.total) == (1, 2.0)


@pytest.mark.parametrize(
    ("after_ms", "outcome"), [(5 * MINUTE_MS, "late"), (FALLING_VALID_MS + MINUTE_MS, "expired")]
)
async def test_late_and_expired_are_told_apart(way: Way, after_ms: int, outcome: str) -> None:
    way.now_ms = NOW_MS + after_ms
    await way.bring(replace(WARNING, severity=Severity.CRITICAL))
    assert counted(way) == {("telegram", "critical", outcome): 1}


async def test_what_may_have_arrived_before_is_repeated_and_then_dead(way: Way) -> None:
    uncertain = Undelivered(Wrong.UNCERTAIN, "no answer")
    way.platform.faults = deque([uncertain])
    await way.bring(WARNING)
    assert not counted(way)
    way.now_ms += 10_000
    await way.deliver()
    assert counted(way) == {("telegram", "warning", "repeated"): 1}

    way.platform.faults = deque([uncertain, uncertain])
    await way.bring(replace(WARNING, severity=Severity.CRITICAL, at_ms=NOW_MS + HOUR_MS))
    way.now_ms += 10_000
    await way.deliver()
    assert counted(way)["telegram", "critical", "dead"] == 1
    assert way.errands._shelves.tally.failures == {("telegram", "uncertain"): 3}


async def test_a_chat_that_cannot_be_reached_refuses(way: Way) -> None:
    way.platform.faults = deque([Undelivered(Wrong.CHAT, "kicked")])
    await way.bring(WARNING)
    assert counted(way) == {("telegram", "warning", "refused"): 1}
    assert way.errands._shelves.tally.failures == {("telegram", "chat"): 1}


async def test_what_the_platform_refuses_in_any_form_is_dead(way: Way) -> None:
    way.platform.faults = deque([Undelivered(Wrong.MESSAGE, "too long")])
    await way.bring(WARNING)
    assert counted(way) == {("telegram", "warning", "dead"): 1}
