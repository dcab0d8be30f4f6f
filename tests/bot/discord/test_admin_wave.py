"""A wave in a channel whose managers chose a role and threads: every request that Discord gets, in its order."""

from dataclasses import replace
from typing import Any

import pytest

from bot.delivery.errand import Errands, Shelves
from bot.delivery.words import Words
from bot.platforms.discord.messenger import DiscordMessenger
from market.alerts import Edge, Kind, Severity
from market.observations import HOUR_MS
from store.connection import Connection
from store.pace import Pace
from store.plan_news import StoredPlanNews
from store.wishes import Subscription
from tests.bot.delivery.post import WORKER, Way
from tests.bot.discord.wires import messenger, server
from tests.doubles.chats import ServersInMemory
from tests.doubles.discord import DiscordServer
from tests.doubles.discord_schemas import is_layout
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import FIRED, NOW_MS

__all__ = ["messenger", "server", "valkey", "valkey_socket"]

ROLE = "700000000000000777"
CRITICAL = replace(FIRED, severity=Severity.CRITICAL, edge=Edge.ESCALATED, at_ms=NOW_MS + 60_000)
OVER = replace(CRITICAL, edge=Edge.RESOLVED, at_ms=NOW_MS + 5 * HOUR_MS)
NOBODY: dict[str, Any] = {"parse": []}
HEAD, THREAD = "channels/5/messages", "channels/88/messages"
"""The double's every message is 88, and a thread has the number of its message."""


@pytest.fixture
async def way(valkey: Connection, messenger: DiscordMessenger) -> Way:
    """The real way of a warning, to the real library."""
    made = Way(valkey, ServersInMemory())
    pace = Pace(valkey, "bot", messenger.manners.overall)
    shelves = Shelves(made.box, made.bulletins, made.chats, pace, StoredPlanNews(valkey))
    made.errands = Errands(shelves, messenger, Words(), lambda: made.now_ms, WORKER)
    await made.subscribe("discord:5", Subscription(None, Kind.CASCADE))
    await made.chats.change(
        "discord:5", lambda chat: replace(chat, ping_role=ROLE, thread_a_wave=True, server="7")
    )
    return made


async def test_a_wave_from_its_first_message_to_its_digest(way: Way, server: DiscordServer) -> None:
    for alert in (FIRED, CRITICAL, OVER):
        way.now_ms = alert.at_ms
        await way.bring(alert)
    asked = [(method, path, body) for method, path, body in server.requests if "channels" in path]
    assert [(method, path) for method, path, _ in asked] == [
        ("POST", HEAD),
        ("PATCH", f"{HEAD}/88"),
        ("POST", f"{HEAD}/88/threads"),
        ("POST", THREAD),
        ("PATCH", f"{HEAD}/88"),
        ("POST", THREAD),
    ]
    called: list[Any] = [body.get("allowed_mentions") for _, path, body in asked if "threads" not in path]
    assert called == [NOBODY, NOBODY, {"parse": [], "roles": [int(ROLE)]}, NOBODY, NOBODY]
    layouts = [is_layout(body) for _, path, body in asked if "threads" not in path]
    assert layouts == [False, True, False, True, True], (
        "what makes a sound begins as words, for the telephone"
    )
    mentions = [f"<@&{ROLE}>" in str(body) for _, _, body in asked]
    assert mentions == [False, False, False, True, False, False], "once a wave, from CRITICAL up"
