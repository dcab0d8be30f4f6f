"""A wave in a server: the role is called once, its first message says what holds now, the rest goes into a thread below."""

from dataclasses import replace

import pytest

from bot.messenger import Undelivered, Wrong
from market.alerts import Alert, Edge, Kind, Severity
from market.observations import HOUR_MS
from store.connection import Connection
from store.wishes import Subscription
from tests.bot.delivery.post import Way
from tests.doubles.chats import Message, ServersInMemory
from tests.store.samples import FIRED, NOW_MS

DESK = "discord:5"
THREAD = "discord:90"
ROLE = "777"
WATCHED = replace(FIRED, severity=Severity.WATCH)
CRITICAL = replace(FIRED, severity=Severity.CRITICAL, edge=Edge.ESCALATED, at_ms=NOW_MS + 60_000)
OVER = replace(CRITICAL, edge=Edge.RESOLVED, at_ms=NOW_MS + 5 * HOUR_MS)
AGAIN = replace(FIRED, opened_ms=NOW_MS + 9 * HOUR_MS, at_ms=NOW_MS + 9 * HOUR_MS)


@pytest.fixture
async def way(valkey: Connection) -> Way:
    """A channel that is to have a thread a wave, and a role called from WARNING up."""
    made = Way(valkey, ServersInMemory())
    made.now_ms = NOW_MS
    await made.subscribe(DESK, Subscription(None, Kind.CASCADE))
    await setting(made, thread_a_wave=True, ping_role=ROLE, ping_least=Severity.WARNING)
    return made


async def setting(way: Way, **changed: object) -> None:
    await way.chats.change(DESK, lambda chat: replace(chat, **changed))  # type: ignore[arg-type]


async def bring(way: Way, *alerts: Alert) -> None:
    for alert in alerts:
        way.now_ms = alert.at_ms
        await way.bring(alert)


def calls(way: Way) -> list[Message]:
    return [message for message in way.platform.messages if message.called is not None]


async def test_a_wave_calls_its_role_once_and_the_next_wave_once_more(way: Way) -> None:
    await bring(way, FIRED, CRITICAL, OVER)
    assert [message.called for message in way.platform.messages] == [ROLE, None, None]
    await bring(way, AGAIN)
    assert [message.called for message in calls(way)] == [ROLE, ROLE]


async def test_nobody_is_called_below_the_severity_that_was_chosen(way: Way) -> None:
    await setting(way, ping_least=Severity.CRITICAL)
    await bring(way, WATCHED, FIRED)
    assert not calls(way)
    await bring(way, CRITICAL)
    (called,) = calls(way)
    assert (called.called, called.is_silent) == (ROLE, False)


async def test_no_role_is_called_where_none_was_chosen(way: Way) -> None:
    await setting(way, ping_role=None)
    await bring(way, FIRED, CRITICAL, OVER)
    assert not calls(way)


async def test_what_follows_is_told_in_a_thread_below_and_the_first_message_says_what_holds(way: Way) -> None:
    await bring(way, FIRED, CRITICAL, OVER)
    (head,) = way.platform.shown(DESK)
    worse, digest = way.platform.shown(THREAD)
    assert head.edits == 2
    assert "CRITICAL" in worse.text
    assert head.text == digest.text
    assert list(way.platform.threads) == [THREAD]  # type: ignore[attr-defined]


async def test_without_that_choice_everything_is_told_in_the_channel(way: Way) -> None:
    await setting(way, thread_a_wave=False)
    await bring(way, FIRED, CRITICAL, OVER)
    assert len(way.platform.shown(DESK)) == 3


async def test_the_next_wave_has_a_message_and_a_thread_of_its_own(way: Way) -> None:
    await bring(way, FIRED, CRITICAL, OVER, AGAIN)
    first, second = way.platform.shown(DESK)
    assert first.edits == 2
    assert second.edits == 0
    await bring(way, replace(CRITICAL, opened_ms=AGAIN.opened_ms, at_ms=AGAIN.at_ms + 60_000))
    assert second.edits == 1
    assert len(way.platform.threads) == 2  # type: ignore[attr-defined]


async def test_where_no_thread_may_be_opened_the_channel_is_told(way: Way) -> None:
    way.platform.without_threads.add(DESK)  # type: ignore[attr-defined]
    await bring(way, FIRED, CRITICAL)
    assert len(way.platform.shown(DESK)) == 2
    chat = await way.chats.get(DESK)
    assert chat is not None
    assert chat.suspended is None, "a missing right to open threads is no reason to stop warning"


async def test_a_thread_that_was_deleted_does_not_swallow_the_news(way: Way) -> None:
    await bring(way, FIRED, CRITICAL)
    way.platform.faults.extend([None, Undelivered(Wrong.CHAT, "404 code 10003")])
    await bring(way, OVER)
    assert len(way.platform.shown(DESK)) == 2


@pytest.mark.parametrize("call", [0, 1, 2], ids=["the edit", "the thread", "the message"])
@pytest.mark.parametrize("arrives", [True, False])
async def test_what_is_tried_again_after_any_step_is_there_once(way: Way, call: int, arrives: bool) -> None:
    await bring(way, FIRED)
    way.platform.arrives = arrives
    way.platform.faults.extend([None] * call + [Undelivered(Wrong.UNCERTAIN, "reset")])
    await bring(way, CRITICAL)
    way.now_ms += 10_000
    await way.deliver()
    assert len(way.platform.shown(DESK)) == 1
    assert len(way.platform.shown(THREAD)) == 1
    assert len(calls(way)) == 1
