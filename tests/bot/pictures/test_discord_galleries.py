"""Answers with a picture on Discord: attached once, shown in the box, said in words for whoever cannot see, and shared with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import pytest_asyncio
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.chat_platform import Desk, Sentence
from bot.pictures.drawn import name_of
from bot.platforms.discord import service
from bot.platforms.discord.pictures import Shown
from bot.platforms.discord.render import Controls, layout_of
from commands.protocol.reply import Heading, Reply, Text
from tests import canary
from tests.bot.discord.reading import labels, parts, told
from tests.bot.discord.rooms import alice, channel, env, simcord_bot
from tests.bot.pictures.asked import Easel, desk_with_hours
from tests.bot.pictures.samples import PNG, picture
from tests.doubles.discord import COMMAND, DiscordServer
from tests.doubles.discord_schemas import LAYOUT, refused, refused_request

__all__ = ["alice", "channel", "env", "simcord_bot"]

GALLERY = 12
SHARE = Sentence.POST.in_words("en")
INVALID = 50035


@pytest.fixture
def easel() -> Easel:
    return Easel()


@pytest.fixture
def desk(easel: Easel, tmp_path: Path) -> Desk:
    return desk_with_hours(easel, data_dir=tmp_path)


def shown_in(message: Any) -> list[Any]:
    """The pictures that a message shows."""
    return [item for gallery in parts(message, GALLERY) for item in gallery["items"]]


# ------------------------------------------------------------------------------------------ the layout


def test_a_picture_stands_below_the_words_and_says_what_it_shows() -> None:
    drawn = picture()
    shown = Shown(drawn, PNG)
    layout = layout_of(Reply((Heading("BTC"), Text("words"), drawn), at_ms=1_000), Controls(), shown)
    assert layout is not None
    message = SimpleNamespace(content="", components=layout.to_components())  # type: ignore[no-untyped-call]
    (item,) = shown_in(message)
    assert item["media"]["url"] == f"attachment://{name_of(drawn)}.png"
    assert item["description"] == drawn.alt
    assert drawn.alt not in told(message)
    (box,) = message.components
    assert [part["type"] for part in box["components"]] == [10, 14, 10, GALLERY, 10]
    payload = {
        "components": message.components,
        "flags": LAYOUT,
        "attachments": [{"id": 0, "filename": shown.name}],
    }
    assert refused("followup", payload) == []


def test_the_same_picture_has_the_same_name_and_a_long_description_is_cut() -> None:
    shown = Shown(picture(), PNG)
    assert shown.name == Shown(picture(), PNG).name != Shown(picture(key="other"), PNG).name
    assert shown.file().description == picture().alt


# ------------------------------------------------------------------------------------------ in a channel


async def test_the_answer_shows_its_picture_to_its_asker(alice: Any, channel: Any) -> None:
    answered = (await alice.slash(channel, "regime")).response
    (item,) = shown_in(answered)
    assert "Price, USD: last" in item["description"]
    assert "Price, USD: last" not in told(answered)
    assert [one.filename for one in answered.message.attachments] == [item["media"]["url"].rpartition("/")[2]]


async def test_refresh_shows_the_new_picture_in_place_and_no_second_one(
    alice: Any, channel: Any, easel: Easel
) -> None:
    message = (await alice.slash(channel, "regime")).response.message
    again = (await alice.click(message, label="Refresh")).response.message
    assert again.id == message.id
    assert len(again.attachments) == len(shown_in(again)) == 1
    assert len(easel.drawn) == 2


async def test_a_picture_that_is_late_is_told_in_words_and_comes_with_the_next_refresh(
    alice: Any, channel: Any, easel: Easel
) -> None:
    easel.is_late = True
    message = (await alice.slash(channel, "regime")).response.message
    assert shown_in(message) == []
    assert "Price, USD: last" in told(message)
    easel.is_late = False
    again = (await alice.click(message, label="Refresh")).response.message
    assert len(shown_in(again)) == 1
    assert "Price, USD: last" not in told(again)


async def test_what_is_shared_is_shared_with_its_picture(alice: Any, channel: Any) -> None:
    message = (await alice.slash(channel, "regime")).response.message
    left = (await alice.click(message, label=SHARE)).response.message
    posted = channel.last_message
    assert len(shown_in(posted)) == len(posted.attachments) == 1
    assert posted.attachments[0].size == message.attachments[0].size
    assert SHARE not in labels(left)
    assert len(shown_in(left)) == 1


# ------------------------------------------------------------------------------------------ over the wire


@pytest_asyncio.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with DiscordServer(canary.DISCORD_TOKEN) as there:
        yield there


@pytest_asyncio.fixture
async def served(server: DiscordServer, easel: Easel, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = desk_with_hours(easel, discord_url=server.url, data_dir=tmp_path)
    serving = asyncio.create_task(service.run(desk))
    await server.wait_for(lambda: bool(server.identified))
    yield desk
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def asked(server: DiscordServer, count: int, **where: Any) -> list[Any]:
    """What came after /regime."""
    await server.interact(COMMAND, {"id": "9", "name": "regime", "type": 1, "options": []}, **where)
    await server.wait_for(lambda: len(server.asked("POST", "webhooks/")) == count)
    return server.asked("POST", "webhooks/")


async def test_what_goes_over_the_wire_is_one_file_with_its_description(
    server: DiscordServer, served: Desk
) -> None:
    (body,) = await asked(server, 1)
    assert refused_request("POST", "webhooks/1/2", body) == []
    (attached,) = body["attachments"]
    assert "Price, USD: last" in attached["description"]
    ((name, png),) = server.uploads
    assert name == attached["filename"]
    assert png.startswith(PNG)


async def test_a_picture_that_discord_refuses_is_left_out_and_said_in_words(
    server: DiscordServer, served: Desk
) -> None:
    server.objects = lambda _, body: INVALID if (body or {}).get("attachments") else None
    _, second = await asked(server, 2)
    assert second["flags"] & LAYOUT
    assert shown_in(SimpleNamespace(**second)) == []
    assert "Price, USD: last" in told(SimpleNamespace(content="", **second))


async def test_where_the_bot_may_attach_nothing_nothing_is_drawn(
    server: DiscordServer, served: Desk, easel: Easel
) -> None:
    (body,) = await asked(server, 1, app_permissions=str(discord.Permissions(send_messages=True).value))
    assert easel.drawn == []
    assert "Price, USD: last" in told(SimpleNamespace(content="", **body))
