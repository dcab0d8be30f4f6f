"""A trader states a position before a recorded fall: from `/plan` to the messages of its rungs, in private and once each."""

from pathlib import Path

import pytest

from bot.live import services_on
from commands.protocol.dispatch import answer
from commands.protocol.request import Context
from market.observations import DAY_MS, MINUTE_MS
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.history_files import read_history
from scheduler.plans import PlanWatch
from scheduler.replay import replay
from store.connection import Connection
from store.snapshots import StoredSnapshots
from tests.bot.delivery.post import Way
from tests.commands.talking import text_of
from tests.doubles.chats import ChatsInMemory
from tests.doubles.valkey import valkey, valkey_socket
from tests.recorded import sell_off

__all__ = ["valkey", "valkey_socket"]

TRADER = "telegram:5"
BEGINS_DAY, ENDS_DAY = 18.0, 21.5


class Trader:
    """One person in a private chat, and the market as far as it has come."""

    def __init__(self, store: Connection) -> None:
        self.store, self.now_ms = store, 0
        self.way = Way(store, ChatsInMemory())

    async def see(self, look: Snapshot) -> None:
        """The market goes on by one look, its plans are watched by a program that just began, and news are brought."""
        self.now_ms = self.way.now_ms = look.at_ms + MINUTE_MS
        await StoredSnapshots(self.store).save(look)
        await PlanWatch(self.store, Rules()).look(look)
        await self.way.deliver()

    async def talk(self, line: str, *, is_private: bool = True) -> str:
        """The answer to a line."""
        services = services_on(self.store, is_live=True)
        here = "5" if is_private else "-100"
        asker = Context(
            services, self.now_ms, Rules(), "telegram", "5", here, is_private=is_private, reach=TRADER
        )
        return text_of(await answer(line, asker))


@pytest.fixture
async def trader(valkey: Connection) -> Trader:
    await StoredSnapshots(valkey).watch(("BTC",))
    return Trader(valkey)


def fall(recordings: Path) -> list[Snapshot]:
    looks = [one for one, _ in replay(read_history(sell_off(recordings, "2024-08-05_BTC")), Rules())]
    begin_ms = looks[0].at_ms
    return [one for one in looks if BEGINS_DAY <= (one.at_ms - begin_ms) / DAY_MS <= ENDS_DAY]


def titles(trader: Trader) -> list[str]:
    """What each message says happened."""
    shown = (message.text.splitlines()[0] for message in trader.way.platform.messages)
    return [line.removeprefix("<b>").removesuffix("</b>").partition(" · ")[2] for line in shown]


async def test_from_a_plan_to_its_last_rung_once_each_and_in_private(
    trader: Trader, recordings: Path
) -> None:
    first, *rest = fall(recordings)
    await trader.see(first)
    assert "KEPT" in await trader.talk("/plan BTC 5x long 10k")
    for look in rest:
        await trader.see(look)
    assert titles(trader) == ["MAX LOSS", "TRIM", "HEDGE", "OUT", "LIQUIDATION NEAR", "LIQUIDATED"]
    assert "The market has turned against it" in trader.way.platform.messages[0].text
    assert {message.address for message in trader.way.platform.messages} == {TRADER}
    assert "51,795" in await trader.talk("/positions")


async def test_a_plan_that_is_closed_is_told_of_no_more(trader: Trader, recordings: Path) -> None:
    first, *rest = fall(recordings)
    await trader.see(first)
    await trader.talk("/plan BTC 5x long 10k")
    while not titles(trader):
        await trader.see(rest.pop(0))
    (listed,) = [line for line in (await trader.talk("/plan list")).splitlines() if "BTC" in line]
    name = next(word for word in listed.replace(":", " ").split() if word.startswith("p") and len(word) == 4)
    await trader.talk(f"/plan close {name}")
    for look in rest:
        await trader.see(look)
    assert titles(trader) == ["MAX LOSS"]


async def test_what_was_not_watched_is_said_in_the_next_message(trader: Trader, recordings: Path) -> None:
    first, *rest = fall(recordings)
    await trader.see(first)
    await trader.talk("/plan BTC 5x long 10k")
    while "TRIM" not in titles(trader):
        await trader.see(rest.pop(0))
    for look in rest[8:]:
        await trader.see(look)
    told = [message.text for message in trader.way.platform.messages]
    assert titles(trader)[:4] == ["MAX LOSS", "TRIM", "HEDGE", "OUT"]
    assert [text.lower().count("not watched") for text in told[:4]] == [0, 0, 1, 0]


async def test_no_plan_is_made_where_others_read_along_and_news_of_one_never_go_there(
    trader: Trader, recordings: Path
) -> None:
    first, *rest = fall(recordings)
    await trader.see(first)
    assert "KEPT" not in await trader.talk("/plan BTC 5x long 10k", is_private=False)
    await trader.talk("/plan BTC 5x long 10k")
    for look in rest:
        await trader.see(look)
    assert {message.address for message in trader.way.platform.messages} == {TRADER}
