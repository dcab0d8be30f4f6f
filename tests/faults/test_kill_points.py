"""Kill -9 at each point between a decision and its removal: what arrives afterwards, on both platforms."""

import asyncio
import signal
from collections.abc import Mapping, Sequence

import pytest

from market.alerts import Edge, Severity
from tests.faults.soak import alert, crowd
from tests.faults.stage import Stage, copies

CHATS = ("telegram:1", "telegram:2", "discord:1", "discord:2")
NAME = "c7f2"
WITHIN_S = 60.0
DIED = -signal.SIGKILL
LONGEST_NONCE = 25


async def delivered(stage: Stage, fault: str, chats: Sequence[str] = CHATS) -> Mapping[tuple[str, str], int]:
    """How many copies each chat got of one warning, where the first worker dies at a point and a second one goes on."""
    await stage.subscribe(chats)
    decided = stage.decided(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
    first = await stage.worker(fault, decided)
    async with asyncio.timeout(WITHIN_S):
        assert await first.wait() == DIED
    second = await stage.worker(alerts=decided)
    try:
        await stage.until_delivered(WITHIN_S)
    finally:
        second.terminate()
        assert await second.wait() == 0
    assert await stage.parked() == ()
    found = copies(await stage.arrivals())
    assert all(one.is_repeat for came in found.values() for one in came[1:])
    return {place: len(came) for place, came in found.items()}


@pytest.mark.parametrize("point", ["K1", "K2", "K3"])
async def test_killed_before_anything_is_claimed_each_chat_gets_it_once(stage: Stage, point: str) -> None:
    assert await delivered(stage, point) == dict.fromkeys(((chat, NAME) for chat in CHATS), 1)


@pytest.mark.parametrize("point", ["K4", "K7"])
async def test_killed_before_it_is_sent_or_after_it_is_removed_it_comes_once(
    stage: Stage, point: str
) -> None:
    """One chat alone: of two, the other may be under way at that moment, which is K5."""
    assert await delivered(stage, point, CHATS[:1]) == {(CHATS[0], NAME): 1}


@pytest.mark.parametrize("point", ["K5", "K6"])
async def test_killed_while_or_after_it_is_sent_telegram_gets_it_twice_at_most_and_marked(
    stage: Stage, point: str
) -> None:
    found = await delivered(stage, f"{point}:telegram")
    assert found.keys() == {(chat, NAME) for chat in CHATS}
    assert {found[chat, NAME] for chat in CHATS[2:]} == {1}
    assert 2 in {found[chat, NAME] for chat in CHATS[:2]} <= {1, 2}


@pytest.mark.parametrize("point", ["K5", "K6"])
async def test_killed_while_or_after_it_is_sent_discord_shows_it_once(stage: Stage, point: str) -> None:
    found = await delivered(stage, f"{point}:discord")
    assert {found[chat, NAME] for chat in CHATS[2:]} == {1}
    known = [one for one in await stage.arrivals() if one.kind == "known"]
    assert known, "the second worker sent it again, and Discord knew it"


@pytest.mark.parametrize("point", ["K5", "K6"])
async def test_killed_between_acceptance_and_commit_one_message_stands_by_the_documented_rule_of_nonces(
    stage: Stage, point: str
) -> None:
    """Create Message: with `enforce_nonce`, one that the author used in the past few minutes gives the message it made."""
    found = await delivered(stage, f"{point}:discord", CHATS[2:3])
    assert found == {(CHATS[2], NAME): 1}
    (sent,) = (one for one in await stage.arrivals() if one.kind == "send")
    again = [one for one in await stage.arrivals() if one.kind == "known"]
    assert again
    assert {(one.chat, one.message, one.nonce) for one in again} == {(sent.chat, sent.message, sent.nonce)}
    assert 0 < len(sent.nonce) <= LONGEST_NONCE


@pytest.mark.slow
async def test_ended_in_order_under_load_nothing_is_lost_or_told_twice(stage: Stage) -> None:
    chats = crowd(60)
    await stage.subscribe(chats)
    await stage.announce(alert(NAME, "BTC", Severity.CRITICAL, Edge.FIRED))
    for _ in range(3):
        worker = await stage.worker()
        await asyncio.sleep(0.5)
        worker.terminate()
        async with asyncio.timeout(10.0):
            assert await worker.wait() == 0
    worker = await stage.worker()
    await stage.until_delivered(WITHIN_S)
    worker.terminate()
    await worker.wait()
    found = copies(await stage.arrivals())
    assert {place: len(came) for place, came in found.items()} == {(chat, NAME): 1 for chat in chats}
    assert not any(one.kind == "known" for one in await stage.arrivals())
