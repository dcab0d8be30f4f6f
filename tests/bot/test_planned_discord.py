"""Plans on Discord: stated for their owner's eyes alone, and told by direct message."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat_platform import Desk
from bot.messenger import Undelivered
from bot.platforms.discord.messenger import DiscordMessenger
from bot.platforms.discord.service import Client
from commands.protocol.phrases import phrases_in
from commands.wording.plan_news import NewsMarks, describe_news
from market.plans import Happened
from store.in_memory import PeopleInMemory
from store.persons import Person
from tests.bot.delivery.plans import news
from tests.bot.desks import desk_on
from tests.bot.discord.reading import told
from tests.bot.discord.rooms import alice, channel, env, simcord_bot
from tests.commands.markets import RULES
from tests.store.samples import NOW_MS

__all__ = ["alice", "channel", "env", "simcord_bot"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = desk_on(data_dir=tmp_path, is_warning=True)
    return replace(made, services=replace(made.services, people=PeopleInMemory()))


async def kept(desk: Desk, user: Any) -> Person:
    assert desk.services.people is not None
    person = await desk.services.people.get(f"discord:{user.id}")
    assert person is not None
    return person


async def test_alone_with_the_bot_a_plan_is_kept_with_where_its_owner_is_told(
    simcord_env: Any, desk: Desk
) -> None:
    user = simcord_env.create_user("bob")
    result = await user.slash("plan", asset="BTC", leverage=2.0, equity="10k", line="59k")
    assert "KEPT" in told(result.response)
    person = await kept(desk, user)
    assert person.reach == f"discord:@{user.id}"
    assert [plan.line_usd for plan in person.plans] == [59_000.0]


async def test_in_a_channel_a_plan_is_for_its_owners_eyes_alone(desk: Desk, alice: Any, channel: Any) -> None:
    for name, words in (
        ("plan", {"asset": "BTC", "leverage": 2.0, "equity": "10k"}),
        ("positions", {}),
        ("plan", {"doing": "list"}),
    ):
        result = await alice.slash(channel, name, **words)
        assert result.ephemeral
    assert len((await kept(desk, alice)).plans) == 1


async def test_the_button_of_an_answer_closes_the_plan(simcord_env: Any, desk: Desk) -> None:
    user = simcord_env.create_user("bob")
    made = await user.slash("plan", asset="BTC", leverage=2.0, equity="10k")
    (plan,) = (await kept(desk, user)).plans
    closed = await user.click(made.response.message, label=f"Closed {plan.id}")
    assert "CLOSED" in told(closed.response)
    assert (await kept(desk, user)).plans == ()


async def test_news_arrive_in_the_direct_messages_with_buttons_that_work(
    simcord_env: Any, simcord_bot: Client, desk: Desk
) -> None:
    user = simcord_env.create_user("bob")
    await user.slash("plan", asset="BTC", leverage=2.0, equity="10k")
    person = await kept(desk, user)
    trimmed = news(Happened.TRIM, plan=replace(person.plans[0], entry_usd=100_000.0))
    reply = describe_news((trimmed,), phrases_in("en"), RULES, NOW_MS, NewsMarks())
    assert person.reach is not None
    messenger = DiscordMessenger(simcord_bot)
    await messenger.send(person.reach, reply, is_silent=True, nonce="one")
    message = user.dm_channel.last_message
    assert "TRIM" in told(message)
    shown = await user.click(message, label=f"Plan {person.plans[0].id}")
    assert f"{person.plans[0].id} · PLAN" in told(shown.response)


async def test_somebody_nobody_knows_cannot_be_reached(simcord_env: Any, simcord_bot: Client) -> None:
    reply = describe_news((news(Happened.TRIM),), phrases_in("en"), RULES, NOW_MS, NewsMarks())
    with pytest.raises(Undelivered):
        await DiscordMessenger(simcord_bot).send("discord:@1", reply, is_silent=False, nonce="one")
