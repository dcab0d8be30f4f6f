"""Nobody in a chat can make the bot call an address: not by any word of any command, in a form, a query or a link."""

import ast
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.chat_platform import Desk
from commands.protocol import dispatch
from commands.protocol.dispatch import answer, answer_options
from commands.protocol.request import Role
from tests.bot.desks import desk_on, telegram_serving
from tests.commands.markets import crowding
from tests.commands.talking import context
from tests.doubles.telegram import BotApi

HOME = Path(__file__).parent.parent.parent
OPENERS = {
    "httpx",
    "aiohttp",
    "urllib.request",
    "http.client",
    "ftplib",
    "smtplib",
    "requests",
    "urllib3",
}
CONNECTS = {"open_connection", "create_connection", "urlopen"}
MAY_OPEN = (
    "scheduler/fetch/",
    "scheduler/streams/",
    "scheduler/simulator/server/",
    "bot/platforms/",
    "bot/health/",
    "bot/doctor/",
    "bot/addresses.py",
    "bot/processes.py",
)
"""Who reaches the network, at addresses of their own or of the settings; no command is among them."""


@pytest_asyncio.fixture
async def called() -> AsyncIterator[tuple[str, list[bytes]]]:
    """An address that somebody would like to have called, and what came there."""
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(64))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"127.0.0.1:{port}", came


@pytest.mark.parametrize(
    "wraps", ["http://{0}/x", "ws://{0}", "//{0}", "http://user@{0}", "<http://{0}>", "{0}"]
)
async def test_no_word_of_any_command_is_an_address_that_is_called(
    wraps: str, called: tuple[str, list[bytes]]
) -> None:
    place, came = called
    url, here = wraps.format(place), context(crowding(), alerts=(), role=Role.OWNER, listed=("BTC", "ETH"))
    for command in dispatch.commands():
        await answer(f"/{command.name} {url}", here)
        for option in command.options:
            await answer(f"/{command.name} {option.name}={url}", here)
            await answer_options(command.name, {option.name: url}, here)
    assert came == []


async def test_no_update_of_telegram_makes_it_called(api: BotApi, called: tuple[str, list[bytes]]) -> None:
    place, came = called
    url = f"http://{place}/x"
    desk: Desk = desk_on(telegram_url=api.url, is_warning=True)
    async with telegram_serving(desk) as service:
        await api.say(f"/start {url}")
        await api.say(f"/regime {url}", entities=[{"type": "url", "offset": 8, "length": len(url)}])
        await api.say(
            "/regime BTC",
            link_preview_options={"url": url},
            entities=[{"type": "text_link", "offset": 8, "length": 3, "url": url}],
        )
        await api.messages(3)
        name = await api.ask_inline(url)
        await api.wait_for(lambda: name in api.inline_answers)
        await service.settled()
    assert came == []


def test_only_a_few_rooms_can_reach_the_network_and_no_command_can() -> None:
    found = set()
    for package in ("market", "store", "commands", "scheduler", "bot"):
        for path in (HOME / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names = [one.name for one in node.names]
                else:
                    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [node.attr] if isinstance(node, ast.Attribute) and node.attr in CONNECTS else []
                if CONNECTS & {*names} or OPENERS & {
                    name if name in OPENERS else name.partition(".")[0] for name in names
                }:
                    found.add(str(path.relative_to(HOME)))
    assert [path for path in sorted(found) if not path.startswith(MAY_OPEN)] == []
