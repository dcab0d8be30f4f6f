"""Whom warnings still reach once a list says who may use the bot, and what an answer is charged with."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from time import thread_time

import pytest

from bot.admission import may_hear, metered
from bot.chat_platform import Desk
from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.live import services_on
from bot.settings import Settings
from market.alerts import Edge, Severity
from store.bulletins import Bulletins
from store.connection import Connection
from store.snapshots import StoredSnapshots
from store.wishes import Change, Chat
from tests.bot.desks import desk_on, telegram_serving
from tests.commands.markets import NOW_MS, crowding
from tests.doubles.telegram import ALICE, BOB, BotApi
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import FIRED

__all__ = ["valkey", "valkey_socket"]

SET_BY_ALICE = (Change(1, "telegram:1", "subscribed", "BTC"),)


@pytest.mark.parametrize(
    ("address", "chat", "hears"),
    [
        ("telegram:1", None, True),
        ("telegram:2", None, False),
        ("telegram:-5:7", None, True),
        ("telegram:-6", Chat("telegram:-6", changes=SET_BY_ALICE), True),
        ("telegram:-6", Chat("telegram:-6"), False),
        ("discord:@42", None, True),
        ("discord:8", Chat("discord:8", server="99"), True),
        ("discord:1", None, False),
        ("discord:@7", None, True),
    ],
)
def test_who_is_let_in_hears_and_so_does_what_they_chose_for_others(
    address: str, chat: Chat | None, hears: bool
) -> None:
    listed = ("telegram:1", "telegram:-5", "discord:42", "discord:99")
    settings = Settings().model_copy(update={"allowed": listed, "operators": ("discord:7",)})
    assert may_hear(settings, address, chat) is hears
    assert may_hear(Settings(), address, chat), "without a list everybody hears"


async def test_who_is_not_let_in_any_more_is_warned_no_more(valkey: Connection, api: BotApi) -> None:
    await StoredSnapshots(valkey).watch(("BTC", "ETH"))
    await StoredSnapshots(valkey).save(crowding())
    plain = desk_on(telegram_url=api.url)
    office = PostOffice(valkey, Words(), lambda: NOW_MS, may_hear=partial(may_hear, plain.settings))
    services = services_on(valkey, is_live=True)
    desk = Desk(plain.settings, services, plain.now_ms, deliver=office.deliver, reply_turn=office.reply_turn)
    addressing = asyncio.create_task(office.address())
    async with telegram_serving(desk):
        for person in (ALICE, BOB):
            await api.say("/subscribe BTC", chat={"id": person["id"], "type": "private"}, sender=person)
        await api.messages(2)
        plain.settings.__dict__["allowed"] = (f"telegram:{ALICE['id']}",)  # as a reload does
        falling = replace(FIRED, severity=Severity.CRITICAL, at_ms=NOW_MS, opened_ms=NOW_MS)
        await Bulletins(valkey).announce(falling)
        await api.messages(3)
        await Bulletins(valkey).announce(replace(falling, edge=Edge.RESOLVED, at_ms=NOW_MS + 1))
        warned = (await api.messages(4))[2:]
    addressing.cancel()
    await asyncio.gather(addressing, return_exceptions=True)
    assert {one.chat_id for one in warned} == {ALICE["id"]}


def burn(cpu_s: float) -> None:
    until_s = thread_time() + cpu_s
    while thread_time() < until_s:
        pass


async def test_an_answer_is_charged_with_its_own_steps_and_not_with_those_of_others() -> None:
    charged: dict[str, list[float]] = {"mine": [], "theirs": []}

    async def work(cpu_s: float) -> str:
        burn(cpu_s)
        await asyncio.sleep(0)
        burn(cpu_s)
        return "done"

    both = await asyncio.gather(
        metered(work(0.01), charged["mine"].append), metered(work(0.03), charged["theirs"].append)
    )
    assert list(both) == ["done", "done"]
    assert 0.02 <= charged["mine"][0] < 0.05
    assert 0.06 <= charged["theirs"][0] < 0.09


async def test_what_fails_or_is_cancelled_is_charged_and_ends_as_without() -> None:
    charged: list[float] = []

    async def fails() -> None:
        await asyncio.sleep(0)
        raise KeyError("no")

    with pytest.raises(KeyError):
        await metered(fails(), charged.append)
    ended: list[str] = []

    async def waits() -> None:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            ended.append("in time")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleared up")

    task = asyncio.create_task(_taken(waits, charged))
    while not ended:
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["in time", "cleared up"]
    assert len(charged) == 2


async def _taken(work: Callable[[], Coroutine[None, None, None]], charged: list[float]) -> None:
    await metered(work(), charged.append)
