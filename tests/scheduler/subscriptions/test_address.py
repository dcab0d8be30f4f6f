"""Every chat that wants to hear of a warning has exactly one row, wherever the program was stopped meanwhile."""

from dataclasses import replace
from typing import Any

import pytest

from market.alerts import Edge, Kind, Severity
from scheduler.subscriptions import address as addressing
from scheduler.subscriptions.address import Addresser, row_of
from scheduler.subscriptions.group import FALLING_VALID_MS, VALID_MS
from store.bulletins import Bulletins
from store.chats import Chat, StoredChats, Subscription
from store.connection import Connection
from store.outbox import Outbox, Row
from tests.store.samples import FIRED

ETH = replace(FIRED, asset="ETH", severity=Severity.CRITICAL)


async def subscribe(valkey: Connection, address: str, *wishes: Subscription) -> None:
    await StoredChats(valkey).change(address, lambda chat: replace(chat, subscriptions=wishes))


async def rows(valkey: Connection, platform: str) -> list[Row]:
    box = Outbox(valkey, platform)
    await box.open()
    return [claimed.row for claimed in await box.claim("test", 10_000)]


async def addresser(valkey: Connection) -> Addresser:
    made = Addresser(Bulletins(valkey, group_wait_ms=0), StoredChats(valkey))
    await made.begin()
    return made


async def test_a_chat_has_one_row_for_all_it_wants_to_hear_of(valkey: Connection) -> None:
    await subscribe(valkey, "telegram:1", Subscription(None, Kind.CASCADE))
    await subscribe(valkey, "telegram:2", Subscription("BTC", Kind.CASCADE, Severity.CRITICAL))
    await subscribe(valkey, "discord:3", Subscription("ETH", Kind.CASCADE))
    for alert in (FIRED, ETH):
        await Bulletins(valkey).announce(alert)
    assert await (await addresser(valkey)).address() == 2
    (one,) = await rows(valkey, "telegram")
    assert (one.address, one.facts, one.priority) == ("telegram:1", (0, 1), 0)
    (three,) = await rows(valkey, "discord")
    assert (three.address, three.facts) == ("discord:3", (1,))
    assert await (await addresser(valkey)).address() == 0


async def test_who_came_and_who_left_meanwhile_is_known(valkey: Connection) -> None:
    wish = Subscription("BTC", Kind.CASCADE)
    await subscribe(valkey, "telegram:1", wish)
    made = await addresser(valkey)
    await subscribe(valkey, "telegram:1")
    await subscribe(valkey, "telegram:2", wish)
    await subscribe(valkey, "telegram:3", wish)
    await StoredChats(valkey).forget("telegram:3")
    await Bulletins(valkey).announce(FIRED)
    assert await made.address() == 1
    assert [row.address for row in await rows(valkey, "telegram")] == ["telegram:2"]


@pytest.mark.parametrize("crash_after", range(8))
async def test_stopped_anywhere_it_is_finished_by_the_next_and_nobody_has_two_rows(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch, crash_after: int
) -> None:
    monkeypatch.setattr(addressing, "CHUNK", 2)
    for number in range(9):
        await subscribe(valkey, f"telegram:{number}", Subscription(None, Kind.CASCADE))
    await Bulletins(valkey).announce(FIRED)
    stopping = await addresser(valkey)
    calls = 0

    class Stopped(Exception):
        pass

    class Stopping(Bulletins):
        async def fan_out(self, *given: Any) -> bool:
            nonlocal calls
            calls += 1
            if calls > crash_after:
                raise Stopped
            return await super().fan_out(*given)

    stopping._bulletins = Stopping(valkey, group_wait_ms=0)
    try:
        await stopping.address()
    except Stopped:
        assert crash_after < 5
    await (await addresser(valkey)).address()
    assert sorted(row.address for row in await rows(valkey, "telegram")) == [
        f"telegram:{n}" for n in range(9)
    ]


def test_news_lasts_as_long_as_it_is_news() -> None:
    fired = row_of("b", "telegram:1", [0], [FIRED])
    assert fired.not_after_ms == FIRED.at_ms + FALLING_VALID_MS
    over = row_of("b", "telegram:1", [0], [replace(FIRED, edge=Edge.RESOLVED)])
    assert over.not_after_ms == FIRED.at_ms + VALID_MS
    assert over.key == "b:telegram:1"
    assert Chat("telegram:1").suspended is None
