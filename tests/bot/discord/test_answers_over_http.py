"""Answers over real HTTP: what Discord refuses or gives up waiting for, and two who ask at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.chat_platform import Desk, Sentence
from bot.platforms.discord import service
from tests import canary
from tests.bot.desks import desk_on
from tests.bot.discord.reading import told
from tests.doubles.discord import COMMAND, DiscordServer
from tests.doubles.discord_schemas import LAYOUT, refused_request

GROUP: dict[str, Any] = {"context": 2, "channel": {"id": "55", "type": 3, "recipients": []}}
"""A group of friends: a channel that others read."""
EPHEMERAL = 64
INVALID, UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, ACKNOWLEDGED = 50035, 10062, 10015, 40060


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library keeps its addresses for the whole process: give them back."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest_asyncio.fixture
async def server(addresses: None) -> AsyncIterator[DiscordServer]:
    async with DiscordServer(canary.DISCORD_TOKEN) as discord:
        yield discord


@pytest_asyncio.fixture
async def desk(server: DiscordServer, tmp_path: Path) -> AsyncIterator[Desk]:
    """The desk of our service, which is logged in to that Discord."""
    made = desk_on(discord_url=server.url, data_dir=tmp_path, is_warning=True)
    serving = asyncio.create_task(service.run(made))
    await server.wait_for(lambda: bool(server.identified))
    yield made
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def slash(server: DiscordServer, name: str, **where: Any) -> None:
    await server.interact(COMMAND, {"id": "9", "name": name, "type": 1, "options": []}, **where)


def followups(server: DiscordServer) -> list[Any]:
    return server.asked("POST", "webhooks/")


async def test_what_goes_over_the_wire_is_what_discord_takes(server: DiscordServer, desk: Desk) -> None:
    for count, name in enumerate(("regime", "scan", "status"), 1):
        await slash(server, name, **GROUP)
        await server.wait_for(lambda count=count: len(followups(server)) == count)  # type: ignore[misc]
    assert all(body["flags"] & EPHEMERAL and body["flags"] & LAYOUT for body in followups(server))
    told_of = {path: refused_request(*one) for one in server.requests if (path := one[1])}
    assert {path: said for path, said in told_of.items() if said} == {}


async def test_a_layout_that_discord_refuses_is_told_in_words(server: DiscordServer, desk: Desk) -> None:
    server.objects = lambda _, body: INVALID if (body or {}).get("flags", 0) & LAYOUT else None
    await slash(server, "regime", **GROUP)
    await server.wait_for(lambda: len(followups(server)) == 2)
    layout, plain = followups(server)
    assert "BTC · CROWDING" in told(SimpleNamespace(content="", **layout))
    assert plain["content"].startswith("**BTC · CROWDING")
    assert plain["flags"] & EPHEMERAL
    buttons = [button["label"] for row in plain["components"] for button in row["components"]]
    assert buttons == ["Why", "Size", "Warn me", "Refresh", Sentence.POST.in_words("en")]


async def test_what_discord_no_longer_waits_for_is_not_worked_on(server: DiscordServer, desk: Desk) -> None:
    server.objects = lambda path, _: UNKNOWN_INTERACTION if path.endswith("/callback") else None
    await slash(server, "regime")
    await server.wait_for(lambda: bool(server.asked("POST", "/callback")))
    server.objects = lambda _path, _body: None
    await slash(server, "scan")
    await server.wait_for(lambda: bool(followups(server)))
    (answered,) = followups(server)
    assert "watched" in told(SimpleNamespace(content="", **answered))


@pytest.mark.parametrize("code", [UNKNOWN_WEBHOOK, 50027])
async def test_an_answer_whose_place_is_gone_becomes_a_message_where_only_its_asker_reads(
    code: int, server: DiscordServer, desk: Desk
) -> None:
    server.objects = lambda path, _: code if path.startswith("webhooks/") else None
    await slash(server, "regime")
    await server.wait_for(lambda: bool(server.asked("POST", "channels/55/messages")))
    (late,) = server.asked("POST", "channels/55/messages")
    assert late["content"].startswith("**BTC · CROWDING")


async def test_an_answer_whose_place_is_gone_is_never_told_where_others_read(
    server: DiscordServer, desk: Desk
) -> None:
    server.objects = lambda path, _: UNKNOWN_WEBHOOK if path.startswith("webhooks/") else None
    await slash(server, "regime", **GROUP)
    await server.wait_for(lambda: bool(followups(server)))
    server.objects = lambda _path, _body: None
    await slash(server, "scan", **GROUP)
    await server.wait_for(lambda: len(followups(server)) == 2)
    assert server.asked("POST", "channels/55/messages") == []


async def test_an_acknowledgement_whose_answer_is_lost_is_given_again_and_its_answer_once(
    server: DiscordServer, desk: Desk
) -> None:
    server.drops.append("/callback")
    server.objects = lambda path, _: (
        ACKNOWLEDGED if path.endswith("/callback") and len(server.asked("POST", "/callback")) > 1 else None
    )
    await slash(server, "regime", **GROUP)
    await server.wait_for(lambda: bool(followups(server)))
    assert len(server.asked("POST", "/callback")) == 2
    await slash(server, "scan", **GROUP)
    await server.wait_for(lambda: len(followups(server)) == 2)
    first, second = (told(SimpleNamespace(content="", **body)) for body in followups(server))
    assert ("CROWDING" in first, "watched" in second) == (True, True)


async def test_an_answer_for_all_that_cannot_be_posted_is_told_to_its_asker(
    server: DiscordServer, desk: Desk
) -> None:
    assert desk.services.chats is not None
    await desk.services.chats.change("discord:55", lambda chat: replace(chat, public=True))
    server.objects = lambda path, body: (
        INVALID if path.startswith("webhooks/") and body.get("flags") == LAYOUT else None
    )
    await slash(server, "regime", **GROUP)
    await server.wait_for(lambda: len(followups(server)) == 2)
    assert followups(server)[1]["flags"] & EPHEMERAL
    said = [body["content"] for body in server.asked("PATCH", "@original")]
    assert said == [Sentence.POSTED.in_words("en"), Sentence.NOT_SHARED.in_words("en")]


async def test_two_who_ask_at_the_same_moment_get_one_answer_for_all(
    server: DiscordServer, desk: Desk
) -> None:
    assert desk.services.chats is not None
    await desk.services.chats.change("discord:55", lambda chat: replace(chat, public=True))
    await asyncio.gather(slash(server, "regime", **GROUP), slash(server, "regime", **GROUP))
    await server.wait_for(lambda: len(server.asked("PATCH", "@original")) == 2)
    await server.wait_for(lambda: len(followups(server)) == 1)
    said = sorted(body["content"] for body in server.asked("PATCH", "@original"))
    link = "https://discord.com/channels/@me/55/88"
    assert said == [Sentence.POSTED_BEFORE.in_words("en", link=link), Sentence.POSTED.in_words("en")]
    (public,) = followups(server)
    assert not public["flags"] & EPHEMERAL


@pytest.mark.parametrize(
    "name", ["seawall:", "seawall:^/regime BTC", "seawall:/regime BTC\nx", "seawall:!me"]
)
async def test_a_button_of_another_version_is_said_to_be_too_old(
    name: str, server: DiscordServer, desk: Desk
) -> None:
    await server.press({"flags": 0}, name, **GROUP)
    await server.wait_for(lambda: bool(server.asked("POST", "/callback")))
    (body,) = server.asked("POST", "/callback")
    assert body["data"]["content"] == Sentence.FORGOTTEN.in_words("en")
    assert body["data"]["flags"] & EPHEMERAL


async def test_what_is_not_ours_is_left_alone(server: DiscordServer, desk: Desk) -> None:
    await server.press({"flags": 0}, "another-bot:thing", **GROUP)
    await slash(server, "status", **GROUP)
    await server.wait_for(lambda: bool(followups(server)))
    assert len(server.asked("POST", "/callback")) == 1
