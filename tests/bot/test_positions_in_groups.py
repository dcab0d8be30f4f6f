"""Nothing about a position in a group, on the platforms: all commands asked where others read, over real requests."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.chat_platform import Desk
from bot.platforms.discord.service import Client
from bot.platforms.telegram.service import Service
from commands.protocol.dispatch import commands
from commands.protocol.request import Role
from store.in_memory import HoursInMemory, PeopleInMemory
from tests.bot.desks import desk_on, telegram_serving
from tests.bot.discord.reading import told
from tests.commands.levelled import depth, opened, priced
from tests.doubles.telegram import ALICE, GROUP, BotApi
from tests.positions import LINES, PLAN_ID, PLANNED, SECRETS

SAID = (LINES[0], " BTC", " btc 5x 10k", " ETH 3x 9k cross", " list", f" show {PLAN_ID}")


def desk(person: str, **changed: Any) -> Desk:
    """A desk where that person's plans and limits are kept."""
    plain = desk_on(priced("BTC", 64_210.0, depth()), priced("ETH", 3_000.0), is_warning=True, **changed)
    people = PeopleInMemory([replace(PLANNED, name=person, reach=None)])
    services = replace(plain.services, people=people, hours=HoursInMemory({"BTC": opened()}))
    return replace(plain, services=services)


@pytest_asyncio.fixture
async def service(api: BotApi) -> AsyncIterator[Service]:
    async with telegram_serving(desk(f"telegram:{ALICE['id']}", telegram_url=api.url)) as running:
        yield running


def told_in_group(api: BotApi) -> list[str]:
    """All that stands in the group, with what is on and behind its buttons."""
    return [f"{shown.raw} {json.dumps(shown.buttons)}" for shown in api.shown if shown.chat_id == GROUP["id"]]


def _has_told(api: BotApi, number: int) -> bool:
    return len(told_in_group(api)) > number


@pytest.mark.parametrize("name", [command.name for command in commands()])
async def test_telegram_posts_nothing_of_what_is_kept_of_a_person_in_a_group(
    name: str, api: BotApi, service: Service
) -> None:
    for number, words in enumerate(SAID):
        await api.say(f"/{name}{words}", chat=GROUP)
        await api.wait_for(partial(_has_told, api, number))
        line = f"/{name}{words}"
        leaked = [secret for secret in SECRETS if secret in told_in_group(api)[-1] and secret not in line]
        assert leaked == [], line


async def test_telegram_tells_it_to_its_owner_instead(api: BotApi, service: Service) -> None:
    await api.say("/stress", chat=GROUP)
    await api.wait_for(lambda: len(told_in_group(api)) > 0)
    (answer,) = [shown for shown in api.shown if shown.chat_id == ALICE["id"]]
    assert PLAN_ID in answer.text


@pytest.fixture
def discord_desk(tmp_path: Path) -> Desk:
    return desk("discord:nobody yet", data_dir=tmp_path)


@pytest.fixture
def simcord_bot(discord_desk: Desk) -> Client:
    return Client(discord_desk)


OPEN = [command.name for command in commands() if not command.private and command.needs is Role.ANYONE]
HIDDEN: dict[str, dict[str, object]] = {
    "positions": {},
    "stress": {"asset": "BTC"},
    "plan": {"doing": "list"},
    "size": {"leverage": 3.0, "asset": "ETH", "equity": "9k", "mode": "cross"},
}
"""The commands about positions, each asked for what is kept."""


async def test_discord_shows_it_to_its_owner_alone(simcord_env: Any, discord_desk: Desk) -> None:
    channel = simcord_env.create_guild().create_text_channel("desk")
    alice = simcord_env.guild.add_member(simcord_env.create_user("alice"))
    people = discord_desk.services.people
    assert people is not None
    await people.change(f"discord:{alice.id}", lambda person: replace(PLANNED, name=person.name))
    for name, options in HIDDEN.items():
        shown = await alice.slash(channel, name, **options)
        assert shown.ephemeral, name
        assert name == "size" or PLAN_ID in told(shown.response)
    for name in OPEN:
        shown = await alice.slash(channel, name)
        words = " ".join(told(one) for one in (shown.response, *shown.followups) if one is not None)
        assert [secret for secret in SECRETS if secret in words] == [], name
