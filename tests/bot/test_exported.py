"""An export on the platforms: a document in the asker's private chat, an attachment that nobody else sees."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.chat_platform import Desk, Sentence
from bot.live import services_on
from bot.platforms.telegram.service import Service
from commands.export import NAME
from store.connection import Connection
from tests.bot.desks import desk_on, telegram_serving
from tests.bot.discord.reading import labels, told
from tests.bot.discord.rooms import alice, channel, env, simcord_bot
from tests.doubles.telegram import ALICE, GROUP, BotApi
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["alice", "channel", "env", "simcord_bot", "valkey", "valkey_socket"]


def keeping(desk: Desk, valkey: Connection) -> Desk:
    """The desk with the store's own way to tell and forget."""
    kept = services_on(valkey, is_live=True)
    services = replace(
        desk.services, privacy=kept.privacy, memos=kept.memos, chats=kept.chats, people=kept.people
    )
    return replace(desk, services=services)


@pytest_asyncio.fixture
async def service(api: BotApi, valkey: Connection) -> AsyncIterator[Service]:
    desk = keeping(desk_on(telegram_url=api.url, is_warning=True), valkey)
    async with telegram_serving(desk) as running:
        yield running


async def test_telegram_sends_the_export_as_a_document(api: BotApi, service: Service) -> None:
    await api.say("/settings cap=3")
    await api.wait_for(lambda: len(api.shown) == 1)
    await api.say("/export")
    await api.wait_for(lambda: bool(api.uploads))
    (name, content) = api.uploads[0]
    assert name == NAME
    (chat,) = json.loads(content)["kept"]["chat"]["values"]
    assert chat["daily_cap"] == 3


async def test_asked_in_a_group_the_document_goes_to_the_askers_private_chat(
    api: BotApi, service: Service
) -> None:
    await api.say("/export", chat=GROUP)
    await api.wait_for(lambda: bool(api.uploads))
    (form,) = api.called("sendDocument")
    assert int(form["chat_id"]) == ALICE["id"]
    assert not any(Sentence.SHARE.in_words("en") in shown.buttons for shown in api.shown)


@pytest.fixture
def desk(valkey: Connection, tmp_path: Path) -> Desk:
    return keeping(desk_on(is_warning=True, data_dir=tmp_path), valkey)


async def test_discord_attaches_the_export_for_its_asker_alone(alice: Any, channel: Any) -> None:
    asked = await alice.slash(channel, "export")
    assert "It is in the file" in told(asked.response) or "Nothing is kept of you" in told(asked.response)
    (file,) = asked.followups[-1].message.attachments
    assert file.filename == NAME
    assert asked.followups[-1].ephemeral
    assert Sentence.POST.in_words("en") not in labels(asked.response.message)
